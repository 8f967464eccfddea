/*
 * Instants: milliseconds since 1970-01-01T00:00:00Z, and how people write them. The calendar is
 * engine/calendar.h's.
 */
#ifndef ENGINE_INSTANT_H
#define ENGINE_INSTANT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSTANT_NONE INT64_MIN
#define INSTANT_MIN INT64_C(-62135596800000) /* 0001-01-01T00:00:00Z */
#define INSTANT_MAX INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define INSTANT_TEXT_MAX 40 /* bytes that any formatting here may need */

struct err;
struct zone;

/* Parses an ISO 8601 date or time: 2026-01-01, 2026-01-01T02:30, with seconds, a fraction, a blank
 * for the T; Z or +01:00 behind it, else the time is the zone's (NULL: UTC). is_date_only may be
 * NULL. */
int instant_parse(const char *text, size_t len, const struct zone *zone, int64_t *out,
	bool *is_date_only, struct err *e);

/* The same of an end: a date alone means its day's last millisecond in the zone, however many hours
 * that day has. */
int instant_parse_end(
	const char *text, size_t len, const struct zone *zone, int64_t *out, struct err *e);

/* Each writes into text, which has INSTANT_TEXT_MAX bytes, and returns it. */
char *instant_format(int64_t t, char *text); /* 2026-01-01T00:00:00+00:00; .123 where not whole */
char *instant_format_z(int64_t t, char *text); /* 2026-01-01T00:00:00Z */
char *instant_format_log(int64_t t, char *text); /* 2026-01-01T00:00:00.123+0000 */
char *instant_format_date(int64_t t, char *text); /* 2026-01-01 */
char *instant_format_nodash(int64_t t, char *text); /* 20260101 */

#endif
