/* Conditions: what they decide, what is refused and where, what they say at run time. */
#include "engine/cond.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "tests/unit/expr_world.h"
#include "tests/unit/tap.h"

static struct scan *scan;

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	buf_addf(ctx, "%s%zu: %s", is_warning ? "warning: " : "", at, sentence);
}

/* What comes of a condition: true, false, a problem or an error. */
static void comes(const char *text, const char *want)
{
	struct arena *a = arena_create(0);
	struct err e = {0};
	struct cond *c;
	struct buf b;
	struct template_report report = {&b, on_problem};
	bool truth;
	int rc;

	buf_init(&b, 0);
	rc = cond_compile(a, scan, text, strlen(text), world_scope(false), &report, &c);
	if (rc == 0) {
		rc = cond_eval(c, world_env(), &truth, &e);
		buf_adds(&b, rc != 0 ? e.text : truth ? "true" : "false");
	}
	IS_STR(buf_str(&b), want, "%.80s", text);
	buf_free(&b);
	arena_destroy(a);
}

static const char *const holds[] = {
	/* Alone. */
	"true",
	"not false",
	"not null",
	"not 0",
	"not 0.0",
	"not -0e5",
	"not \"\"",
	"not \"false\"",
	"not 'False'",
	"not \"0\"",
	"not []",
	"1",
	"\"no\"",
	"[0]",
	"$<params.database>",
	"${params.keep}",
	"not $<params.empty>",
	"not $<params.nothing>",
	"not $<var.enabled>",
	"not not true",
	/* Equality. */
	"$<params.database> == \"shop\"",
	"$<params.database>=='shop'",
	"$<params.database> != \"Shop\"",
	"$<params.keep> == 7",
	"$<params.keep> == 7.0",
	"$<params.keep> == \"7\"",
	"7 == \"7.00\"",
	"\"7\" != \"7.00\"",
	"7 != \"7 \"",
	"$<Dump.pg_dump.output.response.bytes> == 123456789012345678901234567890",
	"$<Dump.pg_dump.output.response.bytes> != 123456789012345678901234567891",
	"9007199254740993 != 9007199254740992",
	"1e3 == 1000",
	"true == \"true\"",
	"\"True\" == true",
	"false != \"true\"",
	"true != 1",
	"null == null",
	"$<params.nothing> == null",
	"\"\" != null",
	"[1, \"a\"] == [1.0, 'a']",
	"$<params.list> == [\"a\", \"b c\", 3]",
	"$<params.list> != [\"a\"]",
	"$<size.output.status> == \"success\"",
	"$<size.output.completed> == true",
	/* Order. */
	"$<params.keep> > 6",
	"$<params.keep> >= 7",
	"$<params.keep> < 10",
	"$<params.keep> <= 7",
	"2 < \"10\"",
	"\"10\" < \"2\"",
	"\"2026-01-01\" < \"2026-01-02\"",
	"\"ab\" > \"a\"",
	"-1 < 0",
	"123456789012345678901234567890 < 123456789012345678901234567891",
	"not 1 > 2",
	/* Membership. */
	"$<params.database> in [\"shop\", \"billing\"]",
	"$<params.keep> in [1, 7]",
	"\"7\" in [1, 7]",
	"\"x\" not in $<params.list>",
	"3 in $<params.list>",
	"\"ho\" in $<params.database>",
	"\"\" in $<params.database>",
	"\"xo\" not in $<params.database>",
	"7 in \"1971\"",
	"\"version\" in $<Dump.pg_dump.output.response>",
	"\"verison\" not in $<Dump.pg_dump.output.response>",
	"[1] in [[1], [2]]",
	"1 not in []",
	/* Precedence and brevity. */
	"true or false and false",
	"(true or false) and true",
	"not (true or false) or true",
	"not false and true",
	"not 1 == 2",
	"1 == 1 and 2 == 2 and 3 == 3",
	"1 == 2 or 2 == 3 or 3 == 3",
	"(1 == 1) == true",
	"true or $<skipped.output.response.x>",
	"not (false and $<skipped.output.response.x>)",
	"$<skipped.output.response | default(\"\")> == \"\"",
	"  \n true\n or\tfalse ",
	"$<params.database | upper> == \"SHOP\"",
	"$<params.nothing | default(\"> or }\")> == \"> or }\"",
	"(((true)))",
	"not(false)and(true)",
	/* Texts that hold expressions. */
	"\"$<params.database>\" == \"shop\"",
	"'$<params.database>' == 'shop'",
	"'${params.keep}' == 7",
	"'${params.keep}' != '7.0'",
	"\"v$<params.keep>-${params.database | upper}\" == 'v7-SHOP'",
	"\"$<params.nothing | default(\\\"a\\\")>\" == 'a'",
	"'$<params.nothing | default(\"a\")>' == 'a'",
	"\"\\t$<params.keep>\" == \"\\t7\"",
	"'<' in '$$<' and '$$' not in '$$<' and '{HOME}$' in \"${HOME}$\"",
	"'hop' in 's$<params.database>'",
	"'a$<params.list>' == 'a[\"a\",\"b c\",3]'",
};

