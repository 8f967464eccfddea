/* The planner: which runs are made when. */
#include "scheduler/planner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "scheduler/intervals.h"
#include "tests/unit/dag_kit.h"
#include "tests/unit/planner_kit.h"
#include "tests/unit/tap.h"

/* ---- what is made ---- */

static void test_daily(void)
{
	const struct run_facts *f;

	world_begin("2026-05-01T10:00Z");
	(void)world_put("d", "schedule: '@daily'\n");
	world_planner_up();
	world_are_runs("", "a DAG without start_date makes no run for the past");
	world_tick("2026-05-01T23:59:59Z");
	world_are_runs("", "nor before its first interval is over");
	world_tick("2026-05-02T00:00Z");
	world_are_runs("2026-05-01T00:00:00+00:00 running", "a run is made at the interval's end");
	f = runner_facts(conductor_run_first(world.conductor));
	IS_INT(f->interval_start, world_at("2026-05-01"), "its interval's start");
	IS_INT(f->interval_end, world_at("2026-05-02"), "its interval's end");
	IS_INT(f->logical_date, f->interval_start, "its logical date is the start");
	world_tick("2026-05-02T00:00Z");
	world_are_runs("2026-05-01T00:00:00+00:00 running", "and once only");
	world_end_first(RUN_MARK_SUCCESS);
	world_are_runs("", "it ends");
	world_tick("2026-05-01T12:00Z");
	world_are_runs("", "a clock that jumps back makes none again");
	world_tick("2026-05-02T12:00Z");
	world_are_runs("", "nor one that comes forward again");
	world_down();
	world_conductor_up();
	world_planner_up();
	world_tick("2026-05-02T13:00Z");
	world_are_runs("", "nor a restart");
	world_tick("2026-05-05T18:00Z");
	world_are_runs("2026-05-04T00:00:00+00:00 running",
		"behind a long sleep only the latest run is made");
	world_end("daily");
}

static void test_catchup(void)
{
	world_begin("2026-05-04T10:00Z");
	(void)world_put("d",
		"schedule: '@daily'\nstart_date: 2026-05-01\ncatchup: true\nmax_active_runs: 2\n");
	world_planner_up();
	world_tick("2026-05-04T10:00Z");
	world_are_runs("2026-05-01T00:00:00+00:00 running, 2026-05-02T00:00:00+00:00 running",
		"catchup makes as many as may run");
	world.n_asked = 0;
	planner_tick(world.planner);
	IS_INT((long long)world.n_asked, 1, "and does nothing while these run");
	world_end_first(RUN_MARK_SUCCESS);
	world_tick("2026-05-04T10:00Z");
	world_are_runs("2026-05-02T00:00:00+00:00 running, 2026-05-03T00:00:00+00:00 running",
		"and the next when one is over, in order");
	world_end_first(RUN_MARK_FAILED);
	world_end_first(RUN_MARK_FAILED);
	world_tick("2026-05-04T10:00Z");
	world_are_runs("", "until there are no more");
	world_tick("2026-05-05T00:00Z");
	world_are_runs("2026-05-04T00:00:00+00:00 running", "then it goes on by the clock");
	world_end("catchup");
}

static void test_backfilled(void)
{
	struct bag_dag *d;

	world_begin("2026-05-04T10:00Z");
	d = world_put("d", "schedule: '@daily'\nstart_date: 2026-05-01\ncatchup: true\n");
	d->is_paused = true;
	world_planner_up();
	world_add(d, "backfill__1", "backfill", world_at("2026-05-01"));
	world_add(d, "by_hand", "manual", world_at("2026-05-02"));
	d->is_paused = false;
	world_changed(d);
	world_tick("2026-05-04T10:00Z");
	world_are_runs("backfill__1 running, by_hand running, 2026-05-02T00:00:00+00:00 running, "
		       "2026-05-03T00:00:00+00:00 running",
		"an interval that a backfill has served is not served again");
	world_end("backfilled");
}

static void test_bounds(void)
{
	world_begin("2026-05-01T10:00Z");
	(void)world_put("d", "schedule: '@daily'\nstart_date: 2026-05-02\nend_date: 2026-05-03\n");
	world_planner_up();
	world_tick("2026-05-02T12:00Z");
	world_are_runs("", "nothing before start_date's interval is over");
	world_tick("2026-05-03T00:00Z");
	world_are_runs("2026-05-02T00:00:00+00:00 running", "then its run");
	world_end_first(RUN_MARK_SUCCESS);
	world_tick("2026-05-04T00:00Z");
	world_are_runs("2026-05-03T00:00:00+00:00 running", "end_date counts whole");
	world_end_first(RUN_MARK_SUCCESS);
	world_tick("2026-05-09T00:00Z");
	world_are_runs("", "and nothing behind it");
	world_end("bounds");
}

