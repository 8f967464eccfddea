/* `windrow tasks clear`: shows what would run again, asks, and clears it. */
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/report.h"
#include "cli/table.h"
#include "engine/arena.h"

static int request_read(const struct args *args, struct request *r)
{
	*r = client_request(REQUEST_CLEAR);
	r->dag_id = args_word(args, 0);
	r->run_id = args_text(args, "run-id", NULL);
	r->task_regex = args_text(args, "task-regex", NULL);
	r->start_date = args_text(args, "start-date", NULL);
	r->end_date = args_text(args, "end-date", NULL);
	r->upstream = args_has(args, "upstream");
	r->downstream = args_has(args, "downstream");
	r->only_failed = args_has(args, "only-failed");
	r->dry_run = !args_has(args, "yes");
	if (r->run_id == NULL || (r->start_date == NULL && r->end_date == NULL))
		return EXIT_DONE;
	report_error("tasks clear: --run-id names one run; it goes without dates");
	return EXIT_USAGE;
}

static void text_cell(struct table *t, const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	if (v == NULL)
		table_text(t, NULL);
	else
		table_value(t, v);
}

static int list_show(const struct value *answer, const struct args *args)
{
	static const char *const columns[] = {"run_id", "task_id", "map_index", "state"};
	const struct value *tasks = value_member(answer, "tasks", 5);
	struct table *t = table_create(columns, 4);
	int status;

	for (size_t i = 0; tasks != NULL && i < tasks->len; i++)
		for (size_t k = 0; k < 4; k++)
			text_cell(t, &tasks->u.items[i], columns[k]);
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

static const char *number_of(const struct value *answer, const char *key)
{
	const struct value *v = value_member(answer, key, strlen(key));

	return v == NULL || v->type != VALUE_NUMBER ? "0" : v->u.text;
}

static int clear(struct request *r, struct arena *a, const struct args *args)
{
	struct value answer;
	int status = client_ask(r, a, &answer);

	if (status == EXIT_DONE)
		status = list_show(&answer, args);
	if (status != EXIT_DONE)
		return status;
	if (strcmp(number_of(&answer, "n_tasks"), "0") == 0) {
		report_note("nothing is to be cleared");
		return EXIT_DONE;
	}
	if (args_has(args, "dry-run"))
		return EXIT_DONE;
	if (r->dry_run) {
		status = confirm(args, "Clear %s of %s, in %s?",
			strcmp(number_of(&answer, "n_tasks"), "1") == 0 ? "this task"
									: "these tasks",
			r->dag_id,
			strcmp(number_of(&answer, "n_runs"), "1") == 0 ? "one run"
								       : "several runs");
		r->dry_run = false;
		if (status == EXIT_DONE)
			status = client_ask(r, a, &answer);
	}
	if (status == EXIT_DONE)
		report_note("cleared %s task%s%s", number_of(&answer, "n_tasks"),
			strcmp(number_of(&answer, "n_tasks"), "1") == 0 ? "" : "s",
			client_truth(&answer, "is_offline")
				? "; they run again when a scheduler runs"
				: "");
	if (status == EXIT_DONE && client_truth(&answer, "is_paused"))
		report_note(
			"%s is paused: runs that were over wait until it is unpaused", r->dag_id);
	return status;
}

static int exec(const struct args *args)
{
	struct arena *a = arena_create(0);
	struct request r;
	int status = request_read(args, &r);

	if (a == NULL)
		return report_no_memory();
	r.dry_run |= args_has(args, "dry-run");
	if (status == EXIT_DONE)
		status = clear(&r, a, args);
	arena_destroy(a);
	return status;
}

static const struct flag flags[] = {
	{"task-regex", 't', FLAG_TEXT, "REGEX",
		"tasks whose Stage.task it matches; all, unless said"},
	{"run-id", 'r', FLAG_TEXT, "RUN", "of this run; of all runs of the dates, unless said"},
	{"start-date", 's', FLAG_TEXT, "DATE",
		"of runs whose logical date is this or later, in the DAG's time zone"},
	{"end-date", 'e', FLAG_TEXT, "DATE",
		"of runs whose logical date is this or earlier, in the DAG's time zone"},
	{"upstream", 'u', FLAG_SWITCH, NULL, "all that is above them too"},
	{"downstream", 'd', FLAG_SWITCH, NULL, "all that is below them too"},
	{"only-failed", 'f', FLAG_SWITCH, NULL, "of all these only what failed"},
	{"dry-run", 'n', FLAG_SWITCH, NULL, "only show what would be cleared"},
	CONFIRM_FLAG,
	OUTPUT_FLAG,
};

const struct command command_tasks_clear = {
	.group = "tasks",
	.verb = "clear",
	.words = "ID",
	.summary = "let tasks of past runs run again",
	.details = "Lists what is cleared. What runs is killed first.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow tasks clear nightly -s 2026-11-01 -t '^Dump' --downstream",
	.exec = exec,
};
