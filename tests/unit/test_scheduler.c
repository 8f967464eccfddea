/* The scheduler's parts without processes: plans, parameters, outputs and rendering. */
#include <signal.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "operators/specs.h"
#include "scheduler/env_source.h"
#include "scheduler/execution_id.h"
#include "scheduler/insist.h"
#include "scheduler/outputs.h"
#include "scheduler/params.h"
#include "scheduler/plan.h"
#include "scheduler/render.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/tap.h"

static void test_plan(void)
{
	struct dag *d = dag_kit_load(
		"default_args: {operator: local, command: x}\n"
		"max_active_tasks: 5\n"
		"stages:\n"
		"  A: {tasks: {a: {retries: 2, retry_delay: 3s}, b: {pool: gpu, pool_slots: 2}}}\n"
		"  B: {tasks: {c: {when: true, for_each: [1], execution_timeout: 4s}}}\n");
	struct plan *p;
	struct err e;

	IS_INT(plan_create(d, &p, &e), 0, "a DAG has a plan");
	IS_INT(p->run.n_tasks, 3, "with its tasks");
	IS_INT(p->run.tasks[0].retries, 2, "their retries");
	IS_INT(p->run.tasks[0].retry_delay_ms, 3000, "and delays");
	IS_INT(p->run.tasks[2].execution_timeout_ms, 4000, "and timeouts");
	OK(p->run.tasks[2].has_when && p->run.tasks[2].is_for_each, "decisions to be made");
	IS_INT(p->run.max_active_tasks, 5, "the run's maximum");
	IS_INT(p->n_pools, 2, "each pool once");
	IS_STR(p->pools[p->run.tasks[1].pool], "gpu", "by its name");
	IS_INT(p->run.up.offset[3] - p->run.up.offset[2], 2, "stages become edges");
	plan_destroy(p);
	dag_destroy(d);
}

static struct value json(struct arena *a, const char *text)
{
	struct value v;
	struct err e;

	if (value_parse_json(a, text, strlen(text), &v, &e) != 0)
		tap_ok(false, __FILE__, __LINE__, "%s", e.text);
	return v;
}

static void test_params(void)
{
	struct dag *d = dag_kit_load("params:\n"
				     "  level: {type: integer, default: 3, maximum: 5}\n"
				     "  name: {type: string}\n"
				     "tasks: {a: {operator: local, command: x}}\n");
	struct arena *a = arena_create(0);
	struct value conf = json(a, "{\"name\": \"n\", \"other\": 1}"), out;
	struct err e;

	IS_INT(params_resolve(d, &conf, a, &out, &e), 0, "a conf that fits");
	IS_STR(value_member(&out, "level", 5)->u.text, "3", "a default is put in");
	IS_STR(value_member(&out, "name", 4)->u.text, "n", "what is given counts");
	OK(value_member(&out, "other", 5) == NULL, "what is not declared is no parameter");
	conf = json(a, "{}");
	IS_INT(params_resolve(d, &conf, a, &out, &e), ERR_INVALID, "one that is missing is told");
	IS_STR(e.text, "parameter name has no default, and the conf does not give it", "by name");
	conf = json(a, "{\"name\": 7}");
	IS_INT(params_resolve(d, &conf, a, &out, &e), ERR_INVALID, "a wrong type too");
	conf = json(a, "[]");
	IS_INT(params_resolve(d, &conf, a, &out, &e), ERR_INVALID, "a conf is an object");
	arena_destroy(a);
	dag_destroy(d);
}

static struct op_result result(const char *response)
{
	return (struct op_result){.verdict = OP_EXITED,
		.exit_code = 0,
		.completed = true,
		.message = "",
		.response = {.data = response, .len = response == NULL ? 0 : strlen(response)},
		.logs = {.data = "two\nlines\n\n", .len = 11},
		.response_path = "/x/response",
		.log_path = "/x/stdout",
		.error_path = "/x/stderr",
		.user_folder = "/home/u"};
}

