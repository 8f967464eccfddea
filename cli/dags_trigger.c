/* `windrow dags trigger`: asks for a run, and where it is wanted follows it to its end. */
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/run_conf.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"

static int request_read(const struct args *args, struct arena *a, struct request *r)
{
	const char *conf = args_text(args, "conf", NULL);

	*r = client_request(REQUEST_TRIGGER);
	r->dag_id = args_word(args, 0);
	r->run_id = args_text(args, "run-id", NULL);
	r->logical_date = args_text(args, "logical-date", NULL);
	return conf == NULL ? EXIT_DONE : run_conf_parse(conf, a, &r->conf);
}

/* Why it will not begin at once, if so. */
static void note_wait(const struct request *r, const struct value *answer)
{
	if (client_truth(answer, "is_paused"))
		report_note("%s is paused: the run waits; `windrow dags unpause %s` lets it begin",
			r->dag_id, r->dag_id);
	else if (client_truth(answer, "is_offline"))
		report_note("no scheduler runs here: the run begins when one does");
}

static int exec(const struct args *args)
{
	struct arena *a = arena_create(0);
	struct value answer;
	struct request r;
	int status;

	if (a == NULL)
		return report_no_memory();
	status = request_read(args, a, &r);
	if (status == EXIT_DONE)
		status = client_ask(&r, a, &answer);
	if (status == EXIT_DONE) {
		if (args_has(args, "output"))
			status = table_show_object(&answer, args);
		else
			(void)puts(client_text(&answer, "run_id"));
		note_wait(&r, &answer);
	}
	arena_destroy(a);
	return status;
}

static const struct flag flags[] = {
	{"conf", 'c', FLAG_TEXT, "JSON", "the run's conf, an object; its members are parameters"},
	{"run-id", 'r', FLAG_TEXT, "RUN", "the run's id; manual__ and the date, unless said"},
	{"logical-date", 'l', FLAG_TEXT, "DATE", "the run's logical date; now, unless said"},
	OUTPUT_FLAG,
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
