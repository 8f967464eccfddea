/*
 * A timer on the wall clock: it goes off at a time of the day, however the clock was set and
 * however long the machine slept, and also whenever the clock was set.
 */
#ifndef SCHEDULER_WALL_TIMER_H
#define SCHEDULER_WALL_TIMER_H

#include <stdint.h>
#include <uv.h>

struct err;
struct wall_timer;

/* Makes a timer that is not set. on_time comes from the loop. ERR_NOMEM, ERR_IO. */
int wall_timer_open(uv_loop_t *loop, void (*on_time)(void *ctx), void *ctx, struct wall_timer **out,
	struct err *e);

/* Sets it to a time in ms since the epoch, one that is past: at once; INT64_MAX: never. */
void wall_timer_set(struct wall_timer *t, int64_t at);

/* Frees it; on_closed (may be NULL) comes from the loop. */
void wall_timer_close(struct wall_timer *t, void (*on_closed)(void *ctx), void *ctx);

#endif
