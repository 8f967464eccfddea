/*
 * Each trigger rule against its truth table.
 *
 * A task has two upstream tasks; the columns are all pairs of what they can be. The answers are
 * read from Airflow's TriggerRuleDep, by hand: R runs, K is skipped, U is upstream_failed, W waits.
 */
#include <string.h>

#include "tests/unit/run_kit.h"

static const char *const pairs[] = {
	"SS", "SF", "SU", "SK", "SN", "FF", "FU", "FK", "FN", "UU", "UK", "UN", "KK", "KN", "NN"};

static const struct {
	enum trigger_rule rule;
	const char *answers;
} table[] = {
	{TRIGGER_ALL_SUCCESS, "RUUKWUUUUUUUKKW"},
	{TRIGGER_ALL_FAILED, "KKKKKRRKWRKWKKW"},
	{TRIGGER_ALL_DONE, "RRRRWRRRWRRWRWW"},
	{TRIGGER_ALL_DONE_MIN_ONE_SUCCESS, "RRRKWUUKWUKWKKW"},
	{TRIGGER_ALL_SKIPPED, "KKKKKKKKKKKKRWW"},
	{TRIGGER_ONE_FAILED, "KRRKWRRRRRRRKWW"},
	{TRIGGER_ONE_SUCCESS, "RRRRRUUUWUUWKWW"},
	{TRIGGER_ONE_DONE, "RRRRRRRRRKKWKWW"},
	{TRIGGER_NONE_FAILED, "RUURWUUUUUUURWW"},
	{TRIGGER_NONE_FAILED_MIN_ONE_SUCCESS, "RUURWUUUUUUUKWW"},
	{TRIGGER_NONE_SKIPPED, "RRRKWRRKWRKWKKW"},
	{TRIGGER_ALWAYS, "RRRRRRRRRRRRRRR"},
};

static uint8_t state_of(char c)
{
	switch (c) {
	case 'S':
		return TASK_SUCCESS;
	case 'F':
		return TASK_FAILED;
	case 'U':
		return TASK_UPSTREAM_FAILED;
	case 'K':
		return TASK_SKIPPED;
	default:
		return TASK_RUNNING;
	}
}

static char letter_of(uint8_t state)
{
	switch (state) {
	case TASK_SCHEDULED:
		return 'R';
	case TASK_SKIPPED:
		return 'K';
	case TASK_UPSTREAM_FAILED:
		return 'U';
	case TASK_NONE:
		return 'W';
	default:
		return '?';
	}
}

/* What the third task does when the other two stand like this. */
static char answer(struct kit *k, const char *pair)
{
	struct run_head head = {.started_at = 1, .state = RUN_RUNNING};
	struct run_row rows[2];
	struct err e;
	char got;

	for (uint32_t t = 0; t < 2; t++)
		rows[t] = (struct run_row){.task = t,
			.instance = ONE,
			.try_number = 1,
			.try_limit = 1,
			.state = state_of(pair[t])};
	if (run_plan_prepare(&k->plan, k->arena, &e) != 0)
		return '?';
	if (run_restore(&k->plan, 1, &head, rows, 2, 5, &k->run, &k->actions, &e) != 0)
		return '?';
	got = letter_of(kit_row(k, 2, ONE).state);
	run_destroy(k->run);
	k->run = NULL;
	return got;
}

static void check_row(struct kit *k, const char *what, const char *answers)
{
	char got[16] = "";

	for (size_t i = 0; i < 15; i++)
		got[i] = answer(k, pairs[i]);
	IS_STR(got, answers, "%s", what);
	for (size_t i = 0; i < 15; i++)
		got[i] = answer(k, (const char[]){pairs[i][1], pairs[i][0], '\0'});
	IS_STR(got, answers, "%s, the other way round", what);
}

static void test_rules(void)
{
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct kit k;

		kit_plan(&k, 3, "0>2 1>2");
		k.tasks[2].trigger_rule = table[i].rule;
		check_row(&k, trigger_rule_name(table[i].rule), table[i].answers);
		kit_free(&k);
	}
}

/* Rows: the setup; columns: the work, S F U K N. */
static void test_teardown(void)
{
	static const char states[] = "SFUKN";
	static const char *const answers[] = {"RRRRW", "UUUUW", "UUUUW", "KKKKW", "WWWWW"};
	struct kit k;

	kit_plan(&k, 3, "0>2 1>2");
	k.tasks[0].is_setup = k.tasks[1].is_setup = k.tasks[2].is_teardown = true;
	check_row(&k, "a teardown of two setups", "RRRRWUUUWUUWKWW");
	k.tasks[1].is_setup = false;
	for (size_t s = 0; s < 5; s++) {
		char got[8] = "";

		for (size_t w = 0; w < 5; w++)
			got[w] = answer(&k, (const char[]){states[s], states[w], '\0'});
		IS_STR(got, answers[s], "a teardown whose setup is %c", states[s]);
	}
	k.tasks[0].is_setup = false;
	check_row(&k, "a teardown without setup", table[2].answers);
	kit_free(&k);
}

static void test_ignore_failure(void)
{
	struct kit k;

	kit_plan(&k, 3, "0>2 1>2");
	k.tasks[0].ignore_failure = true;
	OK(answer(&k, "FS") == 'R', "a failure that is ignored counts as success");
	OK(answer(&k, "US") == 'U', "upstream_failed is not the task's own failure");
	k.tasks[2].trigger_rule = TRIGGER_ONE_FAILED;
	OK(answer(&k, "FS") == 'K', "one_failed does not see a failure that is ignored");
	kit_free(&k);
}

/* 0 is a setup, 1 and 2 the work, 3 its teardown. */
static void test_scope(void)
{
	struct kit k;
	struct run_head head = {.started_at = 1, .state = RUN_RUNNING};
	struct run_row rows[2] = {{0, ONE, 1, 1, 0, 0, TASK_FAILED, 0, true, false},
		{1, ONE, 0, 1, 0, 0, TASK_UPSTREAM_FAILED, 0, false, false}};

	kit_plan(&k, 4, "0>1 1>2 2>3 0>3");
	k.tasks[0].is_setup = k.tasks[3].is_teardown = true;
	k.tasks[2].trigger_rule = TRIGGER_ALL_DONE;
	kit_create(&k);
	run_destroy(k.run);
	OK(run_restore(&k.plan, 1, &head, rows, 2, 5, &k.run, &k.actions, &k.err) == 0, "restored");
	IS_STR(kit_states(&k), "failed upstream_failed upstream_failed upstream_failed",
		"work in the scope of a setup that failed does not run, whatever its rule");
	kit_free(&k);
}

int main(void)
{
	test_rules();
	test_teardown();
	test_ignore_failure();
	test_scope();
	return tap_done();
}
