/*
 * The conductor's turn and its life. A turn is taken before the loop waits again, if something has
 * come. Callbacks only record what came.
 *
 * Invariants: a runner with events is in the list of ready ones, and a turn leaves that list empty
 * unless a batch is being written. What a turn has decided is done only once it is stored.
 */
#include "scheduler/conductor.h"

#include <stdlib.h>

#include "engine/dag.h"
#include "engine/strmap.h"
#include "scheduler/callbacks.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/wall_timer.h"
#include "store/clock.h"
#include "store/journal.h"

void conductor_fail(struct conductor *c, int code, const char *text)
{
	if (!c->is_broken)
		(void)err_set(&c->broken, code, "%s", text);
	c->is_broken = true;
}

/* ---- the turn ---- */

static void collect(struct conductor *c)
{
	int64_t now = clock_wall_ms();
	struct run_event ev;
	struct cell *cell;

	while ((cell = timers_due(&c->timers, now, &ev)) != NULL)
		runner_record(cell->runner, &ev);
	c->is_timer_due = false;
}

static void grant(struct conductor *c)
{
	struct dispatch_key key;
	enum dispatch_answer answer;

	c->is_grant_due = false;
	if (c->is_draining || c->o.is_offline)
		return;
	while ((answer = dispatch_next(c->dispatch, &key)) != DISPATCH_NOTHING) {
		struct run_event ev =
			runner_event(answer == DISPATCH_GRANTED ? RUN_EV_CAPACITY : RUN_EV_REFUSED,
				key.task, key.instance, 0);

		runner_record(c->seats[key.run], &ev);
	}
}

static struct runner *ready_take(struct conductor *c)
{
	struct runner *r = c->ready;

	if (r == NULL)
		return NULL;
	c->ready = r->next_ready;
	if (c->ready == NULL)
		c->last_ready = NULL;
	r->is_ready = false;
	return r;
}

/* Steps until no event is left. */
static void step(struct conductor *c)
{
	struct runner *r;

	do {
		while ((r = ready_take(c)) != NULL) {
			runner_step(r);
			if (r->is_broken) /* it could not while it was ready */
				runner_leave(r);
		}
		grant(c);
	} while (c->ready != NULL);
}

static void on_time(void *ctx)
{
	struct conductor *c = ctx;

	c->is_timer_due = true;
	c->armed_at = INT64_MAX;
}

static void timers_arm(struct conductor *c)
{
	int64_t at = c->o.is_offline ? INT64_MAX : timers_next(&c->timers);

	if (at == c->armed_at || c->is_closing)
		return;
	c->armed_at = at;
	wall_timer_set(c->timer, at);
}

static void tell_broken(struct conductor *c, struct runner *r, const struct err *e)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_broken != NULL)
			o->on_broken(o->ctx, r, e);
	}
}

/* N.B. without a journal nobody else would ever do what its callbacks are. */
static bool is_still_at_work(const struct conductor *c, const struct runner *r)
{
	return r->n_running > 0 || (r->n_calls > 0 && c->o.journal == NULL);
}

/* Tells of runs that are over and of which nothing is left. */
static void tell_finished(struct conductor *c)
{
	struct runner *list = c->finished, *r;
	struct conductor_observer *next;

	c->finished = NULL;
	while ((r = list) != NULL) {
		list = r->next_finished;
		if (is_still_at_work(c, r) && !r->is_broken && run_state_is_over(runner_state(r))) {
			r->next_finished = c->finished;
			c->finished = r;
			continue;
		}
		r->is_finished = false;
		if (!r->is_broken && run_state_is_over(runner_state(r))) {
			r->is_told = true;
			for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
				next = o->next;
				if (o->on_finished != NULL)
					o->on_finished(o->ctx, r, runner_state(r));
			}
		}
		runner_unhold(r);
	}
}

static bool may_leave(const struct runner *r)
{
	if (r->n_holds > 0 || r->is_ready)
		return false;
	if (r->is_broken)
		return r->is_broken_told;
	return r->is_told && r->n_keeps == 0 && run_state_is_over(runner_state(r));
}

/* Lets go of what ran of a broken run, and tells. */
static void give_up(struct conductor *c, struct runner *r)
{
	if (r->is_broken_told)
		return;
	r->is_broken_told = true;
	if (c->o.dies_with_engine)
		cells_kill_all(r->cells, OP_KILL_CANCEL, c->o.kill_grace_ms);
	tell_broken(c, r, &r->broken);
	cells_close_all(r->cells);
}

static void leave(struct conductor *c)
{
	struct runner *list = c->leaving, *r;

	c->leaving = NULL;
	while ((r = list) != NULL) {
		list = r->next_leaving;
		r->is_leaving = false;
		if (r->is_broken)
			give_up(c, r);
		if (may_leave(r)) {
			conductor_unseat(c, r);
			runner_free(r);
		}
	}
}

static void turn(struct conductor *c)
{
	collect(c);
	if (!c->is_writing)
		step(c);
	conductor_logs_close(c);
	conductor_store(c);
	tell_finished(c);
	leave(c);
	timers_arm(c);
	if (c->is_broken) {
		(void)uv_prepare_stop(&c->prepare);
		tell_broken(c, NULL, &c->broken);
	}
}

