/*
 * Text on its way to a terminal: whatever the bytes are, what comes out is UTF-8 that moves no
 * cursor and hides nothing; it is as wide as is said; cut to a width (the first byte) it is no
 * wider; and shown again it stays as it is.
 */
#include <locale.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "cli/text.h"
#include "engine/buf.h"
#include "engine/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The columns of what is shown, each character by itself. */
static size_t columns(const char *s, size_t len)
{
	size_t total = 0, n;
	uint32_t c;
	int w;

	for (size_t i = 0; i < len; i += n) {
		n = utf8_decode(s + i, len - i, &c);
		if (n == 0 || c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x202a && c <= 0x202e) ||
			(c >= 0x2066 && c <= 0x2069) || c == 0x200b || c == 0xfeff)
			abort();
		w = c < 0x80 ? 1 : wcwidth((wchar_t)c);
		total += w < 0 ? 1 : (size_t)w;
	}
	return total;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *locale;
	const char *text = (const char *)data + 1;
	struct buf shown, again, fitted;
	size_t width;

	if (locale == NULL)
		locale = setlocale(LC_CTYPE, "C.UTF-8");
	if (size == 0)
		return 0;
	width = data[0];
	buf_init(&shown, 0);
	buf_init(&again, 0);
	buf_init(&fitted, 0);
	text_add_shown(&shown, text, size - 1);
	text_add_shown(&again, buf_str(&shown), shown.len);
	if (columns(buf_str(&shown), shown.len) != text_width(text, size - 1) ||
		again.len != shown.len || shown.len > (size - 1) * (TEXT_UNIT_MAX - 1))
		abort();
	text_add_fitted(&fitted, text, size - 1, width, size % 2 == 0);
	if (columns(buf_str(&fitted), fitted.len) > width ||
		(size % 2 == 0 && columns(buf_str(&fitted), fitted.len) != width))
		abort();
	buf_free(&shown);
	buf_free(&again);
	buf_free(&fitted);
	return 0;
}
