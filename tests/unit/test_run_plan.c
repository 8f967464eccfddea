/* Plans: what is refused, which tasks are leaves, what is in a setup's scope. */
#include "engine/run_plan.h"

#include <stdio.h>
#include <string.h>

#include "tests/unit/run_kit.h"

static void refused(struct kit *k, int want, const char *what)
{
	k->err.text[0] = '\0';
	IS_INT(run_plan_prepare(&k->plan, k->arena, &k->err), want, "%s", what);
	OK(strncmp(k->err.text, "plan: ", 6) == 0, "%s: the sentence says so", what);
	kit_free(k);
}

static void test_refused(void)
{
	static const uint32_t bad_list[] = {9}, self[] = {0}, twice[] = {1, 1},
			      empty[] = {0, 0, 0, 0};
	static const uint32_t one_each[] = {0, 1, 1, 1}, two[] = {0, 2, 2, 2},
			      late[] = {1, 1, 1, 1};
	struct kit k;

	kit_plan(&k, 3, "0>1 1>2 2>0");
	refused(&k, ERR_INVALID, "a cycle");
	kit_plan(&k, 3, "0>1");
	k.plan.down = (struct run_edges){one_each, bad_list};
	refused(&k, ERR_INVALID, "an edge to no task");
	kit_plan(&k, 3, "0>1");
	k.plan.down = (struct run_edges){one_each, self};
	refused(&k, ERR_INVALID, "an edge to itself");
	kit_plan(&k, 3, "0>1");
	k.plan.down = (struct run_edges){two, twice};
	refused(&k, ERR_INVALID, "an edge twice");
	kit_plan(&k, 3, "0>1");
	k.plan.down = (struct run_edges){late, twice};
	refused(&k, ERR_INVALID, "offsets that do not begin at 0");
	kit_plan(&k, 3, "0>1");
	k.plan.up = (struct run_edges){empty, self};
	refused(&k, ERR_INVALID, "an edge seen from above alone");
	kit_plan(&k, 3, "0>1");
	k.plan.down = (struct run_edges){empty, self};
	refused(&k, ERR_INVALID, "an edge seen from below alone");
	kit_plan(&k, 3, "");
	k.tasks[1].retry_delay_ms = -1;
	refused(&k, ERR_INVALID, "a negative time");
	kit_plan(&k, 3, "");
	k.plan.dagrun_timeout_ms = -1;
	refused(&k, ERR_INVALID, "a negative timeout");
	kit_plan(&k, 3, "");
	k.tasks[1].retries = RUN_RETRIES_MAX + 1;
	refused(&k, ERR_LIMIT, "too many retries");
	kit_plan(&k, 3, "");
	k.tasks[1].trigger_rule = TRIGGER_RULE_COUNT;
	refused(&k, ERR_INVALID, "an unknown rule");
	kit_plan(&k, 3, "");
	k.tasks[1].is_setup = k.tasks[1].is_teardown = true;
	refused(&k, ERR_INVALID, "a setup that is a teardown");
	kit_plan(&k, 3, "");
	k.plan.n_tasks = RUN_TASKS_MAX + 1;
	refused(&k, ERR_LIMIT, "too many tasks");
}

static const char *leaves(struct kit *k)
{
	static char text[KIT_TASKS_MAX + 1];

	if (run_plan_prepare(&k->plan, k->arena, &k->err) != 0)
		return k->err.text;
	for (uint32_t t = 0; t < k->plan.n_tasks; t++)
		text[t] = k->plan.is_leaf[t] ? 'x' : '.';
	text[k->plan.n_tasks] = '\0';
	return text;
}

static void test_leaves(void)
{
	struct kit k;

	kit_plan(&k, 4, "0>1 0>2");
	IS_STR(leaves(&k), ".xxx", "leaves have nothing below them");
	kit_free(&k);
	kit_plan(&k, 4, "0>1 1>2 0>2");
	k.tasks[2].is_teardown = true;
	IS_STR(leaves(&k), ".x.x", "teardowns are no leaves; the tasks before them are");
	kit_free(&k);
	kit_plan(&k, 2, "0>1");
	k.tasks[0].is_teardown = k.tasks[1].is_teardown = true;
	IS_STR(leaves(&k), ".x", "where there are but teardowns, the last of them counts");
	kit_free(&k);
}

static const char *scope(struct kit *k, uint32_t setup)
{
	static char text[64];
	size_t used = 0;

	text[0] = '\0';
	if (run_plan_prepare(&k->plan, k->arena, &k->err) != 0)
		return k->err.text;
	for (uint32_t i = k->plan.scope.offset[setup]; i < k->plan.scope.offset[setup + 1]; i++)
		used += (size_t)snprintf(
			text + used, sizeof(text) - used, "%u ", k->plan.scope.list[i]);
	return text;
}

static void test_scopes(void)
{
	struct kit k;

	/* s1 >> w1 >> w2 >> t1 >> w3, s1 >> t1, w2 >> w4: Airflow's own example */
	kit_plan(&k, 6, "0>1 1>2 2>3 0>3 3>4 2>5");
	k.tasks[0].is_setup = k.tasks[3].is_teardown = true;
	IS_STR(scope(&k, 0), "1 2 ", "a scope ends at the teardown");
	IS_INT(k.plan.scope_of.list[k.plan.scope_of.offset[2]], 0, "and is known to its tasks");
	kit_free(&k);
	kit_plan(&k, 4, "0>1 1>2");
	k.tasks[0].is_setup = true;
	IS_STR(scope(&k, 0), "1 2 ", "without a teardown it is all that lies below");
	kit_free(&k);
	/* two teardowns, one above the other */
	kit_plan(&k, 4, "0>1 1>2 0>2 0>3 2>3");
	k.tasks[0].is_setup = k.tasks[2].is_teardown = k.tasks[3].is_teardown = true;
	IS_STR(scope(&k, 0), "1 ", "teardowns are in no scope");
	kit_free(&k);
	kit_plan(&k, 2, "0>1");
	OK(run_plan_prepare(&k.plan, k.arena, &k.err) == 0 && k.plan.scope.offset == NULL,
		"a plan without setups has no scopes");
	kit_free(&k);
}

int main(void)
{
	test_refused();
	test_leaves();
	test_scopes();
	return tap_done();
}
