/* The filters of expressions: one const table that parsing, "did you mean" and the reference
 * share. */
#ifndef ENGINE_FILTER_H
#define ENGINE_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/value.h"

#define FILTER_ARGS_MAX 2
#define FILTER_TEXT_MAX ((size_t)16 << 20) /* bytes of text that one filter may make */

struct arena;
struct err;

enum filter_kind {
	FILTER_CHANGES, /* makes another value; a missing one passes it by */
	FILTER_DEFAULT, /* takes the place of null and of a missing value */
	FILTER_RAW, /* changes nothing, but switches quoting off; comes last */
};

struct filter {
	const char *name;
	enum filter_kind kind;
	size_t n_args;
	unsigned arg_types[FILTER_ARGS_MAX]; /* 1 << enum value_type, or'ed */
	const char *usage; /* as a person writes it: replace(a, b) */
	const char *doc; /* a sentence for the reference */
	/* Makes *out of v; may keep parts of v. ERR_INVALID: v is of the wrong kind; ERR_NOTFOUND:
	 * there is no such part; ERR_LIMIT; ERR_NOMEM. */
	int (*apply)(struct arena *a, const struct value *v, const struct value *args,
		struct value *out, struct err *e);
	unsigned takes; /* 1 << enum value_type, or'ed: what apply does not refuse by its kind */
	int gives; /* an enum value_type, or one of the two below */
};

#define FILTER_GIVES_SAME (-1) /* what it was given */
#define FILTER_GIVES_ANY (-2)

/* The table, in the order of the reference. */
extern const struct filter filters[];
extern const size_t filters_count;

/* The filter of this name; NULL and a sentence that names the nearest where there is none. */
const struct filter *filter_find(const char *name, size_t len, struct err *e);

/* Whether a filter takes these arguments; ERR_INVALID with a sentence where not, *bad then being
 * the argument that is wrong (n_args: their number). */
int filter_args_check(const struct filter *f, const struct value *args, size_t n_args, size_t *bad,
	struct err *e);

/* v, and a type, for a sentence: "null", "a number", "an object". */
const char *filter_value_kind(const struct value *v);
const char *filter_type_kind(enum value_type type);

/* What a filter takes, for a sentence: "a list". */
const char *filter_takes_text(const struct filter *f);

#endif
