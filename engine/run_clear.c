/*
 * Clear: a task gets another life, and the run goes on.
 *
 * Its state goes back to none and it may try retries + 1 times more; its tries go on counting, for
 * no try is ever made twice. A task that may be running is killed first, and goes back when its
 * try is known to be gone. As in Airflow, the setups a task needs and their teardowns are cleared
 * with it. A clear of a run that is over puts it in line again, so that no more go on than may; one
 * that is being ended goes on.
 *
 * A for_each task is decided anew, unless only what failed is cleared: then its items stay as they
 * were, and the instances that failed or were cut short alone run again.
 */
#include "engine/run_impl.h"

#include <stdlib.h>

/* A set of tasks: the list, and a bit in each one's attr. */
struct set {
	uint32_t *list;
	size_t n, cap;
	uint16_t bit;
};

static int set_add(struct run *r, struct set *s, uint32_t task)
{
	uint32_t *list;
	size_t cap;

	if (r->tasks[task].attr & s->bit)
		return 0;
	if (s->n == s->cap) {
		cap = s->cap == 0 ? 64 : s->cap * 2;
		if ((list = realloc(s->list, cap * sizeof(*list))) == NULL)
			return ERR_NOMEM;
		s->list = list;
		s->cap = cap;
	}
	r->tasks[task].attr |= s->bit;
	s->list[s->n++] = task;
	return 0;
}

static void set_free(struct run *r, struct set *s)
{
	for (size_t i = 0; i < s->n; i++)
		r->tasks[s->list[i]].attr &= (uint16_t)~s->bit;
	free(s->list);
}

static int add_all(struct run *r, struct set *s, const struct run_edges *edges, uint32_t task)
{
	for (uint32_t i = edges->offset[task]; i < edges->offset[task + 1]; i++)
		if (set_add(r, s, edges->list[i]) != 0)
			return ERR_NOMEM;
	return 0;
}

/* Adds to s all that lies along the edges behind its first n. */
static int add_reach(struct run *r, struct set *s, size_t n, const struct run_edges *edges)
{
	struct set walk = {.bit = ATTR_WALKED};
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = set_add(r, &walk, s->list[i]);
	for (size_t i = 0; i < walk.n && rc == 0; i++)
		rc = add_all(r, &walk, edges, walk.list[i]);
	for (size_t i = n; i < walk.n && rc == 0; i++)
		rc = set_add(r, s, walk.list[i]);
	set_free(r, &walk);
	return rc;
}

/* The setups a task needs, and the teardowns of a setup. */
static int add_setups(struct run *r, struct set *s)
{
	const struct run_plan *p = r->plan;
	int rc = 0;

	if (r->setups == NULL)
		return 0;
	for (size_t i = 0; i < s->n && rc == 0; i++)
		rc = add_all(r, s, &p->scope_of, s->list[i]);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		uint32_t t = s->list[i];

		if (!(r->tasks[t].attr & ATTR_SETUP))
			continue;
		for (uint32_t j = p->down.offset[t]; j < p->down.offset[t + 1] && rc == 0; j++)
			if (r->tasks[p->down.list[j]].attr & ATTR_TEARDOWN)
				rc = set_add(r, s, p->down.list[j]);
	}
	return rc;
}

/* A task's new life: it is decided anew, and held by its past again. */
static void renew(struct run *r, const struct run_who *w, bool is_decided)
{
	w->cell->is_decided = is_decided;
	w->cell->round++;
	if (r->tasks[w->task].attr & ATTR_PAST)
		w->cell->is_released = false;
}

static bool reset_cell(struct run *r, const struct run_who *w)
{
	struct run_cell *c = w->cell;

	if (c->state == TASK_NONE || c->state == TASK_REMOVED || c->kill == RUN_KILL_CLEAR)
		return false;
	run_try_renew(w);
	run_try_withdraw(r, w);
	if (w->instance == RUN_NO_INSTANCE)
		renew(r, w, false);
	if (run_cell_is_active(c))
		run_try_kill(r, w, RUN_KILL_CLEAR);
	else
		run_cell_change(r, w, TASK_NONE, RUN_CAUSE_CLEAR);
	return true;
}

/* Whether an instance is among what failed: so is one that the end of its task came before. */
static bool is_failed(const struct run_who *w)
{
	return w->cell->state == TASK_FAILED ||
		(w->cell->state == TASK_SKIPPED && run_try_is_none(w));
}

/* All instances, or those that failed, go back; then so does the task, once none is active. Where
 * only what failed is cleared, its items stay as they were decided. */
