/*
 * Reads ${...}, $(( )), (( )), $[ ] and the subscripts of arrays.
 *
 * Inside ${ } a hole may stand in the word of - = ? + and in the pattern of # and %; whatever is
 * computed, and what only some shells know, is refused.
 */
#include "engine/shlex.h"

#define WHY_SUBSTITUTE                                                                             \
	"inside ${NAME/pattern/text}, ${NAME:offset} or the like, where shells differ or compute"

/* pos is behind the name. Reads the operator and settles what follows. */
static void operator_read(struct sh_lexer *lx, struct sh_frame *f, int c, size_t next)
{
	size_t behind;
	int second = sh_peek_at(lx, next, &behind);

	if (c == ':' && second < 256 && second != '\0' && strchr("-=?+", second) != NULL) {
		f->brace = BR_WORD;
		lx->pos = behind;
	} else if (c < 256 && strchr("-=?+", c) != NULL) {
		f->brace = BR_WORD;
		lx->pos = next;
	} else if (c == '#' || c == '%') {
		f->brace = BR_PATTERN;
		lx->pos = second == c ? behind : next;
	} else {
		f->brace = BR_OTHER;
		if (f->why == NULL) {
			f->why = WHY_SUBSTITUTE;
			f->why_is_deep = true;
		}
	}
}

static int head_refuse(struct sh_lexer *lx)
{
	return sh_refuse(lx, lx->n_taken, "in the name inside ${ }");
}

/* The bytes of a name, and what may stand in front of it. */
static int head_read(struct sh_lexer *lx, struct sh_frame *f)
{
	size_t next, behind;
	int c = sh_peek(lx, &next), second;
	bool is_other = false;

	if (c == ' ' || c == '\t' || c == '\n' || c == '|') {
		sh_doubt(lx, "a ${ command; }");
		f->brace = BR_OTHER;
		return 0;
	}
	second = sh_peek_at(lx, next, &behind);
	if ((c == '#' || c == '!') && second != '}' && second < 256 &&
		strchr("-=?+:%/", second) == NULL) {
		is_other = c == '#';
		lx->pos = next;
		c = second;
		next = behind;
	} else if (lx->dialect == SH_ZSH && c < 256 && strchr("(+=~^:", c) != NULL) {
		is_other = true;
	}
	if (c < 256 && strchr("@*#?-$!", c) != NULL) {
		lx->pos = next;
	} else {
		while (c == '.' || (c >= '0' && c <= '9') || sh_name_is(&(char){(char)c}, 1)) {
			lx->pos = next;
			c = sh_peek(lx, &next);
			if (c >= 256)
				break;
		}
	}
	c = sh_peek(lx, &next);
	if (c == SH_HOLE && lx->doubt == NULL)
		return head_refuse(lx);
	if (c == '\\')
		sh_doubt(lx, "a backslash in the name inside ${ }");
	if (c == '[') {
		f->child = lx->pos;
		behind = lx->pos;
		lx->pos = next;
		if (sh_push(lx, F_BRACKET, behind) != 0)
			return ERR_INVALID;
		if (sh_top(lx)->why == NULL) {
			sh_top(lx)->why = "inside the [ ] behind a name, where the shell may "
					  "compute with it";
			sh_top(lx)->why_is_deep = true;
		}
		return 0;
	}
	if (is_other && c != '}') {
		f->brace = BR_OTHER;
		if (f->why == NULL) {
			f->why = WHY_SUBSTITUTE;
			f->why_is_deep = true;
		}
		return 0;
	}
	if (c != '}')
		operator_read(lx, f, c, next);
	return 0;
}

/* How a value is written in the word of a ${ }. */
static enum sh_enc brace_enc(const struct sh_lexer *lx, const struct sh_frame *f)
{
	if (f->is_quoted && f->brace == BR_PATTERN)
		return SH_ENC_PATTERN;
	if (f->is_quoted)
		return lx->dialect == SH_ZSH ? SH_ENC_DEFAULT : SH_ENC_DEFAULT_ECHO;
	if (f->is_in_here)
		return SH_ENC_BARE_DOUBLE;
	return lx->dialect == SH_ZSH ? SH_ENC_BARE_APART : SH_ENC_BARE;
}

static int brace_hole(struct sh_lexer *lx, struct sh_frame *f)
{
	size_t i = lx->pos;

	while (i > f->opened && sh_name_is(&lx->text[i - 1], 1))
		i--;
	if (!f->is_quoted && lx->doubt == NULL && lx->text[i - 1] == '~')
		return sh_refuse(lx, lx->n_taken,
			"right behind a ~, which some shells take for a user's name; put a / "
			"between them, or quote the ~");
	return sh_hole_take(lx, brace_enc(lx, f));
}

static int push_quote(struct sh_lexer *lx, struct sh_frame *f, enum sh_frame_kind kind, size_t next)
{
	size_t opened = lx->pos;
	int r;

	lx->pos = next;
	r = sh_push(lx, kind, opened);
	if (r != 0)
		return r;
	if (kind == F_DOUBLE && f->is_quoted && f->brace != BR_PATTERN) {
		sh_top(lx)->is_odd = true;
		if (sh_top(lx)->why == NULL)
			sh_top(lx)->why = "inside double quotes in a ${ } in double quotes; leave "
					  "out the inner ones";
	}
	if (sh_top(lx)->why == NULL)
		sh_top(lx)->why = f->why;
	return 0;
}

/* Steps over a pair of single quotes around text that means nothing, quoted or not. */
static bool plain_pair_skip(struct sh_lexer *lx, size_t pos)
{
	size_t len = strcspn(lx->text + pos, "'\"\\$`{}\n");

	if (lx->backquotes.n != 0 || lx->text[pos + len] != '\'')
		return false;
	lx->pos = pos + len + 1;
	return true;
}

