/* Templates: text with expressions in it, plain, for a shell, and for other languages. */
#include "engine/template.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "tests/unit/expr_world.h"
#include "tests/unit/tap.h"

static struct scan *scan;

/* Writes each problem as AT: sentence, one a line. */
static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	struct buf *b = ctx;

	buf_addf(b, "%s%zu: %s%s", b->len == 0 ? "" : "\n", at, is_warning ? "warning: " : "",
		sentence);
}

static void on_count(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	(void)is_warning;
	(void)at;
	(void)sentence;
	*(int *)ctx += 1;
}

/* N.B. to tell of each would take the square of their number. */
static void many_unclosed(void)
{
	struct arena *a = arena_create(0);
	int n = 0;
	struct template_report report = {&n, on_count};
	struct template *t;
	struct buf b;

	buf_init(&b, 0);
	for (int i = 0; i < 200000; i++)
		buf_adds(&b, "$<");
	buf_adds(&b, "\n$<\n${params.keep");
	(void)template_compile(a, scan, buf_str(&b), b.len, TEMPLATE_PLAIN, SH_POSIX,
		world_scope(false), &report, &t);
	IS_INT(n, 22, "of very many that are not closed only some are told, and one a line");
	buf_free(&b);
	arena_destroy(a);
}

/* What comes of a text: the problems, and the rendered text or the error behind them. */
static void comes(enum template_mode mode, bool has_item, const char *text, const char *want)
{
	struct arena *a = arena_create(0);
	struct err e = {0};
	struct template *t;
	struct buf b;
	struct template_report report = {&b, on_problem};
	int rc;

	buf_init(&b, 0);
	rc = template_compile(
		a, scan, text, strlen(text), mode, SH_POSIX, world_scope(has_item), &report, &t);
	if (rc == 0 && b.len != 0)
		buf_addc(&b, '\n');
	if (rc == 0)
		rc = template_render(t, world_env(), &b, &e);
	if (rc != 0 && e.text[0] != '\0')
		buf_adds(&b, e.text);
	IS_STR(buf_str(&b), want, "%s", text);
	buf_free(&b);
	arena_destroy(a);
}

static void plain(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"", ""},
		{"no expression at all", "no expression at all"},
		{"$<params.database>", "shop"},
		{"${params.database}", "shop"},
		{"a $<params.database>-$<params.keep>.gz", "a shop-7.gz"},
		{"$<params.database>$<params.database>", "shopshop"},
		{"${HOME} ${x:-y} $HOME $(date) $$ ${#x} ${x%.*}",
			"${HOME} ${x:-y} $HOME $(date) $$ ${#x} ${x%.*}"},
		{"${params} ${param-x.y} ${dagger} ${task}",
			"${params} ${param-x.y} ${dagger} ${task}"},
		{"${item} ${index} ${item[@]}", "${item} ${index} ${item[@]}"},
		{"${ params.database | upper }", "SHOP"},
		{"${size.output.exitCode}", "3"},
		{"${Dump.pg_dump.output.exitCode}", "3"},
		{"$$<params.database> and $${params.database}",
			"$<params.database> and ${params.database}"},
		{"$${HOME}", "${HOME}"},
		{"$$$<", "$$<"},
		{"$$$$<x", "$$$<x"},
		{"$", "$"},
		{"$$", "$$"},
		{"a$", "a$"},
		{"$<params.database | replace(\">\", \"}\") >", "shop"},
		{"${params.nothing | default(\"a}b>c\")}", "a}b>c"},
		{"$<params.nothing | default('\\'>')>", "'>"},
		{"$<params.list>", "[\"a\",\"b c\",3]"},
		{"$<params.evil>", "$<params.keep> ${params.keep} $(x) 'q' \""},
		{"100% of $<params.keep>%", "100% of 7%"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		comes(TEMPLATE_PLAIN, false, cases[i].text, cases[i].want);
	comes(TEMPLATE_PLAIN, true, "${item.name} ${index} ${item[\"name\"]} ${item | json}",
		"web1 0 web1 {\"name\":\"web1\"}");
	comes(TEMPLATE_PLAIN, true, "${item:-x} ${item[@]} ${items} ${index%0} ${#item}",
		"${item:-x} ${item[@]} ${items} ${index%0} ${#item}");
}

