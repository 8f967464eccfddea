/* What the scheduler keeps, and the journal that writes it: what was committed is there, all of it
 * and in order; what could not be written waits, and is written when it can be. */
#include "store/journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/instant.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static struct store_kit k;
static struct arena *arena;
static uv_loop_t loop;
static unsigned n_called, n_stalls, n_flows;
static bool is_in_order, is_closed;
static struct err why; /* of the last stall */

static void on_stall(void *ctx, const struct err *e)
{
	(void)ctx;
	why = *e;
	n_stalls += e->text[0] != '\0';
}

static void on_flow(void *ctx)
{
	(void)ctx;
	n_flows++;
}

static void on_closed(void *ctx)
{
	(void)ctx;
	is_closed = true;
}

static unsigned numbers[100];

static void on_committed(void *ctx)
{
	is_in_order = is_in_order && *(unsigned *)ctx == n_called;
	n_called++;
}

static struct journal *open_journal(void)
{
	struct journal_options o = {
		.loop = &loop, .store = &k.options, .on_stall = on_stall, .on_flow = on_flow};
	struct journal *j = NULL;

	IS_INT(journal_open(&o, &j, &k.e), 0, "a journal opens");
	n_called = n_stalls = n_flows = 0;
	is_in_order = true;
	is_closed = false;
	return j;
}

