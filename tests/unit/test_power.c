/*
 * The store and its journal on a disk that fails, and on one whose power is cut: at each call of a
 * small story that changes something, and at random ones of longer stories, in which power goes
 * again and again. What the journal called committed is there, no batch is there by half, and the
 * story goes on.
 *
 *   WINDROW_SEED  of the random ones   WINDROW_CUTS  how many stories (12)
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/instant.h"
#include "store/db.h"
#include "store/journal.h"
#include "store/migrations.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"
#include "tests/vfs/faulty.h"

#define TASKS 3
#define STORY 6 /* batches of the small one */
#define STORY_LONG 100 /* the log beside the store is emptied on the way */
#define PAYLOAD_MAX 40000

/* Batch n sets the run's time and its tasks' to n, adds try n, and a line to the log. */
struct world {
	struct store_kit kit;
	char template[KIT_PATH_MAX * 2]; /* a store in which nothing happened yet */
	uv_loop_t loop;
	struct journal *journal;
	uint64_t handed, called; /* batches */
	unsigned n_stalls, n_flows;
	size_t payload; /* bytes of a try's outputs */
	bool is_closed;
	char wrong[256]; /* the first thing that was; empty: nothing */
};

static struct world w;
static char payload[PAYLOAD_MAX + 1];

static void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static void wrong(const char *fmt, ...)
{
	va_list ap;

	if (w.wrong[0] != '\0')
		return;
	va_start(ap, fmt);
	(void)vsnprintf(w.wrong, sizeof(w.wrong), fmt, ap);
	va_end(ap);
}

static const char *outputs_of(uint64_t n)
{
	memset(payload, 'a' + (int)(n % 26), w.payload);
	payload[w.payload] = '\0';
	return payload;
}

/* ---- writing ---- */

static void on_committed(void *ctx)
{
	(void)ctx;
	w.called++;
}

/* What fails, fails until it is told; what is handed in wakes the journal, which would wait. */
static void on_stall(void *ctx, const struct err *e)
{
	(void)ctx;
	w.n_stalls++;
	if (e->text[0] == '\0')
		wrong("a stall says nothing");
	if (strstr(e->text, "Success") != NULL)
		wrong("a stall says: %s", e->text);
	if (faulty_is_cut())
		return;
	faulty_mend();
	(void)journal_commit(w.journal, NULL, NULL);
}

static void on_flow(void *ctx)
{
	(void)ctx;
	w.n_flows++;
}

static void on_closed(void *ctx)
{
	(void)ctx;
	w.is_closed = true;
}

static int journal_begin(void)
{
	struct journal_options o = {
		.loop = &w.loop, .store = &w.kit.options, .on_stall = on_stall, .on_flow = on_flow};

	w.n_stalls = w.n_flows = 0;
	w.is_closed = false;
	return journal_open(&o, &w.journal, &w.kit.e);
}

static void journal_end(void)
{
	journal_close(w.journal, on_closed, NULL);
	(void)uv_run(&w.loop, UV_RUN_DEFAULT);
	if (!w.is_closed)
		wrong("the journal did not close");
}

static void hand_in(uint64_t n)
{
	struct store_run r = {.number = 1,
		.dag_id = "d",
		.run_id = "r",
		.run_type = "manual",
		.state = RUN_RUNNING,
		.conf = "{}",
		.params = "{}",
		.started_at = (int64_t)n,
		.ended_at = INSTANT_NONE};
	struct store_try y = {.run = 1,
		.try_number = (uint32_t)n,
		.execution_id = "x",
		.started_at = (int64_t)n,
		.ended_at = INSTANT_NONE,
		.outputs = outputs_of(n)};
	char name[24];
	int r1 = journal_run(w.journal, &r);

	for (uint32_t i = 0; i < TASKS; i++) {
		struct store_task t = {.run = 1,
			.task_id = "S.t",
			.row = {.task = i, .instance = RUN_NO_INSTANCE, .at = (int64_t)n},
			.started_at = INSTANT_NONE,
			.ended_at = INSTANT_NONE};

		r1 = r1 != 0 ? r1 : journal_task(w.journal, &t);
	}
	(void)snprintf(name, sizeof(name), "%" PRIu64, n);
	if (r1 != 0 || journal_try(w.journal, &y) != 0 ||
		journal_audit(w.journal, NULL, "step", name) != 0 ||
		journal_commit(w.journal, on_committed, NULL) != 0)
		abort();
	w.handed = n;
}

