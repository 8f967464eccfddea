/*
 * The journal: a thread that writes. The loop's thread gathers a batch in an arena of its own and
 * hands it over; the other takes all that wait, writes them in one transaction, and hands them back
 * for their callbacks. Between the two threads stand a mutex, two lists and a few flags.
 */
#include "store/journal.h"

#include <stdlib.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "store/clock.h"
#include "store/journal_entry.h"
#include "store/store.h"
#include "store/store_impl.h"

/* A batch on its way. */
struct batch {
	struct arena *arena; /* holds all entries */
	struct journal_entry *first, **last;
	void (*on_committed)(void *ctx);
	void *ctx;
	struct batch *next;
};

struct queue {
	struct batch *first, **last;
	size_t n;
};

struct journal {
	struct journal_options o;
	struct store *store; /* the thread's */
	uv_thread_t thread;
	uv_async_t async;
	struct batch *open; /* is being gathered; NULL: nothing was added yet */
	size_t n_waiting; /* handed over and not called back */
	uint64_t last_ns;
	int64_t last_at;
	int (*complete)(void *ctx);
	void *complete_ctx;
	struct err told; /* that writing has stopped; code 0: it has not */
	void (*on_closed)(void *ctx);
	void *closed_ctx;

	uv_mutex_t mutex; /* guards what follows */
	uv_cond_t cond;
	struct queue waiting, written;
	struct err why; /* it has stalled */
	struct err damage; /* that the loop's store has met; code 0: none */
	uint64_t took_ns;
	bool is_stalled, is_closing, has_ended;
};

/* ---- batches ---- */

static void queue_init(struct queue *q)
{
	*q = (struct queue){.first = NULL, .last = &q->first};
}

static void queue_add(struct queue *q, struct batch *b)
{
	b->next = NULL;
	*q->last = b;
	q->last = &b->next;
	q->n++;
}

static struct batch *queue_take_all(struct queue *q)
{
	struct batch *all = q->first;

	queue_init(q);
	return all;
}

static void batch_free(struct batch *b)
{
	arena_destroy(b->arena);
	free(b);
}

static void batches_free(struct batch *b)
{
	while (b != NULL) {
		struct batch *next = b->next;

		batch_free(b);
		b = next;
	}
}

static struct batch *batch_open(struct journal *j)
{
	struct batch *b = j->open;

	if (b != NULL)
		return b;
	b = calloc(1, sizeof(*b));
	if (b == NULL)
		return NULL;
	b->arena = arena_create(0);
	if (b->arena == NULL) {
		free(b);
		return NULL;
	}
	b->last = &b->first;
	j->open = b;
	return b;
}

int journal_add(struct journal *j, const struct journal_entry *entry)
{
	struct batch *b = batch_open(j);
	struct journal_entry *copy = b == NULL ? NULL : journal_entry_copy(b->arena, entry);

	if (copy == NULL)
		return ERR_NOMEM;
	*b->last = copy;
	b->last = &copy->next;
	return 0;
}

int journal_commit(struct journal *j, void (*on_committed)(void *ctx), void *ctx)
{
	int r = j->complete == NULL ? 0 : j->complete(j->complete_ctx);
	struct batch *b = r == 0 ? batch_open(j) : NULL;

	if (b == NULL)
		return r == 0 ? ERR_NOMEM : r;
	b->on_committed = on_committed;
	b->ctx = ctx;
	j->open = NULL;
	j->n_waiting++;
	uv_mutex_lock(&j->mutex);
	if (j->o.reader != NULL && store_damage(j->o.reader) != NULL)
		j->damage = *store_damage(j->o.reader);
	queue_add(&j->waiting, b);
	uv_cond_signal(&j->cond);
	uv_mutex_unlock(&j->mutex);
	return 0;
}

void journal_complete_by(struct journal *j, int (*complete)(void *ctx), void *ctx)
{
	j->complete = complete;
	j->complete_ctx = ctx;
}

void journal_forget(struct journal *j)
{
	if (j->open != NULL)
		batch_free(j->open);
	j->open = NULL;
}

/* The run that a change is of; 0: of none. */
static uint64_t run_of(const struct journal_entry *entry)
{
	switch (entry->kind) {
	case JOURNAL_RUN:
		return entry->u.run.number;
	case JOURNAL_TASK:
		return entry->u.task.run;
	case JOURNAL_TRY:
		return entry->u.try.run;
	case JOURNAL_CALLBACK:
		return entry->u.callback.run;
	default:
		return 0;
	}
}

