/* Timetables: which run is due, in a story a case. */
#include "engine/timetable.h"

#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

static struct arena *arena;

static int64_t at(const char *text)
{
	int64_t t = INSTANT_NONE;

	if (text != NULL)
		(void)instant_parse(text, strlen(text), NULL, &t, NULL, NULL);
	return t;
}

static struct timetable *make(const char *line, const char *start, const char *end, bool catchup)
{
	struct timetable_bounds b = {zone_utc(), at(start), at(end), catchup};
	struct timetable *t = NULL;
	struct err e = {0};
	size_t bad;

	if (timetable_create(arena, &line, line == NULL ? 0 : 1, &b, &t, &bad, &e) != 0)
		tap_note("%s: %s", line, e.text);
	return t;
}

/* The next run as "start end due", or "none". */
static void check(const struct timetable *t, const char *seen, const char *last_start,
	const char *last_end, const char *now, const char *want, const char *story)
{
	struct timetable_state s = {at(seen), at(last_start), at(last_end), at(now)};
	struct timetable_run r;
	char a[INSTANT_TEXT_MAX], b[INSTANT_TEXT_MAX], c[INSTANT_TEXT_MAX], got[160] = "none";

	if (timetable_next_run(t, &s, &r))
		(void)snprintf(got, sizeof(got), "%.16s %.16s %.16s",
			instant_format(r.interval_start, a), instant_format(r.interval_end, b),
			instant_format(r.due, c));
	IS_STR(got, want, "%s", story);
}

static void check_refused(const char *const *lines, size_t n, size_t want_bad, const char *want)
{
	struct timetable_bounds b = {zone_utc(), INSTANT_NONE, INSTANT_NONE, false};
	struct timetable *t;
	struct err e = {0};
	size_t bad;

	OK(timetable_create(arena, lines, n, &b, &t, &bad, &e) == ERR_INVALID && bad == want_bad,
		"\"%s\" is refused", lines[want_bad]);
	IS_STR(e.text, want, "and the message says why");
}

static void test_lists(void)
{
	const char *two[] = {"0 6 * * *", "30 18 * * SAT"};
	const char *mixed[] = {"0 6 * * *", "@once"}, *often[] = {"every 10ms"};
	struct timetable_bounds b = {zone_utc(), INSTANT_NONE, INSTANT_NONE, false};
	struct timetable *t;
	char text[INSTANT_TEXT_MAX];
	size_t bad;

	if (!OK(timetable_create(arena, two, 2, &b, &t, &bad, NULL) == 0,
		    "a list of cron lines loads"))
		return;
	IS_STR(instant_format(timetable_next(t, 0, at("2026-01-03T06:00")), text),
		"2026-01-03T18:30:00+00:00", "their union fires");
	IS_STR(instant_format(timetable_prev(t, 0, at("2026-01-03T18:30")), text),
		"2026-01-03T06:00:00+00:00", "backwards too");
	check_refused(mixed, 2, 1, "@once stands alone; a list holds cron lines");
	check_refused(often, 1, 0, "every 10ms is too often; once a second is the most");
}

/* The interval of a run by hand as "start end". */
static void check_manual(
	const struct timetable *t, const char *when, const char *want, const char *story)
{
	char a[INSTANT_TEXT_MAX], b[INSTANT_TEXT_MAX], got[160];
	int64_t start, end;

	timetable_manual_interval(t, at(when), &start, &end);
	(void)snprintf(
		got, sizeof(got), "%.19s %.19s", instant_format(start, a), instant_format(end, b));
	IS_STR(got, want, "by hand: %s", story);
}

static void test_manual(void)
{
	struct timetable *t = make("@daily", "2026-05-01", "2026-05-20", false);

	check_manual(t, "2026-05-02T21:40:08", "2026-05-01T00:00:00 2026-05-02T00:00:00",
		"the last interval that is complete");
	check_manual(t, "2026-05-02", "2026-05-01T00:00:00 2026-05-02T00:00:00",
		"also where it is complete at this very moment");
	check_manual(t, "2026-05-01T12:00", "2026-04-30T00:00:00 2026-05-01T00:00:00",
		"also before start_date");
	check_manual(t, "2026-07-01T12:00", "2026-06-30T00:00:00 2026-07-01T00:00:00",
		"and behind end_date");
	check_manual(make("0 0 29 2 *", NULL, NULL, false), "2026-05-01",
		"2020-02-29T00:00:00 2024-02-29T00:00:00", "of a line that hardly ever fires");
	check_manual(make("0 0 29 2 *", NULL, NULL, false), "0004-03-01",
		"0004-03-01T00:00:00 0004-03-01T00:00:00", "none where nothing fired before");
	check_manual(make("every 15m", "2026-01-01T00:05", NULL, false), "2026-05-01T12:07:30",
		"2026-05-01T11:52:30 2026-05-01T12:07:30", "of every, one before the moment");
	check_manual(make("every 1d", NULL, NULL, false), "0001-01-01T12:00",
		"0001-01-01T12:00:00 0001-01-01T12:00:00", "not from before the calendar");
	check_manual(make("@once", NULL, NULL, false), "2026-05-01T12:00",
		"2026-05-01T12:00:00 2026-05-01T12:00:00", "@once has none");
	check_manual(make(NULL, NULL, NULL, false), "2026-05-01T12:00",
		"2026-05-01T12:00:00 2026-05-01T12:00:00", "nor has what has no schedule");
}

