/*
 * Rendering: what a task's templates and conditions become in a run, once it is due. The engine
 * does the work; here its expressions are told where their values come from.
 */
#ifndef SCHEDULER_RENDER_H
#define SCHEDULER_RENDER_H

#include <stdint.h>

#include "engine/expr.h"
#include "engine/value.h"
#include "operators/operator.h"

struct arena;
struct callback;
struct dag;
struct mask;
struct outputs;

/* What a run is, for `run.` and `params.`. */
struct run_facts {
	const char *run_id;
	int64_t logical_date; /* ms since the epoch, as are these two */
	int64_t interval_start, interval_end;
	struct value conf; /* a map */
	struct value params; /* a map: checked, defaults put in */
};

/* Where variables and connections come from. Each answers ERR_NOTFOUND and a sentence for what
 * there is not. A value may live in scratch. */
struct render_source {
	void *ctx;
	const struct mask *mask; /* knows the secrets that were given out; NULL: there are none */
	int (*var)(void *ctx, const char *name, size_t len, struct arena *scratch,
		struct value *out, struct err *e);
	int (*conn)(void *ctx, const char *id, size_t len, const char *attribute,
		struct arena *scratch, struct value *out, struct err *e);
	/* Filters made this text of a variable: the mask has to know it, too, where that is a
	 * secret. NULL: no variable is. */
	int (*filtered)(void *ctx, const char *name, size_t name_len, const char *text, size_t len,
		struct err *e);
};

/* Gives out every variable that a DAG names, as its expressions' filters have it, so that the
 * source's mask knows the secrets that earlier tries of a run may have left in outputs. What there
 * is not, cannot be opened any more, or is of a kind that is never given out, is passed over; else
 * the source's errors. */
int render_secrets_learn(const struct dag *d, const struct render_source *s, struct err *e);

/* The place of one task, or instance, in a run. */
struct render {
	const struct dag *dag;
	const struct run_facts *run;
	const struct outputs *outputs;
	const struct render_source *source;
	uint32_t task; /* RUN_NO_TASK: a run's own callback */
	const char *event; /* of such a one: on_failure, the name that its script has too */
	uint32_t try_number;
	const struct value *item; /* NULL: no instance of a for_each */
	uint32_t index;
};

/* A task as its operator gets it; all of it lives in an arena. */
struct render_job {
	struct op_setting *settings;
	struct op_variable *environment;
	size_t n_environment;
};

/* Each fails with the first thing that cannot be rendered, and e names the key. */
int render_task(const struct render *r, struct arena *a, struct render_job *out, struct err *e);

/* The same of a task that is to be found again, not started: what cannot be rendered any more, as
 * what it was made of is gone, is left out. ERR_NOMEM. */
int render_task_known(
	const struct render *r, struct arena *a, struct render_job *out, struct err *e);

/* A callback as its operator or the web server gets it; r->task is RUN_NO_TASK for a run's. */
struct render_call {
	struct render_job job; /* CALLBACK_TASK */
	struct op_bytes url, body; /* CALLBACK_URL; body.data is NULL where there is none */
	struct op_variable *headers;
};
int render_callback(const struct render *r, const struct callback *cb, struct arena *a,
	struct render_call *out, struct err *e);

/* Whether `when` holds; true where the task has none. */
int render_when(const struct render *r, bool *truth, struct err *e);

/* The items of a for_each: a list, in the arena. */
int render_items(const struct render *r, struct arena *a, struct value *out, struct err *e);

#endif
