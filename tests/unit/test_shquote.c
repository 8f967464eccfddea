/*
 * The shell quoter, case by case: how a value is written in each kind of place, and which places
 * are refused with which sentence. Scripts here mark a hole with an at sign, a raw one with a
 * percent sign. That real shells read all that back is shown by tests/shquote.
 */
#include "engine/shquote.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

#define PIECES_MAX 64

struct made {
	struct sh_piece pieces[PIECES_MAX];
	size_t n, n_holes;
};

/* Cuts text at its marks. */
static void cut(const char *text, struct made *m)
{
	memset(m, 0, sizeof(*m));
	for (const char *p = text; m->n + 2 < PIECES_MAX;) {
		size_t len = strcspn(p, "@%");

		m->pieces[m->n++] = (struct sh_piece){.text = p, .len = len};
		if (p[len] == '\0')
			return;
		m->pieces[m->n++] = (struct sh_piece){.is_hole = true, .is_raw = p[len] == '%'};
		m->n_holes++;
		p += len + 1;
	}
}

/* Renders text with the same value in each hole. The result, or NULL with the sentence in e. */
static const char *render(const char *text, enum sh_dialect d, const char *value, struct buf *out,
	size_t *bad, struct err *e)
{
	struct arena *a = arena_create(0);
	struct sh_plan *plan = NULL;
	struct sh_value values[PIECES_MAX];
	struct made m;
	int r;

	cut(text, &m);
	for (size_t i = 0; i < m.n_holes; i++)
		values[i] = (struct sh_value){value, strlen(value)};
	buf_reset(out);
	r = sh_plan_create(a, m.pieces, m.n, d, &plan, bad, e);
	if (r == 0)
		r = sh_plan_render(plan, values, m.n_holes, out, bad, e);
	arena_destroy(a);
	return r == 0 ? buf_str(out) : NULL;
}

struct good {
	const char *what, *text, *value, *want;
};

