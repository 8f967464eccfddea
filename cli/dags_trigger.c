/* `windrow dags trigger`: asks for a run, and where it is wanted follows it to its end. */
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/run_conf.h"
#include "cli/run_follow.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"

static const char *const formats[] = {"table", "json", "yaml", "plain", "tree", NULL};

/* What is shown of one answer, and of a run as it goes, is not the same. */
static int format_check(const struct args *args)
{
	const char *said = args_text(args, "output", "plain");
	bool is_run = strcmp(said, "tree") == 0;
	bool is_list = strcmp(said, "table") == 0 || strcmp(said, "yaml") == 0;

	if (args_has(args, "wait") ? !is_list : !is_run && !args_has(args, "verbose"))
		return EXIT_DONE;
	report_error("dags trigger: %s %s", is_run || is_list ? said : "--verbose",
		is_list ? "goes without --wait" : "goes with --wait");
	return EXIT_USAGE;
}

static int request_read(const struct args *args, struct arena *a, struct request *r)
{
	const char *conf = args_text(args, "conf", NULL);
	int status;

	*r = client_request(REQUEST_TRIGGER);
	r->dag_id = args_word(args, 0);
	r->run_id = args_text(args, "run-id", NULL);
	r->logical_date = args_text(args, "logical-date", NULL);
	if (conf == NULL)
		return EXIT_DONE;
	status = run_conf_parse(conf, a, &r->conf);
	if (status != EXIT_DONE || r->conf.type == VALUE_MAP)
		return status;
	report_error(
		"--conf: it must be a JSON object; this is: %s", value_type_name(r->conf.type));
	return EXIT_USAGE;
}

/* What a person should know of it: why it will not begin at once, if so. */
static void note_wait(const struct request *r, const struct value *answer)
{
	if (client_truth(answer, "is_broken"))
		report_warning("the file of %s does not load now (`windrow dags "
			       "list-import-errors`): this is a run of its last good version",
			r->dag_id);
	if (client_truth(answer, "is_paused"))
		report_note("%s is paused: the run waits; `windrow dags unpause %s` lets it begin",
			r->dag_id, r->dag_id);
	else if (client_truth(answer, "is_offline"))
		report_note("no scheduler runs here: the run begins when one does");
}

/* Whoever waits wants a run, not a promise of one. */
static int scheduler_check(void)
{
	struct stores_options o;
	struct client *c = NULL;
	int status = EXIT_FAILED;

	if (!stores_options_or_report(&o))
		return EXIT_FAILED;
	status = client_open(o.home, &c);
	if (status == EXIT_DONE && c == NULL) {
		report_error("no scheduler runs on %s, and nobody would run it: nothing was done; "
			     "without --wait the run is stored, and begins when a scheduler does",
			o.home);
		status = EXIT_UNREACHABLE;
	}
	client_close(c);
	stores_options_free(&o);
	return status;
}

static int trigger(const struct args *args, struct request *r, struct arena *a)
{
	struct value answer;
	int status = args_has(args, "wait") ? scheduler_check() : EXIT_DONE;

	if (status == EXIT_DONE)
		status = client_ask(r, a, &answer);
	if (status != EXIT_DONE)
		return status;
	note_wait(r, &answer);
	if (args_has(args, "wait"))
		return run_follow(r->dag_id, client_text(&answer, "run_id"), args);
	if (args_has(args, "output"))
		return table_show_object(&answer, args);
	(void)puts(client_text(&answer, "run_id"));
	return EXIT_DONE;
}

static int exec(const struct args *args)
{
	struct arena *a = arena_create(0);
	struct request r;
	int status;

	if (a == NULL)
		return report_no_memory();
	status = format_check(args);
	if (status == EXIT_DONE)
		status = request_read(args, a, &r);
	if (status == EXIT_DONE)
		status = trigger(args, &r, a);
	arena_destroy(a);
	return status;
}

static const struct flag flags[] = {
	{"conf", 'c', FLAG_TEXT, "JSON", "the run's conf, an object; its members are parameters"},
	{"run-id", 'r', FLAG_TEXT, "RUN", "the run's id; manual__ and the date, unless said"},
	{"logical-date", 'l', FLAG_TEXT, "DATE", "the run's logical date; now, unless said"},
	{"wait", 'w', FLAG_SWITCH, NULL, "follow it to its end, whose status is the command's"},
	{"output", 'o', FLAG_ENUM, "FORMAT",
		"table, json, yaml or plain; with --wait tree, plain or json", .choices = formats},
	{"verbose", 'v', FLAG_SWITCH, NULL,
		"with --wait: show all that tasks print too, as plain lines"},
};

const struct command command_dags_trigger = {
	.group = "dags",
	.verb = "trigger",
	.words = "ID",
	.summary = "ask for a run of a DAG",
	.details = "Prints the run's id. Where no scheduler runs, the run is stored and begins "
		   "when one "
		   "does. An id that the DAG has a run of already is refused.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow dags trigger nightly --conf '{\"database\": \"billing\"}'",
	.exec = exec,
};
