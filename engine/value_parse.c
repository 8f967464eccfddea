/*
 * Values out of JSON, by yajl.
 *
 * What yajl leaves open is closed before it sees the text: all of it must be valid UTF-8 (yajl lets
 * overlong forms pass), and halves of surrogate pairs are mended. yajl dies where malloc fails; it
 * is given memory out of an arena instead, and a longjmp takes us out of it when that ends.
 */
#include <setjmp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/json_mend.h"
#include "engine/utf8.h"
#include "engine/value.h"

/* A list or an object that is not closed yet. */
struct frame {
	bool is_map;
	size_t first; /* its first member among the pending ones */
};

struct reader {
	struct arena *a; /* for the values */
	struct arena *scratch; /* for yajl; of the same memory */
	jmp_buf out_of_memory;
	struct frame frames[VALUE_DEPTH_MAX];
	size_t depth;
	struct buf pending; /* of struct value_pair: members whose container is still open */
	struct value_pair next; /* its key, where one has come */
	bool is_exact; /* halves of surrogate pairs are bytes */
	int rc;
};

/* yajl's callbacks say 1 for going on and 0 for stopping. */
static int fail(struct reader *r, int rc)
{
	r->rc = rc;
	return 0;
}

static int member_add(struct reader *r, struct value v)
{
	r->next.value = v;
	buf_add(&r->pending, &r->next, sizeof(r->next));
	r->next.key = NULL;
	return buf_status(&r->pending) == 0 ? 1 : fail(r, ERR_NOMEM);
}

static int on_null(void *ctx)
{
	return member_add(ctx, value_null());
}

static int on_boolean(void *ctx, int truth)
{
	return member_add(ctx, value_bool(truth != 0));
}

static int on_number(void *ctx, const char *s, size_t len)
{
	struct reader *r = ctx;
	const char *text = arena_memdup(r->a, s, len);

	if (text == NULL)
		return fail(r, ERR_NOMEM);
	return member_add(r, (struct value){.type = VALUE_NUMBER, .len = len, .u.text = text});
}

/* A copy of a string. NULL: no memory. */
static const char *string_take(const struct reader *r, const unsigned char *s, size_t *len)
{
	char *copy = arena_memdup(r->a, s, *len);

	if (copy != NULL && r->is_exact)
		*len = json_bytes_mend(copy, *len);
	return copy;
}

static int on_string(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;
	const char *text = string_take(r, s, &len);

	return text != NULL ? member_add(r, value_string(text, len)) : fail(r, ERR_NOMEM);
}

/* The key is kept among the pending members, as a pair without a value, while what belongs to it
 * may be a container that has members of its own. */
static int on_key(void *ctx, const unsigned char *s, size_t len)
{
	struct reader *r = ctx;

	r->next.key = string_take(r, s, &len);
	r->next.key_len = len;
	return r->next.key != NULL ? 1 : fail(r, ERR_NOMEM);
}

static int on_open(struct reader *r, bool is_map)
{
	if (r->depth == VALUE_DEPTH_MAX)
		return fail(r, ERR_LIMIT);
	/* What the container is called is remembered in a pair in front of its members. */
	if (member_add(r, value_null()) == 0)
		return 0;
	r->frames[r->depth++] = (struct frame){is_map, r->pending.len / sizeof(r->next)};
	return 1;
}

static int on_open_map(void *ctx)
{
	return on_open(ctx, true);
}

static int on_open_list(void *ctx)
{
	return on_open(ctx, false);
}

static int list_close(struct reader *r, const struct value_pair *pairs, size_t n, struct value *out)
{
	struct value *items = arena_array(r->a, n, sizeof(*items));

	if (items == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < n; i++)
		items[i] = pairs[i].value;
	*out = (struct value){.type = VALUE_LIST, .len = n, .u.items = items};
	return 0;
}

