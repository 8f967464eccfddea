/* `windrow tasks logs`: what a try of a task printed, and what it prints. */
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/log_follow.h"
#include "cli/report.h"
#include "cli/run_stored.h"
#include "cli/settings.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "scheduler/task_log.h"

#define TRY_WAIT_MS 100 /* between looks for a try that has not begun */

struct logs {
	struct run_stored stored;
	const struct task *task;
	uint32_t instance;
	uint32_t try_number; /* of the try that is shown; 0: none yet */
	const char *folder;
};

/* How the task, or the instance, stands in the store; state none where it has no row. */
static int row_read(struct logs *l, struct run_row *out, struct err *e)
{
	struct arena *a = arena_create(0);
	const struct store_task *found = NULL;
	struct store_task *tasks;
	size_t n = 0;
	int r = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			  : store_tasks_of(l->stored.store, a, l->stored.run.number, &tasks, &n, e);

	if (r == 0)
		r = run_stored_row_find(l->task, l->instance, tasks, n, &found, e);
	if (r == 0)
		*out = (struct run_row){.state = TASK_NONE};
	if (r == 0 && found != NULL)
		*out = found->row;
	arena_destroy(a);
	return r;
}

/* Whether the run is over. ERR_NOTFOUND: it is not there any more. */
static int run_read(struct logs *l, bool *is_over, struct err *e)
{
	const struct store_run *ours = &l->stored.run;
	struct arena *a = arena_create(0);
	struct store_run run;
	int r = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			  : store_run_find(l->stored.store, a, ours->dag_id, ours->run_id, &run, e);

	if (r == 0 && run.number != ours->number)
		r = err_set(e, ERR_NOTFOUND, "the run %s of %s was deleted", ours->run_id,
			ours->dag_id);
	*is_over = r == 0 && run_state_is_over((enum run_state)run.state);
	arena_destroy(a);
	return r;
}

static bool may_go_on(const struct run_row *row)
{
	return !task_state_is_over((enum task_state)row->state);
}

/* Whether the try that is shown is over: another one is there or to come, or the task is. */
static int is_over(void *ctx, struct err *e)
{
	struct logs *l = ctx;
	struct run_row row;
	int r = row_read(l, &row, e);

	if (r != 0)
		return r;
	return row.try_number != l->try_number || row.state == TASK_UP_FOR_RETRY ||
		!may_go_on(&row);
}

static bool path_make(const struct logs *l, char *path, size_t size)
{
	struct task_log_place place = {.folder = l->folder,
		.dag_id = l->stored.run.dag_id,
		.run_id = l->stored.run.run_id,
		.task_id = l->task->id,
		.instance = l->instance,
		.try_number = l->try_number};

	return task_log_path_make(&place, path, size);
}

/* How a try ended whose log is not there: it may never have come to be. */
static void note_message(const struct logs *l)
{
	struct arena *a = arena_create(0);
	struct store_try *tries;
	struct err ignored;
	size_t n = 0;

	if (a == NULL ||
		store_tries_of(l->stored.store, a, l->stored.run.number, &tries, &n, &ignored) != 0)
		n = 0;
	for (size_t i = 0; i < n; i++)
		if (tries[i].task == l->task->number && tries[i].instance == l->instance &&
			tries[i].try_number == l->try_number && tries[i].message != NULL &&
			*tries[i].message != '\0')
			report_note("what is known of this try: %s", tries[i].message);
	arena_destroy(a);
}

static int show(struct logs *l, bool follows)
{
	char path[PATH_MAX];
	int status;

	if (!path_make(l, path, sizeof(path))) {
		report_error("the path of the log is too long");
		return EXIT_FAILED;
	}
	status = log_follow(path, follows ? is_over : NULL, l);
	if (status != EXIT_DONE && access(path, F_OK) != 0)
		note_message(l);
	return status;
}

/* False, and reported: it is a for_each, of whose instances one is to be said. */
static bool is_one(const struct logs *l, const struct run_row *row)
{
	if (row->n_items == 0 || l->instance != RUN_NO_INSTANCE)
		return true;
	report_error("%s is a for_each of %u instances here: --map-index says which", l->task->id,
		row->n_items);
	return false;
}

