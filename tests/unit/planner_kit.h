/*
 * A world for the tests of the planner: a clock that the test sets, a bag that holds what the test
 * puts into it, and a conductor that starts no task. There is one of each.
 */
#ifndef TESTS_UNIT_PLANNER_KIT_H
#define TESTS_UNIT_PLANNER_KIT_H

#include <uv.h>

#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/planner.h"
#include "scheduler/runner.h"

#define DAGS_MAX 1000

struct bag {
	struct bag_dag dags[DAGS_MAX];
	struct edition *editions[DAGS_MAX];
	size_t n;
	struct bag_observer *observer;
	bool is_empty_handed; /* it has no editions to give */
};

struct world {
	uv_loop_t loop;
	struct conductor *conductor;
	struct planner *planner;
	int64_t now;
	size_t n_asked; /* for the time */
	size_t n_notes;
};

extern struct bag bag;
extern struct world world;

/* Begins with an empty bag, at this time, and ends. */
void world_begin(const char *when);
void world_end(const char *what);

/* The planner and the conductor come up, and go down as a daemon's do. */
void world_planner_up(void);
void world_conductor_up(void);
void world_down(void);

/* Lets the loop do what is due. */
void world_turn(void);

/* The instant of a text; and the clock set there, which the planner notices. */
int64_t world_at(const char *text);
void world_tick(const char *when);

/* A DAG, first seen now. Its one task has a condition, which nobody answers here: it never starts.
 * By its text, or by its id and some keys. */
struct bag_dag *world_put_text(const char *text);
struct bag_dag *world_put(const char *id, const char *keys);

/* The bag tells that it has changed. */
void world_changed(struct bag_dag *d);

/* Adds a run of it; by hand, now. */
void world_add(struct bag_dag *d, const char *run_id, const char *run_type, int64_t logical_date);
void world_trigger(struct bag_dag *d, const char *run_id);

/* Ends the oldest run. */
void world_end_first(enum run_mark mark);

/* Checks all runs in memory: id without "scheduled__", state. */
void world_are_runs(const char *want, const char *what);

#endif
