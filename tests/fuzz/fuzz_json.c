/*
 * JSON: what is read is what RFC 8259 has, by a second reader that is as plain as its grammar; what
 * is read, written and read again is the same; so is what was written pretty, and a copy. Numbers
 * keep their spelling, so the second writing is byte for byte the first. Any bytes are a string
 * that comes back from where it is kept exactly. And the bytes are two numbers, where a blank
 * stands between them: they are compared as their digits say, written out.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/utf8.h"
#include "engine/value.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* ---- the grammar ---- */

/* Where a reading has got to; NULL: this is no JSON. */
struct reading {
	const char *at, *end;
	int depth, deepest;
};

static void value_read(struct reading *r);

static int next_is(const struct reading *r, const char *chars)
{
	return r->at != NULL && r->at < r->end && *r->at != '\0' && strchr(chars, *r->at) != NULL;
}

/* Takes one of these characters, or as many as there are; it is no JSON where none is. */
static void take(struct reading *r, const char *chars)
{
	r->at = next_is(r, chars) ? r->at + 1 : NULL;
}

static void take_all(struct reading *r, const char *chars)
{
	take(r, chars);
	while (next_is(r, chars))
		r->at++;
}

static void blanks_skip(struct reading *r)
{
	while (next_is(r, " \t\r\n"))
		r->at++;
}

static void word_read(struct reading *r, const char *word)
{
	for (; *word != '\0'; word++)
		take(r, (const char[]){*word, '\0'});
}

static void string_read(struct reading *r)
{
	take(r, "\"");
	while (r->at != NULL && r->at < r->end && *r->at != '"') {
		if ((unsigned char)*r->at < 0x20) {
			r->at = NULL;
		} else if (*r->at++ == '\\') {
			int is_unicode = next_is(r, "u");

			take(r, "\"\\/bfnrtu");
			for (int i = 0; i < 4 && is_unicode; i++)
				take(r, "0123456789abcdefABCDEF");
		}
	}
	take(r, "\"");
}

static void number_read(struct reading *r)
{
	static const char digits[] = "0123456789";

	if (next_is(r, "-"))
		r->at++;
	if (next_is(r, "0"))
		r->at++;
	else
		take_all(r, digits);
	if (next_is(r, ".")) {
		r->at++;
		take_all(r, digits);
	}
	if (next_is(r, "eE")) {
		r->at++;
		if (next_is(r, "+-"))
			r->at++;
		take_all(r, digits);
	}
}

static void members_read(struct reading *r, const char *close, int has_keys)
{
	r->at++;
	if (++r->depth > r->deepest)
		r->deepest = r->depth;
	blanks_skip(r);
	while (r->at != NULL && !next_is(r, close)) {
		if (has_keys) {
			blanks_skip(r);
			string_read(r);
			blanks_skip(r);
			take(r, ":");
		}
		value_read(r);
		if (next_is(r, close))
			break;
		take(r, ",");
		blanks_skip(r);
		if (next_is(r, close))
			r->at = NULL;
	}
	take(r, close);
	r->depth--;
}

static void value_read(struct reading *r)
{
	blanks_skip(r);
	if (next_is(r, "{"))
		members_read(r, "}", 1);
	else if (next_is(r, "["))
		members_read(r, "]", 0);
	else if (next_is(r, "\""))
		string_read(r);
	else if (next_is(r, "t"))
		word_read(r, "true");
	else if (next_is(r, "f"))
		word_read(r, "false");
	else if (next_is(r, "n"))
		word_read(r, "null");
	else
		number_read(r);
	blanks_skip(r);
}

/* What reading it must come to. */
static int status_of(const char *text, size_t len)
{
	struct reading r = {.at = text, .end = text + len};

	value_read(&r);
	if (r.at != r.end || utf8_valid(text, len) != len)
		return ERR_INVALID;
	return r.deepest > VALUE_DEPTH_MAX ? ERR_LIMIT : 0;
}

/* ---- what is read, written ---- */

#define POWER_MOST 200 /* of ten: what is longer is not written out */
#define PLACES (2 * POWER_MOST)

static void must_be_equal(const struct buf *a, const struct buf *b)
{
	if (a->len != b->len || memcmp(buf_str(a), buf_str(b), a->len) != 0)
		abort();
}

static void round_trip(struct arena *a, const struct value *v)
{
	struct value again, pretty, copy;
	struct buf first, second;

	buf_init(&first, 0);
	buf_init(&second, 0);
	value_json(v, &first);
	if (value_parse_json(a, first.data, first.len, &again, NULL) != 0)
		abort();
	value_json(&again, &second);
	must_be_equal(&first, &second);
	buf_reset(&second);
	value_json_pretty(v, &second);
	if (value_parse_json(a, second.data, second.len, &pretty, NULL) != 0)
		abort();
	if (value_copy(a, v, &copy) != 0 || !value_equal(v, &again) || !value_equal(&pretty, v) ||
		!value_equal(&copy, v))
		abort();
	buf_free(&first);
	buf_free(&second);
}

/* What is kept exactly: a string of any bytes, and an object that has them for a key too. Shown, it
 * is JSON whatever they are. */
