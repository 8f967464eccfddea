/*
 * The shell lexer's frame: the stack of what surrounds the place that is being read, the reading
 * of bytes through levels of backquotes, and what happens at an end.
 *
 * Invariants: holes are taken in the order in which they stand, each exactly once; frames[0] is
 * F_TOP as long as there is text; text[limit] is NUL.
 *
 * N.B. the lexer never has to understand a script completely. Where shells disagree, or it is not
 * sure, it records a doubt, and each hole from there on is refused. A wrong guess would let a value
 * become code; a refusal costs the user one line.
 */
#include "engine/shlex.h"

#include <stdio.h>
#include <stdlib.h>

static const struct {
	const char *opener;
	int (*step)(struct sh_lexer *lx, bool *is_done);
} frame_kinds[F_COUNT] = {
	[F_TOP] = {"script", sh_step_command},
	[F_SUBST] = {"$( or <( that was", sh_step_command},
	[F_BACKQUOTE] = {"backquote", sh_step_command},
	[F_PAREN] = {"(", sh_step_command},
	[F_CASE] = {"`case`", sh_step_command},
	[F_LIST] = {"(", sh_step_command},
	[F_DOUBLE] = {"double quote", sh_step_double},
	[F_SINGLE] = {"single quote", sh_step_single},
	[F_DOLLAR] = {"$'", sh_step_dollar},
	[F_BRACE] = {"${", sh_step_brace},
	[F_ARITH] = {"((", sh_step_arith},
	[F_BRACKET] = {"[", sh_step_bracket},
	[F_HERE] = {"here-document", sh_step_here},
};

/* Reads through `level` levels of backquotes, each of which takes a backslash off the front of
 * \, $, ` and, inside double quotes, ". */
int sh_peek_slow(const struct sh_lexer *lx, size_t pos, unsigned level, size_t *next)
{
	size_t behind;
	int c, escaped;

	if (level == 0) {
		c = (unsigned char)lx->text[pos];
		*next = pos + 1;
		if (c != '\0')
			return c;
		if (pos < lx->limit)
			return SH_HOLE;
		*next = pos;
		return SH_END;
	}
	c = sh_peek_slow(lx, pos, level - 1, next);
	if (c == '`')
		return SH_CLOSE;
	if (c != '\\')
		return c;
	escaped = sh_peek_slow(lx, *next, level - 1, &behind);
	if (escaped == '\\' || escaped == '$' || escaped == '`' ||
		(escaped == '"' && (lx->backquotes.doubles >> (level - 1) & 1) != 0)) {
		*next = behind;
		return escaped;
	}
	return c;
}

/* Says in out where pos is. The column is left out behind a hole, whose length in the user's file
 * is not known here. */
static void place_print(const struct sh_lexer *lx, size_t pos, char *out, size_t size)
{
	size_t line = 1, column = 1;
	bool is_exact = true;

	for (size_t i = 0; i < pos; i++) {
		unsigned char c = (unsigned char)lx->text[i];

		if (c == '\n') {
			line++;
			column = 1;
			is_exact = true;
		} else if (c == '\0') {
			is_exact = false;
		} else if ((c & 0xc0) != 0x80) {
			column++;
		}
	}
	if (is_exact)
		(void)snprintf(out, size, "line %zu, column %zu", line, column);
	else
		(void)snprintf(out, size, "line %zu", line);
}

#define ADVICE                                                                                     \
	"; pass it through `environment:` and write \"$NAME\" instead, or add `| raw` where text " \
	"is meant to be spliced in"

int sh_refuse(struct sh_lexer *lx, size_t hole, const char *place)
{
	lx->bad = lx->hole_piece[hole];
	return err_set(lx->e, ERR_INVALID, "an expression cannot stand %s%s", place,
		strchr(place, ';') == NULL ? ADVICE : "");
}

