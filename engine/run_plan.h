/*
 * The plan of a run: what the run state machine must know of a DAG, as plain numbers. Whoever loads
 * DAGs fills it in; it is never changed once it is prepared, and several runs may share it.
 */
#ifndef ENGINE_RUN_PLAN_H
#define ENGINE_RUN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "engine/trigger.h"

struct arena;

#define RUN_TASKS_MAX 1000000 /* tasks of one run */
#define RUN_EDGES_MAX 100000000 /* dependencies of one run */
#define RUN_ITEMS_MAX 100000 /* instances of one for_each task */
#define RUN_RETRIES_MAX 1000000 /* retries of one task */
#define RUN_SCOPE_MAX 10000000 /* pairs of a setup and a task in its scope */
#define RUN_DELAY_MAX_MS                                                                           \
	(INT64_C(86400000)) /* Airflow's ceiling of a doubled retry delay: a day                   \
			     */

/* Edges of n tasks: those of task t are list[offset[t]] .. list[offset[t + 1] - 1]. */
struct run_edges {
	const uint32_t *offset;
	const uint32_t *list;
};

/* What one task is. Zeroed, it is a task without retries, limits or conditions. */
struct run_task_plan {
	int64_t retry_delay_ms;
	int64_t max_retry_delay_ms; /* 0: RUN_DELAY_MAX_MS; counts for exponential backoff alone */
	int64_t execution_timeout_ms; /* of each try; 0: none */
	uint32_t retries; /* so retries + 1 tries */
	uint32_t max_active_tis; /* instances of for_each side by side; 0: no maximum */
	uint32_t pool; /* a number that the caller gives a meaning; see engine/dispatch.h */
	uint32_t pool_slots; /* 0 counts as 1 */
	int32_t priority_weight;
	enum trigger_rule trigger_rule; /* not looked at for a teardown, which has its own */
	bool retry_exponential_backoff;
	bool ignore_failure;
	bool depends_on_past;
	bool has_when; /* a decision is asked for before it is queued */
	bool is_for_each; /* likewise; and it runs as instances */
	bool is_setup;
	bool is_teardown;
};

struct run_plan {
	/* Filled in by the maker; the arrays must outlive the plan. */
	uint32_t n_tasks;
	const struct run_task_plan *tasks;
	struct run_edges up, down; /* the same dependencies, from either end */
	int64_t dagrun_timeout_ms; /* 0: none */
	uint32_t max_active_tasks; /* 0: no maximum; see engine/dispatch.h */

	/* Filled in by run_plan_prepare(). A setup's scope is what lies behind it, up to its
	 * teardowns where it has any; whatever is in it waits for the setup to succeed. */
	const uint8_t *is_leaf; /* decides the run's state */
	struct run_edges scope; /* from a setup; offset is NULL where there are no setups */
	struct run_edges scope_of; /* the same from the task's end */
};

/* Checks a plan and fills in its derived part, in the arena. ERR_INVALID: an edge out of range, the
 * two edge lists disagreeing, a cycle, a negative time, a task both setup and teardown; ERR_LIMIT;
 * ERR_NOMEM. On an error e says which task. */
int run_plan_prepare(struct run_plan *p, struct arena *a, struct err *e);

/* Whether the scopes of a plan's setups are few enough, looking at nothing of it but n_tasks, the
 * edges, is_setup and is_teardown. ERR_LIMIT: with *setup they are too many; ERR_NOMEM. */
int run_plan_scopes_check(const struct run_plan *p, uint32_t *setup);

#endif
