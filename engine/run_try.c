/*
 * The life of one try: due, queued, started, ended, and perhaps once more.
 *
 * A try is numbered and stored before it is started, and its number is never used again. It holds
 * capacity from its grant to its end. Whatever asked for its end (a timeout, a cancel, a clear, a
 * mark) only notes why and kills; the state changes when it is known to be gone.
 */
#include "engine/run_impl.h"

static void after(struct run *r, const struct run_who *w)
{
	if (w->instance != RUN_NO_INSTANCE)
		run_foreach_after(r, w->task);
}

void run_try_renew(const struct run_who *w)
{
	w->cell->try_limit = w->cell->try_number + w->plan->retries + 1;
}

bool run_try_is_none(const struct run_who *w)
{
	return w->cell->try_limit - w->cell->try_number > w->plan->retries;
}

void run_try_cut(const struct run_who *w)
{
	bool has_left = w->cell->state == TASK_UP_FOR_RETRY;

	run_try_renew(w);
	w->cell->try_limit += has_left;
}

bool run_row_is_untried(const struct run_row *row, uint32_t retries)
{
	return row->try_limit - row->try_number == retries + 1;
}

bool run_row_has_list(const struct run_row *row)
{
	return row->is_decided || row->state == TASK_RUNNING;
}

void run_try_queue(struct run *r, const struct run_who *w, enum run_cause cause)
{
	if (w->cell->state != TASK_SCHEDULED)
		run_cell_change(r, w, TASK_SCHEDULED, cause);
	run_emit(r, RUN_ACT_QUEUE, w);
}

void run_try_due(struct run *r, uint32_t task)
{
	struct run_who w = run_who_task(r, task);
	uint16_t attr = r->tasks[task].attr;

	if (!(attr & ATTR_DECIDES))
		w.cell->is_decided = true;
	run_cell_change(r, &w, TASK_SCHEDULED, RUN_CAUSE_DUE);
	if (!w.cell->is_decided)
		run_emit(r, RUN_ACT_DECIDE, &w)->round = w.cell->round;
	else if (attr & ATTR_FOR_EACH)
		run_foreach_resume(r, task);
	else
		run_emit(r, RUN_ACT_QUEUE, &w);
}

void run_try_start(struct run *r, const struct run_who *w)
{
	w->cell->try_number++;
	run_cell_change(r, w, TASK_QUEUED, RUN_CAUSE_CAPACITY);
	run_emit(r, RUN_ACT_START, w);
}

void run_try_started(struct run *r, const struct run_who *w)
{
	w->cell->at = r->now;
	run_cell_change(r, w, TASK_RUNNING, RUN_CAUSE_STARTED);
	if (w->plan->execution_timeout_ms > 0 && w->cell->kill == RUN_KILL_NONE)
		run_emit_timer(r, w, RUN_TIMER_EXECUTION, r->now + w->plan->execution_timeout_ms);
}

void run_try_refuse(struct run *r, const struct run_who *w)
{
	run_cell_change(r, w, TASK_FAILED, RUN_CAUSE_POOL);
	after(r, w);
}

static bool may_retry(const struct run_cell *c, bool no_retry)
{
	return !no_retry && c->try_number < c->try_limit &&
		(c->kill == RUN_KILL_NONE || c->kill == RUN_KILL_TIMEOUT);
}

static void fail(struct run *r, const struct run_who *w, bool no_retry, enum run_cause cause)
{
	bool retry = may_retry(w->cell, no_retry);

	w->cell->kill = RUN_KILL_NONE;
	if (!retry) {
		run_cell_change(r, w, TASK_FAILED, cause);
		return;
	}
	w->cell->at = r->now +
		run_retry_delay(w->plan, r->seed, w->task, w->instance, w->cell->try_number);
	run_cell_change(r, w, TASK_UP_FOR_RETRY, cause);
	run_emit_timer(r, w, RUN_TIMER_RETRY, w->cell->at);
}

/* What a try comes to whose end nobody overruled. */
static void end_by_exit(
	struct run *r, const struct run_who *w, enum run_exit exit, bool no_retry, bool is_lost)
{
	enum run_kill kill = w->cell->kill;
	enum run_cause cause = run_kill_cause(kill);

