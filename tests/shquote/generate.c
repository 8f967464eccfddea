/*
 * A grammar of shell scripts with holes, turned round: it makes a random script, and beside it what
 * the script prints. The harness gives `p` (prints each argument as <argument>), `q` (prints its
 * first as it is), v=V, w='W  W' and the arguments one and two; u is never set.
 *
 * N.B. an expansion outside of quotes would be split into words, so those stand only where shells
 * do not split: in assignments and behind `case`.
 */
#include "tests/shquote/generate_impl.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The lines of a here-document up to and with its end line. */
static void body(struct gen *g, const char *delim, bool is_quoted, bool has_tabs)
{
	for (uint64_t n = gen_random(g, 4); n > 0; n--) {
		if (has_tabs)
			gen_lit(g, "\t\t");
		if (*delim == '\0')
			gen_same(g, "-");
		else if (gen_random(g, 4) == 0 && g->heres < 2) {
			gen_same(g, "E"); /* as the delimiter begins */
			gen_hole(g);
		}
		for (uint64_t m = gen_random(g, 4); m > 0; m--) {
			if (gen_random(g, 2) == 0 && g->heres < 2)
				gen_hole(g);
			else if (is_quoted)
				gen_same(g, gen_random(g, 2) == 0 ? "$v \\ ' \" ` $(" : "a");
			else if (has_tabs)
				gen_plain(g);
			else
				gen_expanded(g);
		}
		if (gen_random(g, 4) == 0 && !is_quoted && !has_tabs)
			gen_pair(g, "x\\\n", "x");
		else
			gen_same(g, "\n");
	}
	if (g->s->text.data[g->s->text.len - 2] == '\\')
		gen_same(g, "\n");
	if (has_tabs)
		gen_lit(g, "\t");
	gen_lit(g, delim);
	/* N.B. bash 5.2 loses an assignment right behind a here-document inside $( ). */
	gen_lit(g, "\nq ''\n");
}

static void here(struct gen *g)
{
	static const char *const delims[][2] = {{"EOF", "EOF"}, {"E-F", "E-F"}, {"'EOF'", "EOF"},
		{"\"E F\"", "E F"}, {"\\EOF", "EOF"}, {"''", ""}, {"E'O'F", "EOF"}};
	/* N.B. ksh93 cannot read the last two. */
	size_t i = gen_random(g, g->d == SH_BASH || g->d == SH_ZSH ? 7 : 5), mark;
	bool is_quoted = i > 1, has_tabs = gen_random(g, 3) == 0;
	struct buf after;

	if (g->heres > 0 || g->backquotes > 0)
		return;
	gen_lit(g, "cat <<");
	if (has_tabs)
		gen_lit(g, "-");
	if (gen_random(g, 3) == 0)
		gen_lit(g, " ");
	gen_lit(g, delims[i][0]);
	/* What stands behind on the line is printed behind the body. */
	mark = g->s->want.len;
	if (gen_random(g, 3) == 0) {
		gen_lit(g, gen_random(g, 2) == 0 ? "; q " : " && q ");
		gen_lit(g, "''");
		gen_single(g);
		gen_hole(g);
	}
	if (gen_random(g, 4) == 0) {
		gen_lit(g, " # ");
		gen_hole_of(g, gen_value(g));
	}
	buf_init(&after, 0);
	buf_add(&after, g->s->want.data + mark, g->s->want.len - mark);
	g->s->want.len = mark;
	gen_lit(g, "\n");
	g->heres += !is_quoted;
	body(g, delims[i][1], is_quoted, has_tabs);
	g->heres -= !is_quoted;
	buf_add(&g->s->want, buf_str(&after), after.len);
	buf_free(&after);
}

static void print_command(struct gen *g)
{
	gen_lit(g, "p");
	for (uint64_t n = 1 + gen_random(g, 3); n > 0; n--) {
		gen_lit(g, gen_random(g, 5) == 0 ? " \\\n " : " ");
		gen_want(g, "<");
		gen_word(g, true);
		gen_want(g, ">");
	}
}

static void case_command(struct gen *g)
{
	size_t value = gen_value(g), mark;

	gen_lit(g, gen_random(g, 2) == 0 ? "case " : "case ''");
	gen_hole_of(g, value);
	gen_lit(g, gen_random(g, 2) == 0 ? " in\n" : " in ");
	mark = g->s->want.len;
	if (gen_random(g, 2) == 0) {
		gen_lit(g, gen_random(g, 2) == 0 ? "(never'" : "never\"");
		gen_lit(g, g->s->text.data[g->s->text.len - 1] == '\'' ? "')" : "\")");
		gen_commands(g);
		gen_lit(g, ";;\n");
		g->s->want.len = mark;
	}
	gen_lit(g, gen_random(g, 2) == 0 ? "nope|" : "(nope | ");
	gen_hole_of(g, value);
	gen_lit(g, ") ");
	gen_commands(g);
	gen_lit(g, gen_random(g, 2) == 0 ? ";;\n*) q NO;; esac" : "esac");
}

/* NAME="$<x>tail", and the value taken off again. */
static void strip_command(struct gen *g)
{
	static const char *const forms[][2] = {{"q \"${t#", "}\""}, {"t=${t#", "}; q \"$t\""},
		{"q \"${t##", "}\""}, {"q \"${t#'':\"$v\"''", "}\""}};
	size_t value = gen_value(g), i = gen_random(g, 3);

	gen_lit(g, "t=");
	gen_hole_of(g, value);
	gen_lit(g, "tail\n");
	gen_lit(g, forms[i][0]);
	gen_hole_of(g, value);
	gen_lit(g, forms[i][1]);
	gen_want(g, "tail");
}