void journal_forget_run(struct journal *j, uint64_t run, bool is_new)
{
	struct journal_entry **at;

	if (j->open == NULL || run == 0)
		return;
	for (at = &j->open->first; *at != NULL;) {
		bool is_kept = run_of(*at) != run || is_new;

		is_new = is_new && run_of(*at) != run;
		if (is_kept)
			at = &(*at)->next;
		else
			*at = (*at)->next;
	}
	j->open->last = at;
}

size_t journal_waiting(const struct journal *j)
{
	return j->n_waiting;
}

const struct err *journal_stall(const struct journal *j)
{
	return j->told.code == 0 ? NULL : &j->told;
}

/* N.B. ERR_EXISTS: a change breaks a rule of the tables, which is a fault of ours, and would again.
 */
bool journal_error_is_final(const struct err *e)
{
	return e->code == ERR_CORRUPT || e->code == ERR_EXISTS;
}

bool journal_has_stopped(const struct journal *j)
{
	return journal_error_is_final(&j->told);
}

int64_t journal_last_at(const struct journal *j)
{
	return j->last_at;
}

uint64_t journal_last_ns(const struct journal *j)
{
	return j->last_ns;
}

/* ---- the writer's thread ---- */

/* Whether the loop has found the store sound so far. */
static int check_sound(struct journal *j, struct err *e)
{
	int r;

	uv_mutex_lock(&j->mutex);
	r = j->damage.code;
	if (r != 0)
		*e = j->damage;
	uv_mutex_unlock(&j->mutex);
	return r;
}

/* Writes these batches, all or none. */
static int write_all(struct journal *j, const struct batch *b, struct err *e)
{
	int r = check_sound(j, e);

	if (r == 0 && j->o.is_lasting)
		r = store_room_check(j->store, e);
	if (r == 0)
		r = store_begin(j->store, e);
	if (r != 0)
		return r;
	for (; b != NULL && r == 0; b = b->next)
		for (const struct journal_entry *n = b->first; n != NULL && r == 0; n = n->next)
			r = journal_entry_write(j->store, n, e);
	if (r == 0)
		return store_commit(j->store, e);
	if (r == ERR_EXISTS)
		(void)err_context(e,
			"a change breaks a rule of the store's tables, by a fault of "
			"windrow's; the next scheduler goes on with what is stored");
	store_rollback(j->store);
	return r;
}

/* Says how it went. False: nobody waits for what could not be written any more. */
static bool tell(struct journal *j, int status, const struct err *e, uint64_t took_ns)
{
	bool goes_on;

	uv_mutex_lock(&j->mutex);
	j->is_stalled = status != 0;
	j->took_ns = took_ns;
	if (status != 0)
		j->why = *e;
	(void)uv_async_send(&j->async);
	while (status != 0 && !j->is_closing && journal_error_is_final(e))
		uv_cond_wait(&j->cond, &j->mutex);
	if (status != 0 && !j->is_closing)
		(void)uv_cond_timedwait(
			&j->cond, &j->mutex, (uint64_t)JOURNAL_RETRY_MS * 1000 * 1000);
	goes_on = status == 0 || !j->is_closing;
	uv_mutex_unlock(&j->mutex);
	return goes_on;
}

/* Writes these batches, however long that takes. False: they are given up, as the journal is
 * closing. */
static bool write_surely(struct journal *j, struct batch *all)
{
	bool goes_on = true;
	int r = ERR_IO;
	struct err e;

	while (r != 0 && goes_on) {
		uint64_t from = uv_hrtime();

		r = write_all(j, all, &e);
		goes_on = tell(j, r, &e, uv_hrtime() - from);
	}
	uv_mutex_lock(&j->mutex);
	while (r == 0 && all != NULL) {
		struct batch *next = all->next;

		queue_add(&j->written, all);
		all = next;
	}
	(void)uv_async_send(&j->async);
	uv_mutex_unlock(&j->mutex);
	batches_free(all);
	return r == 0;
}

/* N.B. what comes behind a batch that was given up is given up too: it would be half of the truth.
 */