static const struct good posix_good[] = {
	{"a bare word", "echo @", "it's", "echo 'it'\\''s'"},
	{"an empty value is a word", "echo @", "", "echo ''"},
	{"double quotes", "echo \"a@b\"", "$x`\"\\", "echo \"a\\$x\\`\\\"\\\\b\""},
	{"single quotes", "echo 'a@b'", "it's", "echo 'ait'\\''sb'"},
	{"a substitution", "echo \"$(cat @)\"", "a\"b", "echo \"$(cat 'a\"b')\""},
	{"backquotes", "echo `cat @`", "a\\b`c", "echo `cat 'a\\b\\`c'`"},
	{"double quotes in backquotes in double quotes", "echo \"`cat \"@\"`\"", "$",
		"echo \"`cat \"\\\"\\\\\\$\\\"\"`\""},
	{"backquotes in backquotes", "echo `cat \\`echo @\\``", "\\", "echo `cat \\`echo '\\'\\``"},
	{"a parameter right in front", "echo \"$x@\"", "y", "echo \"${x}y\""},
	{"a parameter with braces right in front", "echo \"${x}@\"", "y", "echo \"${x}y\""},
	{"a default value", "echo ${x:-@}", "}", "echo ${x:-'}'}"},
	{"a default value in quotes", "echo \"${x:-@}\"", "}$", "echo \"${x:-\\}\\$}\""},
	{"a pattern in quotes", "echo \"${x#@}\"", "*", "echo \"${x#\"\"\\*}\""},
	{"a here-document", "cat <<E\n@\nE\n", "$x\\`", "cat <<E\n\\$x\\\\\\`\nE\n"},
	{"a quoted here-document", "cat <<'E'\n@\nE\n", "$x\\`", "cat <<'E'\n$x\\`\nE\n"},
	{"a here-document with its delimiter in the value", "cat <<EOF\n@\nEOF\n", "EOF",
		"cat <<XWINDROW_EOF\nEOF\nXWINDROW_EOF\n"},
	{"a quoted one", "cat <<\\EOF; x\na\n@\nEOF\ny", "b\nEOF\n",
		"cat <<'XWINDROW_EOF'; x\na\nb\nEOF\n\nXWINDROW_EOF\ny"},
	{"a value that completes the delimiter", "cat <<EOF\nE@\nEOF\n", "OF",
		"cat <<XWINDROW_EOF\nEOF\nXWINDROW_EOF\n"},
	{"a here-document with tabs", "cat <<-E\n\ta@\n\tE\n", "\n\tb", "cat <<E\na\n\tb\nE\n"},
	{"two here-documents", "cat <<A <<B @\nA\n@\nB\n", "x", "cat <<A <<B 'x'\nA\nx\nB\n"},
	{"a line that dash would misread", "cat <<EOF\nE@\nEOF\n", "\xc3\xa9",
		"cat <<XWINDROW_EOF\nE\xc3\xa9\nXWINDROW_EOF\n"},
	{"the new delimiter in the value, too", "cat <<EOF\n@\nEOF\n",
		"EOF\nXWINDROW_EOF\nWINDROW_EOF_",
		"cat <<AWINDROW_EOF__\nEOF\nXWINDROW_EOF\nWINDROW_EOF_\nAWINDROW_EOF__\n"},
	{"a delimiter that lines join to", "cat <<EOF\nE\\\n@\nEOF\n", "OF",
		"cat <<XWINDROW_EOF\nE\\\nOF\nXWINDROW_EOF\n"},
	{"a quoted here-document in a substitution", "x=$(cat <<'E'\n$@\nE\n)", "`",
		"x=$(cat <<XWINDROW_EOF\n\\$\\`\nXWINDROW_EOF\n)"},
	{"a substitution in a here-document", "cat <<E\n$(ls @ '@')\nE\n", "a\\\n",
		"cat <<E\n$(ls \"a\\\\\n\" 'a'\"\\\\\"'\n')\nE\n"},
	{"braces in quotes in backquotes in quotes", "echo \"`cat \"@\"`\"", "{a,b}",
		"echo \"`cat \"\\\"\\{a\\,b\\}\\\"\"`\""},
	{"a parenthesis in a default value in quotes", "echo \"${x:-@}\"", "<(",
		"echo \"${x:-<$(echo \"(\")}\""},
	{"a comment", "a # @\nb", "x\ny", "a # x y\nb"},
	{"a # in a word", "a#@", "x\ny", "a#'x\ny'"},
	{"a # behind a hole", "@#", "x", "'x'#"},
	{"a case", "x=\"$(case @ in a) echo @;; esac)@\"", "'",
		"x=\"$(case ''\\''' in a) echo ''\\''';; esac)'\""},
	{"a case whose pattern is esac", "$(case x in (esac) @;; esac)", "v",
		"$(case x in (esac) 'v';; esac)"},
	{"a case that ends with its backquotes", "x=`case $y in a) b;; esac` @", "v",
		"x=`case $y in a) b;; esac` 'v'"},
	{"behind a pair of quotes in a default value in quotes", "echo \"${1+' '}$*\" @", "v",
		"echo \"${1+' '}$*\" 'v'"},
	{"the word case as an argument", "$(echo case in a) \"@\"", "'", "$(echo case in a) \"'\""},
	{"a command", "@ @", "if", "'if' 'if'"},
	{"a redirection", "x 2>@", "a b", "x 2>'a b'"},
	{"a number before a redirection", "@>f", "2", "'2'>f"},
	{"an assignment", "X=@ y", "a b", "X='a b' y"},
	{"an exported assignment", "export X=\"@\"", "$", "export X=\"\\$\""},
	{"a raw hole", "echo %", "$x; y", "echo $x; y"},
	{"arithmetic elsewhere", "echo $((1 << 2)) @", "v", "echo $((1 << 2)) 'v'"},
	{"a substitution inside arithmetic", "echo $(( $(cat @) + 1 ))", "v",
		"echo $(( $(cat 'v') + 1 ))"},
	{"line ends of DOS", "cat <<EOF\r\n@\r\nEOF\r\n", "EOF\r",
		"cat <<XWINDROW_EOF\nEOF\r\r\nXWINDROW_EOF\n"},
	{"a backslash and a newline", "a \\\n@", "v", "a \\\n'v'"},
	{"numbers compared", "test @ -gt 5", "7", "test '7' -gt 5"},
};

struct bad {
	const char *what, *text, *part;
	size_t piece;
};