static bool reset_for_each(struct run *r, const struct run_who *w, bool only_failed)
{
	struct run_expansion *x = r->tasks[w->task].expansion;
	bool is_running = w->cell->state == TASK_RUNNING;
	/* Else its items will be others. */
	bool keep = only_failed && w->cell->is_decided && x->n_items > 0;

	if (w->cell->kill == RUN_KILL_CLEAR)
		return false;
	renew(r, w, keep);
	if (is_running)
		run_foreach_kill(r, w->task, RUN_KILL_CLEAR);
	for (uint32_t i = 0; i < x->n_cells; i++) {
		struct run_who one = run_who_instance(r, w->task, i);

		if (!keep || is_failed(&one))
			reset_cell(r, &one);
	}
	if (is_running)
		run_foreach_after(r, w->task);
	else if (w->cell->state == TASK_NONE)
		run_cell_save(r, w, RUN_CAUSE_CLEAR);
	else
		run_cell_change(r, w, TASK_NONE, RUN_CAUSE_CLEAR);
	return true;
}

/* Whether it changed anything. */
static bool reset(struct run *r, uint32_t task, bool only_failed)
{
	struct run_who w = run_who_task(r, task);
	enum task_state s = w.cell->state;
	/* What failed of it was cleared before, and now the rest is. */
	bool is_kept = s == TASK_NONE && w.cell->is_decided && !only_failed;

	if (r->tasks[task].expansion != NULL &&
		(is_kept || s == TASK_RUNNING || task_state_is_over(s)))
		return reset_for_each(r, &w, only_failed);
	return reset_cell(r, &w);
}

static bool has_failed(const struct run *r, uint32_t task)
{
	uint8_t s = r->tasks[task].cell.state;

	return s == TASK_FAILED || s == TASK_UPSTREAM_FAILED;
}

/* Resets every task of the set but one, and opens the run again where that did anything. */
static uint32_t reset_set(struct run *r, const struct set *s, uint32_t but, bool only_failed)
{
	uint32_t n = 0;

	for (size_t i = 0; i < s->n; i++)
		if (s->list[i] != but && (!only_failed || has_failed(r, s->list[i])))
			n += reset(r, s->list[i], only_failed);
	if (n > 0 && run_state_is_over(r->head.state)) {
		r->head.stop = RUN_KILL_NONE;
		run_head_change(r, RUN_QUEUED, RUN_CAUSE_CLEAR);
	} else if (n > 0 && r->head.stop != RUN_KILL_NONE)
		run_head_start(r, RUN_CAUSE_CLEAR);
	for (size_t i = 0; i < s->n; i++)
		run_list_add(r, s->list[i]);
	return n;
}

static int collect(struct run *r, const struct run_event *ev, struct set *s)
{
	const uint32_t *tasks = ev->clear.tasks != NULL ? ev->clear.tasks : &ev->task;
	size_t n = ev->clear.tasks != NULL ? ev->clear.n_tasks : 1;
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++)
		rc = set_add(r, s, tasks[i]);
	n = s->n;
	if (rc == 0 && ev->clear.downstream)
		rc = add_reach(r, s, n, &r->plan->down);
	if (rc == 0 && ev->clear.upstream)
		rc = add_reach(r, s, n, &r->plan->up);
	if (rc == 0)
		rc = add_setups(r, s);
	return rc;
}

int run_clear(struct run *r, const struct run_event *ev, struct err *e)
{
	struct set s = {.bit = ATTR_CHOSEN};
	int rc = 0;

	for (size_t i = 0; ev->clear.tasks != NULL && i < ev->clear.n_tasks; i++)
		if (ev->clear.tasks[i] >= r->plan->n_tasks)
			return err_set(
				e, ERR_INVALID, "clear: there is no task %u", ev->clear.tasks[i]);
	if (collect(r, ev, &s) != 0)
		rc = err_set(e, ERR_NOMEM, "clear: out of memory");
	else if (reset_set(r, &s, RUN_NO_TASK, ev->clear.only_failed) == 0) {
		err_set(e, 0, "there is nothing to clear");
		rc = RUN_IGNORED;
	}
	set_free(r, &s);
	return rc;
}

int run_clear_failed_below(struct run *r, uint32_t task, uint32_t *n)
{
	struct set s = {.bit = ATTR_CHOSEN};
	int rc = set_add(r, &s, task);

	if (rc == 0)
		rc = add_reach(r, &s, 1, &r->plan->down);
	if (rc == 0)
		*n = reset_set(r, &s, task, true);
	set_free(r, &s);
	return rc;
}