int sh_refuse_unclosed(struct sh_lexer *lx, size_t hole, const char *what, size_t opened)
{
	char where[64];

	place_print(lx, opened, where, sizeof(where));
	lx->bad = lx->hole_piece[hole];
	return err_set(lx->e, ERR_INVALID,
		"an expression cannot stand here: the %s opened at %s of the script is never "
		"closed",
		what, where);
}

static int refuse_doubt(struct sh_lexer *lx, size_t hole)
{
	char where[64];

	place_print(lx, lx->doubt_pos, where, sizeof(where));
	lx->bad = lx->hole_piece[hole];
	return err_set(lx->e, ERR_INVALID,
		"an expression cannot stand behind %s at %s of the script, for it is not certain "
		"how the shell reads on from there" ADVICE,
		lx->doubt, where);
}

void sh_doubt(struct sh_lexer *lx, const char *what)
{
	if (lx->doubt != NULL)
		return;
	lx->doubt = what;
	lx->doubt_pos = lx->pos < lx->limit ? lx->pos : lx->limit;
}

int sh_op_add(struct sh_lexer *lx, struct sh_op op)
{
	if (lx->n_ops == lx->ops_cap) {
		size_t cap = lx->ops_cap == 0 ? 16 : lx->ops_cap * 2;
		struct sh_op *ops = realloc(lx->ops, cap * sizeof(*ops));

		if (ops == NULL)
			return err_set(lx->e, ERR_NOMEM, "out of memory");
		lx->ops = ops;
		lx->ops_cap = cap;
	}
	lx->ops[lx->n_ops++] = op;
	return 0;
}

/* The command frame in whose word the top frame's quotes stand, or NULL. */
static struct sh_frame *word_frame(struct sh_lexer *lx)
{
	for (unsigned i = lx->depth; i > 0; i--) {
		struct sh_frame *f = &lx->frames[i - 1];

		if (f->kind < F_DOUBLE)
			return f->in_word ? f : NULL;
		if (f->kind > F_BRACE)
			return NULL;
	}
	return NULL;
}

static bool can_be_bash(const struct sh_lexer *lx)
{
	return lx->dialect == SH_BASH || lx->dialect == SH_POSIX;
}

void sh_quotes_check(struct sh_lexer *lx, size_t start)
{
	char quote = '"';

	if (!can_be_bash(lx))
		return;
	for (size_t i = start; i < lx->pos; i++) {
		char c = lx->text[i];

		if (c == '\\' && quote != '\'')
			i++;
		else if (quote == '\0' && (c == '"' || c == '\''))
			quote = c;
		else if (c == quote)
			quote = '\0';
	}
	if (quote != '"')
		sh_doubt(lx, "quotes inside backquotes or ${ } inside double quotes");
}

/* How a value is written where bash needs more care than others. */
static int enc_escape(struct sh_lexer *lx, enum sh_enc *enc)
{
	bool is_in_list = sh_top(lx)->is_in_list;
	bool is_default = *enc == SH_ENC_DEFAULT || *enc == SH_ENC_DEFAULT_ECHO;
	bool is_bare = *enc == SH_ENC_BARE || *enc == SH_ENC_BARE_DOUBLE;
	bool is_single = *enc == SH_ENC_SINGLE || *enc == SH_ENC_SINGLE_HERE;

	if (!can_be_bash(lx))
		return 0;
	if (lx->backquotes.doubles == 0) {
		/* N.B. bash stumbles over \' in an array in a substitution in a loop. */
		if (is_in_list && is_bare)
			*enc = SH_ENC_BARE_DOUBLE;
		else if (is_in_list && is_single)
			*enc = SH_ENC_SINGLE_HERE;
		return 0;
	}
	/* N.B. bash looks for braces before it understands words, and takes what stands in
	 * "`"..."`" for unquoted. So each byte there must be harmless by itself. */
	if (is_default || is_in_list)
		return sh_refuse(lx, lx->n_taken,
			"in a ${ } or an array inside backquotes inside double quotes; write $( ) "
			"instead of the backquotes");
	if (is_bare)
		*enc = SH_ENC_BARE_ESCAPED;
	else if (is_single)
		*enc = SH_ENC_SINGLE_ESCAPED;
	else if (*enc == SH_ENC_DOUBLE)
		*enc = SH_ENC_DOUBLE_ESCAPED;
	return 0;
}