int main(void)
{
	struct timetable *t;

	arena = arena_create(0);
	t = make("@daily", "2026-01-01", NULL, true);
	check(t, "2026-01-05", NULL, NULL, "2026-01-05T10:00",
		"2026-01-01T00:00 2026-01-02T00:00 2026-01-02T00:00",
		"catchup begins with start_date");
	check(t, "2026-01-05", "2025-11-01", "2025-11-02", "2026-01-05T10:00",
		"2026-01-01T00:00 2026-01-02T00:00 2026-01-02T00:00",
		"also where it was moved behind the last run");
	check(t, "2026-01-05", "2026-01-01", "2026-01-02", "2026-01-05T10:00",
		"2026-01-02T00:00 2026-01-03T00:00 2026-01-03T00:00", "and goes on in order");
	check(t, "2026-01-05", "2026-01-04", "2026-01-05", "2026-01-05T10:00",
		"2026-01-05T00:00 2026-01-06T00:00 2026-01-06T00:00",
		"up to the interval under way");

	t = make("@hourly", "2026-01-01", NULL, true);
	check(t, "2026-01-05", "2026-01-04", "2026-01-05", "2026-01-05T10:00",
		"2026-01-05T00:00 2026-01-05T01:00 2026-01-05T01:00",
		"a schedule that was changed goes on where the old one left off");

	t = make("@daily", "2026-01-01", NULL, false);
	check(t, "2026-01-05", NULL, NULL, "2026-01-05T10:00",
		"2026-01-04T00:00 2026-01-05T00:00 2026-01-05T00:00",
		"without catchup only the latest is made");
	check(t, "2026-01-05", "2026-01-04", "2026-01-05", "2026-01-05T10:00",
		"2026-01-05T00:00 2026-01-06T00:00 2026-01-06T00:00", "and never twice");
	check(t, "2026-01-05", "2026-01-05", "2026-01-06", "2026-01-03T10:00",
		"2026-01-06T00:00 2026-01-07T00:00 2026-01-07T00:00",
		"a clock that jumped back makes no interval twice");
	check(t, "2026-01-05", "2026-01-05", "2026-01-06", "2026-01-09T10:00",
		"2026-01-08T00:00 2026-01-09T00:00 2026-01-09T00:00",
		"after a long sleep the latest alone is made");

	t = make("0 2 * * *", NULL, NULL, false);
	check(t, "2026-01-05T10:00", NULL, NULL, "2026-01-05T10:00",
		"2026-01-05T02:00 2026-01-06T02:00 2026-01-06T02:00",
		"without start_date the first run is at the next fire time");
	check(t, "2026-01-05T02:00", NULL, NULL, "2026-01-05T02:00",
		"2026-01-05T02:00 2026-01-06T02:00 2026-01-06T02:00",
		"and not at the moment the DAG was seen");

	t = make("@daily", "2026-01-01", "2026-01-03", true);
	check(t, "2026-01-01", "2026-01-02", "2026-01-03", "2026-02-01",
		"2026-01-03T00:00 2026-01-04T00:00 2026-01-04T00:00", "end_date is inclusive");
	check(t, "2026-01-01", "2026-01-03", "2026-01-04", "2026-02-01", "none",
		"and nothing comes behind it");

	t = make("@once", NULL, NULL, false);
	check(t, "2026-01-05T10:00", NULL, NULL, "2026-01-05T10:00",
		"2026-01-05T10:00 2026-01-05T10:00 2026-01-05T10:00", "@once runs once");
	check(t, "2026-01-05T10:00", "2026-01-05T10:00", "2026-01-05T10:00", "2026-01-06", "none",
		"and never again");
	t = make("@once", "2026-03-01", NULL, false);
	check(t, "2026-01-05", NULL, NULL, "2026-01-06",
		"2026-03-01T00:00 2026-03-01T00:00 2026-03-01T00:00",
		"@once waits for its start_date");

	t = make("every 15m", "2026-01-01T00:05", NULL, true);
	check(t, "2026-01-01", NULL, NULL, "2026-01-01T00:30",
		"2026-01-01T00:05 2026-01-01T00:20 2026-01-01T00:20",
		"every counts from start_date");
	check(t, "2026-01-01", "2026-01-01T00:05", "2026-01-01T00:20", "2026-01-01T00:30",
		"2026-01-01T00:20 2026-01-01T00:35 2026-01-01T00:35", "and goes on");

	t = make("@continuous", NULL, NULL, false);
	check(t, "2026-01-01", "2026-01-01", "2026-01-01T00:10", "2026-01-01T00:15",
		"2026-01-01T00:10 2026-01-01T00:15 2026-01-01T00:10", "@continuous is always due");

	check(make(NULL, NULL, NULL, false), "2026-01-01", NULL, NULL, "2026-01-02", "none",
		"without a schedule nothing comes");
	test_lists();
	test_manual();
	arena_destroy(arena);
	return tap_done();
}
