/* What the loader makes of a file: values, defaults, edges, rules, and limits. */
#include "engine/load.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag_callback.h"
#include "engine/err.h"
#include "engine/param.h"
#include "engine/pattern.h"
#include "operators/specs.h"
#include "tests/unit/tap.h"

#define MANY 100000
#define WIDE 5000
#define STAGE 1000 /* tasks of each stage of a DAG of many */

static struct dag **dags;
static size_t n_dags;
static struct buf said;

static int load(const char *text, size_t len)
{
	struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .default_id = "file"};
	struct diags *diags = diags_create("f.yaml");
	int rc;

	buf_reset(&said);
	rc = dag_load(text, len, &options, diags, &dags, &n_dags);
	diags_print(diags, &said);
	diags_destroy(diags);
	return rc;
}

static void unload(void)
{
	for (size_t i = 0; i < n_dags; i++)
		dag_destroy(dags[i]);
	free(dags);
	dags = NULL;
	n_dags = 0;
}

static const struct dag *good(const char *text)
{
	if (load(text, strlen(text)) == 0)
		return dags[0];
	tap_note("%s", buf_str(&said));
	OK(false, "loads");
	exit(tap_done());
}

static const struct task *task(const char *id)
{
	return dag_task_find(dags[0], id, strlen(id));
}

/* The upstream of a task as "A.x B.y", joins taken apart. */
static const char *upstream(const char *id)
{
	static char text[512];
	struct arena *a = arena_create(0);
	uint32_t t = task(id)->number;
	struct edges up, down;
	size_t len = 0;

	text[0] = '\0';
	if (dag_edges_expand(dags[0], a, &up, &down) != 0)
		return "none";
	for (uint32_t i = up.offset[t]; i < up.offset[t + 1]; i++)
		len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len > 0 ? " " : "",
			dags[0]->tasks[up.list[i]].id);
	arena_destroy(a);
	return text;
}

static const char *source(const struct template *t)
{
	size_t len;

	return template_source(t, &len);
}

static void test_defaults(void)
{
	const struct dag *d = good("tasks:\n  a: {operator: local, command: x}\n");
	const struct task *t = &d->tasks[0];

	IS_STR(d->dag_id, "file", "a DAG without dag_id has the file's name");
	IS_STR(d->timezone, "UTC", "and UTC");
	IS_STR(d->schedule_text, "", "and no schedule");
	OK(d->start_date == INSTANT_NONE && d->end_date == INSTANT_NONE, "and no dates");
	OK(d->max_active_runs == 16 && d->max_active_tasks == 16, "and sixteen at once");
	OK(!d->catchup && !d->is_paused_upon_creation && d->dagrun_timeout_ms == 0, "and no more");
	IS_STR(t->id, "main.a", "its tasks are in the stage main");
	OK(task("a") == t && task("main.a") == t, "and are found with or without it");
	OK(task("b") == NULL && task("Main.a") == NULL && task("") == NULL && task(".a") == NULL,
		"what is not there is not found");
	OK(t->retries == 0 && t->retry_delay_ms == 300000 && t->max_retry_delay_ms == 0, "retries");
	OK(t->pool_slots == 1 && t->priority_weight == 1 && t->max_active_tis == 0, "numbers");
	IS_STR(t->pool, "default_pool", "pool");
	OK(t->trigger_rule == TRIGGER_ALL_SUCCESS && t->when == NULL && !t->is_for_each, "rules");
	OK(t->settings[LOCAL_KEY_COMMAND].is_set && !t->settings[LOCAL_KEY_SCRIPT].is_set,
		"only what is said is set");
	OK(t->pos.line == 2 && t->pos.column == 3, "a task knows its place");
	unload();
}