static const char *text_of(const struct outputs *o, uint32_t task, enum output_id id)
{
	static struct buf b;
	struct arena *a = arena_create(0);
	struct value v;
	struct err e;

	buf_reset(&b);
	if (outputs_get(o, task, id, a, &v, &e) == 0)
		value_text(&v, &b);
	else
		buf_addf(&b, "! %s", e.text);
	arena_destroy(a);
	return buf_str(&b);
}

static void test_outputs(void)
{
	struct dag *d = dag_kit_load("default_args: {operator: local, command: x}\n"
				     "tasks: {a: {}, each: {for_each: [1, 2]}}\n");
	struct outputs *o = outputs_create(d);
	struct op_result r = result("{\"n\": 1e2}\n");
	struct buf stored;
	struct err e;

	IS_STR(text_of(o, 0, OUTPUT_STATUS), "! main.a has no status yet: it is none",
		"what has not ended has no outputs");
	IS_INT(outputs_keep(o, 0, RUN_NO_INSTANCE, "id1", &r, &e), 0, "a try leaves its outputs");
	outputs_state_set(o, 0, RUN_NO_INSTANCE, TASK_SUCCESS);
	IS_STR(text_of(o, 0, OUTPUT_STATUS), "success", "its status");
	IS_STR(text_of(o, 0, OUTPUT_EXIT_CODE), "0", "its exit status");
	IS_STR(text_of(o, 0, OUTPUT_RESPONSE), "{\"n\":1e2}",
		"a JSON response, numbers as spelled");
	IS_STR(text_of(o, 0, OUTPUT_LOGS), "two\nlines\n", "texts without their last newline");
	IS_STR(text_of(o, 0, OUTPUT_ERROR), "", "an empty one");
	IS_STR(text_of(o, 0, OUTPUT_USER_FOLDER), "/home/u", "its folders");
	IS_STR(text_of(o, 0, OUTPUT_SCRIPT_EXECUTION_ID), "id1", "its id");
	IS_STR(text_of(o, 0, OUTPUT_ERROR_MESSAGE), "", "no error");
	IS_STR(text_of(o, 0, OUTPUT_COMPLETED), "true", "that it completed");
	outputs_clear(o, 0, RUN_NO_INSTANCE);
	r = result("plain \xff text\n");
	IS_INT(outputs_keep(o, 0, RUN_NO_INSTANCE, "id2", &r, &e), 0, "the next try replaces them");
	IS_STR(text_of(o, 0, OUTPUT_RESPONSE), "plain \xff text",
		"a text response keeps its bytes");
	buf_init(&stored, 0);
	outputs_json(o, 0, RUN_NO_INSTANCE, &stored);
	outputs_clear(o, 0, RUN_NO_INSTANCE);
	IS_INT(outputs_restore(o, 0, RUN_NO_INSTANCE, buf_str(&stored), &e), 0,
		"it is stored and read again");
	IS_STR(text_of(o, 0, OUTPUT_RESPONSE), "plain \xff text", "and still has them");
	buf_free(&stored);
	outputs_clear(o, 0, RUN_NO_INSTANCE);
	r = result(NULL);
	(void)outputs_keep(o, 0, RUN_NO_INSTANCE, "id3", &r, &e);
	IS_STR(text_of(o, 0, OUTPUT_RESPONSE), "! main.a wrote no response", "none is told");
	r = result("a");
	r.response = (struct op_bytes){.data = "a\0b", .len = 3};
	IS_INT(outputs_keep(o, 0, RUN_NO_INSTANCE, "id4", &r, &e), ERR_INVALID,
		"a NUL byte cannot be taken");
	IS_STR(e.text, "the response holds a NUL byte", "and is told");
	(void)outputs_message_keep(o, 0, RUN_NO_INSTANCE, "no luck");
	IS_STR(text_of(o, 0, OUTPUT_ERROR_MESSAGE), "", "of a success there is no error");
	outputs_state_set(o, 0, RUN_NO_INSTANCE, TASK_FAILED);
	IS_STR(text_of(o, 0, OUTPUT_ERROR_MESSAGE), "no luck", "until it is marked as failed");
	outputs_clear(o, 0, RUN_NO_INSTANCE);
	outputs_state_set(o, 0, RUN_NO_INSTANCE, TASK_SKIPPED);
	IS_STR(text_of(o, 0, OUTPUT_STATUS), "skipped", "what was skipped says so");
	IS_STR(text_of(o, 0, OUTPUT_LOGS), "! main.a has no logs: it is skipped",
		"and has no more");

	IS_STR(text_of(o, 1, OUTPUT_RESPONSE), "! main.each has no response yet: it is none",
		"a for_each that has not been expanded has no list");
	IS_INT(outputs_expand(o, 1, 2), 0, "a for_each has instances");
	r = result("\"second\"");
	(void)outputs_keep(o, 1, 1, "id5", &r, &e);
	outputs_state_set(o, 1, 0, TASK_SKIPPED);
	outputs_state_set(o, 1, 1, TASK_SUCCESS);
	IS_STR(text_of(o, 1, OUTPUT_RESPONSE), "[null,\"second\"]",
		"whose outputs are a list in the items' order");
	IS_STR(text_of(o, 1, OUTPUT_STATUS), "[\"skipped\",\"success\"]", "their states too");
	IS_INT(outputs_expand(o, 1, 1), 0, "a shorter list");
	IS_STR(text_of(o, 1, OUTPUT_STATUS), "[\"skipped\"]", "makes a shorter one");
	IS_INT(outputs_expand(o, 1, 0), 0, "an empty list");
	IS_STR(text_of(o, 1, OUTPUT_RESPONSE), "[]", "an empty one");
	outputs_destroy(o);
	dag_destroy(d);
}

