/*
 * Timetables: what `schedule:` means, and which run is due next. Instants are milliseconds.
 *
 * A run covers a data interval, from one fire time to the next, and is due at the interval's end;
 * its logical date is the interval's start. The timetable remembers nothing: the caller says which
 * interval was created last, and so none is created twice, whatever the clock does.
 */
#ifndef ENGINE_TIMETABLE_H
#define ENGINE_TIMETABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/instant.h"
#include "engine/zone.h"

#define TIMETABLE_LINES_MAX 100 /* cron lines of one schedule */
#define TIMETABLE_EVERY_MIN_MS 1000 /* shortest `every` */

struct arena;
struct err;

enum timetable_kind {
	TIMETABLE_NONE, /* by hand only */
	TIMETABLE_ONCE,
	TIMETABLE_CONTINUOUS,
	TIMETABLE_EVERY,
	TIMETABLE_CRON,
};

struct timetable;

struct timetable_bounds {
	const struct zone *zone;
	int64_t start, end; /* INSTANT_NONE where there is none; end is inclusive */
	bool catchup;
};

/* Makes a timetable in the arena of n lines (0: by hand only). `every`, `@once` and `@continuous`
 * stand alone; cron lines may be several. ERR_INVALID with a sentence; *bad is the line that is
 * wrong. */
int timetable_create(struct arena *a, const char *const *lines, size_t n,
	const struct timetable_bounds *bounds, struct timetable **out, size_t *bad, struct err *e);

/* A copy that needs no arena: one block, to be freed by free(). Its zone must outlive it. NULL: no
 * memory. */
struct timetable *timetable_copy(const struct timetable *t);

enum timetable_kind timetable_kind(const struct timetable *t);

/* The first fire time after `after`, the last before `before`; INSTANT_NONE where there is none.
 * `anchor` is where an `every` without start is counted from. Start and end bound both. */
int64_t timetable_next(const struct timetable *t, int64_t anchor, int64_t after);
int64_t timetable_prev(const struct timetable *t, int64_t anchor, int64_t before);

/* What the caller knows of a DAG's past. */
struct timetable_state {
	int64_t first_seen; /* when the DAG was first loaded */
	int64_t last_start,
		last_end; /* the last interval that was created; INSTANT_NONE: none yet */
	int64_t now;
};

struct timetable_run {
	int64_t logical_date, interval_start, interval_end;
	int64_t due; /* when it may start; at or before now: at once */
};

/* The next scheduled run that is to be created. False where none ever will be. With catchup every
 * missed interval comes in order; without it only the latest. A DAG without start_date begins with
 * the first fire time after it was first seen. */
bool timetable_next_run(
	const struct timetable *t, const struct timetable_state *state, struct timetable_run *out);

/* The data interval of a run by hand at a moment: the last one that is complete by then, wherever
 * the DAG begins and ends, as in Airflow; of an `every`, the time of one before the moment. Where
 * there is none, it has no length and lies at the moment. */
void timetable_manual_interval(const struct timetable *t, int64_t at, int64_t *start, int64_t *end);

#endif
