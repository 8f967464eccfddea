/* Durations as people write them: 90, 90s, 5m, 2h30m, 1d, 500ms, or ISO 8601 (PT5M, P1DT2H). */
#ifndef ENGINE_DURATION_H
#define ENGINE_DURATION_H

#include <stddef.h>
#include <stdint.h>

#define DURATION_MAX INT64_C(315360000000) /* ten years, in milliseconds */
#define DURATION_TEXT_MAX 48 /* bytes that duration_format may need */

struct err;

/* Parses into milliseconds, 0 to DURATION_MAX. ERR_INVALID with what would be right. */
int duration_parse(const char *text, size_t len, int64_t *ms, struct err *e);

/* Writes `2h30m` into text, which has DURATION_TEXT_MAX bytes, and returns it; `0s` for nothing. */
char *duration_format(int64_t ms, char *text);

#endif