/* Renders a task of a one-stage DAG in a run with little in it. */
struct fixture {
	struct dag *dag;
	struct outputs *outputs;
	struct arena *arena;
	struct run_facts facts;
	struct render_source source;
	struct render render;
};

static char *environment[] = {"WINDROW_VAR_REGION=north", "OTHER=x", NULL};

static void fixture_make(struct fixture *f, const char *text)
{
	f->dag = dag_kit_load(text);
	f->outputs = outputs_create(f->dag);
	f->arena = arena_create(0);
	f->facts = (struct run_facts){.run_id = "run 1",
		.logical_date = INT64_C(1767323045123), /* 2026-01-02T03:04:05.123Z */
		.interval_start = INT64_C(1767323045123),
		.interval_end = INT64_C(1767326400000),
		.conf = json(f->arena, "{\"deep\": {\"x\": [1, 2]}}"),
		.params = json(f->arena, "{\"p\": \"it's\"}")};
	f->source = env_source(environment);
	f->render = (struct render){.dag = f->dag,
		.run = &f->facts,
		.outputs = f->outputs,
		.source = &f->source,
		.try_number = 2};
}

static void fixture_free(struct fixture *f)
{
	outputs_destroy(f->outputs);
	arena_destroy(f->arena);
	dag_destroy(f->dag);
}

