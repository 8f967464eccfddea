/*
 * Events that are late, doubled, stale or impossible; the transition table; and what is restored.
 */
#include "engine/run_impl.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/run_kit.h"

/* Everything that a person can see of a run. */
static void snapshot(struct kit *k, char *text, size_t size)
{
	size_t used = 0;

	used += (size_t)snprintf(text, size, "%s:", kit_run_state(k));
	for (uint32_t t = 0; t < k->plan.n_tasks; t++) {
		struct run_row row = kit_row(k, t, ONE);

		used += (size_t)snprintf(text + used, size - used, " %s %u/%u %u",
			task_state_name(row.state), row.try_number, row.try_limit, row.kill);
	}
}

static void refused(struct kit *k, int rc, int want, const char *what)
{
	IS_INT(rc, want, "%s", what);
	OK(k->err.text[0] != '\0', "%s: and it is said why", what);
	IS_INT((long long)k->actions.n, 0, "%s: and nothing is to be done", what);
}

static void test_stale(void)
{
	struct kit k;
	char before[256], after[256];

	kit_plan(&k, 2, "0>1");
	k.tasks[0].retries = 2;
	k.tasks[0].execution_timeout_ms = 500;
	kit_start(&k);
	kit_do(&k, 0, ONE, RUN_EXIT_FAILED);
	kit_timer(&k, RUN_TIMER_RETRY, 0, ONE);
	kit_begin(&k, 0, ONE);
	snapshot(&k, before, sizeof(before));
	refused(&k, kit_task(&k, RUN_EV_TASK_STARTED, 0, ONE), RUN_IGNORED, "started twice");
	refused(&k, kit_old(&k, RUN_EV_TASK_STARTED, 0, ONE, 1), RUN_IGNORED, "an old start");
	refused(&k, kit_old(&k, RUN_EV_TASK_FINISHED, 0, ONE, 1), RUN_IGNORED, "an old end");
	refused(&k, kit_old(&k, RUN_EV_TASK_LOST, 0, ONE, 1), RUN_IGNORED, "an old loss");
	refused(&k, kit_task(&k, RUN_EV_CAPACITY, 0, ONE), RUN_IGNORED, "capacity twice");
	refused(&k, kit_timer(&k, RUN_TIMER_RETRY, 0, ONE), RUN_IGNORED, "a retry timer too many");
	snapshot(&k, after, sizeof(after));
	IS_STR(after, before, "none of them changed anything");
	kit_end(&k, 0, ONE, RUN_EXIT_SUCCESS);
	refused(&k, kit_end(&k, 0, ONE, RUN_EXIT_FAILED), RUN_IGNORED, "ended twice");
	refused(&k, kit_timer(&k, RUN_TIMER_EXECUTION, 0, ONE), RUN_IGNORED, "a late timeout");
	IS_STR(kit_states(&k), "success scheduled", "the first end counts");
	kit_cancel(&k, false);
	IS_INT(kit_task(&k, RUN_EV_CAPACITY, 1, ONE), RUN_IGNORED, "a grant that crossed a cancel");
	IS_INT((long long)kit_count(&k, RUN_ACT_RELEASE), 1, "is given back");
	IS_INT((long long)k.actions.n, 1, "and that is all");
	kit_free(&k);
}

