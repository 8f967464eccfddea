/*
 * A runner: one run in memory, one of many that a conductor drives. What is asked of it here
 * happens in the conductor's next turn; conductor_when_stored() tells when it is on disk.
 *
 * A runner whose run is over leaves memory once nobody keeps it. Without runner_keep() a pointer
 * to one is good until the loop goes on.
 */
#ifndef SCHEDULER_RUNNER_H
#define SCHEDULER_RUNNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/run.h"

struct edition;
struct outputs;
struct run_facts;
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

/* The run itself has changed. */
struct runner_run_change {
	enum run_state old_state, state; /* the same where something else changed */
	enum run_cause cause;
	enum run_kill stop; /* why it is coming to its end early; RUN_KILL_NONE: it is not */
	int64_t now;
};

/* Starts a run that is queued; one that is not takes no harm. */
void runner_start(struct runner *r);

/* Cancels it: nothing more starts, what runs is killed; teardowns too only where asked. */
void runner_cancel(struct runner *r, bool teardowns_too);

/* What a clear takes along, beside the tasks that it names. */
struct runner_clear {
	const uint32_t *tasks; /* copied */
	size_t n_tasks;
	bool downstream, upstream, only_failed;
};

/* Clears tasks: they run again; a run that was over is queued. ERR_NOMEM. */
int runner_clear(struct runner *r, const struct runner_clear *c);

/* How many runs of its kind it may go on beside, once it is cleared; 0: no bound. */
void runner_max_active_set(struct runner *r, uint32_t max);

/* Marks a task, an instance, or (RUN_NO_TASK) the run. */
void runner_mark(struct runner *r, uint32_t task, uint32_t instance, enum run_mark mark);

/* The run before holds this task no longer: depends_on_past. */
void runner_past_release(struct runner *r, uint32_t task);

/* Cuts the grace of all that is being killed short. */
void runner_kill_now(struct runner *r);

/* Keeps it in memory though it is over; lets go of it. */
void runner_keep(struct runner *r);
void runner_let_go(struct runner *r);

/* What it is. The facts are the runner's. */
const struct edition *runner_edition(const struct runner *r);
const struct run_facts *runner_facts(const struct runner *r);
const char *runner_dag_id(const struct runner *r);
const char *runner_run_id(const struct runner *r);
const char *runner_run_type(const struct runner *r); /* "manual", "scheduled", "backfill" */
uint32_t runner_max_active(const struct runner *r); /* backfills side by side; 0: no bound */

/* How it stands, uncommitted changes too: the run, and a task or an instance (ERR_NOTFOUND). */
enum run_state runner_state(const struct runner *r);
int runner_row(const struct runner *r, uint32_t task, uint32_t instance, struct run_row *out);
bool runner_has_instance(const struct runner *r, uint32_t task, uint32_t instance);
uint64_t runner_n_steps(const struct runner *r); /* grows with each time that changes came */

/* Whether it is not over, or something that was asked of it has yet to be done. */
bool runner_is_busy(const struct runner *r);

/* When a task, or an instance, began and ended; INSTANT_NONE: not yet, or nobody knows. */
void runner_times(const struct runner *r, uint32_t task, uint32_t instance, int64_t *started_at,
	int64_t *ended_at);

int64_t runner_started_at(const struct runner *r); /* 0: not yet */
int64_t runner_ended_at(const struct runner *r); /* 0: not yet */

/* What the tasks have published so far. */
const struct outputs *runner_outputs(const struct runner *r);

#endif
