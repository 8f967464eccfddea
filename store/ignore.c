/*
 * Gitignore's patterns, read anew at each question: such files are short, and a question comes once
 * a path. Allocates nothing. N.B. matching costs at most the pattern times the path: only the
 * latest star of each sort is ever gone back to.
 */
#include "store/ignore.h"

#include <string.h>

/* Matches one character against [set]; *p stands behind the `[` and is moved behind the `]`. A set
 * that is not closed matches a `[` alone. */
static bool match_set(const char **p, const char *end, char c)
{
	const char *s = *p;
	bool is_negated = s < end && (*s == '!' || *s == '^');
	bool is_in = false;
	const char *first;

	s += is_negated;
	for (first = s; s < end && (*s != ']' || s == first); s++) {
		unsigned char low, high;

		if (*s == '\\' && s + 1 < end)
			s++;
		low = high = (unsigned char)*s;
		if (s + 2 < end && s[1] == '-' && s[2] != ']') {
			s += 2;
			if (*s == '\\' && s + 1 < end)
				s++;
			high = (unsigned char)*s;
		}
		is_in |= low <= (unsigned char)c && (unsigned char)c <= high;
	}
	if (s >= end)
		return c == '[';
	*p = s + 1;
	return c != '/' && is_in != is_negated;
}

/* Matches one character of the path against one of the pattern, which moves on. */
static bool match_one(const char **p, const char *end, char c)
{
	char want = *(*p)++;

	switch (want) {
	case '?':
		return c != '/';
	case '[':
		return match_set(p, end, c);
	case '\\':
		if (*p < end)
			want = *(*p)++;
		return want == c;
	default:
		return want == c;
	}
}

/* Whether the whole of s matches the pattern. */
static bool match_glob(const char *p, const char *end, const char *s)
{
	const char *star = NULL, *star_s = NULL; /* the latest `*` */
	const char *deep = NULL, *deep_s = NULL; /* the latest `**` */

	for (;;) {
		if (end - p >= 2 && p[0] == '*' && p[1] == '*') {
			p += 2;
			if (p < end && *p == '/')
				p++; /* a/ ** /b: a/b too */
			deep = p;
			deep_s = s;
			star = NULL;
			continue;
		}
		if (p < end && *p == '*') {
			star = ++p;
			star_s = s;
			continue;
		}
		if (*s == '\0' && p == end)
			return true;
		if (*s != '\0' && p < end) {
			const char *next = p;

			if (match_one(&next, end, *s)) {
				p = next;
				s++;
				continue;
			}
		}
		if (star != NULL && *star_s != '\0' && *star_s != '/') {
			p = star;
			s = ++star_s;
		} else if (deep != NULL && *deep_s != '\0') {
			/* N.B. behind `** /` a match begins where a name does. */
			do
				deep_s++;
			while (deep[-1] == '/' && deep_s[-1] != '/' && *deep_s != '\0');
			p = deep;
			s = deep_s;
			star = NULL;
		} else {
			return false;
		}
	}
}

/* Whether one line, without its newline, matches; *is_taken_back where it begins with `!`. */
static bool match_line(
	const char *p, const char *end, const char *path, bool is_folder, bool *is_taken_back)
{
	bool is_bound;
	const char *name = strrchr(path, '/');

	while (end > p && end[-1] == '\r')
		end--;
	while (end > p && end[-1] == ' ' && !(end - p >= 2 && end[-2] == '\\'))
		end--;
	*is_taken_back = p < end && *p == '!';
	p += *is_taken_back;
	if (p == end || *p == '#')
		return false;
	if (end[-1] == '/') {
		if (!is_folder)
			return false;
		end--;
	}
	is_bound = memchr(p, '/', (size_t)(end - p)) != NULL;
	if (p < end && *p == '/')
		p++;
	return match_glob(p, end, is_bound || name == NULL ? path : name + 1);
}

int ignore_match(const char *text, size_t len, const char *path, bool is_folder)
{
	const char *end = text + len;
	int verdict = -1;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline == NULL ? end : newline;
		bool is_taken_back;

		if (match_line(text, stop, path, is_folder, &is_taken_back))
			verdict = !is_taken_back;
		text = stop + (newline != NULL);
	}
	return verdict;
}