static void test_impossible(void)
{
	struct kit k;
	char before[256], after[256];

	kit_plan(&k, 3, "0>1");
	k.tasks[2].is_for_each = true;
	kit_start(&k);
	kit_begin(&k, 0, ONE);
	snapshot(&k, before, sizeof(before));
	refused(&k, kit_old(&k, RUN_EV_TASK_FINISHED, 0, ONE, 2), ERR_ILLEGAL, "a try never made");
	refused(&k, kit_old(&k, RUN_EV_TASK_STARTED, 0, ONE, 0), ERR_ILLEGAL, "try 0");
	refused(&k, kit_old(&k, RUN_EV_TASK_FINISHED, 1, ONE, 1), ERR_ILLEGAL, "a task not due");
	refused(&k, kit_old(&k, RUN_EV_CAPACITY, 3, ONE, 0), ERR_INVALID, "a task that is not");
	refused(&k, kit_old(&k, RUN_EV_TIMER, 9, ONE, 0), ERR_INVALID, "a timer of no task");
	refused(&k, kit_old(&k, RUN_EV_CAPACITY, 0, 4, 0), ERR_INVALID, "an instance of none");
	refused(&k, kit_old(&k, RUN_EV_CAPACITY, 2, ONE, 0), ERR_INVALID, "for_each itself");
	refused(&k, kit_old(&k, RUN_EV_CAPACITY, 2, 0, 0), ERR_INVALID, "not expanded");
	refused(&k, kit_decide(&k, 0, RUN_VERDICT_RUN, 0), ERR_ILLEGAL, "nothing to decide");
	refused(&k, kit_timer(&k, RUN_TIMER_RUN, RUN_NO_TASK, ONE), ERR_ILLEGAL, "no run timeout");
	refused(&k, kit_clear(&k, 3, false, false), ERR_INVALID, "clearing a task that is not");
	refused(&k, kit_mark(&k, 3, ONE, RUN_MARK_FAILED), ERR_INVALID, "marking one");
	refused(&k, kit_old(&k, RUN_EV_COUNT, 0, ONE, 0), ERR_INVALID, "an event that is none");
	refused(&k, kit_old(&k, RUN_EV_STARTED, 0, ONE, 0), RUN_IGNORED, "started twice");
	snapshot(&k, after, sizeof(after));
	IS_STR(after, before, "none of them changed anything");
	kit_free(&k);
}

/* One letter a state, in the order of the enum: none scheduled queued running success failed
 * up_for_retry upstream_failed skipped deferred removed. */
static const char *const legal[TASK_STATE_COUNT] = {
	[TASK_NONE] = ".x..xx.xx.x",
	[TASK_SCHEDULED] = "x.xxxx..x..",
	[TASK_QUEUED] = "x..xxxx.x..",
	[TASK_RUNNING] = "x...xxx.x..",
	[TASK_SUCCESS] = "x....x.....",
	[TASK_FAILED] = "x...x......",
	[TASK_UP_FOR_RETRY] = "xx..xx..x..",
	[TASK_UPSTREAM_FAILED] = "x...xx.....",
	[TASK_SKIPPED] = "x...xx.....",
	[TASK_DEFERRED] = "...........",
	[TASK_REMOVED] = "x..........",
};

/* Tries one move on a task of a run of its own. Whether it was made. */
static bool move(uint8_t from, uint8_t to, bool *is_sound)
{
	struct run_actions out = {0};
	struct run_who w;
	struct kit k;
	bool made;

	kit_plan(&k, 1, "");
	kit_create(&k);
	w = run_who_task(k.run, 0);
	k.run->out = &out;
	k.run->counts[TASK_NONE]--;
	k.run->counts[from]++;
	w.cell->state = from;
	w.cell->try_number = 1;
	if (task_state_is_over(from))
		run_task_count(k.run, 0);
	run_cell_change(k.run, &w, to, RUN_CAUSE_MARK);
	made = k.run->failure == 0;
	*is_sound = made ? w.cell->state == to && out.n == 1
			 : k.run->failure == ERR_BUG && w.cell->state == from && out.n == 0 &&
			run_failure_say(k.run, &k.err) == ERR_BUG;
	run_actions_free(&out);
	kit_free(&k);
	return made;
}