	if (!is_lost && (exit == RUN_EXIT_SUCCESS || exit == RUN_EXIT_SKIPPED)) {
		w->cell->kill = RUN_KILL_NONE;
		run_cell_change(r, w, exit == RUN_EXIT_SUCCESS ? TASK_SUCCESS : TASK_SKIPPED,
			RUN_CAUSE_EXIT);
		return;
	}
	if (is_lost) /* even where it was to be killed: nobody can say that it is gone */
		cause = RUN_CAUSE_LOST;
	else if (kill == RUN_KILL_NONE && exit == RUN_EXIT_TIMED_OUT)
		cause = RUN_CAUSE_TIMEOUT;
	fail(r, w, no_retry, cause);
}

void run_try_end(
	struct run *r, const struct run_who *w, enum run_exit exit, bool no_retry, bool is_lost)
{
	struct run_cell *c = w->cell;
	enum run_kill kill = c->kill;

	if (c->state == TASK_RUNNING && kill == RUN_KILL_NONE && w->plan->execution_timeout_ms > 0)
		run_emit_timer_cancel(r, w, RUN_TIMER_EXECUTION);
	c->at = 0;
	switch (kill) {
	case RUN_KILL_CLEAR:
		c->kill = RUN_KILL_NONE;
		run_cell_change(r, w, TASK_NONE, RUN_CAUSE_CLEAR);
		if (w->instance == RUN_NO_INSTANCE)
			run_list_add(r, w->task);
		break;
	case RUN_KILL_MARK_SUCCESS:
	case RUN_KILL_MARK_FAILED:
		c->kill = RUN_KILL_NONE;
		run_cell_change(r, w, kill == RUN_KILL_MARK_SUCCESS ? TASK_SUCCESS : TASK_FAILED,
			RUN_CAUSE_MARK);
		break;
	default:
		end_by_exit(r, w, exit, no_retry, is_lost);
	}
	run_emit(r, RUN_ACT_RELEASE, w);
	after(r, w);
}

void run_try_retry(struct run *r, const struct run_who *w)
{
	if (w->instance != RUN_NO_INSTANCE) {
		run_foreach_retry(r, w);
		return;
	}
	w->cell->at = 0;
	run_try_queue(r, w, RUN_CAUSE_RETRY);
}

/* A clear or a mark is a person's word on this very task, and outweighs a cancel of the run. */
bool run_kill_overrules(enum run_kill newer, enum run_kill older)
{
	switch (older) {
	case RUN_KILL_NONE:
	case RUN_KILL_TIMEOUT:
		return newer != older;
	case RUN_KILL_CLEAR:
		return newer != RUN_KILL_TIMEOUT && newer != older;
	default:
		return newer == RUN_KILL_CLEAR || newer == RUN_KILL_MARK_SUCCESS ||
			newer == RUN_KILL_MARK_FAILED;
	}
}

void run_try_kill(struct run *r, const struct run_who *w, enum run_kill why)
{
	struct run_cell *c = w->cell;
	enum run_kill old = c->kill;

	if (!run_kill_overrules(why, old))
		return;
	c->kill = (uint8_t)why;
	if (old == RUN_KILL_CLEAR)
		c->try_limit = c->try_number; /* its new life does not come: this try is its last */
	run_cell_save(r, w, RUN_CAUSE_KILLED);
	if (c->state == TASK_RUNNING && old == RUN_KILL_NONE && why != RUN_KILL_TIMEOUT &&
		w->plan->execution_timeout_ms > 0)
		run_emit_timer_cancel(r, w, RUN_TIMER_EXECUTION);
	if (old == RUN_KILL_NONE)
		run_emit(r, RUN_ACT_KILL, w)->kill = why;
}

void run_try_withdraw(struct run *r, const struct run_who *w)
{
	struct run_cell *c = w->cell;

	if (c->state == TASK_UP_FOR_RETRY)
		run_emit_timer_cancel(r, w, RUN_TIMER_RETRY);
	else if (c->state == TASK_SCHEDULED && c->is_decided)
		run_emit(r, RUN_ACT_UNQUEUE, w);
	else
		return;
	c->at = 0;
}
