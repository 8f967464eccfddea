/*
 * Literals. Strings of both quotes take JSON's escapes and \'; an unknown escape is refused, so
 * that nobody wonders which of two readings it got. Numbers are JSON's and keep their spelling.
 */
#include "engine/literal.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/utf8.h"

struct reader {
	struct arena *a;
	const char *text;
	size_t len;
	size_t at;
	struct err *e;
};

bool literal_may_begin(char c)
{
	return c == '"' || c == '\'' || c == '[' || c == '-' || (c >= '0' && c <= '9');
}

static bool hex4_read(const struct reader *r, size_t at, uint32_t *out)
{
	static const char hex[] = "0123456789abcdef";
	uint32_t n = 0;

	if (r->len < 4 || at > r->len - 4)
		return false;
	for (size_t i = at; i < at + 4; i++) {
		char c = r->text[i];
		const char *p = c == '\0' ? NULL : strchr(hex, c >= 'A' && c <= 'F' ? c + 32 : c);

		if (p == NULL)
			return false;
		n = n << 4 | (uint32_t)(p - hex);
	}
	*out = n;
	return true;
}

/* The \uXXXX at r->at, or two of them that are one character. */
static int unicode_read(struct reader *r, struct buf *out)
{
	char bytes[UTF8_MAX];
	uint32_t cp, low;
	size_t used = 6;

	if (!hex4_read(r, r->at + 2, &cp))
		return err_set(r->e, ERR_INVALID, "\\u wants four hexadecimal digits");
	if (cp >= 0xd800 && cp <= 0xdbff && r->len - r->at >= 12 &&
		memcmp(r->text + r->at + 6, "\\u", 2) == 0 && hex4_read(r, r->at + 8, &low) &&
		low >= 0xdc00 && low <= 0xdfff) {
		cp = 0x10000 + ((cp - 0xd800) << 10) + (low - 0xdc00);
		used = 12;
	}
	if (cp >= 0xd800 && cp <= 0xdfff)
		return err_set(r->e, ERR_INVALID, "half of a surrogate pair is no character");
	buf_add(out, bytes, utf8_encode(cp, bytes));
	r->at += used;
	return 0;
}

static int escape_read(struct reader *r, struct buf *out)
{
	static const char names[] = "bfnrt\"'\\/", bytes[] = "\b\f\n\r\t\"'\\/";
	char c = r->len - r->at < 2 ? '\0' : r->text[r->at + 1];
	const char *p = c == '\0' ? NULL : strchr(names, c);

	if (c == 'u')
		return unicode_read(r, out);
	if (p == NULL)
		return err_set(
			r->e, ERR_INVALID, "no such escape; a backslash itself is written \\\\");
	buf_addc(out, bytes[p - names]);
	r->at += 2;
	return 0;
}

static int string_read(struct reader *r, struct value *out)
{
	size_t begin = r->at;
	char quote = r->text[r->at++];
	struct buf b;
	const char *text;
	int rc = 0;

	buf_init(&b, 0);
	while (rc == 0 && r->at < r->len && r->text[r->at] != quote) {
		if (r->text[r->at] == '\\')
			rc = escape_read(r, &b);
		else
			buf_addc(&b, r->text[r->at++]);
	}
	if (rc == 0 && r->at == r->len) {
		r->at = begin;
		rc = err_set(
			r->e, ERR_INVALID, "the string that begins here has no closing %c", quote);
	}
	if (rc == 0) {
		r->at++;
		text = arena_memdup(r->a, buf_str(&b), b.len);
		rc = buf_status(&b) != 0 || text == NULL ? err_set(r->e, ERR_NOMEM, "out of memory")
							 : 0;
		*out = value_string(text, b.len);
	}
	buf_free(&b);
	return rc;
}