static void problems(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"a $<params.nope> b $<params.keep | uper>",
			"2: there is no parameter \"nope\"\n19: unknown filter \"uper\"; did you "
			"mean "
			"\"upper\"?"},
		{"a $<params.keep",
			"2: this $< has no closing > on its line; $$< stands for the characters "
			"themselves"},
		{"a ${params.keep\n}",
			"2: this ${ has no closing } on its line; $${ stands for the characters "
			"themselves"},
		{"cat $<params.keep $<params.nope>",
			"18: this was not expected here; behind a path comes a filter, | "
			"default(\"none\"), "
			"or the end"},
		{"$<params.keep | default(\"x)> $<params.nope>",
			"24: the string that begins here is not closed on its line\n29: there is "
			"no "
			"parameter \"nope\""},
		{"$<>", "2: the expression is empty; it names a value: params.NAME, for example"},
		{"${params.}",
			"9: a name was expected behind the dot; other keys are written [\"key\"], "
			"indexes "
			"[0]"},
		{"${params.keep:-8}",
			"13: this was not expected here; behind a path comes a filter, | "
			"default(\"none\"), "
			"or the end"},
		{"${run.idd}", "0: there is no run.idd; did you mean run.id?"},
		{"$<item>",
			"0: item exists only inside of for_each, in the task's operator keys and "
			"environment"},
		{"${Dump.pg_dump.outputs.logs}",
			"0: warning: this ${ begins no expression and is left as it is; $<...> "
			"always is "
			"one, and $${ says that none was meant\n${Dump.pg_dump.outputs.logs}"},
		{"$<Dump.pg_dump.output.response.verison>",
			"$<Dump.pg_dump.output.response.verison>: response has no \"verison\"; it "
			"has: "
			"version, bytes, list, \"odd key\", none, ok, big, text; did you mean "
			"version?"},
		{"begun $< var.locked > ended",
			"$<var.locked>: the variable locked cannot be opened"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		comes(TEMPLATE_PLAIN, false, cases[i].text, cases[i].want);
}

#define RAW_WARNING                                                                                \
	"warning: | raw splices the value in unquoted: whoever decides on the value decides on "   \
	"the code"
#define FOREIGN                                                                                    \
	"windrow cannot quote for this script's language; end the expression in | json, or pass "  \
	"the "                                                                                     \
	"value through environment"

static void shell(void)
{
	comes(TEMPLATE_SHELL, false, "echo $<params.database>", "echo 'shop'");
	comes(TEMPLATE_SHELL, false, "echo \"$<params.evil>\" $HOME",
		"echo \"\\$<params.keep> \\${params.keep} \\$(x) 'q' \\\"\" $HOME");
	comes(TEMPLATE_SHELL, false, "echo '$<params.evil>'",
		"echo '$<params.keep> ${params.keep} $(x) '\\''q'\\'' \"'");
	comes(TEMPLATE_SHELL, false, "echo $<params.list>", "echo '[\"a\",\"b c\",3]'");
	comes(TEMPLATE_SHELL, false, "echo $<params.empty>", "echo ''");
	comes(TEMPLATE_SHELL, false, "echo $${HOME} $$<x ${HOME}", "echo ${HOME} $<x ${HOME}");
	comes(TEMPLATE_SHELL, false, "eval $<params.database | raw>",
		"5: " RAW_WARNING "\neval shop");
	comes(TEMPLATE_SHELL, false, "echo \"$(( 1", "echo \"$(( 1");
	comes(TEMPLATE_SHELL, false, "echo $<params.nul>",
		"$<params.nul>: the value holds a NUL byte, which no shell can keep in a word; "
		"encode it with `| b64encode`");
	comes(TEMPLATE_SHELL, false, "sh -c \"echo $<params.database | sh>\"",
		"sh -c \"echo 'shop'\"");
}

static void foreign(void)
{
	comes(TEMPLATE_FOREIGN, false, "x = $<params.list | json>", "x = [\"a\",\"b c\",3]");
	comes(TEMPLATE_FOREIGN, false, "x = \"$<params.list>\"", "5: " FOREIGN);
	comes(TEMPLATE_FOREIGN, false, "x = $<params.keep | raw>", "4: " RAW_WARNING "\nx = 7");
	comes(TEMPLATE_FOREIGN, false, "`${user.name} ${x}`", "`${user.name} ${x}`");
	comes(TEMPLATE_PLAIN, false, "$<params.keep | raw>", "7");
}

