/* Intervals of a timetable, one behind the other. */
#include "scheduler/intervals.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

/* The interval whose start is the first at `at` or behind it. */
static bool interval_from(
	const struct timetable *t, int64_t first_seen, int64_t at, struct timetable_run *out)
{
	int64_t start = timetable_next(t, first_seen, at - 1);
	struct timetable_state state = {.first_seen = first_seen};

	if (start == INSTANT_NONE)
		return false;
	/* N.B. with a clock that stands before it, no interval is passed over. */
	state.last_start = state.last_end = state.now = start - 1;
	return timetable_next_run(t, &state, out);
}

int intervals_list(const struct timetable *t, int64_t first_seen, int64_t from, int64_t to,
	struct arena *a, struct timetable_run **out, size_t *n, struct err *e)
{
	enum timetable_kind kind = timetable_kind(t);
	struct timetable_run *list = NULL, *grown, run;
	size_t count = 0, cap = 0;
	int r = 0;

	if (kind != TIMETABLE_CRON && kind != TIMETABLE_EVERY)
		return err_set(e, ERR_INVALID,
			"its schedule has no intervals: it needs cron lines or `every`");
	while (r == 0 && interval_from(t, first_seen, from, &run) && run.interval_start <= to) {
		if (count == INTERVALS_MAX)
			r = err_set(
				e, ERR_LIMIT, "these are more than %d intervals", INTERVALS_MAX);
		if (r == 0 && count == cap) {
			cap = cap == 0 ? 64 : cap * 2;
			grown = reallocarray(list, cap, sizeof(*grown));
			if (grown == NULL)
				r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
			else
				list = grown;
		}
		if (r == 0)
			list[count++] = run;
		from = run.interval_start + 1;
	}
	if (r == 0) {
		*out = arena_array(a, count, sizeof(**out));
		if (*out == NULL)
			r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		else if (count > 0)
			memcpy(*out, list, count * sizeof(*list));
	}
	free(list);
	if (r == 0)
		*n = count;
	return r;
}
