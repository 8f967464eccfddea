/*
 * Ending a run early: cancel, dagrun_timeout, and marking it failed, which are one thing.
 *
 * What has not started is skipped, what may be running is killed, and the run fails once all are
 * over. Teardowns still run by their own rule, as they do in Airflow when a person marks a run
 * failed; N.B. Airflow skips them after a dagrun_timeout, which would leave behind what their
 * setups made, so here they run then too. A second cancel may ask for an end without them.
 */
#include "engine/run_impl.h"

static void cut(struct run *r, const struct run_who *w, enum run_kill why)
{
	if (run_cell_is_active(w->cell)) {
		run_try_kill(r, w, why == RUN_KILL_RUN_TIMEOUT ? why : RUN_KILL_CANCEL);
	} else if (!task_state_is_over(w->cell->state)) {
		run_try_withdraw(r, w);
		if (w->instance != RUN_NO_INSTANCE)
			run_try_cut(w);
		run_cell_change(r, w, TASK_SKIPPED, run_kill_cause(why));
	}
}

static void cut_instances(struct run *r, uint32_t task, enum run_kill why)
{
	struct run_expansion *x = r->tasks[task].expansion;

	run_foreach_kill(r, task, why == RUN_KILL_RUN_TIMEOUT ? why : RUN_KILL_CANCEL);
	for (uint32_t i = 0; i < x->n_items; i++) {
		struct run_who w = run_who_instance(r, task, i);

		cut(r, &w, why);
	}
	run_foreach_after(r, task);
}

int run_stop(struct run *r, enum run_kill why, bool teardowns_too, struct err *e)
{
	if (run_state_is_over(r->head.state))
		return err_set(e, 0, "the run is over already"), RUN_IGNORED;
	if (r->head.stop != RUN_KILL_NONE && !teardowns_too)
		return err_set(e, 0, "the run is being ended already"), RUN_IGNORED;
	run_head_resume(r, run_kill_cause(why));
	if (r->head.stop == RUN_KILL_NONE) {
		r->head.stop = (uint8_t)why;
		run_head_change(r, r->head.state, run_kill_cause(why));
	}
	if (r->head.state == RUN_QUEUED)
		teardowns_too = true; /* nothing was set up */
	for (uint32_t t = 0; t < r->plan->n_tasks; t++) {
		struct run_who w = run_who_task(r, t);
		uint16_t attr = r->tasks[t].attr;

		if ((attr & ATTR_TEARDOWN) && !teardowns_too)
			continue;
		if ((attr & ATTR_FOR_EACH) && w.cell->state == TASK_RUNNING)
			cut_instances(r, t, why);
		else
			cut(r, &w, why);
	}
	return RUN_APPLIED;
}