static void close_journal(struct journal *j)
{
	journal_close(j, on_closed, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	OK(is_closed, "and closes");
}

static void is_sql(const char *sql, const char *wanted, const char *what)
{
	char *got = kit_sql(&k, sql);

	IS_STR(got, wanted, "%s", what);
	free(got);
}

static struct store_run run_of(uint64_t number, const char *run_id, enum run_state state)
{
	return (struct store_run){.number = number,
		.dag_id = "d",
		.run_id = run_id,
		.version = 2,
		.run_type = "manual",
		.state = (uint8_t)state,
		.stop = RUN_KILL_CANCEL,
		.logical_date = 1000 * (int64_t)number,
		.interval_start = INSTANT_NONE,
		.interval_end = INSTANT_NONE,
		.conf = "{}",
		.params = "{\"a\":1}",
		.seed = UINT64_MAX,
		.queued_at = 5,
		.started_at = INSTANT_NONE,
		.ended_at = state == RUN_SUCCESS ? 10 * (int64_t)number : INSTANT_NONE,
		.actor = NULL};
}

static struct store_task task_of(uint64_t run, uint32_t instance, enum task_state state)
{
	return (struct store_task){.run = run,
		.task_id = "S.t",
		.row = {.task = 3,
			.instance = instance,
			.try_number = 2,
			.try_limit = 4,
			.n_items = 7,
			.at = 99,
			.state = (uint8_t)state,
			.kill = RUN_KILL_TIMEOUT,
			.is_decided = true},
		.started_at = 1,
		.ended_at = INSTANT_NONE,
		.items = "[1]"};
}

/* ---- the store itself ---- */

/* Every kind of filter over two runs: number 1, id a, date 1000, success; 2, b, 2000, running. */
static void test_filters(struct store *s)
{
	static const struct {
		struct store_run_filter filter;
		const char *wanted; /* numbers of those that match, in their order */
	} cases[] = {
		{{"d", NULL, NULL, INSTANT_NONE, INSTANT_NONE, 0}, "21"},
		{{"d", NULL, NULL, INSTANT_NONE, INSTANT_NONE, 1}, "2"},
		{{"e", NULL, NULL, INSTANT_NONE, INSTANT_NONE, 0}, ""},
		{{"d", NULL, "success", INSTANT_NONE, INSTANT_NONE, 0}, "1"},
		{{"d", NULL, NULL, 1000, 2000, 0}, "21"},
		{{"d", NULL, NULL, 1000, 2000, 1}, "2"},
		{{"d", NULL, NULL, 1001, INSTANT_NONE, 0}, "2"},
		{{"d", NULL, NULL, INSTANT_NONE, 1999, 0}, "1"},
		{{"d", NULL, "running", INSTANT_NONE, 1999, 0}, ""},
		{{"d", "b", NULL, INSTANT_NONE, INSTANT_NONE, 0}, "2"},
		{{"d", "b", "success", INSTANT_NONE, INSTANT_NONE, 0}, ""},
		{{"d", "b", NULL, INSTANT_NONE, 1999, 0}, ""},
		{{"d", "b", NULL, 2000, 2000, 0}, "2"},
		{{"e", "b", NULL, INSTANT_NONE, INSTANT_NONE, 0}, ""},
		{{NULL, "a", NULL, INSTANT_NONE, INSTANT_NONE, 0}, "1"},
		{{NULL, NULL, NULL, 1000, 1000, 0}, "1"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_run *list = NULL;
		char found[8] = "";
		size_t n = 0;

		(void)store_runs_list(s, arena, &cases[i].filter, &list, &n, &k.e);
		for (size_t j = 0; j < n && j < 7; j++)
			found[j] = (char)('0' + list[j].number);
		IS_STR(found, cases[i].wanted, "filter %zu finds what it says", i);
	}
}

static void test_runs(struct store *s)
{
	struct store_run r1 = run_of(1, "a", RUN_SUCCESS), r2 = run_of(2, "b", RUN_RUNNING), got,
			 *list;
	struct store_task t = task_of(2, RUN_NO_INSTANCE, TASK_QUEUED),
			  u = task_of(2, 0, TASK_NONE), *tasks = NULL;
	struct store_try y = {.run = 2,
				 .task = 3,
				 .instance = RUN_NO_INSTANCE,
				 .try_number = 2,
				 .execution_id = "x-1",
				 .state = TASK_RUNNING,
				 .started_at = INSTANT_NONE,
				 .ended_at = INSTANT_NONE,
				 .exit_code = -1},
			 *tries = NULL;
	struct store_run_filter filter = {
		.dag_id = "d", .since = INSTANT_NONE, .until = INSTANT_NONE};
	uint64_t last;
	size_t n;

	IS_INT(store_run_number_last(s, &last, &k.e), 0, "runs are counted");
	OK(last == 0, "from nothing");
	OK(store_run_put(s, &r1, &k.e) == 0 && store_run_put(s, &r2, &k.e) == 0, "runs are kept");
	IS_INT(store_run_find(s, arena, "d", "b", &got, &k.e), 0, "and found");
	OK(got.number == 2 && got.version == 2 && got.state == RUN_RUNNING &&
			got.stop == RUN_KILL_CANCEL && got.seed == UINT64_MAX &&
			got.interval_start == INSTANT_NONE && got.logical_date == 2000 &&
			got.actor == NULL,
		"with all that was said of them");
	IS_STR(got.params, "{\"a\":1}", "their parameters too");
	IS_INT(store_run_find(s, arena, "d", "c", &got, &k.e), ERR_NOTFOUND, "one is not there");
	IS_STR(k.e.text, "the DAG d has no run c", "and that is told");
	IS_INT(store_runs_unfinished(s, arena, &list, &n, &k.e), 0, "those that go on");
	OK(n == 1 && list[0].number == 2, "are told apart");
	IS_INT(store_runs_list(s, arena, &filter, &list, &n, &k.e), 0, "a list");
	OK(n == 2 && list[0].number == 2, "begins with the newest");
	filter.state = "success";
	filter.limit = 1;
	OK(store_runs_list(s, arena, &filter, &list, &n, &k.e) == 0 && n == 1 &&
			list[0].number == 1,
		"and can be of one state");
	filter = (struct store_run_filter){.since = 1500, .until = 2000};
	OK(store_runs_list(s, arena, &filter, &list, &n, &k.e) == 0 && n == 1 &&
			list[0].number == 2,
		"or of some days");
	test_filters(s);
	OK(store_run_before(s, arena, "d", 2000, &got, &k.e) == 0 && got.number == 1,
		"the run before one is found");
	OK(store_task_put(s, &t, &k.e) == 0 && store_task_put(s, &u, &k.e) == 0, "tasks are kept");
	u.row.state = TASK_FAILED;
	OK(store_task_put(s, &u, &k.e) == 0 && store_tasks_of(s, arena, 2, &tasks, &n, &k.e) == 0,
		"and changed");
	OK(n == 2 && tasks[0].row.instance == RUN_NO_INSTANCE && tasks[1].row.instance == 0 &&
			tasks[1].row.state == TASK_FAILED,
		"in order");
	t.row.state = tasks[0].row.state;
	OK(memcmp(&tasks[0].row.at, &t.row.at, sizeof(t.row.at)) == 0 &&
			tasks[0].row.try_number == 2 && tasks[0].row.try_limit == 4 &&
			tasks[0].row.n_items == 7 && tasks[0].row.kill == RUN_KILL_TIMEOUT &&
			tasks[0].row.is_decided && !tasks[0].row.is_released &&
			tasks[0].row.state == TASK_QUEUED && tasks[0].ended_at == INSTANT_NONE,
		"to the letter");
	OK(store_try_put(s, &y, &k.e) == 0 && store_tries_of(s, arena, 2, &tries, &n, &k.e) == 0 &&
			n == 1,
		"a try is kept");
	OK(tries[0].exit_code == -1 && tries[0].outputs == NULL && tries[0].state == TASK_RUNNING,
		"too");
	IS_STR(tries[0].execution_id, "x-1", "with its execution");
}

static void test_dags(struct store *s)
{
	struct store_dag d = {.dag_id = "d",
				 .file = "d.yaml",
				 .version = 1,
				 .is_paused = true,
				 .first_seen = 3,
				 .last_interval_start = INSTANT_NONE,
				 .last_interval_end = INSTANT_NONE},
			 got, *list = NULL;
	struct store_dag_version v;
	struct store_source text;
	struct store_import_error wrong[2] = {{.line = 1, .column = 2, .text = "a"}, {.text = "b"}},
				  *errors = NULL;
	size_t n;

	OK(store_source_put(s, "h1", "d.yaml", "tasks: {}", 9, &k.e) == 0 &&
			store_dag_version_put(s, "d", 1, "h1", &k.e) == 0 &&
			store_dag_put(s, &d, &k.e) == 0,
		"a DAG, its version and its text are kept");
	IS_INT(store_source_put(s, "h2", "d.yaml", "a\0b", 3, &k.e), ERR_INVALID, "no NUL");
	OK(store_dag_get(s, arena, "d", &got, &k.e) == 0 && got.is_paused && !got.is_retired &&
			got.last_interval_end == INSTANT_NONE,
		"and found");
	IS_STR(got.source_hash, "h1", "with the version's text");
	OK(store_dag_version_get(s, arena, "d", 1, &v, &k.e) == 0 &&
			store_source_get(s, arena, v.source_hash, &text, &k.e) == 0,
		"which is there");
	IS_STR(text.text, "tasks: {}", "whole");
	IS_INT(store_dag_version_get(s, arena, "d", 2, &v, &k.e), ERR_NOTFOUND, "no other is");
	OK(store_dags(s, arena, &list, &n, &k.e) == 0 && n == 1, "one DAG");
	OK(store_import_errors_put(s, "x.yaml", wrong, 2, &k.e) == 0 &&
			store_import_errors(s, arena, &errors, &n, &k.e) == 0 && n == 2 &&
			errors[0].line == 1 && errors[0].column == 2,
		"what is wrong with a file is kept");
	OK(store_import_errors_put(s, "x.yaml", NULL, 0, &k.e) == 0 &&
			store_import_errors(s, arena, &errors, &n, &k.e) == 0 && n == 0,
		"until it is mended");
}

static void test_pools(struct store *s)
{
	struct store_pool p = {.name = "web", .slots = 3}, *list = NULL;
	size_t n;

	OK(store_pool_put(s, &p, &k.e) == 0 && (p.slots = 4) == 4 &&
			store_pool_put(s, &p, &k.e) == 0,
		"a pool is sized");
	OK(store_pools(s, arena, &list, &n, &k.e) == 0 && n == 1 && list[0].slots == 4, "anew");
	IS_INT(store_pool_delete(s, "wep", &k.e), ERR_NOTFOUND, "another is not there");
	IS_INT(store_pool_delete(s, "web", &k.e), 0, "and goes");
}

static void test_cleaning(struct store *s)
{
	struct store_cleaned c = {0};
	bool is_done;

	IS_INT(store_history_clean(s, 20, 10, true, &c, &is_done, &k.e), 0, "cleaning counts");
	OK(c.runs == 1 && is_done, "what is old and over");
	is_sql("SELECT COUNT(*) FROM runs", "2", "and can leave it there");
	c = (struct store_cleaned){0};
	IS_INT(store_history_clean(s, 20, 1, false, &c, &is_done, &k.e), 0, "or take it away");
	OK(c.runs == 1 && !is_done, "a slice at a time");
	IS_INT(store_history_clean(s, INT64_MAX, 1, false, &c, &is_done, &k.e), 0, "to the end");
	OK(is_done && c.versions == 0, "what is needed stays");
	is_sql("SELECT COUNT(*) FROM runs", "1", "as does what goes on");
	IS_INT(store_dag_delete(s, "d", &k.e), 0, "a DAG is forgotten");
	is_sql("SELECT (SELECT COUNT(*) FROM runs) + (SELECT COUNT(*) FROM tries) + "
	       "(SELECT COUNT(*) FROM task_instances) + (SELECT COUNT(*) FROM dag_versions)",
		"0", "with all its past");
	IS_INT(store_dag_delete(s, "d", &k.e), ERR_NOTFOUND, "once");
	IS_INT(store_history_clean(s, INT64_MAX, 9, false, &c, &is_done, &k.e), 0, "and its text");
	OK(c.sources == 1, "goes when nobody needs it");
}

/* ---- the journal ---- */

static void test_order(void)
{
	struct journal *j = open_journal();
	struct store_run r = run_of(1, "a", RUN_QUEUED);
	struct store_task t = task_of(1, RUN_NO_INSTANCE, TASK_NONE);

	for (unsigned i = 0; i < 100; i++) {
		numbers[i] = i;
		t.row.at = (int64_t)i;
		r.state = i < 99 ? RUN_RUNNING : RUN_SUCCESS;
		if (journal_run(j, &r) != 0 || journal_task(j, &t) != 0 ||
			journal_commit(j, on_committed, &numbers[i]) != 0)
			break;
	}
	IS_INT((long)journal_waiting(j), 100, "batches wait");
	(void)journal_audit(j, NULL, "test", "never committed");
	close_journal(j);
	IS_INT(n_called, 100, "each is called back");
	OK(is_in_order, "in order");
	is_sql("SELECT state FROM runs", "success", "what came last counts");
	is_sql("SELECT at FROM task_instances", "99", "of each row");
	is_sql("SELECT COUNT(*) FROM audit_log WHERE action = 'test'", "0",
		"what was not committed is forgotten");
}

/* Room is made for many commits; what is committed is found by the next who opens the store. */
static void test_lasting(void)
{
	struct journal_options o = {.loop = &loop, .store = &k.options, .is_lasting = true};
	struct store_pool p = {.name = "room", .slots = 3};
	struct journal *j = NULL;
	struct stat st = {0};

	IS_INT(journal_open(&o, &j, &k.e), 0, "a journal for many commits opens");
	n_called = 0;
	OK(journal_pool(j, &p) == 0 && journal_commit(j, on_committed, &numbers[0]) == 0,
		"something is committed");
	while (n_called == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(stat(kit_path(&k, "windrow.db-wal"), &st) == 0 && st.st_size >= 4 << 20,
		"in room that was made before");
	is_sql("SELECT slots FROM pools WHERE name = 'room'", "3", "and is found");
	(void)journal_pool_delete(j, "room");
	(void)journal_commit(j, NULL, NULL);
	close_journal(j);
	OK(stat(kit_path(&k, "windrow.db-wal"), &st) != 0, "the room is given back at the end");
}

static void test_kinds(void)
{
	struct journal *j = open_journal();
	struct store_dag d = {.dag_id = "e", .file = "e.yaml", .version = 1};
	struct store_pool p = {.name = "web", .slots = 3}, q = {.name = "gone", .slots = 3};
	struct store_import_error wrong = {.file = "w", .line = 4, .text = "no"};
	struct store_try y = {.run = 1, .execution_id = "x", .outputs = "{}"};

	OK(journal_dag(j, &d) == 0 && journal_dag_version(j, "e", 1, "h") == 0 &&
			journal_source(j, "h", "e.yaml", "text", 4) == 0 &&
			journal_pool(j, &p) == 0 && journal_pool(j, &q) == 0 &&
			journal_pool_delete(j, "gone") == 0 &&
			journal_pool_delete(j, "never") == 0 &&
			journal_import_errors(j, "w", &wrong, 1) == 0 && journal_try(j, &y) == 0 &&
			journal_audit(j, NULL, "test", "all") == 0 &&
			journal_dag_delete(j, "nowhere") == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0,
		"every kind of change can be added");
	close_journal(j);
	IS_INT(n_called, 1, "and is committed");
	is_sql("SELECT name || slots FROM pools", "web3", "pools");
	is_sql("SELECT text || line_number FROM import_errors", "no4", "import errors");
	is_sql("SELECT s.text FROM dags d JOIN dag_versions v ON v.dag_id = d.dag_id "
	       "JOIN dag_sources s ON s.hash = v.source_hash WHERE d.dag_id = 'e'",
		"text", "DAGs");
	is_sql("SELECT execution_id FROM tries", "x", "tries");
	is_sql("SELECT name FROM audit_log WHERE action = 'test'", "all", "who did what");
	j = open_journal();
	OK(journal_dag_delete(j, "e") == 0 && journal_commit(j, NULL, NULL) == 0, "and forgotten");
	close_journal(j);
	is_sql("SELECT COUNT(*) FROM dags", "0", "again");
}

/* A table that is not there stands for a disk that is full: nothing can be written, until it can.
 */
static void test_stall(void)
{
	struct journal *j = open_journal();

	free(kit_sql(&k, "ALTER TABLE pools RENAME TO elsewhere"));
	OK(journal_pool(j, &(struct store_pool){.name = "p", .slots = 1}) == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0 &&
			journal_audit(j, NULL, "test", "behind") == 0 &&
			journal_commit(j, on_committed, &numbers[1]) == 0,
		"batches are handed over");
	while (n_stalls == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	IS_INT(n_called, 0, "what cannot be written is not called back");
	free(kit_sql(&k, "ALTER TABLE elsewhere RENAME TO pools"));
	while (n_called < 2)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(n_stalls == 1 && n_flows == 1 && is_in_order, "until it can be, and nothing is lost");
	is_sql("SELECT COUNT(*) FROM audit_log WHERE action = 'test' AND name = 'behind'", "1",
		"nor what came behind");
	free(kit_sql(&k, "ALTER TABLE pools RENAME TO elsewhere"));
	OK(journal_pool(j, &(struct store_pool){.name = "q", .slots = 1}) == 0 &&
			journal_commit(j, on_committed, &numbers[2]) == 0,
		"at the end");
	close_journal(j);
	IS_INT(n_called, 2, "what cannot be written is given up");
}

/* What would be written to a file without a name would be gone with it. */
static void test_taken_away(void)
{
	struct journal *j = open_journal();
	char path[KIT_PATH_MAX * 2], away[KIT_PATH_MAX * 3];

	(void)snprintf(path, sizeof(path), "%s", kit_path(&k, "windrow.db"));
	(void)snprintf(away, sizeof(away), "%s.away", path);
	IS_INT(rename(path, away), 0, "the store is taken away");
	OK(journal_stall(j) == NULL && journal_audit(j, NULL, "test", "kept") == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0,
		"a batch is handed over");
	while (n_stalls == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(strstr(why.text, "was taken away or replaced while it was in use: put it back") != NULL,
		"which is told");
	OK(journal_stall(j) != NULL && strcmp(journal_stall(j)->text, why.text) == 0,
		"to whoever asks, too");
	OK(!journal_error_is_final(&why), "and can be mended");
	IS_INT(rename(away, path), 0, "it is put back");
	while (n_called == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(n_flows == 1 && journal_stall(j) == NULL, "and everything goes on");
	close_journal(j);
	is_sql("SELECT COUNT(*) FROM audit_log WHERE name = 'kept'", "1", "with nothing lost");
}

/* A damaged store is never written to again, though it looks sound later: who knows what it holds.
 */
static void test_damage(void)
{
	struct journal *j = open_journal();
	char *sound, *damaged, *now;
	size_t len, len_now;

	free(kit_sql(&k, "INSERT INTO pools (name, slots) VALUES ('x', 1)"));
	free(kit_sql(&k, "PRAGMA wal_checkpoint(TRUNCATE)"));
	sound = kit_read(kit_path(&k, "windrow.db"), &len);
	damaged = kit_read(kit_path(&k, "windrow.db"), &len);
	memset(damaged + 4096, 0xaa, len - 4096);
	kit_write(kit_path(&k, "windrow.db"), damaged, len);
	OK(journal_audit(j, NULL, "test", "lost") == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0,
		"a batch is handed over");
	while (n_stalls == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	IS_INT(why.code, ERR_CORRUPT, "a store that is damaged meanwhile is told");
	OK(strstr(why.text, "stop what uses it, keep a copy, and put a backup in its place") !=
			NULL,
		"with what to do");
	OK(journal_error_is_final(&why), "once and for all");
	now = kit_read(kit_path(&k, "windrow.db"), &len_now);
	IS_MEM(now, len_now, damaged, len, "nothing was written to it");
	free(now);
	kit_write(kit_path(&k, "windrow.db"), sound, len);
	(void)journal_commit(j, on_committed, &numbers[1]);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	close_journal(j);
	IS_INT(n_called, 0, "and nothing is, though it be mended behind our back");
	IS_INT(n_stalls, 1, "it was told once");
	is_sql("SELECT COUNT(*) FROM audit_log WHERE name = 'lost'", "0", "really nothing");
	free(sound);
	free(damaged);
}

/* Damage that somebody else meets counts as much. */
static void test_damage_elsewhere(void)
{
	struct journal_options o = {.loop = &loop, .store = &k.options, .on_stall = on_stall};
	struct store *s = kit_open(&k);
	struct journal *j = NULL;
	char *sound, *damaged;
	struct store_pool *pools;
	size_t len, n;

	o.reader = s;
	n_called = n_stalls = 0;
	is_closed = false;
	IS_INT(journal_open(&o, &j, &k.e), 0, "a journal opens beside a reader");
	free(kit_sql(&k, "UPDATE pools SET slots = 2"));
	free(kit_sql(&k, "PRAGMA wal_checkpoint(TRUNCATE)"));
	sound = kit_read(kit_path(&k, "windrow.db"), &len);
	damaged = kit_read(kit_path(&k, "windrow.db"), &len);
	memset(damaged + 4096, 0xaa, len - 4096);
	kit_write(kit_path(&k, "windrow.db"), damaged, len);
	IS_INT(store_pools(s, arena, &pools, &n, &k.e), ERR_CORRUPT, "which meets damage");
	kit_write(kit_path(&k, "windrow.db"), sound, len);
	OK(journal_audit(j, NULL, "test", "lost") == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0,
		"a batch is handed over");
	while (n_stalls == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	IS_INT(why.code, ERR_CORRUPT, "nothing is written behind that");
	close_journal(j);
	IS_INT(n_called, 0, "ever");
	store_close(s);
	free(sound);
	free(damaged);
}

/* A change that the tables refuse would be refused for ever. */
static void test_rule(void)
{
	struct journal *j = open_journal();

	free(kit_sql(&k,
		"CREATE TRIGGER no BEFORE INSERT ON audit_log BEGIN "
		"SELECT RAISE(ABORT, 'refused'); END"));
	OK(journal_audit(j, NULL, "test", "no") == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0,
		"a batch is handed over");
	while (n_stalls == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(strstr(why.text,
		   "a change breaks a rule of the store's tables, by a fault of windrow's") != NULL,
		"what breaks a rule is told for what it is");
	OK(journal_error_is_final(&why), "once and for all");
	close_journal(j);
	IS_INT(n_called, 0, "and is not called back");
	free(kit_sql(&k, "DROP TRIGGER no"));
}

int main(void)
{
	struct store *s;

	kit_begin(&k);
	arena = arena_create(0);
	if (arena == NULL || uv_loop_init(&loop) != 0)
		abort();
	s = kit_open(&k);
	if (s != NULL) {
		test_runs(s);
		test_dags(s);
		test_pools(s);
		test_cleaning(s);
		store_close(s);
		test_order();
		test_lasting();
		test_kinds();
		test_stall();
		free(kit_sql(&k, "ALTER TABLE elsewhere RENAME TO pools"));
		test_taken_away();
		test_rule();
		test_damage();
		test_damage_elsewhere();
	}
	(void)uv_loop_close(&loop);
	arena_destroy(arena);
	kit_end(&k);
	return tap_done();
}
