/*
 * Callbacks in their order: owed (in the batch), waiting for their turn, under way, done. A call
 * holds its runner until it is gone.
 */
#include "scheduler/callbacks.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/call.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "scheduler/http.h"
#include "store/journal.h"

static void next_start(struct callbacks *k);

/* ---- the books ---- */

struct callbacks *callbacks_create(struct conductor *c)
{
	struct callbacks *k = calloc(1, sizeof(*k));

	if (k != NULL)
		k->conductor = c;
	return k;
}

static void call_free(struct call *call)
{
	*(call->prev == NULL ? &call->books->first : &call->prev->next) = call->next;
	*(call->next == NULL ? &call->books->last : &call->next->prev) = call->prev;
	free(call->facts);
	free(call);
}

/* It is no concern of its run's any more. */
static void call_drop(struct call *call)
{
	struct runner *r = call->runner;

	call_free(call);
	r->n_calls--;
	runner_unhold(r);
}

/* A call, last in the books. NULL: no memory. facts is copied. */
static struct call *call_create(struct runner *r, uint32_t task, uint32_t instance,
	uint32_t try_number, const char *event, uint32_t action, const char *facts)
{
	struct callbacks *k = r->conductor->callbacks;
	struct call *call = calloc(1, sizeof(*call));

	if (call != NULL)
		call->facts = strdup(facts);
	if (call == NULL || call->facts == NULL) {
		free(call);
		return NULL;
	}
	call->books = k;
	call->runner = r;
	call->task = task;
	call->instance = instance;
	call->try_number = try_number;
	call->event = event;
	call->action = action;
	call->prev = k->last;
	*(k->last == NULL ? &k->first : &k->last->next) = call;
	k->last = call;
	runner_hold(r);
	r->n_calls++;
	return call;
}

/* ---- what it answers to ---- */

static void fact(struct buf *b, const char *name, const char *text)
{
	struct value v = text == NULL ? value_null() : value_string(text, strlen(text));

	buf_addf(b, "%s\"%s\":", b->len == 1 ? "" : ",", name);
	value_json(&v, b);
}

/* Where the run stands in time, which may be 1970-01-01. */
static void date_fact(struct buf *b, const char *name, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	fact(b, name, at == INSTANT_NONE ? NULL : instant_format(at, text));
}

/* When something happened; 0: it has not yet. */
static void time_fact(struct buf *b, const char *name, int64_t at)
{
	date_fact(b, name, at == 0 ? INSTANT_NONE : at);
}

static const char *message_of(const struct runner *r, uint32_t task, uint32_t instance)
{
	struct value message;
	struct err e;

	if (outputs_get_one(r->outputs, task, instance, OUTPUT_ERROR_MESSAGE, &message, &e) != 0)
		return NULL;
	return message.u.text;
}

/* N.B. nothing secret is in here: messages are masked already. */
static void facts_of(struct buf *b, const struct runner *r, const struct run_row *row,
	const char *event, const char *state, int64_t now)
{
	buf_addc(b, '{');
	fact(b, "event", event);
	fact(b, "state", state);
	time_fact(b, "at", now);
	fact(b, "dag_id", runner_dag_id(r));
	fact(b, "run_id", r->facts.run_id);
	fact(b, "run_type", r->run_type);
	date_fact(b, "logical_date", r->facts.logical_date);
	time_fact(b, "run_start_date", r->started_at);
	if (row != NULL) {
		fact(b, "task_id", r->edition->dag->tasks[row->task].id);
		if (row->instance != RUN_NO_INSTANCE)
			buf_addf(b, ",\"map_index\":%u", row->instance);
		buf_addf(b, ",\"try_number\":%u", row->try_number);
		fact(b, "message", message_of(r, row->task, row->instance));
	}
	buf_addc(b, '}');
}

/* ---- owing ---- */

