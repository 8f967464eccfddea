/*
 * `windrow dags next-execution`: the runs that a DAG's schedule is about to make. What was made
 * already the store knows; a DAG that it has not seen counts from now.
 */
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/timetable.h"
#include "store/clock.h"
#include "store/store_run.h"

/* What the store knows of the DAG; *is_paused, too. */
static int read_past(const struct dag_opened *o, struct timetable_state *state, bool *is_paused)
{
	struct store_dag row;
	struct err e;
	int status, r;
	struct store *s = stores_open_to_read(&status);

	*is_paused = o->dag->is_paused_upon_creation;
	if (s == NULL)
		return status;
	r = store_dag_get(s, o->arena, o->dag->dag_id, &row, &e);
	if (r == 0) {
		state->first_seen = row.first_seen;
		state->last_start = row.last_interval_start;
		state->last_end = row.last_interval_end;
		*is_paused = row.is_paused;
	} else if (r != ERR_NOTFOUND) {
		status = stores_report(&e);
	}
	stores_close(s);
	return status;
}

static void add_time(struct table *t, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	table_text(t, instant_format(at, text));
}

/* Prints a line of each run's logical date, or a listing of all its times. */
static int show_runs(const struct dag *d, struct timetable_state *state, const struct args *args)
{
	static const char *const columns[] = {
		"logical_date", "data_interval_start", "data_interval_end", "run_after"};
	struct table *t = args_has(args, "output") ? table_create(columns, 4) : NULL;
	long n = 0, wanted = args_int(args, "num-executions", 1);
	struct timetable_run run;
	char text[INSTANT_TEXT_MAX];
	int status = EXIT_DONE;

	for (; n < wanted && timetable_next_run(d->timetable, state, &run); n++) {
		if (t != NULL) {
			add_time(t, run.logical_date);
			add_time(t, run.interval_start);
			add_time(t, run.interval_end);
			add_time(t, run.due);
		} else if (!args_has(args, "output")) {
			(void)puts(instant_format(run.logical_date, text));
		}
		state->last_start = run.interval_start;
		state->last_end = run.interval_end;
		if (run.due > state->now)
			state->now = run.due;
		if (timetable_kind(d->timetable) == TIMETABLE_CONTINUOUS)
			wanted = 1; /* when the next ends is not known */
	}
	if (args_has(args, "output"))
		status = table_show(t, args);
	table_destroy(t);
	if (n == 0)
		report_note("%s will have no further scheduled run: %s", d->dag_id,
			timetable_kind(d->timetable) == TIMETABLE_NONE
				? "it has no schedule"
				: "its schedule has come to its end");
	return status;
}

static int next_exec(const struct args *args)
{
	struct timetable_state state = {
		.last_start = INSTANT_NONE, .last_end = INSTANT_NONE, .now = clock_wall_ms()};
	struct dag_opened o;
	bool is_paused = false;
	int status = dag_open(args_word(args, 0), &o);

	state.first_seen = state.now;
	if (status == EXIT_DONE)
		status = read_past(&o, &state, &is_paused);
	if (status == EXIT_DONE)
		status = show_runs(o.dag, &state, args);
	if (status == EXIT_DONE && is_paused)
		report_note("%s is paused: nothing is made before `windrow dags unpause %s`",
			o.dag->dag_id, o.dag->dag_id);
	dag_close(&o);
	return status;
}

static const struct flag next_flags[] = {
	{"num-executions", 'n', FLAG_INT, "N", "how many runs; 1 unless said", 1, 1000000},
	{"output", 'o', FLAG_ENUM, "FORMAT",
		"all times of each run as a listing: table, json, yaml or plain",
		.choices = output_formats},
};

const struct command command_dags_next_execution = {
	.group = "dags",
	.verb = "next-execution",
	.words = "FILE|ID",
	.summary = "the next runs that a DAG's schedule makes",
	.details = "Prints the logical date of each, one a line. A run begins when its data "
		   "interval is over: -o tells that time, too.",
	.flags = next_flags,
	.n_flags = sizeof(next_flags) / sizeof(next_flags[0]),
	.example = "windrow dags next-execution nightly --num-executions 3",
	.exec = next_exec,
};
