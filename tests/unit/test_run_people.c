/* The run state machine: what people do to a run, and what becomes of its tasks then. */
#include "tests/unit/run_kit.h"

#include <string.h>

static void test_cancel(void)
{
	struct kit k;

	kit_plan(&k, 6, "0>1 1>2 0>2 3>4 5>4");
	k.tasks[0].is_setup = k.tasks[2].is_teardown = true;
	k.tasks[5].retries = 3;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_begin(&k, 1, ONE);
	kit_do(&k, 5, ONE, RUN_EXIT_FAILED);
	kit_cancel(&k, false);
	IS_STR(kit_states(&k), "success running none skipped skipped skipped",
		"what waits is skipped, teardowns excepted");
	OK(kit_action(&k, RUN_ACT_UNQUEUE, 0) != NULL, "who was in line leaves it");
	OK(kit_action(&k, RUN_ACT_CANCEL_TIMER, 0) != NULL, "a retry is called off");
	IS_INT(kit_action(&k, RUN_ACT_KILL, 0)->kill, RUN_KILL_CANCEL, "what runs is killed");
	IS_INT(kit_cancel(&k, false), RUN_IGNORED, "a second cancel is none");
	kit_end(&k, 1, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "success failed scheduled skipped skipped skipped",
		"then the teardown runs");
	kit_begin(&k, 2, ONE);
	kit_cancel(&k, true);
	IS_INT(kit_action(&k, RUN_ACT_KILL, 0)->task, 2, "a cancel may end teardowns too");
	kit_end(&k, 2, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_run_state(&k), "failed", "the run has failed");
	IS_INT(kit_cancel(&k, true), RUN_IGNORED, "it is over");
	kit_free(&k);

	kit_plan(&k, 2, "0>1");
	kit_create(&k);
	kit_cancel(&k, false);
	IS_STR(kit_states(&k), "skipped skipped", "a run may be cancelled before it starts");
	IS_STR(kit_run_state(&k), "failed", "and has failed then");
	kit_free(&k);
}

static void test_cancel_for_each(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	k.tasks[0].max_active_tis = 2;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 3);
	kit_begin(&k, 0, 0);
	kit_cancel(&k, false);
	IS_STR(kit_instances(&k, 0), "running skipped skipped", "instances that wait are skipped");
	kit_end(&k, 0, 0, RUN_EXIT_SUCCESS);
	IS_STR(kit_instances(&k, 0), "success skipped skipped", "a late success counts");
	IS_STR(kit_states(&k), "failed", "but a task that was cut short has failed");
	kit_free(&k);
}

static void test_clear(void)
{
	struct kit k;

	kit_plan(&k, 3, "0>1 1>2");
	k.tasks[1].retries = 1;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 1, ONE, RUN_EXIT_FAILED);
	kit_timer(&k, RUN_TIMER_RETRY, 1, ONE);
	kit_do(&k, 1, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_run_state(&k), "failed", "a run has failed");
	k.now = 7000;
	kit_clear(&k, 1, true, false);
	IS_STR(kit_run_state(&k), "running", "a clear makes it go on");
	IS_INT(run_head_get(k.run).started_at, 7000, "from now");
	IS_STR(kit_states(&k), "success scheduled none", "at the cleared task");
	kit_begin(&k, 1, ONE);
	IS_INT(kit_row(&k, 1, ONE).try_number, 3, "tries go on counting");
	IS_INT(kit_row(&k, 1, ONE).try_limit, 4, "and there are as many again");
	kit_clear(&k, 1, false, false);
	IS_INT(kit_action(&k, RUN_ACT_KILL, 0)->kill, RUN_KILL_CLEAR, "a running one is killed");
	IS_INT(kit_clear(&k, 1, false, false), RUN_IGNORED, "once");
	kit_end(&k, 1, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success scheduled none", "and starts anew, however it ended");
	kit_do(&k, 1, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 2, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "the run ends well");
	IS_INT(kit_clear(&k, 0, true, true), RUN_IGNORED, "there is nothing failed to clear");
	IS_STR(kit_run_state(&k), "success", "so it stays so");
	kit_free(&k);
}

/* As kit_clear(), but the run stays in line. */
static int clear_in_line(struct kit *k, uint32_t task, bool only_failed)
{
	struct run_event ev = {.kind = RUN_EV_CLEAR, .task = task, .instance = ONE};

	ev.clear.only_failed = only_failed;
	return kit_event(k, &ev);
}