int sh_hole_take(struct sh_lexer *lx, enum sh_enc enc)
{
	const struct sh_frame *f = sh_top(lx);
	struct sh_frame *word = word_frame(lx);
	size_t hole = lx->n_taken;
	int r;

	if (lx->doubt != NULL)
		return refuse_doubt(lx, hole);
	if (f->why != NULL)
		return sh_refuse(lx, hole, f->why);
	if (lx->backquotes.n != 0 && lx->text[lx->pos - 1] == '\\')
		return sh_refuse(lx, hole, "right behind a backslash inside backquotes");
	r = word == NULL ? 0 : sh_word_check(lx, word);
	if (r == 0)
		r = enc_escape(lx, &enc);
	if (r != 0)
		return r;
	r = sh_op_add(lx,
		(struct sh_op){
			.pos = (uint32_t)lx->pos,
			.del = 1,
			.index = (uint32_t)lx->hole_index[hole],
			.kind = SH_OP_HOLE,
			.enc = (uint8_t)enc,
			.backquotes = lx->backquotes,
		});
	if (r != 0)
		return r;
	lx->n_taken++;
	lx->pos++;
	return 0;
}

int sh_push(struct sh_lexer *lx, enum sh_frame_kind kind, size_t opened)
{
	const struct sh_frame *parent = lx->depth == 0 ? NULL : sh_top(lx);
	struct sh_frame *f;

	if (lx->depth == SH_DEPTH_MAX) {
		size_t hole = lx->n_taken < lx->n_holes ? lx->n_taken : lx->n_holes - 1;

		return sh_refuse(lx, hole,
			"in a script whose quotes, substitutions and compound commands are nested "
			"that deeply");
	}
	f = &lx->frames[lx->depth++];
	memset(f, 0, sizeof(*f));
	f->kind = (uint8_t)kind;
	f->opened = opened;
	f->holes_before = lx->n_taken;
	f->word_hole = f->prev_hole = f->first_hole = SH_NONE;
	f->child = SH_NONE;
	if (parent == NULL)
		return 0;
	f->unit = parent->unit;
	f->is_in_here = parent->is_in_here || kind == F_HERE;
	f->is_nested = parent->is_nested;
	f->is_in_list = parent->is_in_list || kind == F_LIST;
	f->is_in_case = parent->is_in_case || kind == F_CASE;
	f->is_case_around = parent->is_case_around;
	if (parent->why_is_deep) {
		f->why = parent->why;
		f->why_is_deep = true;
	}
	if (kind == F_SUBST || kind == F_BACKQUOTE) {
		f->is_nested = true;
		f->is_case_around = parent->is_in_case;
		f->unit = ++lx->units;
	}
	return 0;
}

void sh_pop(struct sh_lexer *lx)
{
	lx->depth--;
}

int sh_backquote_open(struct sh_lexer *lx, size_t next, bool is_double)
{
	const struct sh_frame *parent = sh_top(lx);
	/* N.B. in "${x:-`...`}", bash leaves the backslash of \" where others take it off. */
	bool is_odd = parent->is_odd || parent->kind == F_HERE ||
		(parent->kind == F_BRACE && parent->is_quoted && can_be_bash(lx));
	size_t opened = lx->pos;
	int r;

	lx->pos = next;
	if (lx->backquotes.n == SH_BACKQUOTE_MAX) {
		sh_doubt(lx, "backquotes nested that deeply");
		return 0;
	}
	r = sh_push(lx, F_BACKQUOTE, opened);
	if (r != 0)
		return r;
	if (is_double)
		lx->backquotes.doubles |= (uint8_t)(1u << lx->backquotes.n);
	lx->backquotes.n++;
	if (is_odd && sh_top(lx)->why == NULL) {
		sh_top(lx)->why = "inside backquotes in a here-document or in a ${ }; write "
				  "$( ) instead of the backquotes";
		sh_top(lx)->why_is_deep = true;
	}
	return 0;
}

