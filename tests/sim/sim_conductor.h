/* The world of the simulated daemon. There is one. */
#ifndef TESTS_SIM_SIM_CONDUCTOR_H
#define TESTS_SIM_SIM_CONDUCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/buf.h"
#include "operators/operator.h"
#include "scheduler/conductor.h"
#include "scheduler/render.h"

#define TASKS_MAX 8
#define MACHINES_MAX 4096 /* executions of one world */
#define LOST_MAX 64
#define OPERATORS_MAX 16

enum phase { WAITS, RUNS_NOW, ENDED };

/* What the host knows of one execution. */
struct machine {
	char id[OP_EXECUTION_ID_MAX + 1];
	char what[160]; /* run, task and command: what this is a try of */
	uint32_t number;
	enum phase phase;
	int exit_code;
	struct watch *watch; /* whoever is attached; NULL: nobody */
};

/* The engine's side of one try. */
struct watch {
	struct op_try base;
	struct machine *machine;
	const struct op_events *events;
	void *ctx;
	bool has_told_start;
};

struct world {
	uint64_t seed, state; /* of the dice */
	uv_loop_t loop;
	struct journal *journal;
	struct conductor *conductor;
	struct conductor_observer observer;
	struct op_instance instance;
	struct op_instance *instances[OPERATORS_MAX];
	struct render_source source;
	struct buf yaml;
	uint32_t n_tasks, limit, value[TASKS_MAX];
	bool is_for_each[TASKS_MAX];
	struct machine machines[MACHINES_MAX];
	struct watch *lost[LOST_MAX]; /* attached to what the host does not know */
	size_t n_lost;
	size_t n_machines, n_steps, n_crashes;
	bool is_dead, is_closed;
	bool was_asked; /* a person has cleared or cancelled */
	size_t n_finished;
};

extern struct world w;

/* A broken promise: says which, of what, and how to replay it, and ends the program. */
void broken(const char *what, const char *which);

/* splitmix64; a number below n of the seed's. */
uint64_t mix(uint64_t *state);
uint32_t dice(uint32_t n);

/* The daemon may die here. Whether it is dead now. */
bool may_die(uint32_t one_in);

/* sim_conductor_host.c: something happens on the host, or is heard of; whether nothing is left to
 * happen there. */
extern const struct operator sim_operator;
void host_step(void);
bool host_is_idle(void);

#endif