static void test_pause(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = world_put("d", "schedule: '@hourly'\nmax_active_runs: 1\n");
	d->is_paused = true;
	world_planner_up();
	world_tick("2026-05-01T15:30Z");
	world_are_runs("", "while it is paused nothing is made");
	world_trigger(d, "by_hand");
	world_are_runs("by_hand queued", "and what is triggered waits");
	d->is_paused = false;
	world_changed(d);
	world_are_runs("by_hand running", "unpaused, it starts");
	world_tick("2026-05-01T15:30Z");
	world_are_runs("by_hand running, 2026-05-01T14:00:00+00:00 queued",
		"and the latest interval is made; max_active_runs holds it");
	world_trigger(d, "third");
	world_end_first(RUN_MARK_SUCCESS);
	world_are_runs("2026-05-01T14:00:00+00:00 running, third queued",
		"queued runs start in their order");
	world_end("pause");
}

static void test_once(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = world_put("d", "schedule: '@once'\n");
	world_planner_up();
	world_tick("2026-05-01T10:00Z");
	world_are_runs("2026-05-01T10:00:00+00:00 running", "@once runs at once");
	world_end_first(RUN_MARK_SUCCESS);
	world_changed(d);
	world_tick("2026-06-01T10:00Z");
	world_are_runs("", "and once");
	world_end("once");
}

static void test_continuous(void)
{
	world_begin("2026-05-01T10:00Z");
	(void)world_put("d", "schedule: '@continuous'\n");
	world_planner_up();
	world_tick("2026-05-01T10:00:01Z");
	world_are_runs("2026-05-01T10:00:00+00:00 running", "@continuous runs at once");
	world_tick("2026-05-01T10:00:02Z");
	world_are_runs("2026-05-01T10:00:00+00:00 running", "one at a time");
	world.now = world_at("2026-05-01T10:00:03Z");
	world_end_first(RUN_MARK_FAILED);
	world_tick("2026-05-01T10:00:03Z");
	world_are_runs("2026-05-01T10:00:01+00:00 running", "and again as soon as that is over");
	world_end("continuous");
}

