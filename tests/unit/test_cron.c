/*
 * Cron: the language's messages, daylight saving by worked examples, and fire times against an
 * oracle that walks the clock minute by minute, over every zone of the system.
 */
#include "engine/cron.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/calendar.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "store/zoneinfo.h"
#include "tests/unit/tap.h"

static struct zone_source source;

static const struct zone *zone(const char *name)
{
	const struct zone *z = NULL;
	struct err e;

	if (source.find(source.ctx, name, &z, &e) != 0)
		tap_note("%s", e.text);
	return z;
}

/* Fire times of a line in a zone from a time on, blanks between them. */
static void check_fires(const char *zone_name, const char *line, const char *from, const char *want)
{
	const struct zone *z = zone(zone_name);
	char got[1024] = "", text[INSTANT_TEXT_MAX];
	struct cron c;
	struct err e = {0};
	int64_t t, back;
	size_t n = 1;

	if (z == NULL || cron_parse(line, strlen(line), &c, &e) != 0 ||
		instant_parse(from, strlen(from), NULL, &t, NULL, &e) != 0) {
		OK(false, "%s in %s: %s", line, zone_name, e.text);
		return;
	}
	for (const char *p = want; *p != '\0'; p++)
		n += *p == ' ';
	t /= 1000;
	for (size_t i = 0; i < n; i++) {
		back = t;
		t = cron_next(&c, z, t);
		if (t == CRON_NEVER)
			break;
		if (i > 0 && cron_prev(&c, z, t) != back)
			OK(false, "%s in %s: prev undoes next", line, zone_name);
		(void)snprintf(got + strlen(got), sizeof(got) - strlen(got), "%s%.16s",
			i == 0 ? "" : " ", instant_format_z(t * 1000, text));
	}
	IS_STR(got, want, "%s in %s from %s", line, zone_name, from);
}

static void check_refused(const char *line, const char *want)
{
	struct cron c;
	struct err e = {0};

	OK(cron_parse(line, strlen(line), &c, &e) == ERR_INVALID, "\"%s\" is refused", line);
	IS_STR(e.text, want, "and the message says why");
}

static void test_messages(void)
{
	check_refused("61 * * * *", "column 1: minute: 61 is not within 0 to 59");
	check_refused("0 0 31 2 *", "it can never fire: no year has such a day");
	check_refused("0 0 30 FEB *", "it can never fire: no year has such a day");
	check_refused("* * * *",
		"a cron line has five fields (minute hour day-of-month month day-of-week), not 4");
	check_refused("0 0 0 * * *",
		"a cron line has five fields (minute hour day-of-month month "
		"day-of-week), not 6; seconds and years are not known");
	check_refused("",
		"a cron line has five fields (minute hour day-of-month month day-of-week), not 0");
	check_refused("0 0 * * MOO",
		"column 9: day-of-week: there is no \"MOO\"; its names are SUN to SAT");
	check_refused(
		"0 0 * JNA *", "column 7: month: there is no \"JNA\"; its names are JAN to DEC");
	check_refused("0 x * * *", "column 3: hour: \"x\" is no number from 0 to 23");
	check_refused("*/0 * * * *", "column 3: minute: want a step of 1 or more behind the /");
	check_refused("5-1 * * * *",
		"column 1: minute: the range runs backwards; write it as two: 5-59,0-1");
	check_refused("0 0 ? * *", "column 5: day-of-month: ? is Quartz's; write * here");
	check_refused(
		"0 0 * * 5L", "column 10: day-of-week: write FRI#L for the last one of a month");
	check_refused("0 0 * * MON#6",
		"column 13: day-of-week: want 1 to 5 or L behind the #, as in MON#2 or FRI#L");
	check_refused("1,, * * * *", "column 3: minute: want a number from 0 to 59 or * here");
	check_refused("1+2 * * * *", "column 2: minute: \"1+2\" cannot be read from here on");
	check_refused("@dayly",
		"there is no \"@dayly\"; there are @once @hourly @daily @midnight @weekly "
		"@monthly @yearly @annually @continuous");
}

