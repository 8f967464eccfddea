/* The planner: which runs are made when, by a clock that the test sets, on a bag of the test's own
 * and a conductor that starts no task. */
#include "scheduler/planner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/intervals.h"
#include "scheduler/render.h"
#include "scheduler/runner.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/tap.h"

#define DAGS_MAX 1000

/* ---- a bag ---- */

struct bag {
	struct bag_dag dags[DAGS_MAX];
	struct edition *editions[DAGS_MAX];
	size_t n;
	struct bag_observer *observer;
	bool is_empty_handed; /* it has no editions to give */
};

static struct bag bag;

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

static struct {
	uv_loop_t loop;
	struct conductor *conductor;
	struct planner *planner;
	int64_t now;
	size_t n_asked; /* for the time */
	size_t n_notes;
} world;

static int64_t now(void)
{
	world.n_asked++;
	return world.now;
}

static int64_t at(const char *text)
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

static void turn(void)
{
	for (int i = 0; i < 4; i++)
		(void)uv_run(&world.loop, UV_RUN_NOWAIT);
}

static void planner_up(void)
{
	const struct planner_options o = {.loop = &world.loop,
		.bag = &bag,
		.conductor = world.conductor,
		.now = now,
		.on_note = on_note};
	struct err e;

	if (planner_create(&o, &world.planner, &e) != 0)
		abort();
	turn();
}

static void conductor_up(void)
{
	const struct conductor_options o = {
		.loop = &world.loop, .default_pool_slots = 128, .is_offline = true};
	struct err e;

	if (conductor_create(&o, &world.conductor, &e) != 0)
		abort();
}

static void world_begin(const char *when)
{
	memset(&world, 0, sizeof(world));
	memset(&bag, 0, sizeof(bag));
	(void)uv_loop_init(&world.loop);
	world.now = at(when);
	conductor_up();
}

static void daemon_down(void)
{
	if (world.planner != NULL)
		planner_close(world.planner, NULL, NULL);
	conductor_close(world.conductor, NULL, NULL);
	turn();
}

static void world_end(const char *what)
{
	daemon_down();
	for (size_t i = 0; i < bag.n; i++)
		edition_unref(bag.editions[i]);
	IS_INT(uv_loop_close(&world.loop), 0, "%s: the loop closes clean", what);
}

/* A DAG, first seen now. Its one task has a condition, which nobody answers here: it never starts.
 */
static struct bag_dag *put_text(const char *text)
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

/* The same of some keys. */
static struct bag_dag *put(const char *id, const char *keys)
{
	struct bag_dag *d;
	struct buf text;

	buf_init(&text, 0);
	buf_addf(&text, "dag_id: %s\n%stasks: {a: {operator: local, command: x, when: 1 == 1}}\n",
		id, keys);
	d = put_text(buf_str(&text));
	buf_free(&text);
	return d;
}

static void changed(struct bag_dag *d)
{
	bag.observer->on_dag(bag.observer->ctx, d);
	turn();
}

static void tick(const char *when)
{
	world.now = at(when);
	planner_tick(world.planner);
	turn();
}

/* All runs in memory: id without "scheduled__", state. */
static void are_runs(const char *want, const char *what)
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

/* Ends the oldest run. */
static void end_first(enum run_mark mark)
{
	runner_mark(conductor_run_first(world.conductor), RUN_NO_TASK, RUN_NO_INSTANCE, mark);
	turn();
}

static void add(struct bag_dag *d, const char *run_id, const char *run_type, int64_t logical_date)
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
	turn();
}

static void trigger(struct bag_dag *d, const char *run_id)
{
	add(d, run_id, "manual", world.now);
}

/* ---- what is made ---- */