static void test_broken(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = world_put("d", "schedule: '@hourly'\n");
	world_planner_up();
	d->is_broken = true;
	world_changed(d);
	world_tick("2026-05-01T11:00Z");
	world_are_runs("", "a broken file makes no scheduled runs");
	d->is_broken = false;
	bag.is_empty_handed = true;
	world_changed(d);
	world_tick("2026-05-01T11:30Z");
	world_are_runs("", "nor does one whose version cannot be had");
	IS_INT((long long)world.n_notes, 1, "which is told");
	bag.is_empty_handed = false;
	world_tick("2026-05-01T11:31Z");
	world_are_runs("2026-05-01T10:00:00+00:00 running", "and tried again");
	d->is_retired = true;
	world_changed(d);
	world_tick("2026-05-01T18:00Z");
	world_are_runs("2026-05-01T10:00:00+00:00 running",
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
		(void)world_put(id, "schedule: '* * * * *'\n");
	}
	world_planner_up();
	world.now = world_at("2026-05-01T10:01:00.002Z");
	for (; ticks < 100 && n < DAGS_MAX; ticks++) {
		planner_tick(world.planner);
		world_turn();
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
	d = world_put_text("dag_id: d\ntasks: {a: {operator: local, command: x, when: 1 == 1, "
			   "depends_on_past: true}}\n");
	world_planner_up();
	world_trigger(d, "r1");
	OK(is_released("r1"), "the first run of all is held by nothing");
	world.now += 1000;
	world_trigger(d, "r2");
	OK(!is_released("r2"), "the next waits for the task of the run before");
	world.now += 1000;
	world_trigger(d, "r3");
	runner_mark(conductor_run_find(world.conductor, "d", "r1"), 0, RUN_NO_INSTANCE,
		RUN_MARK_FAILED);
	runner_keep(conductor_run_first(world.conductor));
	world_turn();
	OK(!is_released("r2"), "a failed one holds it");
	runner_mark(conductor_run_find(world.conductor, "d", "r1"), 0, RUN_NO_INSTANCE,
		RUN_MARK_SUCCESS);
	world_turn();
	OK(is_released("r2"), "until somebody has it succeed");
	OK(!is_released("r3"), "the run behind waits on");
	runner_let_go(conductor_run_first(world.conductor));
	world_turn();
	world_end("past");
}

/* ---- clear ---- */

static struct runner *find(const char *run_id)
{
	return conductor_run_find(world.conductor, "d", run_id);
}

static const char *state_of(const char *run_id)
{
	return run_state_name((uint8_t)runner_state(find(run_id)));
}

static void clear(const char *run_id)
{
	uint32_t task = 0;

	(void)runner_clear(find(run_id), &(struct runner_clear){.tasks = &task, .n_tasks = 1});
	world_turn();
}

static void mark(const char *run_id, enum run_mark mark)
{
	runner_mark(find(run_id), 0, RUN_NO_INSTANCE, mark);
	world_turn();
}

/* What is cleared in a run that is under way looks at its past again. */
static void test_past_cleared(void)
{
	struct bag_dag *d;

	world_begin("2026-05-01T10:00Z");
	d = world_put_text("dag_id: d\ntasks:\n  a: {operator: local, command: x, when: 1 == 1, "
			   "depends_on_past: true}\n"
			   "  b: {operator: local, command: x, when: 1 == 1}\n");
	world_planner_up();
	world_trigger(d, "r1");
	world.now += 1000;
	world_trigger(d, "r2");
	mark("r1", RUN_MARK_SUCCESS);
	mark("r2", RUN_MARK_SUCCESS);
	clear("r2");
	OK(is_released("r2"), "a task that is cleared goes on where the one before succeeded");
	mark("r2", RUN_MARK_SUCCESS);
	mark("r1", RUN_MARK_FAILED);
	clear("r2");
	OK(!is_released("r2"), "and waits where that failed since");
	clear("r1");
	OK(is_released("r1") && !is_released("r2"), "until it has run again");
	mark("r1", RUN_MARK_SUCCESS);
	OK(is_released("r2"), "then it goes on");
	world_end("past_cleared");
}

/* Runs that were over stand in line like others, but for those that hold what runs. */
static void test_cleared(bool depends_on_past)
{
	struct bag_dag *d;
	char text[160];

	(void)snprintf(text, sizeof(text),
		"dag_id: d\nmax_active_runs: 1\ntasks: {a: {operator: local, "
		"command: x, when: 1 == 1, depends_on_past: %s}}\n",
		depends_on_past ? "true" : "false");
	world_begin("2026-05-01T10:00Z");
	d = world_put_text(text);
	world_planner_up();
	for (char id[] = "r1"; id[1] <= '3'; id[1]++) {
		world_trigger(d, id);
		runner_keep(find(id));
		world.now += 1000;
	}
	mark("r1", RUN_MARK_FAILED);
	IS_STR(state_of("r2"), "running", "the next run has its turn");
	clear("r1");
	if (depends_on_past) {
		IS_STR(state_of("r1"), "running",
			"a cleared run that holds it does not wait for it");
		mark("r1", RUN_MARK_SUCCESS);
		OK(is_released("r2"), "and lets it go");
		clear("r1");
	}
	IS_STR(state_of("r1"), "queued", "max_active_runs holds a cleared run, too");
	runner_max_active_set(find("r1"), 1);
	mark("r2", RUN_MARK_SUCCESS);
	IS_STR(state_of("r3"), "running", "behind those that stood in line before");
	mark("r3", RUN_MARK_SUCCESS);
	IS_STR(state_of("r1"), "running", "then it goes on");
	for (char id[] = "r1"; id[1] <= '3'; id[1]++)
		runner_let_go(find(id));
	world_turn();
	world_end("cleared");
}

/* ---- backfill ---- */

static void test_intervals(void)
{
	struct dag *d =
		dag_kit_load("schedule: '@daily'\nstart_date: 2026-05-02\n"
			     "end_date: 2026-05-05\ntasks: {a: {operator: local, command: x}}\n");
	struct timetable *copy = timetable_copy(d->timetable);
	struct interval_span span = {.now = INT64_MAX};
	struct interval_list list = {0};
	struct arena *a = arena_create(0);
	struct err e;

	span.from = world_at("2026-05-01");
	span.to = world_at("2026-05-04");
	IS_INT(intervals_list(copy, 0, &span, a, &list, &e), 0, "intervals of a backfill");
	IS_INT((long long)list.n, 3, "those that begin in the span, and behind start_date");
	IS_INT(list.runs[0].interval_start, world_at("2026-05-02"), "the first");
	IS_INT(list.runs[2].interval_end, world_at("2026-05-05"), "the last one's end");
	IS_INT(list.is_cut_short, 0, "all are over");
	span.from = world_at("2026-05-05");
	span.to = world_at("2026-06-01");
	IS_INT(intervals_list(copy, 0, &span, a, &list, &e), 0, "at the end");
	IS_INT((long long)list.n, 1, "end_date bounds the start alone");
	span.now = world_at("2026-05-06");
	IS_INT(intervals_list(copy, 0, &span, a, &list, &e), 0, "at the last one's end");
	IS_INT((long long)list.n, 1, "which is over by then");
	span.now--;
	IS_INT(intervals_list(copy, 0, &span, a, &list, &e), 0, "before it");
	OK(list.n == 0 && list.is_cut_short, "it is left out, which is told");
	free(copy);
	dag_destroy(d);
	d = dag_kit_load("tasks: {a: {operator: local, command: x}}\n");
	IS_INT(intervals_list(d->timetable, 0, &span, a, &list, &e), ERR_INVALID,
		"a DAG without schedule has none");
	dag_destroy(d);
	d = dag_kit_load("schedule: every 1s\ntasks: {a: {operator: local, command: x}}\n");
	span = (struct interval_span){.to = INT64_MAX, .now = world_at("2026-01-01")};
	IS_INT(intervals_list(d->timetable, 0, &span, a, &list, &e), ERR_LIMIT,
		"too many are refused");
	span.now = 5000;
	IS_INT(intervals_list(d->timetable, 0, &span, a, &list, &e), 0,
		"those that are to come do not count");
	OK(list.n == 5 && list.is_cut_short, "they are left out");
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
	test_past_cleared();
	test_cleared(false);
	test_cleared(true);
	test_intervals();
	return tap_done();
}
