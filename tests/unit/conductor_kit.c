/* A conductor over a real journal and store, with an operator of the test's own. */
#include "tests/unit/conductor_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "operators/registry.h"
#include "operators/specs.h"
#include "scheduler/edition.h"
#include "scheduler/env_source.h"
#include "store/store_run.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/op_kit.h"
#include "tests/unit/tap.h"

/* ---- the operator ---- */

struct fake_try fakes[WORLD_TRIES_MAX];
size_t n_fakes;

static struct op_try *fake_add(
	const struct op_job *job, const struct op_events *events, void *ctx, bool is_attached)
{
	struct fake_try *f = &fakes[n_fakes++];

	if (n_fakes == WORLD_TRIES_MAX)
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
	(void)grace_ms;
	((struct fake_try *)t)->is_killed = true;
	((struct fake_try *)t)->kill_why = why;
}

static void fake_abandon(struct op_try *t)
{
	((struct fake_try *)t)->is_open = false;
}

static const struct operator fake = {
	.start = fake_start, .attach = fake_attach, .kill = fake_kill, .abandon = fake_abandon};
static struct op_instance fake_instance = {.op = &fake};

struct fake_try *fake_of(const char *task)
{
	for (size_t i = n_fakes; i-- > 0;)
		if (strcmp(fakes[i].task, task) == 0)
			return &fakes[i];
	return NULL;
}

void fake_finish(struct fake_try *f, int exit_code, const char *response)
{
	struct op_result r = op_kit_result(OP_EXITED, exit_code, response);

	f->is_open = false;
	f->events->on_finished(f->ctx, &r);
}

/* ---- the world ---- */

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

void world_open(struct world *w, struct store_kit *kit, const char *yaml)
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

void world_on_done(void *ctx)
{
	((struct world *)ctx)->is_done = true;
}

void world_wait(struct world *w)
{
	while (!w->is_done)
		(void)uv_run(&w->loop, UV_RUN_ONCE);
	w->is_done = false;
}

void world_settle(struct world *w)
{
	(void)conductor_when_stored(w->conductor, world_on_done, w);
	world_wait(w);
	(void)conductor_when_stored(w->conductor, world_on_done, w);
	world_wait(w);
}

void world_close(struct world *w)
{
	conductor_close(w->conductor, world_on_done, w);
	world_wait(w);
	journal_close(w->journal, world_on_done, w);
	world_wait(w);
	(void)uv_run(&w->loop, UV_RUN_DEFAULT);
	IS_INT(uv_loop_close(&w->loop), 0, "nothing is left open on the loop");
	store_close(w->store);
	buf_free(&w->told);
}

void world_told(struct world *w, const char *want, const char *what)
{
	IS_STR(buf_str(&w->told), want, "%s", what);
	buf_reset(&w->told);
}

void world_sql(struct world *w, const char *query, const char *want, const char *what)
{
	char *got = kit_sql(w->kit, query);

	IS_STR(got, want, "%s", what);
	free(got);
}

struct runner *world_run_add(struct world *w, const char *run_id)
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

struct runner *world_restored(struct world *w, const char *run_id)
{
	struct err e;

	IS_INT(conductor_restore(w->conductor, &e), 0, "runs are restored");
	return conductor_run_find(w->conductor, "t", run_id);
}