static int call_store(const struct call *call, int64_t now)
{
	struct conductor *c = call->runner->conductor;
	struct store_callback row = {.execution_id = call->execution_id,
		.run = call->runner->number,
		.task = call->task,
		.instance = call->instance,
		.try_number = call->try_number,
		.event = call->event,
		.action = call->action,
		.facts = call->facts,
		.created_at = now};

	if (c->o.journal == NULL)
		return 0;
	c->is_store_due = true;
	return journal_callback(c->o.journal, &row);
}

static void owe(struct runner *r, const struct run_row *row, const char *event,
	const struct callback *list, const char *state, int64_t now)
{
	struct deed d = {.kind = DEED_CALLBACK, .runner = r};
	struct buf facts;
	uint32_t n = 0;

	if (list == NULL || r->is_broken)
		return;
	buf_init(&facts, 0);
	facts_of(&facts, r, row, event, state, now);
	for (; list != NULL; list = list->next) {
		struct call *call = buf_status(&facts) != 0
			? NULL
			: call_create(r, row == NULL ? RUN_NO_TASK : row->task,
				  row == NULL ? RUN_NO_INSTANCE : row->instance,
				  row == NULL ? 1 : row->try_number, event, n++, buf_str(&facts));
		int status = call == NULL ? ERR_NOMEM : execution_id_make(now, call->execution_id);

		if (status == 0) {
			call->callback = list;
			status = call_store(call, now);
		}
		if (status != 0) {
			if (call != NULL)
				call_drop(call);
			runner_fail(r, status, err_text(status));
			break;
		}
		call->owed_in = r->conductor->n_batches;
		d.callback = call;
		conductor_deed(r->conductor, &d);
	}
	buf_free(&facts);
}

/* N.B. a for_each succeeds and fails as a whole, but it is an instance that is tried again. */
void callbacks_task(struct runner *r, const struct run_row *row, int64_t now)
{
	const struct task *t = &r->edition->dag->tasks[row->task];
	const char *state = task_state_name((enum task_state)row->state);

	if (row->state == TASK_UP_FOR_RETRY)
		owe(r, row, "on_retry", t->on_retry, state, now);
	else if (row->instance == RUN_NO_INSTANCE && row->state == TASK_SUCCESS)
		owe(r, row, "on_success", t->on_success, state, now);
	else if (row->instance == RUN_NO_INSTANCE && row->state == TASK_FAILED)
		owe(r, row, "on_failure", t->on_failure, state, now);
}

void callbacks_run(struct runner *r, enum run_state state, int64_t now)
{
	const struct dag *d = r->edition->dag;

	if (state == RUN_SUCCESS)
		owe(r, NULL, "on_success", d->on_success, run_state_name(state), now);
	else if (state == RUN_FAILED)
		owe(r, NULL, "on_failure", d->on_failure, run_state_name(state), now);
}

/* ---- taking up ---- */

/* The key's list that an event names; *event becomes a text that stays. */
static const struct callback *list_of(const struct dag *d, uint32_t task, const char **event)
{
	const struct callback *lists[3] = {d->on_success, d->on_failure, NULL};
	static const char *const events[] = {"on_success", "on_failure", "on_retry"};

	if (task != RUN_NO_TASK && task >= d->n_tasks)
		return NULL;
	if (task != RUN_NO_TASK) {
		lists[0] = d->tasks[task].on_success;
		lists[1] = d->tasks[task].on_failure;
		lists[2] = d->tasks[task].on_retry;
	}
	for (size_t i = 0; i < 3; i++)
		if (strcmp(events[i], *event) == 0) {
			*event = events[i];
			return lists[i];
		}
	return NULL;
}

