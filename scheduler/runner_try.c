/*
 * A runner's tries: begun and ended as deeds say; what operators tell of them becomes events; and
 * their logs.
 */
#include <stdlib.h>

#include "engine/dag.h"
#include "operators/registry.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "store/clock.h"

#define LOG_MS 40 /* how long lines of a log may gather */

/* A line for whoever watches. */
static void tell_note(
	struct runner *r, uint32_t task, uint32_t instance, enum op_level level, const char *text)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = r->conductor->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_note != NULL)
			o->on_note(o->ctx, r, task, instance, level, text);
	}
}

/* ---- logs: one that cannot be written is told, and the run goes on ---- */

static void tell_log_lost(struct runner *r, uint32_t task, uint32_t instance, const struct err *e)
{
	struct conductor_observer *next;

	tell_note(r, task, instance, OP_WARNING, e->text);
	for (struct conductor_observer *o = r->conductor->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_log_lost != NULL)
			o->on_log_lost(o->ctx, r, task, instance, e);
	}
}

static void on_log_timer(uv_timer_t *timer)
{
	struct conductor *k = timer->data;
	struct cell *c;
	struct err e;

	while ((c = cell_dirty_take(&k->dirty)) != NULL)
		if (c->try != NULL && try_flush(c->try, &e) != 0)
			tell_log_lost(c->runner, c->task, c->instance, &e);
}

/* The log of a cell has lines that are to go into its file before long. */
static void log_soon(struct cell *c)
{
	struct conductor *k = c->runner->conductor;

	cell_dirty_add(&k->dirty, c);
	if (!uv_is_active((uv_handle_t *)&k->log_timer))
		(void)uv_timer_start(&k->log_timer, on_log_timer, LOG_MS, 0);
}

void conductor_logs_close(struct conductor *k)
{
	struct err e;

	for (size_t i = 0; i < k->n_ended; i++) {
		struct ended *n = &k->ended[i];

		if (try_close(n->try, &e) != 0)
			tell_log_lost(n->runner, n->task, n->instance, &e);
		runner_unhold(n->runner);
	}
	k->n_ended = 0;
}

/* ---- what operators tell ---- */

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
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->runner->conductor->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_line != NULL)
			o->on_line(o->ctx, c->runner, c->task, c->instance, stream, text, len);
	}
	log_soon(c);
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	struct cell *c = ctx;

	tell_note(c->runner, c->task, c->instance, level, text);
	log_soon(c);
}

static void on_ended(void *ctx, const struct try_end *end)
{
	struct cell *c = ctx;

	c->runner->n_running--;
	if (end->is_short)
		runner_fail(c->runner, ERR_NOMEM, err_text(ERR_NOMEM));
	else
		record_end(c, end);
}

static const struct try_events try_events = {
	.on_started = on_started,
	.on_line = on_line,
	.on_note = on_note,
	.on_ended = on_ended,
};

/* N.B. the log is closed at the turn's end, when all that is due has been started: tasks need not
 * wait for the logs of others. */
void runner_try_close(struct runner *r, struct cell *c)
{
	struct conductor *k = r->conductor;
	size_t cap = k->cap_ended == 0 ? 64 : k->cap_ended * 2;
	struct ended *list;

	if (c->try == NULL)
		return;
	if (!try_has_ended(c->try))
		r->n_running--; /* it is let go of */
	if (k->n_ended == k->cap_ended) {
		list = realloc(k->ended, cap * sizeof(*list));
		if (list == NULL) {
			runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
			return;
		}
		k->ended = list;
		k->cap_ended = cap;
	}
	k->ended[k->n_ended++] = (struct ended){
		.try = c->try, .runner = r, .task = c->task, .instance = c->instance};
	runner_hold(r);
	c->try = NULL;
}

/* ---- deeds ---- */

struct op_instance *conductor_operator(const struct conductor *k, const struct op_spec *spec)
{
	for (size_t i = 0; i < operators_count; i++)
		if (operators[i]->spec == spec)
			return k->o.instances[i];
	return NULL;
}

void runner_try_start(struct runner *r, const struct run_action *a)
{
	const struct conductor_options *k = &r->conductor->o;
	struct cell *c = cells_get(r->cells, a->task, a->instance);
	const struct cell_kept *kept = c == NULL ? NULL : c->kept;
	bool is_known = kept != NULL && kept->id_try == a->try_number;
	char id[EXECUTION_ID_SIZE];
	struct try_options o;
	struct try_end end;
	int64_t now = clock_wall_ms();
	struct run_row row = {.try_limit = a->try_number};
	bool has_ended;
	int status = c == NULL ? ERR_NOMEM : is_known ? 0 : execution_id_make(now, id);

	if (status == 0) {
		(void)run_row_get(r->run, a->task, a->instance, &row);
		runner_try_close(r, c);
		if (r->is_broken)
			return;
		c->try_number = a->try_number;
		outputs_clear(r->outputs, a->task, a->instance);
		o = (struct try_options){
			.render = runner_render(r, a->task, a->instance, a->try_number),
			.outputs = r->outputs,
			.instance = a->instance,
			.try_limit = row.try_limit,
			.operator= conductor_operator(
				r->conductor, r->edition->dag->tasks[a->task].op),
			.logs = k->logs,
			.kill_grace_ms = k->kill_grace_ms,
			.dies_with_engine = k->dies_with_engine,
			.execution_id = is_known ? kept->execution_id : id,
			.is_stored = k->journal != NULL,
			.is_resumed = is_known && kept->is_resumed,
			.is_attach = a->kind == RUN_ACT_ATTACH,
			.started_at = is_known && kept->is_resumed && kept->try_started_at > 0
				? kept->try_started_at
				: 0,
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

static enum op_kill kill_of(enum run_kill kill)
{
	switch (kill) {
	case RUN_KILL_TIMEOUT:
		return OP_KILL_TIMEOUT;
	case RUN_KILL_RUN_TIMEOUT:
		return OP_KILL_RUN_TIMEOUT;
	case RUN_KILL_MARK_SUCCESS:
	case RUN_KILL_MARK_FAILED:
		return OP_KILL_MARK;
	case RUN_KILL_CLEAR:
		return OP_KILL_CLEAR;
	default:
		return OP_KILL_CANCEL;
	}
}

void runner_try_kill(struct runner *r, const struct run_action *a)
{
	struct cell *c = cells_find(r->cells, a->task, a->instance);
	struct run_event ev = runner_event(RUN_EV_TASK_LOST, a->task, a->instance, a->try_number);

	if (c != NULL && c->try != NULL && c->try_number == a->try_number)
		try_kill(c->try, kill_of(a->kill), r->conductor->o.kill_grace_ms);
	else
		runner_record(r, &ev);
}