static void test_daily(void)
{
	const struct run_facts *f;

	world_begin("2026-05-01T10:00Z");
	(void)put("d", "schedule: '@daily'\n");
	planner_up();
	are_runs("", "a DAG without start_date makes no run for the past");
	tick("2026-05-01T23:59:59Z");
	are_runs("", "nor before its first interval is over");
	tick("2026-05-02T00:00Z");
	are_runs("2026-05-01T00:00:00+00:00 running", "a run is made at the interval's end");
	f = runner_facts(conductor_run_first(world.conductor));
	IS_INT(f->interval_start, at("2026-05-01"), "its interval's start");
	IS_INT(f->interval_end, at("2026-05-02"), "its interval's end");
	IS_INT(f->logical_date, f->interval_start, "its logical date is the start");
	tick("2026-05-02T00:00Z");
	are_runs("2026-05-01T00:00:00+00:00 running", "and once only");
	end_first(RUN_MARK_SUCCESS);
	are_runs("", "it ends");
	tick("2026-05-01T12:00Z");
	are_runs("", "a clock that jumps back makes none again");
	tick("2026-05-02T12:00Z");
	are_runs("", "nor one that comes forward again");
	daemon_down();
	conductor_up();
	planner_up();
	tick("2026-05-02T13:00Z");
	are_runs("", "nor a restart");
	tick("2026-05-05T18:00Z");
	are_runs("2026-05-04T00:00:00+00:00 running",
		"behind a long sleep only the latest run is made");
	world_end("daily");
}

static void test_catchup(void)
{
	world_begin("2026-05-04T10:00Z");
	(void)put("d",
		"schedule: '@daily'\nstart_date: 2026-05-01\ncatchup: true\nmax_active_runs: 2\n");
	planner_up();
	tick("2026-05-04T10:00Z");
	are_runs("2026-05-01T00:00:00+00:00 running, 2026-05-02T00:00:00+00:00 running",
		"catchup makes as many as may run");
	world.n_asked = 0;
	planner_tick(world.planner);
	IS_INT((long long)world.n_asked, 1, "and does nothing while these run");
	end_first(RUN_MARK_SUCCESS);
	tick("2026-05-04T10:00Z");
	are_runs("2026-05-02T00:00:00+00:00 running, 2026-05-03T00:00:00+00:00 running",
		"and the next when one is over, in order");
	end_first(RUN_MARK_FAILED);
	end_first(RUN_MARK_FAILED);
	tick("2026-05-04T10:00Z");
	are_runs("", "until there are no more");
	tick("2026-05-05T00:00Z");
	are_runs("2026-05-04T00:00:00+00:00 running", "then it goes on by the clock");
	world_end("catchup");
}

static void test_backfilled(void)
{
	struct bag_dag *d;

	world_begin("2026-05-04T10:00Z");
	d = put("d", "schedule: '@daily'\nstart_date: 2026-05-01\ncatchup: true\n");
	d->is_paused = true;
	planner_up();
	add(d, "backfill__1", "backfill", at("2026-05-01"));
	add(d, "by_hand", "manual", at("2026-05-02"));
	d->is_paused = false;
	changed(d);
	tick("2026-05-04T10:00Z");
	are_runs("backfill__1 running, by_hand running, 2026-05-02T00:00:00+00:00 running, "
		 "2026-05-03T00:00:00+00:00 running",
		"an interval that a backfill has served is not served again");
	world_end("backfilled");
}

static void test_bounds(void)
{
	world_begin("2026-05-01T10:00Z");
	(void)put("d", "schedule: '@daily'\nstart_date: 2026-05-02\nend_date: 2026-05-03\n");
	planner_up();
	tick("2026-05-02T12:00Z");
	are_runs("", "nothing before start_date's interval is over");
	tick("2026-05-03T00:00Z");
	are_runs("2026-05-02T00:00:00+00:00 running", "then its run");
	end_first(RUN_MARK_SUCCESS);
	tick("2026-05-04T00:00Z");
	are_runs("2026-05-03T00:00:00+00:00 running", "end_date counts whole");
	end_first(RUN_MARK_SUCCESS);
	tick("2026-05-09T00:00Z");
	are_runs("", "and nothing behind it");
	world_end("bounds");
}

