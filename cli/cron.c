/* `windrow cron next`: when a schedule fires, without a DAG. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/timetable.h"
#include "store/clock.h"
#include "store/zoneinfo.h"

/* Prints the next `count` fire times, fewer where the schedule ends before. */
static int fires_print(const struct timetable *t, int64_t from, long count)
{
	char text[INSTANT_TEXT_MAX];
	int64_t at = from;

	for (long i = 0; i < count; i++) {
		at = timetable_next(t, from, at);
		if (at == INSTANT_NONE)
			break;
		(void)puts(instant_format_z(at, text));
	}
	return EXIT_DONE;
}

static int next_print(struct arena *a, struct zoneinfo *zones, const struct args *args)
{
	struct zone_source source = zoneinfo_source(zones);
	struct timetable_bounds bounds = {.start = INSTANT_NONE, .end = INSTANT_NONE};
	const char *expr = args_word(args, 0), *from_text = args_text(args, "from", NULL);
	struct timetable *t;
	struct err e = {0};
	int64_t from = clock_wall_ms();
	size_t bad;

	if (source.find(source.ctx, args_text(args, "tz", "UTC"), &bounds.zone, &e) != 0) {
		report_error("--tz: %s", e.text);
		return e.code == ERR_NOTFOUND ? EXIT_USAGE : EXIT_FAILED;
	}
	if (from_text != NULL &&
		instant_parse(from_text, strlen(from_text), bounds.zone, &from, NULL, &e) != 0) {
		report_error("--from: %s", e.text);
		return EXIT_USAGE;
	}
	if (timetable_create(a, &expr, 1, &bounds, &t, &bad, &e) != 0) {
		report_error("\"%s\": %s", expr, e.text);
		return EXIT_FAILED;
	}
	if (timetable_kind(t) == TIMETABLE_ONCE || timetable_kind(t) == TIMETABLE_CONTINUOUS) {
		report_error("%s has no times of its own", expr);
		return EXIT_FAILED;
	}
	return fires_print(t, from, args_int(args, "count", 1));
}

static int cron_next_exec(const struct args *args)
{
	struct arena *a = arena_create(0);
	struct zoneinfo *zones = zoneinfo_create(NULL);
	int status = EXIT_FAILED;

	if (a == NULL || zones == NULL)
		report_error("out of memory");
	else
		status = next_print(a, zones, args);
	zoneinfo_destroy(zones);
	arena_destroy(a);
	return status;
}

static const struct flag cron_next_flags[] = {
	{"tz", 0, FLAG_TEXT, "ZONE", "the time zone of the schedule; UTC unless said"},
	{"from", 0, FLAG_TEXT, "TIME",
		"count from here, in that zone unless it says its own; now unless said"},
	{"count", 'n', FLAG_INT, "N", "how many times; 1 unless said", 1, 1000000},
};

const struct command command_cron_next = {
	.group = "cron",
	.verb = "next",
	.words = "EXPR",
	.summary = "the next times at which a schedule fires",
	.details =
		"EXPR is a cron line, a macro such as @daily, or `every 15m`. Prints one time a "
		"line, in UTC. A line that is wrong or can never fire is told, with exit status 1.",
	.flags = cron_next_flags,
	.n_flags = sizeof(cron_next_flags) / sizeof(cron_next_flags[0]),
	.example = "windrow cron next \"30 2 * * *\" --tz Europe/London --count 3",
	.exec = cron_next_exec,
};
