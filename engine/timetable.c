/* Timetables. All kinds answer two questions, next and prev; what a run is follows from these
 * alone. */
#include "engine/timetable.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/cron.h"
#include "engine/duration.h"
#include "engine/err.h"

struct timetable {
	enum timetable_kind kind;
	struct timetable_bounds bounds;
	int64_t every_ms;
	struct cron *lines;
	size_t n;
};

static bool is_word(const char *line, const char *word)
{
	return strcmp(line, word) == 0;
}

static int every_parse(struct timetable *t, const char *text, struct err *e)
{
	int r;

	while (*text == ' ')
		text++;
	if ((r = duration_parse(text, strlen(text), &t->every_ms, e)) != 0)
		return r;
	if (t->every_ms < TIMETABLE_EVERY_MIN_MS)
		return err_set(
			e, ERR_INVALID, "every %s is too often; once a second is the most", text);
	t->kind = TIMETABLE_EVERY;
	return 0;
}

/* The kinds that stand alone. ERR_NOTFOUND: it is a cron line. */
static int special_parse(struct timetable *t, const char *line, struct err *e)
{
	if (is_word(line, "@once"))
		t->kind = TIMETABLE_ONCE;
	else if (is_word(line, "@continuous"))
		t->kind = TIMETABLE_CONTINUOUS;
	else if (strncmp(line, "every ", 6) == 0)
		return every_parse(t, line + 6, e);
	else
		return ERR_NOTFOUND;
	return 0;
}

