/* A timerfd of the real-time clock, which is told where that clock is set. */
#include "scheduler/wall_timer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "engine/err.h"

struct wall_timer {
	uv_poll_t poll;
	int fd;
	void (*on_time)(void *ctx);
	void *ctx;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct wall_timer *t = poll->data;
	uint64_t n;

	(void)status;
	(void)events;
	/* ECANCELED: the clock was set, and all that is due may be another now. */
	if (read(t->fd, &n, sizeof(n)) < 0 && errno == EAGAIN)
		return;
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
	t->fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (t->fd < 0 || uv_poll_init(loop, &t->poll, t->fd) != 0) {
		int error = errno;

		if (t->fd >= 0)
			(void)close(t->fd);
		free(t);
		return err_set(e, ERR_IO, "no timer can be had: %s", strerror(error));
	}
	t->poll.data = t;
	(void)uv_poll_start(&t->poll, UV_READABLE, on_readable);
	*out = t;
	return 0;
}

void wall_timer_set(struct wall_timer *t, int64_t at)
{
	struct itimerspec spec = {0};

	/* N.B. a time of nothing would stop it. */
	if (at <= 0)
		at = 1;
	if (at != INT64_MAX) {
		spec.it_value.tv_sec = (time_t)(at / 1000);
		spec.it_value.tv_nsec = (long)(at % 1000) * 1000000;
	}
	(void)timerfd_settime(t->fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &spec, NULL);
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct wall_timer *t = handle->data;

	(void)close(t->fd);
	if (t->on_closed != NULL)
		t->on_closed(t->closed_ctx);
	free(t);
}

void wall_timer_close(struct wall_timer *t, void (*on_closed)(void *ctx), void *ctx)
{
	t->on_closed = on_closed;
	t->closed_ctx = ctx;
	uv_close((uv_handle_t *)&t->poll, on_poll_closed);
}
