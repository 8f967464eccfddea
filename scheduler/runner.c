/*
 * The runner. A turn is taken before the loop waits again, if something has come:
 *
 *	step     every event through run_step(), into one list of actions
 *	act      perform them: decide, queue, start, kill, timers
 *	grant    let dispatch give out the capacity there is
 *
 * and again, until no event is left; then the logs are written. Callbacks only record what came.
 * A store would commit between step and act.
 */
#include "scheduler/runner.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/dispatch.h"
#include "engine/err.h"
#include "operators/registry.h"
#include "scheduler/outputs.h"
#include "scheduler/plan.h"
#include "scheduler/runner_cells.h"
#include "scheduler/try.h"

#define LOG_MS 200 /* how long lines of a log may gather */
#define RUN_NUMBER 0 /* ours in dispatch */

struct events {
	struct run_event *list;
	size_t n, cap;
};

struct runner {
	struct runner_options o;
	struct run *run;
	struct dispatch *dispatch;
	struct outputs *outputs;
	struct cells *cells;
	struct events incoming, current; /* recorded; being stepped */
	struct run_actions actions;
	uv_prepare_t prepare;
	uv_timer_t timer, log_timer;
	int handles; /* open */
	bool is_timer_due;
	bool is_finished, is_broken, is_destroyed;
	bool has_finish_to_tell;
	size_t n_running; /* tries that have not ended */
	struct err broken;
};

static int64_t wall_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The run cannot go on. */
static void fail(struct runner *r, int code, const char *text)
{
	if (!r->is_broken)
		(void)err_set(&r->broken, code, "%s", text);
	r->is_broken = true;
}

static void record(struct runner *r, const struct run_event *ev)
{
	struct events *in = &r->incoming;
	size_t cap = in->cap == 0 ? 64 : in->cap * 2;
	struct run_event *list;

	if (in->n == in->cap) {
		list = realloc(in->list, cap * sizeof(*list));
		if (list == NULL) {
			fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
			return;
		}
		in->list = list;
		in->cap = cap;
	}
	in->list[in->n++] = *ev;
}

static struct run_event event_of(
	enum run_event_kind kind, uint32_t task, uint32_t instance, uint32_t try_number)
{
	return (struct run_event){.kind = kind,
		.now = wall_ms(),
		.task = task,
		.instance = instance,
		.try_number = try_number};
}

/* ---- what operators tell ---- */

/* A log that cannot be written is told, and the run goes on. */
static void tell_log(struct runner *r, const struct cell *c, const struct err *e)
{
	const struct runner_observer *o = r->o.observer;

	o->on_note(o->ctx, c->task, c->instance, OP_WARNING, e->text);
}

static void on_log_timer(uv_timer_t *timer)
{
	struct runner *r = timer->data;
	struct cell *c;
	struct err e;

	while ((c = cells_dirty_take(r->cells)) != NULL)
		if (c->try != NULL && try_flush(c->try, &e) != 0)
			tell_log(r, c, &e);
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
	struct run_event ev = event_of(end->is_lost ? RUN_EV_TASK_LOST : RUN_EV_TASK_FINISHED,
		c->task, c->instance, c->try_number);

	ev.finished.exit = end->exit;
	ev.finished.no_retry = end->no_retry;
	record(c->runner, &ev);
}