static int take_up(struct runner *r, const struct store_callback *row, struct err *e)
{
	const char *event = row->event;
	const struct callback *list = list_of(r->edition->dag, row->task, &event);
	struct deed d = {.kind = DEED_CALLBACK, .runner = r};

	for (uint32_t i = 0; i < row->action && list != NULL; i++)
		list = list->next;
	if (list == NULL)
		return err_set(e, ERR_CORRUPT, "a callback is stored that its DAG has not");
	d.callback = call_create(
		r, row->task, row->instance, row->try_number, event, row->action, row->facts);
	if (d.callback == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	d.callback->callback = list;
	(void)snprintf(d.callback->execution_id, sizeof(d.callback->execution_id), "%s",
		row->execution_id);
	conductor_deed(r->conductor, &d);
	return 0;
}

int callbacks_restore(struct conductor *c, struct err *e)
{
	struct arena *a = arena_create(0);
	struct store_callback *rows = NULL;
	size_t n = 0;
	int status = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			       : store_callbacks(c->o.store, a, &rows, &n, e);

	for (size_t i = 0; i < n && status == 0; i++) {
		struct runner *r;
		struct err why;
		int s = conductor_run_load(c, rows[i].dag_id, rows[i].run_id, &r, &why);

		if (s == 0) {
			s = take_up(r, &rows[i], &why);
			runner_let_go(r);
		}
		if (s != 0)
			conductor_tell_left_out(c, rows[i].dag_id, rows[i].run_id, &why);
	}
	arena_destroy(a);
	return status;
}

/* ---- turns ---- */

/* It is over. */
static void call_end(struct call *call)
{
	struct callbacks *k = call->books;
	struct conductor *c = k->conductor;
	int status = c->o.journal == NULL
		? 0
		: journal_callback_delete(c->o.journal, call->execution_id);

	if (status != 0)
		conductor_fail(c, status, err_text(status));
	if (c->o.journal != NULL)
		c->is_store_due = true;
	call_drop(call);
	k->n_active--;
	next_start(k);
}

void call_told(struct call *call, enum op_level level, const char *text)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = call->books->conductor->observers; o != NULL;
		o = next) {
		next = o->next;
		if (o->on_callback != NULL)
			o->on_callback(o->ctx, call->runner, level, text);
	}
	call_end(call);
}

/* Begins what waits, as far as there is room. */
static void next_start(struct callbacks *k)
{
	struct conductor *c = k->conductor;
	struct call *next;

	/* N.B. one that cannot begin ends within, and asks for the next itself. */
	for (struct call *call = k->first; call != NULL; call = next) {
		next = call->next;
		if (c->is_draining || c->is_closing || c->o.is_offline ||
			k->n_active >= CALLBACKS_AT_ONCE)
			return;
		if (!call->is_stored || call->is_active)
			continue;
		call->is_active = true;
		k->n_active++;
		call_begin(call);
		next = k->first;
	}
}

void callback_start(struct call *call)
{
	struct callbacks *k = call->books;

	call->is_stored = true;
	if (call->is_forgotten)
		call_drop(call);
	next_start(k);
}

void callbacks_forget(struct runner *r)
{
	struct conductor *c = r->conductor;

	for (struct call *call = c->callbacks->first; call != NULL; call = call->next)
		if (call->runner == r && call->owed_in == c->n_batches)
			call->is_forgotten = true;
}

void callbacks_kill(struct runner *r)
{
	struct callbacks *k = r->conductor->callbacks;
	struct call *call = k->first;

	/* N.B. one that is over at once may have let others begin: from the start again. */
	while (call != NULL)
		call = call->runner == r && call_kill(call) ? k->first : call->next;
}

/* ---- the end ---- */

void callbacks_abandon(struct callbacks *k)
{
	for (struct call *call = k->first; call != NULL; call = call->next)
		call_abandon(call);
}

static void on_http_closed(void *ctx)
{
	struct callbacks *k = ctx;
	void (*closed)(void *closed_ctx) = k->on_closed;
	void *closed_ctx = k->ctx;

	free(k);
	closed(closed_ctx);
}

void callbacks_close(struct callbacks *k, void (*on_closed)(void *ctx), void *ctx)
{
	callbacks_abandon(k);
	while (k->first != NULL)
		call_free(k->first);
	k->on_closed = on_closed;
	k->ctx = ctx;
	if (k->http != NULL)
		http_close(k->http, on_http_closed, k);
	else
		on_http_closed(k);
}
