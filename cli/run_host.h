/*
 * What a command needs that runs tasks itself, without a daemon: a loop, the operators of this
 * build, and where their executions and logs lie (in home).
 */
#ifndef CLI_RUN_HOST_H
#define CLI_RUN_HOST_H

#include <stdbool.h>
#include <uv.h>

#include "cli/lookup.h"
#include "engine/dag.h"
#include "operators/operator.h"

struct run_host {
	uv_loop_t loop;
	struct op_host op_host;
	struct op_instance **instances; /* by their place in operators[] */
	struct lookup lookup;
	char *executions, *logs; /* folders */
	uint32_t pool_slots; /* of a pool that nobody has sized */
	int open; /* instances that are not closed yet */
};

/* Opens it. N.B. call it first of all: operators may fork. 0, or the code of what was reported; the
 * settings' faults are ERR_INVALID. */
int run_host_open(struct run_host *h);

/* Closes it; every try must be gone. */
void run_host_close(struct run_host *h);

/* The instance that runs the task, or NULL where this build has none. */
struct op_instance *run_host_operator(const struct run_host *h, const struct task *t);

/* Whether this build can run all of these tasks; else reports which it cannot, and why. */
bool run_host_can_run(const struct run_host *h, const struct task *tasks, uint32_t n);

#endif
