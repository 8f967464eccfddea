/*
 * The conductor over a real journal and store: what is stored before it is done, and that another
 * conductor takes it up where the first one stopped.
 */
#include "scheduler/conductor.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "scheduler/broken_runs.h"
#include "scheduler/conductor_impl.h"
#include "tests/unit/conductor_kit.h"
#include "tests/unit/op_kit.h"
#include "tests/unit/tap.h"

static const char chain[] = "dag_id: t\n"
			    "default_args: {operator: local, command: x}\n"
			    "tasks:\n"
			    "  a: {}\n"
			    "  b: {command: 'echo ${main.a.output.response.n}', depends_on: [a]}\n";

static void test_stored_before_done(void)
{
	struct store_kit kit;
	struct world w;
	struct runner *r;

	kit_begin(&kit);
	world_open(&w, &kit, chain);
	n_fakes = 0;
	r = world_run_add(&w, "r1");
	runner_start(r);
	IS_INT((long long)n_fakes, 0, "nothing starts before it is stored");
	world_settle(&w);
	world_told(&w, "r1 running;a scheduled;a queued;", "what is told has been stored");
	world_sql(&w, "SELECT state || ' ' || actor FROM runs WHERE run_id = 'r1'",
		"running cli:anna", "the run is stored");
	IS_INT((long long)n_fakes, 1, "its first task was started");
	world_sql(&w, "SELECT execution_id FROM tries", fakes[0].id, "under the id that is stored");
	fakes[0].events->on_started(fakes[0].ctx);
	fake_finish(&fakes[0], 0, "{\"n\": 5}");
	world_settle(&w);
	world_told(&w, "a running;a success;b scheduled;b queued;", "the next task is queued");
	world_sql(&w, "SELECT state FROM tries WHERE task = 0", "success",
		"the try is stored as ended");
	fake_finish(fake_of("main.b"), 0, NULL);
	world_settle(&w);
	world_told(&w, "b success;r1 success;finished success;", "and the run ends");
	OK(conductor_run_find(w.conductor, "t", "r1") == NULL, "it leaves memory");
	world_close(&w);
	kit_end(&kit);
}

static void test_taken_up(void)
{
	struct store_kit kit;
	struct world w;
	struct runner *r;
	char id[OP_EXECUTION_ID_MAX + 1];

	kit_begin(&kit);
	world_open(&w, &kit, chain);
	n_fakes = 0;
	runner_start(world_run_add(&w, "r1"));
	world_settle(&w);
	(void)snprintf(id, sizeof(id), "%s", fakes[0].id);
	world_close(&w);

	world_open(&w, &kit, chain);
	r = world_restored(&w, "r1");
	OK(r != NULL && runner_state(r) == RUN_RUNNING, "the run is there again");
	world_settle(&w);
	IS_INT((long long)n_fakes, 2, "a task that may have been started is asked for again");
	IS_STR(fakes[1].id, id, "by the same id");
	OK(!fakes[1].is_attached, "and started where it was not");
	fakes[1].events->on_started(fakes[1].ctx);
	world_settle(&w);
	world_close(&w);

	world_open(&w, &kit, chain);
	(void)world_restored(&w, "r1");
	world_settle(&w);
	OK(n_fakes == 3 && fakes[2].is_attached && strcmp(fakes[2].id, id) == 0,
		"one that was seen running is attached to");
	fake_finish(&fakes[2], 0, "{\"n\": 7}");
	world_settle(&w);
	world_close(&w);

	world_open(&w, &kit, chain);
	r = world_restored(&w, "r1");
	world_settle(&w);
	IS_INT((long long)n_fakes, 5, "a task that has ended is not started again");
	IS_STR(fakes[4].task, "main.b", "the one below it is");
	fake_finish(&fakes[4], 0, NULL);
	world_settle(&w);
	world_told(
		&w, "b success;r1 success;finished success;", "it ends as if nothing had happened");
	world_sql(&w, "SELECT COUNT(*) FROM tries", "2", "each task was tried once");
	world_close(&w);
	kit_end(&kit);
}

