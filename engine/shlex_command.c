/*
 * Reads commands: words, operators, redirections and comments, at the top of a script and inside
 * $( ), backquotes, ( ), case and lists. What a finished word means is decided in shlex_word.c.
 */
#include "engine/shlex.h"

enum { PLAIN, BLANK, SPECIAL };

/* PLAIN bytes have no meaning of their own inside a bare word. */
static const uint8_t classes[256] = {
	['\0'] = SPECIAL,
	[' '] = BLANK,
	['\t'] = BLANK,
	['\n'] = SPECIAL,
	['\\'] = SPECIAL,
	['\''] = SPECIAL,
	['"'] = SPECIAL,
	['`'] = SPECIAL,
	['$'] = SPECIAL,
	[';'] = SPECIAL,
	['&'] = SPECIAL,
	['|'] = SPECIAL,
	['('] = SPECIAL,
	[')'] = SPECIAL,
	['<'] = SPECIAL,
	['>'] = SPECIAL,
	['['] = SPECIAL,
};

static void word_begin(struct sh_lexer *lx, struct sh_frame *f)
{
	if (f->in_word)
		return;
	f->in_word = true;
	f->word_is_plain = true;
	f->word_is_split = false;
	f->word_start = lx->pos;
	f->word_hole = SH_NONE;
}

void sh_word_add_special(struct sh_lexer *lx, struct sh_frame *f)
{
	word_begin(lx, f);
	f->word_is_plain = false;
}

static int comment(struct sh_lexer *lx, const struct sh_frame *f)
{
	enum sh_enc enc = f->is_nested || f->is_in_here ? SH_ENC_COMMENT_SAFE : SH_ENC_COMMENT;
	size_t next;
	int c, r;

	for (;;) {
		if (lx->backquotes.n == 0) {
			const char *nl = memchr(lx->text + lx->pos, '\n', lx->limit - lx->pos);
			size_t end = nl == NULL ? lx->limit : (size_t)(nl - lx->text);

			lx->pos += strnlen(lx->text + lx->pos, end - lx->pos);
		}
		c = sh_peek(lx, &next);
		if (c == '\n' || c == SH_END || c == SH_CLOSE)
			return 0;
		if (c == SH_HOLE) {
			r = sh_hole_take(lx, enc);
			if (r != 0)
				return r;
			continue;
		}
		if (c == '\\' && sh_peek_at(lx, next, &next) == '\n')
			sh_doubt(lx, "a backslash at the end of a comment inside backquotes");
		(void)sh_peek(lx, &lx->pos);
	}
}

/* What the next word is behind a control operator. */
static void command_begin(struct sh_lexer *lx, struct sh_frame *f, int c)
{
	f->next_is_computed = false;
	f->is_regex = false;
	f->prev_hole = SH_NONE;
	f->prev_len = 0;
	switch (f->place) {
	case P_PATTERN:
	case P_CONDITION:
	case P_LIST:
		return;
	case P_CASE_IN:
		if (c == '\n')
			return;
		break;
	case P_FOR_IN:
		if (c == '\n')
			return;
		f->place = P_COMMAND;
		return;
	default:
		f->place = P_COMMAND;
		return;
	}
	sh_doubt(lx, "an unfinished `case`");
	f->place = P_COMMAND;
}

static int newline(struct sh_lexer *lx, struct sh_frame *f, size_t next)
{
	int r = sh_word_end(lx);

	if (r != 0 || sh_top(lx) != f) /* `esac` ended the frame: read the newline again */
		return r;
	if (f->place == P_CASE_WORD || f->place == P_FOR_NAME || f->place == P_FUNCTION)
		sh_doubt(lx, "an unfinished `case`, `for` or `function`");
	command_begin(lx, f, '\n');
	lx->pos = next;
	return sh_here_bodies(lx);
}

/* ; & and |, with what they make together. */
static int control(struct sh_lexer *lx, struct sh_frame *f, int c, size_t next)
{
	int r = sh_word_end(lx), second;
	size_t behind;

	if (r != 0 || sh_top(lx) != f)
		return r;
	if (c == ';' && f->place != P_LIST && f->place != P_CONDITION) {
		second = sh_peek_at(lx, next, &behind);
		if (second == ';' || ((second == '&' || second == '|') && f->kind == F_CASE)) {
			lx->pos = behind;
			if (second == ';' && sh_peek(lx, &behind) == '&')
				lx->pos = behind;
			if (f->kind != F_CASE)
				sh_doubt(lx, "a ;; outside a `case`");
			command_begin(lx, f, c);
			f->place = f->kind == F_CASE ? P_PATTERN : P_COMMAND;
			f->pattern_is_open = f->pattern_has_word = false;
			return 0;
		}
		if (second == '\\')
			sh_doubt(lx, "a ; with a backslash behind it");
	}
	if (c == '&' && f->place == P_ARGS && lx->dialect != SH_POSIX &&
		sh_peek_at(lx, next, &behind) == '>') {
		lx->pos = next;
		return 0;
	}
	command_begin(lx, f, c);
	lx->pos = next;
	return 0;
}

static bool word_is_number(const struct sh_lexer *lx, const struct sh_frame *f)
{
	if (!f->in_word || !f->word_is_plain)
		return false;
	for (size_t i = f->word_start; i < lx->pos; i++) {
		if (lx->text[i] < '0' || lx->text[i] > '9')
			return false;
	}
	return true;
}

