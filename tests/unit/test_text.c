/* Text for eyes: widths are right and no byte can drive the terminal. */
#include "cli/text.h"

#include <locale.h>
#include <string.h>

#include "engine/buf.h"
#include "tests/unit/tap.h"

static void is_shown(const char *s, size_t len, const char *want, const char *what)
{
	struct buf b;

	buf_init(&b, 0);
	text_add_shown(&b, s, len);
	IS_STR(buf_str(&b), want, "%s", what);
	IS_INT((long long)text_width(s, len), (long long)text_width(buf_str(&b), b.len),
		"and its width is that of what is shown");
	buf_free(&b);
}

static void is_fitted(const char *s, size_t width, const char *want, const char *what)
{
	struct buf b;

	buf_init(&b, 0);
	text_add_fitted(&b, s, strlen(s), width, 1);
	IS_STR(buf_str(&b), want, "%s", what);
	buf_free(&b);
}

static void is_ascii(const char *s, const char *want, const char *what)
{
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, s);
	text_make_ascii(&b);
	IS_STR(buf_str(&b), want, "%s", what);
	IS_INT((long long)b.len, (long long)strlen(want), "and as long");
	buf_free(&b);
}

int main(void)
{
	bool is_utf8 = setlocale(LC_CTYPE, "C.UTF-8") != NULL;

	is_shown("plain", 5, "plain", "plain text stays");
	is_shown("naïve ☃", strlen("naïve ☃"), "naïve ☃", "UTF-8 stays");
	is_shown("a\033[31mb", 7, "a\\x1b[31mb", "an escape sequence is made harmless");
	is_shown("a\nb\tc\r", 6, "a\\nb\\tc\\r", "newline, tab, return are spelled");
	is_shown("\0", 1, "\\x00", "a NUL is spelled");
	is_shown("\xff\xc3", 2, "\\xff\\xc3", "bytes that are no UTF-8 are spelled");
	is_shown("\xc0\xaf", 2, "\\xc0\\xaf", "an overlong form is no UTF-8");
	is_shown("\xed\xa0\x80", 3, "\\xed\\xa0\\x80", "a surrogate is no UTF-8");
	is_shown("\xc2\x9b", 2, "\\u{9b}", "a C1 control is spelled");
	is_shown("\xe2\x80\xae", 3, "\\u{202e}", "a turn of direction is spelled");
	is_fitted("abc", 5, "abc  ", "short text is padded");
	is_fitted("abcdef", 4, "abc…", "long text is cut and says so");
	is_fitted("abcd", 4, "abcd", "what fits exactly is not cut");
	is_ascii("├─╮\n│ ●  na… · end", "|-.\n| *  na~ . end", "a drawing becomes ASCII");
	is_ascii("naïve \xe2\x94", "naïve \xe2\x94", "what is no drawing stays");
	is_ascii("", "", "as does nothing");
	if (is_utf8) {
		IS_INT((long long)text_width("日本", 6), 4, "wide characters are two columns");
		is_fitted("日本語", 4, "日… ", "a wide character is never halved");
		IS_INT((long long)text_width("e\xcc\x81", 3), 1, "a combining mark takes none");
	} else {
		tap_skip(3, "no C.UTF-8 locale here");
	}
	return tap_done();
}
