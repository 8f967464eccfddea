/*
 * The run state machine: what happens to the tasks of one run.
 *
 * run_step() takes one event and says what is to be done as a list of actions. It does no I/O and
 * reads no clock. The shell around it does, in this order, for all events of a turn:
 *
 *	step:    run_step() for each event, into one list of actions
 *	commit:  store every *_CHANGED action, in one transaction
 *	act:     perform the other actions, in order; each is idempotent
 *
 * and where it dies between any two of these, run_restore() gives a machine, made of what was
 * stored, and the actions that take up the work again. docs/state-machine.md explains the states.
 */
#ifndef ENGINE_RUN_H
#define ENGINE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"
#include "engine/run_plan.h"

#define RUN_NO_TASK UINT32_MAX
#define RUN_NO_INSTANCE UINT32_MAX /* the task itself, not one of its for_each instances */

/* X(enum suffix, spelling, is it over?) */
#define TASK_STATE_LIST(X)                                                                         \
	X(NONE, "none", false) /* waits for its upstream */                                        \
	X(SCHEDULED, "scheduled", false) /* due: waits for a decision or for capacity */           \
	X(QUEUED, "queued", false) /* has capacity; its start was asked for */                     \
	X(RUNNING, "running", false) /* has started; a for_each: is expanded */                    \
	X(SUCCESS, "success", true)                                                                \
	X(FAILED, "failed", true)                                                                  \
	X(UP_FOR_RETRY, "up_for_retry", false) /* failed, and waits for its next try */            \
	X(UPSTREAM_FAILED, "upstream_failed", true)                                                \
	X(SKIPPED, "skipped", true)                                                                \
	X(DEFERRED, "deferred", false) /* for sensors; this machine never enters it */             \
	X(REMOVED, "removed", true) /* an instance whose item is gone after a clear */

enum task_state {
#define TASK_STATE_ENUM(id, name, over) TASK_##id,
	TASK_STATE_LIST(TASK_STATE_ENUM)
#undef TASK_STATE_ENUM
		TASK_STATE_COUNT
};

#define RUN_STATE_LIST(X)                                                                          \
	X(QUEUED, "queued", false)                                                                 \
	X(RUNNING, "running", false)                                                               \
	X(SUCCESS, "success", true)                                                                \
	X(FAILED, "failed", true)

enum run_state {
#define RUN_STATE_ENUM(id, name, over) RUN_##id,
	RUN_STATE_LIST(RUN_STATE_ENUM)
#undef RUN_STATE_ENUM
		RUN_STATE_COUNT
};

/* What can happen. Which members of struct run_event count stands behind each. */
#define RUN_EVENT_LIST(X)                                                                          \
	X(STARTED, "run_started") /* the run leaves `queued` */                                    \
	X(DECIDED, "task_decided") /* task, round, verdict, n_items: the answer to DECIDE */       \
	X(CAPACITY, "capacity") /* task, instance: the answer to QUEUE, it may start */            \
	X(REFUSED, "refused") /* task, instance: no pool can ever hold it */                       \
	X(TASK_STARTED, "task_started") /* task, instance, try_number */                           \
	X(TASK_FINISHED, "task_finished") /* task, instance, try_number, exit, no_retry */         \
	X(TASK_LOST, "task_lost") /* as finished, where nobody knows how it ended */               \
	X(TIMER, "timer") /* timer, and what came with SET_TIMER */                                \
	X(PAST_RELEASED, "past_released") /* task: the run before no longer holds it */            \
	X(CANCEL, "cancel") /* teardowns_too */                                                    \
	X(CLEAR, "clear") /* task, or tasks and n_tasks; downstream, upstream, only_failed */      \
	X(MARK, "mark") /* task and instance, or RUN_NO_TASK for the run; mark */

enum run_event_kind {
#define RUN_EVENT_ENUM(id, name) RUN_EV_##id,
	RUN_EVENT_LIST(RUN_EVENT_ENUM)
#undef RUN_EVENT_ENUM
		RUN_EV_COUNT
};

/* How `when` and the items of `for_each` came out. */
enum run_verdict {
	RUN_VERDICT_RUN, /* for a for_each: with n_items; none of them skips the task */
	RUN_VERDICT_SKIP, /* `when` is false */
	RUN_VERDICT_FAIL, /* it could not be evaluated */
};

/* How a try ended. */
enum run_exit {
	RUN_EXIT_SUCCESS,
	RUN_EXIT_FAILED,
	RUN_EXIT_SKIPPED, /* its exit status is in skip_on_exit_code */
	RUN_EXIT_TIMED_OUT, /* killed at its deadline, by the engine or on the host */
};

enum run_mark { RUN_MARK_SUCCESS, RUN_MARK_FAILED };

enum run_timer {
	RUN_TIMER_RETRY, /* the next try is due */
	RUN_TIMER_EXECUTION, /* a try has had its time */
	RUN_TIMER_RUN, /* the run has had its time; no task */
	RUN_TIMER_COUNT
};