/* Waits for all that was handed in, or the end of the power. */
static bool all_called(void)
{
	while (w.called < w.handed && !(faulty_is_cut() && w.n_stalls > w.n_flows))
		(void)uv_run(&w.loop, UV_RUN_ONCE);
	return w.called == w.handed;
}

/* Goes on with the story up to this batch, so many batches at once. */
static void tell(uint64_t end, uint64_t step)
{
	while (w.called < end) {
		for (uint64_t i = 0; i < step && w.handed < end; i++)
			hand_in(w.handed + 1);
		if (!all_called())
			return;
	}
}

/* ---- looking ---- */

/* How many batches the store has; says what is wrong with them. */
static uint64_t look(struct store *s)
{
	struct arena *a = arena_create(0);
	struct store_run *runs = NULL;
	struct store_task *tasks = NULL;
	struct store_try *tries = NULL;
	size_t n_runs = 0, n_tasks = 0, n_tries = 0;
	uint64_t n = 0;
	struct err e;

	if (store_runs_unfinished(s, a, &runs, &n_runs, &e) != 0 ||
		store_tasks_of(s, a, 1, &tasks, &n_tasks, &e) != 0 ||
		store_tries_of(s, a, 1, &tries, &n_tries, &e) != 0)
		wrong("it cannot be read: %s", e.text);
	if (n_runs > 0)
		n = (uint64_t)runs[0].started_at;
	if (n_runs > 1 || n_tasks != (n > 0 ? TASKS : 0) || n_tries != n)
		wrong("of batch %" PRIu64 " %zu tasks and %zu tries", n, n_tasks, n_tries);
	for (size_t i = 0; i < n_tasks; i++)
		if (tasks[i].row.at != (int64_t)n)
			wrong("batch %" PRIu64 " is there by half", n);
	for (size_t i = 0; i < n_tries; i++)
		if (tries[i].try_number != i + 1 || strlen(tries[i].outputs) != w.payload ||
			strcmp(tries[i].outputs, outputs_of(i + 1)) != 0)
			wrong("try %zu is not what it was", i + 1);
	arena_destroy(a);
	return n;
}

static void look_at_log(uint64_t n)
{
	char *got = kit_sql(&w.kit,
		"SELECT COUNT(*) || ' ' || COUNT(DISTINCT name) FROM audit_log WHERE action = "
		"'step'");
	char want[64];

	(void)snprintf(want, sizeof(want), "%" PRIu64 " %" PRIu64, n, n);
	if (strcmp(got, want) != 0)
		wrong("lines of the log: %s, wanted %s", got, want);
	free(got);
}

/* What is there is sound, all that was called back, and whole. The story goes on from it. */
static void look_again(void)
{
	struct store *s = NULL;
	uint64_t n = 0;
	int version;

	if (store_check(&w.kit.options, &version, &w.kit.e) != 0)
		wrong("the check: %s", w.kit.e.text);
	if (store_open(&w.kit.options, &s, &w.kit.e) != 0)
		wrong("it does not open: %s", w.kit.e.text);
	else
		n = look(s);
	store_close(s);
	look_at_log(n);
	if (n < w.called || n > w.handed)
		wrong("%" PRIu64 " batches are there of %" PRIu64 " called back and %" PRIu64
		      " handed in",
			n, w.called, w.handed);
	w.called = w.handed = n;
}

/* ---- worlds ---- */

static void home_anew(size_t payload_size)
{
	faulty_restart(0);
	kit_remove(w.kit.home);
	kit_copy(w.template, w.kit.home);
	w.called = w.handed = 0;
	w.payload = payload_size;
	w.wrong[0] = '\0';
}

/* One life of the daemon: it opens, goes on with the story, and closes. */
static void live(uint64_t end, uint64_t step)
{
	if (journal_begin() != 0) {
		if (!faulty_is_cut() && faulty_failed() == 0)
			wrong("the journal does not open: %s", w.kit.e.text);
		return;
	}
	tell(end, step);
	if (!faulty_is_cut() && w.n_stalls != w.n_flows)
		wrong("%u stalls, %u of them over", w.n_stalls, w.n_flows);
	journal_end();
}

