/*
 * A run from what was stored.
 *
 * Rows are checked before they are believed. Then counts are made anew from the states, what may be
 * running is attached to, what waited waits again, and every task in state none is judged: so it
 * matters not after which of its writes the scheduler died, as long as a turn's were one
 * transaction.
 */
#include "engine/run_impl.h"

#include <string.h>

/* What a for_each task itself may be stored as: it is decided exactly while it has items. */
static bool for_each_is_possible(const struct run_row *row)
{
	switch (row->state) {
	case TASK_NONE:
		return !row->is_decided || row->n_items > 0;
	case TASK_SCHEDULED:
		return !row->is_decided;
	case TASK_RUNNING:
		return row->n_items > 0;
	default:
		return task_state_is_over(row->state);
	}
}

/* What a task or an instance that has tries may be stored as. */
static bool try_is_possible(const struct run_row *row, bool decides)
{
	switch (row->state) {
	case TASK_SCHEDULED:
		return row->is_decided || decides;
	case TASK_QUEUED:
	case TASK_RUNNING:
		return row->try_number > 0;
	case TASK_UP_FOR_RETRY:
		return row->try_number > 0 && row->at > 0;
	default:
		return row->state != TASK_DEFERRED;
	}
}

static int check_row(const struct run_plan *p, const struct run_row *row, struct err *e)
{
	const struct run_task_plan *t;
	bool is_instance = row->instance != RUN_NO_INSTANCE, is_possible;

	if (row->task >= p->n_tasks)
		return err_set(e, ERR_CORRUPT, "a row is stored of task %u; there are %u tasks",
			row->task, p->n_tasks);
	t = &p->tasks[row->task];
	if (row->state >= TASK_STATE_COUNT || row->kill >= RUN_KILL_COUNT)
		return err_set(
			e, ERR_CORRUPT, "task %u is stored with an unknown state", row->task);
	if ((is_instance && (!t->is_for_each || row->instance >= RUN_ITEMS_MAX)) ||
		row->n_items > (t->is_for_each && !is_instance ? RUN_ITEMS_MAX : 0))
		return err_set(e, ERR_CORRUPT, "task %u is stored with instances it cannot have",
			row->task);
	if (row->try_number > row->try_limit)
		return err_set(e, ERR_CORRUPT, "task %u is stored with try %u of at most %u",
			row->task, row->try_number, row->try_limit);
	is_possible = t->is_for_each && !is_instance
		? for_each_is_possible(row)
		: try_is_possible(row, t->has_when && !is_instance);
	if (row->kill != RUN_KILL_NONE && row->state != TASK_QUEUED && row->state != TASK_RUNNING)
		is_possible = false;
	if (!is_possible)
		return err_set(e, ERR_CORRUPT, "task %u is stored as %s, which it cannot be",
			row->task, task_state_name(row->state));
	return 0;
}

