/*
 * The conductor over a real journal and store, with an operator of the test's own: what is stored
 * before it is done, and that another conductor takes it up where the first one stopped.
 */
#include "scheduler/conductor.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/instant.h"
#include "operators/registry.h"
#include "operators/specs.h"
#include "scheduler/broken_runs.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "scheduler/env_source.h"
#include "scheduler/outputs.h"
#include "store/journal.h"
#include "store/store_run.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/op_kit.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define TRIES_MAX 64
#define OPERATORS_MAX 16

/* ---- an operator: the test says what happens ---- */

struct fake_try {
	struct op_try base;
	char id[OP_EXECUTION_ID_MAX + 1], task[64];
	uint32_t number;
	bool is_attached, is_open, is_killed;
	const struct op_events *events;
	void *ctx;
};

static struct fake_try fakes[TRIES_MAX];
static size_t n_fakes;

static struct op_try *fake_add(
	const struct op_job *job, const struct op_events *events, void *ctx, bool is_attached)
{
	struct fake_try *f = &fakes[n_fakes++];

	if (n_fakes == TRIES_MAX)
		abort();
	*f = (struct fake_try){.number = job->try_number,
		.is_attached = is_attached,
		.is_open = true,
		.events = events,
		.ctx = ctx};
	(void)snprintf(f->id, sizeof(f->id), "%s", job->execution_id);
	(void)snprintf(f->task, sizeof(f->task), "%s", job->task_id);
	return &f->base;
}

static int fake_start(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	(void)e;
	*out = fake_add(job, events, ctx, false);
	(*out)->op = i->op;
	return 0;
}

static int fake_attach(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	(void)e;
	*out = fake_add(job, events, ctx, true);
	(*out)->op = i->op;
	return 0;
}

static void fake_kill(struct op_try *t, enum op_kill why, int64_t grace_ms)
{
	(void)why;
	(void)grace_ms;
	((struct fake_try *)t)->is_killed = true;
}

static void fake_abandon(struct op_try *t)
{
	((struct fake_try *)t)->is_open = false;
}

static const struct operator fake = {
	.start = fake_start, .attach = fake_attach, .kill = fake_kill, .abandon = fake_abandon};
static struct op_instance fake_instance = {.op = &fake};

/* The newest try of a task; NULL: it has none. */
static struct fake_try *fake_of(const char *task)
{
	for (size_t i = n_fakes; i-- > 0;)
		if (strcmp(fakes[i].task, task) == 0)
			return &fakes[i];
	return NULL;
}

static void fake_finish(struct fake_try *f, int exit_code, const char *response)
{
	struct op_result r = op_kit_result(OP_EXITED, exit_code, response);

	f->is_open = false;
	f->events->on_finished(f->ctx, &r);
}

/* ---- a world: a loop, a store, a journal, a conductor ---- */

struct world {
	struct store_kit *kit;
	const char *yaml;
	uv_loop_t loop;
	struct store *store;
	struct journal *journal;
	struct conductor *conductor;
	struct conductor_observer observer;
	struct op_instance *instances[OPERATORS_MAX];
	struct render_source source;
	struct buf told; /* what observers heard */
	size_t n_added;
	bool is_done; /* what is waited for has come */
};

static void on_added(void *ctx, struct runner *r)
{
	struct world *w = ctx;

	(void)r;
	w->n_added++;
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct world *w = ctx;

	buf_addf(&w->told, "%s %s;", runner_run_id(r), run_state_name(c->state));
}

static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct world *w = ctx;

	if (c->state == c->old_state)
		return;
	buf_addf(&w->told, "%s", runner_edition(r)->dag->tasks[c->task].name);
	if (c->instance != RUN_NO_INSTANCE)
		buf_addf(&w->told, "[%u]", c->instance);
	buf_addf(&w->told, " %s;", task_state_name(c->state));
}