static const struct bad posix_bad[] = {
	{"arithmetic", "echo $((1 + @))", "inside $(( ))", 1},
	{"an arithmetic command", "(( @ ))", "inside (( ))", 1},
	{"a here-document's delimiter", "cat <<E@\n", "here-document's delimiter", 1},
	{"a here-document without an end", "cat <<E\n@\n",
		"here-document opened at line 1, column 5", 1},
	{"an open double quote", "echo\necho \"a@", "double quote opened at line 2, column 6", 1},
	{"an open single quote", "echo @ 'a@", "single quote opened at line 1", 3},
	{"an open substitution", "echo $(a @", "never closed", 1},
	{"a backslash in front", "echo \\@", "right behind a backslash", 1},
	{"a backslash in front in double quotes", "echo \"\\@\"", "right behind a backslash", 1},
	{"a dollar sign in front", "echo $@", "right behind a $", 1},
	{"a regular expression", "[[ a =~ @ ]]", "=~", 1},
	{"a quoted regular expression", "[[ a =~ \"@\" ]]", "=~", 1},
	{"numbers in [[ ]]", "[[ @ -eq 1 ]]", "-eq", 1},
	{"numbers in [[ ]], the other side", "[[ 1 -lt \"@\" ]]", "-lt", 1},
	{"$'...' where not every sh knows it", "echo $'@'", "$'...'", 1},
	{"behind a $'...' that shells read in two ways", "echo $'\\'' @", "not certain", 1},
	{"a function's name", "f@() { :; }", "name of a function", 1},
	{"a loop's variable", "for @ in a; do :; done", "loop's variable", 1},
	{"an array's subscript", "a[@]=1", "[ ]", 1},
	{"an offset", "echo ${x:@}", "offset", 1},
	{"a pattern substitution", "echo ${x/@/b}", "pattern", 1},
	{"a parameter's name", "echo ${@}", "name inside ${ }", 1},
	{"a user's home", "ls ~@", "~", 1},
	{"unset", "unset @", "unset", 1},
	{"backquotes in a default value in quotes", "echo \"${x:-`cat @`}\"", "backquotes", 1},
	{"a default value in backquotes in quotes", "echo \"`cat \"${x:-@}\"`\"", "backquotes", 1},
	{"a here-document in a here-document", "cat <<A\n$(cat <<B\n@\nB\n)\nA\n",
		"another here-document", 1},
	{"a ) that closes nothing", "echo ) @", "closes nothing", 1},
	{"deep backquotes", "`\\`\\\\\\`\\\\\\\\\\\\\\`@", "nested that deeply", 1},
};

static void table_good(const struct good *t, size_t n, enum sh_dialect d)
{
	struct buf out;
	struct err e;
	size_t bad;

	buf_init(&out, 0);
	for (size_t i = 0; i < n; i++) {
		e.text[0] = '\0';
		if (!IS_STR(render(t[i].text, d, t[i].value, &out, &bad, &e), t[i].want,
			    "dialect %d: %s", (int)d, t[i].what))
			tap_note("%s", e.text);
	}
	buf_free(&out);
}

static void table_bad(const struct bad *t, size_t n, enum sh_dialect d)
{
	struct buf out;
	struct err e;
	size_t bad;

	buf_init(&out, 0);
	for (size_t i = 0; i < n; i++) {
		const char *got = render(t[i].text, d, "v", &out, &bad, &e);

		if (!OK(got == NULL && strstr(e.text, t[i].part) != NULL && bad == t[i].piece,
			    "dialect %d: refused: %s", (int)d, t[i].what))
			tap_note("%s: piece %zu: %s", got == NULL ? "refused" : got, bad, e.text);
	}
	buf_free(&out);
}

static const struct good bash_good[] = {
	{"$'...'", "echo $'a\\n@'", "'\\", "echo $'a\\n\\047\\\\'"},
	{"a here-string", "cat <<<@ @", "v", "cat <<<'v' 'v'"},
	{"a comparison", "[[ $x == @ && @ < b ]]", "*", "[[ $x == '*' && '*' < b ]]"},
	{"behind a condition in a subshell", "([[ (a < b) ]] && cat <<E\n@\nE\n)", "$",
		"([[ (a < b) ]] && cat <<E\n\\$\nE\n)"},
	{"a process substitution", "cat <(ls @) \"@\"", "'", "cat <(ls ''\\''') \"'\""},
	{"an array", "a=(x @ # )\n) @", "v", "a=(x \"v\" # )\n) 'v'"},
	{"behind an arithmetic command", "((x << 2)); echo @", "v", "((x << 2)); echo 'v'"},
	{"a function", "function f { @; }", "v", "function f { 'v'; }"},
	{"a function with parentheses", "function f() { @; }", "v", "function f() { 'v'; }"},
	{"behind an arithmetic condition", "if ((x)) then @; fi", "v", "if ((x)) then 'v'; fi"},
	{"a default value in quotes", "echo \"${x:-@}\"", "it's",
		"echo \"${x:-it$(echo \"'\")s}\""},
};

static const struct bad bash_bad[] = {
	{"$[ ]", "echo $[@]", "$[ ]", 1},
	{"let", "let x=@", "let", 1},
	{"an array's declaration", "declare -a x=@", "declare", 1},
	{"the name of what is declared", "export @=1", "name", 1},
	{"test -v", "[ -v @ ]", "-v", 1},
	{"a translated string", "echo $\"@\"", "translates", 1},
	{"an escape without an end", "echo $'\\x4@'", "\\x41", 1},
	{"a coprocess", "coproc x { case y in a) @;; esac; }", "coproc", 1},
};

static const struct good ksh_good[] = {
	{"a condition", "[[ $x == @ ]]", "]]", "[[ $x == ${PWD+}']]' ]]"},
};

static const struct bad ksh_bad[] = {
	{"numbers in [ ]", "[ @ -eq 1 ]", "-eq", 1},
	{"a case in a substitution in a case",
		"case x in x) y=$(case x in x) z;; esac; echo @);; esac", "not certain", 1},
};

