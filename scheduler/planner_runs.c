/*
 * Runs that are not over: which of the queued ones start. The oldest first, as many at once as
 * their DAG allows, whoever asked for them; none while the DAG is paused. A backfill may ask for
 * fewer of its kind side by side, and then lets others pass. Runs that were over and are cleared
 * stand at the end of the line. Where a started run is held by others that wait (depends_on_past),
 * the first of these waits for no room, for that would never come.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/edition.h"
#include "scheduler/planner_impl.h"
#include "scheduler/runner.h"

/* N.B. the oldest runs end first as a rule, so that this finds them soon. */
static struct planned_run *find(const struct planned *of, const struct runner *r)
{
	struct planned_run *run = of->first;

	while (run != NULL && run->runner != r)
		run = run->next;
	return run;
}

static int64_t date_of(const struct planned_run *run)
{
	return runner_facts(run->runner)->logical_date;
}

/* N.B. a run may be there before the one that holds it: they come as they were made. */
static void holders_link(struct planned *of, struct planned_run *run)
{
	for (struct planned_run *other = of->first; other != NULL; other = other->next) {
		if (other->past == date_of(run))
			other->holder = run;
		if (run->past == date_of(other))
			run->holder = other;
	}
}

static void past_check(struct planner *p, struct planned *of, struct planned_run *run)
{
	planner_past_check(p, of, run);
	if (of->n_held > 0)
		holders_link(of, run);
}

static struct planned_run *add(struct planner *p, struct planned *of, struct runner *r)
{
	struct planned_run *run = calloc(1, sizeof(*run));

	if (run == NULL)
		return NULL;
	run->runner = r;
	run->is_started = runner_state(r) != RUN_QUEUED;
	run->is_scheduled = strcmp(runner_run_type(r), "scheduled") == 0;
	run->is_backfill = strcmp(runner_run_type(r), "backfill") == 0 || runner_max_active(r) != 0;
	run->past = INSTANT_NONE;
	run->prev = of->last;
	*(of->last == NULL ? &of->first : &of->last->next) = run;
	of->last = run;
	of->n_runs++;
	of->n_started += run->is_started;
	of->n_backfills += run->is_started && run->is_backfill;
	of->n_scheduled += run->is_scheduled;
	past_check(p, of, run);
	return run;
}

static void drop(struct planner *p, struct planned *of, struct planned_run *run)
{
	*(run->prev == NULL ? &of->first : &run->prev->next) = run->next;
	*(run->next == NULL ? &of->last : &run->next->prev) = run->prev;
	of->n_runs--;
	of->n_started -= run->is_started;
	of->n_backfills -= run->is_started && run->is_backfill;
	of->n_scheduled -= run->is_scheduled;
	of->n_held -= run->past != INSTANT_NONE;
	p->n_held -= run->past != INSTANT_NONE;
	free(run);
}

void planner_runs_free(struct planner *p, struct planned *of)
{
	while (of->first != NULL)
		drop(p, of, of->first);
}

/* Whether any run of the DAG may start. */
static bool is_open(const struct planner *p, const struct planned *of)
{
	return !p->is_stopped && !of->dag->is_paused && of->n_started < of->n_runs;
}

/* Whether there is room for another run of the DAG. */
static bool has_room(const struct planner *p, const struct planned *of)
{
	return is_open(p, of) && of->n_started < of->dag->max_active_runs;
}

static void start(struct planned *of, struct planned_run *run)
{
	run->is_started = true;
	of->n_started++;
	of->n_backfills += run->is_backfill;
	runner_start(run->runner);
}

/* Starts a run, where there is room, unless enough backfills of its kind run. */
static void start_one(struct planned *of, struct planned_run *run)
{
	uint32_t max = run->is_started ? 0 : runner_max_active(run->runner);

	if (!run->is_started && (max == 0 || of->n_backfills < max))
		start(of, run);
}

/* The run that holds this one, where both are in memory; or NULL. */
static struct planned_run *holder_of(const struct planned_run *run)
{
	return planner_past_is_held(run) ? run->holder : NULL;
}

/* The first of the runs that have not started and hold one that has; NULL: there is none, or others
 * that have started hold them. N.B. the started ones stand in front as a rule. */
static struct planned_run *awaited_find(const struct planned *of)
{
	size_t n_left = of->n_started;

