/* Graphs for measurements: the plans of runs of any size, by their shape. */
#ifndef BENCH_SHAPES_H
#define BENCH_SHAPES_H

#include <stdint.h>

#include "engine/run_plan.h"

struct arena;

struct shape {
	const char *name;
	/* The i-th upstream of a task of n, or RUN_NO_TASK where it has no more. */
	uint32_t (*up)(uint32_t task, uint32_t i, uint32_t n);
};

enum { SHAPE_CHAIN, SHAPE_FAN, SHAPE_RANDOM, SHAPES };

/* A chain; one task, then all, then one; three upstream tasks each, from the 1,000 before it. */
extern const struct shape shapes[SHAPES];

/* The prepared plan of a run of n tasks; memory that is short ends the program. */
void shape_plan(struct run_plan *p, const struct shape *s, uint32_t n, struct arena *a);
void shape_plan_free(struct run_plan *p);

/* Takes a whole run through the state machine, three events a task. Returns how many. */
struct run;
struct run_actions;
uint64_t shape_drive(struct run *r, struct run_actions *a, uint32_t *ready);

#endif
