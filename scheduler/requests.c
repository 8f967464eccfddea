/*
 * Requests: who does which, and when they are answered. What changes something is answered when the
 * conductor says that it is stored; so a request whose answer came survives whatever happens next,
 * and one whose answer did not come may have been done.
 */
#include "scheduler/requests.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/buf.h"
#include "scheduler/conductor.h"
#include "scheduler/requests_impl.h"
#include "store/clock.h"
#include "store/journal.h"

static request_handler *const handlers[REQUEST_COUNT] = {
	[REQUEST_HEALTH] = requests_health,
	[REQUEST_TRIGGER] = requests_trigger,
	[REQUEST_CANCEL] = requests_cancel,
	[REQUEST_CLEAR] = requests_clear,
	[REQUEST_MARK] = requests_mark,
	[REQUEST_PAUSE] = requests_pause,
	[REQUEST_UNPAUSE] = requests_unpause,
	[REQUEST_DELETE] = requests_delete,
	[REQUEST_BACKFILL] = requests_backfill,
	[REQUEST_POOL_SET] = requests_pool_set,
	[REQUEST_POOL_DELETE] = requests_pool_delete,
	[REQUEST_REPARSE] = requests_reparse,
	[REQUEST_FOLLOW] = requests_follow,
};

/* What the log of who did what calls it; NULL: it changes nothing. */
static const char *const deeds[REQUEST_COUNT] = {
	[REQUEST_TRIGGER] = "run.trigger",
	[REQUEST_CANCEL] = "run.cancel",
	[REQUEST_CLEAR] = "task.clear",
	[REQUEST_MARK] = "run.mark",
	[REQUEST_PAUSE] = "dag.pause",
	[REQUEST_UNPAUSE] = "dag.unpause",
	[REQUEST_DELETE] = "dag.delete",
	[REQUEST_BACKFILL] = "dag.backfill",
	[REQUEST_POOL_SET] = "pool.set",
	[REQUEST_POOL_DELETE] = "pool.delete",
};

/* ---- one call ---- */

static struct call *call_create(struct requests *q, requests_answer *on_answer, void *ctx)
{
	struct call *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->arena = arena_create(0);
	if (c->arena == NULL) {
		free(c);
		return NULL;
	}
	c->requests = q;
	c->on_answer = on_answer;
	c->ctx = ctx;
	c->next = q->calls;
	if (q->calls != NULL)
		q->calls->prev = c;
	q->calls = c;
	return c;
}

/* Answers, and forgets it. */
static void call_end(struct call *c, const struct err *e)
{
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		c->requests->calls = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	c->on_answer(c->ctx, e == NULL ? &c->answer : NULL, e);
	arena_destroy(c->arena);
	free(c);
}

static void on_stored(void *ctx)
{
	call_end(ctx, NULL);
}

static const char *member(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	return v != NULL && v->type == VALUE_STRING ? v->u.text : NULL;
}

/* Who did what, with what was done: pool, DAG/RUN, DAG/RUN/TASK=STATE. */
static int log_deed(struct call *c, const struct request *r)
{
	const char *dag_id = member(&c->answer, "dag_id");
	const char *run_id = r->run_id != NULL ? r->run_id : member(&c->answer, "run_id");
	const char *name;

	if (deeds[r->kind] == NULL)
		return 0;
	name = r->pool != NULL
		? r->pool
		: arena_printf(c->arena, "%s%s%s%s%s%s%s", dag_id == NULL ? "" : dag_id,
			  run_id == NULL ? "" : "/", run_id == NULL ? "" : run_id,
			  r->task_id == NULL ? "" : "/", r->task_id == NULL ? "" : r->task_id,
			  r->state == NULL ? "" : "=", r->state == NULL ? "" : r->state);
	if (name == NULL)
		return ERR_NOMEM;
	return journal_audit(c->requests->o.journal, r->actor, deeds[r->kind], name);
}

/* Whether a DAG may be there all the same: its file came, or was mended, this moment. A command
 * that does it itself has looked already. */
static bool is_worth_a_look(const struct call *c, const struct request *r)
{
	const struct bag_dag *d;

	if (c->has_looked || c->requests->o.is_offline || r->dag_id == NULL)
		return false;
	d = bag_find(c->requests->o.bag, r->dag_id);
	return d == NULL || d->version == 0 || d->is_retired || d->is_broken;
}

/* Keeps the request for when the folder has been looked at. */
static int look_first(struct call *c, const struct request *r, struct err *e)
{
	struct buf b;
	int status;

	buf_init(&b, 0);
	request_write(r, &b);
	status = buf_status(&b) != 0 ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
				     : request_parse(c->arena, b.data, b.len, &c->request, e);
	buf_free(&b);
	if (status == 0)
		c->look = bag_scan_now(c->requests->o.bag);
	return status;
}

