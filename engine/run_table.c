/*
 * The tables of the run state machine: which state may follow which, and how all is spelled.
 *
 * A task, or an instance of a for_each task:
 *
 *	            decision, capacity        started
 *	 .--> none ---> scheduled ---> queued ---> running ---> success
 *	 |      |  due    |   ^           |           |    `--> failed
 *	 |      |         |   |           `-----------+-------> skipped
 *	 |      |         |   |                       |
 *	 |      |         |   `----- up_for_retry <---'  failed, tries left
 *	 |      |         `--> skipped (when, no items), failed (decision, pool)
 *	 |      `--> skipped, upstream_failed (trigger rule)
 *	 `--- clear, from everywhere; from queued and running once the try has been killed
 *
 * A task of for_each goes from scheduled to running when it is expanded. Cancel skips what waits.
 * Mark leads from any state to success or failed; from queued and running once the try is gone.
 * An instance whose item is gone after a clear goes from none to removed, and back where it
 *returns.
 *
 *	queued ---> running ---> success, failed ---> queued again by clear, running by mark
 */
#include "engine/run_impl.h"

#include <string.h>

#define TO(id) (1u << TASK_##id)

static const uint16_t task_moves[TASK_STATE_COUNT] = {
	[TASK_NONE] = TO(SCHEDULED) | TO(UPSTREAM_FAILED) | TO(SKIPPED) | TO(SUCCESS) | TO(FAILED) |
		TO(REMOVED),
	[TASK_SCHEDULED] =
		TO(QUEUED) | TO(RUNNING) | TO(SKIPPED) | TO(FAILED) | TO(SUCCESS) | TO(NONE),
	[TASK_QUEUED] =
		TO(RUNNING) | TO(SUCCESS) | TO(FAILED) | TO(SKIPPED) | TO(UP_FOR_RETRY) | TO(NONE),
	[TASK_RUNNING] = TO(SUCCESS) | TO(FAILED) | TO(SKIPPED) | TO(UP_FOR_RETRY) | TO(NONE),
	[TASK_UP_FOR_RETRY] = TO(SCHEDULED) | TO(SKIPPED) | TO(SUCCESS) | TO(FAILED) | TO(NONE),
	[TASK_SUCCESS] = TO(NONE) | TO(FAILED),
	[TASK_FAILED] = TO(NONE) | TO(SUCCESS),
	[TASK_UPSTREAM_FAILED] = TO(NONE) | TO(SUCCESS) | TO(FAILED),
	[TASK_SKIPPED] = TO(NONE) | TO(SUCCESS) | TO(FAILED),
	[TASK_DEFERRED] = 0,
	[TASK_REMOVED] = TO(NONE),
};

#undef TO
#define TO(id) (1u << RUN_##id)

static const uint16_t run_moves[RUN_STATE_COUNT] = {
	[RUN_QUEUED] = TO(RUNNING) | TO(SUCCESS) | TO(FAILED),
	[RUN_RUNNING] = TO(SUCCESS) | TO(FAILED),
	[RUN_SUCCESS] = TO(QUEUED) | TO(RUNNING),
	[RUN_FAILED] = TO(QUEUED) | TO(RUNNING),
};

#undef TO

static const struct {
	const char *name;
	bool is_over;
} task_states[TASK_STATE_COUNT] =
	{
#define ROW(id, name, over) [TASK_##id] = {name, over},
		TASK_STATE_LIST(ROW)
#undef ROW
},
  run_states[RUN_STATE_COUNT] = {
#define ROW(id, name, over) [RUN_##id] = {name, over},
	  RUN_STATE_LIST(ROW)
#undef ROW
};

bool task_state_may_become(enum task_state from, enum task_state to)
{
	return (task_moves[from] >> to & 1u) != 0;
}

bool run_state_may_become(enum run_state from, enum run_state to)
{
	return (run_moves[from] >> to & 1u) != 0;
}

bool task_state_is_over(enum task_state s)
{
	return task_states[s].is_over;
}

bool run_state_is_over(enum run_state s)
{
	return run_states[s].is_over;
}

const char *task_state_name(enum task_state s)
{
	return task_states[s].name;
}

const char *run_state_name(enum run_state s)
{
	return run_states[s].name;
}

int task_state_find(const char *text, size_t len)
{
	for (int i = 0; i < TASK_STATE_COUNT; i++)
		if (strlen(task_states[i].name) == len &&
			memcmp(task_states[i].name, text, len) == 0)
			return i;
	return -1;
}

int run_state_find(const char *text, size_t len)
{
	for (int i = 0; i < RUN_STATE_COUNT; i++)
		if (strlen(run_states[i].name) == len && memcmp(run_states[i].name, text, len) == 0)
			return i;
	return -1;
}

const char *run_event_name(enum run_event_kind k)
{
	static const char *const names[RUN_EV_COUNT] = {
#define ROW(id, name) [RUN_EV_##id] = name,
		RUN_EVENT_LIST(ROW)
#undef ROW
	};
	return names[k];
}

const char *run_action_name(enum run_action_kind k)
{
	static const char *const names[RUN_ACT_COUNT] = {
#define ROW(id, name) [RUN_ACT_##id] = name,
		RUN_ACTION_LIST(ROW)
#undef ROW
	};
	return names[k];
}

const char *run_kill_name(enum run_kill k)
{
	static const char *const names[RUN_KILL_COUNT] = {
#define ROW(id, name) [RUN_KILL_##id] = name,
		RUN_KILL_LIST(ROW)
#undef ROW
	};
	return names[k];
}

const char *run_cause_text(enum run_cause c)
{
	static const char *const texts[RUN_CAUSE_COUNT] = {
#define ROW(id, text) [RUN_CAUSE_##id] = text,
		RUN_CAUSE_LIST(ROW)
#undef ROW
	};
	return texts[c];
}

enum run_cause run_kill_cause(enum run_kill k)
{
	static const enum run_cause causes[RUN_KILL_COUNT] = {
		[RUN_KILL_NONE] = RUN_CAUSE_EXIT,
		[RUN_KILL_TIMEOUT] = RUN_CAUSE_TIMEOUT,
		[RUN_KILL_CANCEL] = RUN_CAUSE_CANCEL,
		[RUN_KILL_RUN_TIMEOUT] = RUN_CAUSE_RUN_TIMEOUT,
		[RUN_KILL_MARK_SUCCESS] = RUN_CAUSE_MARK,
		[RUN_KILL_MARK_FAILED] = RUN_CAUSE_MARK,
		[RUN_KILL_CLEAR] = RUN_CAUSE_CLEAR,
	};
	return causes[k];
}
