/*
 * The encoders: how the bytes of a value are written in each place so that the shell reads exactly
 * them back. Every one is a substitution of single bytes, so nothing depends on what stands around
 * a byte, and output is linear.
 */
#include <string.h>

#include "engine/buf.h"
#include "engine/shlex.h"

/* What is written in place of a byte; empty: the byte itself. */
#define SUBSTITUTE_MAX 11
typedef char substitute[SUBSTITUTE_MAX + 1];

static const substitute as_is[256];
static const substitute in_single[256] = {['\''] = "'\\''"};
static const substitute in_single_here[256] = {['\''] = "'\"'\"'", ['\\'] = "'\"\\\\\"'"};
static const substitute in_double[256] = {
	['"'] = "\\\"", ['\\'] = "\\\\", ['$'] = "\\$", ['`'] = "\\`"};
static const substitute in_default[256] = {
	['"'] = "\\\"", ['\\'] = "\\\\", ['$'] = "\\$", ['`'] = "\\`", ['}'] = "\\}"};
/* N.B. inside "${x:-...}" bash and ksh93 pair single quotes though they do not quote there, and
 * bash reads <( as a process substitution, does not run it, but changes its blanks. Double quotes
 * there end the outer ones in ksh93, and mislead bash about braces: only a substitution makes such
 * a byte in a way that all shells agree about. */
static const substitute in_default_echo[256] = {['"'] = "\\\"",
	['\\'] = "\\\\",
	['$'] = "\\$",
	['`'] = "\\`",
	['}'] = "\\}",
	['\''] = "$(echo \"'\")",
	['('] = "$(echo \"(\")"};
/* A backslash before each byte that could mean something in a word or pattern. */
#define ESCAPED_BYTES                                                                              \
	['\t'] = "\\\t", [' '] = "\\ ", ['!'] = "\\!", ['"'] = "\\\"", ['#'] = "\\#",              \
	['$'] = "\\$", ['%'] = "\\%", ['&'] = "\\&", ['\''] = "\\'", ['('] = "\\(", [')'] = "\\)", \
	['*'] = "\\*", ['+'] = "\\+", [','] = "\\,", ['-'] = "\\-", ['.'] = "\\.", ['/'] = "\\/",  \
	[':'] = "\\:", [';'] = "\\;", ['<'] = "\\<", ['='] = "\\=", ['>'] = "\\>", ['?'] = "\\?",  \
	['@'] = "\\@", ['['] = "\\[", ['\\'] = "\\\\", [']'] = "\\]", ['^'] = "\\^",               \
	['`'] = "\\`", ['{'] = "\\{", ['|'] = "\\|", ['}'] = "\\}", ['~'] = "\\~"
/* N.B. quotes inside such a pattern mean something else in almost every shell, and bash reads <(
 * even in them; backslashes are what all agree about. */
static const substitute in_pattern[256] = {
	['\n'] = "\"\n\"", [1] = "\"\001\"", [127] = "\"\177\"", ESCAPED_BYTES};
static const substitute in_escaped[256] = {
	['\n'] = "'\n'", [1] = "'\001'", [127] = "'\177'", ESCAPED_BYTES};
/* N.B. ksh93 loses its way at a \' when it looks for the end of a $( ) around the string. */
static const substitute in_dollar[256] = {['\''] = "\\047", ['\\'] = "\\\\"};
static const substitute in_here[256] = {['\\'] = "\\\\", ['$'] = "\\$", ['`'] = "\\`"};
static const substitute in_comment[256] = {['\n'] = " ", ['\r'] = " "};
static const substitute in_comment_safe[256] = {
	[1 ... 31] = "_",
	['!' ... ','] = "_",
	[';' ... '@'] = "_",
	['[' ... '`'] = "_",
	['{' ... 127] = "_",
};
#define AROUND(b, a)                                                                               \
	.before = b, .before_len = sizeof(b) - 1, .after = a, .after_len = sizeof(a) - 1

