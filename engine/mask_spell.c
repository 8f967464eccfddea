/*
 * How programs spell a secret: base64 at each alignment, percent signs, JSON, a shell's quotes and
 * backslashes.
 * Each spelling is the same wherever the secret stands; what mixes with its neighbours is left out.
 */
#include "engine/mask_spell.h"

#include <stdint.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/utf8.h"

#define PERCENT_SPELLING 7 /* and the others of percent_ways */
#define SHELL_SPELLING 14
#define DASH_SPELLING 15
#define JSON_SPELLING 16 /* and the four behind it */

/*
 * The part of a secret's base64 that is the same whatever stands around it, where `skip` bytes of
 * others stand before the secret in its first group of three. The outermost digits mix with the
 * neighbours' bits and are left out.
 */
static void spell_base64(
	struct buf *out, const unsigned char *s, size_t len, size_t skip, const char *digits)
{
	size_t bits = len * 8, at = skip == 0 ? 0 : 6 - skip * 8 % 6;

	for (; at + 6 <= bits; at += 6) {
		size_t byte = at / 8, shift = at % 8;
		unsigned two = (unsigned)s[byte] << 8 | (byte + 1 < len ? s[byte + 1] : 0);

		buf_addc(out, digits[two >> (10 - shift) & 0x3f]);
	}
}

static bool is_unreserved(unsigned char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		c == '-' || c == '_' || c == '.' || c == '~';
}

/* What some programs keep in a URL as it is, besides letters, digits, `-`, `_` and `.`, and others
 * do not. */
static const struct percent_way {
	const char *kept;
	bool has_plus; /* for a blank */
	bool is_lower;
} percent_ways[SHELL_SPELLING - PERCENT_SPELLING] = {
	{"~", false, true}, {"~", false, false}, {"~", true, false},
	{"~/", false, false}, /* paths */
	{"~!'()*", false, false}, /* JavaScript, jq */
	{"*", true, false}, /* forms */
	{"", true, false}, /* PHP */
};

static void spell_percent(
	struct buf *out, const unsigned char *s, size_t len, const struct percent_way *way)
{
	for (size_t i = 0; i < len; i++) {
		if ((is_unreserved(s[i]) && s[i] != '~') ||
			(s[i] != '\0' && strchr(way->kept, s[i]) != NULL))
			buf_addc(out, (char)s[i]);
		else if (way->has_plus && s[i] == ' ')
			buf_addc(out, '+');
		else
			buf_addf(out, way->is_lower ? "%%%02x" : "%%%02X", s[i]);
	}
}

/* What some programs escape in JSON and others do not. */
enum json_way { JSON_PLAIN, JSON_SLASH, JSON_HTML, JSON_ASCII, JSON_ASCII_UPPER };

/* A character as \\uXXXX, or as two of these. */
static void spell_unicode(struct buf *out, uint32_t c, bool is_upper)
{
	if (c > 0xffff) {
		spell_unicode(out, 0xd800 + ((c - 0x10000) >> 10), is_upper);
		c = 0xdc00 + ((c - 0x10000) & 0x3ff);
	}
	buf_addf(out, is_upper ? "\\u%04X" : "\\u%04x", c);
}

static bool is_escaped(uint32_t c, enum json_way way)
{
	if (c < 0x20)
		return true;
	if (way == JSON_HTML)
		return c == '<' || c == '>' || c == '&';
	return c > 0x7e && (way == JSON_ASCII || way == JSON_ASCII_UPPER);
}

static void spell_json(struct buf *out, const unsigned char *s, size_t len, enum json_way way)
{
	static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
	const char *p;
	uint32_t c = 0;

	for (size_t i = 0, n; i < len; i += n == 0 ? 1 : n) {
		n = utf8_decode((const char *)s + i, len - i, &c);
		p = n != 1 || c == 0 ? NULL : strchr(from, (int)c);
		if (p != NULL)
			buf_addf(out, "\\%c", to[p - from]);
		else if (n == 1 && c == '/' && way == JSON_SLASH)
			buf_adds(out, "\\/");
		else if (n > 0 && is_escaped(c, way))
			spell_unicode(out, c, way == JSON_ASCII_UPPER);
		else
			buf_add(out, s + i, n == 0 ? 1 : n);
	}
}

static void spell_shell(struct buf *out, const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (s[i] == '\'')
			buf_adds(out, "'\\''");
		else
			buf_addc(out, (char)s[i]);
	}
}

/* As dash and busybox do it: 'it'"'"'s'. N.B. behind the last sign no quotes are opened again. */
static void spell_dash(struct buf *out, const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		bool is_quote = s[i] == '\'';

		if (is_quote && (i == 0 || s[i - 1] != '\''))
			buf_adds(out, "'\"");
		buf_addc(out, (char)s[i]);
		if (is_quote && (i + 1 == len || s[i + 1] != '\''))
			buf_adds(out, i + 1 == len ? "\"" : "\"'");
	}
}

bool mask_spelling_has_bare(const unsigned char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!is_unreserved(s[i]))
			return true;
	return false;
}

bool mask_spelling_is_base64(unsigned i)
{
	return i >= 1 && i <= 6;
}

void mask_spell(struct buf *out, const unsigned char *s, size_t len, unsigned i)
{
	static const char b64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	static const char b64url[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

	if (i == 0)
		buf_add(out, s, len);
	else if (i <= 3)
		spell_base64(out, s, len, i - 1, b64);
	else if (i <= 6)
		spell_base64(out, s, len, i - 4, b64url);
	else if (i < SHELL_SPELLING)
		spell_percent(out, s, len, &percent_ways[i - PERCENT_SPELLING]);
	else if (i == SHELL_SPELLING)
		spell_shell(out, s, len);
	else if (i == DASH_SPELLING)
		spell_dash(out, s, len);
	else
		spell_json(out, s, len, (enum json_way)(i - JSON_SPELLING));
}

void mask_spell_bare(struct buf *out, const unsigned char *s, size_t len, unsigned i)
{
	/* N.B. less its backslashes JSON_SLASH is the secret itself. */
	static const unsigned of[MASK_BARE_SPELLINGS] = {0, SHELL_SPELLING,
		JSON_SPELLING + JSON_PLAIN, JSON_SPELLING + JSON_HTML, JSON_SPELLING + JSON_ASCII,
		JSON_SPELLING + JSON_ASCII_UPPER};
	size_t start = out->len, kept = start;

	mask_spell(out, s, len, of[i]);
	for (size_t at = start; at < out->len; at++)
		if (out->data[at] != '\\')
			out->data[kept++] = out->data[at];
	out->len = kept;
}
