/*
 * The encoders: how the bytes of a value are written in each place so that the shell reads exactly
 * them back. Every one is a substitution of single bytes, so nothing depends on what stands around
 * a byte, and output is linear.
 */
#include "engine/buf.h"
#include "engine/shlex.h"

/* Adds bytes with `with[c]` in place of each c that has one. */
static void replace(struct buf *out, const char *bytes, size_t len, const char *const with[256])
{
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		const char *s = with[(unsigned char)bytes[i]];

		if (s == NULL)
			continue;
		buf_add(out, bytes + start, i - start);
		buf_adds(out, s);
		start = i + 1;
	}
	buf_add(out, bytes + start, len - start);
}

static const char *const in_single[256] = {['\''] = "'\\''"};
static const char *const in_single_here[256] = {['\''] = "'\"'\"'", ['\\'] = "'\"\\\\\"'"};
static const char *const in_double[256] = {
	['"'] = "\\\"", ['\\'] = "\\\\", ['$'] = "\\$", ['`'] = "\\`"};
static const char *const in_default[256] = {
	['"'] = "\\\"", ['\\'] = "\\\\", ['$'] = "\\$", ['`'] = "\\`", ['}'] = "\\}"};
/* N.B. inside "${x:-...}" bash and ksh93 pair single quotes though they do not quote there, and
 * bash reads <( as a process substitution, does not run it, but changes its blanks. Double quotes
 * there end the outer ones in ksh93, and mislead bash about braces: only a substitution makes such
 * a byte in a way that all shells agree about. */
static const char *const in_default_echo[256] = {['"'] = "\\\"",
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
static const char *const in_pattern[256] = {
	['\n'] = "\"\n\"", [1] = "\"\001\"", [127] = "\"\177\"", ESCAPED_BYTES};
static const char *const in_escaped[256] = {
	['\n'] = "'\n'", [1] = "'\001'", [127] = "'\177'", ESCAPED_BYTES};
/* N.B. ksh93 loses its way at a \' when it looks for the end of a $( ) around the string. */
static const char *const in_dollar[256] = {['\''] = "\\047", ['\\'] = "\\\\"};
static const char *const in_here[256] = {['\\'] = "\\\\", ['$'] = "\\$", ['`'] = "\\`"};
static const char *const in_comment[256] = {['\n'] = " ", ['\r'] = " "};
static const char *const in_comment_safe[256] = {
	[1 ... 31] = "_",
	['!' ... ','] = "_",
	[';' ... '@'] = "_",
	['[' ... '`'] = "_",
	['{' ... 127] = "_",
};
static const struct {
	const char *before, *after;
	const char *const *with;
} encoders[SH_ENC_COUNT] = {
	[SH_ENC_RAW] = {"", "", NULL},
	[SH_ENC_BARE] = {"'", "'", in_single},
	[SH_ENC_BARE_APART] = {"\"\"'", "'\"\"", in_single},
	[SH_ENC_BARE_DOUBLE] = {"\"", "\"", in_double},
	[SH_ENC_SINGLE] = {"", "", in_single},
	[SH_ENC_SINGLE_HERE] = {"", "", in_single_here},
	[SH_ENC_DOUBLE] = {"", "", in_double},
	[SH_ENC_DEFAULT] = {"", "", in_default},
	[SH_ENC_DEFAULT_ECHO] = {"", "", in_default_echo},
	[SH_ENC_PATTERN] = {"\"\"", "", in_pattern},
	[SH_ENC_DOLLAR] = {"", "", in_dollar},
	[SH_ENC_HERE] = {"", "", in_here},
	[SH_ENC_BARE_ESCAPED] = {"''", "", in_escaped},
	[SH_ENC_SINGLE_ESCAPED] = {"'", "'", in_escaped},
	[SH_ENC_DOUBLE_ESCAPED] = {"\"", "\"", in_escaped},
	[SH_ENC_COMMENT] = {"", "", in_comment},
	[SH_ENC_COMMENT_SAFE] = {"", "", in_comment_safe},
};

static void encode(struct buf *out, enum sh_enc enc, const char *bytes, size_t len)
{
	buf_adds(out, encoders[enc].before);
	if (encoders[enc].with == NULL)
		buf_add(out, bytes, len);
	else
		replace(out, bytes, len, encoders[enc].with);
	buf_adds(out, encoders[enc].after);
}

/* Writes text for a place one level of backquotes further out: a backslash before each byte that
 * the level would take one off.
 *
 * N.B. bytes are taken in the pairs that a backslash makes, and a backslash which the level leaves
 * alone is left alone: what bash's brace expansion sees depends on that. */
static void backquote(struct buf *out, const char *text, size_t len, bool is_double)
{
	size_t start = 0;

	for (size_t i = 0; i < len; i++) {
		char c = text[i];

		if (c == '\\') {
			if (i + 1 < len && memchr("\\$`\"\n", text[i + 1], 5) == NULL) {
				i++;
				continue;
			}
			buf_add(out, text + start, i - start);
			buf_adds(out, "\\\\");
			start = ++i;
			if (i == len || text[i] == '\n' || (text[i] == '"' && !is_double))
				continue;
		} else if (c != '$' && c != '`' && (c != '"' || !is_double)) {
			continue;
		} else {
			buf_add(out, text + start, i - start);
			start = i;
		}
		buf_addc(out, '\\');
	}
	if (start < len)
		buf_add(out, text + start, len - start);
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