static void test_table(void)
{
	for (uint8_t from = 0; from < TASK_STATE_COUNT; from++) {
		char got[TASK_STATE_COUNT + 1] = "";
		bool all_sound = true, is_sound;

		for (uint8_t to = 0; to < TASK_STATE_COUNT; to++) {
			got[to] = move(from, to, &is_sound) ? 'x' : '.';
			all_sound = all_sound && is_sound;
		}
		IS_STR(got, legal[from], "where %s may lead", task_state_name(from));
		OK(all_sound, "an illegal move from %s is a bug that is said, and not made",
			task_state_name(from));
		IS_INT(task_state_find(task_state_name(from), strlen(task_state_name(from))), from,
			"%s is spelled and found", task_state_name(from));
	}
	IS_INT(run_state_find("success", 7), RUN_SUCCESS, "run states are found");
	IS_INT(run_state_find("succes", 6), -1, "and others not");
	IS_INT(task_state_find("nonesuch", 8), -1, "nor other task states");
	OK(!run_state_may_become(RUN_SUCCESS, RUN_FAILED),
		"a run that is over must run again first");
}

/* Brings task 0 of a run of two into a state, by events. */
static void reach(struct kit *k, enum task_state state)
{
	kit_plan(k, 2, "0>1");
	k->tasks[0].retries = state == TASK_UP_FOR_RETRY;
	k->tasks[0].retry_delay_ms = 500;
	k->tasks[0].execution_timeout_ms = 100;
	kit_start(k);
	if (state == TASK_QUEUED)
		kit_task(k, RUN_EV_CAPACITY, 0, ONE);
	else if (state == TASK_RUNNING)
		kit_begin(k, 0, ONE);
	else if (state == TASK_SUCCESS)
		kit_do(k, 0, ONE, RUN_EXIT_SUCCESS);
	else if (state == TASK_FAILED || state == TASK_UP_FOR_RETRY)
		kit_do(k, 0, ONE, RUN_EXIT_FAILED);
	else if (state == TASK_SKIPPED)
		kit_do(k, 0, ONE, RUN_EXIT_SKIPPED);
}

static void test_restore(void)
{
	static const struct {
		enum task_state state;
		enum run_action_kind action;
		const char *then;
	} table[] = {
		{TASK_SCHEDULED, RUN_ACT_QUEUE, "scheduled none"},
		{TASK_QUEUED, RUN_ACT_START, "queued none"},
		{TASK_RUNNING, RUN_ACT_ATTACH, "running none"},
		{TASK_RUNNING, RUN_ACT_SET_TIMER, "running none"},
		{TASK_UP_FOR_RETRY, RUN_ACT_SET_TIMER, "up_for_retry none"},
		{TASK_SUCCESS, RUN_ACT_QUEUE, "success scheduled"},
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kit k;

		reach(&k, table[i].state);
		IS_INT(kit_restore(&k), 0, "%s is restored", task_state_name(table[i].state));
		IS_STR(kit_states(&k), table[i].then, "as it was");
		OK(kit_action(&k, table[i].action, 0) != NULL, "with the action %s",
			run_action_name(table[i].action));
		kit_free(&k);
	}
}

static void test_restore_kill(void)
{
	struct kit k;

	reach(&k, TASK_RUNNING);
	kit_cancel(&k, false);
	kit_restore(&k);
	IS_INT(kit_action(&k, RUN_ACT_KILL, 0)->kill, RUN_KILL_CANCEL, "a kill is not forgotten");
	kit_end(&k, 0, ONE, RUN_EXIT_FAILED);
	IS_STR(kit_run_state(&k), "failed", "nor that the run was cancelled");
	kit_restore(&k);
	IS_INT((long long)k.actions.n, 0, "a run that is over asks for nothing");
	kit_free(&k);
}