/* < and >: a redirection, a here-document, a process substitution, or a comparison in [[ ]]. */
static int redirection(struct sh_lexer *lx, struct sh_frame *f, int c, size_t next)
{
	size_t opened = lx->pos, behind, third;
	int second = sh_peek_at(lx, next, &behind), r;

	if (second == '(') {
		sh_word_add_special(lx, f);
		lx->pos = behind;
		return sh_push(lx, F_SUBST, opened);
	}
	if (word_is_number(lx, f)) {
		f->in_word = false;
	} else {
		r = sh_word_end(lx);
		if (r != 0 || sh_top(lx) != f)
			return r;
	}
	lx->pos = next;
	if (second == '\\')
		sh_doubt(lx, "a redirection with a backslash behind it");
	if (f->place == P_CONDITION || f->place == P_LIST || f->place == P_PATTERN) {
		if (second == '<')
			sh_doubt(lx, "a << where no command stands");
		return 0;
	}
	f->is_redirect = true;
	if (c == '<' && second == '<') {
		lx->pos = behind;
		if (sh_peek_at(lx, behind, &third) != '<')
			return sh_here_operator(lx);
		lx->pos = third;
		if (lx->dialect == SH_POSIX) /* dash: a here-document and a < */
			sh_doubt(lx, "a <<<, which a plain sh does not have,");
	} else if (second == '&' || second == '|' || second == '>') {
		lx->pos = behind;
	}
	return 0;
}

/* A [: an array's subscript, or a plain byte of a word. */
static int bracket_open(struct sh_lexer *lx, struct sh_frame *f, size_t next)
{
	size_t opened = lx->pos;
	bool is_subscript;
	int r;

	if (f->in_word)
		is_subscript = f->word_is_plain && !f->is_redirect &&
			sh_name_is(lx->text + f->word_start, opened - f->word_start) &&
			(f->place == P_COMMAND || f->place == P_PREFIX ||
				(f->place == P_ARGS &&
					(f->command == CMD_DECLARE || f->command == CMD_UNSET ||
						f->command == CMD_READ)));
	else
		is_subscript = f->kind == F_LIST;
	word_begin(lx, f);
	lx->pos = next;
	if (!is_subscript)
		return 0;
	f->word_is_plain = false;
	r = sh_push(lx, F_BRACKET, opened);
	if (r == 0 && sh_top(lx)->why == NULL) {
		sh_top(lx)->why = "inside the [ ] behind a name, where the shell may compute with "
				  "it";
		sh_top(lx)->why_is_deep = true;
	}
	return r;
}

static int backslash(struct sh_lexer *lx, struct sh_frame *f, size_t next)
{
	bool was_in_word = f->in_word, is_continuation;
	size_t start = lx->pos, behind;
	int r = sh_backslash(lx, next, &is_continuation);

	if (r != 0)
		return r;
	if (!is_continuation) {
		if (!was_in_word) {
			word_begin(lx, f);
			f->word_start = start;
		}
		f->word_is_plain = false;
	} else if (was_in_word) {
		f->word_is_split = true;
		f->word_is_plain = false;
	} else if (sh_peek(lx, &behind) == '#') {
		sh_doubt(lx, "a # behind a backslash and a newline");
	}
	return 0;
}

static int quote_open(struct sh_lexer *lx, struct sh_frame *f, enum sh_frame_kind kind, size_t next)
{
	size_t opened = lx->pos;

	sh_word_add_special(lx, f);
	lx->pos = next;
	return sh_push(lx, kind, opened);
}

static int dispatch(struct sh_lexer *lx, struct sh_frame *f, int c, size_t next, bool *is_done)
{
	switch (c) {
	case '\n':
		return newline(lx, f, next);
	case '\\':
		return backslash(lx, f, next);
	case '\'':
		return quote_open(lx, f, F_SINGLE, next);
	case '"':
		return quote_open(lx, f, F_DOUBLE, next);
	case '`':
		sh_word_add_special(lx, f);
		return sh_backquote_open(lx, next, false);
	case '$':
		sh_word_add_special(lx, f);
		return sh_dollar(lx, next, false);
	case ';':
	case '&':
	case '|':
		return control(lx, f, c, next);
	case '(':
		return sh_paren_open(lx, f, next);
	case ')':
		return sh_paren_close(lx, f, next);
	case '<':
	case '>':
		return redirection(lx, f, c, next);
	case '[':
		return bracket_open(lx, f, next);
	case SH_HOLE:
		sh_word_add_special(lx, f);
		return sh_word_hole(lx);
	default:
		return sh_end(lx, c, is_done);
	}
}

int sh_step_command(struct sh_lexer *lx, bool *is_done)
{
	struct sh_frame *f = sh_top(lx);
	size_t next;
	int c, r = 0;

	while (r == 0 && !*is_done && sh_top(lx) == f) {
		if (lx->backquotes.n == 0) {
			const char *p = lx->text + lx->pos;

			if (f->in_word) {
				while (classes[(unsigned char)*p] == PLAIN)
					p++;
			} else {
				while (classes[(unsigned char)*p] == BLANK)
					p++;
			}
			lx->pos = (size_t)(p - lx->text);
		}
		c = sh_peek(lx, &next);
		if (c < 256 && classes[c] == PLAIN) {
			if (c == '#' && !f->in_word) {
				r = comment(lx, f);
				continue;
			}
			word_begin(lx, f);
			lx->pos = next;
		} else if (c < 256 && classes[c] == BLANK) {
			r = sh_word_end(lx);
			if (sh_top(lx) == f)
				lx->pos = next;
		} else {
			r = dispatch(lx, f, c, next, is_done);
		}
	}
	return r;
}
