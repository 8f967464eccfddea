/* Hot paths of the state machine and of the line that tasks wait in. */
#include <stdlib.h>

#include "bench/shapes.h"
#include "engine/arena.h"
#include "engine/dispatch.h"
#include "engine/err.h"
#include "engine/run.h"
#include "tests/counts/path.h"

#define TASKS 2000

/* ---- whole runs ---- */

struct machine {
	struct arena *arena;
	struct run_plan plan;
	struct run *run;
	struct run_actions actions;
	uint32_t ready[TASKS];
};

static void *machine_begin(int which)
{
	struct machine *m = path_alloc(sizeof(*m));

	m->arena = arena_create(0);
	if (m->arena == NULL)
		path_fail("out of memory");
	shape_plan(&m->plan, &shapes[which], TASKS, m->arena);
	if (run_create(&m->plan, 1, &m->run) != 0)
		path_fail("no run can be made");
	return m;
}

static void machine_work(void *it)
{
	struct machine *m = it;

	(void)shape_drive(m->run, &m->actions, m->ready);
}

static void machine_end(void *it)
{
	struct machine *m = it;

	if (run_head_get(m->run).state != RUN_SUCCESS)
		path_fail("a run did not succeed");
	run_destroy(m->run);
	run_actions_free(&m->actions);
	shape_plan_free(&m->plan);
	arena_destroy(m->arena);
	free(m);
}

/* ---- ten pools, a hundred runs: each request is queued, granted and released ---- */

static void *dispatch_begin(int which)
{
	struct dispatch *d = dispatch_create();

	(void)which;
	if (d == NULL)
		path_fail("out of memory");
	for (uint32_t i = 0; i < 10; i++)
		(void)dispatch_pool_set(d, i, 16);
	for (uint32_t i = 0; i < 100; i++)
		(void)dispatch_run_set(d, i, 4);
	return d;
}

static void dispatch_work(void *it)
{
	struct dispatch *d = it;
	struct dispatch_key key;
	struct err e;

	for (uint32_t i = 0; i < TASKS; i++) {
		struct dispatch_request q = {{i % 100, i, 0}, i * 7 % 10, 1, (int32_t)(i % 5)};

		if (dispatch_queue(d, &q, &e) != 0)
			path_fail(e.text);
	}
	while (dispatch_next(d, &key) == DISPATCH_GRANTED)
		dispatch_release(d, &key);
}

static void dispatch_end(void *it)
{
	dispatch_destroy(it);
}

const struct path paths_machine[] = {
	{"machine_chain", machine_begin, SHAPE_CHAIN, machine_work, machine_end},
	{"machine_wide", machine_begin, SHAPE_FAN, machine_work, machine_end},
	{"machine_random", machine_begin, SHAPE_RANDOM, machine_work, machine_end},
	{"dispatch", dispatch_begin, 0, dispatch_work, dispatch_end}, {0}};
