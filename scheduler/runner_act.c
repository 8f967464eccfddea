/*
 * The runner's hands: performing what the run state machine says, and recording what operators
 * tell.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "operators/registry.h"
#include "scheduler/runner_impl.h"

#define LOG_MS 200 /* how long lines of a log may gather */

/* ---- what operators tell ---- */

/* A log that cannot be written is told, and the run goes on. */
static void tell_log(struct runner *r, uint32_t task, uint32_t instance, const struct err *e)
{
	const struct runner_observer *o = r->o.observer;

	o->on_note(o->ctx, task, instance, OP_WARNING, e->text);
}

static void on_log_timer(uv_timer_t *timer)
{
	struct runner *r = timer->data;
	struct cell *c;
	struct err e;

	while ((c = cells_dirty_take(r->cells)) != NULL)
		if (c->try != NULL && try_flush(c->try, &e) != 0)
			tell_log(r, c->task, c->instance, &e);
}

/* The log of a cell has lines that are to go into its file before long. */
static void log_soon(struct cell *c)
{
	struct runner *r = c->runner;

	cells_dirty_add(r->cells, c);
	if (!uv_is_active((uv_handle_t *)&r->log_timer))
		(void)uv_timer_start(&r->log_timer, on_log_timer, LOG_MS, 0);
}

static void record_end(struct cell *c, const struct try_end *end)
{
	struct run_event ev = runner_event(end->is_lost ? RUN_EV_TASK_LOST : RUN_EV_TASK_FINISHED,
		c->task, c->instance, c->try_number);

	ev.finished.exit = end->exit;
	ev.finished.no_retry = end->no_retry;
	runner_record(c->runner, &ev);
}

static void on_started(void *ctx)
{
	struct cell *c = ctx;
	struct run_event ev =
		runner_event(RUN_EV_TASK_STARTED, c->task, c->instance, c->try_number);

	runner_record(c->runner, &ev);
}

static void on_line(void *ctx, enum op_stream stream, const char *text, size_t len)
{
	struct cell *c = ctx;
	const struct runner_observer *o = c->runner->o.observer;

	o->on_line(o->ctx, c->task, c->instance, stream, text, len);
	log_soon(c);
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	struct cell *c = ctx;
	const struct runner_observer *o = c->runner->o.observer;

	o->on_note(o->ctx, c->task, c->instance, level, text);
	log_soon(c);
}

static void on_ended(void *ctx, const struct try_end *end)
{
	struct cell *c = ctx;

	c->runner->n_running--;
	record_end(c, end);
}

static const struct try_events try_events = {
	.on_started = on_started,
	.on_line = on_line,
	.on_note = on_note,
	.on_ended = on_ended,
};

/* ---- acting ---- */

void runner_logs_close(struct runner *r)
{
	struct err e;

	for (size_t i = 0; i < r->n_ended; i++)
		if (try_close(r->ended[i].try, &e) != 0)
			tell_log(r, r->ended[i].task, r->ended[i].instance, &e);
	r->n_ended = 0;
}

/* Lets go of a cell's try. N.B. its log is closed at the turn's end, when all that is due has been
 * started: tasks need not wait for the logs of others. */
static void cell_close(struct runner *r, struct cell *c)
{
	size_t cap = r->cap_ended == 0 ? 64 : r->cap_ended * 2;
	struct ended *list;

	if (c->try == NULL)
		return;
	if (r->n_ended == r->cap_ended) {
		list = realloc(r->ended, cap * sizeof(*list));
		if (list == NULL) {
			runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
			return;
		}
		r->ended = list;
		r->cap_ended = cap;
	}
	r->ended[r->n_ended++] =
		(struct ended){.try = c->try, .task = c->task, .instance = c->instance};
	c->try = NULL;
}