static int report_untried(const struct logs *l, const struct run_row *row)
{
	report_error("%s has no log in this run: it is %s, and was never tried", l->task->id,
		task_state_name((enum task_state)row->state));
	return EXIT_FAILED;
}

/* Every try from this one on, until the task is over. N.B. the run first: in one that was over by
 * then nothing comes that the row does not tell. */
static int follow_tries(struct logs *l)
{
	static const struct timespec pause = {.tv_nsec = TRY_WAIT_MS * 1000000L};
	uint32_t shown = l->try_number == 0 ? 0 : l->try_number - 1;
	int status = EXIT_DONE;
	struct run_row row;
	struct err e;
	bool is_over;

	while (status == EXIT_DONE) {
		if (ferror(stdout) || report_is_deserted())
			return EXIT_FAILED;
		if (run_read(l, &is_over, &e) != 0 || row_read(l, &row, &e) != 0)
			return stores_report(&e);
		if (!is_one(l, &row))
			return EXIT_USAGE;
		if (row.try_number > shown) {
			if (shown > 0)
				report_note("try %u:", shown + 1);
			l->try_number = ++shown;
			status = show(l, true);
		} else if (may_go_on(&row) && !is_over) {
			(void)nanosleep(&pause, NULL);
		} else {
			return shown > 0 ? status : report_untried(l, &row);
		}
	}
	return status;
}

/* Which try: the last one, or the one that was asked for. */
static int try_choose(struct logs *l, const struct args *args)
{
	long wanted = args_int(args, "try", 0);
	struct run_row row;
	struct err e;

	if (row_read(l, &row, &e) != 0)
		return stores_report(&e);
	if (!is_one(l, &row))
		return EXIT_USAGE;
	if (wanted > (long)row.try_number) {
		report_error("%s has had %u %s in this run", l->task->id, row.try_number,
			row.try_number == 1 ? "try" : "tries");
		return EXIT_FAILED;
	}
	l->try_number = wanted > 0 ? (uint32_t)wanted : row.try_number;
	if (l->try_number > 0 || args_has(args, "follow"))
		return EXIT_DONE;
	return report_untried(l, &row);
}

static int logs(struct logs *l, const struct args *args)
{
	struct settings *s = settings_or_report();
	int status;

	if (s == NULL)
		return EXIT_FAILED;
	l->folder = arena_printf(l->stored.arena, "%s/logs", settings_home_path(s));
	settings_destroy(s);
	if (l->folder == NULL)
		return report_no_memory();
	l->task = dag_find_task(l->stored.dag, args_word(args, 1));
	if (l->task == NULL)
		return EXIT_FAILED;
	l->instance = args_has(args, "map-index") ? (uint32_t)args_int(args, "map-index", 0)
						  : RUN_NO_INSTANCE;
	status = try_choose(l, args);
	if (status != EXIT_DONE)
		return status;
	return args_has(args, "follow") && !args_has(args, "try")
		? follow_tries(l)
		: show(l, args_has(args, "follow"));
}

static int exec(const struct args *args)
{
	struct logs l = {.task = NULL};
	int status = run_stored_open(args_word(args, 0), args_word(args, 2), &l.stored);

	if (status == EXIT_DONE)
		status = logs(&l, args);
	run_stored_close(&l.stored);
	return status;
}

static const struct flag flags[] = {
	{"try", 't', FLAG_INT, "N", "this try, counted from 1; the last, unless said", 1, 1000000},
	{"map-index", 'i', FLAG_INT, "N", "of a for_each the log of this instance, from 0", 0,
		RUN_ITEMS_MAX - 1},
	{"follow", 'f', FLAG_SWITCH, NULL, "go on with what comes, until the task is over"},
};

const struct command command_tasks_logs = {
	.group = "tasks",
	.verb = "logs",
	.words = "ID TASK RUN",
	.summary = "what a task printed in a run",
	.details = "The log's file as it is. With --follow a line shows at once, and the next try "
		   "is gone on with where there is one.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow tasks logs nightly Dump.billing tuesday --follow",
	.exec = exec,
};
