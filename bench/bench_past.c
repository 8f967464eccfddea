/*
 * Whether what the daemon asks of the store costs the same however many runs lie in it: 1,000 to
 * 1,000,000 of them (PAST, from the environment), a tenth of them of one busy DAG.
 *
 *	transitions  a task's row and its try's, 64 in a transaction
 *	a start      all that a daemon reads before it begins
 *	scheduling   is there a run of that date already, and which is the one before it
 *	listing      the newest 25 runs of a DAG, with their tasks
 *	clearing     the runs of a DAG in a span of an hour
 *
 * With a folder as its argument it makes a home there with so many runs, and measures nothing.
 *
 * In processor time, the kernel's included: how long the disk takes depends on who else uses it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "bench/rows.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "store/store.h"

#define ROUNDS 9
#define FLAT_MAX 1.3
#define BUSY_IN 10 /* one in so many runs is of the busy DAG, the others of a hundred DAGs */

static char folder[] = "/tmp/windrow-bench-past.XXXXXX";
static uint64_t next_run = UINT64_C(1) << 40; /* numbers of the runs that are measured */
static uint64_t past; /* how many runs there are */

static void check(int status, const struct err *e)
{
	if (status != 0) {
		(void)fprintf(stderr, "bench_past: %s\n", e->text);
		exit(1);
	}
}

static void tasks_put(struct store *s, uint64_t run, uint32_t task)
{
	struct store_task t = rows_task(run, task);
	struct store_try y = rows_try(run, task);
	struct err e;

	check(store_task_put(s, &t, &e), &e);
	check(store_try_put(s, &y, &e), &e);
}

/* Runs that are over, up to this many. */
static void fill(struct store *s, uint64_t to)
{
	char id[ROWS_ID_SIZE], dag[16];
	struct err e;

	check(store_begin(s, &e), &e);
	for (; past < to; past++) {
		struct store_run r = rows_run(dag, past, id);

		(void)snprintf(dag, sizeof(dag), "dag%d", (int)(past / BUSY_IN % 100));
		if (past % BUSY_IN == 0)
			(void)snprintf(dag, sizeof(dag), "busy");
		r.number = past + 1;
		check(store_run_put(s, &r, &e), &e);
		tasks_put(s, r.number, 0);
	}
	check(store_commit(s, &e), &e);
}

/* ---- what is measured ---- */

static void transitions(struct store *s)
{
	struct err e;

	for (int batch = 0; batch < 8; batch++) {
		check(store_begin(s, &e), &e);
		for (uint32_t i = 0; i < 64; i++)
			tasks_put(s, next_run, i);
		check(store_commit(s, &e), &e);
		next_run++;
	}
}

static void a_start(struct store *s)
{
	struct arena *a = arena_create(0);
	struct store_run *runs;
	struct store_dag *dags;
	uint64_t last;
	struct err e;
	size_t n;

	check(store_run_number_last(s, &last, &e), &e);
	check(store_runs_unfinished(s, a, &runs, &n, &e), &e);
	check(store_dags(s, a, &dags, &n, &e), &e);
	arena_destroy(a);
}

static void scheduling(struct store *s)
{
	for (int i = 0; i < 20; i++) {
		int64_t date = (int64_t)(past - past % BUSY_IN + BUSY_IN) * 60000;
		struct store_run_filter of_date = {.dag_id = "busy", .since = date, .until = date};
		struct arena *a = arena_create(0);
		struct store_run *runs, found;
		struct err e;
		size_t n;

		check(store_runs_list(s, a, &of_date, &runs, &n, &e), &e);
		if (store_run_find(s, a, "busy", "scheduled__none", &found, &e) != ERR_NOTFOUND)
			exit(1);
		check(store_run_before(s, a, "busy", date, &found, &e), &e);
		arena_destroy(a);
	}
}

static void listing(struct store *s)
{
	struct store_run_filter newest = {
		.dag_id = "busy", .since = INSTANT_NONE, .until = INSTANT_NONE, .limit = 25};
	struct arena *a = arena_create(0);
	struct store_task *tasks;
	struct store_run *runs;
	size_t n_runs, n;
	struct err e;

	check(store_runs_list(s, a, &newest, &runs, &n_runs, &e), &e);
	for (size_t i = 0; i < n_runs; i++)
		check(store_tasks_of(s, a, runs[i].number, &tasks, &n, &e), &e);
	arena_destroy(a);
}

static void clearing(struct store *s)
{
	struct store_run_filter hour = {
		.dag_id = "busy", .since = 6000000, .until = 6000000 + 3600000, .limit = 1000};
	struct arena *a = arena_create(0);
	struct store_run *runs;
	struct err e;
	size_t n;

	for (int i = 0; i < 20; i++)
		check(store_runs_list(s, a, &hour, &runs, &n, &e), &e);
	arena_destroy(a);
}

static const struct work {
	const char *name;
	void (*work)(struct store *s);
} works[] = {{"transitions", transitions}, {"a start", a_start}, {"scheduling", scheduling},
	{"listing", listing}, {"clearing", clearing}};

#define WORKS (sizeof(works) / sizeof(works[0]))

static double measure(const struct work *w, struct store *s)
{
	double took[ROUNDS];

	for (int i = 0; i < ROUNDS; i++) {
		double from = bench_now();

		w->work(s);
		took[i] = (bench_now() - from) * 1e6;
	}
	return bench_median(took, ROUNDS);
}

/* Prints a row of the table and returns how much dearer it is than with the fewest runs. */
static double compare(struct store *s, double first[WORKS], bool is_first)
{
	double most = 0;

	printf("%9llu", (unsigned long long)past);
	for (size_t i = 0; i < WORKS; i++) {
		double us = measure(&works[i], s);

		first[i] = is_first ? us : first[i];
		most = us / first[i] > most ? us / first[i] : most;
		printf("  %8.0f (%4.2f)", us, us / first[i]);
	}
	printf("\n");
	return most;
}

static void clean_up(void)
{
	char command[96];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (system(command) != 0)
		(void)fprintf(stderr, "bench_past: %s stays\n", folder);
}

int main(int argc, char **argv)
{
	static char *no_env[] = {NULL};
	const char *said = getenv("PAST");
	uint64_t most_runs = said == NULL ? 1000000 : strtoull(said, NULL, 10);
	double first[WORKS], most = 0;
	struct store_options o = {.home = argc > 1 ? argv[1] : folder,
		.env = no_env,
		.actor = "bench",
		.may_create = true};
	struct store *s;
	struct err e;

	if (argc == 1 && mkdtemp(folder) == NULL)
		return 1;
	check(store_open(&o, &s, &e), &e);
	if (argc > 1) {
		fill(s, most_runs);
		store_close(s);
		return 0;
	}
	printf("%9s", "past runs");
	for (size_t i = 0; i < WORKS; i++)
		printf("  %15s", works[i].name);
	printf("   microseconds (beside the fewest)\n");
	for (uint64_t n = 1000; n <= most_runs; n *= 10) {
		double dearer;

		fill(s, n);
		dearer = compare(s, first, n == 1000);
		most = dearer > most ? dearer : most;
	}
	store_close(s);
	clean_up();
	return bench_goal("growth, what is asked of a store of many runs, beside few", most,
		       BENCH_AT_MOST, FLAT_MAX)
		? 0
		: 1;
}
