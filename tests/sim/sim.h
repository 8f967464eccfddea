/*
 * The simulator of the run state machine: a world of runs, hosts, people, clocks and crashes, all
 * decided by one seed. docs/simulator.md tells what it does and what it checks.
 */
#ifndef TESTS_SIM_SIM_H
#define TESTS_SIM_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/dispatch.h"
#include "engine/run.h"

#define SIM_TASKS_MAX 24
#define SIM_ITEMS_MAX 6
#define SIM_RUNS_MAX 3
#define SIM_POOLS 3
#define SIM_HANG INT64_MAX /* an attempt that never ends by itself */

/* Chances, all from the seed. */
struct rng {
	uint64_t state;
};
uint32_t rng_below(struct rng *g, uint32_t n); /* 0 .. n - 1 */
bool rng_percent(struct rng *g, uint32_t percent);

/* One task or instance, as its TASK_CHANGED actions tell. */
struct cell {
	struct run_row row;
	bool exists;
	uint32_t base; /* the try number when it was last cleared */
	uint32_t lost; /* the last try that was given up as lost; its end counts no more */
	uint8_t cause; /* of its last change */
};

/* A run as its actions tell: what the store keeps, and what the model reasons about. */
struct shadow {
	struct run_head head;
	struct cell tasks[SIM_TASKS_MAX];
	struct cell items[SIM_TASKS_MAX][SIM_ITEMS_MAX];
};

struct sim_run {
	uint32_t number;
	struct arena *arena;
	struct run_plan plan;
	struct run_task_plan tasks[SIM_TASKS_MAX];
	bool edge[SIM_TASKS_MAX][SIM_TASKS_MAX]; /* from, to */
	bool reach[SIM_TASKS_MAX][SIM_TASKS_MAX];
	struct run *machine;
	struct run_actions actions; /* of this turn, not yet performed */
	size_t n_seen; /* of these the model has seen */
	struct shadow now, stored;
	bool cuts_teardowns; /* the event under way is a cancel that asks for it */
	bool holds[SIM_TASKS_MAX][SIM_ITEMS_MAX + 1]; /* capacity, by the grants and releases */
};

/* A try on a host, which knows nothing of crashes. */
struct attempt {
	uint32_t run, task, instance, try_number;
	int64_t begun, ends;
	enum run_exit exit;
	bool no_retry, has_ended, is_killed;
	uint32_t n_executions;
};

/* Something on its way to the scheduler: lost when it crashes. */
struct message {
	int64_t at;
	uint64_t order;
	uint32_t run;
	struct run_event ev;
};

struct sim {
	uint64_t seed;
	struct rng rng;
	int64_t now;
	bool is_traced, is_calm, has_crashes;
	struct sim_run runs[SIM_RUNS_MAX];
	uint32_t n_runs;
	struct dispatch *dispatch;
	uint32_t pool_slots[SIM_POOLS];
	struct attempt *attempts;
	size_t n_attempts, cap_attempts;
	struct message *messages;
	size_t n_messages, cap_messages;
	uint64_t orders;
	uint32_t n_people_left; /* how often people still meddle */
	uint64_t n_steps, n_ignored, n_crashes;
	bool moved[TASK_STATE_COUNT][TASK_STATE_COUNT]; /* the moves that were seen */
};

/* A broken invariant: says which, the seed and how to replay it, and ends the program. */
void sim_broken(const struct sim *s, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), noreturn));
void sim_trace(const struct sim *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* sim_plan.c: a random DAG with everything in it. */
void sim_plan_make(struct sim *s, struct sim_run *r);

/* sim_model.c: looks at each action as it is emitted, and at the whole after each step. */
void model_see(struct sim *s, struct sim_run *r, const struct run_action *a);
void model_check(struct sim *s, struct sim_run *r);
void model_check_grant(struct sim *s, const struct dispatch_key *key);
void model_check_acted(struct sim *s, struct sim_run *r); /* when a turn's actions are done */
void model_check_end(struct sim *s, struct sim_run *r);
struct cell *model_cell(struct shadow *w, uint32_t task, uint32_t instance);
bool *model_hold(struct sim_run *r, uint32_t task, uint32_t instance);

/* sim_judge.c: what should become of a task that waits, by the states that were told; how those
 * below see it. */
enum verdict { WAIT, GO, SKIP, UPSTREAM_FAILED };
enum verdict model_judge(const struct sim_run *r, uint32_t task);
uint8_t model_seen(const struct sim_run *r, uint32_t task);
bool model_is_over(uint8_t state);
bool model_is_active(uint8_t state);

/* sim_hosts.c: what runs tries. Each is idempotent. */
void hosts_start(
	struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number);
void hosts_kill(struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number);
void hosts_advance(struct sim *s); /* ends what has come to its end */
int64_t hosts_next(const struct sim *s); /* when that is next; SIM_HANG: never */
bool hosts_have_hung(const struct sim *s, uint32_t run);
struct attempt *hosts_find(
	struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number);

/* sim_scheduler.c: sends an event to it after a delay; steps a run by one, at once. */
void sim_send(struct sim *s, uint32_t run, int64_t delay, const struct run_event *ev);
void sim_step(struct sim *s, struct sim_run *r, const struct run_event *ev);

/* Stores what was told; performs the next n actions; gives what dispatch has to give; lets go of
 * tasks that waited for the run before. */
void sim_commit(struct sim *s);
size_t sim_count_actions(const struct sim *s);
void sim_act_all(struct sim *s, size_t n, bool restoring);
void sim_grant(struct sim *s);
void sim_release_past(struct sim *s, struct sim_run *r);

/* Makes dispatch anew; dies, and starts again from what is stored. */
void sim_make_dispatch(struct sim *s);
void sim_crash(struct sim *s);

#endif