int sh_backslash(struct sh_lexer *lx, size_t next, bool *is_continuation)
{
	size_t behind;
	int c = sh_peek_at(lx, next, &behind);

	*is_continuation = c == '\n';
	if (c == SH_HOLE)
		return sh_refuse(lx, lx->n_taken,
			"right behind a backslash; write two backslashes where one is meant");
	lx->pos = c == SH_END || c == SH_CLOSE ? next : behind;
	return 0;
}

static void backquote_leave(struct sh_lexer *lx)
{
	lx->backquotes.n--;
	lx->backquotes.doubles &= (uint8_t)((1u << lx->backquotes.n) - 1);
}

/* Takes frames off until `depth` are left. Those are unclosed: a hole inside is refused. N.B. the
 * word that ends here may be the `esac` that closes one. */
static int unwind(struct sh_lexer *lx, unsigned depth)
{
	int r = sh_top(lx)->kind < F_DOUBLE ? sh_word_end(lx) : 0;
	bool is_unclosed = lx->depth > depth;

	if (r != 0)
		return r;

	for (; lx->depth > depth; sh_pop(lx)) {
		if (sh_top(lx)->holes_before < lx->n_taken)
			return sh_refuse_unclosed(lx, sh_top(lx)->holes_before,
				frame_kinds[sh_top(lx)->kind].opener, sh_top(lx)->opened);
		if (sh_top(lx)->kind == F_BACKQUOTE)
			backquote_leave(lx);
	}
	if (is_unclosed)
		sh_doubt(lx, "something that is never closed");
	return 0;
}

/* An unescaped backquote: ends the innermost frame of the level that it belongs to. */
static int backquote_close(struct sh_lexer *lx)
{
	unsigned level = 1, seen = 0, depth = 0;
	size_t next = 0, opened;
	bool is_double;
	int r;

	while (sh_peek_slow(lx, lx->pos, level, &next) != SH_CLOSE)
		level++;
	while (seen < level)
		seen += lx->frames[depth++].kind == F_BACKQUOTE;
	r = unwind(lx, depth);
	if (r != 0)
		return r;
	r = sh_word_end(lx);
	if (r == 0)
		r = unwind(lx, depth); /* the word may have been `case`, which opens a frame */
	if (r != 0)
		return r;
	if (sh_here_is_pending(lx, sh_top(lx)->unit))
		sh_doubt(lx, "a here-document without a body inside backquotes");
	opened = sh_top(lx)->opened;
	is_double = (lx->backquotes.doubles & 1) != 0;
	backquote_leave(lx);
	sh_pop(lx);
	lx->pos = next;
	if (lx->backquotes.n == 0 && is_double)
		sh_quotes_check(lx, opened);
	return 0;
}

int sh_end(struct sh_lexer *lx, int c, bool *is_done)
{
	unsigned depth = lx->depth;
	int r;

	if (c == SH_CLOSE)
		return backquote_close(lx);
	while (depth > 0 && lx->frames[depth - 1].kind != F_HERE)
		depth--;
	if (depth > 0) {
		r = unwind(lx, depth);
		return r != 0 ? r : sh_here_close(lx);
	}
	r = unwind(lx, 1);
	if (r == 0)
		r = sh_word_end(lx);
	*is_done = true;
	return r;
}

int sh_lex(struct sh_lexer *lx)
{
	bool is_done = false;
	int r;

	lx->depth = 0;
	r = sh_push(lx, F_TOP, 0);
	while (r == 0 && !is_done)
		r = frame_kinds[sh_top(lx)->kind].step(lx, &is_done);
	if (r == 0 && lx->n_taken != lx->n_holes)
		return sh_refuse(lx, lx->n_taken, "here");
	return r;
}
