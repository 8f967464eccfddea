/*
 * A grammar of shell scripts with holes, turned round: it makes a random script, and beside it what
 * the script prints. The harness gives `p` (prints each argument as <argument>), `q` (prints its
 * first as it is), v=V, w='W  W' and the arguments one and two; u is never set.
 *
 * N.B. an expansion outside of quotes would be split into words, so those stand only where shells
 * do not split: in assignments and behind `case`.
 */
#include "tests/shquote/generate.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct gen {
	struct script *s;
	enum sh_dialect d;
	uint64_t state;
	int backquotes, substitutions; /* levels around */
	int heres; /* here-documents around */
	int room; /* how much more may be made */
};

static uint64_t rnd(struct gen *g, uint64_t n)
{
	return random_below(&g->state, n);
}

static size_t value_new(struct gen *g)
{
	struct script *s = g->s;

	if (s->n_values == SCRIPT_VALUES_MAX)
		return rnd(g, SCRIPT_VALUES_MAX);
	buf_reset(&s->values[s->n_values]);
	/* N.B. ksh93 prints more than its buffer holds in another order than cat. */
	value_generate(&s->values[s->n_values], &g->state, g->d == SH_BASH || g->d == SH_ZSH);
	return s->n_values++;
}

static void lit(struct gen *g, const char *text)
{
	buf_adds(&g->s->text, text);
}

static void hole_of(struct gen *g, size_t value)
{
	buf_addc(&g->s->text, '\0');
	buf_addc(&g->s->text, (char)(value + 1));
	g->s->n_holes++;
}

static void want(struct gen *g, const char *text)
{
	buf_adds(&g->s->want, text);
}

static void want_value(struct gen *g, size_t value)
{
	buf_add(&g->s->want, buf_str(&g->s->values[value]), g->s->values[value].len);
}

/* A hole whose value is printed. */
static void hole(struct gen *g)
{
	size_t value = value_new(g);

	hole_of(g, value);
	want_value(g, value);
}

static void commands(struct gen *g);

static void same(struct gen *g, const char *text)
{
	lit(g, text);
	want(g, text);
}

/* Letters that mean nothing anywhere. */
static void plain(struct gen *g)
{
	static const char *const texts[] = {
		"a", "bc", "x1", "_", "/usr/lib", "--opt", "a,b", "9", "%", "@", "+x", "1.5", "z:"};

	same(g, texts[rnd(g, sizeof(texts) / sizeof(texts[0]))]);
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
		if (inner[i] == '\\' || inner[i] == '`' || (inner[i] == '$' && rnd(g, 2) == 0))
			buf_addc(&g->s->text, '\\');
		buf_addc(&g->s->text, inner[i]);
	}
	free(inner);
	lit(g, "`");
}

/* A command substitution. It drops newlines at its end, so its last letter is a dot. */
static void substitution(struct gen *g)
{
	size_t start;

	g->substitutions++;
	if (g->heres == 0 && g->backquotes < 2 && rnd(g, 3) == 0) {
		lit(g, "`");
		start = g->s->text.len;
		g->backquotes++;
		commands(g);
		lit(g, "q .");
		want(g, ".");
		g->backquotes--;
		backquote_close(g, start);
		g->substitutions--;
		return;
	}
	lit(g, rnd(g, 2) == 0 ? "$( " : "$(\n");
	commands(g);
	lit(g, rnd(g, 2) == 0 ? "q .)" : "q '.'\n)");
	want(g, ".");
	g->substitutions--;
}

static void single(struct gen *g)
{
	static const char *const texts[] = {"\"", "$v", "`", "\n", " * ", "#", "\\\\ ", ")", "}"};

	lit(g, "'");
	for (uint64_t n = rnd(g, 4); n > 0; n--) {
		if (rnd(g, 2) == 0)
			hole(g);
		else
			same(g, texts[rnd(g, sizeof(texts) / sizeof(texts[0]))]);
	}
	lit(g, "'");
}

