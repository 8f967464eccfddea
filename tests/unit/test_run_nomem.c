/*
 * The run state machine and dispatch where memory runs out: at the first allocation, the second,
 * and so on, until all goes well. Nothing leaks, nothing crashes, and after each failure a run that
 * is restored from what was stored ends as it would have.
 *
 * N.B. linked with --wrap for the allocation functions.
 */
#include "engine/dispatch.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/nomem_kit.h"
#include "tests/unit/run_kit.h"

static long left = -1; /* allocations that still succeed; negative: all */

bool nomem_fails(void)
{
	return left >= 0 && left-- == 0;
}

/* A setup, a for_each of many instances, a teardown, and leaves. */
static void plan(struct kit *k)
{
	kit_plan(k, 12, "0>1 1>2 0>2 1>3 1>4 1>5 1>6 1>7 1>8 1>9 1>10 1>11");
	k->tasks[0].is_setup = k->tasks[2].is_teardown = true;
	k->tasks[1].is_for_each = true;
}

/* A step where the n-th allocation fails; then, if it did, once more with a run restored. */
static int step(struct kit *k, const struct run_event *ev, long n, bool *failed)
{
	struct run_row rows[64];
	struct run_head head = run_head_get(k->run);
	size_t n_rows = 0;
	int rc;

	for (uint32_t t = 0; t < k->plan.n_tasks; t++) {
		rows[n_rows++] = kit_row(k, t, ONE);
		for (uint32_t i = 0; run_row_get(k->run, t, i, &rows[n_rows]) == 0; i++)
			n_rows++;
	}
	run_actions_free(&k->actions);
	left = n;
	rc = kit_event(k, ev);
	left = -1;
	if (rc != ERR_NOMEM)
		return rc;
	*failed = true;
	if (k->actions.n != 0)
		return ERR_BUG;
	run_destroy(k->run);
	k->run = NULL;
	if (run_restore(&k->plan, 7, &head, rows, n_rows, k->now, &k->run, &k->actions, &k->err) !=
		0)
		return ERR_BUG;
	return kit_event(k, ev);
}

/* The whole life of a run, each step of which first fails at its n-th allocation. */
static bool live(long n, bool *failed)
{
	struct run_event ev = {.kind = RUN_EV_STARTED, .task = RUN_NO_TASK, .instance = ONE};
	struct kit k;
	bool ok;

	plan(&k);
	kit_create(&k);
	ok = step(&k, &ev, n, failed) == RUN_APPLIED;
	kit_do(&k, 0, ONE, RUN_EXIT_SUCCESS);
	ev = (struct run_event){.kind = RUN_EV_DECIDED, .task = 1, .instance = ONE};
	ev.decided.n_items = 20;
	ok = ok && step(&k, &ev, n, failed) == RUN_APPLIED;
	for (uint32_t i = 0; i < 19; i++)
		kit_do(&k, 1, i, RUN_EXIT_SUCCESS);
	kit_begin(&k, 1, 19);
	ev = (struct run_event){
		.kind = RUN_EV_TASK_FINISHED, .task = 1, .instance = 19, .try_number = 1};
	ok = ok && step(&k, &ev, n, failed) == RUN_APPLIED;
	ev = (struct run_event){.kind = RUN_EV_CLEAR, .task = 0, .instance = ONE};
	ev.clear.downstream = true;
	ok = ok && step(&k, &ev, n, failed) == RUN_APPLIED;
	ok = ok && kit_row(&k, 0, ONE).state == TASK_SCHEDULED &&
		kit_row(&k, 1, ONE).state == TASK_NONE;
	kit_free(&k);
	return ok;
}

static void test_steps(void)
{
	bool failed = true, ok = true;
	long n;

	for (n = 0; failed && ok; n++) {
		failed = false;
		ok = live(n, &failed);
	}
	OK(ok && n > 4, "each step survives each allocation that fails (%ld of them)", n);
}

static void test_broken(void)
{
	struct run_event ev = {.kind = RUN_EV_STARTED, .task = RUN_NO_TASK};
	struct kit k;

	plan(&k);
	kit_create(&k);
	left = 0;
	IS_INT(kit_event(&k, &ev), ERR_NOMEM, "a step without memory");
	left = -1;
	IS_INT(kit_event(&k, &ev), ERR_ILLEGAL, "leaves a run that must be restored");
	kit_free(&k);
}

static void test_create(void)
{
	struct kit k;
	struct run *r = NULL;
	bool ok = true;
	long n;

	plan(&k);
	kit_create(&k);
	for (n = 0; r == NULL && ok; n++) {
		left = n;
		ok = run_create(&k.plan, 1, &r) == (r == NULL ? ERR_NOMEM : 0);
	}
	left = -1;
	OK(ok && n > 3, "a run is made whole or not at all");
	run_destroy(r);
	kit_free(&k);
}

static void test_prepare(void)
{
	struct kit k;
	int rc = ERR_NOMEM;
	long n;

	plan(&k);
	for (n = 0; rc == ERR_NOMEM; n++) {
		left = n;
		rc = run_plan_prepare(&k.plan, k.arena, &k.err);
	}
	left = -1;
	OK(rc == 0 && n > 3, "a plan is prepared or says that it cannot be");
	kit_free(&k);
}

static bool dispatch_all(struct dispatch *d, struct err *e)
{
	struct dispatch_request q = {{3, 0, 0}, 2, 1, 0};
	struct dispatch_key key;
	uint32_t n = 0;

	if (dispatch_pool_set(d, 2, 200) != 0 || dispatch_run_set(d, 3, 0) != 0)
		return false;
	for (; q.key.task < 100; q.key.task++) {
		int rc = dispatch_queue(d, &q, e);

		if (rc != 0 && rc != ERR_EXISTS)
			return false;
	}
	while (dispatch_next(d, &key) == DISPATCH_GRANTED)
		n++;
	return n == 100;
}

static void test_dispatch(void)
{
	bool done = false;
	long n;

	for (n = 0; !done && n < 1000; n++) {
		struct dispatch *d = dispatch_create();
		struct err e;

		left = n;
		done = dispatch_all(d, &e);
		left = -1;
		if (!done && !dispatch_all(d, &e)) {
			dispatch_destroy(d);
			break;
		}
		dispatch_destroy(d);
	}
	OK(done && n > 100, "dispatch loses nobody for want of memory");
}

int main(void)
{
	test_steps();
	test_broken();
	test_create();
	test_prepare();
	test_dispatch();
	return tap_done();
}
