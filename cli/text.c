/*
 * Text for eyes. Everything that came from a file, a host or a person passes here on its way to a
 * terminal, so that no name can move the cursor, colour the screen or hide what stands beside it.
 *
 * N.B. widths come from wcwidth() in the locale that main() chose (C.UTF-8); without it every
 * character counts as one column wide.
 */
#include "cli/text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "engine/buf.h"
#include "engine/utf8.h"

/* Characters that show as nothing, or change how their neighbours show. */
static bool is_deceptive(uint32_t c)
{
	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0xad || c == 0x61c ||
		(c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
		(c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
		(c >= 0xe0000 && c <= 0xe0fff);
}

static unsigned escape(char shown[TEXT_UNIT_MAX], uint32_t c, bool is_character)
{
	int n;

	if (c == '\n' || c == '\t' || c == '\r')
		n = snprintf(shown, TEXT_UNIT_MAX, "\\%c", c == '\n' ? 'n' : c == '\t' ? 't' : 'r');
	else if (!is_character || c < 0x80)
		n = snprintf(shown, TEXT_UNIT_MAX, "\\x%02x", c);
	else
		n = snprintf(shown, TEXT_UNIT_MAX, "\\u{%x}", c);
	return (unsigned)n;
}

size_t text_unit(const char *s, size_t len, char shown[TEXT_UNIT_MAX], unsigned *width)
{
	uint32_t c;
	size_t n = utf8_decode(s, len, &c);
	int w;

	if (n == 0) {
		*width = escape(shown, (unsigned char)*s, false);
		return 1;
	}
	if (is_deceptive(c)) {
		*width = escape(shown, c, true);
		return n;
	}
	memcpy(shown, s, n);
	shown[n] = '\0';
	w = c < 0x80 ? 1 : wcwidth((wchar_t)c);
	*width = w < 0 ? 1 : (unsigned)w;
	return n;
}

size_t text_width(const char *s, size_t len)
{
	char shown[TEXT_UNIT_MAX];
	size_t total = 0;
	unsigned w;

	for (size_t i = 0; i < len; total += w)
		i += text_unit(s + i, len - i, shown, &w);
	return total;
}

void text_add_shown(struct buf *out, const char *s, size_t len)
{
	char shown[TEXT_UNIT_MAX];
	unsigned w;

	for (size_t i = 0; i < len;) {
		i += text_unit(s + i, len - i, shown, &w);
		buf_adds(out, shown);
	}
}

void text_add_fitted(struct buf *out, const char *s, size_t len, size_t width, int is_padded)
{
	char shown[TEXT_UNIT_MAX];
	bool is_cut = text_width(s, len) > width;
	size_t room = is_cut && width > 0 ? width - 1 : width;
	size_t used = 0;
	unsigned w;

	for (size_t i = 0; i < len;) {
		i += text_unit(s + i, len - i, shown, &w);
		if (used + w > room)
			break;
		buf_adds(out, shown);
		used += w;
	}
	if (is_cut && width > 0) {
		buf_adds(out, "\xe2\x80\xa6");
		used++;
	}
	for (; is_padded && used < width; used++)
		buf_addc(out, ' ');
}

/* Takes a character off s (len > 0), or the first byte of one; to receives what stands for it.
 * Returns how many bytes it took. */
static size_t ascii_unit(const char *s, size_t len, char *to)
{
	static const struct {
		char drawn[4]; /* with its NUL */
		char ascii;
	} units[] = {{"│", '|'}, {"─", '-'}, {"├", '|'}, {"┤", '|'}, {"┴", '+'}, {"┬", '+'},
		{"┼", '+'}, {"└", '`'}, {"╰", '`'}, {"╯", '\''}, {"╭", '.'}, {"╮", '.'}, {"●", '*'},
		{"·", '.'}, {"✓", '+'}, {"✗", 'x'}, {"↻", 'r'}, {"↷", '-'}, {"…", '~'}};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].drawn);

		if (n <= len && memcmp(s, units[i].drawn, n) == 0) {
			*to = units[i].ascii;
			return n;
		}
	}
	*to = *s;
	return 1;
}

void text_make_ascii(struct buf *b)
{
	size_t len = 0;

	for (size_t at = 0; at < b->len; len++)
		at += ascii_unit(b->data + at, b->len - at, &b->data[len]);
	if (len < b->len)
		b->data[len] = '\0';
	b->len = len;
}

void text_write_shown(FILE *f, const char *s, size_t len)
{
	char shown[TEXT_UNIT_MAX];
	unsigned w;

	for (size_t i = 0; i < len;) {
		i += text_unit(s + i, len - i, shown, &w);
		(void)fputs(shown, f);
	}
}