static struct render render_of(struct runner *r, uint32_t task, uint32_t instance, uint32_t number)
{
	return (struct render){.dag = r->o.dag,
		.run = r->o.facts,
		.outputs = r->outputs,
		.source = r->o.source,
		.task = task,
		.try_number = number,
		.item = cells_item(r->cells, task, instance),
		.index = instance == RUN_NO_INSTANCE ? 0 : instance};
}

static struct op_instance *operator_of(const struct runner *r, const struct task *t)
{
	for (size_t i = 0; i < operators_count; i++)
		if (operators[i]->spec == t->op)
			return r->o.instances[i];
	return NULL;
}

static void start(struct runner *r, const struct run_action *a)
{
	struct cell *c = cells_get(r->cells, r, a->task, a->instance);
	char id[EXECUTION_ID_SIZE];
	struct try_options o;
	struct try_end end;
	int64_t now = runner_now();
	bool has_ended;
	int status = c == NULL ? ERR_NOMEM : execution_id_make(now, id);

	if (status == 0) {
		cell_close(r, c);
		c->try_number = a->try_number;
		outputs_clear(r->outputs, a->task, a->instance);
		o = (struct try_options){
			.render = render_of(r, a->task, a->instance, a->try_number),
			.outputs = r->outputs,
			.instance = a->instance,
			.operator= operator_of(r, &r->o.dag->tasks[a->task]),
			.logs = r->o.logs,
			.kill_grace_ms = r->o.kill_grace_ms,
			.dies_with_engine = r->o.dies_with_engine,
			.execution_id = id,
			.events = &try_events,
			.ctx = c};
		status = try_start(&o, now, &c->try, &has_ended, &end);
	}
	if (status != 0) {
		runner_fail(r, status, err_text(status));
		return;
	}
	if (has_ended)
		record_end(c, &end);
	else
		r->n_running++;
}

static void kill_try(struct runner *r, const struct run_action *a)
{
	struct cell *c = cells_find(r->cells, a->task, a->instance);
	struct run_event ev = runner_event(RUN_EV_TASK_LOST, a->task, a->instance, a->try_number);

	if (c != NULL && c->try != NULL && c->try_number == a->try_number)
		try_kill(c->try, a->kill == RUN_KILL_TIMEOUT ? OP_KILL_TIMEOUT : OP_KILL_CANCEL,
			r->o.kill_grace_ms);
	else
		runner_record(r, &ev);
}

/* Keeps why a task failed that had no try to say so. */
static void keep_reason(struct runner *r, uint32_t task, uint32_t instance, const char *text)
{
	if (outputs_message_keep(r->outputs, task, instance, text) != 0)
		runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
}

static void decide(struct runner *r, const struct run_action *a)
{
	const struct task *t = &r->o.dag->tasks[a->task];
	struct run_event ev = runner_event(RUN_EV_DECIDED, a->task, RUN_NO_INSTANCE, 0);
	struct render render = render_of(r, a->task, RUN_NO_INSTANCE, 1);
	bool truth = true;
	struct err e;
	int status = render_when(&render, &truth, &e);

	ev.decided.round = a->round;
	ev.decided.verdict = truth ? RUN_VERDICT_RUN : RUN_VERDICT_SKIP;
	if (status == 0 && truth && t->is_for_each)
		status = cells_expand(r->cells, &render, &ev.decided.n_items, &e);
	if (status == 0 && truth && t->is_for_each && ev.decided.n_items <= RUN_ITEMS_MAX &&
		outputs_expand(r->outputs, a->task, ev.decided.n_items) != 0)
		runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
	if (status != 0) {
		ev.decided.verdict = RUN_VERDICT_FAIL;
		keep_reason(r, a->task, RUN_NO_INSTANCE, e.text);
	}
	runner_record(r, &ev);
}

