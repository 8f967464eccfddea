/*
 * What the files of the run state machine share. Private to engine/run_*.c.
 *
 * A step never fails half way for want of memory in a way that its code must handle: emit() hands
 * out a scrap action instead and notes the failure, and run_step() reports it in the end.
 */
#ifndef ENGINE_RUN_IMPL_H
#define ENGINE_RUN_IMPL_H

#include "engine/run.h"

#include <assert.h>

/* What a task and an instance have in common. */
struct run_cell {
	int64_t at; /* as in struct run_row */
	uint32_t try_number, try_limit;
	union {
		uint32_t round; /* a task: counts its clears, so that a late decision is known */
		uint32_t next; /* an instance: the next in its expansion's waiting list */
	};
	uint8_t state; /* enum task_state; changed by run_cell_change() alone */
	uint8_t kill; /* enum run_kill; not NONE: the try is being ended, or the task cut short */
	bool is_decided : 1, is_released : 1;
	bool is_waiting : 1; /* an instance whose retry is due, in the waiting list */
};

/* How upstream tasks that are over are counted. */
enum run_tally { TALLY_SUCCESS, TALLY_FAILED, TALLY_UPSTREAM_FAILED, TALLY_SKIPPED, TALLY_COUNT };

/* Parts of the plan that each step needs, next to the state, so that it reads one cache line. */
enum run_attr {
	ATTR_LEAF = 1 << 0,
	ATTR_IGNORE_FAILURE = 1 << 1,
	ATTR_SETUP = 1 << 2,
	ATTR_TEARDOWN = 1 << 3,
	ATTR_DECIDES = 1 << 4,
	ATTR_FOR_EACH = 1 << 5,
	ATTR_PAST = 1 << 6,
	ATTR_SETUPS = 1 << 7, /* run->setups counts for it */
	ATTR_LISTED = 1 << 8, /* stands in run->list */
	ATTR_CHOSEN = 1 << 9, /* in the set of a clear under way */
	ATTR_WALKED = 1 << 10, /* found by one of its walks */
};

struct run_task {
	struct run_cell cell;
	uint32_t tally[TALLY_COUNT]; /* of its upstream tasks that are over */
	uint32_t n_up, n_down, first_down;
	uint8_t rule; /* enum trigger_rule */
	uint16_t attr;
	struct run_expansion *expansion; /* for_each, once it was expanded; else NULL */
};

static_assert(sizeof(struct run_task) <= 64, "a task's state fits a cache line");

/* The setups that matter to a task: those it is in the scope of; a teardown: those right above. */
struct run_setups {
	uint32_t n, n_success, n_failed, n_skipped;
};

/*
 * The instances of a for_each task. Those below n_items exist; those from there to n_cells are
 * removed, and remembered for their tries. Waiting are those whose retry is due but for whom
 * max_active_tis leaves no room: a list through cell.next, in the order of the timers.
 */
struct run_expansion {
	struct run_cell *cells;
	uint32_t n_items, n_cells;
	uint32_t n_active; /* scheduled, queued or running */
	uint32_t n_success, n_failed, n_skipped; /* of those below n_items */
	uint32_t fresh; /* below it none is in state none */
	uint32_t waiting_first, waiting_last;
};

struct run {
	const struct run_plan *plan;
	uint64_t seed;
	struct run_head head;
	struct run_task *tasks;
	struct run_setups *setups; /* NULL where the plan has no setup */
	uint32_t counts[TASK_STATE_COUNT];
	uint32_t n_over, n_failed_leaves;
	bool is_broken; /* a step could not be completed; nothing more is accepted */

	/* Tasks in state none to be looked at again: a ring, each at most once. */
	uint32_t *list;
	uint32_t list_first, list_n;

	/* The step under way. */
	struct run_actions *out;
	int64_t now;
	int failure; /* ERR_NOMEM or ERR_BUG */
	uint32_t bug_task; /* where failure is ERR_BUG: the move that must not be */
	uint8_t bug_from, bug_to;
	struct run_action scrap;
};

/* A task or an instance. */
struct run_who {
	uint32_t task, instance;
	struct run_cell *cell;
	const struct run_task_plan *plan;
};

/* run_core.c */

/* The task, or one of its instances, which must exist. */
struct run_who run_who_task(struct run *r, uint32_t task);
struct run_who run_who_instance(struct run *r, uint32_t task, uint32_t instance);

/* An action for w, to be filled in further. Never NULL. */
struct run_action *run_emit(struct run *r, enum run_action_kind kind, const struct run_who *w);
void run_emit_timer(struct run *r, const struct run_who *w, enum run_timer timer, int64_t at);
void run_emit_timer_cancel(struct run *r, const struct run_who *w, enum run_timer timer);

/* The one place where a state changes: checks the table, keeps every count, tells downstream and
 * emits TASK_CHANGED. */
void run_cell_change(
	struct run *r, const struct run_who *w, enum task_state to, enum run_cause cause);

