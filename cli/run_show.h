/*
 * A run as it goes, on standard output: the live tree, plain lines, or its final states as JSON.
 * What happens to the run is told to it; it does the drawing by itself, on a uv loop.
 */
#ifndef CLI_RUN_SHOW_H
#define CLI_RUN_SHOW_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cli/args.h"
#include "cli/run_lines.h"
#include "cli/run_view.h"
#include "cli/tree.h"
#include "engine/buf.h"

enum run_show_kind { RUN_SHOW_TREE, RUN_SHOW_PLAIN, RUN_SHOW_JSON };

extern const char *const run_show_kinds[]; /* their names, NULL behind them */

/* The flags, for a command's table. */
#define RUN_SHOW_FLAGS                                                                             \
	{"output", 'o', FLAG_ENUM, "FORMAT",                                                       \
		"tree, plain or json (tree on a terminal, else plain)",                            \
		.choices = run_show_kinds},                                                        \
	{                                                                                          \
		"verbose", 'v', FLAG_SWITCH, NULL, "show all that tasks print too, as plain lines" \
	}

struct term;

struct run_show {
	struct run_view view;
	struct run_lines lines;
	enum run_show_kind kind;
	int64_t logical_date;
	struct term *term; /* NULL: no tree */
	struct tree_style style;
	bool is_ascii; /* so the drawing has to be */
	struct buf frame;
	uv_timer_t tick;
	uv_signal_t resized, stopped, continued;
	bool is_verbose; /* what tasks print is shown, as plain lines */
	const char *why; /* why the run ends early; NULL: it does not */
};

/* Begins to show a run, all of whose tasks are in state none; args say how. The DAG and the id must
 * outlive it, and it does not move. Reports what is wrong and returns an exit status; EXIT_DONE. */
int run_show_open(struct run_show *s, uv_loop_t *loop, const struct dag *d, const char *run_id,
	int64_t logical_date, const struct args *args);

/* What happens to the run. */
void run_show_task(struct run_show *s, const struct runner_change *c);
void run_show_run(struct run_show *s, const struct runner_run_change *c);
void run_show_line(
	struct run_show *s, uint32_t task, uint32_t instance, const char *text, size_t len);

/* Something that goes on beside: cancelling. Text is not copied. */
void run_show_note(struct run_show *s, const char *text);

/* The run is over: the last drawing, the JSON; logs is the folder of logs. */
void run_show_end(struct run_show *s, const char *logs);

/* Closes its handles: let the loop run on, then free it. */
void run_show_close(struct run_show *s);
void run_show_free(struct run_show *s);

#endif
