/* Hot paths of the store: transitions in a transaction, as the journal's thread writes them; and
 * what the loop pays for handing them over. */
#include <stdlib.h>
#include <uv.h>

#include "engine/instant.h"
#include "store/journal.h"
#include "tests/counts/path.h"
#include "tests/unit/store_kit.h"

#define TRANSITIONS 300

static struct store_task task_of(uint64_t run, uint32_t i)
{
	return (struct store_task){.run = run,
		.task_id = "Stage.task",
		.row = {.task = i,
			.instance = RUN_NO_INSTANCE,
			.try_number = 1,
			.try_limit = 1,
			.state = TASK_SUCCESS,
			.is_decided = true},
		.started_at = 1763700000000,
		.ended_at = 1763700000100};
}

static struct store_try try_of(uint64_t run, uint32_t i)
{
	return (struct store_try){.run = run,
		.task = i,
		.instance = RUN_NO_INSTANCE,
		.try_number = 1,
		.execution_id = "20251121T000000-0123456789abcdef",
		.state = TASK_SUCCESS,
		.started_at = 1763700000000,
		.ended_at = 1763700000100,
		.exit_code = 0,
		.message = "",
		.log_path = "logs/dag_id=d/run_id=r/task_id=Stage.task/attempt=1.log",
		.outputs = "{\"exitCode\":0,\"response\":null}"};
}

struct home {
	struct store_kit kit;
	struct store *store;
	struct journal *journal;
	uv_loop_t loop;
};

static void *home_begin(int which)
{
	struct home *h = path_alloc(sizeof(*h));

	(void)which;
	kit_begin(&h->kit);
	if (store_open(&h->kit.options, &h->store, &h->kit.e) != 0)
		path_fail(h->kit.e.text);
	return h;
}

static void store_work(void *it)
{
	struct home *h = it;
	struct err e;

	if (store_begin(h->store, &e) != 0)
		path_fail(e.text);
	for (uint32_t i = 0; i < TRANSITIONS; i++) {
		struct store_task t = task_of(1, i);
		struct store_try y = try_of(1, i);

		if (store_task_put(h->store, &t, &e) != 0 || store_try_put(h->store, &y, &e) != 0)
			path_fail(e.text);
	}
	if (store_commit(h->store, &e) != 0)
		path_fail(e.text);
}

static void home_end(void *it)
{
	struct home *h = it;

	store_close(h->store);
	kit_end(&h->kit);
	free(h);
}

static void *journal_begin(int which)
{
	struct home *h = home_begin(which);
	struct journal_options o = {.loop = &h->loop, .store = &h->kit.options};

	if (uv_loop_init(&h->loop) != 0 || journal_open(&o, &h->journal, &h->kit.e) != 0)
		path_fail(h->kit.e.text);
	return h;
}

static void journal_work(void *it)
{
	struct home *h = it;

	for (uint32_t i = 0; i < TRANSITIONS; i++) {
		struct store_task t = task_of(1, i);
		struct store_try y = try_of(1, i);

		if (journal_task(h->journal, &t) != 0 || journal_try(h->journal, &y) != 0)
			path_fail("out of memory");
	}
}

static void journal_end(void *it)
{
	struct home *h = it;

	journal_close(h->journal, NULL, NULL);
	(void)uv_run(&h->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&h->loop);
	home_end(h);
}

const struct path paths_store[] = {{"store_transitions", home_begin, 0, store_work, home_end},
	{"journal_add", journal_begin, 0, journal_work, journal_end}, {0}};
