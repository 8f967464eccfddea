/* What a ( or ) in a command means: a group, a function, an array, arithmetic, a pattern, or the
 * end of one of them. */
#include <string.h>

#include "engine/shlex.h"

/* Whether the command so far is one word, as in front of the () of a function. */
static bool is_function_name(const struct sh_frame *f)
{
	if (f->in_word)
		return f->place == P_COMMAND || f->place == P_PREFIX || f->place == P_FUNCTION;
	return f->place == P_ARGS && f->n_words == 1;
}

/* The (, blanks and ) of a function definition, or of a function without a name. */
static bool function_parens(const struct sh_lexer *lx, size_t pos, size_t *behind)
{
	int c = sh_peek_at(lx, pos, behind);

	while (c == ' ' || c == '\t')
		c = sh_peek_at(lx, *behind, behind);
	return c == ')';
}

/* NAME= or NAME+= or NAME[...]=, in front of the ( of an array. */
static bool is_array_prefix(const struct sh_lexer *lx, const struct sh_frame *f)
{
	const char *w = lx->text + f->word_start;
	size_t n = lx->pos - f->word_start;

	if (!f->in_word || n < 2 || w[n - 1] != '=')
		return false;
	n -= w[n - 2] == '+' ? 2 : 1;
	return sh_name_is(w, n) || (n != 0 && w[n - 1] == ']');
}

static int list_open(struct sh_lexer *lx, size_t opened, const char *why)
{
	int r = sh_push(lx, F_LIST, opened);

	if (r != 0)
		return r;
	sh_top(lx)->place = P_LIST;
	if (sh_top(lx)->why == NULL && why != NULL) {
		sh_top(lx)->why = why;
		sh_top(lx)->why_is_deep = true;
	}
	return 0;
}

static int arith_command(struct sh_lexer *lx, struct sh_frame *f, size_t opened)
{
	int r = sh_push(lx, F_ARITH, opened);

	if (r != 0)
		return r;
	f->place = f->place == P_FOR_NAME ? P_FOR_IN : P_AFTER;
	sh_top(lx)->is_arith_command = true;
	if (sh_top(lx)->why == NULL)
		sh_top(lx)->why = "inside (( )), where the shell computes with it; check outside "
				  "that it is a number, and use a variable here (or, where two "
				  "subshells are meant, write `( (`)";
	return 0;
}

/* A ( that begins a command, or a group of conditions. */
static int group_open(struct sh_lexer *lx, struct sh_frame *f, size_t opened)
{
	uint8_t place = f->place;
	bool is_regex = f->is_regex;
	int r;

	f->place = place == P_CONDITION ? P_CONDITION : P_COMMAND;
	r = sh_push(lx, F_PAREN, opened);
	if (r != 0)
		return r;
	sh_top(lx)->place = f->place;
	sh_top(lx)->is_group = place == P_CONDITION;
	sh_top(lx)->is_regex = is_regex;
	if (is_regex && sh_top(lx)->why == NULL) {
		sh_top(lx)->why = "on the right of =~, where it would be a pattern";
		sh_top(lx)->why_is_deep = true;
	}
	return 0;
}

#define WHY_GLOB "inside the ( ) of a zsh pattern, which can hold code"

/* A ( glued to a word, or where no command can begin: part of a pattern, if anything. */
static int pattern_open(struct sh_lexer *lx, struct sh_frame *f, bool is_extended, size_t next)
{
	const char *why = lx->dialect == SH_ZSH ? WHY_GLOB : NULL;
	size_t opened = lx->pos;

	if (f->place == P_CONDITION && f->is_regex)
		why = "on the right of =~, where it would be a pattern";
	else if (f->place != P_CONDITION && f->kind != F_LIST && lx->dialect != SH_ZSH &&
		(!is_extended || lx->dialect == SH_POSIX))
		sh_doubt(lx, "a ( in the midst of a command");
	sh_word_add_special(lx, f);
	lx->pos = next;
	return list_open(lx, opened, why);
}

/* A ( with no word in front of it, where a command, a pattern or a condition can begin. */
static int paren_open_bare(struct sh_lexer *lx, struct sh_frame *f, size_t next)
{
	size_t opened = lx->pos, behind;
	int second = sh_peek_at(lx, next, &behind);

	lx->pos = next;
	if (f->place == P_PATTERN && !f->pattern_is_open && !f->pattern_has_word) {
		f->pattern_is_open = true;
		return 0;
	}
	if (f->place == P_CONDITION)
		return group_open(lx, f, opened);
	if (second == '(' && (f->place == P_COMMAND || f->place == P_FOR_NAME)) {
		lx->pos = behind;
		return arith_command(lx, f, opened);
	}
	if (f->place == P_COMMAND && function_parens(lx, next, &behind)) {
		lx->pos = behind;
		return 0;
	}
	if (f->place == P_COMMAND)
		return group_open(lx, f, opened);
	lx->pos = opened;
	return pattern_open(lx, f, false, next);
}

int sh_paren_open(struct sh_lexer *lx, struct sh_frame *f, size_t next)
{
	size_t opened = lx->pos, behind;
	bool is_extended;

	if (is_function_name(f) && function_parens(lx, next, &behind)) {
		size_t hole = f->in_word ? f->word_hole : f->first_hole;

		if (hole != SH_NONE)
			return sh_refuse(lx, hole, "as the name of a function");
		lx->pos = behind;
		f->in_word = false;
		f->place = P_COMMAND;
		return 0;
	}
	if (!f->in_word)
		return paren_open_bare(lx, f, next);
	if (is_array_prefix(lx, f)) {
		sh_word_add_special(lx, f);
		lx->pos = next;
		return list_open(lx, opened, NULL);
	}
	if (f->word_is_plain && opened - f->word_start == 1 && lx->text[opened - 1] == '!' &&
		f->place == P_COMMAND) {
		if (lx->dialect == SH_KSH || lx->dialect == SH_ZSH)
			sh_doubt(lx, "a !( that may be a pattern or a command");
		f->in_word = false;
		return paren_open_bare(lx, f, next);
	}
	is_extended = strchr("@?*+!", lx->text[opened - 1]) != NULL;
	return pattern_open(lx, f, is_extended, next);
}

int sh_paren_close(struct sh_lexer *lx, struct sh_frame *f, size_t next)
{
	size_t behind;
	int r = sh_word_end(lx), c;

	if (r != 0 || sh_top(lx) != f)
		return r;
	if (f->kind == F_CASE && f->place == P_PATTERN) {
		c = sh_peek_at(lx, next, &behind);
		if (lx->dialect == SH_ZSH && f->pattern_is_open && c != ' ' && c != '\t' &&
			c != '\n')
			sh_doubt(lx, "a `case` pattern that begins with (");
		f->place = P_COMMAND;
		f->pattern_is_open = f->pattern_has_word = false;
	} else if (f->kind == F_PAREN || f->kind == F_LIST) {
		sh_pop(lx);
	} else if (f->kind == F_SUBST) {
		if (sh_here_is_pending(lx, f->unit))
			sh_doubt(lx, "a here-document whose body is outside its $( )");
		sh_pop(lx);
	} else {
		sh_doubt(lx, "a ) that closes nothing");
	}
	lx->pos = next;
	return 0;
}
