/* `windrow runs cancel` and `runs mark`. */
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "engine/arena.h"
#include "engine/err.h"

#define DAG_ID_FLAG                                                                                \
	{                                                                                          \
		"dag-id", 'd', FLAG_TEXT, "ID", "the run's DAG, where RUN alone does not tell it"  \
	}

/* DAG/RUN, or RUN alone: a run id has no slash. */
static int run_read(const char *word, const struct args *args, struct arena *a, struct request *r)
{
	const char *slash = strrchr(word, '/');
	const char *said = args_text(args, "dag-id", NULL);

	r->dag_id = said;
	r->run_id = slash == NULL ? word : slash + 1;
	if (slash == NULL)
		return EXIT_DONE;
	r->dag_id = arena_memdup(a, word, (size_t)(slash - word));
	if (r->dag_id == NULL)
		return report_no_memory();
	if (said != NULL && strcmp(said, r->dag_id) != 0) {
		report_error("%s names the DAG %s, --dag-id another", word, r->dag_id);
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* ---- cancel ---- */

static int cancel_exec(const struct args *args)
{
	struct request r = client_request(REQUEST_CANCEL);
	struct arena *a = arena_create(0);
	struct value answer;
	int status;

	if (a == NULL)
		return report_no_memory();
	r.teardowns_too = args_has(args, "teardowns-too");
	status = run_read(args_word(args, 0), args, a, &r);
	if (status == EXIT_DONE)
		status = client_ask(&r, a, &answer);
	if (status == EXIT_DONE)
		report_note("%s/%s is being cancelled%s", client_text(&answer, "dag_id"),
			client_text(&answer, "run_id"),
			client_truth(&answer, "is_offline")
				? "; what runs of it is ended when a scheduler runs again"
				: "");
	arena_destroy(a);
	return status;
}

static const struct flag cancel_flags[] = {
	DAG_ID_FLAG,
	{"teardowns-too", 0, FLAG_SWITCH, NULL, "teardowns do not run either"},
};

const struct command command_runs_cancel = {
	.group = "runs",
	.verb = "cancel",
	.words = "RUN",
	.summary = "stop a run, its remote processes included",
	.details =
		"RUN is DAG/RUN, or the run id alone where one run under way has it. What has not "
		"started is skipped, what runs is killed and failed; teardowns still run.",
	.flags = cancel_flags,
	.n_flags = sizeof(cancel_flags) / sizeof(cancel_flags[0]),
	.example = "windrow runs cancel nightly/manual__2026-11-20T20:00:00+00:00",
	.exec = cancel_exec,
};

/* ---- mark ---- */

static const char *const marks[] = {"success", "failed", NULL};

static int mark_ask(struct request *r, struct arena *a)
{
	struct value answer;
	struct err e;
	int status;

	if (args_check_choice("STATE", r->state, marks, &e) != 0) {
		report_error("%s", e.text);
		return EXIT_USAGE;
	}
	status = client_ask(r, a, &answer);
	if (status == EXIT_DONE)
		report_note("%s%s%s/%s is marked %s", r->task_id == NULL ? "" : r->task_id,
			r->task_id == NULL ? "" : " of ", client_text(&answer, "dag_id"),
			client_text(&answer, "run_id"), r->state);
	if (status == EXIT_DONE && r->task_id != NULL && client_truth(&answer, "is_paused") &&
		strcmp(client_text(&answer, "state"), "running") != 0)
		report_note("%s is paused: where the run goes on by this, it waits until that is "
			    "unpaused",
			client_text(&answer, "dag_id"));
	return status;
}

static int runs_mark_exec(const struct args *args)
{
	struct request r = client_request(REQUEST_MARK);
	struct arena *a = arena_create(0);
	int status;

	if (a == NULL)
		return report_no_memory();
	status = run_read(args_word(args, 0), args, a, &r);
	r.state = args_word(args, 1);
	if (status == EXIT_DONE && r.dag_id == NULL) {
		report_error("runs mark: which DAG is it a run of? Say DAG/%s", r.run_id);
		status = EXIT_USAGE;
	}
	if (status == EXIT_DONE)
		status = mark_ask(&r, a);
	arena_destroy(a);
	return status;
}

static const struct flag runs_mark_flags[] = {DAG_ID_FLAG};

const struct command command_runs_mark = {
	.group = "runs",
	.verb = "mark",
	.words = "RUN success|failed",
	.summary = "count a run as a success or a failure",
	.details = "RUN is DAG/RUN. Marked failed, it is cancelled where it is under way. Marked a "
		   "success, all its tasks are, but for teardowns that still have to run.",
	.flags = runs_mark_flags,
	.n_flags = sizeof(runs_mark_flags) / sizeof(runs_mark_flags[0]),
	.example = "windrow runs mark nightly/manual__2026-11-20T20:00:00+00:00 success",
	.exec = runs_mark_exec,
};

static int tasks_mark_exec(const struct args *args)
{
	struct request r = client_request(REQUEST_MARK);
	struct arena *a = arena_create(0);
	int status;

	if (a == NULL)
		return report_no_memory();
	r.dag_id = args_word(args, 0);
	r.task_id = args_word(args, 1);
	r.run_id = args_word(args, 2);
	r.state = args_word(args, 3);
	r.map_index = args_int(args, "map-index", -1);
	status = mark_ask(&r, a);
	arena_destroy(a);
	return status;
}

static const struct flag tasks_mark_flags[] = {
	{"map-index", 'i', FLAG_INT, "N", "of a for_each, this instance alone, counted from 0", 0,
		99999},
};

const struct command command_tasks_mark = {
	.group = "tasks",
	.verb = "mark",
	.words = "ID TASK RUN success|failed",
	.summary = "count a task of a run as a success or a failure",
	.details = "Where it runs it is killed first. What failed below it is cleared and runs "
		   "again; a run that was over is judged anew.",
	.flags = tasks_mark_flags,
	.n_flags = sizeof(tasks_mark_flags) / sizeof(tasks_mark_flags[0]),
	.example = "windrow tasks mark nightly Dump.billing tuesday success",
	.exec = tasks_mark_exec,
};
