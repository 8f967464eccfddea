/*
 * Cron lines: five fields, names, ranges, lists, steps, `L`, `MON#2`, `FRI#L`, and the macros.
 *
 * Fire times are computed field by field. Daylight saving: a time that a gap skips fires at the
 * gap's end, once; one that an overlap repeats fires at its first occurrence; where the hour is
 * exactly `*` each real hour is served. Times are whole seconds.
 */
#ifndef ENGINE_CRON_H
#define ENGINE_CRON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/zone.h"

#define CRON_LENGTH_MAX 1024 /* bytes of a cron line */
#define CRON_NEVER INT64_MAX /* no fire time within the calendar's cycle of 400 years */

struct err;

struct cron {
	uint64_t minutes;
	uint32_t hours, days, months;
	uint8_t weekdays; /* bit 0: Sunday */
	uint8_t weekday_nth[7]; /* bits 1 to 5: MON#1 to MON#5; bit 6: MON#L */
	bool has_last_day; /* L in day-of-month */
	bool any_day, any_weekday; /* the field is `*` */
	bool every_hour; /* the hour field is exactly `*` */
};

/* Parses a cron line or one of @hourly @daily @midnight @weekly @monthly @yearly @annually.
 * ERR_INVALID names the field, the column in text and what would be right; a line that can never
 * fire is refused. */
int cron_parse(const char *text, size_t len, struct cron *out, struct err *e);

/* The first fire time after t, the last before t; CRON_NEVER where there is none in the years 1 to
 * 9999. */
int64_t cron_next(const struct cron *c, const struct zone *z, int64_t t);
int64_t cron_prev(const struct cron *c, const struct zone *z, int64_t t);

#endif
