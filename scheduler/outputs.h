/*
 * What the tasks of one run have published: the outputs of each task's last try, or of each
 * instance's of a for_each. Kept in memory, each try's in an arena of its own.
 */
#ifndef SCHEDULER_OUTPUTS_H
#define SCHEDULER_OUTPUTS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/expr.h"
#include "engine/run.h"
#include "operators/operator.h"

struct buf;
struct dag;
struct outputs;

/* Empty outputs for a run of d, which must outlive them. NULL: no memory. */
struct outputs *outputs_create(const struct dag *d);
void outputs_destroy(struct outputs *o);

/* A for_each has this many instances from now on, or none. ERR_NOMEM. */
int outputs_expand(struct outputs *o, uint32_t task, uint32_t n_items);

/* A for_each has no list of instances: it is not decided yet, or anew. */
void outputs_collapse(struct outputs *o, uint32_t task);

/* How many instances of a for_each have failed, and of how many. */
uint32_t outputs_failed(const struct outputs *o, uint32_t task, uint32_t *n_items);

/* Forgets what the task, or the instance, has published: another try begins, or another life. */
void outputs_clear(struct outputs *o, uint32_t task, uint32_t instance);

/* The state that `status` shows. */
void outputs_state_set(struct outputs *o, uint32_t task, uint32_t instance, enum task_state state);

/* Keeps what a try has left. Takes a copy. ERR_INVALID: the response is one that cannot be taken,
 * and the task fails, with e; the other outputs are kept. ERR_NOMEM. */
int outputs_keep(struct outputs *o, uint32_t task, uint32_t instance, const char *execution_id,
	const struct op_result *r, struct err *e);

/* Keeps why a task failed, in one line; "" for no reason. ERR_NOMEM. */
int outputs_message_keep(struct outputs *o, uint32_t task, uint32_t instance, const char *message);

/* Why it failed; "" where there is no reason. It lives until the next change. */
const char *outputs_message(const struct outputs *o, uint32_t task, uint32_t instance);

/* All that one try has published, as a JSON object; nothing where it has published nothing. */
void outputs_json(const struct outputs *o, uint32_t task, uint32_t instance, struct buf *out);

/* The way back. ERR_CORRUPT: text is none of these; ERR_NOMEM. */
int outputs_restore(
	struct outputs *o, uint32_t task, uint32_t instance, const char *json, struct err *e);

/* An output, as expressions see it: of a for_each the list of its instances'. It lives as long as
 * the try's does, a list in scratch. ERR_NOTFOUND where there is none, and e says why. */
int outputs_get(const struct outputs *o, uint32_t task, enum output_id id, struct arena *scratch,
	struct value *out, struct err *e);

/* The same of one instance, or of a task that is no for_each (RUN_NO_INSTANCE). */
int outputs_get_one(const struct outputs *o, uint32_t task, uint32_t instance, enum output_id id,
	struct value *out, struct err *e);

#endif
