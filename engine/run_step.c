/*
 * The entry to the run state machine: checks an event, hands it to what it means, and lets follow
 * what follows.
 *
 * Three kinds of events are told apart here. One that belongs is applied. One that was true once,
 * or is true twice (a try that is over, a grant that crossed a cancel) is ignored and said so: the
 * world is late and repeats itself. One that can never have been true is refused as the sender's
 * bug. Only the first changes anything.
 */
#include "engine/run_impl.h"

static int ignore(struct err *e, const struct run_who *w, const char *why)
{
	if (w->instance == RUN_NO_INSTANCE)
		err_set(e, 0, "task %u, try %u, is %s: %s", w->task, w->cell->try_number,
			task_state_name(w->cell->state), why);
	else
		err_set(e, 0, "task %u[%u], try %u, is %s: %s", w->task, w->instance,
			w->cell->try_number, task_state_name(w->cell->state), why);
	return RUN_IGNORED;
}

/* The task or instance of an event, which must be one that can have tries. */
static int find(struct run *r, const struct run_event *ev, struct run_who *w, struct err *e)
{
	const struct run_task *t = &r->tasks[ev->task];
	const char *what = run_event_name(ev->kind);

	if (!(t->attr & ATTR_FOR_EACH)) {
		if (ev->instance != RUN_NO_INSTANCE)
			return err_set(e, ERR_INVALID, "%s: task %u has no instances, so no %u",
				what, ev->task, ev->instance);
		*w = run_who_task(r, ev->task);
		return 0;
	}
	if (ev->instance == RUN_NO_INSTANCE)
		return err_set(e, ERR_INVALID, "%s: task %u runs as instances; which one?", what,
			ev->task);
	if (t->expansion == NULL || ev->instance >= t->expansion->n_cells)
		return err_set(e, ERR_INVALID, "%s: task %u has no instance %u", what, ev->task,
			ev->instance);
	*w = run_who_instance(r, ev->task, ev->instance);
	return 0;
}

/* As find(), for an event of one try: which must be the one under way. */
static int find_try(struct run *r, const struct run_event *ev, struct run_who *w, struct err *e)
{
	int rc = find(r, ev, w, e);

	if (rc != 0)
		return rc;
	if (ev->try_number == 0 || ev->try_number > w->cell->try_number)
		return err_set(e, ERR_ILLEGAL, "%s: try %u of task %u was never started; it had %u",
			run_event_name(ev->kind), ev->try_number, ev->task, w->cell->try_number);
	if (ev->try_number < w->cell->try_number)
		return ignore(e, w, "this is about an earlier try");
	return 0;
}

static int on_started(struct run *r, const struct run_event *ev, struct err *e)
{
	(void)ev;
	if (r->head.state != RUN_QUEUED)
		return err_set(e, 0, "the run has started already"), RUN_IGNORED;
	run_head_start(r, RUN_CAUSE_STARTED);
	for (uint32_t t = 0; t < r->plan->n_tasks; t++)
		run_list_add(r, t);
	return RUN_APPLIED;
}

static int on_decided(struct run *r, const struct run_event *ev, struct err *e)
{
	struct run_who w = run_who_task(r, ev->task);
	uint16_t attr = r->tasks[ev->task].attr;

	if (!(attr & ATTR_DECIDES))
		return err_set(
			e, ERR_ILLEGAL, "task_decided: task %u has nothing to decide", ev->task);
	if (w.cell->state != TASK_SCHEDULED || w.cell->is_decided ||
		w.cell->round != ev->decided.round)
		return ignore(e, &w, "this decision was overtaken");
	/* N.B. a for_each is decided where it has the items of this life. */
	w.cell->is_decided = !(attr & ATTR_FOR_EACH) ||
		(ev->decided.verdict == RUN_VERDICT_RUN && ev->decided.n_items <= RUN_ITEMS_MAX);
	if (ev->decided.verdict == RUN_VERDICT_SKIP)
		run_cell_change(r, &w, TASK_SKIPPED, RUN_CAUSE_WHEN);
	else if (ev->decided.verdict == RUN_VERDICT_FAIL)
		run_cell_change(r, &w, TASK_FAILED, RUN_CAUSE_DECISION);
	else if (!(attr & ATTR_FOR_EACH)) {
		run_cell_save(r, &w, RUN_CAUSE_DUE);
		run_try_queue(r, &w, RUN_CAUSE_DUE);
	} else if (ev->decided.n_items > RUN_ITEMS_MAX)
		run_cell_change(r, &w, TASK_FAILED, RUN_CAUSE_ITEMS);
	else
		run_foreach_expand(r, ev->task, ev->decided.n_items);
	return RUN_APPLIED;
}

