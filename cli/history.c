/* What has happened, as the store has it: `dags list-runs`, `dags state`, `tasks state`,
 * `tasks states-for-dag-run`. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/run_stored.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"

/* Where a run stands in time, which may be 1970-01-01. */
static void date_cell(struct table *t, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	table_text(t, at == INSTANT_NONE ? NULL : instant_format(at, text));
}

/* When something happened; 0: it has not yet. */
static void time_cell(struct table *t, int64_t at)
{
	date_cell(t, at == 0 ? INSTANT_NONE : at);
}

static int date_read(const struct args *args, const char *flag, bool is_end, int64_t *out)
{
	const char *text = args_text(args, flag, NULL);
	struct err e;
	int r;

	*out = INSTANT_NONE;
	if (text == NULL)
		return EXIT_DONE;
	r = is_end ? instant_parse_end(text, strlen(text), NULL, out, &e)
		   : instant_parse(text, strlen(text), NULL, out, NULL, &e);
	if (r == 0)
		return EXIT_DONE;
	report_error("--%s: %s", flag, e.text);
	return EXIT_USAGE;
}

/* ---- dags list-runs ---- */

static int runs_show(const struct store_run *runs, size_t n, const struct args *args)
{
	static const char *const columns[] = {
		"dag_id", "run_id", "state", "logical_date", "start_date", "end_date", "run_type"};
	struct table *t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; i < n; i++) {
		table_text(t, runs[i].dag_id);
		table_text(t, runs[i].run_id);
		table_text(t, run_state_name((enum run_state)runs[i].state));
		date_cell(t, runs[i].logical_date);
		/* One that was cleared has not begun again yet. */
		time_cell(t, runs[i].state == RUN_QUEUED ? INSTANT_NONE : runs[i].started_at);
		time_cell(t, runs[i].ended_at);
		table_text(t, runs[i].run_type);
	}
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

/* Of a DAG that has no run: it is there, though perhaps no scheduler has seen it yet. */
static int dag_check(struct store *s, struct arena *a, const char *dag_id)
{
	struct dag_opened opened;
	struct store_dag dag;
	struct err e;
	int status;

	if (s != NULL && store_dag_get(s, a, dag_id, &dag, &e) == 0)
		return EXIT_DONE;
	status = dag_open(dag_id, &opened);
	if (status == EXIT_DONE && strcmp(opened.dag->dag_id, dag_id) != 0) {
		report_error("%s is a file; its DAG is %s", dag_id, opened.dag->dag_id);
		status = EXIT_FAILED;
	}
	dag_close(&opened);
	return status;
}

static int runs_list(struct store *s, struct arena *a, const struct args *args)
{
	struct store_run_filter f = {.dag_id = args_word(args, 0),
		.state = args_text(args, "state", NULL),
		.limit = (uint32_t)args_int(args, "limit", 0)};
	struct store_run *runs = NULL;
	struct err e;
	size_t n = 0;
	int status = date_read(args, "start-date", false, &f.since);

	if (status == EXIT_DONE)
		status = date_read(args, "end-date", true, &f.until);
	if (status != EXIT_DONE)
		return status;
	if (s != NULL && store_runs_list(s, a, &f, &runs, &n, &e) != 0)
		return stores_report(&e);
	if (n == 0)
		status = dag_check(s, a, f.dag_id);
	return status == EXIT_DONE ? runs_show(runs, n, args) : status;
}

static int list_runs_exec(const struct args *args)
{
	return stores_look(args, runs_list);
}

static const char *const run_states[] = {"queued", "running", "success", "failed", NULL};

static const struct flag list_runs_flags[] = {
	{"state", 0, FLAG_ENUM, "STATE", "only those that are queued, running, success or failed",
		.choices = run_states},
	{"start-date", 's', FLAG_TEXT, "DATE", "whose logical date is this or later, in UTC"},
	{"end-date", 'e', FLAG_TEXT, "DATE", "whose logical date is this or earlier, in UTC"},
	{"limit", 'n', FLAG_INT, "N", "at most so many, the newest", 1, 1000000000},
	OUTPUT_FLAG,
};

const struct command command_dags_list_runs = {
	.group = "dags",
	.verb = "list-runs",
	.words = "ID",
	.summary = "the runs of a DAG, the newest first",
	.flags = list_runs_flags,
	.n_flags = sizeof(list_runs_flags) / sizeof(list_runs_flags[0]),
	.example = "windrow dags list-runs nightly --state failed",
	.exec = list_runs_exec,
};

/* ---- dags state ---- */

static int state_show(struct store *s, struct arena *a, const struct args *args)
{
	struct store_run run;
	struct err e;

	if (s == NULL) {
		report_error("there is no run yet: nothing was ever stored");
		return EXIT_FAILED;
	}
	if (store_run_find(s, a, args_word(args, 0), args_word(args, 1), &run, &e) != 0)
		return stores_report(&e);
	(void)puts(run_state_name((enum run_state)run.state));
	return EXIT_DONE;
}

