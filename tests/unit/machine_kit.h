/*
 * A host of a simulated world: what it knows of the executions on it, and who looks at each. It
 * goes on whatever becomes of those who look; the tests say when something happens there.
 */
#ifndef TESTS_UNIT_MACHINE_KIT_H
#define TESTS_UNIT_MACHINE_KIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operators/operator.h"

#define MACHINES_MAX 4096

enum machine_phase { MACHINE_WAITS, MACHINE_RUNS, MACHINE_ENDED };

/* What the host knows of one execution. */
struct machine {
	char id[OP_EXECUTION_ID_MAX + 1];
	char what[160]; /* run, task and command: what this is a try of */
	uint32_t number;
	enum machine_phase phase;
	int exit_code;
	struct watch *watch; /* whoever is attached; NULL: nobody */
};

/* All of them, in the order in which they came. */
struct machines {
	struct machine list[MACHINES_MAX];
	size_t n;
};

/* The engine's side of one try. */
struct watch {
	struct op_try base;
	struct machine *machine; /* NULL: the host knows nothing of it */
	const struct op_events *events;
	void *ctx;
	bool has_told_start;
};

/* The machine of an execution; NULL: there is none. */
struct machine *machine_find(struct machines *ms, const char *execution_id);

/* One more, for a job of the local operator's; NULL: they are too many. */
struct machine *machine_add(struct machines *ms, const struct op_job *job);

/* A try for whoever looks at the machine from now on; NULL: at nothing. */
struct op_try *watch_add(
	const struct op_instance *i, struct machine *m, const struct op_events *events, void *ctx);

/* Nobody looks any more, and nothing is told. */
void watch_free(struct watch *k);

/* Tells that it has started; how it has ended, or that it is lost, with which the try is gone. */
void watch_start(struct watch *k);
void watch_finish(struct watch *k);

#endif