/* What should become of a try once it is over, other than what its own end says. */
#define RUN_KILL_LIST(X)                                                                           \
	X(NONE, "none")                                                                            \
	X(TIMEOUT, "execution_timeout") /* a late success counts; else a failure that may retry */ \
	X(CANCEL, "cancel") /* a late success counts; else failed, no retry */                     \
	X(RUN_TIMEOUT, "dagrun_timeout") /* likewise */                                            \
	X(MARK_SUCCESS, "mark_success") /* success, however it ends */                             \
	X(MARK_FAILED, "mark_failed") /* failed, however it ends */                                \
	X(CLEAR, "clear") /* back to none, however it ends */

enum run_kill {
#define RUN_KILL_ENUM(id, name) RUN_KILL_##id,
	RUN_KILL_LIST(RUN_KILL_ENUM)
#undef RUN_KILL_ENUM
		RUN_KILL_COUNT
};

/* Why a task or the run changed: what a person is told. */
#define RUN_CAUSE_LIST(X)                                                                          \
	X(DUE, "its upstream allows it")                                                           \
	X(RULE, "the trigger rule")                                                                \
	X(SETUP, "a setup that it needs did not succeed")                                          \
	X(WHEN, "its condition is false")                                                          \
	X(EMPTY, "for_each has no items")                                                          \
	X(DECISION, "its condition or items could not be evaluated")                               \
	X(ITEMS, "for_each has too many items")                                                    \
	X(CAPACITY, "it was given capacity")                                                       \
	X(POOL, "it asks for more slots than its pool has")                                        \
	X(STARTED, "it started")                                                                   \
	X(EXIT, "it ended")                                                                        \
	X(TIMEOUT, "it ran into its execution timeout")                                            \
	X(LOST, "it was lost")                                                                     \
	X(RETRY, "its next try is due")                                                            \
	X(EXPANDED, "for_each was expanded")                                                       \
	X(INSTANCES, "all its instances are over")                                                 \
	X(KILLED, "it is being killed")                                                            \
	X(PAST, "the run before released it")                                                      \
	X(CANCEL, "the run was cancelled")                                                         \
	X(RUN_TIMEOUT, "the run took longer than its dagrun_timeout")                              \
	X(CLEAR, "it was cleared")                                                                 \
	X(MARK, "it was marked")                                                                   \
	X(LEAVES, "all its tasks are over")

enum run_cause {
#define RUN_CAUSE_ENUM(id, text) RUN_CAUSE_##id,
	RUN_CAUSE_LIST(RUN_CAUSE_ENUM)
#undef RUN_CAUSE_ENUM
		RUN_CAUSE_COUNT
};

struct run_event {
	enum run_event_kind kind;
	int64_t now; /* ms since the epoch */
	uint32_t task, instance; /* instance: RUN_NO_INSTANCE where it is not a for_each's */
	uint32_t try_number; /* from 1 */
	union {
		struct {
			enum run_verdict verdict;
			uint32_t round; /* as the DECIDE action said */
			uint32_t n_items;
		} decided;
		struct {
			enum run_exit exit; /* not looked at for TASK_LOST */
			bool no_retry; /* trying again is useless */
		} finished;
		enum run_timer timer;
		struct {
			bool teardowns_too; /* else teardowns still run, as in Airflow */
		} cancel;
		struct {
			const uint32_t *tasks; /* NULL: the event's task alone */
			size_t n_tasks;
			bool downstream, upstream; /* and everything below, above */
			bool only_failed; /* of these only failed and upstream_failed ones */
		} clear;
		enum run_mark mark;
	};
};

/* What a store keeps of a task or an instance. A task without a row is in state none. */
struct run_row {
	uint32_t task, instance;
	uint32_t try_number; /* the last try; 0: none yet */
	uint32_t try_limit; /* the last one allowed; grows when the task is cleared */
	uint32_t n_items; /* for_each that is expanded: how many instances */
	int64_t at; /* running: when the try started; up_for_retry: when the next is due; else 0 */
	uint8_t state; /* enum task_state */
	uint8_t kill; /* enum run_kill */
	bool is_decided; /* DECIDE was answered, or need not be */
	bool is_released; /* depends_on_past holds it no longer */
};

/* Whether the task was cleared, and not tried since: what an earlier try left is not of the life
 * that it has now. retries: the task's. */
bool run_row_is_untried(const struct run_row *row, uint32_t retries);

/* Whether a for_each has a list in the life that it has now: one that was cleared, and not decided
 * again, has none. */
bool run_row_has_list(const struct run_row *row);

/* What a store keeps of the run. */
struct run_head {
	int64_t started_at; /* 0: not yet; set anew where a finished run is cleared */
	uint8_t state; /* enum run_state */
	uint8_t stop; /* enum run_kill: why it is coming to its end early; NONE: it is not */
};