static void writer(void *ctx)
{
	struct journal *j = ctx;
	struct batch *all;
	bool is_over = false, is_given_up = false;

	if (j->o.is_lasting)
		store_reserve(j->store);
	while (!is_over) {
		uv_mutex_lock(&j->mutex);
		while (j->waiting.n == 0 && !j->is_closing)
			uv_cond_wait(&j->cond, &j->mutex);
		all = queue_take_all(&j->waiting);
		is_over = all == NULL;
		uv_mutex_unlock(&j->mutex);
		if (is_given_up)
			batches_free(all);
		else if (all != NULL)
			is_given_up = !write_surely(j, all);
	}
	uv_mutex_lock(&j->mutex);
	j->has_ended = true;
	(void)uv_async_send(&j->async);
	uv_mutex_unlock(&j->mutex);
}

/* ---- the loop's thread ---- */

static void on_async_closed(uv_handle_t *handle)
{
	struct journal *j = handle->data;
	void (*on_closed)(void *ctx) = j->on_closed;
	void *ctx = j->closed_ctx;

	store_close(j->store);
	uv_cond_destroy(&j->cond);
	uv_mutex_destroy(&j->mutex);
	free(j);
	if (on_closed != NULL)
		on_closed(ctx);
}

/* why has code 0 where writing has not stopped. N.B. a stall is told once, whatever hinders it
 * next, but for what it turns out to be for good. */
static void tell_stall(struct journal *j, const struct err *why)
{
	bool was_stalled = j->told.code != 0, was_final = journal_error_is_final(&j->told);

	if (why->code == 0) {
		j->told.code = 0;
		if (was_stalled && j->o.on_flow != NULL)
			j->o.on_flow(j->o.ctx);
		return;
	}
	j->told = *why;
	if ((!was_stalled || (journal_error_is_final(why) && !was_final)) && j->o.on_stall != NULL)
		j->o.on_stall(j->o.ctx, why);
}

static void on_async(uv_async_t *async)
{
	struct journal *j = async->data;
	struct batch *written;
	struct err why;
	bool has_ended;

	why.code = 0;
	uv_mutex_lock(&j->mutex);
	written = queue_take_all(&j->written);
	has_ended = j->has_ended;
	j->last_ns = j->took_ns;
	if (j->is_stalled)
		why = j->why;
	uv_mutex_unlock(&j->mutex);
	if (written != NULL)
		j->last_at = clock_wall_ms();
	while (written != NULL) {
		struct batch *b = written;

		written = b->next;
		j->n_waiting--;
		if (b->on_committed != NULL)
			b->on_committed(b->ctx);
		batch_free(b);
	}
	/* N.B. behind them: nobody is called back once it is told that writing has stopped for
	 * good. */
	tell_stall(j, &why);
	if (has_ended && !uv_is_closing((uv_handle_t *)async)) {
		(void)uv_thread_join(&j->thread);
		uv_close((uv_handle_t *)async, on_async_closed);
	}
}

/* What the thread needs; all of it or none. */
static bool tools_init(struct journal *j)
{
	if (uv_mutex_init(&j->mutex) != 0)
		return false;
	if (uv_cond_init(&j->cond) == 0) {
		if (uv_async_init(j->o.loop, &j->async, on_async) == 0)
			return true;
		uv_cond_destroy(&j->cond);
	}
	uv_mutex_destroy(&j->mutex);
	return false;
}

int journal_open(const struct journal_options *o, struct journal **out, struct err *e)
{
	struct journal *j = calloc(1, sizeof(*j));
	int r;

	if (j == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	j->o = *o;
	j->last_at = INSTANT_NONE;
	queue_init(&j->waiting);
	queue_init(&j->written);
	r = store_open(o->store, &j->store, e);
	if (r == 0 && !tools_init(j)) {
		store_close(j->store);
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	if (r != 0) {
		free(j);
		return r;
	}
	j->async.data = j;
	if (uv_thread_create(&j->thread, writer, j) != 0) {
		uv_close((uv_handle_t *)&j->async, on_async_closed);
		return err_set(e, ERR_NOMEM, "cannot start the thread that writes the store");
	}
	*out = j;
	return 0;
}

void journal_close(struct journal *j, void (*on_closed)(void *ctx), void *ctx)
{
	j->on_closed = on_closed;
	j->closed_ctx = ctx;
	journal_forget(j);
	uv_mutex_lock(&j->mutex);
	j->is_closing = true;
	uv_cond_signal(&j->cond);
	uv_mutex_unlock(&j->mutex);
}
