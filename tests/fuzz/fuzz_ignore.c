/*
 * .windrowignore: a path in the first line (with a / at its end where it is a folder's), the
 * patterns behind it. The last line that matches decides; `!` turns a line's verdict round; and a
 * pattern matches what it matches by the book, which is looked up here by trying everything.
 */
#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "store/ignore.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define BOOK_MOST 96 /* bytes of a path and of a pattern that are tried */

/* What the book says of a pattern from p on and a path from s on: 0 not tried yet, 1 no, 2 yes. */
static char book[BOOK_MOST + 1][BOOK_MOST + 1];
static const char *pattern, *pattern_end, *path, *open_from;

/* Classes, with their brackets. */
static const struct {
	const char *name;
	int (*has)(int c);
} classes[] = {{"[:alnum:]", isalnum}, {"[:alpha:]", isalpha}, {"[:blank:]", isblank},
	{"[:cntrl:]", iscntrl}, {"[:digit:]", isdigit}, {"[:graph:]", isgraph},
	{"[:lower:]", islower}, {"[:print:]", isprint}, {"[:punct:]", ispunct},
	{"[:space:]", isspace}, {"[:upper:]", isupper}, {"[:xdigit:]", isxdigit}};

/* Which class stands at p, or -1. */
static int class_at(const char *p)
{
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t len = strlen(classes[i].name);

		if ((size_t)(pattern_end - p) >= len && memcmp(p, classes[i].name, len) == 0)
			return (int)i;
	}
	return -1;
}

static unsigned char unescaped(const char **p, const char *end)
{
	if (**p == '\\' && *p + 1 < end)
		(*p)++;
	return (unsigned char)*(*p)++;
}

/* The length of the set behind a `[`, its `]` included, or 0: it is not closed. */
static size_t set_length(const char *p)
{
	const char *s = p;

	s += s < pattern_end && (*s == '!' || *s == '^');
	for (const char *first = s; s < pattern_end;) {
		int class = class_at(s);

		if (*s == ']' && s != first)
			return (size_t)(s - p) + 1;
		if (class >= 0) {
			s += strlen(classes[class].name);
			continue;
		}
		(void)unescaped(&s, pattern_end);
		if (s + 1 < pattern_end && *s == '-' && s[1] != ']') {
			s++;
			(void)unescaped(&s, pattern_end);
		}
	}
	return 0;
}

/* The first `[` whose set is not closed, which stands for itself as do all behind it; else the end.
 */
static const char *first_open(void)
{
	const char *p = pattern;

	while (p < pattern_end) {
		size_t len = *p == '[' ? set_length(p + 1) : 0;

		if (*p == '[' && len == 0)
			return p;
		if (len > 0)
			p += 1 + len;
		else
			(void)unescaped(&p, pattern_end);
	}
	return p;
}

static bool set_has(const char *p, size_t len, unsigned char c)
{
	const char *end = p + len - 1;
	bool is_negated = *p == '!' || *p == '^', is_in = false;

	p += is_negated;
	while (p < end) {
		int class = class_at(p);
		unsigned char low, high;

		if (class >= 0) {
			is_in = is_in || classes[class].has(c) != 0;
			p += strlen(classes[class].name);
			continue;
		}
		low = high = unescaped(&p, end);
		if (p + 1 < end && *p == '-') {
			p++;
			high = unescaped(&p, end);
		}
		is_in = is_in || low == c || (low <= c && c <= high); /* as git: z-a has z */
	}
	return is_in != is_negated && c != '/';
}

static bool tried(const char *p, const char *s);

/* A row of stars at p that ends at q. */
static bool stars(const char *p, const char *q, const char *s)
{
	bool is_deep =
		q - p >= 2 && (p == pattern || p[-1] == '/') && (q == pattern_end || *q == '/');

	if (is_deep && q == pattern_end)
		return true;
	if (!is_deep) {
		for (; !tried(q, s); s++)
			if (*s == '\0' || *s == '/')
				return false;
		return true;
	}
	while (!tried(q + 1, s)) {
		s = strchr(s, '/');
		if (s == NULL)
			return false;
		s++;
	}
	return true;
}

