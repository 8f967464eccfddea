/* From a DAG to a plan. Linear in tasks and edges. */
#include "scheduler/plan.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/strmap.h"

static struct run_task_plan task_plan(const struct task *t, uint32_t pool)
{
	return (struct run_task_plan){
		.retry_delay_ms = t->retry_delay_ms,
		.max_retry_delay_ms = t->max_retry_delay_ms,
		.execution_timeout_ms = t->execution_timeout_ms,
		.retries = t->retries,
		.max_active_tis = t->max_active_tis,
		.pool = pool,
		.pool_slots = t->pool_slots,
		.priority_weight = t->priority_weight,
		.trigger_rule = t->trigger_rule,
		.retry_exponential_backoff = t->retry_exponential_backoff,
		.ignore_failure = t->ignore_failure,
		.depends_on_past = t->depends_on_past,
		.has_when = t->when != NULL,
		.is_for_each = t->is_for_each,
		.is_setup = t->is_setup,
		.is_teardown = t->is_teardown,
	};
}

/* The number of a pool; a new one is added. STRMAP_NONE: no memory. */
static uint32_t pool_number(struct strmap *map, const char **pools, uint32_t *n, const char *name)
{
	uint32_t number = strmap_find(map, name, strlen(name));

	if (number != STRMAP_NONE)
		return number;
	if (strmap_add(map, name, strlen(name), *n) != 0)
		return STRMAP_NONE;
	pools[*n] = name;
	return (*n)++;
}

static int tasks_fill(struct plan *p, const struct dag *d)
{
	struct strmap *map = strmap_create(16);
	struct run_task_plan *tasks = arena_array(p->arena, d->n_tasks, sizeof(*tasks));
	const char **pools = arena_array(p->arena, d->n_tasks, sizeof(*pools));
	int r = map == NULL || tasks == NULL || pools == NULL ? ERR_NOMEM : 0;

	for (uint32_t i = 0; r == 0 && i < d->n_tasks; i++) {
		uint32_t pool = pool_number(map, pools, &p->n_pools, d->tasks[i].pool);

		if (pool == STRMAP_NONE)
			r = ERR_NOMEM;
		else
			tasks[i] = task_plan(&d->tasks[i], pool);
	}
	p->run.tasks = tasks;
	p->pools = pools;
	strmap_destroy(map);
	return r;
}

int plan_create(const struct dag *d, struct plan **out, struct err *e)
{
	struct arena *a = arena_create(0);
	struct plan *p = a == NULL ? NULL : arena_alloc(a, sizeof(*p));
	struct edges up, down;
	int r = p == NULL ? ERR_NOMEM : 0;

	if (r == 0) {
		p->arena = a;
		r = tasks_fill(p, d);
	}
	if (r == 0)
		r = dag_edges_expand(d, a, &up, &down);
	if (r != 0) {
		arena_destroy(a);
		return err_set(e, r, "%s",
			r == ERR_LIMIT ? "it has more dependencies than a run may have"
				       : err_text(r));
	}
	p->run.n_tasks = d->n_tasks;
	p->run.up = (struct run_edges){.offset = up.offset, .list = up.list};
	p->run.down = (struct run_edges){.offset = down.offset, .list = down.list};
	p->run.dagrun_timeout_ms = d->dagrun_timeout_ms;
	p->run.max_active_tasks = d->max_active_tasks;
	r = run_plan_prepare(&p->run, a, e);
	if (r != 0) {
		arena_destroy(a);
		return r;
	}
	*out = p;
	return 0;
}

void plan_destroy(struct plan *p)
{
	if (p != NULL)
		arena_destroy(p->arena);
}
