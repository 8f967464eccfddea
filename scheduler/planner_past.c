/*
 * depends_on_past: which tasks of a run the run before holds. The run before is that of the latest
 * logical date before its own, in memory or in the store, whoever asked for it. A task is released
 * where its namesake succeeded or was skipped, where there is none, and where there is no run
 * before. One that is cleared is held anew.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/edition.h"
#include "scheduler/planner_impl.h"
#include "scheduler/render.h"
#include "scheduler/runner.h"
#include "store/store_run.h"

/* The run before: in memory, or its tasks in the store. */
struct before {
	const struct runner *runner; /* NULL: it is not in memory */
	struct arena *arena;
	int64_t logical_date; /* INSTANT_NONE: there is no run before */
	struct store_task *tasks;
	size_t n_tasks, next; /* next: where the task that is asked for may well be */
	bool is_over; /* of the one in the store */
	bool has_failed; /* the store could not be read */
};

static int64_t date_of(const struct runner *r)
{
	return runner_facts(r)->logical_date;
}

static bool lets_go(uint8_t state)
{
	return state == TASK_SUCCESS || state == TASK_SKIPPED;
}

static bool has_past(const struct dag *d)
{
	for (uint32_t i = 0; i < d->n_tasks; i++)
		if (d->tasks[i].depends_on_past)
			return true;
	return false;
}

static bool is_released(const struct runner *r, uint32_t task)
{
	struct run_row row;

	return runner_row(r, task, RUN_NO_INSTANCE, &row) == 0 && row.is_released;
}

bool planner_past_is_held(const struct planned_run *run)
{
	const struct dag *d = runner_edition(run->runner)->dag;

	for (uint32_t i = 0; run->past != INSTANT_NONE && i < d->n_tasks; i++)
		if (d->tasks[i].depends_on_past && !is_released(run->runner, i))
			return true;
	return false;
}

static void look_into_memory(const struct planned *of, int64_t date, struct before *b)
{
	for (const struct planned_run *run = of->first; run != NULL; run = run->next) {
		int64_t at = date_of(run->runner);

		if (at < date && (b->logical_date == INSTANT_NONE || at > b->logical_date)) {
			b->logical_date = at;
			b->runner = run->runner;
		}
	}
}

static void look_into_store(
	const struct planner *p, const struct planned *of, int64_t date, struct before *b)
{
	struct store_run row;
	struct err e;
	int r;

	if (p->o.store == NULL)
		return;
	r = store_run_before(p->o.store, b->arena, of->dag->dag_id, date, &row, &e);

	if (r == 0 && (b->logical_date == INSTANT_NONE || row.logical_date > b->logical_date)) {
		b->logical_date = row.logical_date;
		b->runner = NULL;
		b->is_over = run_state_is_over(row.state);
		r = store_tasks_of(p->o.store, b->arena, row.number, &b->tasks, &b->n_tasks, &e);
	}
	if (r != 0 && r != ERR_NOTFOUND) {
		planner_note(p, OP_ERROR,
			"%s: what its run before came to could not be read: %s; tasks that "
			"depend on their past wait",
			of->dag->dag_id, e.text);
		b->has_failed = true;
	}
}

/* Whether the run before holds the task of this id. */
static bool holds(struct before *b, const char *id)
{
	struct run_row row;
	const struct task *t;

	if (b->has_failed)
		return true;
	if (b->logical_date == INSTANT_NONE)
		return false;
	if (b->runner != NULL) {
		t = dag_task_find(runner_edition(b->runner)->dag, id, strlen(id));
		return t != NULL &&
			(runner_row(b->runner, t->number, RUN_NO_INSTANCE, &row) != 0 ||
				!lets_go(row.state));
	}
	/* N.B. both have tasks in the order of the file, mostly. */
	for (size_t k = 0; k < b->n_tasks; k++) {
		const struct store_task *was = &b->tasks[(b->next + k) % b->n_tasks];

		if (was->row.instance != RUN_NO_INSTANCE || strcmp(was->task_id, id) != 0)
			continue;
		b->next = (size_t)(was - b->tasks) + 1;
		return !lets_go(was->row.state);
	}
	/* N.B. a task without a row did not get its turn yet, or was not there: a run that is over
	 * has one of each. */
	return !b->is_over;
}

void planner_past_check(struct planner *p, struct planned *of, struct planned_run *run)
{
	const struct dag *d = runner_edition(run->runner)->dag;
	struct before b = {.logical_date = INSTANT_NONE};
	int64_t date = date_of(run->runner);
	size_t n_held = 0;

	run->n_steps = runner_n_steps(run->runner);
	if (!has_past(d) || (b.arena = arena_create(0)) == NULL)
		return;
	look_into_memory(of, date, &b);
	look_into_store(p, of, date, &b);
	for (uint32_t i = 0; i < d->n_tasks; i++) {
		if (!d->tasks[i].depends_on_past || is_released(run->runner, i))
			continue;
		if (holds(&b, d->tasks[i].id))
			n_held++;
		else
			runner_past_release(run->runner, i);
	}
	if (n_held > 0 && b.logical_date != INSTANT_NONE) {
		of->n_held += run->past == INSTANT_NONE;
		p->n_held += run->past == INSTANT_NONE;
		run->past = b.logical_date;
		run->holder = NULL;
	}
	arena_destroy(b.arena);
}

void planner_past_release(struct planned *of, const struct runner *before, const char *task_id)
{
	for (struct planned_run *run = of->first; run != NULL; run = run->next) {
		const struct task *t;

		if (run->past == INSTANT_NONE || run->past != date_of(before))
			continue;
		t = dag_task_find(runner_edition(run->runner)->dag, task_id, strlen(task_id));
		if (t == NULL || !t->depends_on_past)
			continue;
		if (!is_released(run->runner, t->number))
			runner_past_release(run->runner, t->number);
	}
}
