/*
 * One loop, of timers and prepare handles. A turn of it is one of libuv's: the timers that are due,
 * in the order of their times, what comes before it would wait, and what has been closed.
 *
 * N.B. the names are libuv's, which is not asked for anything; a wall timer is a timer here.
 */
#include "tests/sim/fake_loop.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

#include "engine/err.h"
#include "scheduler/execution_id.h"
#include "scheduler/wall_timer.h"

#define HANDLES_MAX 16
#define BEGINNING INT64_C(1700000000000) /* ms since 1970 */

static struct handle {
	uv_handle_t *uv; /* NULL: it is free */
	bool is_active;
	int64_t due;
	uint64_t set; /* when it was, among all timers */
	uv_timer_cb on_due; /* NULL: it is no timer, or never was one that was set */
	uv_prepare_cb on_prepare;
	uv_close_cb on_closed; /* it is closed */
} handles[HANDLES_MAX];

static int64_t now;
static uint64_t n_set, n_ids;

void fake_loop_begin(void)
{
	now = BEGINNING;
	n_set = n_ids = 0;
}

int64_t fake_loop_time(void)
{
	return now - BEGINNING;
}

void fake_loop_forward(uint32_t ms)
{
	now += ms;
}

/* ---- handles ---- */

static struct handle *handle_find(const void *uv)
{
	for (size_t i = 0; i < HANDLES_MAX; i++)
		if (handles[i].uv == uv)
			return &handles[i];
	abort();
}

static int handle_add(void *uv)
{
	*handle_find(NULL) = (struct handle){.uv = uv};
	return 0;
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	(void)loop;
	return handle_add(timer);
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb on_due, uint64_t timeout, uint64_t repeat)
{
	struct handle *h = handle_find(timer);

	if (repeat != 0 || h->on_closed != NULL)
		abort();
	h->is_active = true;
	h->due = now + (int64_t)timeout;
	h->set = ++n_set;
	h->on_due = on_due;
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	handle_find(timer)->is_active = false;
	return 0;
}

int uv_prepare_init(uv_loop_t *loop, uv_prepare_t *prepare)
{
	(void)loop;
	return handle_add(prepare);
}

int uv_prepare_start(uv_prepare_t *prepare, uv_prepare_cb on_prepare)
{
	struct handle *h = handle_find(prepare);

	h->is_active = true;
	h->on_prepare = on_prepare;
	return 0;
}

int uv_prepare_stop(uv_prepare_t *prepare)
{
	handle_find(prepare)->is_active = false;
	return 0;
}

int uv_is_active(const uv_handle_t *uv)
{
	return handle_find(uv)->is_active;
}

void uv_close(uv_handle_t *uv, uv_close_cb on_closed)
{
	struct handle *h = handle_find(uv);

	if (h->on_closed != NULL)
		abort();
	h->is_active = false;
	h->on_closed = on_closed;
}

/* ---- the loop ---- */

int uv_loop_init(uv_loop_t *loop)
{
	(void)loop;
	return 0;
}

int uv_loop_close(uv_loop_t *loop)
{
	(void)loop;
	for (size_t i = 0; i < HANDLES_MAX; i++)
		if (handles[i].uv != NULL)
			return UV_EBUSY;
	return 0;
}

/* The timer that is due first, of those that were set by then; NULL: none is set. */
static struct handle *timer_first(uint64_t set)
{
	struct handle *first = NULL;

	for (struct handle *h = handles; h < handles + HANDLES_MAX; h++)
		if (h->uv != NULL && h->is_active && h->on_due != NULL && h->set <= set &&
			(first == NULL || h->due < first->due ||
				(h->due == first->due && h->set < first->set)))
			first = h;
	return first;
}

bool fake_loop_skip(void)
{
	const struct handle *first = timer_first(UINT64_MAX);

	if (first != NULL && first->due > now)
		now = first->due;
	return first != NULL;
}

static void timers_run(void)
{
	uint64_t set = n_set;
	struct handle *h;

	while ((h = timer_first(set)) != NULL && h->due <= now) {
		h->is_active = false;
		h->on_due((uv_timer_t *)h->uv);
	}
}

int uv_run(uv_loop_t *loop, uv_run_mode mode)
{
	(void)loop;
	(void)mode;
	timers_run();
	for (struct handle *h = handles; h < handles + HANDLES_MAX; h++)
		if (h->uv != NULL && h->is_active && h->on_prepare != NULL)
			h->on_prepare((uv_prepare_t *)h->uv);
	for (struct handle *h = handles; h < handles + HANDLES_MAX; h++) {
		uv_handle_t *uv = h->uv;

		if (uv == NULL || h->on_closed == NULL)
			continue;
		h->uv = NULL;
		h->on_closed(uv);
	}
	return 0;
}

/* ---- the clock ---- */

/* N.B. the second is what the C library of a machine of 32 bits has for times beyond 2038. */
int __real_clock_gettime(clockid_t clock, struct timespec *t);
int __real___clock_gettime64(clockid_t clock, struct timespec *t) __attribute__((weak));
int __wrap_clock_gettime(clockid_t clock, struct timespec *t);
int __wrap___clock_gettime64(clockid_t clock, struct timespec *t)
	__attribute__((alias("__wrap_clock_gettime")));

int __wrap_clock_gettime(clockid_t clock, struct timespec *t)
{
	bool is_wide = sizeof(time_t) > sizeof(long);

	if (clock != CLOCK_REALTIME)
		return (is_wide ? __real___clock_gettime64 : __real_clock_gettime)(clock, t);
	*t = (struct timespec){
		.tv_sec = (time_t)(now / 1000), .tv_nsec = (long)(now % 1000) * 1000000};
	return 0;
}

struct wall_timer {
	uv_timer_t timer;
	void (*on_time)(void *ctx);
	void *ctx;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

static void on_wall_time(uv_timer_t *timer)
{
	struct wall_timer *t = timer->data;

	t->on_time(t->ctx);
}

int wall_timer_open(uv_loop_t *loop, void (*on_time)(void *ctx), void *ctx, struct wall_timer **out,
	struct err *e)
{
	struct wall_timer *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	t->on_time = on_time;
	t->ctx = ctx;
	(void)uv_timer_init(loop, &t->timer);
	t->timer.data = t;
	*out = t;
	return 0;
}

void wall_timer_set(struct wall_timer *t, int64_t at)
{
	if (at == INT64_MAX)
		(void)uv_timer_stop(&t->timer);
	else
		(void)uv_timer_start(
			&t->timer, on_wall_time, at > now ? (uint64_t)(at - now) : 0, 0);
}

static void on_wall_closed(uv_handle_t *handle)
{
	struct wall_timer *t = handle->data;

	if (t->on_closed != NULL)
		t->on_closed(t->closed_ctx);
	free(t);
}

void wall_timer_close(struct wall_timer *t, void (*on_closed)(void *ctx), void *ctx)
{
	t->on_closed = on_closed;
	t->closed_ctx = ctx;
	uv_close((uv_handle_t *)&t->timer, on_wall_closed);
}

/* ---- randomness ---- */

int execution_id_make(int64_t time, char id[EXECUTION_ID_SIZE])
{
	(void)snprintf(id, EXECUTION_ID_SIZE, "%012" PRIx64 "%020" PRIx64, (uint64_t)time, ++n_ids);
	return 0;
}