static int on_close(void *ctx)
{
	struct reader *r = ctx;
	const struct frame *f = &r->frames[--r->depth];
	struct value_pair *all = (struct value_pair *)(void *)r->pending.data;
	size_t n = r->pending.len / sizeof(r->next) - f->first;
	struct value *owner = &all[f->first - 1].value;
	int rc = f->is_map ? value_map(r->a, all + f->first, n, owner)
			   : list_close(r, all + f->first, n, owner);

	r->pending.len = f->first * sizeof(r->next);
	return rc == 0 ? 1 : fail(r, rc);
}

/* Memory for yajl: a size in front of each piece, for realloc. */
union head {
	size_t size;
	max_align_t align;
};

static void *yajl_memory_get(void *ctx, size_t size)
{
	struct reader *r = ctx;
	union head *h =
		size > SIZE_MAX - sizeof(*h) ? NULL : arena_alloc(r->scratch, sizeof(*h) + size);

	if (h == NULL)
		longjmp(r->out_of_memory, 1);
	h->size = size;
	return h + 1;
}

static void *yajl_memory_resize(void *ctx, void *old, size_t size)
{
	void *p = yajl_memory_get(ctx, size);

	if (old != NULL) {
		size_t had = ((union head *)old - 1)->size;

		memcpy(p, old, had < size ? had : size);
	}
	return p;
}

static void yajl_memory_drop(void *ctx, void *p)
{
	(void)ctx;
	(void)p; /* all of it goes with the arena */
}

/* What yajl says, and what a person should read; it is found by its beginning. Inside of a string
 * yajl stops in front of the byte that is wrong, elsewhere behind it. */
static const struct {
	const char *theirs, *ours;
	size_t ahead;
} sentences[] = {
	{"lexical error: inside a string, '\\' occurs", "no such escape behind the backslash", 1},
	{"lexical error: invalid character inside string",
		"a control character in a string; it must be escaped, a line's end as \\n", 1},
	{"lexical error: invalid (non-hex)", "\\u wants four hexadecimal digits", 1},
	{"lexical error: invalid char in json", "no JSON value begins like this", 0},
	{"lexical error: invalid string in json",
		"only true, false and null may stand without quotes", 0},
	{"lexical error: malformed number, a digit is required after the decimal",
		"a number wants a digit behind its point", 0},
	{"lexical error: malformed number, a digit is required after the exponent",
		"a number wants a digit in its exponent", 0},
	{"lexical error: malformed number, a digit is required after the minus",
		"a number wants a digit behind its minus", 0},
	{"lexical error: probable comment", "JSON has no comments", 0},
	{"parse error: premature EOF", "the text ends before the value does", 0},
	{"parse error: unallowed token", "a value was expected here", 0},
	{"parse error: after array element", "a list wants , or ] behind an item", 0},
	{"parse error: object key and value", "an object wants : behind a key", 0},
	{"parse error: after key and value", "an object wants , or } behind a value", 0},
	{"parse error: invalid object key", "an object's key must be a string in double quotes", 0},
};

/* Says what is wrong at byte `at` (from 0) of the text. */
static int place_tell(struct err *e, const char *text, size_t at, const char *what)
{
	size_t line = 1, begin = 0;

	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			begin = i + 1;
		}
	}
	if (line == 1)
		return err_set(e, ERR_INVALID, "byte %zu: %s", at + 1, what);
	return err_set(e, ERR_INVALID, "line %zu, byte %zu: %s", line, at - begin + 1, what);
}

/* at: how many bytes yajl had consumed, the one that was wrong among them. */
static int yajl_failed(yajl_handle h, struct err *e, const char *text, size_t at)
{
	unsigned char *theirs = yajl_get_error(h, 0, NULL, 0);
	const char *what = "this is no JSON";

	for (size_t i = 0; i < sizeof(sentences) / sizeof(*sentences); i++) {
		const char *s = sentences[i].theirs;

		if (strncmp((const char *)theirs, s, strlen(s)) != 0)
			continue;
		what = sentences[i].ours;
		at += sentences[i].ahead;
		break;
	}
	yajl_free_error(h, theirs);
	return place_tell(e, text, at > 0 ? at - 1 : 0, what);
}

