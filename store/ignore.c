/*
 * Gitignore's patterns, read anew at each question: such files are short, and a question comes once
 * a path. Allocates nothing.
 *
 * N.B. matching costs at most the pattern times the path: only the latest star of each sort is ever
 * gone back to, the deep ones begin again where a name does, and a set that is not closed is found
 * to be so once.
 */
#include "store/ignore.h"

#include <ctype.h>
#include <string.h>

/* A pattern being matched. */
struct glob {
	const char *begin, *end;
	const char *open; /* sets that begin behind this are not closed; at first the end */
};

/* Matches one character against a class, [:digit:] say; *s stands on its bracket and is moved to
 * the one that ends it. -1 where this is no class. */
static int match_class(const char **s, const char *end, unsigned char c)
{
	static const struct {
		const char *name;
		int (*holds)(int);
	} classes[] = {{"alnum:]", isalnum}, {"alpha:]", isalpha}, {"blank:]", isblank},
		{"cntrl:]", iscntrl}, {"digit:]", isdigit}, {"graph:]", isgraph},
		{"lower:]", islower}, {"print:]", isprint}, {"punct:]", ispunct},
		{"space:]", isspace}, {"upper:]", isupper}, {"xdigit:]", isxdigit}};

	if (end - *s < 2 || (*s)[1] != ':')
		return -1;
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		size_t n = strlen(classes[i].name);

		if ((size_t)(end - *s) - 2 >= n && memcmp(*s + 2, classes[i].name, n) == 0) {
			*s += 1 + n;
			return classes[i].holds(c) != 0;
		}
	}
	return -1;
}

/* Matches one character against [set]; *p stands behind the `[` and is moved behind the `]`. A set
 * that is not closed matches a `[` alone. */
static bool match_set(struct glob *g, const char **p, char c)
{
	const char *s = *p, *end = g->end;
	bool is_negated = s < end && (*s == '!' || *s == '^');
	bool is_in = false;
	const char *first;

	if (s >= g->open)
		return c == '[';
	s += is_negated;
	for (first = s; s < end && (*s != ']' || s == first); s++) {
		unsigned char low, high;
		int in_class = *s == '[' ? match_class(&s, end, (unsigned char)c) : -1;

		if (in_class >= 0) {
			is_in |= in_class > 0;
			continue;
		}
		if (*s == '\\' && s + 1 < end)
			s++;
		low = high = (unsigned char)*s;
		if (s + 2 < end && s[1] == '-' && s[2] != ']') {
			s += 2;
			if (*s == '\\' && s + 1 < end)
				s++;
			high = (unsigned char)*s;
		}
		is_in |= low == (unsigned char)c ||
			(low <= (unsigned char)c && (unsigned char)c <= high);
	}
	if (s >= end) {
		g->open = *p;
		return c == '[';
	}
	*p = s + 1;
	return c != '/' && is_in != is_negated;
}

/* Matches one character of the path against one of the pattern, which moves on. */
static bool match_one(struct glob *g, const char **p, char c)
{
	char want = *(*p)++;

	switch (want) {
	case '?':
		return c != '/';
	case '[':
		return match_set(g, p, c);
	case '\\':
		if (*p < g->end)
			want = *(*p)++;
		return want == c;
	default:
		return want == c;
	}
}

/* Whether stars cross folders: there are two or more of them, and nothing else in that name. */
static bool is_deep(const struct glob *g, const char *from, const char *to)
{
	return to - from >= 2 && (from == g->begin || from[-1] == '/') &&
		(to == g->end || *to == '/');
}

/* Whether the whole of s matches the pattern. */
static bool match_glob(const char *begin, const char *end, const char *s)
{
	struct glob g = {begin, end, end};
	const char *p = begin, *next;
	const char *star = NULL, *star_s = NULL; /* behind the latest `*` */
	const char *deep = NULL, *deep_s = NULL; /* behind the latest `** /` */

	for (;;) {
		for (next = p; next < end && *next == '*';)
			next++;
		if (next > p && is_deep(&g, p, next)) {
			if (next == end)
				return true;
			deep = p = next + 1; /* a/ ** /b: a/b too */
			deep_s = s;
			star = NULL;
			continue;
		}
		if (next > p) {
			star = p = next;
			star_s = s;
			continue;
		}
		if (*s == '\0' && p == end)
			return true;
		if (*s != '\0' && p < end && match_one(&g, &next, *s)) {
			p = next;
			s++;
		} else if (star != NULL && *star_s != '\0' && *star_s != '/') {
			p = star;
			s = ++star_s;
		} else if (deep != NULL && (deep_s = strchr(deep_s, '/')) != NULL) {
			p = deep;
			s = ++deep_s;
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
	if (p == end || *p == '#')
		return false;
	*is_taken_back = *p == '!';
	p += *is_taken_back;
	if (p == end)
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

	if (len >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
		text += 3;
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
