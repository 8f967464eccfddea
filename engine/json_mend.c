/*
 * Halves of surrogate pairs. yajl turns them into bytes that are no UTF-8, each of them into three.
 */
#include "engine/json_mend.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "engine/arena.h"

/* The number behind the \u at p, or -1 where `left` bytes hold no whole escape of that kind. */
static int unicode_escape(const char *p, size_t left)
{
	int n = 0;

	if (left < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9' ? c - '0'
			: c >= 'a' && c <= 'f'	 ? c - 'a' + 10
			: c >= 'A' && c <= 'F'	 ? c - 'A' + 10
						 : -1;

		if (digit < 0)
			return -1;
		n = n << 4 | digit;
	}
	return n;
}

/* The character whose two halves stand at p; 0: there are none. */
static unsigned pair_read(const char *p, size_t left)
{
	int high = unicode_escape(p, left), low = left > 6 ? unicode_escape(p + 6, left - 6) : -1;

	if (high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return 0;
	return 0x10000 + ((unsigned)(high - 0xd800) << 10) + (unsigned)(low - 0xdc00);
}

/* Where half of a surrogate pair stands in text, behind `from`, or len. A backslash that begins an
 * escape has an even number of them in front of it, which skipping whole escapes keeps true. */
static size_t half_find(const char *text, size_t len, size_t from)
{
	const char *p;

	while (from < len && (p = memchr(text + from, '\\', len - from)) != NULL) {
		size_t at = (size_t)(p - text), left = len - at;
		int first = unicode_escape(p, left);
		bool is_pair = pair_read(p, left) != 0;

		if (first >= 0xd800 && first <= 0xdfff && !is_pair)
			return at;
		from = at + (is_pair ? 12 : 2);
	}
	return len;
}

const char *json_halves_mend(struct arena *a, const char *text, size_t len)
{
	size_t at = half_find(text, len, 0);
	char *copy;

	if (at == len)
		return text;
	copy = arena_memdup(a, text, len);
	for (; copy != NULL && at < len; at = half_find(copy, len, at + 6))
		memcpy(copy + at, "\\ufffd", 6);
	return copy;
}

const char *json_halves_join(struct arena *a, const char *text, size_t *len)
{
	char *made = arena_array(a, *len + 1, 1), quote = '\0';
	size_t n = 0, took;

	for (size_t i = 0; made != NULL && i < *len; i += took) {
		unsigned whole = quote == '"' ? pair_read(text + i, *len - i) : 0;

		took = quote == '"' && text[i] == '\\' && i + 1 < *len ? 2 : 1;
		if (whole != 0) {
			n += (size_t)snprintf(made + n, 11, "\\U%08x", whole);
			took = 12;
			continue;
		}
		if (took == 1 && (text[i] == '"' || text[i] == '\'') &&
			(quote == '\0' || quote == text[i]))
			quote = quote == '\0' ? text[i] : '\0';
		memcpy(made + n, text + i, took);
		n += took;
	}
	*len = n;
	return made;
}

size_t json_bytes_mend(char *text, size_t len)
{
	size_t n = 0;

	for (size_t i = 0; i < len; n++) {
		const unsigned char *at = (const unsigned char *)text + i;
		bool is_byte = len - i >= 3 && at[0] == 0xed && (at[1] & 0xfe) == 0xb2;

		text[n] = is_byte ? (char)((at[1] & 1) << 6 | at[2]) : text[i];
		i += is_byte ? 3 : 1;
	}
	text[n] = '\0';
	return n;
}