/* What the items of a for_each are in its second life. */
static void test_clear_items(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 2);
	kit_do(&k, 0, 0, RUN_EXIT_FAILED);
	kit_do(&k, 0, 1, RUN_EXIT_SUCCESS);
	kit_clear(&k, 0, false, false);
	kit_decide(&k, 0, RUN_VERDICT_FAIL, 0);
	IS_STR(kit_states(&k), "failed", "a new list cannot be evaluated");
	OK(!run_has_instance(k.run, 0, 0), "and the old one is none");
	IS_INT(kit_restore(&k), 0, "which is stored");
	kit_clear(&k, 0, false, true);
	IS_STR(kit_states(&k), "scheduled", "what failed is cleared");
	OK(kit_action(&k, RUN_ACT_DECIDE, 0) != NULL, "and decided anew");
	kit_decide(&k, 0, RUN_VERDICT_RUN, 1);
	kit_do(&k, 0, 0, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success", "then it runs");
	kit_free(&k);

	kit_plan(&k, 2, "0>1");
	k.tasks[1].is_for_each = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_decide(&k, 1, RUN_VERDICT_RUN, 2);
	kit_do(&k, 1, 0, RUN_EXIT_FAILED);
	kit_do(&k, 1, 1, RUN_EXIT_SUCCESS);
	clear_in_line(&k, 0, false);
	clear_in_line(&k, 1, true);
	IS_STR(kit_instances(&k, 1), "none success", "what failed is cleared and waits");
	IS_INT(clear_in_line(&k, 1, true), RUN_IGNORED, "once");
	IS_INT(clear_in_line(&k, 1, false), RUN_APPLIED, "the rest is cleared behind it");
	IS_STR(kit_instances(&k, 1), "none none", "so that all waits");
	IS_INT(clear_in_line(&k, 1, false), RUN_IGNORED, "once, too");
	IS_INT(kit_restore(&k), 0, "it is stored");
	kit_go(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	OK(kit_action(&k, RUN_ACT_DECIDE, 0) != NULL, "and is decided anew");
	kit_free(&k);
}

/* Of a for_each that was cut short, what did not come to its end. */
static void test_clear_cut(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	k.tasks[0].max_active_tis = 1;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 4);
	kit_do(&k, 0, 0, RUN_EXIT_SUCCESS);
	kit_do(&k, 0, 1, RUN_EXIT_SKIPPED);
	kit_begin(&k, 0, 2);
	kit_cancel(&k, false);
	kit_end(&k, 0, 2, RUN_EXIT_SUCCESS);
	IS_STR(kit_instances(&k, 0), "success skipped success skipped", "none has failed");
	IS_STR(kit_states(&k), "failed", "but the task was cut short");
	kit_clear(&k, 0, false, true);
	IS_STR(kit_instances(&k, 0), "success skipped success scheduled",
		"a clear of what failed runs what had not begun");
	kit_do(&k, 0, 3, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success", "and then it is whole");
	kit_free(&k);

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	k.tasks[0].retries = 1;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 3);
	kit_do(&k, 0, 0, RUN_EXIT_SKIPPED);
	kit_do(&k, 0, 1, RUN_EXIT_FAILED);
	kit_begin(&k, 0, 2);
	kit_cancel(&k, false);
	kit_end(&k, 0, 2, RUN_EXIT_FAILED);
	IS_STR(kit_instances(&k, 0), "skipped skipped failed", "one waited for its retry");
	IS_INT(kit_restore(&k), 0, "it is stored");
	kit_clear(&k, 0, false, true);
	IS_STR(kit_instances(&k, 0), "skipped scheduled scheduled", "it runs again, too");
	kit_free(&k);
}