/* N.B. a grant that is of no use is given back; one for a try under way is that try's own. */
static int on_capacity(struct run *r, const struct run_event *ev, struct err *e)
{
	struct run_who w;
	int rc = find(r, ev, &w, e);

	if (rc != 0)
		return rc;
	if (run_cell_is_active(w.cell))
		return ignore(e, &w, "it has capacity already");
	if (w.cell->state != TASK_SCHEDULED || !w.cell->is_decided) {
		run_emit(r, RUN_ACT_RELEASE, &w);
		return ignore(e, &w, "it wants no capacity now");
	}
	if (ev->kind == RUN_EV_REFUSED)
		run_try_refuse(r, &w);
	else
		run_try_start(r, &w);
	return RUN_APPLIED;
}

static int on_task_started(struct run *r, const struct run_event *ev, struct err *e)
{
	struct run_who w;
	int rc = find_try(r, ev, &w, e);

	if (rc != 0)
		return rc;
	if (w.cell->state != TASK_QUEUED)
		return ignore(e, &w, "it was known to have started");
	run_try_started(r, &w);
	return RUN_APPLIED;
}

static int on_task_ended(struct run *r, const struct run_event *ev, struct err *e)
{
	struct run_who w;
	int rc = find_try(r, ev, &w, e);

	if (rc != 0)
		return rc;
	if (!run_cell_is_active(w.cell))
		return ignore(e, &w, "it was known to have ended");
	run_try_end(r, &w, ev->finished.exit, ev->finished.no_retry, ev->kind == RUN_EV_TASK_LOST);
	return RUN_APPLIED;
}

static int on_run_timer(struct run *r, const struct run_event *ev, struct err *e)
{
	int64_t at = r->head.started_at + r->plan->dagrun_timeout_ms;
	struct run_action *a;

	if (r->plan->dagrun_timeout_ms == 0)
		return err_set(e, ERR_ILLEGAL, "timer: the run has no dagrun_timeout");
	if (r->head.state != RUN_RUNNING || r->head.stop != RUN_KILL_NONE)
		return err_set(e, 0, "the run has ended or is being ended"), RUN_IGNORED;
	if (ev->now >= at)
		return run_stop(r, RUN_KILL_RUN_TIMEOUT, false, e);
	a = run_emit_run(r, RUN_ACT_SET_TIMER);
	a->timer.timer = RUN_TIMER_RUN;
	a->timer.at = at;
	return RUN_APPLIED;
}

/* N.B. a timer that comes early, as clocks may be set, is set again. */
static int on_timer(struct run *r, const struct run_event *ev, struct err *e)
{
	struct run_who w;
	int64_t at;
	int rc;

	if (ev->timer == RUN_TIMER_RUN)
		return on_run_timer(r, ev, e);
	if (ev->task >= r->plan->n_tasks)
		return err_set(e, ERR_INVALID, "timer: there is no task %u", ev->task);
	if ((rc = find_try(r, ev, &w, e)) != 0)
		return rc;
	at = w.cell->at;
	if (ev->timer == RUN_TIMER_RETRY) {
		if (w.cell->state != TASK_UP_FOR_RETRY || w.cell->is_waiting)
			return ignore(e, &w, "it waits for no retry");
	} else {
		at += w.plan->execution_timeout_ms;
		if (w.cell->state != TASK_RUNNING || w.cell->kill != RUN_KILL_NONE)
			return ignore(e, &w, "it ended or is being ended");
	}
	if (ev->now < at)
		run_emit_timer(r, &w, ev->timer, at);
	else if (ev->timer == RUN_TIMER_RETRY)
		run_try_retry(r, &w);
	else
		run_try_kill(r, &w, RUN_KILL_TIMEOUT);
	return RUN_APPLIED;
}

