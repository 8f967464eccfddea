/* Expressions: what parses, what is refused and where, what they give and what they say. */
#include "engine/expr.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "tests/unit/expr_world.h"
#include "tests/unit/tap.h"

static void given(void)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"params.database", "shop"},
		{"  params.database\t", "shop"},
		{"params[\"database\"]", "shop"},
		{"params.keep", "7"},
		{"params.odd-one", "true"},
		{"params.nothing", "null"},
		{"params.list", "[\"a\",\"b c\",3]"},
		{"params.list[1]", "b c"},
		{"params.list[-1]", "3"},
		{"params.list[-3]", "a"},
		{"Dump.pg_dump.output.response.version", "1.4"},
		{"Dump.pg_dump.output.response.bytes", "123456789012345678901234567890"},
		{"Dump.pg_dump.output.response.list[0].y", "1e5"},
		{"Dump.pg_dump.output.response.list[-1].y", "1.50"},
		{"Dump.pg_dump.output.response[\"odd key\"][\"}\"]", "brace"},
		{"Dump.pg_dump.output.response['odd \\u006bey']", "{\"}\":\"brace\"}"},
		{"Dump.pg_dump.output.response.list[0]", "{\"y\":1e5}"},
		{"Dump.pg_dump.output.exitCode", "3"},
		{"size.output.response", "just text"},
		{"size.output.completed", "true"},
		{"each.output.response[1].name", "web2"},
		{"each.output.response | length", "2"},
		{"var.some", "false"},
		{"conn.db1.host", "db1.example"},
		{"conn.db1.port", "22"},
		{"run.ds", "2026-01-01"},
		{"run.conf.who", "me"},
		{"dag.id", "nightly"},
		{"task.id", "Check.size"},
		{"task.try_number", "1"},
		{"item.name", "web1"},
		{"item", "{\"name\":\"web1\"}"},
		{"index", "0"},
		{"skipped.output.response | default(\"none\")", "none"},
		{"skipped.output.response.deep[3] | upper | default('none')", "none"},
		{"params.nothing | default(1e5)", "1e5"},
		{"params.nothing|default([1,\"a\",[]])", "[1,\"a\",[]]"},
		{"params.nothing | default(null)", "null"},
		{"params.empty | default(\"x\")", ""},
		{"Dump.pg_dump.output.response.verison | default(\"?\")", "?"},
		{"Dump.pg_dump.output.response.none.x | default(\"?\")", "?"},
		{"Dump.pg_dump.output.response.text.x | default(\"?\")", "?"},
		{"Dump.pg_dump.output.response.list[9] | default(false)", "false"},
		{"params.database | upper | lower | upper", "SHOP"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *a = arena_create(0);
		const char *s = cases[i].text;
		struct err e = {0};
		struct expr x;
		struct value v;
		struct buf b;
		size_t where;
		int rc = expr_parse(a, s, strlen(s), world_scope(true), &x, &where, &e);

		buf_init(&b, 0);
		if (rc == 0)
			rc = expr_eval(&x, world_env(), a, &v, &e);
		if (rc == 0)
			value_text(&v, &b);
		IS_STR(rc == 0 ? buf_str(&b) : e.text, cases[i].want, "$<%s>", s);
		buf_free(&b);
		arena_destroy(a);
	}
}

#define ROOTS                                                                                      \
	"an expression begins with Stage.task.output, params, var, conn, run, dag, task, item or " \
	"index"

