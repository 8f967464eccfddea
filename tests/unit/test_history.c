/* What the scheduler keeps of its runs, DAGs and pools, and how it is forgotten. */
#include "store/store_run.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/instant.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static struct store_kit k;
static struct arena *arena;

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
	r1.state = RUN_QUEUED;
	IS_INT(store_run_put(s, &r1, &k.e), 0, "the older is cleared");
	IS_INT(store_runs_unfinished(s, arena, &list, &n, &k.e), 0, "and goes on");
	OK(n == 2 && list[0].number == 2, "those that run come first");
	r1.state = RUN_SUCCESS;
	IS_INT(store_run_put(s, &r1, &k.e), 0, "it is over again");
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

	free(kit_sql(&k, "INSERT INTO dag_sources VALUES ('old', 'x.yaml', '', 5)"));
	free(kit_sql(&k, "INSERT INTO dag_versions VALUES ('d', 0, 'old', 5)"));
	free(kit_sql(&k, "UPDATE runs SET version = 0 WHERE ended_at < 20"));
	IS_INT(store_history_clean(s, 20, 10, true, &c, &is_done, &k.e), 0, "cleaning counts");
	OK(c.runs == 1 && is_done, "what is old and over");
	OK(c.versions == 1 && c.sources == 1, "and what only that needs");
	is_sql("SELECT COUNT(*) FROM runs", "2", "and can leave it there");
	c = (struct store_cleaned){0};
	IS_INT(store_history_clean(s, 20, 1, false, &c, &is_done, &k.e), 0, "or take it away");
	OK(c.runs == 1 && !is_done, "a slice at a time");
	IS_INT(store_history_clean(s, INT64_MAX, 1, false, &c, &is_done, &k.e), 0, "to the end");
	OK(is_done && c.versions == 1, "what is needed stays");
	is_sql("SELECT COUNT(*) FROM runs", "1", "as does what goes on");
	IS_INT(store_dag_delete(s, "d", &k.e), 0, "a DAG is forgotten");
	is_sql("SELECT (SELECT COUNT(*) FROM runs) + (SELECT COUNT(*) FROM tries) + "
	       "(SELECT COUNT(*) FROM task_instances) + (SELECT COUNT(*) FROM dag_versions)",
		"0", "with all its past");
	IS_INT(store_dag_delete(s, "d", &k.e), ERR_NOTFOUND, "once");
	IS_INT(store_history_clean(s, INT64_MAX, 9, false, &c, &is_done, &k.e), 0, "and its text");
	OK(c.sources == 2, "goes when nobody needs it");
}

int main(void)
{
	struct store *s;

	kit_begin(&k);
	arena = arena_create(0);
	if (arena == NULL)
		abort();
	s = kit_open(&k);
	if (s != NULL) {
		test_runs(s);
		test_dags(s);
		test_pools(s);
		test_cleaning(s);
		store_close(s);
	}
	arena_destroy(arena);
	kit_end(&k);
	return tap_done();
}