static void test_pause(void)
{
	struct bag_dag *d;
	struct timetable_run run;

	world_begin("2026-05-01T10:00Z");
	d = put("d", "schedule: '@hourly'\nmax_active_runs: 1\n");
	d->is_paused = true;
	planner_up();
	OK(!planner_next(world.planner, d, &run), "a paused DAG has no next run");
	tick("2026-05-01T15:30Z");
	are_runs("", "while it is paused nothing is made");
	trigger(d, "by_hand");
	are_runs("by_hand queued", "and what is triggered waits");
	d->is_paused = false;
	changed(d);
	are_runs("by_hand running", "unpaused, it starts");
	tick("2026-05-01T15:30Z");
	are_runs("by_hand running, 2026-05-01T14:00:00+00:00 queued",
		"and the latest interval is made; max_active_runs holds it");
	trigger(d, "third");
	end_first(RUN_MARK_SUCCESS);
	are_runs("2026-05-01T14:00:00+00:00 running, third queued",
		"queued runs start in their order");
	OK(planner_next(world.planner, d, &run) && run.due == at("2026-05-01T16:00Z"),
		"the next run is known");
	world_end("pause");
}

static void test_once(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = put("d", "schedule: '@once'\n");
	planner_up();
	tick("2026-05-01T10:00Z");
	are_runs("2026-05-01T10:00:00+00:00 running", "@once runs at once");
	end_first(RUN_MARK_SUCCESS);
	changed(d);
	tick("2026-06-01T10:00Z");
	are_runs("", "and once");
	world_end("once");
}

static void test_continuous(void)
{
	world_begin("2026-05-01T10:00Z");
	(void)put("d", "schedule: '@continuous'\n");
	planner_up();
	tick("2026-05-01T10:00:01Z");
	are_runs("2026-05-01T10:00:00+00:00 running", "@continuous runs at once");
	tick("2026-05-01T10:00:02Z");
	are_runs("2026-05-01T10:00:00+00:00 running", "one at a time");
	world.now = at("2026-05-01T10:00:03Z");
	end_first(RUN_MARK_FAILED);
	tick("2026-05-01T10:00:03Z");
	are_runs("2026-05-01T10:00:01+00:00 running", "and again as soon as that is over");
	world_end("continuous");
}

static void test_broken(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = put("d", "schedule: '@hourly'\n");
	planner_up();
	d->is_broken = true;
	changed(d);
	tick("2026-05-01T11:00Z");
	are_runs("", "a broken file makes no scheduled runs");
	d->is_broken = false;
	bag.is_empty_handed = true;
	changed(d);
	tick("2026-05-01T11:30Z");
	are_runs("", "nor does one whose version cannot be had");
	IS_INT((long long)world.n_notes, 1, "which is told");
	bag.is_empty_handed = false;
	tick("2026-05-01T11:31Z");
	are_runs("2026-05-01T10:00:00+00:00 running", "and tried again");
	d->is_retired = true;
	changed(d);
	tick("2026-05-01T18:00Z");
	are_runs("2026-05-01T10:00:00+00:00 running",
		"a retired DAG makes none, and its run goes on");
	world_end("broken");
}

static void test_many(void)
{
	size_t n = 0;
	int ticks = 0;

	world_begin("2026-05-01T10:00:30Z");
	for (int i = 0; i < DAGS_MAX; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "d%d", i);
		(void)put(id, "schedule: '* * * * *'\n");
	}
	planner_up();
	world.now = at("2026-05-01T10:01:00.002Z");
	for (; ticks < 100 && n < DAGS_MAX; ticks++) {
		planner_tick(world.planner);
		turn();
		n = 0;
		for (struct runner *r = conductor_run_first(world.conductor); r != NULL;
			r = conductor_run_next(r))
			n += runner_state(r) == RUN_RUNNING;
	}
	IS_INT((long long)n, DAGS_MAX, "1,000 DAGs that are due at one minute all run");
	OK(ticks > 1, "and the loop had its turns meanwhile");
	planner_tick(world.planner);
	n = 0;
	for (struct runner *r = conductor_run_first(world.conductor); r != NULL;
		r = conductor_run_next(r))
		n++;
	IS_INT((long long)n, DAGS_MAX, "none twice");
	world_end("many");
}

