/* The data intervals of a schedule, for whoever makes runs of them by hand. */
#ifndef SCHEDULER_INTERVALS_H
#define SCHEDULER_INTERVALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/timetable.h"

#define INTERVALS_MAX 100000 /* of one backfill */

struct arena;
struct err;

struct interval_span {
	int64_t from, to; /* where an interval may begin */
	int64_t now; /* and by when it has ended */
};

struct interval_list {
	struct timetable_run *runs;
	size_t n;
	bool is_cut_short; /* some were left out that are not over yet */
};

/* The intervals of a timetable that lie in the span, in order, in the arena: what a backfill makes
 * runs of. first_seen: where an `every` without start is counted from. ERR_INVALID: the DAG has no
 * schedule with intervals; ERR_LIMIT, ERR_NOMEM. */
int intervals_list(const struct timetable *t, int64_t first_seen, const struct interval_span *span,
	struct arena *a, struct interval_list *out, struct err *e);

#endif