/* Emits TASK_CHANGED where something other than the state changed. */
void run_cell_save(struct run *r, const struct run_who *w, enum run_cause cause);
struct run_row run_cell_row(const struct run *r, uint32_t task, uint32_t instance);

/* Counts a task that is over among its downstream, without looking at them (for restoring). */
void run_task_count(struct run *r, uint32_t task);

/* Puts a task on the list, and looks at all on the list until it is empty. */
void run_list_add(struct run *r, uint32_t task);
void run_list_drain(struct run *r);

/* An action for the run as a whole, with its head. Never NULL. */
struct run_action *run_emit_run(struct run *r, enum run_action_kind kind);

/* Changes the run's state, and ends the run where every task is over. */
void run_head_change(struct run *r, enum run_state to, enum run_cause cause);
void run_head_start(struct run *r, enum run_cause cause);

/* Whether it was ever started: one that is queued may have been cleared. */
bool run_has_begun(const struct run *r);

/* Takes a cleared run out of the line: what is still to be torn down is. */
void run_head_resume(struct run *r, enum run_cause cause);
void run_finish_check(struct run *r);

int run_failure_say(const struct run *r, struct err *e); /* the sentence; returns the code */

bool run_cell_is_active(const struct run_cell *c); /* queued or running: a try may exist */

/* run_scope.c */

/* Fills in the plan's scopes. ERR_LIMIT, ERR_NOMEM. */
int run_scopes_find(struct run_plan *p, struct arena *a, struct err *e);

/* run_rules.c */

enum run_judgement { JUDGE_WAIT, JUDGE_RUN, JUDGE_SKIP, JUDGE_UPSTREAM_FAILED };

/* What a task's upstream says of it now. *cause is set unless it waits. */
enum run_judgement run_rule_judge(const struct run *r, uint32_t task, enum run_cause *cause);

/* run_retry.c */

/* How long to wait after a try that failed. */
int64_t run_retry_delay(const struct run_task_plan *p, uint64_t seed, uint32_t task,
	uint32_t instance, uint32_t try_number);

/* run_try.c: the life of one try */

void run_try_due(struct run *r, uint32_t task); /* none -> scheduled, and on */
void run_try_queue(struct run *r, const struct run_who *w, enum run_cause cause);
void run_try_start(struct run *r, const struct run_who *w);
void run_try_started(struct run *r, const struct run_who *w);
void run_try_end(
	struct run *r, const struct run_who *w, enum run_exit exit, bool no_retry, bool is_lost);
void run_try_refuse(struct run *r, const struct run_who *w);
void run_try_retry(struct run *r, const struct run_who *w);
void run_try_kill(struct run *r, const struct run_who *w, enum run_kill why);

/* As many tries again; and whether it has had none of these. */
void run_try_renew(const struct run_who *w);
bool run_try_is_none(const struct run_who *w);

/* It is cut short, and has more tries left than a life has where one of this life was over: by that
 * a clear of what failed knows it, and what that try left is not taken for an earlier life's. */
void run_try_cut(const struct run_who *w);

/* Whether a newer wish overrules an older one. */
bool run_kill_overrules(enum run_kill newer, enum run_kill older);

/* Takes what waits (for a decision, capacity or a retry) out of its queues. */
void run_try_withdraw(struct run *r, const struct run_who *w);

/* run_foreach.c */

void run_foreach_expand(struct run *r, uint32_t task, uint32_t n_items);
void run_foreach_resume(struct run *r, uint32_t task); /* expanded before; the rest runs */
void run_foreach_retry(struct run *r, const struct run_who *w);

/* Notes that the task is cut short; its instances are the caller's to end. */
void run_foreach_kill(struct run *r, uint32_t task, enum run_kill why);

/* Whether all instances are over, and what the task then comes to. */
bool run_foreach_is_over(const struct run_expansion *x);
enum task_state run_foreach_outcome(const struct run_expansion *x, enum run_kill kill);

/* To be called when an instance has changed: lets others in, ends the task where all are over. */
void run_foreach_after(struct run *r, uint32_t task);

/* Room for n instances. ERR_NOMEM. */
int run_foreach_reserve(struct run *r, uint32_t task, uint32_t n);

/* Counts an instance's state: +1 when it enters, -1 when it leaves. */
void run_foreach_count(struct run_expansion *x, uint32_t instance, enum task_state s, int by);

/* run_stop.c, run_clear.c, run_mark.c: what people ask for. RUN_APPLIED, RUN_IGNORED, errors. */

int run_stop(struct run *r, enum run_kill why, bool teardowns_too, struct err *e);
int run_clear(struct run *r, const struct run_event *ev, struct err *e);
int run_mark(struct run *r, const struct run_event *ev, struct err *e);

/* Clears what failed below a task; *n says how many tasks. The run is opened again where it was
 * over and there were any. ERR_NOMEM: nothing changed. */
int run_clear_failed_below(struct run *r, uint32_t task, uint32_t *n);

#endif
