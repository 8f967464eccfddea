/* A planner over a bag of the test's own and a conductor that starts no task. */
#include "tests/unit/planner_kit.h"

#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/edition.h"
#include "scheduler/render.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/tap.h"

/* ---- the bag ---- */

struct bag bag;

void bag_observe(struct bag *b, struct bag_observer *o)
{
	b->observer = o;
}

void bag_unobserve(struct bag *b, struct bag_observer *o)
{
	if (b->observer == o)
		b->observer = NULL;
}

struct bag_dag *bag_find(struct bag *b, const char *dag_id)
{
	for (size_t i = 0; i < b->n; i++)
		if (strcmp(b->dags[i].dag_id, dag_id) == 0)
			return &b->dags[i];
	return NULL;
}

struct bag_dag *bag_next(const struct bag *b, size_t *at)
{
	return *at < b->n ? (struct bag_dag *)&b->dags[(*at)++] : NULL;
}

int bag_edition(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	struct bag *b = ctx;
	const struct bag_dag *d = bag_find(b, dag_id);

	(void)version;
	if (b->is_empty_handed)
		return err_set(e, ERR_IO, "the disk is gone");
	*out = edition_ref(b->editions[d - b->dags]);
	return 0;
}

int bag_interval_made(struct bag *b, struct bag_dag *d, int64_t start, int64_t end)
{
	(void)b;
	d->last_interval_start = start;
	d->last_interval_end = end;
	return 0;
}

/* ---- the world ---- */

struct world world;

static int64_t now(void)
{
	world.n_asked++;
	return world.now;
}

int64_t world_at(const char *text)
{
	int64_t t = 0;

	if (instant_parse(text, strlen(text), NULL, &t, NULL, NULL) != 0)
		abort();
	return t;
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	(void)ctx;
	(void)level;
	tap_note("%s", text);
	world.n_notes++;
}

void world_turn(void)
{
	for (int i = 0; i < 4; i++)
		(void)uv_run(&world.loop, UV_RUN_NOWAIT);
}

void world_planner_up(void)
{
	const struct planner_options o = {.loop = &world.loop,
		.bag = &bag,
		.conductor = world.conductor,
		.now = now,
		.on_note = on_note};
	struct err e;

	if (planner_create(&o, &world.planner, &e) != 0)
		abort();
	world_turn();
}

void world_conductor_up(void)
{
	const struct conductor_options o = {
		.loop = &world.loop, .default_pool_slots = 128, .is_offline = true};
	struct err e;

	if (conductor_create(&o, &world.conductor, &e) != 0)
		abort();
}

void world_begin(const char *when)
{
	memset(&world, 0, sizeof(world));
	memset(&bag, 0, sizeof(bag));
	(void)uv_loop_init(&world.loop);
	world.now = world_at(when);
	world_conductor_up();
}

void world_down(void)
{
	if (world.planner != NULL)
		planner_close(world.planner, NULL, NULL);
	conductor_close(world.conductor, NULL, NULL);
	world_turn();
}

void world_end(const char *what)
{
	world_down();
	for (size_t i = 0; i < bag.n; i++)
		edition_unref(bag.editions[i]);
	IS_INT(uv_loop_close(&world.loop), 0, "%s: the loop closes clean", what);
}

struct bag_dag *world_put_text(const char *text)
{
	struct bag_dag *d = &bag.dags[bag.n];
	struct dag *dag = dag_kit_load(text);
	struct err e;

	if (edition_create(dag, 1, NULL, &bag.editions[bag.n], &e) != 0)
		abort();
	bag.n++;
	*d = (struct bag_dag){.dag_id = dag->dag_id,
		.file = "t.yaml",
		.version = 1,
		.first_seen = world.now,
		.last_interval_start = INSTANT_NONE,
		.last_interval_end = INSTANT_NONE,
		.timetable = dag->timetable,
		.max_active_runs = dag->max_active_runs};
	return d;
}

struct bag_dag *world_put(const char *id, const char *keys)
{
	struct bag_dag *d;
	struct buf text;

	buf_init(&text, 0);
	buf_addf(&text, "dag_id: %s\n%stasks: {a: {operator: local, command: x, when: 1 == 1}}\n",
		id, keys);
	d = world_put_text(buf_str(&text));
	buf_free(&text);
	return d;
}

void world_changed(struct bag_dag *d)
{
	bag.observer->on_dag(bag.observer->ctx, d);
	world_turn();
}

void world_tick(const char *when)
{
	world.now = world_at(when);
	planner_tick(world.planner);
	world_turn();
}

void world_are_runs(const char *want, const char *what)
{
	struct buf got;

	buf_init(&got, 0);
	for (struct runner *r = conductor_run_first(world.conductor); r != NULL;
		r = conductor_run_next(r)) {
		const char *id = runner_run_id(r);

		buf_addf(&got, "%s%s %s", got.len > 0 ? ", " : "",
			strncmp(id, "scheduled__", 11) == 0 ? id + 11 : id,
			run_state_name(runner_state(r)));
	}
	IS_STR(buf_str(&got), want, "%s", what);
	buf_free(&got);
}

void world_end_first(enum run_mark mark)
{
	runner_mark(conductor_run_first(world.conductor), RUN_NO_TASK, RUN_NO_INSTANCE, mark);
	world_turn();
}

void world_add(struct bag_dag *d, const char *run_id, const char *run_type, int64_t logical_date)
{
	const struct run_facts facts = {.run_id = run_id,
		.logical_date = logical_date,
		.conf = {.type = VALUE_MAP},
		.params = {.type = VALUE_MAP}};
	const struct run_spec spec = {.edition = bag.editions[d - bag.dags],
		.facts = &facts,
		.run_type = run_type,
		.actor = "test"};
	struct err e;

	if (conductor_run_add(world.conductor, &spec, NULL, &e) != 0)
		abort();
	world_turn();
}

void world_trigger(struct bag_dag *d, const char *run_id)
{
	world_add(d, run_id, "manual", world.now);
}
