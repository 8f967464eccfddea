/* Words with holes: quotes, expansions and substitutions in each other. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/shquote/generate_impl.h"

size_t gen_random(struct gen *g, size_t n)
{
	return random_below(&g->state, n);
}

size_t gen_value(struct gen *g)
{
	struct script *s = g->s;

	if (s->n_values == SCRIPT_VALUES_MAX)
		return gen_random(g, SCRIPT_VALUES_MAX);
	buf_reset(&s->values[s->n_values]);
	/* N.B. ksh93 prints more than its buffer holds in another order than cat. */
	value_generate(&s->values[s->n_values], &g->state, g->d == SH_BASH || g->d == SH_ZSH);
	return s->n_values++;
}

void gen_lit(struct gen *g, const char *text)
{
	buf_adds(&g->s->text, text);
}

void gen_hole_of(struct gen *g, size_t value)
{
	buf_addc(&g->s->text, '\0');
	buf_addc(&g->s->text, (char)(value + 1));
	g->s->n_holes++;
}

void gen_want(struct gen *g, const char *text)
{
	buf_adds(&g->s->want, text);
}

void gen_want_value(struct gen *g, size_t value)
{
	buf_add(&g->s->want, buf_str(&g->s->values[value]), g->s->values[value].len);
}

/* A hole whose value is printed. */
void gen_hole(struct gen *g)
{
	size_t value = gen_value(g);

	gen_hole_of(g, value);
	gen_want_value(g, value);
}

void gen_same(struct gen *g, const char *text)
{
	gen_lit(g, text);
	gen_want(g, text);
}

/* Letters that mean nothing anywhere. */
void gen_plain(struct gen *g)
{
	static const char *const texts[] = {
		"a", "bc", "x1", "_", "/usr/lib", "--opt", "a,b", "9", "%", "@", "+x", "1.5", "z:"};

	gen_same(g, texts[gen_random(g, sizeof(texts) / sizeof(texts[0]))]);
}

/* Makes backquotes of the text from `start` on. */
static void backquote_close(struct gen *g, size_t start)
{
	size_t len = g->s->text.len - start;
	char *inner = malloc(len + 1);

	if (inner == NULL)
		abort();
	memcpy(inner, g->s->text.data + start, len);
	g->s->text.len = start;
	for (size_t i = 0; i < len; i++) {
		if (inner[i] == '\0') {
			buf_add(&g->s->text, inner + i, 2);
			i++;
			continue;
		}
		if (inner[i] == '\\' || inner[i] == '`' ||
			(inner[i] == '$' && gen_random(g, 2) == 0))
			buf_addc(&g->s->text, '\\');
		buf_addc(&g->s->text, inner[i]);
	}
	free(inner);
	gen_lit(g, "`");
}

/* A command substitution. It drops newlines at its end, so its last letter is a dot. */
static void substitution(struct gen *g)
{
	size_t start;

	g->substitutions++;
	if (g->heres == 0 && g->backquotes < 2 && gen_random(g, 3) == 0) {
		gen_lit(g, "`");
		start = g->s->text.len;
		g->backquotes++;
		gen_commands(g);
		gen_lit(g, "q .");
		gen_want(g, ".");
		g->backquotes--;
		backquote_close(g, start);
		g->substitutions--;
		return;
	}
	gen_lit(g, gen_random(g, 2) == 0 ? "$( " : "$(\n");
	gen_commands(g);
	gen_lit(g, gen_random(g, 2) == 0 ? "q .)" : "q '.'\n)");
	gen_want(g, ".");
	g->substitutions--;
}

void gen_single(struct gen *g)
{
	static const char *const texts[] = {"\"", "$v", "`", "\n", " * ", "#", "\\\\ ", ")", "}"};

	gen_lit(g, "'");
	for (uint64_t n = gen_random(g, 4); n > 0; n--) {
		if (gen_random(g, 2) == 0)
			gen_hole(g);
		else
			gen_same(g, texts[gen_random(g, sizeof(texts) / sizeof(texts[0]))]);
	}
	gen_lit(g, "'");
}

static void dollar_quote(struct gen *g)
{
	static const char *const texts[][2] = {{"\\n", "\n"}, {"\\'", "'"}, {"\\\\", "\\"},
		{"\\t", "\t"}, {"\"", "\""}, {"`", "`"}, {" ", " "}, {"\\x41 ", "A "}};

	gen_lit(g, "$'");
	for (uint64_t n = gen_random(g, 4); n > 0; n--) {
		if (gen_random(g, 2) == 0) {
			gen_hole(g);
		} else {
			size_t i = gen_random(g, sizeof(texts) / sizeof(texts[0]));

			gen_lit(g, texts[i][0]);
			gen_want(g, texts[i][1]);
		}
	}
	gen_lit(g, "'");
}

