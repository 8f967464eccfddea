/* The world of the simulated daemon. There is one. */
#ifndef TESTS_SIM_SIM_CONDUCTOR_H
#define TESTS_SIM_SIM_CONDUCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/buf.h"
#include "scheduler/conductor.h"
#include "scheduler/render.h"
#include "tests/unit/machine_kit.h"

#define TASKS_MAX 8
#define LOST_MAX 64
#define OPERATORS_MAX 16

struct world {
	uint64_t seed, state; /* of the dice */
	uint64_t trace; /* a hash of all that was noted */
	bool is_traced; /* it is printed, too */
	uv_loop_t loop;
	struct journal *journal;
	struct conductor *conductor;
	struct conductor_observer observer;
	struct broken_runs *broken;
	struct op_instance instance;
	struct op_instance *instances[OPERATORS_MAX];
	struct render_source source;
	struct buf yaml;
	uint32_t n_tasks, limit, pace; /* pace: turns of the loop in a millisecond */
	bool is_for_each[TASKS_MAX];
	struct machines machines;
	struct watch *lost[LOST_MAX]; /* attached to what the host does not know */
	size_t n_lost;
	size_t n_steps, n_crashes;
	bool is_dead, is_closed;
	bool was_asked; /* a person has cleared or cancelled */
	bool is_short; /* of memory, now and then */
};

extern struct world w;

/* A broken promise: says which, of what, and how to replay it, and ends the program. */
void broken(const char *what, const char *which) __attribute__((noreturn));

/* Something has happened. */
void note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* splitmix64; a number below n of the seed's. */
uint64_t mix(uint64_t *state);
uint32_t dice(uint32_t n);

/* The daemon may die here. Whether it is dead now. */
bool may_die(uint32_t one_in);

/* sim_conductor_host.c: something happens on the host, or is heard of; whether nothing is left to
 * happen there. */
extern const struct operator sim_operator;
void host_step(void);
bool is_callback(const struct machine *m);
bool host_is_idle(void);

#endif
