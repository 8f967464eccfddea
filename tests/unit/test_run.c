/* The run state machine, feature by feature: what happens to a DAG's tasks. */
#include "tests/unit/run_kit.h"

#include <string.h>

static void test_chain(void)
{
	struct kit k;

	kit_plan(&k, 3, "0>1 1>2");
	kit_create(&k);
	IS_STR(kit_run_state(&k), "queued", "a run begins queued");
	IS_INT(kit_task(&k, RUN_EV_CAPACITY, 0, ONE), ERR_ILLEGAL, "nothing starts before it does");
	kit_event(&k, &(struct run_event){.kind = RUN_EV_STARTED, .task = RUN_NO_TASK});
	IS_STR(kit_states(&k), "scheduled none none", "the first task is due");
	OK(kit_action(&k, RUN_ACT_QUEUE, 0) != NULL, "and asks for capacity");
	kit_task(&k, RUN_EV_CAPACITY, 0, ONE);
	IS_STR(kit_states(&k), "queued none none", "with capacity it is queued");
	IS_INT(kit_action(&k, RUN_ACT_START, 0)->try_number, 1, "its first try is started");
	kit_task(&k, RUN_EV_TASK_STARTED, 0, ONE);
	IS_STR(kit_states(&k), "running none none", "it runs once it has started");
	kit_end(&k, 0, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success scheduled none", "its success makes the next due");
	IS_INT((long long)kit_count(&k, RUN_ACT_RELEASE), 1, "capacity is given back");
	kit_do(&k, 1, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 2, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "the last success ends the run");
	IS_INT((long long)kit_count(&k, RUN_ACT_FINISH_RUN), 1, "which is said once");
	kit_free(&k);
}

static void test_failure(void)
{
	struct kit k;

	kit_plan(&k, 4, "0>1 1>2 0>3");
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "failed upstream_failed upstream_failed upstream_failed",
		"a failure flows down");
	IS_STR(kit_run_state(&k), "failed", "and fails the run");
	kit_free(&k);

	kit_plan(&k, 3, "0>1 1>2");
	k.tasks[0].ignore_failure = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "failed scheduled none", "an ignored failure lets the next go on");
	kit_do(&k, 1, ONE, RUN_EXIT_SKIPPED);
	IS_STR(kit_states(&k), "failed skipped skipped", "a skip flows down");
	IS_STR(kit_run_state(&k), "success", "a run of skipped leaves is a success");
	kit_free(&k);

	kit_plan(&k, 2, "");
	k.tasks[1].ignore_failure = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 1, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_run_state(&k), "success", "a leaf's ignored failure does not fail the run");
	kit_free(&k);
}

static void test_empty(void)
{
	struct kit k;

	kit_plan(&k, 0, "");
	kit_start(&k);
	IS_STR(kit_run_state(&k), "success", "a run without tasks succeeds at once");
	kit_free(&k);
}

static void test_retry(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].retries = 2;
	k.tasks[0].retry_delay_ms = 5000;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "up_for_retry", "a failed try waits for the next");
	IS_INT(kit_action(&k, RUN_ACT_SET_TIMER, 0)->timer.at, 6000, "for retry_delay");
	k.now = 5999;
	IS_INT(kit_timer(&k, RUN_TIMER_RETRY, 0, ONE), RUN_APPLIED, "a timer may come early");
	IS_STR(kit_states(&k), "up_for_retry", "but the task waits on");
	OK(kit_action(&k, RUN_ACT_SET_TIMER, 0) != NULL, "and the timer is set again");
	k.now = 6000;
	kit_timer(&k, RUN_TIMER_RETRY, 0, ONE);
	IS_STR(kit_states(&k), "scheduled", "then it is due again");
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	k.now = 20000;
	kit_timer(&k, RUN_TIMER_RETRY, 0, ONE);
	kit_begin(&k, 0, ONE);
	IS_INT(kit_row(&k, 0, ONE).try_number, 3, "the third try is the last");
	kit_end(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "failed", "retries: 2 is at most three tries");
	kit_free(&k);

	kit_plan(&k, 1, "");
	k.tasks[0].retries = 2;
	kit_start(&k);
	kit_begin(&k, 0, ONE);
	kit_event(&k,
		&(struct run_event){.kind = RUN_EV_TASK_FINISHED,
			.instance = ONE,
			.try_number = 1,
			.finished = {RUN_EXIT_FAILED, true}});
	IS_STR(kit_states(&k), "failed", "a failure that says so is not tried again");
	kit_free(&k);
}