#define CHAIN "comparisons do not chain; join two of them with and"

static void refused(void)
{
	comes("", "0: the condition is empty; $<params.x> == \"y\" would be one");
	comes("  ", "0: the condition is empty; $<params.x> == \"y\" would be one");
	comes("$<params.keep> ==", "17: the condition ends where a value was expected");
	comes("true and", "8: the condition ends where a value was expected");
	comes("not", "3: the condition ends where a value was expected");
	comes("== 7", "0: a value was expected here: an expression, $<...>, or a literal");
	comes("$<params.nope> == 1", "0: there is no parameter \"nope\"");
	comes("$<params.keep == 1", "0: this expression is not closed on its line");
	comes("$<params.keep> == success",
		"18: success is no literal; a text stands in quotes: \"success\"");
	comes("params.keep == 1", "0: an expression stands in brackets here: $<params.keep>");
	comes("1 < 2 < 3", "5: " CHAIN);
	comes("1 == 2 != 3", "6: " CHAIN);
	comes("true && false", "5: write and instead of &&");
	comes("true || false", "5: write or instead of ||");
	comes("!true", "0: write not instead of !");
	comes("$<params.keep> = 7", "15: write == instead of =");
	comes("true AND false", "5: a comparison, and, or, or the end was expected here");
	comes("(true", "0: this parenthesis is not closed");
	comes("(true false)", "6: and, or, or ) was expected here");
	comes("true)", "4: nothing is open that this parenthesis could close");
	comes("()", "1: a value was expected here: an expression, $<...>, or a literal");
	comes("1 in [1", "7: a list wants , or ] behind an item");
	comes("\"abc", "0: the string that begins here has no closing \"");
	comes("01 == 1", "0: 01 is no number as JSON writes them");
	comes("'x$<params.nope>' == 1", "2: there is no parameter \"nope\"");
	comes("'\\tx$<params.nope>' == 1", "1: there is no parameter \"nope\"");
	comes("'x$<params.keep' == 1",
		"2: this $< has no closing > on its line; $$< stands for the characters "
		"themselves");
	comes("$<params.keep> in [1, ['$<params.keep>']]",
		"18: an expression cannot stand inside of a list; compare with == and or");
	comes("1 in ['$$<']",
		"5: an expression cannot stand inside of a list; compare with == and or");
	comes("1 not 2", "2: a comparison, and, or, or the end was expected here");
}

static void failed(void)
{
	comes("$<skipped.output.response.x> == 1",
		"$<skipped.output.response.x>: Check.skipped did not run, and has no output; where "
		"that "
		"may be, end it in | default(...)");
	comes("'$<skipped.output.response.x>' == 1",
		"$<skipped.output.response.x>: Check.skipped did not run, and has no output; where "
		"that "
		"may be, end it in | default(...)");
	comes("$<size.output.response.x> == 1",
		"$<size.output.response.x>: response is text, not JSON, and has nothing inside");
	comes("$<params.list> < 5",
		"$<params.list> is a list and 5 is a number: two numbers or two strings have an "
		"order");
	comes("5 >= $<params.database>",
		"5 is a number and $<params.database> is a string: two numbers or two strings have "
		"an "
		"order");
	comes("null < 1",
		"null is null and 1 is a number: two numbers or two strings have an order");
	comes("1 in 2", "2 is a number: in looks into a list, a string or an object");
	comes("null in \"x\"", "null is null, which cannot be in a string");
}