/* ---- depends_on_past ---- */

static bool is_released(const char *run_id)
{
	const struct runner *r = conductor_run_find(world.conductor, "d", run_id);
	struct run_row row;

	return r != NULL && runner_row(r, 0, RUN_NO_INSTANCE, &row) == 0 && row.is_released;
}

static void test_past(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = put_text("dag_id: d\ntasks: {a: {operator: local, command: x, when: 1 == 1, "
		     "depends_on_past: true}}\n");
	planner_up();
	trigger(d, "r1");
	OK(is_released("r1"), "the first run of all is held by nothing");
	world.now += 1000;
	trigger(d, "r2");
	OK(!is_released("r2"), "the next waits for the task of the run before");
	world.now += 1000;
	trigger(d, "r3");
	runner_mark(conductor_run_find(world.conductor, "d", "r1"), 0, RUN_NO_INSTANCE,
		RUN_MARK_FAILED);
	runner_keep(conductor_run_first(world.conductor));
	turn();
	OK(!is_released("r2"), "a failed one holds it");
	runner_mark(conductor_run_find(world.conductor, "d", "r1"), 0, RUN_NO_INSTANCE,
		RUN_MARK_SUCCESS);
	turn();
	OK(is_released("r2"), "until somebody has it succeed");
	OK(!is_released("r3"), "the run behind waits on");
	runner_let_go(conductor_run_first(world.conductor));
	turn();
	world_end("past");
}

/* ---- backfill ---- */

static void test_intervals(void)
{
	struct dag *d =
		dag_kit_load("schedule: '@daily'\nstart_date: 2026-05-02\n"
			     "end_date: 2026-05-05\ntasks: {a: {operator: local, command: x}}\n");
	struct timetable *copy = timetable_copy(d->timetable);
	struct arena *a = arena_create(0);
	struct timetable_run *list;
	struct err e;
	size_t n = 0;

	IS_INT(intervals_list(copy, 0, at("2026-05-01"), at("2026-05-04"), a, &list, &n, &e), 0,
		"intervals of a backfill");
	IS_INT((long long)n, 3, "those that begin in the span, and behind start_date");
	IS_INT(list[0].interval_start, at("2026-05-02"), "the first");
	IS_INT(list[2].interval_end, at("2026-05-05"), "the last one's end");
	IS_INT(intervals_list(copy, 0, at("2026-05-05"), at("2026-06-01"), a, &list, &n, &e), 0,
		"at the end");
	IS_INT((long long)n, 1, "end_date bounds the start alone");
	free(copy);
	dag_destroy(d);
	d = dag_kit_load("tasks: {a: {operator: local, command: x}}\n");
	IS_INT(intervals_list(d->timetable, 0, 0, 1, a, &list, &n, &e), ERR_INVALID,
		"a DAG without schedule has none");
	dag_destroy(d);
	d = dag_kit_load("schedule: every 1s\ntasks: {a: {operator: local, command: x}}\n");
	IS_INT(intervals_list(d->timetable, 0, 0, at("2026-01-01"), a, &list, &n, &e), ERR_LIMIT,
		"too many are refused");
	dag_destroy(d);
	arena_destroy(a);
}

int main(void)
{
	test_daily();
	test_catchup();
	test_backfilled();
	test_bounds();
	test_pause();
	test_once();
	test_continuous();
	test_broken();
	test_many();
	test_past();
	test_intervals();
	return tap_done();
}