static int load_row(struct run *r, const struct run_row *row, struct err *e)
{
	struct run_task *t = &r->tasks[row->task];
	struct run_cell *c = &t->cell;
	uint32_t n = row->instance == RUN_NO_INSTANCE ? row->n_items : row->instance + 1;

	if (n > 0 && run_foreach_reserve(r, row->task, n) != 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	if (row->instance == RUN_NO_INSTANCE) {
		if (t->expansion != NULL)
			t->expansion->n_items = row->n_items;
		r->counts[c->state]--;
		r->counts[row->state]++;
	} else {
		c = &t->expansion->cells[row->instance];
	}
	c->at = row->at;
	c->try_number = row->try_number;
	c->try_limit = row->try_limit;
	c->state = row->state;
	c->kill = row->kill;
	c->is_decided = row->is_decided;
	c->is_released = row->is_released;
	return 0;
}

/* Counts what run_cell_change() would have counted on the way. */
static void recount(struct run *r)
{
	for (uint32_t t = 0; t < r->plan->n_tasks; t++) {
		struct run_expansion *x = r->tasks[t].expansion;

		if (task_state_is_over(r->tasks[t].cell.state))
			run_task_count(r, t);
		for (uint32_t i = 0; x != NULL && i < x->n_cells; i++)
			run_foreach_count(x, i, x->cells[i].state, 1);
	}
}

/* What must be done so that one task or instance goes on. */
static void take_up(struct run *r, const struct run_who *w)
{
	const struct run_cell *c = w->cell;
	int64_t timeout = w->plan->execution_timeout_ms;

	switch (c->state) {
	case TASK_SCHEDULED:
		if (c->is_decided)
			run_emit(r, RUN_ACT_QUEUE, w);
		else
			run_emit(r, RUN_ACT_DECIDE, w)->round = c->round;
		break;
	case TASK_QUEUED:
	case TASK_RUNNING:
		run_emit(r, c->state == TASK_QUEUED ? RUN_ACT_START : RUN_ACT_ATTACH, w);
		if (c->kill != RUN_KILL_NONE)
			run_emit(r, RUN_ACT_KILL, w)->kill = c->kill;
		else if (c->state == TASK_RUNNING && timeout > 0)
			run_emit_timer(r, w, RUN_TIMER_EXECUTION, c->at + timeout);
		break;
	case TASK_UP_FOR_RETRY:
		run_emit_timer(r, w, RUN_TIMER_RETRY, c->at);
		break;
	default:
		break;
	}
}

static void take_up_task(struct run *r, uint32_t task)
{
	struct run_who w = run_who_task(r, task);
	struct run_expansion *x = r->tasks[task].expansion;

	if (w.cell->state == TASK_NONE)
		run_list_add(r, task);
	if (x == NULL || w.cell->state != TASK_RUNNING) {
		take_up(r, &w);
		return;
	}
	for (uint32_t i = 0; i < x->n_items; i++) {
		struct run_who one = run_who_instance(r, task, i);

		take_up(r, &one);
	}
	run_foreach_after(r, task);
}

static void take_up_run(struct run *r)
{
	struct run_action *a;

	if (r->head.state != RUN_RUNNING)
		return;
	if (r->head.stop == RUN_KILL_NONE && r->plan->dagrun_timeout_ms > 0) {
		a = run_emit_run(r, RUN_ACT_SET_TIMER);
		a->timer.timer = RUN_TIMER_RUN;
		a->timer.at = r->head.started_at + r->plan->dagrun_timeout_ms;
	}
	for (uint32_t t = 0; t < r->plan->n_tasks; t++)
		take_up_task(r, t);
	run_list_drain(r);
	run_finish_check(r);
}

static int load(struct run *r, const struct run_head *head, const struct run_row *rows, size_t n,
	struct err *e)
{
	int rc;

	if (head->state >= RUN_STATE_COUNT || head->stop >= RUN_KILL_COUNT)
		return err_set(e, ERR_CORRUPT, "the run is stored with an unknown state");
	r->head = *head;
	for (size_t i = 0; i < n; i++) {
		if ((rc = check_row(r->plan, &rows[i], e)) != 0)
			return rc;
		if ((rc = load_row(r, &rows[i], e)) != 0)
			return rc;
	}
	recount(r);
	if (run_state_is_over(head->state) && r->n_over < r->plan->n_tasks)
		return err_set(e, ERR_CORRUPT, "the run is stored as over, but not all its tasks");
	return 0;
}

int run_restore(const struct run_plan *p, uint64_t seed, const struct run_head *head,
	const struct run_row *rows, size_t n_rows, int64_t now, struct run **out,
	struct run_actions *actions, struct err *e)
{
	struct run *r;
	size_t n = actions->n;
	int rc;

	if (run_create(p, seed, &r) != 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	rc = load(r, head, rows, n_rows, e);
	if (rc == 0) {
		r->out = actions;
		r->now = now;
		take_up_run(r);
		r->out = NULL;
		if (r->failure != 0)
			rc = run_failure_say(r, e);
	}
	if (rc != 0) {
		actions->n = n;
		run_destroy(r);
		return rc;
	}
	*out = r;
	return 0;
}