static int on_past_released(struct run *r, const struct run_event *ev, struct err *e)
{
	struct run_who w = run_who_task(r, ev->task);

	if (!(r->tasks[ev->task].attr & ATTR_PAST))
		return err_set(e, ERR_ILLEGAL, "past_released: task %u does not depend on its past",
			ev->task);
	if (w.cell->is_released)
		return ignore(e, &w, "it was released already");
	w.cell->is_released = true;
	run_cell_save(r, &w, RUN_CAUSE_PAST);
	run_list_add(r, ev->task);
	return RUN_APPLIED;
}

static int on_cancel(struct run *r, const struct run_event *ev, struct err *e)
{
	return run_stop(r, RUN_KILL_CANCEL, ev->cancel.teardowns_too, e);
}

/* What each event needs to make sense at all. */
static const struct {
	int (*apply)(struct run *, const struct run_event *, struct err *);
	bool has_task; /* its task must exist */
	bool in_queued; /* it may come before the run has started */
} events[RUN_EV_COUNT] = {
	[RUN_EV_STARTED] = {on_started, false, true},
	[RUN_EV_DECIDED] = {on_decided, true, false},
	[RUN_EV_CAPACITY] = {on_capacity, true, false},
	[RUN_EV_REFUSED] = {on_capacity, true, false},
	[RUN_EV_TASK_STARTED] = {on_task_started, true, false},
	[RUN_EV_TASK_FINISHED] = {on_task_ended, true, false},
	[RUN_EV_TASK_LOST] = {on_task_ended, true, false},
	[RUN_EV_TIMER] = {on_timer, false, false},
	[RUN_EV_PAST_RELEASED] = {on_past_released, true, true},
	[RUN_EV_CANCEL] = {on_cancel, false, true},
	[RUN_EV_CLEAR] = {run_clear, false, true},
	[RUN_EV_MARK] = {run_mark, false, true},
};

static int check(const struct run *r, const struct run_event *ev, struct err *e)
{
	bool names_task;

	if (r->is_broken)
		return err_set(e, ERR_ILLEGAL, "an earlier step was cut short; restore the run");
	if ((unsigned)ev->kind >= RUN_EV_COUNT)
		return err_set(e, ERR_INVALID, "there is no event %d", (int)ev->kind);
	names_task = events[ev->kind].has_task ||
		(ev->kind == RUN_EV_MARK && ev->task != RUN_NO_TASK) ||
		(ev->kind == RUN_EV_CLEAR && ev->clear.tasks == NULL);
	if (names_task && ev->task >= r->plan->n_tasks)
		return err_set(e, ERR_INVALID, "%s: there is no task %u; there are %u tasks",
			run_event_name(ev->kind), ev->task, r->plan->n_tasks);
	if (!run_has_begun(r) && !events[ev->kind].in_queued)
		return err_set(
			e, ERR_ILLEGAL, "%s: the run has not started", run_event_name(ev->kind));
	return 0;
}

int run_step(struct run *r, const struct run_event *ev, struct run_actions *actions, struct err *e)
{
	size_t n = actions->n;
	int rc = check(r, ev, e);

	if (rc != 0)
		return rc;
	r->out = actions;
	r->now = ev->now;
	r->failure = 0;
	rc = events[ev->kind].apply(r, ev, e);
	if (rc == RUN_APPLIED) {
		run_list_drain(r);
		run_finish_check(r);
	}
	r->out = NULL;
	if (r->failure != 0) {
		r->is_broken = true;
		rc = run_failure_say(r, e);
	}
	if (rc < 0)
		actions->n = n;
	return rc;
}