static void test_inheritance(void)
{
	const struct task *t;

	good("environment: {A: dag, B: dag}\n"
	     "default_args:\n"
	     "  operator: local\n"
	     "  retries: 2\n"
	     "  ssh_conn_id: db1\n"
	     "  command: base\n"
	     "  environment: {B: base, C: base}\n"
	     "stages:\n"
	     "  S:\n"
	     "    default_args: {retries: 3, script: stage, environment: {C: stage, D: stage}}\n"
	     "    tasks:\n"
	     "      a: {}\n"
	     "      b: {retries: 4, command: own, environment: {D: own}}\n"
	     "  T:\n"
	     "    tasks:\n"
	     "      c: {operator: ssh}\n");
	t = task("S.a");
	IS_INT(t->retries, 3, "a stage's default wins over the DAG's");
	OK(t->settings[LOCAL_KEY_SCRIPT].is_set && !t->settings[LOCAL_KEY_COMMAND].is_set,
		"its script takes the place of the DAG's command");
	IS_INT((long long)t->n_environment, 4, "environments are merged");
	IS_STR(source(t->environment[1].text), "base", "default_args win over the DAG's");
	IS_STR(source(t->environment[2].text), "stage", "the stage's over those");
	t = task("S.b");
	IS_INT(t->retries, 4, "a task's own wins");
	IS_STR(source(t->settings[LOCAL_KEY_COMMAND].text), "own", "and its command");
	OK(!t->settings[LOCAL_KEY_SCRIPT].is_set, "over the default script");
	IS_STR(source(t->environment[3].text), "own", "and its environment");
	t = task("T.c");
	IS_STR(t->op->name, "ssh", "a task's own operator");
	IS_INT(t->retries, 2, "another stage's defaults do not count");
	IS_STR(source(t->settings[SSH_KEY_SSH_CONN_ID].text), "db1",
		"a default that local does not know reaches ssh");
	IS_INT((long long)t->n_environment, 3, "nor does its environment");
	unload();
}

static void test_edges(void)
{
	good("default_args: {operator: local, command: x}\n"
	     "stages:\n"
	     "  A:\n"
	     "    tasks: {a: {}, b: {depends_on: [a]}, undo: {teardown: true, depends_on: [b]}}\n"
	     "  Empty: {}\n"
	     "  B:\n"
	     "    trigger_rule: all_done\n"
	     "    tasks:\n"
	     "      c: {}\n"
	     "      d: {depends_on: [c]}\n"
	     "      e: {trigger_rule: always}\n"
	     "  C:\n"
	     "    depends_on: []\n"
	     "    tasks:\n"
	     "      f: {command: \"echo $<B.d.output.logs> $<g.output.logs>\"}\n"
	     "      g: {depends_on: [A]}\n"
	     "      h: {}\n");
	IS_STR(upstream("A.a"), "", "the first stage waits for nothing");
	IS_STR(upstream("B.c"), "A.a A.b",
		"a stage waits for all of the one before, teardowns and empty stages left out");
	IS_STR(upstream("B.d"), "B.c", "but not where a task waits for another of its stage");
	IS_STR(upstream("C.h"), "", "depends_on: [] starts at once");
	IS_STR(upstream("C.f"), "B.d C.g", "an expression is a dependency");
	IS_STR(upstream("C.g"), "A.a A.b", "a task may wait for a whole stage");
	OK(task("B.c")->trigger_rule == TRIGGER_ALL_DONE,
		"a stage's rule is that of its first tasks");
	OK(task("B.d")->trigger_rule == TRIGGER_ALL_SUCCESS, "not of those behind them");
	OK(task("B.e")->trigger_rule == TRIGGER_ALWAYS, "nor of those with a rule of their own");
	unload();
	good("default_args: {operator: local, command: x, trigger_rule: one_failed}\n"
	     "stages:\n"
	     "  A:\n"
	     "    default_args: {trigger_rule: always}\n"
	     "    trigger_rule: all_done\n"
	     "    tasks: {a: {}, undo: {teardown: true}}\n");
	OK(task("A.a")->trigger_rule == TRIGGER_ALWAYS &&
			task("A.undo")->trigger_rule == TRIGGER_ALL_SUCCESS,
		"a teardown inherits none");
	unload();
}