static int64_t delay_after(struct kit *k)
{
	kit_do(k, 0, ONE, RUN_EXIT_FAILED);
	return kit_action(k, RUN_ACT_SET_TIMER, 0)->timer.at - k->now;
}

static void test_backoff(void)
{
	int64_t delays[2][8], base = 10000;
	struct kit k;
	bool in_range = true;

	for (int round = 0; round < 2; round++) {
		kit_plan(&k, 1, "");
		k.tasks[0] = (struct run_task_plan){.retries = 8,
			.retry_delay_ms = 10000,
			.retry_exponential_backoff = true,
			.max_retry_delay_ms = 200000};
		kit_start(&k);
		for (int i = 0; i < 8; i++) {
			delays[round][i] = delay_after(&k);
			k.now += delays[round][i];
			kit_timer(&k, RUN_TIMER_RETRY, 0, ONE);
		}
		kit_free(&k);
	}
	for (int i = 0; i < 4; i++, base *= 2)
		in_range = in_range && delays[0][i] >= base && delays[0][i] < 2 * base;
	OK(in_range, "the delay doubles, with a jitter of up to itself");
	OK(delays[0][0] % 1000 != 0 || delays[0][1] % 1000 != 0, "the jitter is no round number");
	IS_INT(delays[0][7], 200000, "max_retry_delay is never passed");
	OK(memcmp(delays[0], delays[1], sizeof(delays[0])) == 0, "one seed, one jitter");
}

static void test_execution_timeout(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].execution_timeout_ms = 500;
	k.tasks[0].retries = 1;
	kit_start(&k);
	kit_begin(&k, 0, ONE);
	IS_INT(kit_action(&k, RUN_ACT_SET_TIMER, 0)->timer.at, 1500, "the clock starts with it");
	k.now = 1500;
	kit_timer(&k, RUN_TIMER_EXECUTION, 0, ONE);
	IS_INT(kit_action(&k, RUN_ACT_KILL, 0)->kill, RUN_KILL_TIMEOUT, "it is killed in time");
	IS_STR(kit_states(&k), "running", "and runs until it is known to be gone");
	IS_INT(kit_timer(&k, RUN_TIMER_EXECUTION, 0, ONE), RUN_IGNORED, "once is enough");
	kit_end(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "up_for_retry", "a try that timed out may be tried again");
	IS_INT(kit_action(&k, RUN_ACT_TASK_CHANGED, 0)->task_changed.cause, RUN_CAUSE_TIMEOUT,
		"and says why");
	kit_timer(&k, RUN_TIMER_RETRY, 0, ONE);
	kit_begin(&k, 0, ONE);
	k.now = 9000;
	kit_timer(&k, RUN_TIMER_EXECUTION, 0, ONE);
	kit_end(&k, 0, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success", "a success that the kill came too late for counts");
	kit_free(&k);
}

static void test_dagrun_timeout(void)
{
	struct kit k;

	kit_plan(&k, 3, "0>1 1>2");
	k.plan.dagrun_timeout_ms = 3000;
	kit_start(&k);
	IS_INT(kit_action(&k, RUN_ACT_SET_TIMER, 0)->timer.at, 4000, "the run has a deadline");
	kit_begin(&k, 0, ONE);
	k.now = 3999;
	kit_timer(&k, RUN_TIMER_RUN, RUN_NO_TASK, ONE);
	IS_STR(kit_states(&k), "running none none", "not a moment early");
	k.now = 4000;
	kit_timer(&k, RUN_TIMER_RUN, RUN_NO_TASK, ONE);
	IS_STR(kit_states(&k), "running skipped skipped", "what has not started is skipped");
	IS_INT(kit_action(&k, RUN_ACT_KILL, 0)->kill, RUN_KILL_RUN_TIMEOUT, "what runs is killed");
	kit_end(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_run_state(&k), "failed", "and the run has failed");
	kit_free(&k);
}