static void test_outputs_come_back(void)
{
	static const char yaml[] =
		"dag_id: t\n"
		"default_args: {operator: local, command: x}\n"
		"tasks:\n"
		"  list: {}\n"
		"  each: {for_each: '${main.list.output.response}', depends_on: [list]}\n"
		"  end: {depends_on: [each], when: '${main.list.output.response.length} == 2'}\n";
	struct store_kit kit;
	struct world w;
	struct runner *r;

	kit_begin(&kit);
	world_open(&w, &kit, yaml);
	n_fakes = 0;
	runner_start(world_run_add(&w, "r1"));
	world_settle(&w);
	fake_finish(&fakes[0], 0, "[\"x\", \"y\"]");
	world_settle(&w);
	IS_INT((long long)n_fakes, 3, "two instances were started");
	fake_finish(&fakes[1], 0, NULL);
	world_settle(&w);
	world_close(&w);

	world_open(&w, &kit, yaml);
	r = world_restored(&w, "r1");
	world_settle(&w);
	IS_INT((long long)n_fakes, 4, "the instance that was left is taken up, and no other");
	OK(r != NULL, "the run is there");
	fake_finish(&fakes[3], 1, NULL);
	world_settle(&w);
	world_told(&w, "each[1] failed;each failed;end upstream_failed;r1 failed;finished failed;",
		"its items are what they were");
	world_sql(&w, "SELECT message FROM tries WHERE state = 'failed'",
		"the script ended with exit status 1", "why it failed is stored");
	world_close(&w);
	kit_end(&kit);
}

static void test_drain(void)
{
	struct store_kit kit;
	struct world w;

	kit_begin(&kit);
	world_open(&w, &kit, chain);
	n_fakes = 0;
	runner_start(world_run_add(&w, "r1"));
	world_settle(&w);
	fake_finish(&fakes[0], 0, "{\"n\": 1}");
	conductor_drain(w.conductor, world_on_done, &w);
	world_wait(&w);
	IS_INT((long long)n_fakes, 1, "nothing starts while it drains");
	world_sql(&w, "SELECT state FROM task_instances WHERE task = 0", "success",
		"what was known is stored");
	world_close(&w);
	world_open(&w, &kit, chain);
	(void)world_restored(&w, "r1");
	world_settle(&w);
	IS_INT((long long)n_fakes, 2, "the next conductor goes on");
	world_close(&w);
	kit_end(&kit);
}

static void test_finished_run_again(void)
{
	struct store_kit kit;
	struct world w;
	struct runner *r = NULL;
	uint32_t tasks[] = {1};
	struct runner_clear c = {.tasks = tasks, .n_tasks = 1};
	struct err e;

	kit_begin(&kit);
	world_open(&w, &kit, chain);
	n_fakes = 0;
	runner_start(world_run_add(&w, "r1"));
	world_settle(&w);
	fake_finish(&fakes[0], 0, "{\"n\": 5}");
	world_settle(&w);
	fake_finish(&fakes[1], 0, NULL);
	world_settle(&w);
	OK(conductor_run_find(w.conductor, "t", "r1") == NULL, "a finished run is not in memory");
	IS_INT(conductor_run_load(w.conductor, "t", "r1", &r, &e), 0, "it can be loaded");
	IS_INT((long long)w.n_added, 1, "nobody takes it for one that is to be started");
	buf_reset(&w.told);
	IS_INT(runner_clear(r, &c), 0, "and cleared");
	world_settle(&w);
	world_told(&w, "b none;r1 queued;", "it stands in line");
	buf_reset(&w.told);
	runner_start(r);
	world_settle(&w);
	world_told(&w, "r1 running;b scheduled;b queued;", "it runs again");
	IS_INT(fakes[2].number, 2, "as a second try");
	fake_finish(&fakes[2], 0, NULL);
	world_settle(&w);
	OK(conductor_run_find(w.conductor, "t", "r1") == r, "as long as it is kept it stays");
	runner_let_go(r);
	world_settle(&w);
	OK(conductor_run_find(w.conductor, "t", "r1") == NULL, "then it goes");
	IS_INT(conductor_run_load(w.conductor, "t", "r2", &r, &e), ERR_NOTFOUND,
		"a run that never was cannot be loaded");
	world_close(&w);
	kit_end(&kit);
}

/* Whether a task has published a response, as those below it read it. */
static bool has_response(const struct runner *r, uint32_t task)
{
	struct arena *a = arena_create(0);
	struct value v;
	struct err e;
	int status = outputs_get(r->outputs, task, OUTPUT_RESPONSE, a, &v, &e);

	arena_destroy(a);
	return status == 0;
}

static bool have_response(const struct runner *r, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (!has_response(r, i))
			return false;
	return true;
}

static bool has_none(const struct runner *r, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		if (has_response(r, i))
			return false;
	return true;
}

