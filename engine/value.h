/*
 * A value: what a response, a parameter, a list item or a setting holds. JSON's shape.
 *
 * Values are plain data in an arena, never changed once made. A number keeps the spelling in which
 * it came. Strings are bytes: they may hold anything, a NUL included, valid UTF-8 or not.
 */
#ifndef ENGINE_VALUE_H
#define ENGINE_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define VALUE_DEPTH_MAX 128 /* how deep lists and maps may nest */

struct arena;
struct buf;
struct err;

enum value_type { VALUE_NULL, VALUE_BOOL, VALUE_NUMBER, VALUE_STRING, VALUE_LIST, VALUE_MAP };

struct value {
	enum value_type type;
	bool truth; /* VALUE_BOOL */
	size_t len; /* bytes of text, or number of items or pairs */
	union {
		const char *text; /* VALUE_NUMBER (its spelling), VALUE_STRING; NUL behind it */
		const struct value *items; /* VALUE_LIST */
		const struct value_pair *pairs; /* VALUE_MAP, in the order in which they came */
	} u;
};

struct value_pair {
	const char *key;
	size_t key_len;
	struct value value;
};

/* Makes simple values. The text must live as long as the value does. */
static inline struct value value_null(void)
{
	return (struct value){.type = VALUE_NULL};
}

static inline struct value value_bool(bool truth)
{
	return (struct value){.type = VALUE_BOOL, .truth = truth};
}

static inline struct value value_string(const char *text, size_t len)
{
	return (struct value){.type = VALUE_STRING, .len = len, .u.text = text};
}

/* A C string's value; null where there is none. */
static inline struct value value_cstring(const char *s)
{
	return s == NULL ? value_null() : value_string(s, strlen(s));
}

/* A member of a map, under a C string's name. */
static inline struct value_pair value_pair_of(const char *key, struct value v)
{
	return (struct value_pair){.key = key, .key_len = strlen(key), .value = v};
}

/* Makes a number in the arena. ERR_NOMEM; the second gives VALUE_NULL then, for who looks later. */
int value_int_make(struct arena *a, int64_t n, struct value *out);
struct value value_int(struct arena *a, int64_t n);

/* Makes a list of n items, or a map of n pairs, in the arena; the array is copied, what it points
 * to must live as long as the value. Where a key comes twice, its last value takes the first's
 * place. ERR_NOMEM. */
int value_list(struct arena *a, const struct value *items, size_t n, struct value *out);
int value_map(struct arena *a, const struct value_pair *pairs, size_t n, struct value *out);

/* "null", "boolean", "number", "string", "list" or "object": the word for a person. */
const char *value_type_name(enum value_type t);

/* The member of a map, or NULL. */
const struct value *value_member(const struct value *map, const char *key, size_t len);

/* A copy of v, text and all, in the arena. ERR_NOMEM. */
int value_copy(struct arena *a, const struct value *v, struct value *out);

/* v as text, the way an expression renders it: strings as they are, numbers as spelled, true,
 * false, null, lists and objects as compact JSON. Failure sticks in out. */
void value_text(const struct value *v, struct buf *out);

/* v as compact JSON. Bytes of a string that are no UTF-8 come out as U+FFFD. Failure sticks in out.
 */
void value_json(const struct value *v, struct buf *out);

/* The same over several lines, indented by two blanks a level. */
void value_json_pretty(const struct value *v, struct buf *out);

/* Parses one JSON text (RFC 8259; nothing but blanks around it) into the arena. Of a key that comes
 * twice the last value counts; half of a surrogate pair becomes U+FFFD. On ERR_INVALID e says at
 * which line and byte and why; ERR_LIMIT: nested too deep; ERR_NOMEM. */
int value_parse_json(
	struct arena *a, const char *text, size_t len, struct value *out, struct err *e);

/* JSON for what is read back by value_parse_json_exact() alone: each byte that is no part of UTF-8
 * comes out as half of a surrogate pair, \udc80 to \udcff, and goes in again as that byte. */
void value_json_exact(const struct value *v, struct buf *out);
int value_parse_json_exact(
	struct arena *a, const char *text, size_t len, struct value *out, struct err *e);

/* Whether text is a number as JSON spells it, blanks excluded. */
bool value_number_is_valid(const char *text, size_t len);

/* Compares two numbers of JSON's spelling by what they mean, exactly, however long they are: less
 * than 0, 0, more than 0. */
int value_number_compare(const char *a, size_t a_len, const char *b, size_t b_len);

/* Whether a number of JSON's spelling is a whole one: 12, -0, 1.0 and 1e3 are, 1.5 is not. */
bool value_number_is_integer(const char *text, size_t len);

/* Whether two values are the same: numbers by what they mean (1 and 1.0), maps in any order. */
bool value_equal(const struct value *a, const struct value *b);

#endif
