/*
 * A runner's part of a turn: events through run_step(), and what stays inside of that at once:
 * decisions, lines and slots, timers. What reaches the world becomes a deed.
 */
#include <stdio.h>
#include <stdlib.h>

#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/callbacks.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "store/clock.h"

struct render runner_render(struct runner *r, uint32_t task, uint32_t instance, uint32_t try_number)
{
	return (struct render){.dag = r->edition->dag,
		.run = &r->facts,
		.outputs = r->outputs,
		.source = r->conductor->o.source,
		.task = task,
		.try_number = try_number,
		.item = cells_item(r->cells, task, instance),
		.index = instance == RUN_NO_INSTANCE ? 0 : instance};
}

/* ---- what stays inside ---- */

/* Keeps why a task failed that had no try to say so. */
static void keep_reason(struct runner *r, uint32_t task, uint32_t instance, const char *text)
{
	if (outputs_message_keep(r->outputs, task, instance, text) != 0)
		runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
}

static void decide(struct runner *r, const struct run_action *a)
{
	const struct task *t = &r->edition->dag->tasks[a->task];
	struct run_event ev = runner_event(RUN_EV_DECIDED, a->task, RUN_NO_INSTANCE, 0);
	/* As the try to come will be. */
	struct render render = runner_render(r, a->task, RUN_NO_INSTANCE, a->try_number + 1);
	bool truth = true;
	struct err e;
	int status;

	if (r->conductor->o.is_offline)
		return;
	status = render_when(&render, &truth, &e);
	ev.decided.round = a->round;
	ev.decided.verdict = truth ? RUN_VERDICT_RUN : RUN_VERDICT_SKIP;
	if (status == 0 && truth && t->is_for_each)
		status = cells_expand(r->cells, &render, &ev.decided.n_items, &e);
	if (status == 0 && truth && t->is_for_each && ev.decided.n_items <= RUN_ITEMS_MAX &&
		outputs_expand(r->outputs, a->task, ev.decided.n_items) != 0)
		status = ERR_NOMEM;
	if (status == ERR_NOMEM) {
		runner_fail(r, status, err_text(status));
		return;
	}
	if (status != 0) {
		ev.decided.verdict = RUN_VERDICT_FAIL;
		keep_reason(r, a->task, RUN_NO_INSTANCE, e.text);
	}
	runner_record(r, &ev);
}

struct dispatch_request runner_request(const struct runner *r, uint32_t task, uint32_t instance)
{
	const struct run_task_plan *t = &r->edition->plan->run.tasks[task];

	return (struct dispatch_request){
		.key = {.run = r->seat, .task = task, .instance = instance},
		.pool = r->pools[t->pool],
		.slots = t->pool_slots,
		.priority = t->priority_weight};
}

static void queue(struct runner *r, const struct run_action *a)
{
	struct dispatch_request q = runner_request(r, a->task, a->instance);
	struct err e;
	int status = dispatch_queue(r->conductor->dispatch, &q, &e);

	if (status != 0 && status != ERR_EXISTS)
		runner_fail(r, status, e.text);
}

/* The same of a task whose failure nobody has explained: of a for_each, by its instances. */
static void keep_cause(struct runner *r, const struct run_row *row, enum run_cause cause)
{
	char text[64];
	uint32_t n_failed, n_items;

	if (cause != RUN_CAUSE_INSTANCES) {
		keep_reason(r, row->task, row->instance,
			cause == RUN_CAUSE_KILLED ? op_kill_text(OP_KILL_CANCEL)
						  : run_cause_text(cause));
		return;
	}
	n_failed = outputs_failed(r->outputs, row->task, &n_items);
	(void)snprintf(text, sizeof(text), "%u of its %u instances failed", n_failed, n_items);
	keep_reason(r, row->task, row->instance, text);
}

static const char *message_of(const struct runner *r, const struct run_row *row)
{
	return outputs_message(r->outputs, row->task, row->instance);
}

/* A change of a task, and of the try that it is about. */
static void store_change(struct runner *r, const struct run_action *a, int64_t now)
{
	const struct run_row *row = &a->task_changed.row;
	struct cell *c;

	runner_keep_row(r, row, now);
	c = cells_find(r->cells, row->task, row->instance);
	if (c == NULL || c->kept == NULL || c->kept->id_try == 0 ||
		c->kept->id_try != row->try_number || row->state == a->task_changed.old_state)
		return;
	if (row->state == TASK_RUNNING)
		c->kept->try_started_at = row->at;
	if (a->task_changed.old_state == TASK_QUEUED || a->task_changed.old_state == TASK_RUNNING)
		runner_store_try(r, c, message_of(r, row), now);
}

/* What was cleared has published nothing in its new life. */
static void forget(struct runner *r, const struct run_row *row)
{
	outputs_clear(r->outputs, row->task, row->instance);
	if (row->instance == RUN_NO_INSTANCE && !row->is_decided)
		outputs_collapse(r->outputs, row->task);
}