static int number_read(struct reader *r, struct value *out)
{
	size_t end = r->at + 1;
	const char *text;

	while (end < r->len &&
		(literal_is_name(r->text[end]) || r->text[end] == '.' || r->text[end] == '+'))
		end++;
	if (!value_number_is_valid(r->text + r->at, end - r->at))
		return err_set(r->e, ERR_INVALID, "%.*s is no number as JSON writes them",
			(int)(end - r->at < 40 ? end - r->at : 40), r->text + r->at);
	text = arena_memdup(r->a, r->text + r->at, end - r->at);
	if (text == NULL)
		return err_set(r->e, ERR_NOMEM, "out of memory");
	*out = (struct value){.type = VALUE_NUMBER, .len = end - r->at, .u.text = text};
	r->at = end;
	return 0;
}

static int word_read(struct reader *r, struct value *out)
{
	size_t n = 0;

	while (r->at + n < r->len && literal_is_name(r->text[r->at + n]))
		n++;
	if (n == 4 && memcmp(r->text + r->at, "true", n) == 0)
		*out = value_bool(true);
	else if (n == 5 && memcmp(r->text + r->at, "false", n) == 0)
		*out = value_bool(false);
	else if (n == 4 && memcmp(r->text + r->at, "null", n) == 0)
		*out = value_null();
	else if (n == 0)
		return err_set(r->e, ERR_INVALID,
			"a string in quotes, a number, true, false, null or a list was expected");
	else
		return err_set(r->e, ERR_INVALID,
			"%.*s is no literal; a text stands in quotes: \"%.*s\"",
			(int)(n < 60 ? n : 60), r->text + r->at, (int)(n < 60 ? n : 60),
			r->text + r->at);
	r->at += n;
	return 0;
}

static void blanks_skip(struct reader *r)
{
	while (r->at < r->len && memchr(" \t\r\n", r->text[r->at], 4) != NULL)
		r->at++;
}

static int any_read(struct reader *r, int depth, struct value *out);

static int items_read(struct reader *r, int depth, struct buf *items)
{
	struct value v;
	int rc;

	for (size_t n = 0;; n++) {
		blanks_skip(r);
		if (n == 0 && r->at < r->len && r->text[r->at] == ']')
			return 0;
		if (n == LITERAL_ITEMS_MAX)
			return err_set(r->e, ERR_LIMIT, "a list here has at most %d items",
				LITERAL_ITEMS_MAX);
		rc = any_read(r, depth, &v);
		if (rc != 0)
			return rc;
		buf_add(items, &v, sizeof(v));
		blanks_skip(r);
		if (r->at == r->len || (r->text[r->at] != ',' && r->text[r->at] != ']'))
			return err_set(r->e, ERR_INVALID, "a list wants , or ] behind an item");
		if (r->text[r->at] == ']')
			return 0;
		r->at++;
	}
}

static int list_read(struct reader *r, int depth, struct value *out)
{
	struct buf items;
	int rc;

	if (depth == LITERAL_DEPTH_MAX)
		return err_set(
			r->e, ERR_LIMIT, "lists here nest at most %d deep", LITERAL_DEPTH_MAX);
	r->at++;
	buf_init(&items, 0);
	rc = items_read(r, depth + 1, &items);
	if (rc == 0) {
		r->at++;
		rc = buf_status(&items) != 0
			? ERR_NOMEM
			: value_list(r->a, (const struct value *)(const void *)items.data,
				  items.len / sizeof(struct value), out);
		if (rc != 0)
			err_set(r->e, rc, "out of memory");
	}
	buf_free(&items);
	return rc;
}

static int any_read(struct reader *r, int depth, struct value *out)
{
	char c = r->at < r->len ? r->text[r->at] : '\0';

	if (c == '"' || c == '\'')
		return string_read(r, out);
	if (c == '[')
		return list_read(r, depth, out);
	if (literal_may_begin(c))
		return number_read(r, out);
	return word_read(r, out);
}

int literal_read(
	struct arena *a, const char *text, size_t len, size_t *at, struct value *out, struct err *e)
{
	struct reader r = {a, text, len, *at, e};
	int rc = any_read(&r, 0, out);

	*at = r.at;
	return rc;
}

int literal_string_read(
	struct arena *a, const char *text, size_t len, size_t *at, struct value *out, struct err *e)
{
	struct reader r = {a, text, len, *at, e};
	int rc = string_read(&r, out);

	*at = r.at;
	return rc;
}