int timetable_create(struct arena *a, const char *const *lines, size_t n,
	const struct timetable_bounds *bounds, struct timetable **out, size_t *bad, struct err *e)
{
	struct timetable *t = arena_alloc(a, sizeof(*t));
	int r;

	*bad = 0;
	if (t == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	t->bounds = *bounds;
	if (n > TIMETABLE_LINES_MAX)
		return err_set(
			e, ERR_LIMIT, "a schedule has at most %d lines", TIMETABLE_LINES_MAX);
	t->lines = arena_array(a, n, sizeof(*t->lines));
	if (t->lines == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (size_t i = 0; i < n; i++) {
		*bad = i;
		r = special_parse(t, lines[i], e);
		if (r == 0 && n > 1)
			return err_set(e, ERR_INVALID, "%s stands alone; a list holds cron lines",
				lines[i]);
		if (r == ERR_NOTFOUND) {
			t->kind = TIMETABLE_CRON;
			r = cron_parse(lines[i], strlen(lines[i]), &t->lines[t->n++], e);
		}
		if (r != 0)
			return r;
	}
	*out = t;
	return 0;
}

struct timetable *timetable_copy(const struct timetable *t)
{
	struct timetable *copy = malloc(sizeof(*copy) + t->n * sizeof(*t->lines));

	if (copy == NULL)
		return NULL;
	*copy = *t;
	copy->lines = (struct cron *)(copy + 1);
	if (t->n > 0)
		memcpy(copy->lines, t->lines, t->n * sizeof(*t->lines));
	return copy;
}

enum timetable_kind timetable_kind(const struct timetable *t)
{
	return t->kind;
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/* The first fire time after `after`, wherever the DAG begins and ends. */
static int64_t fire_next(const struct timetable *t, int64_t anchor, int64_t after)
{
	int64_t best = CRON_NEVER, at;

	if (t->kind == TIMETABLE_EVERY) {
		at = t->bounds.start != INSTANT_NONE ? t->bounds.start : anchor;
		return at + (floor_div(after - at, t->every_ms) + 1) * t->every_ms;
	}
	for (size_t i = 0; i < t->n; i++) {
		at = cron_next(&t->lines[i], t->bounds.zone, floor_div(after, 1000));
		if (at < best)
			best = at;
	}
	return best == CRON_NEVER ? INSTANT_NONE : best * 1000;
}

static int64_t fire_prev(const struct timetable *t, int64_t anchor, int64_t before)
{
	int64_t best = INSTANT_NONE, at;

	if (t->kind == TIMETABLE_EVERY) {
		at = t->bounds.start != INSTANT_NONE ? t->bounds.start : anchor;
		return at + floor_div(before - at - 1, t->every_ms) * t->every_ms;
	}
	for (size_t i = 0; i < t->n; i++) {
		at = cron_prev(&t->lines[i], t->bounds.zone, -floor_div(-before, 1000));
		if (at != CRON_NEVER && at * 1000 > best)
			best = at * 1000;
	}
	return best;
}

static bool has_fires(const struct timetable *t)
{
	return t->kind == TIMETABLE_EVERY || t->kind == TIMETABLE_CRON;
}

int64_t timetable_next(const struct timetable *t, int64_t anchor, int64_t after)
{
	int64_t at;

	if (!has_fires(t))
		return INSTANT_NONE;
	if (t->bounds.start != INSTANT_NONE && after < t->bounds.start - 1)
		after = t->bounds.start - 1;
	at = fire_next(t, anchor, after);
	return t->bounds.end != INSTANT_NONE && at > t->bounds.end ? INSTANT_NONE : at;
}

int64_t timetable_prev(const struct timetable *t, int64_t anchor, int64_t before)
{
	int64_t at;

	if (!has_fires(t))
		return INSTANT_NONE;
	if (t->bounds.end != INSTANT_NONE && before > t->bounds.end + 1)
		before = t->bounds.end + 1;
	at = fire_prev(t, anchor, before);
	return t->bounds.start != INSTANT_NONE && at < t->bounds.start ? INSTANT_NONE : at;
}

/* The start of the first interval of all. */
static int64_t first_start(const struct timetable *t, const struct timetable_state *s)
{
	int64_t start = t->bounds.start, at;

	if (start != INSTANT_NONE)
		return fire_next(t, s->first_seen, start - 1);
	at = fire_prev(t, s->first_seen, s->first_seen + 1);
	return at != INSTANT_NONE ? at : fire_next(t, s->first_seen, s->first_seen);
}

static bool interval_next(
	const struct timetable *t, const struct timetable_state *s, struct timetable_run *out)
{
	int64_t start, latest, end;

	if (s->last_start == INSTANT_NONE)
		start = first_start(t, s);
	else /* N.B. where the schedule was changed, from where the old one left off */
		start = timetable_next(t, s->first_seen,
			s->last_end > s->last_start ? s->last_end - 1 : s->last_start);
	if (start == INSTANT_NONE)
		return false;
	if (!t->bounds.catchup) {
		/* The latest interval that has ended by now; the one under way where none has. */
		latest = fire_prev(t, s->first_seen, s->now + 1);
		if (latest != INSTANT_NONE)
			latest = fire_prev(t, s->first_seen, latest);
		if (latest != INSTANT_NONE && latest > start)
			start = latest;
	}
	end = fire_next(t, s->first_seen, start);
	if (end == INSTANT_NONE || (t->bounds.end != INSTANT_NONE && start > t->bounds.end))
		return false;
	*out = (struct timetable_run){start, start, end, end};
	return true;
}

bool timetable_next_run(
	const struct timetable *t, const struct timetable_state *s, struct timetable_run *out)
{
	int64_t start = t->bounds.start != INSTANT_NONE ? t->bounds.start : s->first_seen;

	switch (t->kind) {
	case TIMETABLE_ONCE:
		if (s->last_start != INSTANT_NONE)
			return false;
		*out = (struct timetable_run){start, start, start, start};
		break;
	case TIMETABLE_CONTINUOUS:
		if (s->last_end != INSTANT_NONE && s->last_end > start)
			start = s->last_end;
		*out = (struct timetable_run){start, start, s->now > start ? s->now : start, start};
		break;
	case TIMETABLE_EVERY:
	case TIMETABLE_CRON:
		return interval_next(t, s, out);
	default:
		return false;
	}
	return t->bounds.end == INSTANT_NONE || out->logical_date <= t->bounds.end;
}

void timetable_manual_interval(const struct timetable *t, int64_t at, int64_t *start, int64_t *end)
{
	int64_t last = at, first = at;

	if (t->kind == TIMETABLE_EVERY) {
		first = at - t->every_ms;
	} else if (t->kind == TIMETABLE_CRON) {
		last = fire_prev(t, at, at + 1);
		first = last == INSTANT_NONE ? INSTANT_NONE : fire_prev(t, at, last);
	}
	/* N.B. also where the calendar begins, before which there is no fire time. */
	if (first == INSTANT_NONE || first < INSTANT_MIN)
		first = last = at;
	*start = first;
	*end = last;
}
