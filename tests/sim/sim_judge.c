/*
 * What should become of a task, found out the slow way: rules by quantifiers over the upstream
 * states, scopes by reachability.
 */
#include "tests/sim/sim.h"

bool model_is_over(uint8_t state)
{
	return state == TASK_SUCCESS || state == TASK_FAILED || state == TASK_UPSTREAM_FAILED ||
		state == TASK_SKIPPED || state == TASK_REMOVED;
}

bool model_is_active(uint8_t state)
{
	return state == TASK_QUEUED || state == TASK_RUNNING;
}

uint8_t model_seen(const struct sim_run *r, uint32_t task)
{
	uint8_t state = r->now.tasks[task].row.state;

	return state == TASK_FAILED && r->tasks[task].ignore_failure ? TASK_SUCCESS : state;
}

/* How many direct upstream tasks are seen in one of two states. */
static uint32_t count(const struct sim_run *r, uint32_t task, uint8_t a, uint8_t b)
{
	uint32_t n = 0;

	for (uint32_t u = 0; u < task; u++)
		n += r->edge[u][task] && (model_seen(r, u) == a || model_seen(r, u) == b);
	return n;
}

static bool all_over(const struct sim_run *r, uint32_t task)
{
	for (uint32_t u = 0; u < task; u++)
		if (r->edge[u][task] && !model_is_over(r->now.tasks[u].row.state))
			return false;
	return true;
}

static uint32_t count_up(const struct sim_run *r, uint32_t task)
{
	uint32_t n = 0;

	for (uint32_t u = 0; u < task; u++)
		n += r->edge[u][task];
	return n;
}

static enum verdict judge_rule(const struct sim_run *r, uint32_t task)
{
	uint32_t n = count_up(r, task);
	uint32_t success = count(r, task, TASK_SUCCESS, TASK_SUCCESS);
	uint32_t failed = count(r, task, TASK_FAILED, TASK_FAILED);
	uint32_t bad = count(r, task, TASK_FAILED, TASK_UPSTREAM_FAILED);
	uint32_t skipped = count(r, task, TASK_SKIPPED, TASK_SKIPPED);
	bool over = all_over(r, task);

	switch (r->tasks[task].trigger_rule) {
	case TRIGGER_ALL_SUCCESS:
		return bad ? UPSTREAM_FAILED : skipped ? SKIP : success == n ? GO : WAIT;
	case TRIGGER_ALL_FAILED:
		return success || skipped ? SKIP : bad == n ? GO : WAIT;
	case TRIGGER_ALL_DONE:
		return over ? GO : WAIT;
	case TRIGGER_ALL_DONE_MIN_ONE_SUCCESS:
		return skipped ? SKIP : !over ? WAIT : success ? GO : UPSTREAM_FAILED;
	case TRIGGER_ALL_SKIPPED:
		return success || bad ? SKIP : skipped == n ? GO : WAIT;
	case TRIGGER_ONE_FAILED:
		return bad ? GO : over ? SKIP : WAIT;
	case TRIGGER_ONE_SUCCESS:
		return success ? GO : !over ? WAIT : skipped == n ? SKIP : UPSTREAM_FAILED;
	case TRIGGER_ONE_DONE:
		return success || failed ? GO : over ? SKIP : WAIT;
	case TRIGGER_NONE_FAILED:
		return bad ? UPSTREAM_FAILED : over ? GO : WAIT;
	case TRIGGER_NONE_FAILED_MIN_ONE_SUCCESS:
		return bad ? UPSTREAM_FAILED : skipped == n ? SKIP : over ? GO : WAIT;
	case TRIGGER_NONE_SKIPPED:
		return skipped ? SKIP : over ? GO : WAIT;
	default:
		return GO;
	}
}

static enum verdict judge_teardown(const struct sim_run *r, uint32_t task)
{
	uint32_t n = 0, success = 0, skipped = 0;

	if (!all_over(r, task))
		return WAIT;
	for (uint32_t u = 0; u < task; u++)
		if (r->edge[u][task] && r->tasks[u].is_setup) {
			n++;
			success += model_seen(r, u) == TASK_SUCCESS;
			skipped += model_seen(r, u) == TASK_SKIPPED;
		}
	return n == 0 || success > 0 ? GO : skipped == n ? SKIP : UPSTREAM_FAILED;
}

static bool needs_setup(const struct sim_run *r, uint32_t task, uint32_t setup)
{
	bool has_teardown = false, is_between = false;

	if (!r->tasks[setup].is_setup || !r->reach[setup][task])
		return false;
	for (uint32_t t = setup + 1; t < r->plan.n_tasks; t++)
		if (r->edge[setup][t] && r->tasks[t].is_teardown) {
			has_teardown = true;
			is_between |= r->reach[task][t];
		}
	return !has_teardown || is_between;
}

enum verdict model_judge(const struct sim_run *r, uint32_t task)
{
	bool waits = false, skips = false;

	if (count_up(r, task) == 0)
		return GO;
	if (r->tasks[task].is_teardown)
		return judge_teardown(r, task);
	for (uint32_t u = 0; u < task; u++) {
		if (!needs_setup(r, task, u))
			continue;
		if (model_seen(r, u) == TASK_FAILED || model_seen(r, u) == TASK_UPSTREAM_FAILED)
			return UPSTREAM_FAILED;
		skips |= model_seen(r, u) == TASK_SKIPPED;
		waits |= model_seen(r, u) != TASK_SUCCESS;
	}
	return skips ? SKIP : waits ? WAIT : judge_rule(r, task);
}
