/*
 * For the tests of the run state machine: plans from a line of text, one-line events, and answers
 * that a check can compare.
 */
#ifndef TESTS_UNIT_RUN_KIT_H
#define TESTS_UNIT_RUN_KIT_H

#include "engine/arena.h"
#include "engine/run.h"
#include "tests/unit/tap.h"

#define KIT_TASKS_MAX 16
#define ONE RUN_NO_INSTANCE /* the task itself */

struct kit {
	struct arena *arena;
	struct run_plan plan;
	struct run_task_plan
		tasks[KIT_TASKS_MAX]; /* to be set between kit_plan() and kit_start() */
	struct run *run;
	struct run_actions actions; /* of the last step alone */
	int64_t now;
	struct err err;
};

/* n tasks and their edges, as "0>1 0>2 1>3". */
void kit_plan(struct kit *k, uint32_t n, const char *edges);

/* Prepares the plan and makes a queued run; kit_start() starts it too. */
void kit_create(struct kit *k);
void kit_start(struct kit *k);
int kit_go(struct kit *k); /* starts a queued run */
void kit_free(struct kit *k);

/* One event; what run_step() answers. Those of a try are of its last one, plus `older` before it.
 */
int kit_event(struct kit *k, const struct run_event *ev);
int kit_task(struct kit *k, enum run_event_kind kind, uint32_t task, uint32_t instance);
int kit_old(struct kit *k, enum run_event_kind kind, uint32_t task, uint32_t instance,
	uint32_t try_number);
int kit_end(struct kit *k, uint32_t task, uint32_t instance, enum run_exit exit);
int kit_decide(struct kit *k, uint32_t task, enum run_verdict verdict, uint32_t n_items);
int kit_timer(struct kit *k, enum run_timer timer, uint32_t task, uint32_t instance);
int kit_cancel(struct kit *k, bool teardowns_too);
int kit_clear(struct kit *k, uint32_t task, bool downstream, bool only_failed);
int kit_mark(struct kit *k, uint32_t task, uint32_t instance, enum run_mark mark);

/* Capacity and a start for a task or instance; and that with an end. */
void kit_begin(struct kit *k, uint32_t task, uint32_t instance);
void kit_do(struct kit *k, uint32_t task, uint32_t instance, enum run_exit exit);

/* States in a word: of all tasks, "success running none"; of a task's instances; of the run. */
const char *kit_states(struct kit *k);
const char *kit_instances(struct kit *k, uint32_t task);
const char *kit_run_state(struct kit *k);
struct run_row kit_row(struct kit *k, uint32_t task, uint32_t instance);

/* The n-th action of a kind of the last step, or NULL; and how many there are. */
const struct run_action *kit_action(struct kit *k, enum run_action_kind kind, size_t n);
size_t kit_count(struct kit *k, enum run_action_kind kind);

/* Throws the run away and restores it from its rows. What run_restore() answers. */
int kit_restore(struct kit *k);

#endif
