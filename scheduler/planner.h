/*
 * The planner: which run is made when. A heap of due times and one timer on the wall clock, which
 * hears of the clock being set; nothing happens while nothing is due.
 *
 * One interval makes one run: that it has been made is stored in the same batch as the run. Runs
 * that are queued start in the order in which they were made, as many at once as their DAG's
 * max_active_runs allows; those of a paused DAG wait.
 */
#ifndef SCHEDULER_PLANNER_H
#define SCHEDULER_PLANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/timetable.h"

struct arena;
struct bag;
struct bag_dag;
struct conductor;
struct err;
struct planner;

#define PLANNER_INTERVALS_MAX 100000 /* of one backfill */

struct planner_options {
	uv_loop_t *loop;
	struct bag *bag;
	struct conductor *conductor;
	int64_t (*now)(void); /* ms since the epoch; NULL: the system's clock */
};

/* Plans every DAG of the bag, and hears of changes of both. They must outlive it. ERR_NOMEM, ERR_IO
 * with a sentence. */
int planner_create(const struct planner_options *o, struct planner **out, struct err *e);

/* Makes no further runs and starts none. */
void planner_stop(struct planner *p);

/* Stops it; on_closed comes from the loop, and the planner is gone then. */
void planner_close(struct planner *p, void (*on_closed)(void *ctx), void *ctx);

/* The next scheduled run of a DAG. False: there will be none, as it is paused, retired, broken, or
 * has no schedule. */
bool planner_next(const struct planner *p, const struct bag_dag *d, struct timetable_run *out);

/* The intervals of a timetable whose start lies in from .. to, in order, in the arena: what a
 * backfill makes runs of. first_seen: where an `every` without start is counted from. ERR_INVALID:
 * the DAG has no schedule with intervals; ERR_LIMIT, ERR_NOMEM. */
int planner_intervals(const struct timetable *t, int64_t first_seen, int64_t from, int64_t to,
	struct arena *a, struct timetable_run **out, size_t *n, struct err *e);

#endif