static void refused_at_load(void)
{
	static const struct {
		const char *text;
		size_t where;
		const char *want;
	} cases[] = {
		{"", 0, "the expression is empty; it names a value: params.NAME, for example"},
		{"  ", 2, "the expression is empty; it names a value: params.NAME, for example"},
		{"| upper", 0,
			"the expression is empty; it names a value: params.NAME, for example"},
		{"7", 0, "an expression begins with a name: params.NAME, for example"},
		{"\"text\"", 0, "an expression begins with a name: params.NAME, for example"},
		{"parms.database", EXPR_WHOLE,
			"nothing is called \"parms\" here; did you mean params?"},
		{"whatever.x.y", EXPR_WHOLE, "nothing is called \"whatever\" here; " ROOTS},
		{"item", EXPR_WHOLE,
			"item exists only inside of for_each, in the task's operator keys and "
			"environment"},
		{"index", EXPR_WHOLE,
			"index exists only inside of for_each, in the task's operator keys and "
			"environment"},
		{"params", EXPR_WHOLE, "params wants a name behind it: params.NAME"},
		{"params[0]", EXPR_WHOLE, "params wants a name behind it: params.NAME"},
		{"params.datbase", EXPR_WHOLE, "there is no parameter \"datbase\""},
		{"var", EXPR_WHOLE, "var wants a name behind it: var.NAME"},
		{"conn.db1", EXPR_WHOLE,
			"a connection gives .host, .port and .login here, and never its secrets"},
		{"conn.db1.password", EXPR_WHOLE,
			"a connection gives .host, .port and .login here, and never its secrets"},
		{"conn.db1.host.x", EXPR_WHOLE, "host is a plain value: nothing can follow it"},
		{"run", EXPR_WHOLE,
			"run wants a name behind it: it has id, logical_date, data_interval_start, "
			"data_interval_end, ds, ds_nodash, ts and conf"},
		{"run.logical_dat", EXPR_WHOLE,
			"there is no run.logical_dat; did you mean run.logical_date?"},
		{"run.ds.x", EXPR_WHOLE, "ds is a plain value: nothing can follow it"},
		{"dag.name", EXPR_WHOLE, "there is no dag.name; dag has id"},
		{"task.number", EXPR_WHOLE, "there is no task.number; task has id and try_number"},
		{"task.id[0]", EXPR_WHOLE, "task.id is a plain value: nothing can follow it"},
		{"Dump.nothing.output.response", EXPR_WHOLE, "there is no task \"nothing\""},
		{"pg_dump.output.response", EXPR_WHOLE, "there is no task \"pg_dump\""},
		{"Dump.pg_dump.response", EXPR_WHOLE,
			"behind a task comes .output: Dump.pg_dump.output.response, for example"},
		{"size", EXPR_WHOLE,
			"behind a task comes .output: size.output.response, for example"},
		{"Dump.pg_dump.output", EXPR_WHOLE,
			"output wants a name behind it: it has status, exitCode, response, "
			"responseFilePath, logFilePath, errorFilePath, userFolder, "
			"scriptExecutionId, "
			"logs, error, errorMessage and completed"},
		{"Dump.pg_dump.output.respons", EXPR_WHOLE,
			"there is no output.respons; did you mean output.response?"},
		{"Dump.pg_dump.output.exitcode", EXPR_WHOLE,
			"there is no output.exitcode; did you mean output.exitCode?"},
		{"params.", 7,
			"a name was expected behind the dot; other keys are written [\"key\"], "
			"indexes [0]"},
		{"params.database..x", 16,
			"a name was expected behind the dot; other keys are written [\"key\"], "
			"indexes [0]"},
		{"params.list.0", 12,
			"a name was expected behind the dot; other keys are written [\"key\"], "
			"indexes [0]"},
		{"params.list[", 12,
			"brackets take an index, [0] or [-1], or a key in quotes, [\"key\"]"},
		{"params.list[x]", 12,
			"brackets take an index, [0] or [-1], or a key in quotes, [\"key\"]"},
		{"params.list[1", 13, "a ] was expected here"},
		{"params.list[\"a\\qb\"]", 14,
			"no such escape; a backslash itself is written \\\\"},
		{"params.list[99999999999999999999]", 12, "an index is at most 1000000000"},
		{"params.list['\\ud800']", 13, "half of a surrogate pair is no character"},
		{"params.keep upper", 12,
			"this was not expected here; behind a path comes a filter, | "
			"default(\"none\"), or "
			"the end"},
		{"params.keep:-7", 11,
			"this was not expected here; behind a path comes a filter, | "
			"default(\"none\"), or "
			"the end"},
		{"params.keep |", 13, "a filter was expected behind the |: upper, for example"},
		{"params.keep | uper", EXPR_WHOLE,
			"unknown filter \"uper\"; did you mean \"upper\"?"},
		{"params.keep | raw | upper", EXPR_WHOLE, "raw must be the last filter"},
		{"params.keep | upper(1)", 14, "upper takes no arguments"},
		{"params.keep | default", 14, "default wants 1 argument, not 0: default(v)"},
		{"params.keep | replace(\"a\")", 14,
			"replace wants 2 arguments, not 1: replace(a, b)"},
		{"params.keep | replace(\"a\", 7)", 27,
			"replace wants a string in quotes here, found a number: replace(a, b)"},
		{"params.keep | replace(\"\", \"b\")", 22,
			"replace has nothing to look for: its first text is empty"},
		{"params.keep | join(,)", 19,
			"a string in quotes, a number, true, false, null or a list was expected"},
		{"params.keep | default(none)", 22,
			"none is no literal; a text stands in quotes: \"none\""},
		{"params.keep | default(01)", 22, "01 is no number as JSON writes them"},
		{"params.keep | default(\"a", 22, "the string that begins here has no closing \""},
		{"params.keep | default(\"a\"", 25, "a , or ) was expected behind the argument"},
		{"params.keep | default([1 2])", 25, "a list wants , or ] behind an item"},
		{"params.keep | default(1,2,3)", 26, "no filter takes more than 2 arguments"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *a = arena_create(0);
		const char *s = cases[i].text;
		struct err e = {0};
		struct expr x;
		size_t where = 999;
		int rc = expr_parse(a, s, strlen(s), world_scope(false), &x, &where, &e);

		IS_STR(rc == 0 ? "(parsed)" : e.text, cases[i].want, "$<%s> is refused", s);
		IS_INT((long long)where, (long long)cases[i].where,
			"at the right byte, or as a whole");
		arena_destroy(a);
	}
}

static void failed_at_run(void)
{
	static const struct {
		const char *text;
		int code;
		const char *want;
	} cases[] = {
		{"skipped.output.response.x", ERR_NOTFOUND,
			"Check.skipped did not run, and has no output"},
		{"var.locked | default(1)", ERR_DENIED, "the variable locked cannot be opened"},
		{"Dump.pg_dump.output.response.verison", ERR_NOTFOUND,
			"response has no \"verison\"; it has: version, bytes, list, \"odd key\", "
			"none, ok, "
			"big, text; did you mean version?"},
		{"Dump.pg_dump.output.response[\"a\\nb\"] | json", ERR_NOTFOUND,
			"response has no \"a\\nb\"; it has: version, bytes, list, \"odd key\", "
			"none, "
			"ok, big, text"},
		{"Dump.pg_dump.output.response.big.kolibry", ERR_NOTFOUND,
			"response.big has no \"kolibry\"; it has: k01, k02, k03, k04, k05, k06, "
			"k07, k08, "
			"k09, k10, k11, k12 and 2 more; did you mean kolibri?"},
		{"Dump.pg_dump.output.response.list[0].x", ERR_NOTFOUND,
			"response.list[0] has no \"x\"; it has: y"},
		{"Dump.pg_dump.output.response.list[2]", ERR_NOTFOUND,
			"response.list has no [2]; its length is 2"},
		{"Dump.pg_dump.output.response.list[-3]", ERR_NOTFOUND,
			"response.list has no [-3]; its length is 2"},
		{"Dump.pg_dump.output.response.list.y | default(1)", ERR_INVALID,
			"response.list is a list of 2, whose items are reached by index: [0]"},
		{"Dump.pg_dump.output.response[\"odd key\"][0]", ERR_INVALID,
			"response[\"odd key\"] is an object, not a list; it has: \"}\""},
		{"Dump.pg_dump.output.response.none.x", ERR_NOTFOUND,
			"response.none is null, and has nothing inside"},
		{"Dump.pg_dump.output.response.text.x", ERR_NOTFOUND,
			"response.text is empty, and has nothing inside"},
		{"Dump.pg_dump.output.response.ok.x", ERR_INVALID,
			"response.ok is a boolean, and has nothing inside"},
		{"Dump.pg_dump.output.response.version[0]", ERR_INVALID,
			"response.version is a string, and has nothing inside"},
		{"size.output.response.x | default(1)", ERR_INVALID,
			"response is text, not JSON, and has nothing inside"},
		{"params.database.x", ERR_INVALID,
			"params.database is a string, and has nothing inside"},
		{"run.conf.whom", ERR_NOTFOUND,
			"run.conf has no \"whom\"; it has: who; did you mean who?"},
		{"item[0]", ERR_INVALID, "item is an object, not a list; it has: name"},
		{"params.list | upper", ERR_INVALID, "upper wants a string, found a list"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct arena *a = arena_create(0);
		const char *s = cases[i].text;
		struct err e = {0};
		struct expr x;
		struct value v;
		size_t where;
		int rc = expr_parse(a, s, strlen(s), world_scope(true), &x, &where, &e);

		if (rc == 0)
			rc = expr_eval(&x, world_env(), a, &v, &e);
		IS_STR(rc == 0 ? "(a value)" : e.text, cases[i].want, "$<%s> says why", s);
		IS_INT(rc, cases[i].code, "with the code that default() goes by");
		arena_destroy(a);
	}
}

static void limits_held(void)
{
	struct arena *a = arena_create(0);
	struct err e = {0};
	struct expr x;
	struct buf b;
	size_t where;

	buf_init(&b, 0);
	buf_adds(&b, "params.list");
	for (int i = 0; i < EXPR_STEPS_MAX - 2; i++)
		buf_adds(&b, ".a");
	IS_INT(expr_parse(a, b.data, b.len, world_scope(false), &x, &where, &e), 0,
		"a path may have as many parts as said");
	buf_adds(&b, ".a");
	IS_INT(expr_parse(a, b.data, b.len, world_scope(false), &x, &where, &e), ERR_LIMIT,
		"but no more");
	buf_reset(&b);
	buf_adds(&b, "params.list");
	for (int i = 0; i < EXPR_FILTERS_MAX; i++)
		buf_adds(&b, "|json");
	IS_INT(expr_parse(a, b.data, b.len, world_scope(false), &x, &where, &e), 0,
		"an expression may have as many filters as said");
	buf_adds(&b, "|json");
	IS_INT(expr_parse(a, b.data, b.len, world_scope(false), &x, &where, &e), ERR_LIMIT,
		"but no more");
	buf_reset(&b);
	while (b.len <= EXPR_LENGTH_MAX)
		buf_adds(&b, "long");
	IS_INT(expr_parse(a, b.data, b.len, world_scope(false), &x, &where, &e), ERR_LIMIT,
		"nor be longer");
	buf_free(&b);
	arena_destroy(a);
}

static void facts_kept(void)
{
	struct arena *a = arena_create(0);
	struct expr x;
	size_t where;

	expr_parse(a, " Dump.pg_dump.output.logs | raw ", 32, world_scope(false), &x, &where, NULL);
	OK(x.root == EXPR_OUTPUT && x.task == 0 && x.output == OUTPUT_LOGS,
		"an expression knows whose output it reads");
	OK(x.is_raw && !x.is_json, "and that it ends in raw");
	IS_MEM(x.text, x.text_len, "Dump.pg_dump.output.logs | raw", 30, "and how it was written");
	expr_parse(a, "params.keep | json", 18, world_scope(false), &x, &where, NULL);
	OK(x.is_json && !x.is_raw, "or that it ends in json");
	arena_destroy(a);
}

int main(void)
{
	given();
	refused_at_load();
	failed_at_run();
	limits_held();
	facts_kept();
	return tap_done();
}