/* Power goes at a call; and at one of the life that follows. False: the story was over before. */
static bool cut_at(uint64_t first, uint64_t seed)
{
	bool was_cut;

	home_anew(200);
	faulty_cut(first);
	live(STORY, 1);
	was_cut = faulty_is_cut();
	faulty_restart(seed);
	look_again();
	faulty_cut(1 + seed % 20);
	live(STORY, 2);
	faulty_restart(~seed);
	look_again();
	live(STORY, 1);
	look_again();
	if (w.called != STORY)
		wrong("the story does not come to its end");
	return was_cut;
}

static void test_each_call(void)
{
	uint64_t first = 1;
	bool was_cut = true, is_good = true;

	for (; was_cut && is_good; first++)
		for (uint64_t seed = 0; seed < 2 && is_good; seed++) {
			was_cut = cut_at(first, first * 2 + seed);
			is_good = OK(w.wrong[0] == '\0', "power is cut at change %" PRIu64, first);
			if (!is_good)
				tap_note("seed %" PRIu64 ": %s", seed, w.wrong);
		}
	OK(first > 50, "a story has many changes");
}

/* splitmix64 */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

static void story(uint64_t seed)
{
	struct store *reader = NULL;
	uint64_t dice = seed;

	home_anew(mix(&dice) % 3 == 0 ? 300 : PAYLOAD_MAX);
	while (w.called < STORY_LONG && w.wrong[0] == '\0') {
		faulty_cut(1 + mix(&dice) % 4000);
		/* As the daemon, which keeps a store open to read. */
		(void)store_open(&w.kit.options, &reader, &w.kit.e);
		live(STORY_LONG, 1 + mix(&dice) % 8);
		store_close(reader);
		reader = NULL;
		faulty_restart(mix(&dice));
		look_again();
	}
}

static void test_stories(void)
{
	const char *given = getenv("WINDROW_SEED"), *cuts = getenv("WINDROW_CUTS");
	uint64_t seed = given == NULL ? 1 : strtoull(given, NULL, 10);
	long n = cuts == NULL ? 12 : strtol(cuts, NULL, 10);

	for (long i = 0; i < n; i++, seed++) {
		story(seed);
		if (!OK(w.wrong[0] == '\0', "power is cut again and again"))
			tap_note("WINDROW_SEED=%" PRIu64 " WINDROW_CUTS=1: %s", seed, w.wrong);
	}
}

/* A store is being made: there is one in the end, whenever power went. */
static void test_making(void)
{
	bool was_cut = true;
	struct store *s;

	for (uint64_t first = 1; was_cut; first++) {
		faulty_restart(0);
		kit_remove(w.kit.home);
		s = NULL;
		faulty_cut(first);
		if (store_open(&w.kit.options, &s, &w.kit.e) == 0)
			store_close(s);
		was_cut = faulty_is_cut();
		faulty_restart(first);
		s = NULL;
		if (!OK(store_open(&w.kit.options, &s, &w.kit.e) == 0,
			    "power is cut at change %" PRIu64 " of a store's making", first))
			tap_note("%s", w.kit.e.text);
		store_close(s);
	}
}

/* The store of a windrow that knew no more than the first tables, with a variable in it. */
static void make_old(const char *home)
{
	struct db *d = NULL;
	char path[KIT_PATH_MAX * 3];

	(void)snprintf(path, sizeof(path), "%s/windrow.db", home);
	if (mkdir(home, 0700) != 0)
		abort();
	kit_write(path, "", 0);
	if (db_open(path, DB_NEW, &d, &w.kit.e) != 0 ||
		db_script(d, migrations[0].sql, &w.kit.e) != 0 ||
		db_script(d,
			"CREATE TABLE schema_migrations (number BIGINT PRIMARY KEY, name TEXT NOT "
			"NULL, applied_at BIGINT NOT NULL); INSERT INTO schema_migrations VALUES "
			"(1, '001', 0); INSERT INTO variables VALUES ('v', 'old', NULL, NULL, 0)",
			&w.kit.e) != 0)
		abort();
	db_close(d);
}