static const struct encoder {
	const char *before, *after;
	size_t before_len, after_len;
	const substitute *with;
} encoders[SH_ENC_COUNT] = {
	[SH_ENC_RAW] = {AROUND("", ""), .with = as_is},
	[SH_ENC_BARE] = {AROUND("'", "'"), .with = in_single},
	[SH_ENC_BARE_APART] = {AROUND("\"\"'", "'\"\""), .with = in_single},
	[SH_ENC_BARE_DOUBLE] = {AROUND("\"", "\""), .with = in_double},
	[SH_ENC_SINGLE] = {AROUND("", ""), .with = in_single},
	[SH_ENC_SINGLE_HERE] = {AROUND("", ""), .with = in_single_here},
	[SH_ENC_DOUBLE] = {AROUND("", ""), .with = in_double},
	[SH_ENC_DEFAULT] = {AROUND("", ""), .with = in_default},
	[SH_ENC_DEFAULT_ECHO] = {AROUND("", ""), .with = in_default_echo},
	[SH_ENC_PATTERN] = {AROUND("\"\"", ""), .with = in_pattern},
	[SH_ENC_DOLLAR] = {AROUND("", ""), .with = in_dollar},
	[SH_ENC_HERE] = {AROUND("", ""), .with = in_here},
	[SH_ENC_BARE_ESCAPED] = {AROUND("''", ""), .with = in_escaped},
	[SH_ENC_SINGLE_ESCAPED] = {AROUND("'", "'"), .with = in_escaped},
	[SH_ENC_DOUBLE_ESCAPED] = {AROUND("\"", "\""), .with = in_escaped},
	[SH_ENC_COMMENT] = {AROUND("", ""), .with = in_comment},
	[SH_ENC_COMMENT_SAFE] = {AROUND("", ""), .with = in_comment_safe},
};

/* How many bytes replace() makes of these. */
static size_t replaced_length(const substitute with[256], const char *bytes, size_t len)
{
	size_t sum = 0;

	for (size_t i = 0; i < len; i++) {
		const char *s = with[(unsigned char)bytes[i]];

		sum += s[0] == '\0' ? 1 : strnlen(s, SUBSTITUTE_MAX);
	}
	return sum;
}

/* Writes bytes with their substitutes. Returns where it ends. */
static char *replace(char *to, const substitute with[256], const char *bytes, size_t len)
{
	for (const char *end = bytes + len; bytes < end; bytes++) {
		const char *s = with[(unsigned char)*bytes];

		if (s[0] == '\0') {
			*to++ = *bytes;
			continue;
		}
		for (size_t i = 0; i < SUBSTITUTE_MAX && s[i] != '\0'; i++)
			*to++ = s[i];
	}
	return to;
}

/* N.B. a script may have an expression in every word, and then this is what its rendering costs:
 * room is made once, and the length found out beforehand only where there may be too little. */
static void encode(struct buf *out, enum sh_enc enc, const char *bytes, size_t len)
{
	const struct encoder *x = &encoders[enc];
	size_t room = x->before_len + x->after_len;
	char *to;

	if (room + len < buf_left(out) / SUBSTITUTE_MAX)
		room += len * SUBSTITUTE_MAX;
	else
		room += replaced_length(x->with, bytes, len);
	to = buf_room(out, room);
	if (to == NULL)
		return;
	memcpy(to, x->before, x->before_len);
	to = replace(to + x->before_len, x->with, bytes, len);
	memcpy(to, x->after, x->after_len + 1);
	out->len = (size_t)(to - out->data) + x->after_len;
}

/* Whether backquotes take a backslash off that stands before this byte. */
static bool loses_backslash(char c)
{
	return c == '\\' || c == '$' || c == '`' || c == '"' || c == '\n';
}

/* Writes text for a place one level of backquotes further out: a backslash before each byte that
 * the level would take one off.
 *
 * N.B. bytes are taken in the pairs that a backslash makes, and a backslash which the level leaves
 * alone is left alone: what bash's brace expansion sees depends on that. */
static void backquote(struct buf *out, const char *text, size_t len, bool is_double)
{
	char *to = buf_room(out, 2 * len);

	if (to == NULL)
		return;
	for (size_t i = 0; i < len; i++) {
		char c = text[i];
		bool is_special = c == '$' || c == '`' || (c == '"' && is_double);

		if (c == '\\' && i + 1 < len && !loses_backslash(text[i + 1])) {
			*to++ = c;
			c = text[++i];
		} else if (c == '\\') {
			*to++ = c;
			*to++ = c;
			if (++i == len)
				break;
			c = text[i];
			is_special = c != '\n' && (c != '"' || is_double);
		}
		if (is_special)
			*to++ = '\\';
		*to++ = c;
	}
	*to = '\0';
	out->len = (size_t)(to - out->data);
}

void sh_encode(struct buf *out, enum sh_enc enc, struct sh_backquotes b, const char *bytes,
	size_t len, struct buf scratch[2])
{
	struct buf *from = &scratch[0], *to = &scratch[1], *swap;

	if (b.n == 0) {
		encode(out, enc, bytes, len);
		return;
	}
	buf_reset(from);
	encode(from, enc, bytes, len);
	for (unsigned level = b.n; level > 0; level--) {
		buf_reset(to);
		backquote(to, buf_str(from), from->len, (b.doubles >> (level - 1) & 1) != 0);
		swap = from;
		from = to;
		to = swap;
	}
	buf_add(out, buf_str(from), from->len);
	if (out->status == 0)
		out->status = buf_status(from) != 0 ? buf_status(from) : buf_status(to);
}

void sh_quote_word(struct buf *out, const char *bytes, size_t len)
{
	encode(out, SH_ENC_BARE, bytes, len);
}
