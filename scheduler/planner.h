/*
 * The planner: which run is made when. A heap of due times and one timer on the wall clock, which
 * hears of the clock being set; nothing happens while nothing is due.
 *
 * One interval makes one run: that it was made is stored in the same batch as the run. Runs that
 * are queued start in the order in which they were made, as many at once as their DAG's
 * max_active_runs allows; those of a paused DAG wait. depends_on_past is answered here, too, as it
 * is a matter of several runs.
 */
#ifndef SCHEDULER_PLANNER_H
#define SCHEDULER_PLANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "operators/operator.h"

struct bag;
struct conductor;
struct err;
struct planner;
struct store;

struct planner_options {
	uv_loop_t *loop;
	struct bag *bag;
	struct conductor *conductor;
	struct store *store; /* to read, by the loop's thread; NULL: all runs are in memory */
	int64_t (*now)(void); /* ms since the epoch; NULL: the system's clock. With a clock of its
				 own the caller calls planner_tick() */
	void *ctx;
	/* Something that a person should know, for the daemon's log; may be NULL. */
	void (*on_note)(void *ctx, enum op_level level, const char *text);
};

/* Makes a planner, which hears of changes of the bag and the conductor: before the first is ready,
 * and before the second restores its runs. They must outlive it. Errors: ERR_NOMEM, ERR_IO with a
 * sentence. */
int planner_create(const struct planner_options *o, struct planner **out, struct err *e);

/* Makes no further runs, and starts none. */
void planner_stop(struct planner *p);

/* Frees it, while the bag and the conductor are still there; on_closed (may be NULL) comes from the
 * loop. */
void planner_close(struct planner *p, void (*on_closed)(void *ctx), void *ctx);

/* Makes what is due. The timer calls it. */
void planner_tick(struct planner *p);

#endif
