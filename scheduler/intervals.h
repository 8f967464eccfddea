/* The data intervals of a schedule, for whoever makes runs of them by hand. */
#ifndef SCHEDULER_INTERVALS_H
#define SCHEDULER_INTERVALS_H

#include <stddef.h>
#include <stdint.h>

#include "engine/timetable.h"

#define INTERVALS_MAX 100000 /* of one backfill */

struct arena;
struct err;

/* The intervals of a timetable whose start lies in from .. to, in order, in the arena: what a
 * backfill makes runs of. first_seen: where an `every` without start is counted from. ERR_INVALID:
 * the DAG has no schedule with intervals; ERR_LIMIT, ERR_NOMEM. */
int intervals_list(const struct timetable *t, int64_t first_seen, int64_t from, int64_t to,
	struct arena *a, struct timetable_run **out, size_t *n, struct err *e);

#endif
