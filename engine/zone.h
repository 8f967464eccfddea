/*
 * Time zones, from the bytes of a TZif file (RFC 8536). Any number of zones at once; neither TZ nor
 * the C library's idea of local time is touched.
 *
 * Wall-clock times ("walls") are counted in seconds as if they were UTC: a wall is what the clock
 * on the wall shows, a time is when it shows it. Times here are whole seconds.
 */
#ifndef ENGINE_ZONE_H
#define ENGINE_ZONE_H

#include <stddef.h>
#include <stdint.h>

#define ZONE_FILE_MAX ((size_t)1 << 20) /* bytes of a zone file */
#define ZONE_NAME_MAX 64 /* bytes of a zone's name */

struct arena;
struct err;
struct zone;

/* Finds zones by name; what lies behind it reads the files. ERR_NOTFOUND with the nearest name;
 * ERR_UNAVAILABLE: no descriptor is to be had just now. */
struct zone_source {
	void *ctx;
	int (*find)(void *ctx, const char *name, const struct zone **out, struct err *e);
};

/* Coordinated universal time, for which no file is needed. */
const struct zone *zone_utc(void);

/* Makes a zone of a TZif file's bytes, in the arena. ERR_CORRUPT says what is wrong with them. */
int zone_parse(struct arena *a, const char *name, const void *bytes, size_t len,
	const struct zone **out, struct err *e);

const char *zone_name(const struct zone *z);

/* A stretch of time in which a zone's offset from UTC does not change: from <= t < to. */
struct zone_span {
	int64_t from, to; /* INT64_MIN and INT64_MAX where it has no end */
	int32_t offset; /* wall = t + offset */
};

/* The span in which t lies. */
struct zone_span zone_span_at(const struct zone *z, int64_t t);

/* The first time at which the zone's clocks show wall or later: the first of two where clocks go
 * back over it, the end of the gap where they skip it. */
int64_t zone_first(const struct zone *z, int64_t wall);

/* The latest wall that the zone's clocks have shown at t or before. */
int64_t zone_latest_wall(const struct zone *z, int64_t t);

#endif