/* Things that only some dialects have. */
static void dialect_command(struct gen *g)
{
	size_t value;

	/* N.B. ksh93 stumbles over many of them in a substitution, values or not. */
	if (g->d == SH_POSIX || (g->d == SH_KSH && g->substitutions > 0)) {
		print_command(g);
		return;
	}
	switch (gen_random(g, 4)) {
	case 0:
		value = gen_value(g);
		gen_lit(g, "[[ ");
		gen_hole_of(g, value);
		gen_lit(g, gen_random(g, 2) == 0 ? " == " : " = \"\"");
		gen_hole_of(g, value);
		gen_lit(g, " && ( -n $v || x < y ) ]] && q Y");
		gen_want(g, "Y");
		break;
	case 1:
		if (g->backquotes > 0)
			return;
		gen_lit(g, "cat <<<");
		gen_word(g, g->d != SH_BASH); /* zsh splits there, ksh93 stumbles */
		gen_want(g, "\n");
		break;
	case 2:
		gen_lit(g, "arr=( ");
		gen_lit(g, "a '' \"\"");
		gen_hole(g);
		g->s->want.len -= g->s->values[g->s->n_values - 1].len;
		gen_lit(g, " # )\n b )\nq .");
		gen_want(g, ".");
		break;
	default:
		gen_lit(g, "(( 1 << 2 )) && q $((  (1+2)*$(q 2) ))");
		gen_want(g, "6");
		break;
	}
}

static void compound_command(struct gen *g)
{
	size_t mark = g->s->want.len;

	switch (gen_random(g, 8)) {
	case 0:
		gen_lit(g, "{ ");
		gen_commands(g);
		gen_lit(g, "}");
		break;
	case 1:
		gen_lit(g, "( ");
		gen_commands(g);
		gen_lit(g, ")");
		break;
	case 2:
		gen_lit(g, "if ! true; then ");
		gen_commands(g);
		g->s->want.len = mark;
		gen_lit(g, "else ");
		gen_commands(g);
		gen_lit(g, "fi");
		break;
	case 3:
		gen_lit(g, "f() {\n");
		gen_commands(g);
		gen_lit(g, "}\nf one two");
		break;
	case 4:
		gen_lit(g, "for i in ");
		gen_word(g, true);
		gen_lit(g, "; do q \"$i\"; done");
		break;
	case 5:
		gen_lit(g, "while :; do ");
		gen_commands(g);
		gen_lit(g, "break; done");
		break;
	case 6:
		case_command(g);
		break;
	default:
		gen_lit(g, "true && ");
		print_command(g);
		gen_lit(g, " || q no");
		break;
	}
}

static void command(struct gen *g)
{
	switch (gen_random(g, 12)) {
	case 0:
	case 1:
	case 2:
		here(g);
		return;
	case 3:
		gen_lit(g, "x=");
		gen_word(g, false);
		gen_lit(g, "; q \"$x\"");
		break;
	case 4:
		strip_command(g);
		break;
	case 5:
		/* N.B. not every shell can read a comment with a $( inside a substitution. */
		gen_lit(g, g->substitutions > 0 ? "# its " : "# it's $( ` ");
		gen_hole_of(g, gen_value(g));
		break;
	case 6:
		dialect_command(g);
		break;
	case 7:
		print_command(g);
		gen_lit(g, g->substitutions > 0 ? " # " : " # \"'");
		gen_hole_of(g, gen_value(g));
		break;
	case 8:
	case 9:
		if (g->room-- > 0)
			compound_command(g);
		break;
	default:
		print_command(g);
		break;
	}
	gen_lit(g, "\n");
}

void gen_commands(struct gen *g)
{
	for (uint64_t n = 1 + gen_random(g, 2); n > 0; n--)
		command(g);
	gen_lit(g, "q ''\n");
}

void script_generate(struct script *s, uint64_t seed, enum sh_dialect d)
{
	struct gen g = {.s = s, .d = d, .state = seed, .room = 8};

	buf_reset(&s->text);
	buf_reset(&s->want);
	s->n_values = s->n_holes = 0;
	gen_commands(&g);
	gen_commands(&g);
}

void script_pieces(const struct script *s, struct sh_piece **pieces, size_t *n,
	struct sh_value **values, size_t *n_values)
{
	const char *text = buf_str(&s->text);
	size_t start = 0, hole = 0;

	*n = *n_values = 0;
	*pieces = calloc(2 * s->n_holes + 1, sizeof(**pieces));
	*values = calloc(s->n_holes + 1, sizeof(**values));
	if (*pieces == NULL || *values == NULL)
		abort();
	for (size_t i = 0; i < s->text.len; i++) {
		const struct buf *v;

		if (text[i] != '\0')
			continue;
		(*pieces)[(*n)++] = (struct sh_piece){.text = text + start, .len = i - start};
		(*pieces)[(*n)++] = (struct sh_piece){.is_hole = true};
		v = &s->values[(unsigned char)text[++i] - 1];
		(*values)[hole++] = (struct sh_value){buf_str(v), v->len};
		start = i + 1;
	}
	(*pieces)[(*n)++] = (struct sh_piece){.text = text + start, .len = s->text.len - start};
	*n_values = hole;
}

void script_show(const struct script *s)
{
	const char *text = buf_str(&s->text);

	printf("# --- script\n# ");
	for (size_t i = 0; i < s->text.len; i++) {
		if (text[i] == '\0')
			printf("$<%d>", (unsigned char)text[++i] - 1);
		else if (text[i] == '\n')
			printf("\n# ");
		else
			putchar(text[i]);
	}
	printf("\n");
}

void script_free(struct script *s)
{
	buf_free(&s->text);
	buf_free(&s->want);
	for (size_t i = 0; i < SCRIPT_VALUES_MAX; i++)
		buf_free(&s->values[i]);
}