/* Two stages of many tasks, one behind the other: few edges that stand for all. */
static void test_join(void)
{
	struct arena *a = arena_create(0);
	struct edges up, down;
	struct buf text;

	buf_init(&text, 0);
	buf_adds(&text, "default_args: {operator: local, command: x}\nstages:\n");
	for (char stage = 'A'; stage <= 'B'; stage++) {
		buf_addf(&text, "  %c:\n    tasks:\n", stage);
		for (int i = 0; i < WIDE; i++)
			buf_addf(&text, "      t%d: {}\n", i);
	}
	IS_INT(load(text.data, text.len), 0, "two wide stages load");
	IS_INT(dags[0]->n_joins, 1, "with a join between them");
	IS_INT(dags[0]->joins[0], 0, "which stands for the first");
	IS_INT(dags[0]->upstream.offset[2 * WIDE + 1], 2 * WIDE, "and an edge for each task");
	OK(dags[0]->order[0] == 0 && dags[0]->order[2 * WIDE - 1] == 2 * WIDE - 1,
		"the order holds tasks alone");
	IS_INT(dag_edges_expand(dags[0], a, &up, &down), 0, "taken apart");
	IS_INT(up.offset[2 * WIDE], WIDE * WIDE, "each waits for each");
	IS_INT(down.offset[1], WIDE, "from either end");
	unload();
	arena_destroy(a);
	buf_free(&text);
}

/* Of what no run could be made is told: two stages of n tasks, each of n_setups first setups. */
static void too_much(int n, int n_setups, bool has_teardown)
{
	struct buf text;

	buf_init(&text, 0);
	buf_adds(&text, "default_args: {operator: local, command: x}\nstages:\n");
	if (n_setups > 0)
		buf_adds(&text, "  S:\n    tasks:\n");
	for (int i = 0; i < n_setups; i++)
		buf_addf(&text, "      s%d: {setup: true}\n", i);
	if (has_teardown)
		buf_adds(&text, "      down: {teardown: true, depends_on: [s0, s1, s2]}\n");
	for (char stage = 'A'; stage <= 'B'; stage++) {
		buf_addf(&text, "  %c:\n    tasks:\n", stage);
		for (int i = 0; i < n; i++)
			buf_addf(&text, "      t%d: {}\n", i);
		if (n_setups > 0)
			break;
	}
	(void)load(text.data, text.len);
	buf_free(&text);
}

static void test_too_much(void)
{
	too_much(7100, 0, false);
	IS_STR(buf_str(&said),
		"f.yaml:3:3: warning: stage A: no run of this DAG can be made: 7100 tasks wait for "
		"each of 7100 here, and in all a run would have 50410000 dependencies; want "
		"50000000 at most: let those wait for one task that waits for this stage\n",
		"too many dependencies are told of where they come from");
	unload();
	too_much(100001, 100, false);
	IS_STR(buf_str(&said),
		"f.yaml:104:7: task S.s99: setup: with this one more than 10000000 tasks are in "
		"the scopes of setups, one counting once for each; let a teardown end a scope, or "
		"fewer setups stand before so many tasks\n",
		"so are too many tasks behind setups");
	too_much(100001, 100, true);
	IS_STR(buf_str(&said), "", "unless a teardown ends a scope");
	unload();
}

static void test_many(void)
{
	struct buf text;

	buf_init(&text, 0);
	buf_adds(&text, "default_args: {operator: local}\nstages:\n");
	for (int i = 0; i < MANY; i++) {
		if (i % STAGE == 0)
			buf_addf(&text, "  S%d:\n    tasks:\n", i / STAGE);
		buf_addf(&text, "      t%d:\n        command: run %d", i % STAGE, i);
		if (i >= STAGE)
			buf_addf(&text, " $<S%d.t%d.output.response>", i / STAGE - 1, i % STAGE);
		buf_adds(&text, "\n        retries: 1\n");
	}
	IS_INT(load(text.data, text.len), 0, "a hundred thousand tasks load");
	IS_INT(dags[0]->n_tasks, MANY, "all of them");
	IS_INT(dags[0]->n_joins, MANY / STAGE - 1, "stage behind stage");
	IS_INT(dags[0]->order[MANY - 1], MANY - 1, "in order");
	unload();
	buf_free(&text);
}

