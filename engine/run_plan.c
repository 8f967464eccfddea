/*
 * A plan is checked once, so that the run state machine may trust it, and what every run of it
 * would have to find out is found out here: the leaves, and (in run_scope.c) the scopes of setups.
 */
#include "engine/run_impl.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"

static int check_edges(
	const struct run_plan *p, const struct run_edges *x, const char *what, struct err *e)
{
	if (x->offset[0] != 0 || x->offset[p->n_tasks] > RUN_EDGES_MAX)
		return err_set(e, ERR_INVALID, "plan: %s: edges begin at %u and end at %u", what,
			x->offset[0], x->offset[p->n_tasks]);
	for (uint32_t t = 0; t < p->n_tasks; t++) {
		if (x->offset[t] > x->offset[t + 1] || x->offset[t + 1] > x->offset[p->n_tasks])
			return err_set(e, ERR_INVALID,
				"plan: %s: the edges of task %u are mixed up", what, t);
		for (uint32_t i = x->offset[t]; i < x->offset[t + 1]; i++) {
			if (x->list[i] >= p->n_tasks || x->list[i] == t)
				return err_set(e, ERR_INVALID,
					"plan: %s: task %u has an edge to %u", what, t, x->list[i]);
			if (i > x->offset[t] && x->list[i - 1] >= x->list[i])
				return err_set(e, ERR_INVALID,
					"plan: %s: the edges of task %u are not sorted, or twice",
					what, t);
		}
	}
	return 0;
}

/* Walks the upstream edges in order and finds each where the downstream list has it next. */
static int check_agree(const struct run_plan *p, uint32_t *seen, struct err *e)
{
	memset(seen, 0, (p->n_tasks + 1) * sizeof(*seen));
	for (uint32_t t = 0; t < p->n_tasks; t++)
		for (uint32_t i = p->up.offset[t]; i < p->up.offset[t + 1]; i++) {
			uint32_t u = p->up.list[i], at = p->down.offset[u] + seen[u]++;

			if (at >= p->down.offset[u + 1] || p->down.list[at] != t)
				return err_set(e, ERR_INVALID,
					"plan: task %u is below %u, but %u is not above %u", t, u,
					u, t);
		}
	if (p->up.offset[p->n_tasks] != p->down.offset[p->n_tasks])
		return err_set(e, ERR_INVALID, "plan: there are more edges down than up");
	return 0;
}

static int check_acyclic(const struct run_plan *p, uint32_t *waits, uint32_t *order, struct err *e)
{
	uint32_t n = 0;

	for (uint32_t t = 0; t < p->n_tasks; t++)
		if ((waits[t] = p->up.offset[t + 1] - p->up.offset[t]) == 0)
			order[n++] = t;
	for (uint32_t i = 0; i < n; i++)
		for (uint32_t j = p->down.offset[order[i]]; j < p->down.offset[order[i] + 1]; j++)
			if (--waits[p->down.list[j]] == 0)
				order[n++] = p->down.list[j];
	if (n == p->n_tasks)
		return 0;
	for (uint32_t t = 0; t < p->n_tasks; t++)
		if (waits[t] > 0)
			return err_set(e, ERR_INVALID, "plan: task %u is in or below a cycle", t);
	return 0;
}

static int check_tasks(const struct run_plan *p, struct err *e)
{
	for (uint32_t t = 0; t < p->n_tasks; t++) {
		const struct run_task_plan *k = &p->tasks[t];

		if (k->retry_delay_ms < 0 || k->max_retry_delay_ms < 0 ||
			k->execution_timeout_ms < 0)
			return err_set(e, ERR_INVALID, "plan: task %u has a negative time", t);
		if (k->retries > RUN_RETRIES_MAX)
			return err_set(e, ERR_LIMIT,
				"plan: task %u has %u retries; the maximum is %d", t, k->retries,
				RUN_RETRIES_MAX);
		if ((unsigned)k->trigger_rule >= TRIGGER_RULE_COUNT)
			return err_set(
				e, ERR_INVALID, "plan: task %u has an unknown trigger rule", t);
		if (k->is_setup && k->is_teardown)
			return err_set(
				e, ERR_INVALID, "plan: task %u is both setup and teardown", t);
	}
	return 0;
}

/* As in Airflow: below a leaf there are at most teardowns, and it is none itself. Where there are
 * none but teardowns, the last of them are the leaves. */
static int find_leaves(struct run_plan *p, struct arena *a)
{
	uint8_t *leaf = arena_array(a, (size_t)p->n_tasks + 1, 1);
	uint32_t n = 0;

	if (leaf == NULL)
		return ERR_NOMEM;
	for (uint32_t t = 0; t < p->n_tasks; t++) {
		leaf[t] = !p->tasks[t].is_teardown;
		for (uint32_t i = p->down.offset[t]; i < p->down.offset[t + 1] && leaf[t]; i++)
			leaf[t] = p->tasks[p->down.list[i]].is_teardown;
		n += leaf[t];
	}
	for (uint32_t t = 0; t < p->n_tasks && n == 0; t++)
		leaf[t] = p->down.offset[t] == p->down.offset[t + 1];
	p->is_leaf = leaf;
	return 0;
}

int run_plan_prepare(struct run_plan *p, struct arena *a, struct err *e)
{
	uint32_t *one = NULL, *two = NULL;
	int rc;

	if (p->n_tasks > RUN_TASKS_MAX)
		return err_set(e, ERR_LIMIT, "plan: %u tasks; the maximum is %d", p->n_tasks,
			RUN_TASKS_MAX);
	if (p->dagrun_timeout_ms < 0)
		return err_set(e, ERR_INVALID, "plan: dagrun_timeout is negative");
	one = malloc(((size_t)p->n_tasks + 1) * sizeof(*one));
	two = malloc(((size_t)p->n_tasks + 1) * sizeof(*two));
	rc = one == NULL || two == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
	if (rc == 0)
		rc = check_tasks(p, e);
	if (rc == 0)
		rc = check_edges(p, &p->up, "upstream", e);
	if (rc == 0)
		rc = check_edges(p, &p->down, "downstream", e);
	if (rc == 0)
		rc = check_agree(p, one, e);
	if (rc == 0)
		rc = check_acyclic(p, one, two, e);
	if (rc == 0 && find_leaves(p, a) != 0)
		rc = err_set(e, ERR_NOMEM, "out of memory");
	if (rc == 0)
		rc = run_scopes_find(p, a, e);
	free(one);
	free(two);
	return rc;
}
