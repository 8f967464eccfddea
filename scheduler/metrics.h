/*
 * What the daemon tells Prometheus: a file in its text format, written anew each few seconds and
 * put into its place whole, for node_exporter's textfile collector or whatever else reads files.
 */
#ifndef SCHEDULER_METRICS_H
#define SCHEDULER_METRICS_H

#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "operators/operator.h"

struct bag;
struct conductor;
struct err;
struct journal;
struct metrics;
struct settings;

struct metrics_options {
	uv_loop_t *loop; /* configured with UV_METRICS_IDLE_TIME */
	const struct settings *settings; /* where, and how often; read at once */
	struct conductor *conductor;
	struct bag *bag;
	struct journal *journal;
	struct op_instance *const *instances; /* open, by their place in operators[] */
	void *ctx;
	/* The file cannot be written: told once, until it can be again. */
	void (*on_note)(void *ctx, enum op_level level, const char *text);
};

/* Counts from now on. The options' pointers must outlive it. ERR_NOMEM. */
int metrics_open(const struct metrics_options *o, struct metrics **out, struct err *e);

/* Another file, another interval: from now on. The file that was written so far stays. */
void metrics_set(struct metrics *m, const struct settings *s);

/* Ends it; on_closed comes from the loop. The file stays. */
void metrics_close(struct metrics *m, void (*on_closed)(void *ctx), void *ctx);

#endif
