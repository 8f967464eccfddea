/*
 * Filters: the table, and what each does. None looks at its value as anything but bytes, save
 * `length`, which counts characters; upper and lower know the letters A to Z alone, since anything
 * more would depend on a language.
 */
#include "engine/filter.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/filter_text.h"
#include "engine/hint.h"
#include "engine/shquote.h"
#include "engine/utf8.h"

#define SCALARS (1u << VALUE_NULL | 1u << VALUE_BOOL | 1u << VALUE_NUMBER | 1u << VALUE_STRING)
#define ANYTHING (SCALARS | 1u << VALUE_LIST)
#define STRING (1u << VALUE_STRING)
#define LIST (1u << VALUE_LIST)
#define MAP (1u << VALUE_MAP)
#define TEXTS (1u << VALUE_BOOL | 1u << VALUE_NUMBER | STRING) /* what text_get() takes */

const char *filter_type_kind(enum value_type type)
{
	static const char *const kinds[] = {
		[VALUE_NULL] = "null",
		[VALUE_BOOL] = "a boolean",
		[VALUE_NUMBER] = "a number",
		[VALUE_STRING] = "a string",
		[VALUE_LIST] = "a list",
		[VALUE_MAP] = "an object",
	};

	return kinds[type];
}

const char *filter_value_kind(const struct value *v)
{
	return filter_type_kind(v->type);
}

const char *filter_takes_text(const struct filter *f)
{
	if (f->takes == LIST)
		return "a list";
	return f->takes & LIST ? "a string, a list or an object" : "a string";
}

static int wants(struct err *e, const char *name, const char *what, const struct value *found)
{
	return err_set(
		e, ERR_INVALID, "%s wants %s, found %s", name, what, filter_value_kind(found));
}

/* Whether the value is one that stands for itself as a text (a number is its spelling), and which;
 * e says what was wanted where not. */
static bool text_get(
	struct err *e, const char *name, const struct value *v, const char **text, size_t *len)
{
	if (v->type == VALUE_STRING || v->type == VALUE_NUMBER) {
		*text = v->u.text;
		*len = v->len;
	} else if (v->type == VALUE_BOOL) {
		*text = v->truth ? "true" : "false";
		*len = strlen(*text);
	} else {
		(void)wants(e, name, "a string", v);
		return false;
	}
	return true;
}

/* Takes what stands in b as a string into the arena, and frees b. */
static int text_keep(
	struct arena *a, const char *name, struct buf *b, struct value *out, struct err *e)
{
	const char *text = arena_memdup(a, buf_str(b), b->len);
	size_t len = b->len;
	int rc = buf_status(b);

	buf_free(b);
	if (rc == ERR_LIMIT)
		return err_set(e, rc, "%s would make a text of more than %zu MiB", name,
			FILTER_TEXT_MAX >> 20);
	if (rc != 0 || text == NULL)
		return err_set(e, ERR_NOMEM, "%s: out of memory", name);
	*out = value_string(text, len);
	return 0;
}

static int keep_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	(void)a;
	(void)args;
	(void)e;
	*out = *v;
	return 0;
}

static int default_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	(void)a;
	(void)e;
	*out = v == NULL || v->type == VALUE_NULL ? args[0] : *v;
	return 0;
}

static int sh_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	struct buf b;
	const char *text;
	size_t len;

	(void)args;
	if (!text_get(e, "sh", v, &text, &len))
		return ERR_INVALID;
	if (memchr(text, '\0', len) != NULL)
		return err_set(e, ERR_INVALID, "sh: no shell word can hold a NUL byte");
	buf_init(&b, FILTER_TEXT_MAX);
	sh_quote_word(&b, text, len);
	return text_keep(a, "sh", &b, out, e);
}

static int json_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	struct buf b;

	(void)args;
	buf_init(&b, FILTER_TEXT_MAX);
	value_json(v, &b);
	return text_keep(a, "json", &b, out, e);
}

static int letters_change(struct arena *a, const struct value *v, const char *name, char first,
	struct value *out, struct err *e)
{
	const char *text;
	size_t len;
	char *copy;

