/* Regular expressions that people give (PCRE2's), under limits, against those that explode. */
#ifndef ENGINE_PATTERN_H
#define ENGINE_PATTERN_H

#include <stddef.h>

struct err;
struct pattern;

#define PATTERN_NONE 1 /* it does not match */
#define PATTERN_TEXT_MAX 65536 /* bytes of one; to read it takes many times as much memory */

/* ERR_INVALID says what is wrong and where; ERR_NOMEM. */
int pattern_create(const char *text, struct pattern **out, struct err *e);
void pattern_destroy(struct pattern *p); /* NULL is fine */

/* Whether it matches anywhere in text: 0, PATTERN_NONE; ERR_LIMIT: it takes too long; ERR_NOMEM,
 * each with a sentence. */
int pattern_match(const struct pattern *p, const char *text, size_t len, struct err *e);

#endif