static void test_lines(void)
{
	check_fires("UTC", "*/15 * * * *", "2026-01-01T00:00", "2026-01-01T00:15 2026-01-01T00:30");
	check_fires("UTC", "5/20 1 * * *", "2026-01-01T00:00",
		"2026-01-01T01:05 2026-01-01T01:25 2026-01-01T01:45 2026-01-02T01:05");
	check_fires("UTC", "0 0 29 2 *", "2026-01-01", "2028-02-29T00:00 2032-02-29T00:00");
	check_fires("UTC", "0 0 29 2 *", "2096-03-01", "2104-02-29T00:00");
	check_fires("UTC", "0 0 L * *", "2026-01-01", "2026-01-31T00:00 2026-02-28T00:00");
	check_fires("UTC", "0 0 15,L * *", "2026-02-01", "2026-02-15T00:00 2026-02-28T00:00");
	check_fires("UTC", "0 0 * * MON#2", "2026-01-01", "2026-01-12T00:00 2026-02-09T00:00");
	check_fires("UTC", "0 0 * * fri#L", "2026-01-01", "2026-01-30T00:00 2026-02-27T00:00");
	check_fires("UTC", "0 0 * * FRI#5", "2026-01-01", "2026-01-30T00:00 2026-05-29T00:00");
	check_fires("UTC", "0 0 * * 7", "2026-01-01", "2026-01-04T00:00 2026-01-11T00:00");
	check_fires("UTC", "0 0 * * fri-sun", "2026-01-01",
		"2026-01-02T00:00 2026-01-03T00:00 2026-01-04T00:00 2026-01-09T00:00");
	check_fires("UTC", "0 0 13 * FRI", "2026-01-10",
		"2026-01-13T00:00 2026-01-16T00:00 2026-01-23T00:00");
	check_fires("UTC", "0 12 1 jan,Jul *", "2026-01-02", "2026-07-01T12:00 2027-01-01T12:00");
	check_fires("UTC", "@weekly", "2026-01-01", "2026-01-04T00:00 2026-01-11T00:00");
	check_fires("UTC", "59 23 31 12 *", "2026-12-31T23:59", "2027-12-31T23:59");
}

static void test_daylight_saving(void)
{
	/* A gap, 01:00 to 02:00: its times fire at its end, once. */
	check_fires("Europe/London", "30 1 * * *", "2026-03-28T12:00",
		"2026-03-29T01:00 2026-03-30T00:30");
	check_fires("Europe/London", "*/20 1 * * *", "2026-03-28T12:00",
		"2026-03-29T01:00 2026-03-30T00:00 2026-03-30T00:20");
	check_fires("Europe/London", "0 1,2 * * *", "2026-03-28T12:00",
		"2026-03-29T01:00 2026-03-30T00:00");
	/* An overlap, 01:00 to 02:00 twice: the first of the two. */
	check_fires("Europe/London", "30 1 * * *", "2026-10-24T12:00",
		"2026-10-25T00:30 2026-10-26T01:30");
	/* Every real hour, in both passes, and nothing made up for a gap. */
	check_fires("Europe/London", "30 * * * *", "2026-10-24T23:00",
		"2026-10-24T23:30 2026-10-25T00:30 2026-10-25T01:30 2026-10-25T02:30");
	check_fires("Europe/London", "30 * * * *", "2026-03-29T00:00",
		"2026-03-29T00:30 2026-03-29T01:30 2026-03-29T02:30");
	/* A day that never was. */
	check_fires("Pacific/Apia", "0 9 * * *", "2011-12-29T12:00",
		"2011-12-29T19:00 2011-12-30T10:00 2011-12-30T19:00");
	check_fires("Pacific/Apia", "0 * 30 12 *", "2011-12-01", "2012-12-29T10:00");
	/* Half an hour. */
	check_fires("Australia/Lord_Howe", "15 2 * * *", "2026-10-03T00:00",
		"2026-10-03T15:30 2026-10-04T15:15");
	check_fires("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00",
		"2026-04-04T14:45 2026-04-05T15:15");
	/* Beyond the table of transitions, by the footer's rule. */
	check_fires("Europe/London", "30 1 * * *", "2090-03-25T12:00",
		"2090-03-26T01:00 2090-03-27T00:30");
}

/* --- the oracle --- */

#define MINUTE INT64_C(60)

static bool is_in(uint64_t bits, unsigned n)
{
	return (bits >> n & 1) != 0;
}

/* Whether a wall-clock minute matches, by the line's meaning and nothing clever. */
static bool matches(const struct cron *c, int64_t wall)
{
	int64_t days = wall / 86400 - (wall % 86400 < 0), year;
	unsigned month, day, s = (unsigned)(wall - days * 86400), weekday, length;
	bool by_day, by_weekday;

	calendar_date(days, &year, &month, &day);
	weekday = (unsigned)(((days + 4) % 7 + 7) % 7);
	length = calendar_month_days(year, month);
	by_day = is_in(c->days, day) || (c->has_last_day && day == length);
	by_weekday = is_in(c->weekdays, weekday) || is_in(c->weekday_nth[weekday], (day + 6) / 7) ||
		(is_in(c->weekday_nth[weekday], 6) && day + 7 > length);
	if (!is_in(c->minutes, s / 60 % 60) || !is_in(c->hours, s / 3600) ||
		!is_in(c->months, month) || s % 60 != 0)
		return false;
	if (c->any_day)
		return by_weekday;
	return c->any_weekday ? by_day : by_day || by_weekday;
}

static int64_t wall_at(const struct zone *z, int64_t t)
{
	return t + zone_span_at(z, t).offset;
}