static void queue(struct runner *r, const struct run_action *a)
{
	const struct run_task_plan *t = &r->o.plan->run.tasks[a->task];
	struct dispatch_request q = {
		.key = {.run = RUN_NUMBER, .task = a->task, .instance = a->instance},
		.pool = t->pool,
		.slots = t->pool_slots,
		.priority = t->priority_weight};
	struct err e;
	int status = dispatch_queue(r->dispatch, &q, &e);

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
			cause == RUN_CAUSE_KILLED ? "it was cancelled" : run_cause_text(cause));
		return;
	}
	n_failed = outputs_failed(r->outputs, row->task, &n_items);
	(void)snprintf(text, sizeof(text), "%u of its %u instances failed", n_failed, n_items);
	keep_reason(r, row->task, row->instance, text);
}

/* Tells what has changed, and ends the log of a try that is over. */
static void publish(struct runner *r, const struct run_action *a)
{
	const struct runner_observer *o = r->o.observer;
	const struct run_row *row = &a->task_changed.row;
	struct cell *c = cells_find(r->cells, row->task, row->instance);
	enum task_state old = (enum task_state)a->task_changed.old_state;
	enum task_state state = (enum task_state)row->state;
	bool is_end = state != old && (task_state_is_over(state) || state == TASK_UP_FOR_RETRY);
	struct value message = {0};
	struct runner_change change;
	struct err e;

	outputs_state_set(r->outputs, row->task, row->instance, state);
	if (is_end && state == TASK_FAILED &&
		outputs_get_one(r->outputs, row->task, row->instance, OUTPUT_ERROR_MESSAGE,
			&message, &e) == 0 &&
		message.len == 0)
		keep_cause(r, row, (enum run_cause)a->task_changed.cause);
	if (outputs_get_one(
		    r->outputs, row->task, row->instance, OUTPUT_ERROR_MESSAGE, &message, &e) != 0)
		message = value_string("", 0);
	change = (struct runner_change){.task = row->task,
		.instance = row->instance,
		.old_state = old,
		.state = state,
		.cause = (enum run_cause)a->task_changed.cause,
		.try_number = row->try_number,
		.n_items = row->n_items,
		.now = runner_now(),
		.started_at = c == NULL || c->try == NULL ? 0 : try_started_at(c->try),
		.retry_at = state == TASK_UP_FOR_RETRY ? row->at : 0,
		.message = message.u.text,
		.log_path = c == NULL || c->try == NULL ? "" : try_log_path(c->try)};
	o->on_task(o->ctx, &change);
	if (is_end && c != NULL && c->try != NULL && try_has_ended(c->try)) {
		try_mark(c->try, state, change.now);
		cell_close(r, c);
	}
}

void runner_act(struct runner *r, const struct run_action *a)
{
	struct dispatch_key key = {.run = RUN_NUMBER, .task = a->task, .instance = a->instance};
	const struct runner_observer *o = r->o.observer;

	switch (a->kind) {
	case RUN_ACT_TASK_CHANGED:
		publish(r, a);
		break;
	case RUN_ACT_RUN_CHANGED:
		o->on_run(o->ctx, (enum run_state)a->run_changed.head.state,
			(enum run_cause)a->run_changed.cause);
		break;
	case RUN_ACT_DECIDE:
		decide(r, a);
		break;
	case RUN_ACT_QUEUE:
		queue(r, a);
		break;
	case RUN_ACT_UNQUEUE:
		dispatch_unqueue(r->dispatch, &key);
		break;
	case RUN_ACT_RELEASE:
		dispatch_release(r->dispatch, &key);
		break;
	case RUN_ACT_START:
	case RUN_ACT_ATTACH:
		start(r, a);
		break;
	case RUN_ACT_KILL:
		kill_try(r, a);
		break;
	case RUN_ACT_SET_TIMER:
		if (cells_timer_set(r->cells, r, a) != 0)
			runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
		break;
	case RUN_ACT_CANCEL_TIMER:
		cells_timer_cancel(r->cells, a);
		break;
	case RUN_ACT_FINISH_RUN:
		r->is_finished = true;
		r->has_finish_to_tell = true;
		break;
	case RUN_ACT_COUNT:
		break;
	}
}
