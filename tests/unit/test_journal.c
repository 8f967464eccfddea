/* The journal: what was committed is there, all of it and in order; what could not be written
 * waits, and is written when it can be, but never to a store that is damaged. */
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

static void test_order(void)
{
	struct journal *j = open_journal();
	struct store_run r = {.number = 1,
		.dag_id = "d",
		.run_id = "a",
		.run_type = "manual",
		.conf = "{}",
		.params = "{}"};
	struct store_task t = {.run = 1, .task_id = "S.t", .row = {.instance = RUN_NO_INSTANCE}};

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

static void test_forget_run(void)
{
	struct store_run r = {.number = 77,
		.dag_id = "d",
		.run_id = "half",
		.run_type = "manual",
		.state = RUN_QUEUED,
		.conf = "{}",
		.params = "{}"};
	struct store_task t = {.run = 77, .task_id = "S.t", .row = {.instance = RUN_NO_INSTANCE}};
	struct store_pool p = {.name = "room", .slots = 3};
	struct journal *j = open_journal();

	(void)journal_run(j, &r);
	(void)journal_pool(j, &p);
	r.state = RUN_RUNNING;
	(void)journal_run(j, &r);
	(void)journal_task(j, &t);
	journal_forget_run(j, 77, true);
	IS_INT(journal_commit(j, NULL, NULL), 0, "what a new run has done is forgotten");
	r.state = RUN_SUCCESS;
	(void)journal_run(j, &r);
	(void)journal_task(j, &t);
	journal_forget_run(j, 77, false);
	journal_forget_run(j, 78, false);
	(void)journal_pool_delete(j, "room");
	IS_INT(journal_commit(j, NULL, NULL), 0, "and what an old one has");
	close_journal(j);
	is_sql("SELECT state FROM runs WHERE run_id = 'half'", "queued",
		"but not that it was made");
	is_sql("SELECT COUNT(*) FROM task_instances WHERE run = 77", "0",
		"of its tasks nothing is");
	is_sql("SELECT COUNT(*) FROM pools WHERE name = 'room'", "0", "and what others add is");
}

/* Half of what somebody adds is never stored, whoever ends the batch. */
static int complete(void *ctx)
{
	struct journal *j = *(struct journal **)ctx;
	struct store_pool rest = {.name = "rest", .slots = 2};

	return j == NULL ? ERR_ILLEGAL : journal_pool(j, &rest);
}

static void test_complete(void)
{
	struct store_pool p = {.name = "half", .slots = 1};
	struct journal *j = open_journal(), *by = NULL;

	journal_complete_by(j, complete, &by);
	OK(journal_pool(j, &p) == 0 && journal_commit(j, NULL, NULL) == ERR_ILLEGAL,
		"a batch that cannot be completed does not end");
	by = j;
	IS_INT(journal_commit(j, NULL, NULL), 0, "one that can be does");
	journal_complete_by(j, NULL, NULL);
	p.name = "dropped";
	(void)journal_pool(j, &p);
	journal_forget(j);
	IS_INT(journal_commit(j, NULL, NULL), 0, "and what is forgotten is not in the next");
	close_journal(j);
	is_sql("SELECT group_concat(name) FROM (SELECT name FROM pools WHERE name IN ('half', "
	       "'rest', 'dropped') ORDER BY name)",
		"half,rest", "so it is stored as a whole");
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
	while (n_stalls == 1)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(journal_audit(j, NULL, "test", "without") == 0 &&
			journal_commit(j, on_committed, &numbers[3]) == 0,
		"with something behind it");
	close_journal(j);
	IS_INT(n_called, 2, "what cannot be written is given up");
	is_sql("SELECT COUNT(*) FROM audit_log WHERE name = 'without'", "0",
		"with all that comes behind it");
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

/* A log that somebody takes away holds what was called committed: that is saved. N.B. one in whose
 * place another lies is waited for, however long that takes. */
static void test_log_taken_away(void)
{
	struct journal *j;
	char path[KIT_PATH_MAX * 2], real[KIT_PATH_MAX * 2], log[KIT_PATH_MAX * 3],
		away[KIT_PATH_MAX * 3];

	(void)snprintf(path, sizeof(path), "%s", kit_path(&k, "windrow.db"));
	(void)snprintf(real, sizeof(real), "%s", kit_path(&k, "real.db"));
	(void)snprintf(log, sizeof(log), "%s-wal", real);
	(void)snprintf(away, sizeof(away), "%s.away", real);
	OK(rename(path, real) == 0 && symlink("real.db", path) == 0, "a store may be a link");
	j = open_journal();
	OK(journal_audit(j, NULL, "test", "in the log") == 0 &&
			journal_commit(j, on_committed, &numbers[0]) == 0,
		"a batch is handed over");
	while (n_called == 0)
		(void)uv_run(&loop, UV_RUN_ONCE);
	IS_INT(rename(log, away), 0, "the log is taken away");
	kit_write(log, "x", 1);
	OK(journal_audit(j, NULL, "test", "late") == 0 &&
			journal_commit(j, on_committed, &numbers[1]) == 0,
		"another batch is handed over");
	while (n_stalls == 0 && n_called == 1)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(strstr(why.text, "-wal was taken away or replaced while it was in use: put it back") !=
			NULL,
		"which is told: %s", why.text);
	IS_INT(rename(away, log), 0, "it is put back");
	while (n_called == 1)
		(void)uv_run(&loop, UV_RUN_ONCE);
	IS_INT(n_flows, 1, "and everything goes on");
	IS_INT(unlink(log), 0, "it is deleted");
	OK(journal_audit(j, NULL, "test", "lost") == 0 &&
			journal_commit(j, on_committed, &numbers[2]) == 0,
		"a third batch is handed over");
	while (!journal_has_stopped(j) && n_called == 2)
		(void)uv_run(&loop, UV_RUN_ONCE);
	OK(strstr(why.text, "what it held was saved, unless") != NULL,
		"which stops it for good: %s", why.text);
	is_sql("SELECT group_concat(name, '; ') FROM audit_log WHERE action = 'test' AND name IN "
	       "('in the log', 'late', 'lost')",
		"in the log; late", "with all that was called committed in the store");
	IS_INT(n_called, 2, "and nothing else");
	close_journal(j);
	IS_INT(rename(real, path), 0, "the store stands in its place again");
}

/* Damages the store behind its first page. The bytes that it had, to be freed, as *damaged is. */
static char *spoil(char **damaged, size_t *len)
{
	char *sound = kit_read(kit_path(&k, "windrow.db"), len);

	*damaged = kit_read(kit_path(&k, "windrow.db"), len);
	memset(*damaged + 4096, 0xaa, *len - 4096);
	kit_write(kit_path(&k, "windrow.db"), *damaged, *len);
	return sound;
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
	sound = spoil(&damaged, &len);
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
	sound = spoil(&damaged, &len);
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
		store_close(s);
		test_order();
		test_lasting();
		test_kinds();
		test_complete();
		test_forget_run();
		test_stall();
		free(kit_sql(&k, "ALTER TABLE elsewhere RENAME TO pools"));
		test_taken_away();
		test_log_taken_away();
		test_rule();
		test_damage();
		test_damage_elsewhere();
	}
	(void)uv_loop_close(&loop);
	arena_destroy(arena);
	kit_end(&k);
	return tap_done();
}