/* What is not tried in its second life has left nothing in it, whatever it left in the first. */
static void test_second_life(void)
{
	static const char yaml[] =
		"dag_id: t\n"
		"default_args: {operator: local, command: x, depends_on: [list]}\n"
		"tasks:\n"
		"  list: {depends_on: []}\n"
		"  when: {trigger_rule: all_done, when: '${main.list.output.exitCode} == 0'}\n"
		"  below: {}\n"
		"  each: {for_each: [1]}\n"
		"  bad: {trigger_rule: all_done, for_each: '${main.list.output.response}'}\n";
	struct store_kit kit;
	struct world w;
	struct runner *r = NULL;
	uint32_t task = 0;
	struct runner_clear c = {.tasks = &task, .n_tasks = 1, .downstream = true};
	struct err e;

	kit_begin(&kit);
	world_open(&w, &kit, yaml);
	n_fakes = 0;
	r = world_run_add(&w, "r1");
	runner_keep(r);
	runner_start(r);
	world_settle(&w);
	fake_finish(&fakes[0], 0, "[1]");
	world_settle(&w);
	for (size_t i = 1; i < n_fakes; i++)
		fake_finish(&fakes[i], 0, "\"first\"");
	world_settle(&w);
	OK(n_fakes == 5 && have_response(r, 5), "all tasks have left something");
	IS_INT(runner_clear(r, &c), 0, "they are cleared");
	world_settle(&w);
	OK(has_none(r, 5), "and have left nothing yet");
	runner_start(r);
	world_settle(&w);
	fake_finish(&fakes[5], 1, "1");
	world_settle(&w);
	IS_INT((long long)n_fakes, 6, "none of those below is tried again");
	OK(runner_state(r) == RUN_FAILED && has_none(r, 5), "so they have left nothing");
	runner_let_go(r);
	world_settle(&w);
	world_close(&w);

	world_open(&w, &kit, yaml);
	IS_INT(conductor_run_load(w.conductor, "t", "r1", &r, &e), 0, "taken up from the store");
	OK(has_response(r, 0) && has_none(r, 5), "they have left nothing either");
	runner_let_go(r);
	world_settle(&w);
	world_close(&w);
	kit_end(&kit);
}

/* A condition sees the number of the try that it decides on. */
static void test_try_of_when(void)
{
	static const char yaml[] = "dag_id: t\ntasks: {a: {operator: local, command: x, "
				   "when: '${task.try_number} == 1'}}\n";
	struct store_kit kit;
	struct world w;
	struct runner *r;
	uint32_t task = 0;

	kit_begin(&kit);
	world_open(&w, &kit, yaml);
	n_fakes = 0;
	r = world_run_add(&w, "r1");
	runner_keep(r);
	runner_start(r);
	world_settle(&w);
	fake_finish(&fakes[0], 0, NULL);
	world_settle(&w);
	(void)runner_clear(r, &(struct runner_clear){.tasks = &task, .n_tasks = 1});
	world_settle(&w);
	buf_reset(&w.told);
	runner_start(r);
	world_settle(&w);
	world_told(&w, "r1 running;a scheduled;a skipped;r1 success;finished success;",
		"behind a clear that is the second");
	runner_let_go(r);
	world_settle(&w);
	world_close(&w);
	kit_end(&kit);
}

/* A response that cannot be taken fails the task, whatever its exit status says. */
static void test_response_with_nul(void)
{
	static const char yaml[] = "dag_id: t\ntasks: {a: {operator: local, command: x, "
				   "skip_on_exit_code: 7}}\n";
	struct op_result result = op_kit_result(OP_EXITED, 7, "a");
	struct store_kit kit;
	struct world w;

	result.response = (struct op_bytes){.data = "a\0b", .len = 3};
	kit_begin(&kit);
	world_open(&w, &kit, yaml);
	n_fakes = 0;
	runner_start(world_run_add(&w, "r1"));
	world_settle(&w);
	fakes[0].is_open = false;
	fakes[0].events->on_finished(fakes[0].ctx, &result);
	world_settle(&w);
	world_sql(&w, "SELECT state || ': ' || message FROM tries",
		"failed: the response holds a NUL byte", "a NUL byte fails what would be skipped");
	world_close(&w);
	kit_end(&kit);
}

static void test_slots_are_held(void)
{
	static const char yaml[] = "dag_id: t\n"
				   "default_args: {operator: local, command: x}\n"
				   "max_active_tasks: 1\n"
				   "tasks: {a: {}, b: {priority_weight: 5}}\n";
	struct store_kit kit;
	struct world w;
	struct runner *r;

	kit_begin(&kit);
	world_open(&w, &kit, yaml);
	n_fakes = 0;
	runner_start(world_run_add(&w, "r1"));
	world_settle(&w);
	IS_INT((long long)n_fakes, 1, "one task at a time");
	world_close(&w);
	world_open(&w, &kit, yaml);
	r = world_restored(&w, "r1");
	world_settle(&w);
	IS_INT((long long)n_fakes, 2, "what may run holds its slots after a restart too");
	runner_cancel(r, false);
	world_settle(&w);
	OK(fakes[1].is_killed, "and can be killed");
	world_close(&w);
	world_open(&w, &kit, yaml);
	(void)world_restored(&w, "r1");
	world_settle(&w);
	OK(n_fakes == 3 && fakes[2].is_killed, "a kill is not forgotten");
	world_close(&w);
	kit_end(&kit);
}

