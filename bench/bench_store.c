/*
 * How many transitions a second the journal makes durable, beside bare SQLite doing the same: the
 * same rows, as many in a transaction, in WAL mode with synchronous=FULL. A transition is a task's
 * row and its try's; a batch has as many as gather while the last one is written, here a given
 * number. bench_past has what is asked of a store of many runs.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "bench/bench.h"
#include "bench/rows.h"
#include "engine/err.h"
#include "store/journal.h"
#include "store/store.h"

#define ROUNDS 5
#define TRANSITIONS 20000

static char folder[] = "/tmp/windrow-bench-store.XXXXXX";
static char *no_env[] = {NULL};
static uv_loop_t loop;

static double wall(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void check(int status, const struct err *e)
{
	if (status != 0) {
		(void)fprintf(stderr, "bench_store: %s\n", e->text);
		exit(1);
	}
}

static struct store_options options(void)
{
	return (struct store_options){
		.home = folder, .env = no_env, .actor = "bench", .may_create = true};
}

/* ---- ours ---- */

static struct journal *journal;
static size_t left;
static uint32_t next_task, a_batch;
static uint64_t run_number;

static void hand_in(void *ctx);

/* N.B. the next batch is gathered when the last is on disk, as the conductor does. */
static void batch(void)
{
	for (uint32_t i = 0; i < a_batch && left > 0; i++, left--) {
		struct store_task t = rows_task(run_number, next_task);
		struct store_try y = rows_try(run_number, next_task++);

		if (journal_task(journal, &t) != 0 || journal_try(journal, &y) != 0)
			exit(1);
	}
	if (journal_commit(journal, hand_in, NULL) != 0)
		exit(1);
}

static void hand_in(void *ctx)
{
	(void)ctx;
	if (left > 0)
		batch();
	else
		uv_stop(&loop);
}

static double ours(uint32_t n, uint32_t in_batch)
{
	double from = wall();

	left = n;
	a_batch = in_batch;
	run_number++;
	next_task = 0;
	batch();
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	return wall() - from;
}

/* ---- bare SQLite ---- */

static sqlite3 *bare;
static sqlite3_stmt *put_task, *put_try;

static void bare_fail(void)
{
	(void)fprintf(stderr, "bench_store: SQLite: %s\n", sqlite3_errmsg(bare));
	exit(1);
}

static void bare_run(const char *sql)
{
	if (sqlite3_exec(bare, sql, NULL, NULL, NULL) != SQLITE_OK)
		bare_fail();
}

static void bare_open(void)
{
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/bare.db", folder);
	if (sqlite3_open(path, &bare) != SQLITE_OK)
		bare_fail();
	bare_run("PRAGMA journal_mode = WAL");
	bare_run("PRAGMA synchronous = FULL");
	bare_run("CREATE TABLE t (run, task, instance, a, b, c, d, e, f, g, h, i, j, k, l, "
		 "PRIMARY KEY (run, task, instance));"
		 "CREATE TABLE y (run, task, instance, try, a, b, c, d, e, f, g, h, "
		 "PRIMARY KEY (run, task, instance, try))");
	if (sqlite3_prepare_v2(bare,
		    "INSERT INTO t VALUES (?1, ?2, -1, 'Stage.task', 'success', 1, 1, 0, 0, 0, 1, "
		    "0, "
		    "1763700000000, 1763700000100, NULL)",
		    -1, &put_task, NULL) != SQLITE_OK ||
		sqlite3_prepare_v2(bare,
			"INSERT INTO y VALUES (?1, ?2, -1, 1, '20251121T000000-0123456789abcdef', "
			"'success', 1763700000000, 1763700000100, 0, '', "
			"'logs/dag_id=d/run_id=r/task_id=Stage.task/attempt=1.log', "
			"'{\"exitCode\":0,\"response\":null}')",
			-1, &put_try, NULL) != SQLITE_OK)
		bare_fail();
}

static void bare_put(sqlite3_stmt *s, uint64_t run, uint32_t i)
{
	(void)sqlite3_bind_int64(s, 1, (int64_t)run);
	(void)sqlite3_bind_int64(s, 2, i);
	if (sqlite3_step(s) != SQLITE_DONE)
		bare_fail();
	(void)sqlite3_reset(s);
}

static double theirs(uint32_t n, uint32_t in_batch)
{
	static uint64_t run;
	double from = wall();

	run++;
	for (uint32_t i = 0; i < n;) {
		bare_run("BEGIN IMMEDIATE");
		for (uint32_t k = 0; k < in_batch && i < n; k++, i++) {
			bare_put(put_task, run, i);
			bare_put(put_try, run, i);
		}
		bare_run("COMMIT");
	}
	return wall() - from;
}

/* ---- what is compared ---- */

static bool beside(uint32_t in_batch, uint32_t n)
{
	double mine[ROUNDS], bares[ROUNDS], m, b;
	char what[96];

	for (int i = 0; i < ROUNDS; i++) {
		mine[i] = ours(n, in_batch);
		bares[i] = theirs(n, in_batch);
	}
	m = bench_median(mine, ROUNDS);
	b = bench_median(bares, ROUNDS);
	(void)printf("%u transitions, %u a batch: journal %.0f/s, bare SQLite %.0f/s\n", n,
		in_batch, n / m, n / b);
	(void)snprintf(
		what, sizeof(what), "store, transitions beside bare SQLite, %u a batch", in_batch);
	return bench_goal(what, b / m, BENCH_AT_LEAST, 0.5);
}

static void clean_up(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		(void)fprintf(stderr, "bench_store: %s stays\n", folder);
}

int main(void)
{
	struct store_options o = options();
	struct journal_options j = {.loop = &loop, .store = &o};
	struct store *s;
	struct err e;
	bool is_met = true;

	if (mkdtemp(folder) == NULL || uv_loop_init(&loop) != 0)
		return 1;
	check(store_open(&o, &s, &e), &e);
	check(journal_open(&j, &journal, &e), &e);
	bare_open();
	is_met = beside(1, 300) && is_met;
	is_met = beside(16, 4000) && is_met;
	is_met = beside(256, TRANSITIONS) && is_met;
	(void)sqlite3_finalize(put_task);
	(void)sqlite3_finalize(put_try);
	(void)sqlite3_close(bare);
	journal_close(journal, NULL, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	store_close(s);
	clean_up();
	return is_met ? 0 : 1;
}