static void on_finished(void *ctx, struct runner *r, enum run_state state)
{
	struct world *w = ctx;

	(void)r;
	buf_addf(&w->told, "finished %s;", run_state_name(state));
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	(void)ctx;
	(void)r;
	OK(false, "nothing breaks: %s", e->text);
}

static void on_left_out(void *ctx, const char *dag_id, const char *run_id, const struct err *e)
{
	struct world *w = ctx;

	buf_addf(&w->told, "left out %s %s: %s;", dag_id, run_id, e->text);
}

static int edition_get(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	struct world *w = ctx;

	if (strcmp(dag_id, "t") != 0)
		return err_set(e, ERR_NOTFOUND, "there is no DAG %s", dag_id);
	return edition_create(dag_kit_load(w->yaml), version, "", out, e);
}

static void world_open(struct world *w, struct store_kit *kit, const char *yaml)
{
	struct journal_options j = {.store = &kit->options};
	struct conductor_options c = {.editions = {.ctx = w, .get = edition_get},
		.default_pool_slots = 10,
		.kill_grace_ms = 1000};
	struct err e;

	memset(w, 0, sizeof(*w));
	w->kit = kit;
	w->yaml = yaml;
	(void)uv_loop_init(&w->loop);
	w->store = kit_open(kit);
	j.loop = c.loop = &w->loop;
	IS_INT(journal_open(&j, &w->journal, &e), 0, "a journal opens");
	for (size_t i = 0; i < operators_count; i++)
		w->instances[i] = &fake_instance;
	w->source = env_source(kit->env);
	c.store = w->store;
	c.journal = w->journal;
	c.instances = w->instances;
	c.source = &w->source;
	(void)store_run_number_last(w->store, &c.first_run_number, &e);
	c.first_run_number++;
	IS_INT(conductor_create(&c, &w->conductor, &e), 0, "a conductor opens");
	buf_init(&w->told, 0);
	w->observer = (struct conductor_observer){.ctx = w,
		.on_added = on_added,
		.on_run = on_run,
		.on_task = on_task,
		.on_finished = on_finished,
		.on_broken = on_broken,
		.on_left_out = on_left_out};
	conductor_observe(w->conductor, &w->observer);
}

static void on_done(void *ctx)
{
	((struct world *)ctx)->is_done = true;
}

static void run_until_done(struct world *w)
{
	while (!w->is_done)
		(void)uv_run(&w->loop, UV_RUN_ONCE);
	w->is_done = false;
}

/* Runs the loop until all that was asked for is stored. */
static void settle(struct world *w)
{
	(void)conductor_when_stored(w->conductor, on_done, w);
	run_until_done(w);
	(void)conductor_when_stored(w->conductor, on_done, w);
	run_until_done(w);
}

/* As a daemon's death: what is not stored is lost. */
static void world_close(struct world *w)
{
	conductor_close(w->conductor, on_done, w);
	run_until_done(w);
	journal_close(w->journal, on_done, w);
	run_until_done(w);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	IS_INT(uv_loop_close(&w->loop), 0, "nothing is left open on the loop");
	store_close(w->store);
	buf_free(&w->told);
}

static void told(struct world *w, const char *want, const char *what)
{
	IS_STR(buf_str(&w->told), want, "%s", what);
	buf_reset(&w->told);
}

static void sql(struct world *w, const char *query, const char *want, const char *what)
{
	char *got = kit_sql(w->kit, query);

	IS_STR(got, want, "%s", what);
	free(got);
}

static struct runner *add_run(struct world *w, const char *run_id)
{
	struct run_facts facts = {.run_id = run_id,
		.logical_date = 1000,
		.interval_start = 1000,
		.interval_end = 2000,
		.conf = {.type = VALUE_MAP},
		.params = {.type = VALUE_MAP}};
	struct run_spec spec = {.facts = &facts, .run_type = "manual", .actor = "cli:anna"};
	struct runner *r = NULL;
	struct err e;