static void dollar_quote(struct gen *g)
{
	static const char *const texts[][2] = {{"\\n", "\n"}, {"\\'", "'"}, {"\\\\", "\\"},
		{"\\t", "\t"}, {"\"", "\""}, {"`", "`"}, {" ", " "}, {"\\x41 ", "A "}};

	lit(g, "$'");
	for (uint64_t n = rnd(g, 4); n > 0; n--) {
		if (rnd(g, 2) == 0) {
			hole(g);
		} else {
			size_t i = rnd(g, sizeof(texts) / sizeof(texts[0]));

			lit(g, texts[i][0]);
			want(g, texts[i][1]);
		}
	}
	lit(g, "'");
}

static void pair(struct gen *g, const char *text, const char *printed)
{
	lit(g, text);
	want(g, printed);
}

/* One thing that double quotes and here-documents both know. */
static void expanded(struct gen *g)
{
	switch (rnd(g, 9)) {
	case 0:
		pair(g, "\\$", "$");
		break;
	case 1:
		pair(g, "\\`", "`");
		break;
	case 2:
		pair(g, "\\\\ ", "\\ ");
		break;
	case 3:
		pair(g, "${w}", "W  W");
		break;
	case 4:
		pair(g, "$v", "V");
		hole(g);
		break;
	case 5:
		pair(g, "$1", "one");
		hole(g);
		break;
	case 6:
		pair(g, "$# ", "2 "); /* $#x is a length in zsh */
		break;
	case 7:
		if (g->room-- > 0)
			substitution(g);
		break;
	default:
		plain(g);
		break;
	}
}

static void doubled(struct gen *g);

/* "${u:-...}", inside its quotes. */
static void default_quoted(struct gen *g)
{
	lit(g, rnd(g, 2) == 0 ? "${u:-" : "${u-");
	for (uint64_t n = rnd(g, 4); n > 0; n--) {
		switch (rnd(g, 4)) {
		case 0:
			expanded(g);
			break;
		case 1:
			pair(g, "\\}", "}");
			break;
		default:
			hole(g);
			break;
		}
	}
	if (g->room-- > 0 && rnd(g, 4) == 0)
		default_quoted(g);
	lit(g, "}");
}

static void doubled(struct gen *g)
{
	lit(g, "\"");
	for (uint64_t n = rnd(g, 4); n > 0; n--) {
		switch (rnd(g, 6)) {
		case 0:
			expanded(g);
			break;
		case 1:
			pair(g, "\\\"", "\"");
			break;
		case 2:
			same(g, rnd(g, 2) == 0 ? "'" : " # ");
			break;
		case 3:
			if (g->heres == 0)
				default_quoted(g);
			break;
		default:
			hole(g);
			break;
		}
	}
	lit(g, "\"");
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
	lit(g, "\"`");
	start = g->s->text.len;
	lit(g, "q \"");
	hole(g);
	lit(g, rnd(g, 2) == 0 ? ".\"" : "\"'.'");
	want(g, ".");
	backquote_close(g, start);
	lit(g, "\"");
}

/* One part of a word. can_split: it stands where shells split. */
static void part(struct gen *g, bool can_split)
{
	switch (rnd(g, 13)) {
	case 0:
		plain(g);
		break;
	case 10:
		backquoted(g);
		break;
	case 1:
		single(g);
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
		lit(g, rnd(g, 2) == 0 ? "${u:-" : "${u-");
		if (can_split || g->d == SH_ZSH) /* where zsh splits what is inside */
			hole(g);
		else
			for (uint64_t n = 1 + rnd(g, 2); n > 0; n--)
				part(g, false);
		lit(g, "}");
		break;
	case 7:
		pair(g, "\\$", "$");
		break;
	case 8:
		if (!can_split && g->room-- > 0)
			substitution(g);
		break;
	case 9:
		pair(g, "$v", "V");
		hole(g);
		break;
	default:
		hole(g);
		break;
	}
}

static void word(struct gen *g, bool can_split)
{
	if (rnd(g, 2) == 0) { /* never empty, never begins like something else */
		hole(g);
	} else {
		lit(g, "''");
	}
	for (uint64_t n = rnd(g, 4); n > 0; n--)
		part(g, can_split);
}