/* Why a task is ended is told to its operator. */
static void test_kill_reasons(void)
{
	static const char people[] = "dag_id: t\ntasks: {a: {operator: local, command: x}, "
				     "b: {operator: local, command: x}}\n";
	static const char late[] = "dag_id: t\ndagrun_timeout: 1s\n"
				   "tasks: {a: {operator: local, command: x}}\n";
	struct store_kit kit;
	struct world w;
	struct runner *r;
	const struct fake_try *f = NULL;
	uint32_t b = 1;

	kit_begin(&kit);
	world_open(&w, &kit, people);
	n_fakes = 0;
	r = world_run_add(&w, "r1");
	runner_start(r);
	world_settle(&w);
	IS_INT((long long)n_fakes, 2, "two tasks run");
	runner_mark(r, 0, RUN_NO_INSTANCE, RUN_MARK_FAILED);
	(void)runner_clear(r, &(struct runner_clear){.tasks = &b, .n_tasks = 1});
	world_settle(&w);
	IS_INT(fake_of("main.a")->kill_why, OP_KILL_MARK, "a mark ends a task");
	IS_INT(fake_of("main.b")->kill_why, OP_KILL_CLEAR, "a clear does");
	world_close(&w);
	kit_end(&kit);

	kit_begin(&kit);
	world_open(&w, &kit, late);
	n_fakes = 0;
	r = world_run_add(&w, "r1");
	runner_keep(r);
	runner_start(r);
	/* N.B. its time may be over before the task has begun. */
	while (runner_state(r) != RUN_FAILED && (f == NULL || !f->is_killed)) {
		(void)uv_run(&w.loop, UV_RUN_ONCE);
		f = fake_of("main.a");
	}
	IS_INT(f == NULL ? OP_KILL_RUN_TIMEOUT : f->kill_why, OP_KILL_RUN_TIMEOUT,
		"the run's time does");
	runner_let_go(r);
	world_close(&w);
	kit_end(&kit);
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	struct world *w = ctx;

	(void)level;
	buf_addf(&w->told, "%s;", text);
}

/* N.B. the conductor's inside is reached into: memory cannot be made short at the right moment. */
static void test_broken(void)
{
	struct store_kit kit;
	struct world w;
	struct runner *r;
	struct broken_runs *broken;
	struct broken_runs_options b = {.ctx = &w, .on_note = on_note};
	struct err e;

	kit_begin(&kit);
	world_open(&w, &kit, chain);
	conductor_unobserve(w.conductor, &w.observer);
	b.loop = &w.loop;
	b.conductor = w.conductor;
	IS_INT(broken_runs_open(&b, &broken, &e), 0, "somebody watches over runs that break");
	n_fakes = 0;
	r = world_run_add(&w, "r1");
	runner_start(r);
	world_settle(&w);
	fakes[0].events->on_started(fakes[0].ctx);
	world_settle(&w);
	buf_reset(&w.told);
	runner_fail(r, ERR_NOMEM, "out of memory");
	while (n_fakes < 2)
		(void)uv_run(&w.loop, UV_RUN_ONCE);
	world_told(&w,
		"t: run r1 broke, and is taken up again from what is stored: out of memory;"
		"t: run r1 was taken up again;",
		"a run that broke is taken up again");
	OK(!fakes[0].is_open && fakes[1].is_attached && strcmp(fakes[0].id, fakes[1].id) == 0,
		"what ran of it is attached to");
	fake_finish(&fakes[1], 0, "{\"n\": 5}");
	world_settle(&w);
	fake_finish(&fakes[2], 0, NULL);
	world_settle(&w);
	world_sql(&w, "SELECT state FROM runs", "success", "and it ends well");
	broken_runs_close(broken, NULL, NULL);
	world_close(&w);
	kit_end(&kit);
}

static void test_left_out(void)
{
	struct store_kit kit;
	struct world w;

	kit_begin(&kit);
	world_open(&w, &kit, chain);
	runner_start(world_run_add(&w, "r1"));
	runner_start(world_run_add(&w, "r2"));
	world_settle(&w);
	world_close(&w);
	free(kit_sql(&kit, "UPDATE runs SET dag_id = 'gone' WHERE run_id = 'r1'"));
	world_open(&w, &kit, chain);
	OK(world_restored(&w, "r2") != NULL, "the others are restored");
	world_told(&w, "left out gone r1: there is no DAG gone;", "one that cannot be is told");
	world_close(&w);
	kit_end(&kit);
}

int main(void)
{
	test_stored_before_done();
	test_taken_up();
	test_outputs_come_back();
	test_drain();
	test_finished_run_again();
	test_second_life();
	test_try_of_when();
	test_response_with_nul();
	test_slots_are_held();
	test_kill_reasons();
	test_broken();
	test_left_out();
	return tap_done();
}
