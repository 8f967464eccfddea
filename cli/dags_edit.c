/* `windrow dags pause`, `unpause`, `delete`. */
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "engine/arena.h"
#include "scheduler/log_name.h"

static int pause_set(const struct args *args, enum request_kind kind)
{
	struct request r = client_request(kind);
	const char *word = kind == REQUEST_PAUSE ? "paused" : "not paused";
	struct arena *a = arena_create(0);
	struct value answer;
	int status;

	if (a == NULL)
		return report_no_memory();
	r.dag_id = args_word(args, 0);
	status = client_ask(&r, a, &answer);
	if (status == EXIT_DONE)
		report_note("%s is %s%s", r.dag_id, word,
			client_truth(&answer, "was_paused") == (kind == REQUEST_PAUSE) ? " already"
										       : " now");
	arena_destroy(a);
	return status;
}

static int pause_exec(const struct args *args)
{
	return pause_set(args, REQUEST_PAUSE);
}

static int unpause_exec(const struct args *args)
{
	return pause_set(args, REQUEST_UNPAUSE);
}

const struct command command_dags_pause = {
	.group = "dags",
	.verb = "pause",
	.words = "ID",
	.summary = "let no run of a DAG begin",
	.details = "Runs that are under way go on; those that are queued, triggered ones too, wait "
		   "until it is unpaused.",
	.example = "windrow dags pause nightly",
	.exec = pause_exec,
};

const struct command command_dags_unpause = {
	.group = "dags",
	.verb = "unpause",
	.words = "ID",
	.summary = "let a DAG's runs begin again",
	.details = "With `catchup` the runs that were missed are made up for, else the last alone.",
	.example = "windrow dags unpause nightly",
	.exec = unpause_exec,
};

/* What is kept, and where, since nobody has asked for its end. */
static void tell_logs(struct arena *a, const char *dag_id)
{
	struct settings *s = settings_or_report();
	char name[LOG_NAME_SIZE];
	const char *path;

	if (s == NULL)
		return;
	path = arena_printf(
		a, "%s/logs/%s", settings_home_path(s), log_name_make("dag_id", dag_id, name));
	if (path != NULL && access(path, F_OK) == 0)
		report_note("its logs stay in %s until they are %u days old "
			    "(logging.max_age_days)",
			path, settings_number(s, SETTING_LOG_MAX_AGE_DAYS));
	settings_destroy(s);
}

static int delete_exec(const struct args *args)
{
	struct request r = client_request(REQUEST_DELETE);
	struct arena *a = arena_create(0);
	const struct value *n;
	struct value answer;
	int status;

	if (a == NULL)
		return report_no_memory();
	r.dag_id = args_word(args, 0);
	r.dry_run = true;
	status = client_ask(&r, a, &answer);
	n = status == EXIT_DONE ? value_member(&answer, "n_runs", 6) : NULL;
	if (n != NULL)
		status = confirm(args, "Delete %s with its history of %s run%s?", r.dag_id,
			n->u.text, strcmp(n->u.text, "1") == 0 ? "" : "s");
	r.dry_run = false;
	if (status == EXIT_DONE)
		status = client_ask(&r, a, &answer);
	if (status == EXIT_DONE && client_text(&answer, "file")[0] != '\0')
		report_note("deleted; it begins anew, as %s is still there",
			client_text(&answer, "file"));
	else if (status == EXIT_DONE)
		report_note("deleted");
	if (status == EXIT_DONE)
		tell_logs(a, r.dag_id);
	arena_destroy(a);
	return status;
}

static const struct flag delete_flags[] = {CONFIRM_FLAG};

const struct command command_dags_delete = {
	.group = "dags",
	.verb = "delete",
	.words = "ID",
	.summary = "forget a DAG with all its history",
	.details = "Its runs, tries and versions go from the store; its file and its logs stay. A "
		   "DAG whose file is still there begins anew. Refused while a run is under way.",
	.flags = delete_flags,
	.n_flags = sizeof(delete_flags) / sizeof(delete_flags[0]),
	.example = "windrow dags delete nightly --yes",
	.exec = delete_exec,
};