/* A store becomes a newer windrow's: it is the old one or the new one, whenever power went. */
static void test_migrating(void)
{
	char old[KIT_PATH_MAX * 2];
	bool was_cut = true;
	int from, to;

	(void)snprintf(old, sizeof(old), "%s/old", w.kit.folder);
	faulty_restart(0);
	make_old(old);
	for (uint64_t first = 1; was_cut; first++) {
		char *value;

		faulty_restart(0);
		kit_remove(w.kit.home);
		kit_copy(old, w.kit.home);
		faulty_cut(first);
		(void)store_migrate(&w.kit.options, &from, &to, &w.kit.e);
		was_cut = faulty_is_cut();
		faulty_restart(first);
		if (!OK(store_migrate(&w.kit.options, &from, &to, &w.kit.e) == 0 &&
				    (from == 1 || from == migrations_count),
			    "power is cut at change %" PRIu64 " of a migration", first))
			tap_note("from %d: %s", from, w.kit.e.text);
		value = kit_sql(&w.kit, "SELECT value FROM variables");
		IS_STR(value, "old", "and what was in it is there");
		free(value);
	}
}

/* ---- what fails ---- */

static const struct {
	unsigned calls;
	const char *name;
} kinds[] = {{FAULTY_OPEN, "open"}, {FAULTY_READ, "read"}, {FAULTY_WRITE, "write"},
	{FAULTY_ROOM, "write, for want of room"}, {FAULTY_TRUNCATE, "truncate"},
	{FAULTY_SYNC, "sync"}, {FAULTY_DELETE, "delete"}, {FAULTY_MAP, "map"}};

/* Calls fail, once or until that is told; then power goes. False: none failed. */
static bool fail_at(unsigned calls, uint64_t first, bool is_once, unsigned *n_stalls)
{
	bool has_failed;

	home_anew(200);
	faulty_fail(calls, first, is_once ? 1 : UINT64_MAX);
	if (journal_begin() != 0) {
		if (faulty_failed() == 0)
			wrong("the journal does not open: %s", w.kit.e.text);
		faulty_mend();
		if (journal_begin() != 0) {
			wrong("it does not open when nothing fails: %s", w.kit.e.text);
			return false;
		}
	}
	tell(STORY, 2);
	*n_stalls += w.n_stalls;
	if (w.n_stalls != w.n_flows)
		wrong("%u stalls, %u of them over", w.n_stalls, w.n_flows);
	if (first % 2 == 0)
		faulty_cut(0);
	journal_end();
	has_failed = faulty_failed() > 0;
	faulty_mend();
	faulty_restart(first);
	look_again();
	if (w.called != STORY)
		wrong("%" PRIu64 " batches of %d were written", w.called, STORY);
	return has_failed;
}

static void test_faults(void)
{
	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
		for (int is_once = 0; is_once < 2; is_once++) {
			unsigned n_stalls = 0;
			uint64_t first = 0;

			do
				first++;
			while (fail_at(kinds[k].calls, first, is_once, &n_stalls) &&
				w.wrong[0] == '\0');
			if (!OK(w.wrong[0] == '\0', "any %s may fail %s: %u stalls", kinds[k].name,
				    is_once ? "once" : "for a while", n_stalls))
				tap_note("at the %" PRIu64 "th: %s", first, w.wrong);
			if (kinds[k].calls == FAULTY_WRITE || kinds[k].calls == FAULTY_SYNC)
				OK(n_stalls > 0, "and the journal says so");
		}
}

int main(void)
{
	struct store *s;

	faulty_install();
	kit_begin(&w.kit);
	(void)snprintf(w.template, sizeof(w.template), "%s/template", w.kit.folder);
	if (uv_loop_init(&w.loop) != 0)
		abort();
	s = kit_open(&w.kit);
	store_close(s);
	faulty_restart(0);
	kit_copy(w.kit.home, w.template);
	if (s != NULL) {
		test_making();
		test_migrating();
		test_each_call();
		test_faults();
		test_stories();
	}
	(void)uv_loop_close(&w.loop);
	kit_end(&w.kit);
	return tap_done();
}