static const struct good zsh_good[] = {
	{"a bare word", "echo @", "it's", "echo \"\"'it'\\''s'\"\""},
	{"a colon behind a parameter", "echo \"$x:@\"", "h", "echo \"${x}:h\""},
};

static const struct bad zsh_bad[] = {
	{"a subscript", "echo \"$x[@]\"", "[ ]", 1},
	{"a command's path", "echo =@", "=", 1},
	{"a glob's qualifier", "echo *(@)", "zsh pattern", 1},
	{"a parameter's flags", "echo ${(@)x}", "inside ${", 1},
};

static void dialects(void)
{
	static const struct {
		const char *script, *interpreter;
		int want; /* -1: no shell */
	} t[] = {
		{"echo", NULL, SH_POSIX},
		{"", "", SH_POSIX},
		{"#!/bin/sh -e\n", NULL, SH_POSIX},
		{"#! /usr/bin/env bash\n", NULL, SH_BASH},
		{"#!/usr/bin/env -S bash -eu\n", NULL, SH_BASH},
		{"#!/usr/bin/env -Sbash -eu\n", NULL, SH_BASH},
		{"#!/usr/bin/env -u X -i A=b zsh\n", NULL, SH_ZSH},
		{"#!/usr/local/bin/bash-5.2\r\n", NULL, SH_BASH},
		{"#!/bin/busybox sh\n", NULL, SH_POSIX},
		{"#!/bin/busybox awk\n", NULL, -1},
		{"#!/usr/bin/python3\n", NULL, -1},
		{"#!/usr/bin/env\n", NULL, -1},
		{"#!\n", NULL, -1},
		{"#!/usr/bin/python3\n", "/bin/mksh", SH_KSH},
		{"#!/bin/sh\n", "python3 -u", -1},
		{"#!/bin/sh\n", "ksh93", SH_KSH},
		{"#!/bin/fish\n", NULL, -1},
	};

	for (size_t i = 0; i < sizeof(t) / sizeof(t[0]); i++) {
		enum sh_dialect d = SH_POSIX;
		bool is_shell =
			sh_dialect_find(t[i].script, strlen(t[i].script), t[i].interpreter, &d);

		IS_INT(is_shell ? (int)d : -1, t[i].want, "dialect of case %zu", i);
	}
}

static void limits(void)
{
	struct arena *a = arena_create(0);
	struct sh_piece pieces[2] = {{.is_hole = true}};
	struct sh_value value = {"a\0b", 3};
	struct sh_plan *plan = NULL;
	struct buf out, deep;
	struct err e;
	size_t bad;

	buf_init(&out, 0);
	buf_init(&deep, 0);
	sh_plan_create(a, pieces, 1, SH_POSIX, &plan, &bad, &e);
	IS_INT(sh_plan_render(plan, &value, 1, &out, &bad, &e), ERR_INVALID,
		"a NUL byte is refused");
	OK(strstr(e.text, "NUL") != NULL, "and named");
	IS_INT(sh_plan_render(plan, &value, 0, &out, &bad, &e), ERR_INVALID, "a value too few");
	IS_STR(render("cat <<E\n@\nE\n", SH_KSH, "\xff", &out, &bad, &e), NULL,
		"a here-document that ksh would hang on is refused");
	for (int i = 0; i < 10000; i++)
		buf_adds(&deep, "$(");
	pieces[0] = (struct sh_piece){.text = deep.data, .len = deep.len};
	IS_INT(sh_plan_create(a, pieces, 1, SH_POSIX, &plan, &bad, &e), 0,
		"a script without holes is never refused");
	pieces[1] = (struct sh_piece){.is_hole = true};
	IS_INT(sh_plan_create(a, pieces, 2, SH_POSIX, &plan, &bad, &e), ERR_INVALID,
		"deep nesting around a hole is refused");
	IS_INT((long long)bad, 1, "with the hole's piece");
	buf_reset(&out);
	sh_quote_word(&out, "it's", 4);
	IS_STR(buf_str(&out), "'it'\\''s'", "a word is quoted");
	buf_free(&out);
	buf_free(&deep);
	arena_destroy(a);
}

#define TABLE(t) t, sizeof(t) / sizeof((t)[0])

int main(void)
{
	table_good(TABLE(posix_good), SH_POSIX);
	table_good(TABLE(bash_good), SH_BASH);
	table_good(TABLE(ksh_good), SH_KSH);
	table_good(TABLE(zsh_good), SH_ZSH);
	table_bad(TABLE(posix_bad), SH_POSIX);
	table_bad(TABLE(bash_bad), SH_BASH);
	table_bad(TABLE(ksh_bad), SH_KSH);
	table_bad(TABLE(zsh_bad), SH_ZSH);
	dialects();
	limits();
	return tap_done();
}
