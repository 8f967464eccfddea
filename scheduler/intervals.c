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

/* Adds a run to the list, which grows on the heap. */
static int list_add(
	struct interval_list *list, size_t *cap, const struct timetable_run *run, struct err *e)
{
	struct timetable_run *grown;

	if (list->n == INTERVALS_MAX)
		return err_set(e, ERR_LIMIT, "these are more than %d intervals", INTERVALS_MAX);
	if (list->n == *cap) {
		*cap = *cap == 0 ? 64 : *cap * 2;
		grown = reallocarray(list->runs, *cap, sizeof(*grown));
		if (grown == NULL)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		list->runs = grown;
	}
	list->runs[list->n++] = *run;
	return 0;
}

int intervals_list(const struct timetable *t, int64_t first_seen, const struct interval_span *span,
	struct arena *a, struct interval_list *out, struct err *e)
{
	enum timetable_kind kind = timetable_kind(t);
	struct interval_list list = {0};
	struct timetable_run run, *kept;
	int64_t from = span->from;
	size_t cap = 0;
	int r = 0;

	if (kind != TIMETABLE_CRON && kind != TIMETABLE_EVERY)
		return err_set(e, ERR_INVALID,
			"its schedule has no intervals: it needs cron lines or `every`");
	while (r == 0 && !list.is_cut_short && interval_from(t, first_seen, from, &run) &&
		run.interval_start <= span->to) {
		list.is_cut_short = run.interval_end > span->now;
		if (!list.is_cut_short)
			r = list_add(&list, &cap, &run, e);
		from = run.interval_start + 1;
	}
	kept = arena_array(a, list.n, sizeof(*kept));
	if (r == 0 && kept == NULL)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0 && list.n > 0)
		memcpy(kept, list.runs, list.n * sizeof(*kept));
	free(list.runs);
	list.runs = kept;
	if (r == 0)
		*out = list;
	return r;
}