/* How many blanks the text begins with. */
static size_t blanks(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && memchr(" \t\r\n", text[n], 4) != NULL)
		n++;
	return n;
}

/* Looks at what stands outside of a value that ends at byte `end`. N.B. yajl takes a string behind
 * it that never ends, and vertical tabs and form feeds for blanks; in a string it refuses those. */
static int outside_check(const char *text, size_t len, size_t end, struct err *e)
{
	const char *tab = memchr(text, '\v', len), *feed = memchr(text, '\f', len);

	end += blanks(text + end, len - end);
	if (end < len)
		return place_tell(e, text, end, "there is more behind the value");
	if (tab == NULL || (feed != NULL && feed < tab))
		tab = feed;
	return tab == NULL ? 0
			   : place_tell(e, text, (size_t)(tab - text),
				     "JSON's blanks are spaces, tabs and line ends");
}

/* Reads the text, mended, into r->pending[0]. */
static int yajl_run(struct reader *r, const char *text, size_t len, struct err *e)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_open_map,
		.yajl_map_key = on_key,
		.yajl_end_map = on_close,
		.yajl_start_array = on_open_list,
		.yajl_end_array = on_close,
	};
	yajl_alloc_funcs memory = {yajl_memory_get, yajl_memory_resize, yajl_memory_drop, NULL};
	yajl_handle h;
	size_t at;
	bool is_value;

	memory.ctx = r;
	h = yajl_alloc(&callbacks, &memory, r);
	yajl_config(h, yajl_dont_validate_strings, 1);
	yajl_config(h, yajl_allow_trailing_garbage, 1);
	is_value = yajl_parse(h, (const unsigned char *)text, len) == yajl_status_ok;
	at = yajl_get_bytes_consumed(h);
	if (is_value && yajl_complete_parse(h) == yajl_status_ok)
		return outside_check(text, len, at, e);
	if (r->rc == ERR_LIMIT)
		return err_set(
			e, ERR_LIMIT, "lists and objects nest more than %d deep", VALUE_DEPTH_MAX);
	if (r->rc != 0)
		return err_set(e, r->rc, "out of memory while reading JSON");
	return yajl_failed(h, e, text, at < len ? at : len);
}

/* The same, and back here where yajl's memory ends. */
static int yajl_run_guarded(struct reader *r, const char *text, size_t len, struct err *e)
{
	if (setjmp(r->out_of_memory) != 0)
		return err_set(e, ERR_NOMEM, "out of memory while reading JSON");
	return yajl_run(r, text, len, e);
}

static int parse(struct arena *a, const char *text, size_t len, bool is_exact, struct value *out,
	struct err *e)
{
	struct reader *r;
	size_t valid = utf8_valid(text, len);
	const char *mended;
	int rc;

	if (blanks(text, len) == len)
		return err_set(e, ERR_INVALID, "the text is empty");
	if (valid < len)
		return place_tell(e, text, valid, "this is no UTF-8");
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return err_set(e, ERR_NOMEM, "out of memory while reading JSON");
	r->a = a;
	r->is_exact = is_exact;
	r->scratch = arena_create_like(a);
	mended = r->scratch == NULL ? NULL
		: is_exact	    ? text
				    : json_halves_mend(r->scratch, text, len);
	if (mended == NULL)
		rc = err_set(e, ERR_NOMEM, "out of memory while reading JSON");
	else
		rc = yajl_run_guarded(r, mended, len, e);
	if (rc == 0)
		*out = ((struct value_pair *)(void *)r->pending.data)->value;
	buf_free(&r->pending);
	arena_destroy(r->scratch);
	free(r);
	return rc;
}

int value_parse_json(
	struct arena *a, const char *text, size_t len, struct value *out, struct err *e)
{
	return parse(a, text, len, false, out, e);
}

int value_parse_json_exact(
	struct arena *a, const char *text, size_t len, struct value *out, struct err *e)
{
	return parse(a, text, len, true, out, e);
}
