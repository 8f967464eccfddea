/*
 * Mark: a person says how a task, an instance or the whole run came out.
 *
 * A task that may be running is killed, and takes the marked state when its try is known to be
 * gone. As in Airflow, what failed below a marked task is cleared with it. A run that was over is
 * judged anew. A run marked failed is one that is cancelled; in one marked success everything but
 * the teardowns that have not ended becomes success.
 */
#include "engine/run_impl.h"

static bool mark_cell(struct run *r, const struct run_who *w, enum task_state to)
{
	struct run_cell *c = w->cell;
	enum run_kill kill = to == TASK_SUCCESS ? RUN_KILL_MARK_SUCCESS : RUN_KILL_MARK_FAILED;

	if (c->state == to || c->state == TASK_REMOVED || c->kill == kill)
		return false;
	if (run_cell_is_active(c)) {
		run_try_kill(r, w, kill);
		return true;
	}
	run_try_withdraw(r, w);
	run_cell_change(r, w, to, RUN_CAUSE_MARK);
	return true;
}

/* A for_each task that is expanded, and its instances with it. */
static bool mark_instances(struct run *r, const struct run_who *w, enum task_state to)
{
	struct run_expansion *x = r->tasks[w->task].expansion;
	bool is_running = w->cell->state == TASK_RUNNING;
	bool changed = false;

	if (is_running)
		run_foreach_kill(r, w->task,
			to == TASK_SUCCESS ? RUN_KILL_MARK_SUCCESS : RUN_KILL_MARK_FAILED);
	for (uint32_t i = 0; i < x->n_items; i++) {
		struct run_who one = run_who_instance(r, w->task, i);

		changed |= mark_cell(r, &one, to);
	}
	if (is_running)
		run_foreach_after(r, w->task);
	else
		changed |= mark_cell(r, w, to);
	return changed || is_running;
}

static bool is_expanded(const struct run *r, uint32_t task)
{
	const struct run_task *t = &r->tasks[task];

	if (t->expansion == NULL)
		return false;
	return t->cell.state == TASK_RUNNING ||
		(t->cell.is_decided && task_state_is_over(t->cell.state));
}

bool run_has_instance(const struct run *r, uint32_t task, uint32_t instance)
{
	return is_expanded(r, task) && instance < r->tasks[task].expansion->n_items;
}

static bool mark_task(struct run *r, uint32_t task, enum task_state to)
{
	struct run_who w = run_who_task(r, task);

	return is_expanded(r, task) ? mark_instances(r, &w, to) : mark_cell(r, &w, to);
}

/* One instance; a task that is over is judged by its instances anew. */
static bool mark_instance(struct run *r, uint32_t task, uint32_t instance, enum task_state to)
{
	struct run_who w = run_who_task(r, task), one = run_who_instance(r, task, instance);
	struct run_expansion *x = r->tasks[task].expansion;
	enum task_state s;

	if (!mark_cell(r, &one, to))
		return false;
	if (w.cell->state == TASK_RUNNING) {
		run_foreach_after(r, task);
		return true;
	}
	s = run_foreach_outcome(x, RUN_KILL_NONE);
	if (run_foreach_is_over(x) && s != w.cell->state)
		run_cell_change(r, &w, s, RUN_CAUSE_MARK);
	return true;
}

/* A run that was over is opened again, and run_step() ends it by what its leaves now are. */
static void reopen(struct run *r)
{
	if (run_state_is_over(r->head.state))
		run_head_change(r, RUN_RUNNING, RUN_CAUSE_MARK);
}

static int mark_one(struct run *r, const struct run_event *ev, enum task_state to, struct err *e)
{
	struct run_task *t = &r->tasks[ev->task];
	uint32_t n = 0;
	bool changed;

	if (ev->instance != RUN_NO_INSTANCE) {
		if (t->expansion == NULL || ev->instance >= t->expansion->n_cells)
			return err_set(e, ERR_INVALID, "mark: task %u has no instance %u", ev->task,
				ev->instance);
		if (!run_has_instance(r, ev->task, ev->instance))
			return err_set(e, 0, "its task was cleared meanwhile"), RUN_IGNORED;
		if (t->cell.kill != RUN_KILL_NONE)
			return err_set(e, 0, "its task is being ended"), RUN_IGNORED;
	}
	if (run_clear_failed_below(r, ev->task, &n) != 0)
		return err_set(e, ERR_NOMEM, "mark: out of memory");
	changed = ev->instance == RUN_NO_INSTANCE ? mark_task(r, ev->task, to)
						  : mark_instance(r, ev->task, ev->instance, to);
	if (!changed && n == 0)
		return err_set(e, 0, "it is %s already", task_state_name(to)), RUN_IGNORED;
	reopen(r);
	return RUN_APPLIED;
}

static int mark_run_failed(struct run *r, struct err *e)
{
	if (!run_state_is_over(r->head.state))
		return run_stop(r, RUN_KILL_MARK_FAILED, false, e);
	if (r->head.state == RUN_FAILED)
		return err_set(e, 0, "the run is failed already"), RUN_IGNORED;
	r->head.stop = RUN_KILL_MARK_FAILED;
	reopen(r);
	return RUN_APPLIED;
}

static int mark_run_success(struct run *r, struct err *e)
{
	bool keep_teardowns = run_has_begun(r); /* else nothing was set up */
	bool changed = r->head.state != RUN_SUCCESS;

	run_head_resume(r, RUN_CAUSE_MARK);
	for (uint32_t t = 0; t < r->plan->n_tasks; t++) {
		const struct run_task *k = &r->tasks[t];

		if ((k->attr & ATTR_TEARDOWN) && keep_teardowns &&
			!task_state_is_over(k->cell.state))
			continue;
		changed |= mark_task(r, t, TASK_SUCCESS);
	}
	if (!changed)
		return err_set(e, 0, "the run is success already"), RUN_IGNORED;
	r->head.stop = RUN_KILL_MARK_SUCCESS;
	if (run_state_is_over(r->head.state))
		reopen(r);
	else
		run_head_change(r, r->head.state, RUN_CAUSE_MARK);
	return RUN_APPLIED;
}

int run_mark(struct run *r, const struct run_event *ev, struct err *e)
{
	if (ev->task != RUN_NO_TASK)
		return mark_one(
			r, ev, ev->mark == RUN_MARK_SUCCESS ? TASK_SUCCESS : TASK_FAILED, e);
	return ev->mark == RUN_MARK_SUCCESS ? mark_run_success(r, e) : mark_run_failed(r, e);
}