static void test_values(void)
{
	const struct dag *d = good(
		"start_date: 2026-01-01\nend_date: 2026-01-31\nschedule: [0 1 * * *, 0 2 * * *]\n"
		"params: {n: 0x1f, list: [a, {b: no}], text: {type: string, default: x, pattern: "
		"x}, rate: 1.0, whole: {type: integer, default: 1.0}}\n"
		"on_failure: [{url: 'http://u', method: GET}, {operator: local, command: c}]\n"
		"tasks:\n"
		"  a:\n    operator: local\n    command: x\n    retry_delay: 1h30m\n"
		"    skip_on_exit_code: [99, 3]\n    response_limit: 2 MiB\n    setup: yes\n"
		"    for_each: [1, $<run.id>]\n");
	const struct task *t = task("a");
	struct err e = {0};
	struct value v;

	IS_STR(d->schedule_text, "0 1 * * *, 0 2 * * *", "a schedule of two lines");
	IS_INT(d->end_date - d->start_date, INT64_C(31) * 86400000 - 1,
		"a bare end_date means all of its day");
	IS_STR(d->params[0].dflt.u.text, "31", "numbers come in JSON's spelling");
	OK(d->params[0].is_integer && d->params[1].type == VALUE_LIST, "a bare value has its type");
	OK(d->params[3].type == VALUE_NUMBER && !d->params[3].is_integer && d->params[4].is_integer,
		"1.0 is a number, where nobody says that it is an integer");
	v = value_string("y", 1);
	IS_INT(param_check(&d->params[2], &v, &e), ERR_INVALID, "a given value is checked too");
	IS_STR(e.text, "text: \"y\" does not match the pattern x", "with the parameter's name");
	OK(d->on_failure->kind == CALLBACK_URL && d->on_failure->next->kind == CALLBACK_TASK &&
			d->on_failure->next->next == NULL,
		"callbacks come in order");
	IS_STR(d->on_failure->url.method, "GET", "with what they say");
	IS_INT(t->retry_delay_ms, 5400000, "durations are in milliseconds");
	OK(t->n_skip_exit_codes == 2 && t->skip_exit_codes[0] == 3, "exit statuses are sorted");
	IS_INT(t->settings[LOCAL_KEY_RESPONSE_LIMIT].number, 2 << 20, "sizes are in bytes");
	OK(t->is_setup && t->is_for_each && t->n_items == 2, "and the rest");
	OK(t->items[0].text == NULL && t->items[1].text != NULL, "an item may be an expression");
	unload();
}

/* What looks like a number, and is one, or a text. */
static void test_numbers(void)
{
	static const char *const numbers[] = {"1000", "1", "1000.50", "1.5", "-1.50"};
	const struct dag *d =
		good("params: {a: 1_000, b: 1_, c: 1_000.5_0, d: 1_.5, e: -01.50,\n"
		     "  f: _1, g: -_1, h: ._5, i: 1._5, j: 1e_3, k: 1_e1_0, l: +-1, m: 08,\n"
		     "  n: .e3}\n"
		     "tasks: {a: {operator: local, command: x}}\n");

	for (size_t i = 0; i < 14; i++) {
		const struct value *v = &d->params[i].dflt;

		OK(v->type == (i < 5 ? VALUE_NUMBER : VALUE_STRING), "%s is what it looks like",
			d->params[i].name);
		if (i < 5)
			IS_STR(v->u.text, numbers[i], "a number as JSON spells it");
	}
	unload();
}