/* Whether the line fires at t: a walk over every second that the clocks skip or show at t. */
static bool fires(const struct cron *c, const struct zone *z, int64_t t, int64_t *reached)
{
	int64_t wall = wall_at(z, t);
	bool is_hit = false;

	if (c->every_hour)
		return matches(c, wall);
	for (int64_t w = *reached + 1; w <= wall && !is_hit; w++)
		is_hit = matches(c, w);
	if (wall > *reached)
		*reached = wall;
	return is_hit;
}

/* All fire times in from < t <= to, second by second. */
static size_t oracle(const struct cron *c, const struct zone *z, int64_t from, int64_t to,
	int64_t *out, size_t max)
{
	int64_t reached = INT64_MIN;
	size_t n = 0;

	for (int64_t t = from - 200000; t <= from; t++) {
		int64_t wall = wall_at(z, t);

		if (wall > reached)
			reached = wall;
		if (t + 7200 < from && wall_at(z, t + 3600) == wall + 3600)
			t += 3599;
	}
	for (int64_t t = from + 1; t <= to && n < max; t++) {
		if (fires(c, z, t, &reached))
			out[n++] = t;
	}
	return n;
}

static uint64_t random_next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static unsigned pick(uint64_t *seed, unsigned n)
{
	return (unsigned)(random_next(seed) % n);
}

static const char *random_line(uint64_t *seed, char *line, size_t size)
{
	static const char *const minutes[] = {"0", "30", "*/20", "15,45", "59", "1"};
	static const char *const hours[] = {
		"*", "*", "1", "2", "0", "1-3", "*/2", "23", "0,1,2,3,4", "0-23"};
	static const char *const days[] = {"*", "*", "*", "L", "1-31", "*/2"};
	static const char *const weekdays[] = {"*", "*", "*", "SUN", "SUN#L", "1-5", "SUN#2"};

	(void)snprintf(line, size, "%s %s %s * %s", minutes[pick(seed, 6)], hours[pick(seed, 10)],
		days[pick(seed, 6)], weekdays[pick(seed, 7)]);
	return line;
}

/* A time near one of the zone's changes, if it has any. */
static int64_t random_time(uint64_t *seed, const struct zone *z)
{
	int64_t t = (int64_t)(random_next(seed) % 6000000000u) - 2500000000;
	struct zone_span s = zone_span_at(z, t);

	if (s.to != INT64_MAX && pick(seed, 8) != 0)
		t = s.to - (int64_t)pick(seed, 90000);
	return t;
}

/* One random line in one random zone against the oracle, forwards and backwards. */
static bool agrees(uint64_t *seed, const struct zone *z)
{
	static int64_t want[4000];
	int64_t from = random_time(seed, z), to = from + 100000, t = from;
	char line[64], text[INSTANT_TEXT_MAX];
	struct cron c;
	size_t n;

	random_line(seed, line, sizeof(line));
	if (cron_parse(line, strlen(line), &c, NULL) != 0)
		return false;
	n = oracle(&c, z, from, to, want, sizeof(want) / sizeof(want[0]));
	for (size_t i = 0; i < n; i++) {
		t = cron_next(&c, z, t);
		if (t != want[i] || (i > 0 && cron_prev(&c, z, t) != want[i - 1])) {
			tap_note("%s in %s from %lld: fire %zu differs, got %s", line, zone_name(z),
				(long long)from, i, instant_format_z(t * 1000, text));
			tap_note("want %s", instant_format_z(want[i] * 1000, text));
			return false;
		}
	}
	t = cron_next(&c, z, t);
	if (t <= to)
		tap_note("%s in %s from %lld: one too many", line, zone_name(z), (long long)from);
	return t > to;
}

/* The zones that zone1970.tab names, some hundreds. */
static void test_all_zones(struct zoneinfo *zi, uint64_t seed)
{
	char path[4096], row[512], name[256];
	unsigned tried = 0, wrong = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/zone1970.tab", zoneinfo_folder(zi));
	f = fopen(path, "r");
	if (f == NULL) {
		tap_skip(1, "%s is not here", path);
		return;
	}
	tap_note("seed %llu", (unsigned long long)seed);
	while (fgets(row, sizeof(row), f) != NULL) {
		const struct zone *z;

		if (row[0] == '#' || sscanf(row, "%*s %*s %255s", name) != 1 ||
			(z = zone(name)) == NULL)
			continue;
		for (int i = 0; i < 3; i++, tried++)
			wrong += !agrees(&seed, z);
	}
	(void)fclose(f);
	OK(wrong == 0 && tried > 500, "%u random lines fire as the oracle says, in every zone",
		tried);
}

int main(int argc, char **argv)
{
	struct zoneinfo *zi = zoneinfo_create(NULL);
	uint64_t seed = argc > 1 ? strtoull(argv[1], NULL, 10) : 20260329;

	source = zoneinfo_source(zi);
	test_messages();
	test_lines();
	if (zone("Europe/London") == NULL || zone("Pacific/Apia") == NULL) {
		tap_skip(1, "no time zones are installed");
	} else {
		test_daylight_saving();
		test_all_zones(zi, seed);
	}
	zoneinfo_destroy(zi);
	return tap_done();
}
