/*
 * Fuzzes schedules: the first 8 bytes are a time, one byte chooses a zone, the rest is a line. What
 * parses must fire after the time, and prev must lead back; neither may take long.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/timetable.h"

/* A zone of TZif version 2 without transitions and with this footer. */
static const struct zone *zone_make(struct arena *a, const char *footer)
{
	unsigned char file[256];
	const struct zone *z = NULL;
	unsigned char *p = file;

	for (int block = 0; block < 2; block++) {
		memcpy(p, "TZif2", 5);
		memset(p + 5, 0, 39);
		p[39] = 1; /* one type */
		p[43] = 4; /* four bytes of names */
		memset(p + 44, 0, 10);
		p += 54;
	}
	*p++ = '\n';
	memcpy(p, footer, strlen(footer));
	p += strlen(footer);
	*p++ = '\n';
	if (zone_parse(a, "fuzz", file, (size_t)(p - file), &z, NULL) != 0)
		abort();
	return z;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const footers[] = {"UTC0", "GMT0BST,M3.5.0/1,M10.5.0",
		"<+1030>-10:30<+11>-11,M10.1.0,M4.1.0", "EST5EDT,M3.2.0,M11.1.0",
		"IST-1GMT0,M10.5.0,M3.5.0/1", "XXX3EDT4,0/0,J365/23"};
	struct timetable_bounds bounds = {.start = INSTANT_NONE, .end = INSTANT_NONE};
	struct arena *a;
	struct timetable *t;
	int64_t from, at;
	const char *line;
	size_t bad;

	if (size < 9 || (a = arena_create(1 << 20)) == NULL)
		return 0;
	memcpy(&from, data, sizeof(from));
	from %= INSTANT_MAX;
	if (from < INSTANT_MIN)
		from = INSTANT_MIN;
	bounds.zone = zone_make(a, footers[data[8] % (sizeof(footers) / sizeof(footers[0]))]);
	line = arena_memdup(a, data + 9, size - 9);
	if (line != NULL && timetable_create(a, &line, 1, &bounds, &t, &bad, NULL) == 0) {
		at = timetable_next(t, from, from);
		if (at != INSTANT_NONE && at <= from)
			abort();
		from = at;
		at = at == INSTANT_NONE ? at : timetable_next(t, from, at);
		if (at != INSTANT_NONE && timetable_prev(t, from, at) != from)
			abort();
	}
	arena_destroy(a);
	return 0;
}