/* A place that cannot be made safe is told with the expression that stands there; all of them. */
static void place_refused(void)
{
	static const char text[] =
		"echo $<params.keep>\necho $(( 1 + $<params.keep> ))\necho $(( $<params.keep> ))\n";
	struct arena *a = arena_create(0);
	struct template *t;
	struct buf b;
	struct template_report report = {&b, on_problem};

	buf_init(&b, 0);
	IS_INT(template_compile(a, scan, text, strlen(text), TEMPLATE_SHELL, SH_POSIX,
		       world_scope(false), &report, &t),
		ERR_INVALID, "an expression inside of $(( )) is refused");
	OK(strncmp(buf_str(&b), "33: ", 4) == 0, "at its own place");
	OK(strstr(buf_str(&b), "\n60: ") != NULL, "and so is the next one");
	tap_note("%s", buf_str(&b));
	buf_free(&b);
	arena_destroy(a);
}

static void values_kept(void)
{
	struct arena *a = arena_create(0);
	struct template_report report = {NULL, on_problem};
	struct template *t;
	struct value v;
	struct err e;
	size_t n;

	template_compile(a, scan, "$<params.list>", 14, TEMPLATE_PLAIN, SH_POSIX,
		world_scope(false), &report, &t);
	OK(template_is_value(t), "one expression alone is a value");
	template_eval(t, world_env(), a, &v, &e);
	IS_INT(v.type, VALUE_LIST, "which keeps its type");
	OK(template_exprs(t, &n)->root == EXPR_PARAM && n == 1, "its expressions can be asked for");
	IS_STR(template_source(t, &n), "$<params.list>", "and how it was written");
	template_compile(a, scan, " $<params.keep>", 15, TEMPLATE_PLAIN, SH_POSIX,
		world_scope(false), &report, &t);
	OK(!template_is_value(t), "with a blank around it, it is text");
	template_eval(t, world_env(), a, &v, &e);
	OK(v.type == VALUE_STRING && strcmp(v.u.text, " 7") == 0, "and gives a string");
	arena_destroy(a);
}

static void failure_clean(void)
{
	static const char text[] = "some text and $<skipped.output.logs> more";
	struct arena *a = arena_create(0);
	struct template_report report = {NULL, on_problem};
	struct template *t;
	struct err e;
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, "before");
	template_compile(a, scan, text, strlen(text), TEMPLATE_PLAIN, SH_POSIX, world_scope(false),
		&report, &t);
	IS_INT(template_render(t, world_env(), &b, &e), ERR_NOTFOUND, "a missing value fails");
	IS_STR(buf_str(&b), "before", "and leaves nothing half rendered");
	buf_free(&b);
	buf_init(&b, 10);
	template_compile(a, scan, "more than ten bytes", 19, TEMPLATE_PLAIN, SH_POSIX,
		world_scope(false), &report, &t);
	IS_INT(template_render(t, world_env(), &b, &e), ERR_LIMIT, "the buffer's maximum holds");
	buf_free(&b);
	arena_destroy(a);
}

static void memory_short(void)
{
	static const char text[] = "a $<params.database | default(\"x\")> $$< b $<params.list[0]>";
	struct template_report report = {NULL, on_problem};
	int rc = ERR_NOMEM, failed = 0;
	struct template *t;

	for (size_t max = 16; rc != 0 && max < 100000; max += 16) {
		struct arena *a = arena_create(max);

		rc = template_compile(a, scan, text, strlen(text), TEMPLATE_PLAIN, SH_POSIX,
			world_scope(false), &report, &t);
		if (rc == ERR_NOMEM)
			failed++;
		else if (rc != 0)
			break;
		arena_destroy(a);
	}
	IS_INT(rc, 0, "with enough memory a template is compiled");
	OK(failed > 5, "with less it is refused, wherever the memory ends");
}

int main(void)
{
	scan = scan_create();
	plain();
	problems();
	many_unclosed();
	shell();
	foreign();
	place_refused();
	values_kept();
	failure_clean();
	memory_short();
	scan_destroy(scan);
	return tap_done();
}