#define RUN_ACTION_LIST(X)                                                                         \
	X(TASK_CHANGED, "task_changed") /* row, old_state, cause: store it */                      \
	X(RUN_CHANGED, "run_changed") /* head, old_state, cause: store it */                       \
	X(DECIDE, "decide") /* task, round: evaluate `when` and `for_each`, send DECIDED */        \
	X(QUEUE, "queue") /* task, instance: wants capacity; send CAPACITY or REFUSED */           \
	X(UNQUEUE, "unqueue") /* task, instance: wants it no longer */                             \
	X(RELEASE, "release") /* task, instance: gives capacity back; none held is fine */         \
	X(START, "start") /* task, instance, try_number: start, or attach where started */         \
	X(ATTACH, "attach") /* likewise after a restart: it has been seen running */               \
	X(KILL, "kill") /* task, instance, try_number, kill: end it, send TASK_FINISHED */         \
	X(SET_TIMER, "set_timer") /* timer, at, task, instance, try_number: send TIMER then */     \
	X(CANCEL_TIMER, "cancel_timer") /* the one with the same timer, task, instance */          \
	X(FINISH_RUN, "finish_run") /* head: the run is over */

enum run_action_kind {
#define RUN_ACTION_ENUM(id, name) RUN_ACT_##id,
	RUN_ACTION_LIST(RUN_ACTION_ENUM)
#undef RUN_ACTION_ENUM
		RUN_ACT_COUNT
};

struct run_action {
	enum run_action_kind kind;
	uint32_t task, instance, try_number;
	union {
		struct {
			struct run_row row;
			uint8_t old_state; /* the same as row.state where another part changed */
			uint8_t cause; /* enum run_cause */
		} task_changed;
		struct {
			struct run_head head;
			uint8_t old_state;
			uint8_t cause;
		} run_changed; /* FINISH_RUN too */
		uint32_t round; /* DECIDE */
		enum run_kill kill; /* KILL */
		struct {
			enum run_timer timer;
			int64_t at; /* SET_TIMER */
		} timer;
	};
};

/* A growing list of actions; the caller's. Starts zeroed; emptied by setting n to 0. */
struct run_actions {
	struct run_action *list;
	size_t n, cap;
};

struct run;

/* A run in state queued. The plan must be prepared and outlive it. seed decides the jitter of retry
 * delays: give a run the same one each time. ERR_NOMEM. */
int run_create(const struct run_plan *p, uint64_t seed, struct run **out);

/* Frees a run. NULL is fine. */
void run_destroy(struct run *r);

/* A run from what was stored, rows in any order, and the actions that take it up again: ATTACH or
 * START for what may be running, KILL again, QUEUE, DECIDE, SET_TIMER. They, too, are committed
 * before they are performed. ERR_CORRUPT: the rows do not fit together or the plan; ERR_NOMEM. */
int run_restore(const struct run_plan *p, uint64_t seed, const struct run_head *head,
	const struct run_row *rows, size_t n_rows, int64_t now, struct run **out,
	struct run_actions *actions, struct err *e);

/* What run_step() answers beside the errors. */
#define RUN_APPLIED 0
#define RUN_IGNORED 1 /* late, twice or overtaken: to be expected, and nothing changed */

/*
 * One event. Appends to actions. RUN_APPLIED; RUN_IGNORED, and e->text says why (only a RELEASE may
 * have been appended); ERR_INVALID, ERR_ILLEGAL: a bug in whoever sent it, nothing changed, e says
 * which; ERR_NOMEM: N.B. the run is then half way, is refused further
 * events and must be restored from what was stored; the turn's actions must be dropped.
 */
int run_step(struct run *r, const struct run_event *ev, struct run_actions *actions, struct err *e);

/* How it stands: the run, a task, an instance of an expanded for_each. ERR_NOTFOUND. */
struct run_head run_head_get(const struct run *r);
int run_row_get(const struct run *r, uint32_t task, uint32_t instance, struct run_row *out);

/* Whether a for_each has this instance as things stand; one that was cleared has none before it
 * runs again. */
bool run_has_instance(const struct run *r, uint32_t task, uint32_t instance);

/* Frees the list. */
void run_actions_free(struct run_actions *a);

/* Whether a state is one that nothing but clear and mark leads out of. */
bool task_state_is_over(enum task_state s);
bool run_state_is_over(enum run_state s);

/* Whether the transition tables allow this move. */
bool task_state_may_become(enum task_state from, enum task_state to);
bool run_state_may_become(enum run_state from, enum run_state to);

/* Spellings, and -1 where text is none. */
const char *task_state_name(enum task_state s);
const char *run_state_name(enum run_state s);
int task_state_find(const char *text, size_t len);
int run_state_find(const char *text, size_t len);
const char *run_event_name(enum run_event_kind k);
const char *run_action_name(enum run_action_kind k);
const char *run_kill_name(enum run_kill k);
const char *run_cause_text(enum run_cause c);

/* What a kill is as a cause; RUN_CAUSE_EXIT: there was none. */
enum run_cause run_kill_cause(enum run_kill k);

#endif