static void test_render(void)
{
	struct fixture f;
	struct render_job job;
	struct err e;
	struct value items;
	bool truth = true;

	fixture_make(&f,
		"params: {p: it's}\n"
		"tasks:\n"
		"  a:\n"
		"    operator: local\n"
		"    command: echo $<params.p> \"$<run.ds> $<run.ds_nodash>\"\n"
		"    arguments: [$<params.p>, $<run.conf.deep>, $<task.try_number>]\n"
		"    working_directory: /srv/$<var.region>/$<dag.id>\n"
		"    environment: {T: $<run.ts>, I: $<run.id>, W: $<task.id>}\n"
		"    log_limit: 5\n");
	IS_INT(render_task(&f.render, f.arena, &job, &e), 0, "a task is rendered");
	IS_STR(job.settings[LOCAL_KEY_COMMAND].text.data, "echo 'it'\\''s' \"2026-01-02 20260102\"",
		"values are quoted for their place in a command");
	IS_STR(job.settings[LOCAL_KEY_ARGUMENTS].list[0].data, "it's", "and as they are elsewhere");
	IS_STR(job.settings[LOCAL_KEY_ARGUMENTS].list[1].data, "{\"x\":[1,2]}",
		"conf is reached into");
	IS_STR(job.settings[LOCAL_KEY_ARGUMENTS].list[2].data, "2", "the try is known");
	IS_STR(job.settings[LOCAL_KEY_WORKING_DIRECTORY].text.data, "/srv/north/t",
		"variables come from the environment");
	IS_INT(job.settings[LOCAL_KEY_LOG_LIMIT].number, 5, "numbers pass");
	OK(!job.settings[LOCAL_KEY_SCRIPT].is_set, "what is not said is not set");
	IS_INT((long long)job.n_environment, 3, "the environment is rendered");
	IS_STR(job.environment[0].value.data, "2026-01-02T03:04:05.123+00:00",
		"times are ISO 8601");
	fixture_free(&f);

	fixture_make(&f,
		"tasks:\n"
		"  a: {operator: local, command: \"echo $<var.nowhere>\"}\n"
		"  b:\n"
		"    operator: local\n"
		"    when: $<a.output.response> > 3\n"
		"    for_each: $<run.conf.deep.x>\n"
		"    command: echo $<item> $<index>\n"
		"  c: {operator: local, for_each: $<run.conf.deep>, command: x}\n");
	IS_INT(render_task(&f.render, f.arena, &job, &e), ERR_NOTFOUND,
		"a variable that is not there fails the task");
	OK(strncmp(e.text, "command: ", 9) == 0 && strstr(e.text, "no variable nowhere") != NULL,
		"and the key and the name are told: %s", e.text);
	f.render.task = 1;
	OK(render_when(&f.render, &truth, &e) != 0 && strncmp(e.text, "when: ", 6) == 0,
		"a condition that cannot be asked fails: %s", e.text);
	IS_INT(render_items(&f.render, f.arena, &items, &e), 0, "items come from an expression");
	IS_INT((long long)items.len, 2, "all of them");
	f.render.item = &items.u.items[1];
	f.render.index = 1;
	IS_INT(render_task(&f.render, f.arena, &job, &e), 0, "an instance is rendered");
	IS_STR(job.settings[LOCAL_KEY_COMMAND].text.data, "echo '2' '1'", "with its item");
	f.render.task = 2;
	IS_INT(render_items(&f.render, f.arena, &items, &e), ERR_INVALID, "items must be a list");
	IS_STR(e.text, "for_each: wants a list; this is: object", "and it is told");
	fixture_free(&f);
}

static void test_ids(void)
{
	char a[EXECUTION_ID_SIZE], b[EXECUTION_ID_SIZE];

	(void)execution_id_make(INT64_C(1767323045123), a);
	(void)execution_id_make(INT64_C(1767323045123), b);
	IS_INT((long long)strlen(a), 32, "an id has 32 digits");
	OK(strncmp(a, b, 12) == 0 && strcmp(a, b) != 0, "two of one time differ");
	(void)execution_id_make(INT64_C(1767323045124), b);
	OK(strcmp(a, b) < 0, "a later one sorts behind");
}

static void test_insist(void)
{
	struct insist i = {0};

	IS_INT(insist_count(&i, SIGTERM, 1000), 1, "an end is asked for");
	IS_INT(insist_count(&i, SIGTERM, 1000), 0, "what comes with that is its echo");
	IS_INT(insist_count(&i, SIGINT, 1000 + INSIST_ECHO_MS - 1), 0, "another signal, too");
	IS_INT(insist_count(&i, SIGHUP, 1000 + 10 * INSIST_ECHO_MS), 0, "nobody insists by HUP");
	IS_INT(insist_count(&i, SIGINT, 1000 + INSIST_ECHO_MS), 2, "who asks again, insists");
	IS_INT(insist_count(&i, SIGINT, 1001 + INSIST_ECHO_MS), 0, "that has its echo, too");
	IS_INT(insist_count(&i, SIGINT, 1000 + 2 * INSIST_ECHO_MS), 3, "and may be said again");
	i = (struct insist){0};
	IS_INT(insist_count(&i, SIGHUP, 0), 1, "a terminal that closes asks, too");
}

int main(void)
{
	test_plan();
	test_params();
	test_outputs();
	test_render();
	test_ids();
	test_insist();
	return tap_done();
}