	if (!text_get(e, name, v, &text, &len))
		return ERR_INVALID;
	copy = arena_memdup(a, text, len);
	if (copy == NULL)
		return err_set(e, ERR_NOMEM, "%s: out of memory", name);
	for (size_t i = 0; i < len; i++)
		if (copy[i] >= first && copy[i] < first + 26)
			copy[i] = (char)(copy[i] ^ 0x20);
	*out = value_string(copy, len);
	return 0;
}

static int upper_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	(void)args;
	return letters_change(a, v, "upper", 'a', out, e);
}

static int lower_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	(void)args;
	return letters_change(a, v, "lower", 'A', out, e);
}

/* The filters whose result is made by filter_text.c. */
static int made(struct arena *a, const char *name,
	int (*make)(struct buf *out, const char *text, size_t len, struct err *e),
	const struct value *v, struct value *out, struct err *e)
{
	struct buf b;
	const char *text;
	size_t len;
	int rc;

	if (!text_get(e, name, v, &text, &len))
		return ERR_INVALID;
	buf_init(&b, FILTER_TEXT_MAX);
	rc = make(&b, text, len, e);
	if (rc == 0)
		return text_keep(a, name, &b, out, e);
	buf_free(&b);
	return rc;
}

#define MADE(name)                                                                                 \
	static int name##_apply(struct arena *a, const struct value *v, const struct value *args,  \
		struct value *out, struct err *e)                                                  \
	{                                                                                          \
		(void)args;                                                                        \
		return made(a, #name, filter_text_##name, v, out, e);                              \
	}

MADE(trim)
MADE(b64encode)
MADE(b64decode)
MADE(basename)
MADE(dirname)

static int length_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	size_t n = v->len, at = 0;
	uint32_t cp;

	(void)args;
	if (v->type != VALUE_STRING && v->type != VALUE_LIST && v->type != VALUE_MAP)
		return wants(e, "length", "a string, a list or an object", v);
	if (v->type == VALUE_STRING) {
		for (n = 0; at < v->len; n++) {
			size_t took = utf8_decode(v->u.text + at, v->len - at, &cp);

			at += took == 0 ? 1 : took;
		}
	}
	return value_int_make(a, (int64_t)n, out) == 0
		? 0
		: err_set(e, ERR_NOMEM, "length: out of memory");
}

static int first_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	(void)a;
	(void)args;
	if (v->type != VALUE_LIST)
		return wants(e, "first", "a list", v);
	if (v->len == 0)
		return err_set(e, ERR_NOTFOUND, "first: the list is empty");
	*out = v->u.items[0];
	return 0;
}

static int last_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	(void)a;
	(void)args;
	if (v->type != VALUE_LIST)
		return wants(e, "last", "a list", v);
	if (v->len == 0)
		return err_set(e, ERR_NOTFOUND, "last: the list is empty");
	*out = v->u.items[v->len - 1];
	return 0;
}

static int join_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	struct buf b;

	if (v->type != VALUE_LIST)
		return wants(e, "join", "a list", v);
	buf_init(&b, FILTER_TEXT_MAX);
	for (size_t i = 0; i < v->len; i++) {
		if (i != 0)
			buf_add(&b, args[0].u.text, args[0].len);
		value_text(&v->u.items[i], &b);
	}
	return text_keep(a, "join", &b, out, e);
}

static int replace_apply(struct arena *a, const struct value *v, const struct value *args,
	struct value *out, struct err *e)
{
	struct buf b;
	const char *text;
	size_t len;

	if (!text_get(e, "replace", v, &text, &len))
		return ERR_INVALID;
	buf_init(&b, FILTER_TEXT_MAX);
	filter_text_replace(&b, text, len, &args[0], &args[1]);
	return text_keep(a, "replace", &b, out, e);
}