static bool matches(const char *p, const char *s)
{
	size_t len;

	if (p == pattern_end)
		return *s == '\0';
	if (*p == '*') {
		const char *q = p;

		while (q < pattern_end && *q == '*')
			q++;
		return stars(p, q, s);
	}
	if (*s == '\0')
		return false;
	len = *p == '[' && p < open_from ? set_length(p + 1) : 0;
	if (len > 0)
		return set_has(p + 1, len, (unsigned char)*s) && tried(p + 1 + len, s + 1);
	if (*p == '?')
		return *s != '/' && tried(p + 1, s + 1);
	if (*p == '\\' && p + 1 < pattern_end)
		p++;
	return *p == *s && tried(p + 1, s + 1);
}

static bool tried(const char *p, const char *s)
{
	char *place = &book[p - pattern][s - path];

	if (*place == 0)
		*place = matches(p, s) ? 2 : 1;
	return *place == 2;
}

/* One plain line, without what makes it special at either end, against a path of one name. */
static void check_book(const char *line, size_t len, const char *name, int verdict)
{
	if (len == 0 || len > BOOK_MOST || strlen(name) > BOOK_MOST || *name == '\0' ||
		strchr(name, '/') != NULL || memchr("!#/ ", line[0], 4) != NULL)
		return;
	for (size_t i = 0; i < len; i++)
		if (line[i] == '/' || line[i] == '\r' || line[i] == ' ')
			return;
	memset(book, 0, sizeof(book));
	pattern = line;
	pattern_end = line + len;
	open_from = first_open();
	path = name;
	if (tried(pattern, path) != (verdict == 1))
		abort();
}

/* The same with slashes: a line that begins with one counts from the folder itself. */
static void check_bound(const char *line, size_t len, const char *whole)
{
	char bound[BOOK_MOST + 1] = "/";

	if (len == 0 || len >= BOOK_MOST || strlen(whole) > BOOK_MOST || *whole == '\0' ||
		whole[strlen(whole) - 1] == '/' || line[len - 1] == '/' || line[0] == '/')
		return;
	for (size_t i = 0; i < len; i++)
		if (line[i] == '\r' || line[i] == ' ' || line[i] == '\n')
			return;
	memcpy(bound + 1, line, len);
	memset(book, 0, sizeof(book));
	pattern = bound + 1;
	pattern_end = pattern + len;
	open_from = first_open();
	path = whole;
	if (tried(pattern, path) != (ignore_match(bound, len + 1, whole, false) == 1))
		abort();
}

/* A mark of the byte order, which counts for none at the beginning of a file. */
static bool has_mark(const char *line, size_t len)
{
	return len >= 3 && memcmp(line, "\xEF\xBB\xBF", 3) == 0;
}

static int line_check(const char *line, size_t len, const char *whole, bool is_folder)
{
	int verdict = ignore_match(line, len, whole, is_folder);
	char *turned = malloc(len + 2);

	if (turned == NULL)
		abort();
	turned[0] = '!';
	memcpy(turned + 1, line, len);
	if (len > 0 && line[0] != '!' && line[0] != '#' &&
		(ignore_match(turned, len + 1, whole, is_folder) == 0) != (verdict == 1))
		abort();
	free(turned);
	check_book(line, len, whole, verdict);
	check_bound(line, len, whole);
	return verdict;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *end = size == 0 ? NULL : memchr(data, '\n', size), *text, *at;
	int want = -1, one;
	char *whole, *copy;
	bool is_folder;
	size_t len;

	if (end == NULL)
		return 0;
	whole = strndup((const char *)data, (size_t)(end - (const char *)data));
	len = size - (size_t)(end + 1 - (const char *)data);
	copy = malloc(len + 1); /* of its own length, so that a look past its end is found */
	if (whole == NULL || copy == NULL)
		abort();
	memcpy(copy, end + 1, len);
	is_folder = *whole != '\0' && whole[strlen(whole) - 1] == '/';
	if (is_folder)
		whole[strlen(whole) - 1] = '\0';
	text = copy;
	for (at = has_mark(text, len) ? text + 3 : text; at < text + len;) {
		const char *stop = memchr(at, '\n', (size_t)(text + len - at));

		stop = stop == NULL ? text + len : stop;
		if (has_mark(at, (size_t)(stop - at))) {
			want = ignore_match(text, len, whole, is_folder);
			break; /* alone it would stand at the beginning */
		}
		one = line_check(at, (size_t)(stop - at), whole, is_folder);
		want = one == -1 ? want : one;
		at = stop + 1;
	}
	if (ignore_match(text, len, whole, is_folder) != want)
		abort();
	free(copy);
	free(whole);
	return 0;
}
