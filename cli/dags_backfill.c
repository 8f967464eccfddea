/* `windrow dags backfill`: a run for each interval of the schedule between two dates. */
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/table.h"
#include "engine/arena.h"

static const char *const columns[] = {
	"run_id", "logical_date", "data_interval_start", "data_interval_end", "action"};
#define N_COLUMNS (sizeof(columns) / sizeof(columns[0]))

static int list_show(const struct value *runs, const struct args *args)
{
	struct table *t = table_create(columns, N_COLUMNS);
	int status;

	for (size_t i = 0; i < runs->len; i++)
		for (size_t k = 0; k < N_COLUMNS; k++)
			table_text(t, client_text(&runs->u.items[i], columns[k]));
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

/* What is worth knowing of so many runs. */
static void notes_tell(const struct request *r, const struct value *answer, size_t n)
{
	if (client_truth(answer, "is_cut_short"))
		report_note("intervals that are not over yet were left out: their runs begin when "
			    "they are");
	else if (n == 0)
		report_note("no interval of %s begins between these dates", r->dag_id);
	if (n == 0 || r->dry_run)
		return;
	if (client_truth(answer, "is_paused"))
		report_note("%s is paused: its runs wait until it is unpaused", r->dag_id);
	else if (client_truth(answer, "is_offline"))
		report_note("no scheduler runs here: the runs begin when one does");
}

static int exec(const struct args *args)
{
	struct request r = client_request(REQUEST_BACKFILL);
	struct arena *a = arena_create(0);
	const struct value *runs;
	struct value answer;
	int status;

	if (a == NULL)
		return report_no_memory();
	r.dag_id = args_word(args, 0);
	r.start_date = args_text(args, "start-date", NULL);
	r.end_date = args_text(args, "end-date", NULL);
	r.reset_dagruns = args_has(args, "reset-dagruns");
	r.dry_run = args_has(args, "dry-run");
	r.max_active_runs = args_int(args, "max-active-runs", -1);
	status = EXIT_USAGE;
	if (r.start_date == NULL || r.end_date == NULL)
		report_error("dags backfill: --start-date and --end-date say which runs");
	else
		status = client_ask(&r, a, &answer);
	runs = status == EXIT_DONE ? value_member(&answer, "runs", 4) : NULL;
	if (runs != NULL)
		status = list_show(runs, args);
	if (runs != NULL)
		notes_tell(&r, &answer, runs->len);
	arena_destroy(a);
	return status;
}

static const struct flag flags[] = {
	{"start-date", 's', FLAG_TEXT, "DATE",
		"the first interval begins then or later, in the DAG's time zone"},
	{"end-date", 'e', FLAG_TEXT, "DATE",
		"the last one begins then or earlier, in the DAG's time zone"},
	{"reset-dagruns", 0, FLAG_SWITCH, NULL, "runs that are there and over run again"},
	{"dry-run", 'n', FLAG_SWITCH, NULL, "only show which runs there would be"},
	{"max-active-runs", 'm', FLAG_INT, "N", "at most so many of its kind side by side", 1,
		REQUEST_RUNS_MAX},
	OUTPUT_FLAG,
};

const struct command command_dags_backfill = {
	.group = "dags",
	.verb = "backfill",
	.words = "ID",
	.summary = "make the runs of past intervals",
	.details =
		"One for each interval of the schedule that begins between the dates and is over; "
		"one that has a run already keeps it. Lists them, and does not wait for their end.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow dags backfill nightly -s 2026-11-01 -e 2026-11-07 --dry-run",
	.exec = exec,
};