const struct filter filters[] = {
	{"default", FILTER_DEFAULT, 1, {ANYTHING}, "default(v)",
		"v where there is no value, or null; any other value as it is.", default_apply,
		ANYTHING | MAP, FILTER_GIVES_SAME},
	{"raw", FILTER_RAW, 0, {0}, "raw",
		"The value as it is; in a script it is spliced in unquoted. Comes last.",
		keep_apply, ANYTHING | MAP, FILTER_GIVES_SAME},
	{"sh", FILTER_CHANGES, 0, {0}, "sh",
		"The value written as one word of a shell, for a script inside of a script.",
		sh_apply, TEXTS, VALUE_STRING},
	{"json", FILTER_CHANGES, 0, {0}, "json", "The value as compact JSON text.", json_apply,
		ANYTHING | MAP, VALUE_STRING},
	{"upper", FILTER_CHANGES, 0, {0}, "upper", "The letters a to z as capitals.", upper_apply,
		TEXTS, VALUE_STRING},
	{"lower", FILTER_CHANGES, 0, {0}, "lower", "The letters A to Z as small ones.", lower_apply,
		TEXTS, VALUE_STRING},
	{"trim", FILTER_CHANGES, 0, {0}, "trim",
		"The text without blanks, tabs and line ends at both ends.", trim_apply, TEXTS,
		VALUE_STRING},
	{"length", FILTER_CHANGES, 0, {0}, "length",
		"How many characters a string, items a list, keys an object has.", length_apply,
		STRING | LIST | MAP, VALUE_NUMBER},
	{"first", FILTER_CHANGES, 0, {0}, "first", "The first item of a list.", first_apply, LIST,
		FILTER_GIVES_ANY},
	{"last", FILTER_CHANGES, 0, {0}, "last", "The last item of a list.", last_apply, LIST,
		FILTER_GIVES_ANY},
	{"join", FILTER_CHANGES, 1, {STRING}, "join(sep)",
		"The items of a list as one text, sep between them.", join_apply, LIST,
		VALUE_STRING},
	{"b64encode", FILTER_CHANGES, 0, {0}, "b64encode", "The text in base64, on one line.",
		b64encode_apply, TEXTS, VALUE_STRING},
	{"b64decode", FILTER_CHANGES, 0, {0}, "b64decode",
		"The bytes that a text in base64 stands for; white space in it is passed over.",
		b64decode_apply, TEXTS, VALUE_STRING},
	{"basename", FILTER_CHANGES, 0, {0}, "basename",
		"The last part of a path: file.gz of /a/b/file.gz.", basename_apply, TEXTS,
		VALUE_STRING},
	{"dirname", FILTER_CHANGES, 0, {0}, "dirname",
		"A path without its last part: /a/b of /a/b/file.gz.", dirname_apply, TEXTS,
		VALUE_STRING},
	{"replace", FILTER_CHANGES, 2, {STRING, STRING}, "replace(a, b)",
		"The text with b in place of each a.", replace_apply, TEXTS, VALUE_STRING},
};

const size_t filters_count = sizeof(filters) / sizeof(*filters);

const struct filter *filter_find(const char *name, size_t len, struct err *e)
{
	struct hint h;

	hint_begin(&h, name, len);
	for (size_t i = 0; i < filters_count; i++) {
		if (strlen(filters[i].name) == len && memcmp(filters[i].name, name, len) == 0)
			return &filters[i];
		hint_offer(&h, filters[i].name, strlen(filters[i].name));
	}
	if (h.best != NULL)
		err_set(e, ERR_NOTFOUND, "unknown filter \"%.*s\"; did you mean \"%.*s\"?",
			(int)(len < 60 ? len : 60), name, (int)h.best_len, h.best);
	else
		err_set(e, ERR_NOTFOUND,
			"unknown filter \"%.*s\"; there are default, raw, sh, json, upper, lower, "
			"trim, "
			"length, first, last, join, b64encode, b64decode, basename, dirname and "
			"replace",
			(int)(len < 60 ? len : 60), name);
	return NULL;
}

int filter_args_check(
	const struct filter *f, const struct value *args, size_t n_args, size_t *bad, struct err *e)
{
	*bad = n_args;
	if (n_args != f->n_args && f->n_args == 0)
		return err_set(e, ERR_INVALID, "%s takes no arguments", f->name);
	if (n_args != f->n_args)
		return err_set(e, ERR_INVALID, "%s wants %zu argument%s, not %zu: %s", f->name,
			f->n_args, f->n_args == 1 ? "" : "s", n_args, f->usage);
	for (size_t i = 0; i < n_args; i++) {
		*bad = i;
		if ((f->arg_types[i] & 1u << args[i].type) == 0)
			return err_set(e, ERR_INVALID,
				"%s wants a string in quotes here, found %s: %s", f->name,
				filter_value_kind(&args[i]), f->usage);
	}
	*bad = 0;
	if (f->apply == replace_apply && args[0].len == 0)
		return err_set(
			e, ERR_INVALID, "replace has nothing to look for: its first text is empty");
	return 0;
}
