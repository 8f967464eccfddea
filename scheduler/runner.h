/*
 * The runner: the shell around the run state machine for one run. It turns the world (operators,
 * timers, people) into events, and performs the actions that come back, on a uv loop.
 */
#ifndef SCHEDULER_RUNNER_H
#define SCHEDULER_RUNNER_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "engine/run.h"
#include "operators/operator.h"
#include "scheduler/render.h"

struct dag;
struct outputs;
struct plan;
struct runner;

/* A task, or an instance, that has changed. */
struct runner_change {
	uint32_t task, instance;
	enum task_state old_state, state; /* the same where something else changed */
	enum run_cause cause;
	uint32_t try_number;
	uint32_t n_items; /* of a for_each */
	int64_t now, started_at; /* started_at: of the last try; 0: none */
	int64_t retry_at; /* up_for_retry: when the next try is due */
	const char *message; /* why it failed; "" */
	const char *log_path; /* of the last try; "" */
};

/* Who watches. Called from the loop; nothing of the runner may be called from in there, but
 * runner_cancel() and runner_destroy() from on_finished. */
struct runner_observer {
	void *ctx;
	void (*on_task)(void *ctx, const struct runner_change *c);
	void (*on_run)(void *ctx, enum run_state state, enum run_cause cause);
	void (*on_line)(void *ctx, uint32_t task, uint32_t instance, enum op_stream stream,
		const char *text, size_t len);
	void (*on_note)(
		void *ctx, uint32_t task, uint32_t instance, enum op_level level, const char *text);
	/* The run is over, and nothing of it is left running. */
	void (*on_finished)(void *ctx, enum run_state state);
	/* The run cannot go on: memory, or a bug. What ran is being ended; nothing more comes. */
	void (*on_broken)(void *ctx, const struct err *e);
};

struct runner_options {
	uv_loop_t *loop;
	const struct dag *dag;
	const struct plan *plan; /* of the dag */
	const struct run_facts *facts;
	const struct render_source *source;
	struct op_instance *const *instances; /* open, by their place in operators[] */
	const char *logs; /* folder; NULL: none are written */
	uint32_t pool_slots; /* of default_pool, and of every pool that nobody has sized */
	uint64_t seed; /* of the jitter of retries */
	int64_t kill_grace_ms;
	bool dies_with_engine;
	const struct runner_observer *observer;
};

/* Makes a runner, in state queued. The options' pointers must outlive it. ERR_NOMEM and others with
 * a sentence. */
int runner_create(const struct runner_options *o, struct runner **out, struct err *e);

/* Begins the run. */
void runner_start(struct runner *r);

/* Cancels it: nothing more starts, what runs is killed; teardowns too only where asked. */
void runner_cancel(struct runner *r, bool teardowns_too);

/* Cuts the grace of all that is being killed short. */
void runner_kill_now(struct runner *r);

/* What the tasks have published so far. */
const struct outputs *runner_outputs(const struct runner *r);

/* Abandons what still runs, and frees the runner once its handles are closed: run the loop on.
 * NULL is fine. */
void runner_destroy(struct runner *r);

#endif