static bool has_work(const struct conductor *c)
{
	if (c->is_timer_due || c->finished != NULL || c->leaving != NULL || c->is_broken)
		return true;
	return !c->is_writing &&
		(c->ready != NULL || c->is_grant_due || c->is_store_due || c->changed != NULL ||
			c->batch.n > 0 || c->calls.n > 0);
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct conductor *c = prepare->data;

	if (has_work(c))
		turn(c);
}

/* ---- life ---- */

int conductor_create(const struct conductor_options *o, struct conductor **out, struct err *e)
{
	struct conductor *c = calloc(1, sizeof(*c));
	int status;

	if (c != NULL) {
		c->o = *o;
		c->next_number = o->first_run_number;
		c->n_batches = 1;
		c->armed_at = INT64_MAX;
		c->dispatch = dispatch_create();
		c->pools = strmap_create(16);
		c->callbacks = callbacks_create(c);
	}
	status = c == NULL || c->dispatch == NULL || c->pools == NULL || c->callbacks == NULL
		? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
		: wall_timer_open(o->loop, on_time, c, &c->timer, e);
	if (status != 0) {
		if (c != NULL) {
			free(c->callbacks);
			dispatch_destroy(c->dispatch);
			strmap_destroy(c->pools);
		}
		free(c);
		return status;
	}
	(void)uv_prepare_init(o->loop, &c->prepare);
	(void)uv_timer_init(o->loop, &c->log_timer);
	(void)uv_timer_init(o->loop, &c->hold_timer);
	c->prepare.data = c->log_timer.data = c->hold_timer.data = c;
	c->handles = 4;
	(void)uv_prepare_start(&c->prepare, on_prepare);
	if (o->journal != NULL)
		journal_complete_by(o->journal, conductor_complete, c);
	*out = c;
	return 0;
}

void conductor_observe(struct conductor *c, struct conductor_observer *o)
{
	struct conductor_observer **at = &c->observers;

	while (*at != NULL)
		at = &(*at)->next;
	o->next = NULL;
	*at = o;
}

void conductor_unobserve(struct conductor *c, struct conductor_observer *o)
{
	struct conductor_observer **at = &c->observers;

	while (*at != NULL && *at != o)
		at = &(*at)->next;
	if (*at != NULL)
		*at = o->next;
}

static void conductor_free(struct conductor *c)
{
	struct runner *next;

	batch_free(&c->batch);
	batch_free(&c->written);
	batch_free(&c->calls);
	for (size_t i = 0; i < c->n_ended; i++)
		(void)try_close(c->ended[i].try, NULL);
	free(c->ended);
	for (struct runner *r = c->first; r != NULL; r = next) {
		next = r->next;
		runner_free(r);
	}
	conductor_books_free(c);
	dispatch_destroy(c->dispatch);
	strmap_destroy(c->pools);
	timers_free(&c->timers);
	run_actions_free(&c->actions);
	free(c);
}

void conductor_handle_closed(struct conductor *c)
{
	void (*closed)(void *ctx) = c->on_closed;
	void *ctx = c->closed_ctx;

	if (--c->handles > 0)
		return;
	conductor_free(c);
	if (closed != NULL)
		closed(ctx);
}

static void on_closed(uv_handle_t *handle)
{
	conductor_handle_closed(handle->data);
}

static void on_part_closed(void *ctx)
{
	conductor_handle_closed(ctx);
}

void conductor_close(struct conductor *c, void (*closed)(void *ctx), void *ctx)
{
	if (c == NULL || c->is_closing)
		return;
	c->is_closing = true;
	c->on_closed = closed;
	c->closed_ctx = ctx;
	if (c->is_writing && !journal_has_stopped(c->o.journal))
		c->handles++; /* the commit's callback */
	if (c->o.journal != NULL) {
		journal_complete_by(c->o.journal, NULL, NULL);
		if (c->is_broken || c->changed != NULL)
			journal_forget(c->o.journal);
	}
	c->handles++;
	callbacks_close(c->callbacks, on_part_closed, c);
	for (struct runner *r = c->first; r != NULL; r = r->next)
		cells_close_all(r->cells);
	uv_close((uv_handle_t *)&c->prepare, on_closed);
	wall_timer_close(c->timer, on_part_closed, c);
	uv_close((uv_handle_t *)&c->log_timer, on_closed);
	uv_close((uv_handle_t *)&c->hold_timer, on_closed);
}

/* N.B. what the tries that are let go of have told until now is still stepped and stored. */
void conductor_drain(struct conductor *c, void (*on_drained)(void *ctx), void *ctx)
{
	c->is_draining = true;
	callbacks_abandon(c->callbacks);
	for (struct runner *r = c->first; r != NULL; r = r->next) {
		cells_close_all(r->cells);
		r->n_running = 0;
	}
	/* A broken one stores nothing more: what it knows is asked for again. */
	if (c->is_broken || conductor_when_stored(c, on_drained, ctx) != 0)
		on_drained(ctx);
}
