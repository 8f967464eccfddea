/*
 * Deeds: what waits until the batch in which it was decided is on disk. They are done in the order
 * in which they were decided.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "scheduler/callbacks.h"
#include "scheduler/conductor_impl.h"

static void tell_task(struct conductor *c, const struct deed *d)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_task != NULL)
			o->on_task(o->ctx, d->runner, &d->task);
	}
}

static void tell_run(struct conductor *c, const struct deed *d)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_run != NULL)
			o->on_run(o->ctx, d->runner, &d->run);
	}
}

/* The run is over; that is told at the turn's end, when nothing of it runs. */
static void finish(struct conductor *c, struct runner *r)
{
	if (r->is_finished)
		return;
	r->is_finished = true;
	r->next_finished = c->finished;
	c->finished = r;
	runner_hold(r);
}

/* What is left undone is taken up by the next conductor. */
static void reach_out(const struct conductor *c, const struct deed *d)
{
	if (c->is_draining || c->o.is_offline)
		return;
	if (d->kind == DEED_START)
		runner_try_start(d->runner, &d->action);
	else
		runner_try_kill(d->runner, &d->action);
}

static void perform(struct conductor *c, const struct deed *d)
{
	if (d->kind == DEED_CALL) {
		d->call.on_stored(d->call.ctx);
		return;
	}
	if (d->kind == DEED_CALLBACK && !c->is_closing)
		callback_start(d->callback);
	if (d->runner->is_broken || c->is_closing)
		return;
	switch (d->kind) {
	case DEED_START:
	case DEED_KILL:
		reach_out(c, d);
		break;
	case DEED_TELL_TASK:
		tell_task(c, d);
		break;
	case DEED_TELL_RUN:
		tell_run(c, d);
		break;
	case DEED_FINISH:
		finish(c, d->runner);
		break;
	case DEED_CALLBACK:
	case DEED_CALL:
		break;
	}
}

/* ---- batches ---- */

static int texts_copy(struct batch *b, struct runner_change *t)
{
	if (b->texts == NULL)
		b->texts = arena_create(0);
	if (b->texts == NULL)
		return ERR_NOMEM;
	if (*t->message != '\0')
		t->message = arena_strdup(b->texts, t->message);
	if (*t->log_path != '\0')
		t->log_path = arena_strdup(b->texts, t->log_path);
	return t->message == NULL || t->log_path == NULL ? ERR_NOMEM : 0;
}

int batch_add(struct batch *b, const struct deed *d)
{
	size_t cap = b->cap == 0 ? 64 : b->cap * 2;
	struct deed *list;

	if (b->n == b->cap) {
		list = realloc(b->list, cap * sizeof(*list));
		if (list == NULL)
			return ERR_NOMEM;
		b->list = list;
		b->cap = cap;
	}
	b->list[b->n] = *d;
	if (d->kind == DEED_TELL_TASK && texts_copy(b, &b->list[b->n].task) != 0)
		return ERR_NOMEM;
	if (d->kind != DEED_TELL_TASK && d->kind != DEED_TELL_RUN)
		b->is_urgent = true;
	if (d->runner != NULL)
		runner_hold(d->runner);
	b->n++;
	return 0;
}

void conductor_deed(struct conductor *c, const struct deed *d)
{
	if (c->o.journal == NULL)
		perform(c, d);
	else if (batch_add(&c->batch, d) != 0)
		conductor_fail(c, ERR_NOMEM, err_text(ERR_NOMEM));
}

void batch_perform(struct conductor *c, struct batch *b)
{
	for (size_t i = 0; i < b->n; i++) {
		perform(c, &b->list[i]);
		if (b->list[i].runner != NULL)
			runner_unhold(b->list[i].runner);
	}
	b->n = 0;
	b->is_urgent = false;
	arena_destroy(b->texts);
	b->texts = NULL;
}

void batch_free(struct batch *b)
{
	arena_destroy(b->texts);
	free(b->list);
}