static void task_changed(struct runner *r, const struct run_action *a)
{
	const struct run_row *row = &a->task_changed.row;
	struct cell *c = cells_find(r->cells, row->task, row->instance);
	enum task_state old = (enum task_state)a->task_changed.old_state;
	enum task_state state = (enum task_state)row->state;
	bool is_end = state != old && (task_state_is_over(state) || state == TASK_UP_FOR_RETRY);
	int64_t now = clock_wall_ms();
	struct deed d = {.kind = DEED_TELL_TASK, .runner = r};

	outputs_state_set(r->outputs, row->task, row->instance, state);
	if (is_end && state == TASK_FAILED && *message_of(r, row) == '\0')
		keep_cause(r, row, (enum run_cause)a->task_changed.cause);
	d.task = (struct runner_change){.task = row->task,
		.instance = row->instance,
		.old_state = old,
		.state = state,
		.cause = (enum run_cause)a->task_changed.cause,
		.try_number = row->try_number,
		.n_items = row->n_items,
		.now = now,
		.started_at = c == NULL || c->try == NULL ? 0 : try_started_at(c->try),
		.retry_at = state == TASK_UP_FOR_RETRY ? row->at : 0,
		.message = message_of(r, row),
		.log_path = c == NULL || c->try == NULL ? "" : try_log_path(c->try)};
	conductor_deed(r->conductor, &d);
	if (r->conductor->o.journal != NULL)
		store_change(r, a, now);
	/* N.B. behind the end of a try that was killed. */
	if (state == TASK_NONE && a->task_changed.cause == RUN_CAUSE_CLEAR)
		forget(r, row);
	if (state != old)
		callbacks_task(r, row, now);
	if (is_end && c != NULL && c->try != NULL && try_has_ended(c->try)) {
		try_mark(c->try, state, now);
		runner_try_close(r, c);
	}
}

static void run_changed(struct runner *r, const struct run_action *a)
{
	const struct run_head *head = &a->run_changed.head;
	enum run_state state = (enum run_state)head->state;
	int64_t now = clock_wall_ms();
	struct deed d = {.kind = DEED_TELL_RUN, .runner = r};

	r->started_at = head->started_at;
	r->ended_at = run_state_is_over(state) ? now : 0;
	if (!run_state_is_over(state))
		r->is_told = false;
	d.run = (struct runner_run_change){.old_state = (enum run_state)a->run_changed.old_state,
		.state = state,
		.cause = (enum run_cause)a->run_changed.cause,
		.stop = (enum run_kill)head->stop,
		.now = now};
	conductor_deed(r->conductor, &d);
	if (r->conductor->o.journal != NULL)
		runner_store_run(r);
	if (d.run.old_state != state)
		callbacks_run(r, state, now);
}

static void deed_of(struct runner *r, enum deed_kind kind, const struct run_action *a)
{
	struct deed d = {.kind = kind, .runner = r};

	d.action = *a;
	conductor_deed(r->conductor, &d);
}

/* A try's execution id is stored before it starts; one that has one is to be found by it. */
static void start(struct runner *r, const struct run_action *a)
{
	struct cell *c = cells_find(r->cells, a->task, a->instance);
	int64_t now = clock_wall_ms();
	int status;

	if (r->conductor->o.journal != NULL && c != NULL && c->kept != NULL &&
		c->kept->id_try != a->try_number) {
		c->kept->id_try = a->try_number;
		c->kept->is_resumed = false;
		c->kept->try_started_at = INSTANT_NONE;
		status = execution_id_make(now, c->kept->execution_id);
		if (status != 0)
			runner_fail(r, status, err_text(status));
		else
			runner_store_try(r, c, "", now);
	}
	deed_of(r, DEED_START, a);
}

static void act(struct runner *r, const struct run_action *a)
{
	struct dispatch *dispatch = r->conductor->dispatch;
	struct dispatch_key key = {.run = r->seat, .task = a->task, .instance = a->instance};

	switch (a->kind) {
	case RUN_ACT_TASK_CHANGED:
		task_changed(r, a);
		break;
	case RUN_ACT_RUN_CHANGED:
		run_changed(r, a);
		break;
	case RUN_ACT_DECIDE:
		decide(r, a);
		break;
	case RUN_ACT_QUEUE:
		queue(r, a);
		break;
	case RUN_ACT_UNQUEUE:
		dispatch_unqueue(dispatch, &key);
		break;
	case RUN_ACT_RELEASE:
		dispatch_release(dispatch, &key);
		break;
	case RUN_ACT_START:
	case RUN_ACT_ATTACH:
		start(r, a);
		break;
	case RUN_ACT_KILL:
		deed_of(r, DEED_KILL, a);
		break;
	case RUN_ACT_SET_TIMER:
		if (cells_timer_set(r->cells, a) != 0)
			runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
		break;
	case RUN_ACT_CANCEL_TIMER:
		cells_timer_cancel(r->cells, a);
		break;
	case RUN_ACT_FINISH_RUN:
		deed_of(r, DEED_FINISH, a);
		break;
	case RUN_ACT_COUNT:
		break;
	}
}

/* ---- the step ---- */

static void step_one(struct runner *r, struct run_event *ev, struct run_actions *actions)
{
	struct err e;
	int status = r->is_broken ? 0 : run_step(r->run, ev, actions, &e);

	if (status < 0)
		runner_fail(r, status, e.text);
	if (ev->kind == RUN_EV_CLEAR)
		free((void *)ev->clear.tasks);
}

void runner_step(struct runner *r)
{
	struct run_actions *actions = &r->conductor->actions;
	struct events swap = r->current;

	r->current = r->incoming;
	r->incoming = swap;
	r->incoming.n = 0;
	r->n_steps++;
	actions->n = 0;
	for (size_t i = 0; i < r->current.n; i++)
		step_one(r, &r->current.list[i], actions);
	r->current.n = 0;
	runner_act(r, actions);
}

void runner_act(struct runner *r, const struct run_actions *actions)
{
	for (size_t i = 0; i < actions->n && !r->is_broken; i++)
		act(r, &actions->list[i]);
}
