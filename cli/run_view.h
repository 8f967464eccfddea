/*
 * What a person is shown of a run under way: the state of every task, counted by stage, and the
 * last lines of those that matter. Fed by the runner's observer; cli/tree.c and cli/run_plain.c
 * draw from it.
 */
#ifndef CLI_RUN_VIEW_H
#define CLI_RUN_VIEW_H

#include <stdint.h>

#include "engine/dag.h"
#include "engine/run.h"
#include "operators/operator.h"
#include "scheduler/runner.h"

#define RUN_VIEW_TAIL 10 /* lines kept of a task's output */
#define RUN_VIEW_LINE_MAX 512 /* bytes kept of such a line */

struct run_tail {
	char lines[RUN_VIEW_TAIL][RUN_VIEW_LINE_MAX];
	size_t len[RUN_VIEW_TAIL];
	uint32_t instance[RUN_VIEW_TAIL]; /* of a for_each, who printed it */
	size_t n; /* how many came in all; the last of them are kept */
};

struct run_view_task {
	enum task_state state;
	uint32_t try_number;
	uint32_t n_items, n_over, n_failed; /* of a for_each: its instances */
	int64_t started_at, ended_at; /* 0: not yet */
	int64_t retry_at;
	char *message; /* why it failed, or NULL */
	char *log_path; /* of the last try that ended, of a for_each the last that failed; or NULL
			 */
	struct run_tail *tail; /* NULL: no output, or it does not matter any more */
};

struct run_view {
	const struct dag *dag;
	const char *run_id;
	enum run_state state;
	int64_t started_at, ended_at;
	struct run_view_task *tasks;
	uint32_t (*stage_counts)[TASK_STATE_COUNT]; /* by stage */
	uint32_t counts[TASK_STATE_COUNT];
	const char *note; /* what is going on beside: cancelling; NULL: nothing */
};

/* All tasks in state none. ERR_NOMEM. */
int run_view_init(struct run_view *v, const struct dag *d, const char *run_id);
void run_view_free(struct run_view *v);

/* Takes a change, a line of output. Where memory is short, texts are left out. */
void run_view_change(struct run_view *v, const struct runner_change *c);
void run_view_line(
	struct run_view *v, uint32_t task, uint32_t instance, const char *text, size_t len);

/* How many tasks of a stage (the whole DAG: UINT32_MAX) are over. */
uint32_t run_view_over(const struct run_view *v, uint32_t stage);

/* The i-th of the last n lines of a tail, oldest first; NULL where there are fewer. */
const char *run_tail_line(const struct run_tail *t, size_t n, size_t i, size_t *len);

/* The next line, from the *i-th kept on, that this instance printed; NULL at the end. Moves *i. */
const char *run_tail_line_of(const struct run_tail *t, uint32_t instance, size_t *i, size_t *len);

#endif