static void test_when(void)
{
	struct kit k;

	kit_plan(&k, 4, "0>2 1>2 2>3");
	for (uint32_t t = 0; t < 3; t++)
		k.tasks[t].has_when = true;
	k.tasks[2].trigger_rule = TRIGGER_ONE_SUCCESS;
	kit_start(&k);
	IS_INT((long long)kit_count(&k, RUN_ACT_DECIDE), 2, "conditions are asked for when due");
	IS_INT((long long)kit_count(&k, RUN_ACT_QUEUE), 0, "and capacity only after");
	kit_decide(&k, 0, RUN_VERDICT_SKIP, 0);
	kit_decide(&k, 1, RUN_VERDICT_RUN, 0);
	IS_STR(kit_states(&k), "skipped scheduled none none", "a false condition skips");
	OK(kit_action(&k, RUN_ACT_QUEUE, 0) != NULL, "a true one queues");
	kit_do(&k, 1, ONE, RUN_EXIT_SUCCESS);
	kit_decide(&k, 2, RUN_VERDICT_FAIL, 0);
	IS_STR(kit_states(&k), "skipped success failed upstream_failed",
		"one that cannot be evaluated fails its task");
	kit_free(&k);
}

static void test_late_decision(void)
{
	struct run_event ev = {.kind = RUN_EV_DECIDED, .instance = ONE};
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].has_when = true;
	kit_start(&k);
	ev.decided.round = kit_action(&k, RUN_ACT_DECIDE, 0)->round;
	ev.decided.verdict = RUN_VERDICT_SKIP;
	kit_clear(&k, 0, false, false);
	OK(kit_action(&k, RUN_ACT_DECIDE, 0) != NULL, "a cleared task is decided anew");
	IS_INT(kit_event(&k, &ev), RUN_IGNORED, "and an answer from before does not count");
	IS_STR(kit_states(&k), "scheduled", "so nothing changes");
	kit_free(&k);
}

static void test_for_each(void)
{
	struct kit k;

	kit_plan(&k, 2, "0>1");
	k.tasks[0].is_for_each = true;
	k.tasks[0].max_active_tis = 2;
	k.tasks[0].retries = 1;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 4);
	IS_STR(kit_states(&k), "running none", "an expanded task is running");
	IS_STR(kit_instances(&k, 0), "scheduled scheduled none none", "max_active_tis at a time");
	kit_do(&k, 0, 0, RUN_EXIT_SUCCESS);
	IS_STR(kit_instances(&k, 0), "success scheduled scheduled none", "one out, one in");
	kit_do(&k, 0, 1, RUN_EXIT_FAILED);
	IS_STR(kit_instances(&k, 0), "success up_for_retry scheduled scheduled",
		"one that waits for its retry gives up its place");
	kit_timer(&k, RUN_TIMER_RETRY, 0, 1);
	IS_STR(kit_instances(&k, 0), "success up_for_retry scheduled scheduled",
		"and has to wait for one when it is due");
	IS_INT(kit_timer(&k, RUN_TIMER_RETRY, 0, 1), RUN_IGNORED,
		"a second timer is no second wish");
	kit_do(&k, 0, 3, RUN_EXIT_SKIPPED);
	IS_STR(kit_instances(&k, 0), "success scheduled scheduled skipped", "then it is let in");
	kit_do(&k, 0, 1, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "running none", "a failed instance does not end the task");
	kit_do(&k, 0, 2, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "failed upstream_failed", "after all have ended it has failed");

	IS_INT(kit_clear(&k, 0, true, true), RUN_APPLIED, "what failed is cleared");
	IS_STR(kit_states(&k), "running none", "the task runs again");
	IS_STR(kit_instances(&k, 0), "success scheduled success skipped",
		"its failed instance alone");
	kit_begin(&k, 0, 1);
	IS_INT(kit_row(&k, 0, 1).try_number, 3, "and its tries go on counting");
	kit_end(&k, 0, 1, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success scheduled", "so the run goes on");
	kit_free(&k);
}

static void test_for_each_sizes(void)
{
	struct kit k;

	kit_plan(&k, 2, "0>1");
	k.tasks[0].is_for_each = true;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 0);
	IS_STR(kit_states(&k), "skipped skipped", "an empty list skips the task");
	kit_clear(&k, 0, true, false);
	kit_decide(&k, 0, RUN_VERDICT_RUN, RUN_ITEMS_MAX + 1);
	IS_STR(kit_states(&k), "failed upstream_failed", "too long a list fails it");
	kit_clear(&k, 0, true, false);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 3);
	kit_do(&k, 0, 2, RUN_EXIT_SUCCESS);
	kit_begin(&k, 0, 1);
	kit_clear(&k, 0, false, false);
	IS_STR(kit_states(&k), "running none", "a clear waits for the instance that runs");
	IS_STR(kit_instances(&k, 0), "none running none", "and for no other");
	kit_end(&k, 0, 1, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "scheduled none", "then the list is asked for anew");
	kit_decide(&k, 0, RUN_VERDICT_RUN, 1);
	IS_STR(kit_instances(&k, 0), "scheduled removed removed",
		"a shorter list removes instances");
	kit_clear(&k, 0, false, false);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 3);
	IS_STR(kit_instances(&k, 0), "scheduled scheduled scheduled", "a longer brings them back");
	kit_begin(&k, 0, 2);
	IS_INT(kit_row(&k, 0, 2).try_number, 2, "with their tries");
	kit_free(&k);
}