/* The lines of a here-document up to and with its end line. */
static void body(struct gen *g, const char *delim, bool is_quoted, bool has_tabs)
{
	for (uint64_t n = rnd(g, 4); n > 0; n--) {
		if (has_tabs)
			lit(g, "\t\t");
		if (*delim == '\0')
			same(g, "-");
		else if (rnd(g, 4) == 0 && g->heres < 2) {
			same(g, "E"); /* as the delimiter begins */
			hole(g);
		}
		for (uint64_t m = rnd(g, 4); m > 0; m--) {
			if (rnd(g, 2) == 0 && g->heres < 2)
				hole(g);
			else if (is_quoted)
				same(g, rnd(g, 2) == 0 ? "$v \\ ' \" ` $(" : "a");
			else if (has_tabs)
				plain(g);
			else
				expanded(g);
		}
		if (rnd(g, 4) == 0 && !is_quoted && !has_tabs)
			pair(g, "x\\\n", "x");
		else
			same(g, "\n");
	}
	if (g->s->text.data[g->s->text.len - 2] == '\\')
		same(g, "\n");
	if (has_tabs)
		lit(g, "\t");
	lit(g, delim);
	/* N.B. bash 5.2 loses an assignment right behind a here-document inside $( ). */
	lit(g, "\nq ''\n");
}

static void here(struct gen *g)
{
	static const char *const delims[][2] = {{"EOF", "EOF"}, {"E-F", "E-F"}, {"'EOF'", "EOF"},
		{"\"E F\"", "E F"}, {"\\EOF", "EOF"}, {"''", ""}, {"E'O'F", "EOF"}};
	/* N.B. ksh93 cannot read the last two. */
	size_t i = rnd(g, g->d == SH_BASH || g->d == SH_ZSH ? 7 : 5), mark;
	bool is_quoted = i > 1, has_tabs = rnd(g, 3) == 0;
	struct buf after;

	if (g->heres > 0 || g->backquotes > 0)
		return;
	lit(g, "cat <<");
	if (has_tabs)
		lit(g, "-");
	if (rnd(g, 3) == 0)
		lit(g, " ");
	lit(g, delims[i][0]);
	/* What stands behind on the line is printed behind the body. */
	mark = g->s->want.len;
	if (rnd(g, 3) == 0) {
		lit(g, rnd(g, 2) == 0 ? "; q " : " && q ");
		lit(g, "''");
		single(g);
		hole(g);
	}
	if (rnd(g, 4) == 0) {
		lit(g, " # ");
		hole_of(g, value_new(g));
	}
	buf_init(&after, 0);
	buf_add(&after, g->s->want.data + mark, g->s->want.len - mark);
	g->s->want.len = mark;
	lit(g, "\n");
	g->heres += !is_quoted;
	body(g, delims[i][1], is_quoted, has_tabs);
	g->heres -= !is_quoted;
	buf_add(&g->s->want, buf_str(&after), after.len);
	buf_free(&after);
}

static void print_command(struct gen *g)
{
	lit(g, "p");
	for (uint64_t n = 1 + rnd(g, 3); n > 0; n--) {
		lit(g, rnd(g, 5) == 0 ? " \\\n " : " ");
		want(g, "<");
		word(g, true);
		want(g, ">");
	}
}

static void case_command(struct gen *g)
{
	size_t value = value_new(g), mark;

	lit(g, rnd(g, 2) == 0 ? "case " : "case ''");
	hole_of(g, value);
	lit(g, rnd(g, 2) == 0 ? " in\n" : " in ");
	mark = g->s->want.len;
	if (rnd(g, 2) == 0) {
		lit(g, rnd(g, 2) == 0 ? "(never'" : "never\"");
		lit(g, g->s->text.data[g->s->text.len - 1] == '\'' ? "')" : "\")");
		commands(g);
		lit(g, ";;\n");
		g->s->want.len = mark;
	}
	lit(g, rnd(g, 2) == 0 ? "nope|" : "(nope | ");
	hole_of(g, value);
	lit(g, ") ");
	commands(g);
	lit(g, rnd(g, 2) == 0 ? ";;\n*) q NO;; esac" : "esac");
}