/* Whether it can be done at all: what waits for the store would never be answered. */
static int check_may(const struct requests *q, const struct request *r, struct err *e)
{
	if (q->is_closing)
		return err_set(e, ERR_AGAIN, "the scheduler is stopping");
	if (r->kind != REQUEST_HEALTH && journal_has_stopped(q->o.journal))
		return err_set(e, ERR_UNAVAILABLE, "nothing was done: %s",
			journal_stall(q->o.journal)->text);
	return 0;
}

static void call_do(struct call *c, const struct request *r)
{
	struct requests *q = c->requests;
	struct err e;
	int status = check_may(q, r, &e);

	if (status == 0)
		status = handlers[r->kind](c, r, &e);
	if (status == ANSWER_LOOKED ||
		((status == ERR_NOTFOUND || status == ERR_ILLEGAL) && is_worth_a_look(c, r))) {
		status = look_first(c, r, &e);
		if (status == 0)
			return;
	}
	if (status == ANSWER_STORED) {
		status = log_deed(c, r);
		if (status == 0)
			status = conductor_when_stored(q->o.conductor, on_stored, c);
		if (status != 0)
			(void)err_set(&e, status, "%s", err_text(status));
	}
	if (status == ANSWER_NOW)
		call_end(c, NULL);
	else if (status < 0)
		call_end(c, &e);
}

static void on_looked(void *ctx, uint64_t number)
{
	struct requests *q = ctx;

	for (struct call *c = q->calls, *next; c != NULL; c = next) {
		next = c->next;
		if (c->look == 0 || c->look > number)
			continue;
		c->look = 0;
		c->has_looked = true;
		call_do(c, &c->request);
	}
}

void requests_do(struct requests *q, const struct request *r, requests_answer *on_answer, void *ctx)
{
	struct call *c = call_create(q, on_answer, ctx);
	struct err e;

	if (c != NULL) {
		call_do(c, r);
		return;
	}
	(void)err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	on_answer(ctx, NULL, &e);
}

/* ---- life ---- */

int requests_create(const struct requests_options *o, struct requests **out, struct err *e)
{
	struct requests *q = calloc(1, sizeof(*q));

	if (q == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	q->o = *o;
	q->since = clock_wall_ms();
	q->looking = (struct bag_observer){.ctx = q, .on_looked = on_looked};
	bag_observe(o->bag, &q->looking);
	*out = q;
	return 0;
}

struct conductor *requests_conductor(const struct requests *q)
{
	return q->o.conductor;
}

void requests_destroy(struct requests *q)
{
	struct err e;

	if (q == NULL)
		return;
	(void)err_set(&e, ERR_UNAVAILABLE,
		"the scheduler stopped before this was stored; whether it was done can be seen "
		"when "
		"it runs again");
	q->is_closing = true;
	bag_unobserve(q->o.bag, &q->looking);
	while (q->calls != NULL)
		call_end(q->calls, &e);
	free(q);
}

/* N.B. what those who are answered ask next is refused at once, by check_may(). */
void requests_give_up(struct requests *q, const struct err *why)
{
	struct err e;

	(void)err_set(&e, ERR_UNAVAILABLE, "nothing of this was stored: %s", why->text);
	while (q->calls != NULL)
		call_end(q->calls, &e);
}

/* ---- health ---- */

static int64_t runs_count(const struct conductor *c)
{
	int64_t n = 0;

	for (const struct runner *r = conductor_run_first(c); r != NULL; r = conductor_run_next(r))
		n += run_state_is_over(runner_state(r)) ? 0 : 1;
	return n;
}

static int64_t dags_count(const struct bag *b)
{
	const struct bag_dag *d;
	size_t at = 0;
	int64_t n = 0;

	while ((d = bag_next(b, &at)) != NULL)
		n += d->is_retired ? 0 : 1;
	return n;
}

int requests_health(struct call *c, const struct request *r, struct err *e)
{
	struct requests *q = c->requests;
	const struct err *stall = journal_stall(q->o.journal);
	struct fields f = {.arena = c->arena};
	int status;

	(void)r;
	fields_int(&f, "pid", getpid());
	fields_time(&f, "since", q->since);
	fields_int(&f, "dags", dags_count(q->o.bag));
	fields_int(&f, "runs", runs_count(q->o.conductor));
	fields_time(&f, "last_commit", journal_last_at(q->o.journal));
	fields_bool(&f, "is_stalled", stall != NULL);
	fields_text(&f, "stall_reason", stall == NULL ? NULL : stall->text);
	status = fields_end(&f, &c->answer, e);
	return status == 0 ? ANSWER_NOW : status;
}
