/*
 * Reads what stands inside quotes ("...", '...', $'...') and what a $ begins: names, $( ), ${ },
 * $(( )).
 *
 * N.B. a hole right behind "$x would be read as more of the name, so the lexer puts braces around
 * such a name: "${x}...". Nothing else of the user's text is ever changed outside here-documents.
 */
#include "engine/shlex.h"

/* Skips literal text up to a byte of `stop` or NUL. Only outside of backquotes: inside of them the
 * bytes must be read one by one. */
static void skip_plain(struct sh_lexer *lx, const bool stop[256])
{
	const char *p = lx->text + lx->pos;

	if (lx->backquotes.n != 0)
		return;
	while (!stop[(unsigned char)*p])
		p++;
	lx->pos = (size_t)(p - lx->text);
}

static int open_frame(
	struct sh_lexer *lx, enum sh_frame_kind kind, size_t next, const char *why, bool is_deep)
{
	size_t opened = lx->pos;
	int r;

	lx->pos = next;
	r = sh_push(lx, kind, opened);
	if (r == 0 && sh_top(lx)->why == NULL && why != NULL) {
		sh_top(lx)->why = why;
		sh_top(lx)->why_is_deep = is_deep;
	}
	return r;
}

static bool is_name_start(int c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* zsh's $x:h and its kin. */
static void zsh_modifiers(struct sh_lexer *lx)
{
	size_t next, behind;
	int c;

	while (sh_peek(lx, &next) == ':') {
		c = sh_peek_at(lx, next, &behind);
		if (!is_name_start(c) && c != '&')
			return;
		if (c == '&' || strchr("sgFfWw", c) != NULL) {
			sh_doubt(lx, "a zsh modifier like :s");
			return;
		}
		lx->pos = behind;
		while (is_digit(sh_peek(lx, &next)))
			lx->pos = next;
	}
}

/* Behind $name, pos at its end: what zsh would take as part of it. *is_bare: nothing came. */
static int zsh_suffix(struct sh_lexer *lx, bool *is_bare)
{
	size_t next, start = lx->pos;
	int r;

	if (sh_peek(lx, &next) == '[') {
		r = open_frame(lx, F_BRACKET, next, "inside the [ ] behind a zsh parameter", true);
		*is_bare = false;
		return r;
	}
	zsh_modifiers(lx);
	*is_bare = lx->pos == start;
	if (!*is_bare && sh_peek(lx, &next) == SH_HOLE)
		return sh_refuse(lx, lx->n_taken,
			"right behind a zsh modifier like :h; put the parameter and its modifiers "
			"into ${ }");
	return 0;
}

static int braces_add(struct sh_lexer *lx, size_t start, size_t end)
{
	int r = sh_op_add(lx,
		(struct sh_op){
			.pos = (uint32_t)start, .kind = SH_OP_INSERT, .index = SH_INSERT_BRACE});

	if (r != 0)
		return r;
	return sh_op_add(lx,
		(struct sh_op){
			.pos = (uint32_t)end, .kind = SH_OP_INSERT, .index = SH_INSERT_BRACE_END});
}

/* $name, $1, $?: pos behind the $, c and next the first byte of the name. */
static int parameter(struct sh_lexer *lx, int c, size_t next, bool is_quoted)
{
	size_t start = lx->pos, end, behind;
	bool is_zsh = lx->dialect == SH_ZSH, is_bare = true;
	int r;

	lx->pos = next;
	if (is_name_start(c) || (is_zsh && is_digit(c))) {
		while (c = sh_peek(lx, &next),
			is_digit(c) || (is_name_start(c) && !is_digit(lx->text[start])))
			lx->pos = next;
	}
	end = lx->pos;
	c = sh_peek(lx, &next);
	if (c == '\\' && sh_peek_at(lx, next, &behind) == '\n' &&
		sh_peek_at(lx, behind, &behind) == SH_HOLE)
		return sh_refuse(lx, lx->n_taken,
			"behind a parameter that a backslash at the line's end joins to it");
	if (is_zsh && c == ':' && sh_peek_at(lx, next, &behind) == SH_HOLE)
		return braces_add(lx, start, end);
	if (is_zsh) {
		r = zsh_suffix(lx, &is_bare);
		if (r != 0 || !is_bare)
			return r;
	}
	if (c == SH_HOLE && is_quoted)
		return braces_add(lx, start, end);
	return 0;
}

static int brace_open(struct sh_lexer *lx, size_t next, bool is_quoted)
{
	const struct sh_frame *parent = sh_top(lx);
	bool is_odd = parent->is_odd || parent->kind == F_HERE || parent->kind == F_ARITH ||
		parent->kind == F_BRACKET ||
		(parent->kind == F_BRACE && parent->is_quoted && parent->brace == BR_PATTERN);
	int r = open_frame(lx, F_BRACE, next, NULL, false);
	struct sh_frame *f;

	if (r != 0)
		return r;
	f = sh_top(lx);
	f->is_quoted = is_quoted;
	f->is_odd = is_odd;
	if (is_odd && f->why == NULL)
		f->why = "inside a ${ } in a here-document, in arithmetic or in another pattern";
	return 0;
}

#define WHY_ARITH                                                                                  \
	"inside $(( )), where the shell computes with it and can run code in it; check outside "   \
	"that it is a number, and use a variable here"

int sh_dollar(struct sh_lexer *lx, size_t next, bool is_quoted)
{
	size_t behind, third;
	int c = sh_peek_at(lx, next, &behind), r;

	switch (c) {
	case SH_HOLE:
		return sh_refuse(lx, lx->n_taken,
			"right behind a $; write \\$ where a dollar sign is meant");
	case '(':
		if (sh_peek_at(lx, behind, &third) == '(')
			return open_frame(lx, F_ARITH, third, WHY_ARITH, false);
		return open_frame(lx, F_SUBST, behind, NULL, false);
	case '{':
		return brace_open(lx, behind, is_quoted);
	case '[':
		if (lx->dialect == SH_POSIX || lx->dialect == SH_KSH)
			sh_doubt(lx, "a $[");
		else
			return open_frame(lx, F_BRACKET, behind,
				"inside $[ ], where the shell computes with it and can run code in "
				"it; check outside that it is a number, and use a variable here",
				true);
		break;
	case '\'':
		/* N.B. bash garbles such a string inside a ${ } inside "$( )". */
		if (!is_quoted)
			return open_frame(lx, F_DOLLAR, behind,
				sh_top(lx)->kind == F_BRACE ? "inside $'...' inside a ${ }" : NULL,
				false);
		break;
	case '"':
		if (!is_quoted)
			return open_frame(lx, F_DOUBLE, behind,
				"inside $\"...\", which the shell translates; leave out the $",
				false);
		break;
	case '\\':
		if (sh_peek_at(lx, behind, &third) == '\n')
			sh_doubt(lx, "a $ with a backslash and a newline behind it");
		break;
	default:
		if (is_name_start(c) || is_digit(c) || (c < 256 && strchr("@*?$!-", c) != NULL)) {
			lx->pos = next;
			return parameter(lx, c, behind, is_quoted);
		}
		break;
	}
	lx->pos = next;
	if (lx->dialect == SH_ZSH && c < 256 && strchr("#+=~^", c) != NULL) {
		do {
			lx->pos = behind;
			c = sh_peek(lx, &behind);
		} while (c < 256 && strchr("#+=~^", c) != NULL);
		if (c == SH_HOLE)
			return sh_refuse(lx, lx->n_taken, "right behind a zsh flag like $#");
		if (is_name_start(c) || is_digit(c))
			return parameter(lx, c, behind, is_quoted);
		r = 0;
		if (c == '{')
			r = brace_open(lx, behind, is_quoted);
		return r;
	}
	if (c == '#')
		lx->pos = behind;
	return 0;
}

int sh_step_double(struct sh_lexer *lx, bool *is_done)
{
	static const bool stop[256] = {
		['\0'] = true, ['"'] = true, ['\\'] = true, ['$'] = true, ['`'] = true};
	struct sh_frame *f = sh_top(lx);
	bool is_continuation;
	size_t next;
	int c, r = 0;

	while (r == 0 && sh_top(lx) == f) {
		skip_plain(lx, stop);
		c = sh_peek(lx, &next);
		switch (c) {
		case '"':
			if (f->is_odd &&
				memchr(lx->text + f->opened, '\'', lx->pos - f->opened) != NULL)
				sh_doubt(lx, "a single quote in double quotes in a ${ }");
			sh_pop(lx);
			lx->pos = next;
			break;
		case '\\':
			r = sh_backslash(lx, next, &is_continuation);
			break;
		case '$':
			r = sh_dollar(lx, next, true);
			break;
		case '`':
			r = sh_backquote_open(lx, next, true);
			break;
		case SH_HOLE:
			r = sh_hole_take(lx, SH_ENC_DOUBLE);
			break;
		case SH_END:
		case SH_CLOSE:
			return sh_end(lx, c, is_done);
		default:
			lx->pos = next;
			break;
		}
	}
	return r;
}

/* Skips to the next single quote, hole or end. */
static void skip_to_quote(struct sh_lexer *lx)
{
	size_t end = lx->limit;
	const char *quote;

	if (lx->backquotes.n != 0)
		return;
	if (lx->n_taken < lx->n_holes && lx->hole_pos[lx->n_taken] < end)
		end = lx->hole_pos[lx->n_taken];
	quote = memchr(lx->text + lx->pos, '\'', end - lx->pos);
	lx->pos = quote == NULL ? end : (size_t)(quote - lx->text);
}

int sh_step_single(struct sh_lexer *lx, bool *is_done)
{
	struct sh_frame *f = sh_top(lx);
	size_t next, behind;
	int c, r = 0;

	while (r == 0 && sh_top(lx) == f) {
		skip_to_quote(lx);
		c = sh_peek(lx, &next);
		switch (c) {
		case '\'':
			sh_pop(lx);
			lx->pos = next;
			break;
		case SH_HOLE:
			r = sh_hole_take(lx, f->is_in_here ? SH_ENC_SINGLE_HERE : SH_ENC_SINGLE);
			break;
		case SH_END:
		case SH_CLOSE:
			return sh_end(lx, c, is_done);
		case '\\':
			if (lx->backquotes.n != 0 && sh_peek_at(lx, next, &behind) == '\n')
				sh_doubt(lx, "a backslash at a line's end in quotes in backquotes");
			lx->pos = next;
			break;
		default:
			lx->pos = next;
			break;
		}
	}
	return r;
}

static bool is_hex(int c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* A backslash inside $'...': steps over the escape; a hole must not become part of a \x41. */
static int dollar_escape(struct sh_lexer *lx, size_t next)
{
	size_t behind;
	int c = sh_peek_at(lx, next, &behind);

	if (c == SH_HOLE)
		return sh_refuse(lx, lx->n_taken,
			"right behind a backslash; write two backslashes where one is meant");
	if (c == SH_END || c == SH_CLOSE) {
		lx->pos = next;
		return 0;
	}
	if (c == '\'' && lx->dialect == SH_POSIX)
		sh_doubt(lx, "a \\' inside $'...', which not every sh knows,");
	lx->pos = behind;
	if (!is_digit(c) && strchr("xuUcCM", c) == NULL)
		return 0;
	while (c = sh_peek(lx, &next), is_hex(c) || c == '{' || c == '}' || c == '-' || c == 'C')
		lx->pos = next;
	if (c == SH_HOLE ||
		(c == '\\' &&
			(lx->text[lx->pos - 1] == '-' ||
				strchr("cCM", lx->text[lx->pos - 1]) != NULL)))
		sh_doubt(lx, "an escape like \\x41 or \\cA with no end of its own");
	return 0;
}

int sh_step_dollar(struct sh_lexer *lx, bool *is_done)
{
	static const bool stop[256] = {['\0'] = true, ['\''] = true, ['\\'] = true};
	struct sh_frame *f = sh_top(lx);
	size_t next;
	int c, r = 0;

	while (r == 0 && sh_top(lx) == f) {
		skip_plain(lx, stop);
		c = sh_peek(lx, &next);
		switch (c) {
		case '\'':
			sh_pop(lx);
			lx->pos = next;
			break;
		case '\\':
			r = dollar_escape(lx, next);
			break;
		case SH_HOLE:
			if (lx->dialect == SH_POSIX)
				return sh_refuse(lx, lx->n_taken,
					"inside $'...', which not every sh knows; use '...' or "
					"\"...\", or run the script with bash");
			r = sh_hole_take(lx, SH_ENC_DOLLAR);
			break;
		case SH_END:
		case SH_CLOSE:
			return sh_end(lx, c, is_done);
		default:
			lx->pos = next;
			break;
		}
	}
	return r;
}