static void on_started(void *ctx)
{
	struct cell *c = ctx;
	struct run_event ev = event_of(RUN_EV_TASK_STARTED, c->task, c->instance, c->try_number);

	record(c->runner, &ev);
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

static void cell_close(struct runner *r, struct cell *c)
{
	struct err e;

	if (c->try != NULL && try_close(c->try, &e) != 0)
		tell_log(r, c, &e);
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
	int64_t now = wall_ms();
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
		fail(r, status, err_text(status));
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
	struct run_event ev = event_of(RUN_EV_TASK_LOST, a->task, a->instance, a->try_number);

	if (c != NULL && c->try != NULL && c->try_number == a->try_number)
		try_kill(c->try, a->kill == RUN_KILL_TIMEOUT ? OP_KILL_TIMEOUT : OP_KILL_CANCEL,
			r->o.kill_grace_ms);
	else
		record(r, &ev);
}

/* Keeps why a task failed that had no try to say so. */
static void keep_reason(struct runner *r, uint32_t task, uint32_t instance, const char *text)
{
	if (outputs_message_keep(r->outputs, task, instance, text) != 0)
		fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
}

static void decide(struct runner *r, const struct run_action *a)
{
	const struct task *t = &r->o.dag->tasks[a->task];
	struct run_event ev = event_of(RUN_EV_DECIDED, a->task, RUN_NO_INSTANCE, 0);
	struct render render = render_of(r, a->task, RUN_NO_INSTANCE, 1);
	bool truth = true;
	struct err e;
	int status = render_when(&render, &truth, &e);

	ev.decided.round = a->round;
	ev.decided.verdict = truth ? RUN_VERDICT_RUN : RUN_VERDICT_SKIP;
	if (status == 0 && truth && t->is_for_each)
		status = cells_expand(r->cells, &render, &ev.decided.n_items, &e);
	if (status == 0 && ev.decided.n_items > 0 && ev.decided.n_items <= RUN_ITEMS_MAX &&
		outputs_expand(r->outputs, a->task, ev.decided.n_items) != 0)
		fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
	if (status != 0) {
		ev.decided.verdict = RUN_VERDICT_FAIL;
		keep_reason(r, a->task, RUN_NO_INSTANCE, e.text);
	}
	record(r, &ev);
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
		fail(r, status, e.text);
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
		keep_reason(r, row->task, row->instance,
			run_cause_text((enum run_cause)a->task_changed.cause));
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
		.now = wall_ms(),
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

static void act(struct runner *r, const struct run_action *a)
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
			fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
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

/* ---- the turn ---- */

static void due_timers(struct runner *r)
{
	struct run_event ev;
	int64_t now = wall_ms();

	while (cells_timer_due(r->cells, now, &ev))
		record(r, &ev);
	r->is_timer_due = false;
}

static void step_all(struct runner *r)
{
	struct events swap = r->current;
	struct err e;

	r->current = r->incoming;
	r->incoming = swap;
	r->incoming.n = 0;
	r->actions.n = 0;
	for (size_t i = 0; i < r->current.n && !r->is_broken; i++) {
		int status = run_step(r->run, &r->current.list[i], &r->actions, &e);

		if (status < 0)
			fail(r, status, e.text);
	}
}

static void act_all(struct runner *r)
{
	for (size_t i = 0; i < r->actions.n && !r->is_broken; i++)
		act(r, &r->actions.list[i]);
}

static void grant(struct runner *r)
{
	struct dispatch_key key;
	enum dispatch_answer answer;

	while ((answer = dispatch_next(r->dispatch, &key)) != DISPATCH_NOTHING) {
		struct run_event ev =
			event_of(answer == DISPATCH_GRANTED ? RUN_EV_CAPACITY : RUN_EV_REFUSED,
				key.task, key.instance, 0);

		record(r, &ev);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct runner *r = timer->data;

	r->is_timer_due = true;
}

static void timers_arm(struct runner *r)
{
	int64_t at = cells_timer_next(r->cells), now = wall_ms();

	if (at == INT64_MAX)
		(void)uv_timer_stop(&r->timer);
	else
		(void)uv_timer_start(&r->timer, on_timer, at > now ? (uint64_t)(at - now) : 0, 0);
}

static void tell_broken(struct runner *r)
{
	const struct runner_observer *o = r->o.observer;

	cells_kill_all(r->cells, OP_KILL_CANCEL, r->o.kill_grace_ms);
	(void)uv_prepare_stop(&r->prepare);
	o->on_broken(o->ctx, &r->broken);
}

static void turn(struct runner *r)
{
	const struct runner_observer *o = r->o.observer;

	due_timers(r);
	while (r->incoming.n > 0 && !r->is_broken) {
		step_all(r);
		act_all(r);
		grant(r);
	}
	timers_arm(r);
	if (r->is_broken) {
		tell_broken(r);
	} else if (r->has_finish_to_tell && r->n_running == 0) {
		r->has_finish_to_tell = false;
		o->on_finished(o->ctx, (enum run_state)run_head_get(r->run).state);
	}
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct runner *r = prepare->data;

	if (r->incoming.n > 0 || r->is_timer_due || r->is_broken)
		turn(r);
}

/* ---- life ---- */

static int dispatch_fill(struct runner *r)
{
	int status = 0;

	for (uint32_t i = 0; i < r->o.plan->n_pools && status == 0; i++)
		status = dispatch_pool_set(r->dispatch, i, RUNNER_POOL_SLOTS);
	if (status == 0)
		status = dispatch_run_set(r->dispatch, RUN_NUMBER, r->o.plan->run.max_active_tasks);
	return status;
}

static void runner_free(struct runner *r)
{
	cells_destroy(r->cells);
	run_destroy(r->run);
	dispatch_destroy(r->dispatch);
	outputs_destroy(r->outputs);
	run_actions_free(&r->actions);
	free(r->incoming.list);
	free(r->current.list);
	free(r);
}

int runner_create(const struct runner_options *o, struct runner **out, struct err *e)
{
	struct runner *r = calloc(1, sizeof(*r));
	int status = r == NULL ? ERR_NOMEM : 0;

	if (status == 0) {
		r->o = *o;
		r->dispatch = dispatch_create();
		r->outputs = outputs_create(o->dag);
		r->cells = cells_create(o->dag->n_tasks);
		status = r->dispatch == NULL || r->outputs == NULL || r->cells == NULL
			? ERR_NOMEM
			: dispatch_fill(r);
	}
	if (status == 0)
		status = run_create(&o->plan->run, o->seed, &r->run);
	if (status != 0) {
		if (r != NULL)
			runner_free(r);
		return err_set(e, status, "%s", err_text(status));
	}
	(void)uv_prepare_init(o->loop, &r->prepare);
	(void)uv_timer_init(o->loop, &r->timer);
	(void)uv_timer_init(o->loop, &r->log_timer);
	r->prepare.data = r->timer.data = r->log_timer.data = r;
	r->handles = 3;
	*out = r;
	return 0;
}

void runner_start(struct runner *r)
{
	struct run_event ev = event_of(RUN_EV_STARTED, RUN_NO_TASK, RUN_NO_INSTANCE, 0);

	(void)uv_prepare_start(&r->prepare, on_prepare);
	record(r, &ev);
}

void runner_cancel(struct runner *r, bool teardowns_too)
{
	struct run_event ev = event_of(RUN_EV_CANCEL, RUN_NO_TASK, RUN_NO_INSTANCE, 0);

	ev.cancel.teardowns_too = teardowns_too;
	record(r, &ev);
}

void runner_kill_now(struct runner *r)
{
	cells_kill_all(r->cells, OP_KILL_CANCEL, 0);
}

const struct outputs *runner_outputs(const struct runner *r)
{
	return r->outputs;
}

static void on_closed(uv_handle_t *handle)
{
	struct runner *r = handle->data;

	if (--r->handles == 0)
		runner_free(r);
}

void runner_destroy(struct runner *r)
{
	if (r == NULL || r->is_destroyed)
		return;
	r->is_destroyed = true;
	cells_close_all(r->cells);
	uv_close((uv_handle_t *)&r->prepare, on_closed);
	uv_close((uv_handle_t *)&r->timer, on_closed);
	uv_close((uv_handle_t *)&r->log_timer, on_closed);
}