void gen_pair(struct gen *g, const char *text, const char *printed)
{
	gen_lit(g, text);
	gen_want(g, printed);
}

/* One thing that double quotes and here-documents both know. */
void gen_expanded(struct gen *g)
{
	switch (gen_random(g, 9)) {
	case 0:
		gen_pair(g, "\\$", "$");
		break;
	case 1:
		gen_pair(g, "\\`", "`");
		break;
	case 2:
		gen_pair(g, "\\\\ ", "\\ ");
		break;
	case 3:
		gen_pair(g, "${w}", "W  W");
		break;
	case 4:
		gen_pair(g, "$v", "V");
		gen_hole(g);
		break;
	case 5:
		gen_pair(g, "$1", "one");
		gen_hole(g);
		break;
	case 6:
		gen_pair(g, "$# ", "2 "); /* $#x is a length in zsh */
		break;
	case 7:
		if (g->room-- > 0)
			substitution(g);
		break;
	default:
		gen_plain(g);
		break;
	}
}

static void doubled(struct gen *g);

/* "${u:-...}", inside its quotes. */
static void default_quoted(struct gen *g)
{
	gen_lit(g, gen_random(g, 2) == 0 ? "${u:-" : "${u-");
	for (uint64_t n = gen_random(g, 4); n > 0; n--) {
		switch (gen_random(g, 4)) {
		case 0:
			gen_expanded(g);
			break;
		case 1:
			gen_pair(g, "\\}", "}");
			break;
		default:
			gen_hole(g);
			break;
		}
	}
	if (g->room-- > 0 && gen_random(g, 4) == 0)
		default_quoted(g);
	gen_lit(g, "}");
}

static void doubled(struct gen *g)
{
	gen_lit(g, "\"");
	for (uint64_t n = gen_random(g, 4); n > 0; n--) {
		switch (gen_random(g, 6)) {
		case 0:
			gen_expanded(g);
			break;
		case 1:
			gen_pair(g, "\\\"", "\"");
			break;
		case 2:
			gen_same(g, gen_random(g, 2) == 0 ? "'" : " # ");
			break;
		case 3:
			if (g->heres == 0)
				default_quoted(g);
			break;
		default:
			gen_hole(g);
			break;
		}
	}
	gen_lit(g, "\"");
}

static bool has_dollar_quote(const struct gen *g)
{
	return g->d != SH_POSIX;
}

/* "`q "..."`": quotes in backquotes in quotes, where bash's brace expansion loses count. */
static void backquoted(struct gen *g)
{
	size_t start;

	if (g->backquotes > 0 || g->heres > 0)
		return;
	gen_lit(g, "\"`");
	start = g->s->text.len;
	gen_lit(g, "q \"");
	gen_hole(g);
	gen_lit(g, gen_random(g, 2) == 0 ? ".\"" : "\"'.'");
	gen_want(g, ".");
	backquote_close(g, start);
	gen_lit(g, "\"");
}

/* One part of a word. can_split: it stands where shells split. */
static void part(struct gen *g, bool can_split)
{
	switch (gen_random(g, 13)) {
	case 0:
		gen_plain(g);
		break;
	case 10:
		backquoted(g);
		break;
	case 1:
		gen_single(g);
		break;
	case 2:
	case 3:
	case 4:
		doubled(g);
		break;
	case 5:
		if (has_dollar_quote(g))
			dollar_quote(g);
		break;
	case 6:
		gen_lit(g, gen_random(g, 2) == 0 ? "${u:-" : "${u-");
		if (can_split || g->d == SH_ZSH) /* where zsh splits what is inside */
			gen_hole(g);
		else
			for (uint64_t n = 1 + gen_random(g, 2); n > 0; n--)
				part(g, false);
		gen_lit(g, "}");
		break;
	case 7:
		gen_pair(g, "\\$", "$");
		break;
	case 8:
		if (!can_split && g->room-- > 0)
			substitution(g);
		break;
	case 9:
		gen_pair(g, "$v", "V");
		gen_hole(g);
		break;
	default:
		gen_hole(g);
		break;
	}
}

void gen_word(struct gen *g, bool can_split)
{
	if (gen_random(g, 2) == 0) { /* never empty, never begins like something else */
		gen_hole(g);
	} else {
		gen_lit(g, "''");
	}
	for (uint64_t n = gen_random(g, 4); n > 0; n--)
		part(g, can_split);
}
