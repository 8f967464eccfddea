/* Literals, as filters' arguments and conditions write them: "text", 'text', numbers, true, false,
 * null, and lists of them in brackets. */
#ifndef ENGINE_LITERAL_H
#define ENGINE_LITERAL_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/value.h"

#define LITERAL_DEPTH_MAX 8 /* lists inside of lists */
#define LITERAL_ITEMS_MAX 1000 /* items of one list */

/* Whether a literal may begin with this byte; words are true, false and null. */
bool literal_may_begin(char c);

/* Letters, digits and underscores; a name may also hold dashes behind its first byte. */
static inline bool literal_is_name_start(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_';
}

static inline bool literal_is_name(char c)
{
	return literal_is_name_start(c) || (c >= '0' && c <= '9') || c == '-';
}

/* Reads the literal that begins at text[*at] into the arena and moves *at behind it. ERR_INVALID
 * with a sentence, *at then being the byte that is wrong; ERR_LIMIT; ERR_NOMEM. */
int literal_read(struct arena *a, const char *text, size_t len, size_t *at, struct value *out,
	struct err *e);

/* Reads the string whose quote stands at text[*at], in the same way. */
int literal_string_read(struct arena *a, const char *text, size_t len, size_t *at,
	struct value *out, struct err *e);

#endif