/* Wherever a variable is named, the DAG knows of it, once. */
static void test_variables(void)
{
	static const char *const names[] = {"var.on", "var.each", "var.when", "var.list", "var.env",
		"var.cmd", "var.cmd | upper", "var.shared", "var.all"};
	const struct dag *d = good(
		"environment: {E: $<var.all>}\n"
		"default_args: {operator: local, environment: {D: $<var.shared>}}\n"
		"on_failure: [{url: 'https://h/$<var.on>'}]\n"
		"tasks:\n"
		"  a: {command: echo $<var.cmd> $<var.cmd | upper> $<var.all>, environment: {V: "
		"$<var.env>},\n"
		"      arguments: [x, $<var.list>], when: $<var.when> == \"x\", for_each: [1, "
		"$<var.each>]}\n"
		"  b: {command: echo $<var.cmd> var.no, doc: $$<var.neither>}\n");
	size_t n = 0;

	for (const struct dag_variable *v = d->variables; v != NULL; v = v->next)
		n++;
	IS_INT((long long)n, sizeof(names) / sizeof(names[0]),
		"variables are noted, each spelling once");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const struct dag_variable *v = d->variables;

		while (v != NULL &&
			(v->expr->text_len != strlen(names[i]) ||
				memcmp(v->expr->text, names[i], v->expr->text_len) != 0))
			v = v->next;
		OK(v != NULL, "%s is", names[i]);
	}
	unload();
}

/* Lines that libyaml compares each with each, whatever ends them. */
static void test_tag_lines(struct buf *many, const char *eol, const char *line)
{
	char told[80];

	(void)snprintf(told, sizeof(told),
		"f.yaml:%s:1: a file may have 1000 %%TAG lines at most\n", line);
	buf_reset(many);
	buf_addf(many, "#%s", eol);
	for (int i = 0; i < 20000; i++)
		buf_addf(many, "%%TAG !t%d! tag:t%d%s", i, i, eol);
	buf_addf(many, "---%stasks: {a: {operator: local, command: x}}\n", eol);
	IS_INT(load(many->data, many->len), ERR_INVALID, "so are very many %%TAG lines");
	IS_STR(buf_str(&said), told, "and why");
}

static void test_limits(void)
{
	char *text = calloc(1, LOAD_FILE_MAX + 1);
	struct buf many;

	IS_INT(load(text, LOAD_FILE_MAX + 1), ERR_INVALID, "too large a file is refused");
	IS_STR(buf_str(&said), "f.yaml: the file is larger than 64 MiB\n", "and why");
	free(text);
	buf_init(&many, 0);
	for (int i = 0; i <= LOAD_DOCUMENTS_MAX; i++)
		buf_addf(&many, "---\ndag_id: d%d\ntasks: {a: {operator: local, command: x}}\n", i);
	IS_INT(load(many.data, many.len), ERR_INVALID, "so are too many documents");
	IS_STR(buf_str(&said), "f.yaml:3001:1: a file may hold 1000 documents at most\n",
		"and why");
	buf_reset(&many);
	buf_adds(&many, "params: {p: {type: string, default: x, pattern: ");
	for (int i = 0; i <= PATTERN_TEXT_MAX; i++)
		buf_addc(&many, 'x');
	buf_adds(&many, "}}\ntasks: {a: {operator: local, command: x}}\n");
	IS_INT(load(many.data, many.len), ERR_INVALID, "so is too long a pattern");
	OK(strstr(buf_str(&said), "pattern: it has more than 65536 bytes") != NULL, "and why");
	test_tag_lines(&many, "\n", "1002");
	test_tag_lines(&many, "\r\n", "1002");
	test_tag_lines(&many, "\r", "1002");
	test_tag_lines(&many, "\xc2\x85", "1");
	test_tag_lines(&many, "\xe2\x80\xa8", "1");
	buf_free(&many);
	IS_INT(load("", 0), ERR_INVALID, "an empty file too");
}

int main(void)
{
	buf_init(&said, 0);
	test_defaults();
	test_inheritance();
	test_edges();
	test_join();
	test_too_much();
	test_many();
	test_values();
	test_numbers();
	test_variables();
	test_limits();
	buf_free(&said);
	return tap_done();
}