/* NAME="$<x>tail", and the value taken off again. */
static void strip_command(struct gen *g)
{
	static const char *const forms[][2] = {{"q \"${t#", "}\""}, {"t=${t#", "}; q \"$t\""},
		{"q \"${t##", "}\""}, {"q \"${t#'':\"$v\"''", "}\""}};
	size_t value = value_new(g), i = rnd(g, 3);

	lit(g, "t=");
	hole_of(g, value);
	lit(g, "tail\n");
	lit(g, forms[i][0]);
	hole_of(g, value);
	lit(g, forms[i][1]);
	want(g, "tail");
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
	switch (rnd(g, 4)) {
	case 0:
		value = value_new(g);
		lit(g, "[[ ");
		hole_of(g, value);
		lit(g, rnd(g, 2) == 0 ? " == " : " = \"\"");
		hole_of(g, value);
		lit(g, " && ( -n $v || x < y ) ]] && q Y");
		want(g, "Y");
		break;
	case 1:
		if (g->backquotes > 0)
			return;
		lit(g, "cat <<<");
		word(g, g->d != SH_BASH); /* zsh splits there, ksh93 stumbles */
		want(g, "\n");
		break;
	case 2:
		lit(g, "arr=( ");
		lit(g, "a '' \"\"");
		hole(g);
		g->s->want.len -= g->s->values[g->s->n_values - 1].len;
		lit(g, " # )\n b )\nq .");
		want(g, ".");
		break;
	default:
		lit(g, "(( 1 << 2 )) && q $((  (1+2)*$(q 2) ))");
		want(g, "6");
		break;
	}
}

static void compound_command(struct gen *g)
{
	size_t mark = g->s->want.len;

	switch (rnd(g, 8)) {
	case 0:
		lit(g, "{ ");
		commands(g);
		lit(g, "}");
		break;
	case 1:
		lit(g, "( ");
		commands(g);
		lit(g, ")");
		break;
	case 2:
		lit(g, "if ! true; then ");
		commands(g);
		g->s->want.len = mark;
		lit(g, "else ");
		commands(g);
		lit(g, "fi");
		break;
	case 3:
		lit(g, "f() {\n");
		commands(g);
		lit(g, "}\nf one two");
		break;
	case 4:
		lit(g, "for i in ");
		word(g, true);
		lit(g, "; do q \"$i\"; done");
		break;
	case 5:
		lit(g, "while :; do ");
		commands(g);
		lit(g, "break; done");
		break;
	case 6:
		case_command(g);
		break;
	default:
		lit(g, "true && ");
		print_command(g);
		lit(g, " || q no");
		break;
	}
}

static void command(struct gen *g)
{
	switch (rnd(g, 12)) {
	case 0:
	case 1:
	case 2:
		here(g);
		return;
	case 3:
		lit(g, "x=");
		word(g, false);
		lit(g, "; q \"$x\"");
		break;
	case 4:
		strip_command(g);
		break;
	case 5:
		/* N.B. not every shell can read a comment with a $( inside a substitution. */
		lit(g, g->substitutions > 0 ? "# its " : "# it's $( ` ");
		hole_of(g, value_new(g));
		break;
	case 6:
		dialect_command(g);
		break;
	case 7:
		print_command(g);
		lit(g, g->substitutions > 0 ? " # " : " # \"'");
		hole_of(g, value_new(g));
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
	lit(g, "\n");
}

static void commands(struct gen *g)
{
	for (uint64_t n = 1 + rnd(g, 2); n > 0; n--)
		command(g);
	lit(g, "q ''\n");
}

void script_generate(struct script *s, uint64_t seed, enum sh_dialect d)
{
	struct gen g = {.s = s, .d = d, .state = seed, .room = 8};

	buf_reset(&s->text);
	buf_reset(&s->want);
	s->n_values = s->n_holes = 0;
	commands(&g);
	commands(&g);
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
