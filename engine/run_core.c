/*
 * The heart of the run state machine: how a state changes, and what follows from it.
 *
 * Every change of a state goes through run_cell_change(), which alone keeps the counts:
 *  - of a task that is over, in the tally of each task right below it, and of each task in its
 *    scope where it is a setup: so the cost is that of its own edges;
 *  - of tasks in each state, of tasks that are over, and of leaves that failed: so the run's end is
 *    seen without looking at its tasks;
 *  - of a for_each task's instances in their expansion.
 * A task in state none whose tally grew is listed, and judged when the list is drained, while the
 * run is running. The list is first in, first out: tasks fall due in the order of the plan.
 */
#include "engine/run_impl.h"

#include <stdlib.h>

struct run_who run_who_task(struct run *r, uint32_t task)
{
	struct run_who w = {task, RUN_NO_INSTANCE, &r->tasks[task].cell, &r->plan->tasks[task]};

	return w;
}

struct run_who run_who_instance(struct run *r, uint32_t task, uint32_t instance)
{
	struct run_who w = {
		task, instance, &r->tasks[task].expansion->cells[instance], &r->plan->tasks[task]};

	return w;
}

static struct run_action *new_action(struct run *r)
{
	struct run_actions *a = r->out;
	struct run_action *list;
	size_t cap;

	if (a->n == a->cap) {
		cap = a->cap == 0 ? 16 : a->cap * 2;
		list = realloc(a->list, cap * sizeof(*list));
		if (list == NULL) {
			r->failure = ERR_NOMEM;
			return &r->scrap;
		}
		a->list = list;
		a->cap = cap;
	}
	return &a->list[a->n++];
}

struct run_action *run_emit(struct run *r, enum run_action_kind kind, const struct run_who *w)
{
	struct run_action *a = new_action(r);

	a->kind = kind;
	a->task = w->task;
	a->instance = w->instance;
	a->try_number = w->cell->try_number;
	return a;
}

void run_emit_timer(struct run *r, const struct run_who *w, enum run_timer timer, int64_t at)
{
	struct run_action *a = run_emit(r, RUN_ACT_SET_TIMER, w);

	a->timer.timer = timer;
	a->timer.at = at;
}

void run_emit_timer_cancel(struct run *r, const struct run_who *w, enum run_timer timer)
{
	struct run_action *a = run_emit(r, RUN_ACT_CANCEL_TIMER, w);

	a->timer.timer = timer;
	a->timer.at = 0;
}

/* Notes a breach of an invariant: the step will fail with ERR_BUG. */
static void note_bug(struct run *r, uint32_t task, uint8_t from, uint8_t to)
{
	if (r->failure != 0)
		return;
	r->failure = ERR_BUG;
	r->bug_task = task;
	r->bug_from = from;
	r->bug_to = to;
}

int run_failure_say(const struct run *r, struct err *e)
{
	if (r->failure == ERR_NOMEM)
		return err_set(e, ERR_NOMEM, "out of memory; the run must be restored");
	if (r->bug_task == RUN_NO_TASK)
		return err_set(e, ERR_BUG, "the run must not go from %s to %s",
			run_state_name(r->bug_from), run_state_name(r->bug_to));
	return err_set(e, ERR_BUG, "task %u must not go from %s to %s", r->bug_task,
		task_state_name(r->bug_from), task_state_name(r->bug_to));
}

bool run_cell_is_active(const struct run_cell *c)
{
	return c->state == TASK_QUEUED || c->state == TASK_RUNNING;
}

struct run_row run_cell_row(const struct run *r, uint32_t task, uint32_t instance)
{
	const struct run_task *t = &r->tasks[task];
	const struct run_cell *c =
		instance == RUN_NO_INSTANCE ? &t->cell : &t->expansion->cells[instance];
	struct run_row row = {
		.task = task,
		.instance = instance,
		.try_number = c->try_number,
		.try_limit = c->try_limit,
		.n_items = instance == RUN_NO_INSTANCE && t->expansion ? t->expansion->n_items : 0,
		.at = c->at,
		.state = c->state,
		.kill = c->kill,
		.is_decided = c->is_decided,
		.is_released = c->is_released,
	};

	return row;
}

static void save(struct run *r, const struct run_who *w, uint8_t old, enum run_cause cause)
{
	struct run_action *a = run_emit(r, RUN_ACT_TASK_CHANGED, w);

	a->task_changed.row = run_cell_row(r, w->task, w->instance);
	a->task_changed.old_state = old;
	a->task_changed.cause = (uint8_t)cause;
}

