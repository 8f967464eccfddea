/*
 * A DAG as it is best looked at: stages in an order from first to last, tasks in levels within
 * their stage, and of the edges between tasks those alone that the order of the stages does not say
 * already. Every drawing of `dags show` is made from this.
 */
#ifndef CLI_DAG_VIEW_H
#define CLI_DAG_VIEW_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/dag.h"

struct buf;

struct view_edge {
	uint32_t from, to; /* tasks */
	bool is_data; /* `to` reads an output of `from` */
};

struct dag_view {
	const struct dag *dag;
	const uint32_t *stages; /* all stages, each behind those it follows, else in file order */
	const uint32_t *n_followers; /* by stage: how many follow it directly */
	const uint32_t *tasks; /* all tasks: stage by stage in file order, and in each stage every
				* one behind those of the stage that it waits for */
	const uint32_t *stage_layer; /* by stage: 0, or one more than the latest it follows */
	const uint32_t *task_level; /* by task: the same, among the tasks of its stage */
	uint32_t n_layers;
	const struct view_edge *edges; /* by `to` in file order, each `to` by `from` */
	size_t n_edges;
	const uint32_t *edge_offset; /* those into task t: edge_offset[t] .. edge_offset[t + 1] */
};

/* Looks at d, which must outlive the view; the view lives in the arena. 0 or ERR_NOMEM. */
int dag_view_make(const struct dag *d, struct arena *a, struct dag_view *out);

/* Adds what is remarkable of a task, in a few words with ", " between: its trigger rule where it is
 * not the default, for_each, setup, retries, ... Nothing where nothing is. */
void dag_view_add_remarks(const struct task *t, struct buf *out);

#endif