	for (const struct planned_run *run = of->first; n_left > 0; run = run->next) {
		struct planned_run *past = run->is_started ? holder_of(run) : NULL, *before;

		while (past != NULL && !past->is_started && (before = holder_of(past)) != NULL)
			past = before;
		if (past != NULL && !past->is_started)
			return past;
		n_left -= run->is_started;
	}
	return NULL;
}

static void start_awaited(struct planner *p, struct planned *of)
{
	struct planned_run *run;

	while (of->n_held > 0 && is_open(p, of) && (run = awaited_find(of)) != NULL)
		start(of, run);
}

void planner_start(struct planner *p, struct planned *of)
{
	for (struct planned_run *run = of->first; run != NULL && has_room(p, of); run = run->next)
		start_one(of, run);
	start_awaited(p, of);
}

/* The plan of a run's DAG; NULL where that was deleted, or memory is short: then nothing holds the
 * run. */
static struct planned *plan_of(struct planner *p, const struct runner *r)
{
	struct bag_dag *d = bag_find(p->o.bag, runner_dag_id(r));

	return d == NULL ? NULL : planner_of(p, d);
}

/* A run that is not over is there: it is new, restored, or was cleared. */
static void on_added(void *ctx, struct runner *r)
{
	struct planner *p = ctx;
	struct planned *of = plan_of(p, r);
	struct planned_run *run = of == NULL ? NULL : add(p, of, r);

	if (run == NULL && runner_state(r) == RUN_QUEUED && !p->is_stopped)
		runner_start(r);
	if (run == NULL || conductor_is_restoring(p->o.conductor))
		return;
	/* N.B. for those that waited before it there is no more room than there was: of tens of
	 * thousands nobody looks at all for each. */
	if (has_room(p, of))
		start_one(of, run);
	start_awaited(p, of);
}

/* Those that hold each other were made in any order. */
static void on_restored(void *ctx)
{
	struct planner *p = ctx;

	for (struct planned *of = p->all; of != NULL; of = of->next)
		planner_start(p, of);
}

/* A run that is over makes room for others. */
static void take_out(struct planner *p, struct planned *of, struct planned_run *run)
{
	for (struct planned_run *other = of->first; other != NULL && of->n_held > 0;
		other = other->next)
		if (other->holder == run)
			other->holder = NULL;
	drop(p, of, run);
	planner_plan(p, of);
	planner_start(p, of);
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct planner *p = ctx;
	struct planned *of = plan_of(p, r);
	struct planned_run *run = of == NULL ? NULL : find(of, r);

	if (!run_state_is_over(c->state) && run == NULL)
		on_added(p, r);
	else if (run_state_is_over(c->state) && run != NULL)
		take_out(p, of, run);
}

/* A task was cleared: its run looks at its past again, once for all that one step cleared. N.B. a
 * run that was over is told by on_run behind its tasks, and looks then. */
static void on_cleared(struct planner *p, struct runner *r, uint32_t task)
{
	struct planned *of;
	struct planned_run *run;

	if (!runner_edition(r)->dag->tasks[task].depends_on_past || (of = plan_of(p, r)) == NULL ||
		(run = find(of, r)) == NULL || run->n_steps == runner_n_steps(r))
		return;
	past_check(p, of, run);
	start_awaited(p, of);
}

static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct planner *p = ctx;
	struct planned *of;

	if (c->instance == RUN_NO_INSTANCE && c->state == TASK_NONE && c->cause == RUN_CAUSE_CLEAR)
		on_cleared(p, r, c->task);
	if (c->instance != RUN_NO_INSTANCE ||
		(c->state != TASK_SUCCESS && c->state != TASK_SKIPPED) || p->n_held == 0)
		return;
	of = plan_of(p, r);
	if (of != NULL && of->n_held > 0)
		planner_past_release(of, r, runner_edition(r)->dag->tasks[c->task].id);
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct planner *p = ctx;
	struct planned *of = r == NULL ? NULL : plan_of(p, r);
	struct planned_run *run = of == NULL ? NULL : find(of, r);

	(void)e;
	if (run != NULL)
		take_out(p, of, run);
}

struct conductor_observer planner_runs_observer(struct planner *p)
{
	return (struct conductor_observer){.ctx = p,
		.on_added = on_added,
		.on_restored = on_restored,
		.on_run = on_run,
		.on_task = on_task,
		.on_broken = on_broken};
}
