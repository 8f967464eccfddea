/* What the files of the planner share. Private to scheduler/planner*.c. */
#ifndef SCHEDULER_PLANNER_IMPL_H
#define SCHEDULER_PLANNER_IMPL_H

#include "engine/rank_heap.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/planner.h"

struct wall_timer;

/* A run that is not over. */
struct planned_run {
	struct planned_run *prev, *next;
	struct runner *runner;
	bool is_started; /* it has been started, or asked to */
	bool is_scheduled; /* made by the planner */
	bool is_backfill;
	int64_t past; /* logical date of the run before, which holds tasks of it; INSTANT_NONE */
	struct planned_run *holder; /* that run, where it is in memory; or NULL */
	uint64_t n_steps; /* of the runner, when that was looked for */
};

/* A DAG that has a schedule, or runs. */
struct planned {
	struct rank_node node; /* first; in the heap, its arrival being the time */
	struct planned *next; /* all of them */
	struct bag_dag *dag;
	struct planned_run *first, *last; /* runs that are not over, as they were made */
	size_t n_runs, n_started, n_scheduled; /* of these */
	size_t n_backfills; /* that have started */
	size_t n_held; /* by the run before */
};

struct planner {
	struct planner_options o;
	struct wall_timer *timer; /* NULL: the clock is the caller's */
	struct rank_heap heap;
	struct planned *all;
	size_t n;
	size_t n_held; /* of all */
	struct bag_observer bag_observer;
	struct conductor_observer conductor_observer;
	bool is_stopped;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

/* planner.c */

void planner_note(const struct planner *p, enum op_level level, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* What is planned of a DAG; made where there is nothing yet. NULL: no memory. */
struct planned *planner_of(struct planner *p, struct bag_dag *d);

/* Works out when the DAG's next run is due. */
void planner_plan(struct planner *p, struct planned *of);

/* planner_runs.c */

/* What the planner hears of the conductor. */
struct conductor_observer planner_runs_observer(struct planner *p);

/* Starts what is queued and may start. */
void planner_start(struct planner *p, struct planned *of);
void planner_runs_free(struct planner *p, struct planned *of);

/* planner_past.c */

/* Finds the run before, and releases the tasks that it does not hold. */
void planner_past_check(struct planner *p, struct planned *of, struct planned_run *run);

/* Whether the run before still holds a task of it. */
bool planner_past_is_held(const struct planned_run *run);

/* A task of a run succeeded or was skipped: releases that of the run behind it. */
void planner_past_release(struct planned *of, const struct runner *before, const char *task_id);

#endif