/* A run that was over is in line again, as one that has begun. 0 sets up, 1 works, 2 tears down. */
static void test_clear_over(void)
{
	struct kit k;

	kit_plan(&k, 3, "0>1 1>2 0>2");
	k.tasks[0].is_setup = k.tasks[2].is_teardown = true;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 1, ONE, RUN_EXIT_FAILED);
	kit_do(&k, 2, ONE, RUN_EXIT_SUCCESS);
	k.now = 7000;
	IS_INT(clear_in_line(&k, 1, false), RUN_APPLIED, "a run that is over is cleared");
	IS_STR(kit_run_state(&k), "queued", "it waits until it may go on");
	IS_STR(kit_states(&k), "none none none", "and so do its tasks");
	IS_INT(kit_task(&k, RUN_EV_CAPACITY, 1, ONE), RUN_IGNORED, "a late grant is given back");
	IS_INT(clear_in_line(&k, 0, false), RUN_IGNORED, "there is no more to clear");
	IS_INT(kit_restore(&k), 0, "it is restored");
	IS_STR(kit_run_state(&k), "queued", "and still waits");
	IS_INT(kit_go(&k), RUN_APPLIED, "it goes on");
	IS_INT(run_head_get(k.run).started_at, 7000, "from now");
	IS_STR(kit_states(&k), "scheduled none none", "with what was cleared");
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 1, ONE, RUN_EXIT_SUCCESS);
	kit_do(&k, 2, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "and ends");
	clear_in_line(&k, 1, false);
	kit_cancel(&k, false);
	IS_STR(kit_states(&k), "skipped skipped skipped", "cancelled in line it runs nothing");
	IS_STR(kit_run_state(&k), "failed", "and has failed");
	clear_in_line(&k, 1, false);
	kit_mark(&k, RUN_NO_TASK, ONE, RUN_MARK_FAILED);
	IS_STR(kit_run_state(&k), "failed", "marked in line it has failed too");
	clear_in_line(&k, 1, false);
	kit_mark(&k, 1, ONE, RUN_MARK_SUCCESS);
	IS_STR(kit_states(&k), "scheduled success none", "a task may be marked in line");
	kit_free(&k);
}

static void test_mark(void)
{
	struct kit k;
	const struct run_action *changed;

	kit_plan(&k, 3, "0>1 1>2");
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	kit_mark(&k, 0, ONE, RUN_MARK_SUCCESS);
	IS_STR(kit_states(&k), "success scheduled none", "what failed below goes on");
	IS_STR(kit_run_state(&k), "running", "and so does the run");
	kit_begin(&k, 1, ONE);
	kit_mark(&k, 1, ONE, RUN_MARK_FAILED);
	IS_STR(kit_states(&k), "success running none", "a running task is killed first");
	kit_end(&k, 1, ONE, RUN_EXIT_SUCCESS);
	IS_STR(kit_states(&k), "success failed upstream_failed", "and then is as marked");
	kit_mark(&k, 2, ONE, RUN_MARK_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "a run that was over is judged by its leaves anew");
	IS_INT(kit_mark(&k, 2, ONE, RUN_MARK_SUCCESS), RUN_IGNORED, "marked already");
	kit_mark(&k, RUN_NO_TASK, ONE, RUN_MARK_FAILED);
	IS_STR(kit_run_state(&k), "failed", "a run may be marked failed");
	kit_mark(&k, RUN_NO_TASK, ONE, RUN_MARK_SUCCESS);
	IS_STR(kit_states(&k), "success success success", "or success with all its tasks");
	IS_STR(kit_run_state(&k), "success", "whatever they were");
	kit_free(&k);

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 2);
	kit_do(&k, 0, 0, RUN_EXIT_FAILED);
	kit_do(&k, 0, 1, RUN_EXIT_SUCCESS);
	IS_STR(kit_run_state(&k), "failed", "an instance failed");
	kit_mark(&k, 0, 0, RUN_MARK_SUCCESS);
	IS_STR(kit_run_state(&k), "success", "marked success, it fails nothing any more");
	IS_INT(kit_mark(&k, 0, 2, RUN_MARK_SUCCESS), ERR_INVALID, "there is no third");
	kit_free(&k);

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 1);
	kit_begin(&k, 0, 0);
	kit_mark(&k, 0, ONE, RUN_MARK_FAILED);
	kit_end(&k, 0, 0, RUN_EXIT_FAILED);
	IS_STR(kit_states(&k), "failed", "a for_each that runs may be marked");
	changed = kit_action(&k, RUN_ACT_TASK_CHANGED, 1);
	OK(changed != NULL && changed->task_changed.row.instance == ONE &&
			changed->task_changed.cause == RUN_CAUSE_MARK,
		"which is why it failed");
	kit_free(&k);
}

int main(void)
{
	test_cancel();
	test_cancel_for_each();
	test_clear_items();
	test_clear_cut();
	test_clear();
	test_clear_over();
	test_mark();
	return tap_done();
}