static void keep(struct arena *a, const char *bytes, size_t len)
{
	struct value_pair pair = {.key = bytes, .key_len = len, .value = value_string(bytes, len)};
	struct value v = {.type = VALUE_MAP, .len = 1, .u.pairs = &pair}, again;
	struct buf out;

	buf_init(&out, 0);
	value_json_exact(&v, &out);
	if (value_parse_json_exact(a, buf_str(&out), out.len, &again, NULL) != 0 ||
		again.type != VALUE_MAP || again.len != 1 || again.u.pairs[0].key_len != len ||
		memcmp(again.u.pairs[0].key, bytes, len) != 0 ||
		again.u.pairs[0].value.type != VALUE_STRING || again.u.pairs[0].value.len != len ||
		memcmp(again.u.pairs[0].value.u.text, bytes, len) != 0 ||
		again.u.pairs[0].value.u.text[len] != '\0')
		abort();
	buf_reset(&out);
	value_json(&v, &out);
	if (utf8_valid(buf_str(&out), out.len) != out.len ||
		value_parse_json(a, buf_str(&out), out.len, &again, NULL) != 0)
		abort();
	buf_free(&out);
}

/* What was written by nobody of ours, but is read as if it were: where it is read at all, it is the
 * same from then on. */
static void read_kept(struct arena *a, const char *text, size_t len)
{
	struct err e = {.text = ""};
	struct value v, again;
	struct buf first, second;

	if (value_parse_json_exact(a, text, len, &v, &e) != 0) {
		if (e.text[0] == '\0')
			abort();
		return;
	}
	buf_init(&first, 0);
	buf_init(&second, 0);
	value_json_exact(&v, &first);
	if (value_parse_json_exact(a, buf_str(&first), first.len, &again, &e) != 0 ||
		!value_equal(&v, &again))
		abort();
	value_json_exact(&again, &second);
	must_be_equal(&first, &second);
	buf_free(&first);
	buf_free(&second);
}

/* A number written out: whether it is less than 0, then its digits, PLACES of them with the point
 * in the middle. 0, or -1 where it is too long for that. */
struct digits {
	int is_negative;
	char at[PLACES];
};

static int write_out(const char *text, size_t len, struct digits *d)
{
	size_t at = text[0] == '-' ? 1 : 0, n = 0, begin = at, point, end;
	int is_zero = 1;
	long power;

	for (end = at; end < len && strchr("eE", text[end]) == NULL;)
		end++;
	power = end == len ? 0 : strtol(text + end + 1, NULL, 10);
	while (at < end && text[at] != '.')
		at++;
	point = at - begin;
	if (end - begin > POWER_MOST / 2 || power > POWER_MOST / 2 || power < -POWER_MOST / 2)
		return -1;
	memset(d->at, '0', sizeof(d->at));
	for (at = begin; at < end; at++) {
		if (text[at] == '.')
			continue;
		d->at[POWER_MOST - power - (long)point + (long)n++] = text[at];
		is_zero &= text[at] == '0';
	}
	d->is_negative = text[0] == '-' && !is_zero;
	return 0;
}

static int sign(int n)
{
	return (n > 0) - (n < 0);
}

static int digits_compare(const struct digits *a, const struct digits *b)
{
	int c = sign(memcmp(a->at, b->at, PLACES));

	if (a->is_negative != b->is_negative)
		return a->is_negative ? -1 : 1;
	return a->is_negative ? -c : c;
}

static int has_fraction(const struct digits *d)
{
	for (size_t i = POWER_MOST; i < PLACES; i++)
		if (d->at[i] != '0')
			return 1;
	return 0;
}

/* Whether the bytes are a number must be what reading them as JSON says. */
static int is_number(struct arena *a, const char *text, size_t len)
{
	int is_one = value_number_is_valid(text, len);
	struct value v;
	int is_read = len > 0 && strchr(" \t\r\n", text[len - 1]) == NULL &&
		strchr(" \t\r\n", text[0]) == NULL &&
		value_parse_json(a, text, len, &v, NULL) == 0 && v.type == VALUE_NUMBER;

	if (is_one != is_read)
		abort();
	return is_one;
}

static void compare(struct arena *a, const char *text, size_t len)
{
	const char *blank = memchr(text, ' ', len), *other;
	size_t n, m;
	struct digits x, y;
	int c;

	if (blank == NULL)
		return;
	n = (size_t)(blank - text);
	m = len - n - 1;
	other = arena_memdup(a, blank + 1, m);
	text = arena_memdup(a, text, n);
	if (text == NULL || other == NULL || !is_number(a, text, n) || !is_number(a, other, m))
		return;
	c = sign(value_number_compare(text, n, other, m));
	if (c != -sign(value_number_compare(other, m, text, n)) ||
		value_number_compare(text, n, text, n) != 0)
		abort();
	if (write_out(text, n, &x) == 0 && value_number_is_integer(text, n) != !has_fraction(&x))
		abort();
	if (write_out(text, n, &x) == 0 && write_out(other, m, &y) == 0 &&
		c != digits_compare(&x, &y))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct arena *a = arena_create(0);
	struct err e = {.text = ""};
	struct value v;
	int status;

	if (a == NULL)
		return 0;
	status = value_parse_json(a, text, size, &v, &e);
	if (status == 0)
		round_trip(a, &v);
	else if (e.text[0] == '\0')
		abort();
	/* N.B. what nests too deep may be wrong behind that. */
	if (status != status_of(text, size) && status != ERR_LIMIT)
		abort();
	read_kept(a, text, size);
	keep(a, text, size);
	compare(a, text, size);
	arena_destroy(a);
	return 0;
}