void run_cell_save(struct run *r, const struct run_who *w, enum run_cause cause)
{
	save(r, w, w->cell->state, cause);
}

/* How a task that is over counts for those below it. */
static enum run_tally tally_of(const struct run_task *t)
{
	switch (t->cell.state) {
	case TASK_FAILED:
		return (t->attr & ATTR_IGNORE_FAILURE) ? TALLY_SUCCESS : TALLY_FAILED;
	case TASK_UPSTREAM_FAILED:
		return TALLY_UPSTREAM_FAILED;
	case TASK_SKIPPED:
		return TALLY_SKIPPED;
	default:
		return TALLY_SUCCESS;
	}
}

static void count_setup(struct run *r, uint32_t task, enum run_tally how, uint32_t by)
{
	struct run_setups *s = &r->setups[task];

	switch (how) {
	case TALLY_SUCCESS:
		s->n_success += by;
		break;
	case TALLY_SKIPPED:
		s->n_skipped += by;
		break;
	default:
		s->n_failed += by;
	}
}

/* A setup counts again for its teardowns, and for every task in its scope. */
static void count_for_scope(struct run *r, uint32_t task, enum run_tally how, uint32_t by)
{
	const struct run_edges *down = &r->plan->down, *scope = &r->plan->scope;

	for (uint32_t i = down->offset[task]; i < down->offset[task + 1]; i++)
		if (r->tasks[down->list[i]].attr & ATTR_TEARDOWN)
			count_setup(r, down->list[i], how, by);
	for (uint32_t i = scope->offset[task]; i < scope->offset[task + 1]; i++)
		count_setup(r, scope->list[i], how, by);
}

/* by is 1, or UINT32_MAX to take one away. */
static void count_below(struct run *r, uint32_t task, uint32_t by)
{
	const struct run_task *t = &r->tasks[task];
	const uint32_t *down = r->plan->down.list + t->first_down;
	enum run_tally how = tally_of(t);

	for (uint32_t i = 0; i < t->n_down; i++)
		r->tasks[down[i]].tally[how] += by;
	if ((t->attr & ATTR_SETUP) && r->setups != NULL)
		count_for_scope(r, task, how, by);
	r->n_over += by;
	if ((t->attr & ATTR_LEAF) && (how == TALLY_FAILED || how == TALLY_UPSTREAM_FAILED))
		r->n_failed_leaves += by;
}

void run_task_count(struct run *r, uint32_t task)
{
	count_below(r, task, 1);
}

static void list_below(struct run *r, uint32_t task)
{
	const struct run_task *t = &r->tasks[task];
	const uint32_t *down = r->plan->down.list + t->first_down;
	const struct run_edges *scope = &r->plan->scope;

	for (uint32_t i = 0; i < t->n_down; i++)
		run_list_add(r, down[i]);
	if ((t->attr & ATTR_SETUP) && r->setups != NULL)
		for (uint32_t i = scope->offset[task]; i < scope->offset[task + 1]; i++)
			run_list_add(r, scope->list[i]);
}

/* The invariants of one cell, looked at after each move. A breach is our bug. */
static bool cell_is_sound(const struct run *r, const struct run_who *w)
{
	const struct run_cell *c = w->cell;

	if (r->n_over > r->plan->n_tasks || r->n_failed_leaves > r->n_over)
		return false;
	if (c->try_number > c->try_limit)
		return false;
	if (c->state == TASK_QUEUED && c->try_number == 0)
		return false;
	return !task_state_is_over(c->state) || c->kill == RUN_KILL_NONE;
}

void run_cell_change(
	struct run *r, const struct run_who *w, enum task_state to, enum run_cause cause)
{
	struct run_task *t = &r->tasks[w->task];
	uint8_t old = w->cell->state;

	if (!task_state_may_become(old, to)) {
		note_bug(r, w->task, old, (uint8_t)to);
		return;
	}
	if (w->instance != RUN_NO_INSTANCE) {
		run_foreach_count(t->expansion, w->instance, old, -1);
		w->cell->state = (uint8_t)to;
		run_foreach_count(t->expansion, w->instance, to, 1);
	} else {
		if (task_state_is_over(old))
			count_below(r, w->task, UINT32_MAX);
		r->counts[old]--;
		w->cell->state = (uint8_t)to;
		r->counts[to]++;
		if (task_state_is_over(to)) {
			count_below(r, w->task, 1);
			list_below(r, w->task);
		}
	}
	if (!cell_is_sound(r, w))
		note_bug(r, w->task, old, (uint8_t)to);
	save(r, w, old, cause);
}