static int dags_state_exec(const struct args *args)
{
	return stores_look(args, state_show);
}

const struct command command_dags_state = {
	.group = "dags",
	.verb = "state",
	.words = "ID RUN",
	.summary = "the state of a run",
	.details = "The word alone: queued, running, success or failed.",
	.example = "windrow dags state nightly scheduled__2026-11-20T00:00:00+00:00",
	.exec = dags_state_exec,
};

/* ---- tasks ---- */

/* The rows of a run, by task and instance. */
struct rows {
	struct run_stored stored;
	struct store_task *list;
	size_t n;
};

static int rows_open(const char *dag_id, const char *run_id, struct rows *r)
{
	struct err e;
	int status = run_stored_open(dag_id, run_id, &r->stored);

	r->n = 0;
	if (status != EXIT_DONE)
		return status;
	if (store_tasks_of(r->stored.store, r->stored.arena, r->stored.run.number, &r->list, &r->n,
		    &e) != 0)
		return stores_report(&e);
	return EXIT_DONE;
}

static int task_state_show(struct rows *r, const struct args *args)
{
	const struct task *t = dag_find_task(r->stored.dag, args_word(args, 1));
	uint32_t instance = args_has(args, "map-index") ? (uint32_t)args_int(args, "map-index", 0)
							: RUN_NO_INSTANCE;
	const struct store_task *row;
	struct err e;

	if (t == NULL)
		return EXIT_FAILED;
	if (run_stored_row_find(t, instance, r->list, r->n, &row, &e) != 0)
		return stores_report(&e);
	(void)puts(task_state_name(row == NULL ? TASK_NONE : (enum task_state)row->row.state));
	return EXIT_DONE;
}

static int tasks_state_exec(const struct args *args)
{
	struct rows r;
	int status = rows_open(args_word(args, 0), args_word(args, 2), &r);

	if (status == EXIT_DONE)
		status = task_state_show(&r, args);
	run_stored_close(&r.stored);
	return status;
}

static const struct flag tasks_state_flags[] = {
	{"map-index", 'i', FLAG_INT, "N", "of a for_each, this instance's, counted from 0", 0,
		RUN_ITEMS_MAX - 1},
};

const struct command command_tasks_state = {
	.group = "tasks",
	.verb = "state",
	.words = "ID TASK RUN",
	.summary = "the state of a task in a run",
	.details = "The word alone; none: it waits for what is above it.",
	.flags = tasks_state_flags,
	.n_flags = sizeof(tasks_state_flags) / sizeof(tasks_state_flags[0]),
	.example = "windrow tasks state nightly Dump.billing tuesday",
	.exec = tasks_state_exec,
};

static void state_row(
	struct table *t, const struct rows *r, uint32_t task, const struct store_task *s)
{
	static const struct store_task nothing = {.row = {.instance = RUN_NO_INSTANCE},
		.started_at = INSTANT_NONE,
		.ended_at = INSTANT_NONE};

	s = s == NULL ? &nothing : s;
	table_text(t, r->stored.run.dag_id);
	date_cell(t, r->stored.run.logical_date);
	table_text(t, r->stored.dag->tasks[task].id);
	if (s->row.instance == RUN_NO_INSTANCE)
		table_text(t, NULL);
	else
		table_int(t, s->row.instance);
	table_text(t, task_state_name((enum task_state)s->row.state));
	table_int(t, s->row.try_number);
	time_cell(t, s->started_at);
	time_cell(t, s->ended_at);
	table_text(t, r->stored.run.run_id);
}

/* Every task in file order, each before its instances. The store's rows are in that order too. */
static int states_show(const struct rows *r, const struct args *args)
{
	static const char *const columns[] = {"dag_id", "logical_date", "task_id", "map_index",
		"state", "try_number", "start_date", "end_date", "run_id"};
	struct table *t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	size_t at = 0;
	int status;

	for (uint32_t task = 0; task < r->stored.dag->n_tasks; task++) {
		bool has_row = at < r->n && r->list[at].row.task == task &&
			r->list[at].row.instance == RUN_NO_INSTANCE;

		if (!has_row)
			state_row(t, r, task, NULL);
		for (; at < r->n && r->list[at].row.task == task; at++)
			state_row(t, r, task, &r->list[at]);
	}
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

static int states_exec(const struct args *args)
{
	struct rows r;
	int status = rows_open(args_word(args, 0), args_word(args, 1), &r);

	if (status == EXIT_DONE)
		status = states_show(&r, args);
	run_stored_close(&r.stored);
	return status;
}

static const struct flag states_flags[] = {OUTPUT_FLAG};

const struct command command_tasks_states_for_dag_run = {
	.group = "tasks",
	.verb = "states-for-dag-run",
	.words = "ID RUN",
	.summary = "the states of all tasks of a run",
	.details = "In file order, each task before its instances.",
	.flags = states_flags,
	.n_flags = sizeof(states_flags) / sizeof(states_flags[0]),
	.example = "windrow tasks states-for-dag-run nightly tuesday",
	.exec = states_exec,
};
