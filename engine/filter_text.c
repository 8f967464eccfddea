/* What trim, base64, basename, dirname and replace do to text. They work on bytes. */
#include "engine/filter_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static bool is_white(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

int filter_text_trim(struct buf *out, const char *text, size_t len, struct err *e)
{
	(void)e;
	while (len > 0 && is_white(text[len - 1]))
		len--;
	while (len > 0 && is_white(text[0])) {
		text++;
		len--;
	}
	buf_add(out, text, len);
	return 0;
}

int filter_text_b64encode(struct buf *out, const char *text, size_t len, struct err *e)
{
	const unsigned char *s = (const unsigned char *)text;

	(void)e;
	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits = (uint32_t)s[i] << 16;
		char four[4];

		if (n > 1)
			bits |= (uint32_t)s[i + 1] << 8;
		if (n > 2)
			bits |= s[i + 2];
		for (size_t j = 0; j < 4; j++)
			four[j] = j > n ? '=' : alphabet[bits >> (18 - 6 * j) & 63];
		buf_add(out, four, 4);
	}
	return 0;
}

/* What is left in `bits` when the text ends after n letters of a group of four. */
static int b64_rest(struct buf *out, uint32_t bits, unsigned n, size_t n_pads, struct err *e)
{
	if (n == 1 || (n_pads != 0 && n_pads != 4 - n) || (n == 0 && n_pads != 0))
		return err_set(e, ERR_INVALID, "b64decode: the text ends in the middle of a group");
	if (n == 2)
		buf_addc(out, (char)(bits >> 4));
	if (n == 3) {
		buf_addc(out, (char)(bits >> 10));
		buf_addc(out, (char)(bits >> 2));
	}
	return 0;
}

int filter_text_b64decode(struct buf *out, const char *text, size_t len, struct err *e)
{
	uint32_t bits = 0;
	unsigned n = 0;
	size_t n_pads = 0;

	for (size_t i = 0; i < len; i++) {
		const char *p = text[i] == '\0' ? NULL : strchr(alphabet, text[i]);

		if (is_white(text[i]))
			continue;
		if (text[i] == '=') {
			n_pads++;
			continue;
		}
		if (p == NULL || n_pads != 0)
			return err_set(e, ERR_INVALID, "b64decode: byte %zu is no base64", i + 1);
		bits = bits << 6 | (uint32_t)(p - alphabet);
		if (++n == 4) {
			char three[3] = {(char)(bits >> 16), (char)(bits >> 8), (char)bits};

			buf_add(out, three, 3);
			bits = 0;
			n = 0;
		}
	}
	return b64_rest(out, bits, n, n_pads, e);
}

/* A path's length without the slashes at its end; the one slash of the root stays. */
static size_t slashes_cut(const char *path, size_t len)
{
	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

/* Where the last part of a path begins, its end being cut already. */
static size_t last_part(const char *path, size_t len)
{
	size_t at = len;

	while (at > 0 && path[at - 1] != '/')
		at--;
	return at;
}

int filter_text_basename(struct buf *out, const char *text, size_t len, struct err *e)
{
	size_t end = slashes_cut(text, len);
	size_t begin = last_part(text, end);

	(void)e;
	if (end == 1 && text[0] == '/')
		begin = 0;
	buf_add(out, text + begin, end - begin);
	return 0;
}

int filter_text_dirname(struct buf *out, const char *text, size_t len, struct err *e)
{
	size_t begin = last_part(text, slashes_cut(text, len));

	(void)e;
	if (begin == 0)
		buf_adds(out, len > 0 && text[0] == '/' ? "/" : ".");
	else
		buf_add(out, text, slashes_cut(text, begin));
	return 0;
}

void filter_text_replace(struct buf *out, const char *text, size_t len, const struct value *what,
	const struct value *with)
{
	size_t at = 0;

	while (at < len && buf_status(out) == 0) {
		const char *p = memmem(text + at, len - at, what->u.text, what->len);
		size_t end = p == NULL ? len : (size_t)(p - text);

		buf_add(out, text + at, end - at);
		if (p == NULL)
			return;
		buf_add(out, with->u.text, with->len);
		at = end + what->len;
	}
}
