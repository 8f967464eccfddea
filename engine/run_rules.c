/*
 * The trigger rules: what a task's upstream says of it, from counts alone.
 *
 * Each rule looks at how many upstream tasks are over, and how they came out (one with
 * ignore_failure that failed counts as a success). It says run, skip or upstream_failed as soon as
 * that cannot change, which may be before all of them are over, and once all are over it never says
 * wait: so no run can be stuck by a rule. The meanings are those of Airflow's TriggerRuleDep; the
 * truth tables stand in docs/state-machine.md.
 */
#include "engine/run_impl.h"

/* What a rule looks at. */
struct counts {
	uint32_t n, done, success, failed, upstream_failed, skipped;
	uint32_t bad; /* failed or upstream_failed */
};

static enum run_judgement judge_all_success(const struct counts *c)
{
	if (c->bad > 0)
		return JUDGE_UPSTREAM_FAILED;
	if (c->skipped > 0)
		return JUDGE_SKIP;
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

static enum run_judgement judge_all_failed(const struct counts *c)
{
	if (c->success > 0 || c->skipped > 0)
		return JUDGE_SKIP;
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

static enum run_judgement judge_all_done(const struct counts *c)
{
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

/* N.B. in Airflow a skipped task is not `done` for this rule, and so one of them skips. */
static enum run_judgement judge_all_done_min_one_success(const struct counts *c)
{
	if (c->skipped > 0)
		return JUDGE_SKIP;
	if (c->done < c->n)
		return JUDGE_WAIT;
	return c->success > 0 ? JUDGE_RUN : JUDGE_UPSTREAM_FAILED;
}

static enum run_judgement judge_all_skipped(const struct counts *c)
{
	if (c->success > 0 || c->bad > 0)
		return JUDGE_SKIP;
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

static enum run_judgement judge_one_failed(const struct counts *c)
{
	if (c->bad > 0)
		return JUDGE_RUN;
	return c->done == c->n ? JUDGE_SKIP : JUDGE_WAIT;
}

static enum run_judgement judge_one_success(const struct counts *c)
{
	if (c->success > 0)
		return JUDGE_RUN;
	if (c->done < c->n)
		return JUDGE_WAIT;
	return c->skipped == c->n ? JUDGE_SKIP : JUDGE_UPSTREAM_FAILED;
}

/* N.B. done means that it ran: skipped and upstream_failed do not count. */
static enum run_judgement judge_one_done(const struct counts *c)
{
	if (c->success > 0 || c->failed > 0)
		return JUDGE_RUN;
	return c->done == c->n ? JUDGE_SKIP : JUDGE_WAIT;
}

static enum run_judgement judge_none_failed(const struct counts *c)
{
	if (c->bad > 0)
		return JUDGE_UPSTREAM_FAILED;
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

static enum run_judgement judge_none_failed_min_one_success(const struct counts *c)
{
	if (c->bad > 0)
		return JUDGE_UPSTREAM_FAILED;
	if (c->skipped == c->n)
		return JUDGE_SKIP;
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

static enum run_judgement judge_none_skipped(const struct counts *c)
{
	if (c->skipped > 0)
		return JUDGE_SKIP;
	return c->done == c->n ? JUDGE_RUN : JUDGE_WAIT;
}

static enum run_judgement judge_always(const struct counts *c)
{
	(void)c;
	return JUDGE_RUN;
}

static enum run_judgement (*const rules[TRIGGER_RULE_COUNT])(const struct counts *) = {
	[TRIGGER_ALL_SUCCESS] = judge_all_success,
	[TRIGGER_ALL_FAILED] = judge_all_failed,
	[TRIGGER_ALL_DONE] = judge_all_done,
	[TRIGGER_ALL_DONE_MIN_ONE_SUCCESS] = judge_all_done_min_one_success,
	[TRIGGER_ALL_SKIPPED] = judge_all_skipped,
	[TRIGGER_ONE_FAILED] = judge_one_failed,
	[TRIGGER_ONE_SUCCESS] = judge_one_success,
	[TRIGGER_ONE_DONE] = judge_one_done,
	[TRIGGER_NONE_FAILED] = judge_none_failed,
	[TRIGGER_NONE_FAILED_MIN_ONE_SUCCESS] = judge_none_failed_min_one_success,
	[TRIGGER_NONE_SKIPPED] = judge_none_skipped,
	[TRIGGER_ALWAYS] = judge_always,
};

/* Airflow's ALL_DONE_SETUP_SUCCESS, which every teardown has: all is over, and a setup succeeded.
 */
static enum run_judgement judge_teardown(const struct counts *c, const struct run_setups *s)
{
	if (c->done < c->n)
		return JUDGE_WAIT;
	if (s->n == 0 || s->n_success > 0)
		return JUDGE_RUN;
	return s->n_skipped == s->n ? JUDGE_SKIP : JUDGE_UPSTREAM_FAILED;
}

/* What the setups say in whose scope a task is: whatever its rule, all must have succeeded. */
static enum run_judgement judge_scope(const struct run_setups *s)
{
	if (s->n_failed > 0)
		return JUDGE_UPSTREAM_FAILED;
	if (s->n_skipped > 0)
		return JUDGE_SKIP;
	return s->n_success == s->n ? JUDGE_RUN : JUDGE_WAIT;
}

enum run_judgement run_rule_judge(const struct run *r, uint32_t task, enum run_cause *cause)
{
	const struct run_task *t = &r->tasks[task];
	static const struct run_setups no_setups;
	struct counts c = {
		.n = t->n_up,
		.success = t->tally[TALLY_SUCCESS],
		.failed = t->tally[TALLY_FAILED],
		.upstream_failed = t->tally[TALLY_UPSTREAM_FAILED],
		.skipped = t->tally[TALLY_SKIPPED],
	};
	const struct run_setups *s = (t->attr & ATTR_SETUPS) ? &r->setups[task] : &no_setups;
	enum run_judgement scope;

	c.bad = c.failed + c.upstream_failed;
	c.done = c.success + c.bad + c.skipped;
	*cause = RUN_CAUSE_RULE;
	if (c.n == 0) {
		*cause = RUN_CAUSE_DUE;
		return JUDGE_RUN;
	}
	if (t->attr & ATTR_TEARDOWN)
		return judge_teardown(&c, s);
	if ((scope = judge_scope(s)) != JUDGE_RUN) {
		*cause = RUN_CAUSE_SETUP;
		return scope;
	}
	return rules[t->rule](&c);
}