	(void)edition_get(w, "t", 1, &spec.edition, &e);
	IS_INT(conductor_run_add(w->conductor, &spec, &r, &e), 0, "a run is added");
	edition_unref(spec.edition);
	return r;
}

static struct runner *restored(struct world *w, const char *run_id)
{
	struct err e;

	IS_INT(conductor_restore(w->conductor, &e), 0, "runs are restored");
	return conductor_run_find(w->conductor, "t", run_id);
}

/* ---- tests ---- */

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
	r = add_run(&w, "r1");
	runner_start(r);
	IS_INT((long long)n_fakes, 0, "nothing starts before it is stored");
	settle(&w);
	told(&w, "r1 running;a scheduled;a queued;", "what is told has been stored");
	sql(&w, "SELECT state || ' ' || actor FROM runs WHERE run_id = 'r1'", "running cli:anna",
		"the run is stored");
	IS_INT((long long)n_fakes, 1, "its first task was started");
	sql(&w, "SELECT execution_id FROM tries", fakes[0].id, "under the id that is stored");
	fakes[0].events->on_started(fakes[0].ctx);
	fake_finish(&fakes[0], 0, "{\"n\": 5}");
	settle(&w);
	told(&w, "a running;a success;b scheduled;b queued;", "the next task is queued");
	sql(&w, "SELECT state FROM tries WHERE task = 0", "success", "the try is stored as ended");
	fake_finish(fake_of("main.b"), 0, NULL);
	settle(&w);
	told(&w, "b success;r1 success;finished success;", "and the run ends");
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
	runner_start(add_run(&w, "r1"));
	settle(&w);
	(void)snprintf(id, sizeof(id), "%s", fakes[0].id);
	world_close(&w);

	world_open(&w, &kit, chain);
	r = restored(&w, "r1");
	OK(r != NULL && runner_state(r) == RUN_RUNNING, "the run is there again");
	settle(&w);
	IS_INT((long long)n_fakes, 2, "a task that may have been started is asked for again");
	IS_STR(fakes[1].id, id, "by the same id");
	OK(!fakes[1].is_attached, "and started where it was not");
	fakes[1].events->on_started(fakes[1].ctx);
	settle(&w);
	world_close(&w);

	world_open(&w, &kit, chain);
	(void)restored(&w, "r1");
	settle(&w);
	OK(n_fakes == 3 && fakes[2].is_attached && strcmp(fakes[2].id, id) == 0,
		"one that was seen running is attached to");
	fake_finish(&fakes[2], 0, "{\"n\": 7}");
	settle(&w);
	world_close(&w);

	world_open(&w, &kit, chain);
	r = restored(&w, "r1");
	settle(&w);
	IS_INT((long long)n_fakes, 5, "a task that has ended is not started again");
	IS_STR(fakes[4].task, "main.b", "the one below it is");
	fake_finish(&fakes[4], 0, NULL);
	settle(&w);
	told(&w, "b success;r1 success;finished success;", "it ends as if nothing had happened");
	sql(&w, "SELECT COUNT(*) FROM tries", "2", "each task was tried once");
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
	runner_start(add_run(&w, "r1"));
	settle(&w);
	fake_finish(&fakes[0], 0, "[\"x\", \"y\"]");
	settle(&w);
	IS_INT((long long)n_fakes, 3, "two instances were started");
	fake_finish(&fakes[1], 0, NULL);
	settle(&w);
	world_close(&w);

	world_open(&w, &kit, yaml);
	r = restored(&w, "r1");
	settle(&w);
	IS_INT((long long)n_fakes, 4, "the instance that was left is taken up, and no other");
	OK(r != NULL, "the run is there");
	fake_finish(&fakes[3], 1, NULL);
	settle(&w);
	told(&w, "each[1] failed;each failed;end upstream_failed;r1 failed;finished failed;",
		"its items are what they were");
	sql(&w, "SELECT message FROM tries WHERE state = 'failed'",
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
	runner_start(add_run(&w, "r1"));
	settle(&w);
	fake_finish(&fakes[0], 0, "{\"n\": 1}");
	conductor_drain(w.conductor, on_done, &w);
	run_until_done(&w);
	IS_INT((long long)n_fakes, 1, "nothing starts while it drains");
	sql(&w, "SELECT state FROM task_instances WHERE task = 0", "success",
		"what was known is stored");
	world_close(&w);
	world_open(&w, &kit, chain);
	(void)restored(&w, "r1");
	settle(&w);
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
	runner_start(add_run(&w, "r1"));
	settle(&w);
	fake_finish(&fakes[0], 0, "{\"n\": 5}");
	settle(&w);
	fake_finish(&fakes[1], 0, NULL);
	settle(&w);
	OK(conductor_run_find(w.conductor, "t", "r1") == NULL, "a finished run is not in memory");
	IS_INT(conductor_run_load(w.conductor, "t", "r1", &r, &e), 0, "it can be loaded");
	IS_INT((long long)w.n_added, 1, "nobody takes it for one that is to be started");
	buf_reset(&w.told);
	IS_INT(runner_clear(r, &c), 0, "and cleared");
	settle(&w);
	told(&w, "b none;r1 running;b scheduled;b queued;", "it runs again");
	IS_INT(fakes[2].number, 2, "as a second try");
	fake_finish(&fakes[2], 0, NULL);
	settle(&w);
	OK(conductor_run_find(w.conductor, "t", "r1") == r, "as long as it is kept it stays");
	runner_let_go(r);
	settle(&w);
	OK(conductor_run_find(w.conductor, "t", "r1") == NULL, "then it goes");
	IS_INT(conductor_run_load(w.conductor, "t", "r2", &r, &e), ERR_NOTFOUND,
		"a run that never was cannot be loaded");
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
	runner_start(add_run(&w, "r1"));
	settle(&w);
	IS_INT((long long)n_fakes, 1, "one task at a time");
	world_close(&w);
	world_open(&w, &kit, yaml);
	r = restored(&w, "r1");
	settle(&w);
	IS_INT((long long)n_fakes, 2, "what may run holds its slots after a restart too");
	runner_cancel(r, false);
	settle(&w);
	OK(fakes[1].is_killed, "and can be killed");
	world_close(&w);
	world_open(&w, &kit, yaml);
	(void)restored(&w, "r1");
	settle(&w);
	OK(n_fakes == 3 && fakes[2].is_killed, "a kill is not forgotten");
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
	r = add_run(&w, "r1");
	runner_start(r);
	settle(&w);
	fakes[0].events->on_started(fakes[0].ctx);
	settle(&w);
	buf_reset(&w.told);
	runner_fail(r, ERR_NOMEM, "out of memory");
	while (n_fakes < 2)
		(void)uv_run(&w.loop, UV_RUN_ONCE);
	told(&w,
		"t: run r1 broke, and is taken up again from what is stored: out of memory;"
		"t: run r1 was taken up again;",
		"a run that broke is taken up again");
	OK(!fakes[0].is_open && fakes[1].is_attached && strcmp(fakes[0].id, fakes[1].id) == 0,
		"what ran of it is attached to");
	fake_finish(&fakes[1], 0, "{\"n\": 5}");
	settle(&w);
	fake_finish(&fakes[2], 0, NULL);
	settle(&w);
	sql(&w, "SELECT state FROM runs", "success", "and it ends well");
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
	runner_start(add_run(&w, "r1"));
	runner_start(add_run(&w, "r2"));
	settle(&w);
	world_close(&w);
	free(kit_sql(&kit, "UPDATE runs SET dag_id = 'gone' WHERE run_id = 'r1'"));
	world_open(&w, &kit, chain);
	OK(restored(&w, "r2") != NULL, "the others are restored");
	told(&w, "left out gone r1: there is no DAG gone;", "one that cannot be is told");
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
	test_slots_are_held();
	test_broken();
	test_left_out();
	return tap_done();
}