/* A quote inside the word of a ${ }: whether it quotes depends on shell and place. */
static int brace_quote(struct sh_lexer *lx, struct sh_frame *f, int c, size_t next)
{
	if (!f->is_quoted)
		return push_quote(lx, f, c == '"' ? F_DOUBLE : F_SINGLE, next);
	if (f->is_odd) {
		sh_doubt(lx, "a quote inside such a ${ }");
	} else if (c == '\'') {
		if (f->brace == BR_PATTERN && lx->dialect != SH_ZSH)
			return push_quote(lx, f, F_SINGLE, next);
		if (plain_pair_skip(lx, next))
			return 0;
		sh_doubt(lx, "a single quote in a ${ } in double quotes");
	} else {
		if (f->brace != BR_PATTERN && lx->dialect == SH_KSH)
			sh_doubt(lx, "a double quote in a ${ } in double quotes");
		return push_quote(lx, f, F_DOUBLE, next);
	}
	lx->pos = next;
	return 0;
}

int sh_step_brace(struct sh_lexer *lx, bool *is_done)
{
	struct sh_frame *f = sh_top(lx);
	size_t next, behind;
	bool is_continuation;
	int c, r = 0;

	if (f->brace == BR_HEAD && f->child == SH_NONE) {
		r = head_read(lx, f);
	} else if (f->brace == BR_HEAD) {
		f->child = SH_NONE;
		f->brace = BR_WORD;
		c = sh_peek(lx, &next);
		if (c == SH_HOLE && lx->doubt == NULL)
			return head_refuse(lx);
		if (c != '}')
			operator_read(lx, f, c, next);
	}
	while (r == 0 && sh_top(lx) == f) {
		c = sh_peek(lx, &next);
		switch (c) {
		case '}':
			if (f->is_quoted && f->brace == BR_PATTERN && lx->backquotes.n == 0)
				sh_quotes_check(lx, f->opened);
			sh_pop(lx);
			lx->pos = next;
			break;
		case '\\':
			r = sh_backslash(lx, next, &is_continuation);
			break;
		case '\'':
		case '"':
			r = brace_quote(lx, f, c, next);
			break;
		case '$':
			r = sh_dollar(lx, next, f->is_quoted);
			break;
		case '`':
			r = sh_backquote_open(lx, next, f->is_quoted);
			break;
		case '{':
			sh_doubt(lx, "a { inside a ${ }");
			lx->pos = next;
			break;
		case '<':
		case '>':
			if (sh_peek_at(lx, next, &behind) == '(')
				sh_doubt(lx, "a <( inside a ${ }");
			lx->pos = next;
			break;
		case SH_HOLE:
			r = brace_hole(lx, f);
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

/* What $(( )) and [ ] have in common: quotes, expansions and ends. */
static int computed(struct sh_lexer *lx, struct sh_frame *f, int c, size_t next, bool *is_done)
{
	bool is_continuation;

	switch (c) {
	case '\\':
		return sh_backslash(lx, next, &is_continuation);
	case '"':
		return push_quote(lx, f, F_DOUBLE, next);
	case '\'':
		if (f->kind == F_BRACKET)
			return push_quote(lx, f, F_SINGLE, next);
		sh_doubt(lx, "a single quote inside (( ))");
		break;
	case '$':
		return sh_dollar(lx, next, true);
	case '`':
		return sh_backquote_open(lx, next, true);
	case SH_HOLE:
		return sh_hole_take(lx, SH_ENC_RAW);
	case SH_END:
	case SH_CLOSE:
		return sh_end(lx, c, is_done);
	default:
		break;
	}
	lx->pos = next;
	return 0;
}

int sh_step_arith(struct sh_lexer *lx, bool *is_done)
{
	struct sh_frame *f = sh_top(lx);
	size_t next, behind;
	int c, r = 0;

	while (r == 0 && sh_top(lx) == f) {
		c = sh_peek(lx, &next);
		if (c == '(') {
			f->parens++;
			lx->pos = next;
		} else if (c == ')' && f->parens > 0) {
			f->parens--;
			lx->pos = next;
		} else if (c == ')') {
			/* N.B. with one ) it was a subshell in a substitution all along. */
			if (sh_peek_at(lx, next, &behind) == ')')
				next = behind;
			else
				sh_doubt(lx, "a (( that is not closed by ))");
			sh_pop(lx);
			lx->pos = next;
		} else if (f->is_arith_command && lx->dialect == SH_POSIX &&
			(c == '#' || c == '<' || c == '\n')) {
			sh_doubt(lx, "a (( ), which may be two subshells,");
			lx->pos = next;
		} else {
			r = computed(lx, f, c, next, is_done);
		}
	}
	return r;
}

int sh_step_bracket(struct sh_lexer *lx, bool *is_done)
{
	struct sh_frame *f = sh_top(lx);
	size_t next;
	int c, r = 0;

	while (r == 0 && sh_top(lx) == f) {
		c = sh_peek(lx, &next);
		if (c == '[') {
			f->parens++;
			lx->pos = next;
		} else if (c == ']' && f->parens > 0) {
			f->parens--;
			lx->pos = next;
		} else if (c == ']') {
			sh_pop(lx);
			lx->pos = next;
		} else if (c == '\n') {
			sh_doubt(lx, "a [ that is not closed on its line");
			sh_pop(lx);
		} else {
			r = computed(lx, f, c, next, is_done);
		}
	}
	return r;
}