static void nested(void)
{
	struct buf b;

	buf_init(&b, 0);
	for (int i = 0; i < COND_DEPTH_MAX; i++)
		buf_addc(&b, '(');
	buf_addc(&b, '1');
	for (int i = 0; i < COND_DEPTH_MAX; i++)
		buf_addc(&b, ')');
	comes(buf_str(&b), "true");
	buf_reset(&b);
	for (int i = 0; i <= COND_DEPTH_MAX; i++)
		buf_adds(&b, "not ");
	buf_adds(&b, "true");
	comes(buf_str(&b), "400: parentheses and not nest at most 100 deep");
	buf_reset(&b);
	for (int i = 0; i < 5000; i++)
		buf_adds(&b, "0 or 1 and ");
	buf_adds(&b, "1");
	comes(buf_str(&b), "true");
	while (b.len <= COND_LENGTH_MAX)
		buf_adds(&b, " and 1");
	comes(buf_str(&b), "0: a condition has at most 65536 bytes");
	buf_free(&b);
}

static bool truth_of(const struct cond *c)
{
	bool truth = false;
	struct err e;

	return cond_eval(c, world_env(), &truth, &e) == 0 && truth;
}

static void joined(void)
{
	struct arena *a = arena_create(0);
	struct template_report report = {NULL, on_problem};
	struct cond *c, *d, *j;
	size_t n;

	cond_compile(a, scan, "$<params.keep> == 7", 19, world_scope(false), &report, &c);
	cond_compile(
		a, scan, "$<var.x> or $<params.keep> > 5", 30, world_scope(false), &report, &d);
	OK(cond_join(a, NULL, c) == c && cond_join(a, c, NULL) == c,
		"none joined to one is the one");
	OK(cond_join(a, NULL, NULL) == NULL, "none joined to none is none");
	j = cond_join(a, c, d);
	IS_STR(cond_source(j, &n), "($<params.keep> == 7) and ($<var.x> or $<params.keep> > 5)",
		"two joined are shown as both");
	OK(cond_exprs(j, &n)[1].root == EXPR_VAR && n == 3, "and hold the expressions of both");
	OK(truth_of(j), "and hold where both do");
	OK(!truth_of(cond_join(a, cond_constant(a, false), c)), "and not where one does not");
	OK(!truth_of(cond_join(a, c, cond_constant(a, false))), "whichever it is");
	OK(truth_of(c) && truth_of(d), "while each stays itself");
	IS_STR(cond_source(cond_constant(a, true), &n), "true", "a constant is shown as itself");
	cond_exprs(cond_constant(a, true), &n);
	IS_INT((long long)n, 0, "and has no expressions");
	arena_destroy(a);
}

static void memory_short(void)
{
	static const char text[] =
		"not ($<params.keep> == 7 or \"a\" in [\"b\", 1]) and ${dag.id} or '$<dag.id>'";
	struct template_report report = {NULL, on_problem};
	int rc = ERR_NOMEM, failed = 0;
	struct cond *c;

	for (size_t max = 16; rc == ERR_NOMEM && max < 100000; max += 16) {
		struct arena *a = arena_create(max);

		rc = cond_compile(a, scan, text, strlen(text), world_scope(false), &report, &c);
		failed += rc == ERR_NOMEM;
		arena_destroy(a);
	}
	IS_INT(rc, 0, "with enough memory a condition is compiled");
	OK(failed > 5, "with less it is refused, wherever the memory ends");
}

int main(void)
{
	scan = scan_create();
	for (size_t i = 0; i < sizeof(holds) / sizeof(*holds); i++)
		comes(holds[i], "true");
	refused();
	failed();
	nested();
	joined();
	memory_short();
	scan_destroy(scan);
	return tap_done();
}