/* 0 sets up, 1 and 2 work, 3 tears down, 4 comes after the work. */
static void test_setup(void)
{
	struct kit k;

	kit_plan(&k, 5, "0>1 1>2 2>3 0>3 2>4");
	k.tasks[0].is_setup = k.tasks[3].is_teardown = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 1, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "success failed upstream_failed scheduled upstream_failed",
		"a teardown runs though the work failed");
	kit_do(&k, 3, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "failed", "its success does not hide the failure");
	IS_INT(kit_clear(&k, 2, true, false), RUN_APPLIED, "the work is cleared");
	IS_STR(kit_states(&k), "scheduled failed none none none",
		"and its setup and teardown with it");
	kit_free(&k);

	kit_plan(&k, 3, "0>1 1>2 0>2");
	k.tasks[0].is_setup = k.tasks[2].is_teardown = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 1, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 2, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_run_state(&k), "success", "a teardown's own failure does not fail the run");
	kit_free(&k);

	kit_plan(&k, 3, "0>1 1>2 0>2");
	k.tasks[0].is_setup = k.tasks[2].is_teardown = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "failed upstream_failed upstream_failed",
		"a setup that failed leaves nothing to tear down");
	kit_free(&k);
}

static void test_past(void)
{
	struct kit k;

	kit_plan(&k, 2, "0>1");
	k.tasks[1].depends_on_past = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success none", "the run before holds it");
	kit_task(&k, RUN_EV_PAST_RELEASED, 1, ONE);
	IS_STR(kit_states(&k), "success scheduled", "until it is released");
	IS_INT(kit_task(&k, RUN_EV_PAST_RELEASED, 1, ONE), RUN_IGNORED, "once");
	IS_INT(kit_task(&k, RUN_EV_PAST_RELEASED, 0, ONE), ERR_ILLEGAL,
		"releasing what nothing holds is a mistake");
	kit_clear(&k, 1, false, false);
	IS_STR(kit_states(&k), "success none", "one that is cleared is held again");
	kit_task(&k, RUN_EV_PAST_RELEASED, 1, ONE);
	kit_do(&k, 1, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "until it is released again");
	kit_free(&k);

	kit_plan(&k, 1, "");
	k.tasks[0].depends_on_past = k.tasks[0].is_for_each = true;
	kit_start(&k);
	kit_task(&k, RUN_EV_PAST_RELEASED, 0, ONE);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 1);
	kit_do(&k, 0, 0, RUN_EXIT_FAILED);
	kit_clear(&k, 0, false, true);
	IS_STR(kit_states(&k), "none", "so is a for_each, though it keeps its items");
	kit_task(&k, RUN_EV_PAST_RELEASED, 0, ONE);
	kit_do(&k, 0, 0, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "and runs them then");
	kit_free(&k);
}

static void test_refused(void)
{
	struct kit k;

	kit_plan(&k, 2, "0>1");
	k.tasks[0].retries = 5;
	kit_start(&k);
	kit_task(&k, RUN_EV_REFUSED, 0, ONE);
	IS_STR(kit_states(&k), "failed upstream_failed", "what no pool can hold fails at once");
	IS_INT(kit_action(&k, RUN_ACT_TASK_CHANGED, 0)->task_changed.cause, RUN_CAUSE_POOL,
		"and says why");
	kit_free(&k);
}

int main(void)
{
	test_chain();
	test_failure();
	test_empty();
	test_retry();
	test_backoff();
	test_execution_timeout();
	test_dagrun_timeout();
	test_when();
	test_late_decision();
	test_for_each();
	test_for_each_sizes();
	test_setup();
	test_past();
	test_refused();
	return tap_done();
}
