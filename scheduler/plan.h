/* From a DAG to the plan of its runs: what the run state machine must know, as plain numbers. */
#ifndef SCHEDULER_PLAN_H
#define SCHEDULER_PLAN_H

#include <stdint.h>

#include "engine/run_plan.h"

struct dag;

struct plan {
	struct run_plan run; /* prepared */
	const char *const *pools; /* the names of the pools, by the numbers in the plan */
	uint32_t n_pools;
	struct arena *arena;
};

/* Makes the plan, which the DAG must outlive. ERR_INVALID and ERR_LIMIT with a sentence, ERR_NOMEM.
 */
int plan_create(const struct dag *d, struct plan **out, struct err *e);
void plan_destroy(struct plan *p);

#endif
