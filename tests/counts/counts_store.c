/* Hot paths of the store: transitions in a transaction, as the journal's thread writes them; and
 * what the loop pays for handing them over. */
#include <stdlib.h>
#include <uv.h>

#include "bench/rows.h"
#include "engine/arena.h"
#include "engine/instant.h"
#include "store/journal.h"
#include "tests/counts/path.h"
#include "tests/unit/store_kit.h"

#define TRANSITIONS 300
#define PAST_RUNS 1000

struct home {
	struct store_kit kit;
	struct store *store;
	struct journal *journal;
	uv_loop_t loop;
};

static void *home_begin(int which)
{
	struct home *h = path_alloc(sizeof(*h));
	uint64_t n;

	(void)which;
	kit_begin(&h->kit);
	/* The key for what tries leave is there, as a scheduler has it before the first run. */
	if (store_open(&h->kit.options, &h->store, &h->kit.e) != 0 ||
		store_outputs_seal(h->store, &n, &h->kit.e) != 0)
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
		struct store_task t = rows_task(1, i);
		struct store_try y = rows_try(1, i);

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

/* ---- what is asked for each scheduled run ---- */

static void *past_begin(int which)
{
	struct home *h = home_begin(which);

	if (store_begin(h->store, &h->kit.e) != 0)
		path_fail(h->kit.e.text);
	for (uint64_t i = 0; i < PAST_RUNS; i++) {
		char id[ROWS_ID_SIZE];
		struct store_run r = rows_run("d", i, id);

		r.number = i + 1;
		if (store_run_put(h->store, &r, &h->kit.e) != 0)
			path_fail(h->kit.e.text);
	}
	if (store_commit(h->store, &h->kit.e) != 0)
		path_fail(h->kit.e.text);
	return h;
}

static void past_work(void *it)
{
	struct home *h = it;
	int64_t date = PAST_RUNS * INT64_C(60000);
	struct store_run_filter of_date = {.dag_id = "d", .since = date, .until = date};
	struct store_run_filter newest = {
		.dag_id = "d", .since = INSTANT_NONE, .until = INSTANT_NONE, .limit = 1};
	struct arena *a = arena_create(0);
	struct store_run *runs, before;
	size_t n;

	if (a == NULL || store_runs_list(h->store, a, &of_date, &runs, &n, &h->kit.e) != 0 ||
		store_run_before(h->store, a, "d", date, &before, &h->kit.e) != 0 ||
		store_runs_list(h->store, a, &newest, &runs, &n, &h->kit.e) != 0 || n != 1)
		path_fail(h->kit.e.text);
	arena_destroy(a);
}

/* ---- the journal ---- */

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
		struct store_task t = rows_task(1, i);
		struct store_try y = rows_try(1, i);

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
	{"store_scheduling", past_begin, 0, past_work, home_end},
	{"journal_add", journal_begin, 0, journal_work, journal_end}, {0}};