void run_list_add(struct run *r, uint32_t task)
{
	struct run_task *t = &r->tasks[task];
	uint32_t at;

	if (t->cell.state != TASK_NONE || (t->attr & ATTR_LISTED))
		return;
	t->attr |= ATTR_LISTED;
	at = r->list_first + r->list_n++;
	r->list[at < r->plan->n_tasks ? at : at - r->plan->n_tasks] = task;
}

static void judge(struct run *r, uint32_t task)
{
	struct run_who w = run_who_task(r, task);
	enum run_cause cause;

	switch (run_rule_judge(r, task, &cause)) {
	case JUDGE_WAIT:
		break;
	case JUDGE_RUN:
		if (!(r->tasks[task].attr & ATTR_PAST) || w.cell->is_released)
			run_try_due(r, task);
		break;
	case JUDGE_SKIP:
		run_cell_change(r, &w, TASK_SKIPPED, cause);
		break;
	case JUDGE_UPSTREAM_FAILED:
		run_cell_change(r, &w, TASK_UPSTREAM_FAILED, cause);
		break;
	}
}

void run_list_drain(struct run *r)
{
	while (r->list_n > 0 && r->head.state == RUN_RUNNING) {
		uint32_t task = r->list[r->list_first];

		r->list_first = r->list_first + 1 < r->plan->n_tasks ? r->list_first + 1 : 0;
		r->list_n--;
		r->tasks[task].attr &= (uint16_t)~ATTR_LISTED;
		if (r->tasks[task].cell.state == TASK_NONE)
			judge(r, task);
	}
}

struct run_action *run_emit_run(struct run *r, enum run_action_kind kind)
{
	struct run_action *a = new_action(r);

	a->kind = kind;
	a->task = RUN_NO_TASK;
	a->instance = RUN_NO_INSTANCE;
	a->try_number = 0;
	a->run_changed.head = r->head;
	return a;
}

void run_head_change(struct run *r, enum run_state to, enum run_cause cause)
{
	struct run_action *a;
	uint8_t old = r->head.state;

	if (to != old && !run_state_may_become(old, to)) {
		note_bug(r, RUN_NO_TASK, old, (uint8_t)to);
		return;
	}
	r->head.state = (uint8_t)to;
	a = run_emit_run(r, RUN_ACT_RUN_CHANGED);
	a->run_changed.old_state = old;
	a->run_changed.cause = (uint8_t)cause;
}

static void emit_run_timer(struct run *r, enum run_action_kind kind)
{
	struct run_action *a;

	if (r->plan->dagrun_timeout_ms == 0)
		return;
	a = run_emit_run(r, kind);
	a->timer.timer = RUN_TIMER_RUN;
	a->timer.at =
		kind == RUN_ACT_SET_TIMER ? r->head.started_at + r->plan->dagrun_timeout_ms : 0;
}

void run_head_start(struct run *r, enum run_cause cause)
{
	r->head.started_at = r->now;
	r->head.stop = RUN_KILL_NONE;
	run_head_change(r, RUN_RUNNING, cause);
	emit_run_timer(r, RUN_ACT_SET_TIMER);
}

bool run_has_begun(const struct run *r)
{
	return r->head.state != RUN_QUEUED || r->head.started_at != 0;
}

void run_head_resume(struct run *r, enum run_cause cause)
{
	if (r->head.state != RUN_QUEUED || !run_has_begun(r))
		return;
	run_head_change(r, RUN_RUNNING, cause);
	for (uint32_t t = 0; t < r->plan->n_tasks; t++)
		run_list_add(r, t);
}

void run_finish_check(struct run *r)
{
	enum run_state state;

	if (r->n_over < r->plan->n_tasks || run_state_is_over(r->head.state))
		return;
	if (r->head.stop == RUN_KILL_MARK_SUCCESS)
		state = RUN_SUCCESS;
	else if (r->head.stop != RUN_KILL_NONE || r->n_failed_leaves > 0)
		state = RUN_FAILED;
	else
		state = RUN_SUCCESS;
	if (r->head.stop == RUN_KILL_NONE)
		emit_run_timer(r, RUN_ACT_CANCEL_TIMER);
	run_head_change(r, state, RUN_CAUSE_LEAVES);
	run_emit_run(r, RUN_ACT_FINISH_RUN);
}