static void test_restore_decision(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].has_when = k.tasks[0].is_for_each = true;
	k.tasks[0].max_active_tis = 2;
	k.plan.dagrun_timeout_ms = 50;
	kit_start(&k);
	kit_restore(&k);
	OK(kit_action(&k, RUN_ACT_DECIDE, 0) != NULL, "a decision is asked for again");
	IS_INT(kit_action(&k, RUN_ACT_SET_TIMER, 0)->timer.at, 1050, "the run's deadline stays");
	kit_decide(&k, 0, RUN_VERDICT_RUN, 4);
	kit_begin(&k, 0, 1);
	kit_do(&k, 0, 0, RUN_EXIT_FAILED);
	kit_restore(&k);
	IS_STR(kit_instances(&k, 0), "failed running scheduled none", "instances come back");
	IS_INT((long long)kit_count(&k, RUN_ACT_ATTACH), 1, "who ran is attached to");
	IS_INT((long long)kit_count(&k, RUN_ACT_QUEUE), 1, "who waited waits");
	kit_do(&k, 0, 2, RUN_EXIT_SUCCESS);
	IS_STR(kit_instances(&k, 0), "failed running success scheduled", "and the rest follows");
	kit_free(&k);
}

static void corrupt(struct run_row row, const char *what)
{
	struct run_head head = {.started_at = 1, .state = RUN_RUNNING};
	struct run *r = NULL;
	struct kit k;

	kit_plan(&k, 2, "0>1");
	k.tasks[1].is_for_each = true;
	kit_create(&k);
	IS_INT(run_restore(&k.plan, 1, &head, &row, 1, 5, &r, &k.actions, &k.err), ERR_CORRUPT,
		"%s", what);
	OK(r == NULL && k.actions.n == 0, "%s: nothing comes of it", what);
	kit_free(&k);
}

static void test_corrupt(void)
{
	corrupt((struct run_row){.task = 2, .instance = ONE}, "a row of no task");
	corrupt((struct run_row){.instance = ONE, .state = 99}, "an unknown state");
	corrupt((struct run_row){.instance = ONE, .kill = 99}, "an unknown kill");
	corrupt((struct run_row){.instance = 1}, "an instance of a plain task");
	corrupt((struct run_row){.instance = ONE, .n_items = 1}, "items of a plain task");
	corrupt((struct run_row){.task = 1, .instance = RUN_ITEMS_MAX}, "too high an instance");
	corrupt((struct run_row){.instance = ONE, .try_number = 2, .try_limit = 1},
		"a try too many");
	corrupt((struct run_row){.instance = ONE, .state = TASK_RUNNING}, "running, but no try");
	corrupt((struct run_row){.task = 1, .instance = ONE, .state = TASK_QUEUED},
		"for_each queued");
	corrupt((struct run_row){.task = 1, .instance = ONE, .state = TASK_RUNNING},
		"for_each without items");
	corrupt((struct run_row){.task = 1, .instance = ONE, .is_decided = true},
		"for_each decided, but no items");
	corrupt((struct run_row){.instance = ONE, .state = TASK_SCHEDULED}, "nothing to decide");
	corrupt((struct run_row){.instance = ONE,
			.state = TASK_UP_FOR_RETRY,
			.try_number = 1,
			.try_limit = 2},
		"a retry that is never due");
	corrupt((struct run_row){.instance = ONE, .kill = RUN_KILL_CANCEL}, "a kill of nothing");
	corrupt((struct run_row){.instance = ONE, .state = TASK_DEFERRED}, "deferred");
}

/* Found by the simulator: such a task was taken for one that has its items. */
static void test_clear_without_items(void)
{
	struct kit k;

	kit_plan(&k, 1, "");
	k.tasks[0].is_for_each = true;
	kit_start(&k);
	kit_decide(&k, 0, RUN_VERDICT_RUN, 0);
	kit_mark(&k, 0, ONE, RUN_MARK_FAILED);
	kit_clear(&k, 0, false, true);
	OK(kit_action(&k, RUN_ACT_DECIDE, 0) != NULL, "for_each without items is decided anew");
	IS_INT(kit_restore(&k), 0, "also after a restart");
	OK(kit_action(&k, RUN_ACT_DECIDE, 0) != NULL, "which asks again");
	kit_free(&k);
}

int main(void)
{
	test_stale();
	test_impossible();
	test_table();
	test_restore();
	test_restore_kill();
	test_restore_decision();
	test_corrupt();
	test_clear_without_items();
	return tap_done();
}
