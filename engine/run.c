/* Runs come, go, and say how they stand. What happens to them is in the other engine/run_*.c. */
#include "engine/run_impl.h"

#include <stdlib.h>
#include <string.h>

static uint16_t attributes(const struct run_plan *p, uint32_t task)
{
	const struct run_task_plan *t = &p->tasks[task];
	unsigned attr = 0;

	attr |= p->is_leaf[task] ? ATTR_LEAF : 0;
	attr |= t->ignore_failure ? ATTR_IGNORE_FAILURE : 0;
	attr |= t->is_setup ? ATTR_SETUP : 0;
	attr |= t->is_teardown ? ATTR_TEARDOWN : 0;
	attr |= t->has_when || t->is_for_each ? ATTR_DECIDES : 0;
	attr |= t->is_for_each ? ATTR_FOR_EACH : 0;
	attr |= t->depends_on_past ? ATTR_PAST : 0;
	return (uint16_t)attr;
}

static void init_task(struct run *r, uint32_t task)
{
	const struct run_plan *p = r->plan;
	struct run_task *t = &r->tasks[task];

	t->cell.try_limit = p->tasks[task].retries + 1;
	t->cell.state = TASK_NONE;
	t->n_up = p->up.offset[task + 1] - p->up.offset[task];
	t->first_down = p->down.offset[task];
	t->n_down = p->down.offset[task + 1] - t->first_down;
	t->rule = (uint8_t)p->tasks[task].trigger_rule;
	t->attr = attributes(p, task);
}

/* How many setups matter to each task. */
static void init_setups(struct run *r)
{
	const struct run_plan *p = r->plan;

	for (uint32_t t = 0; t < p->n_tasks; t++) {
		struct run_setups *s = &r->setups[t];

		if (!(r->tasks[t].attr & ATTR_TEARDOWN))
			s->n = p->scope_of.offset[t + 1] - p->scope_of.offset[t];
		else
			for (uint32_t i = p->up.offset[t]; i < p->up.offset[t + 1]; i++)
				s->n += p->tasks[p->up.list[i]].is_setup;
		if (s->n > 0)
			r->tasks[t].attr |= ATTR_SETUPS;
	}
}

int run_create(const struct run_plan *p, uint64_t seed, struct run **out)
{
	struct run *r = calloc(1, sizeof(*r));
	size_t n = p->n_tasks > 0 ? p->n_tasks : 1;

	if (r == NULL)
		return ERR_NOMEM;
	r->plan = p;
	r->seed = seed;
	r->tasks = aligned_alloc(64, n * sizeof(*r->tasks));
	r->list = malloc(n * sizeof(*r->list));
	if (p->scope.offset != NULL)
		r->setups = calloc(n, sizeof(*r->setups));
	if (r->tasks == NULL || r->list == NULL || (p->scope.offset != NULL && r->setups == NULL)) {
		free(r->tasks);
		r->tasks = NULL;
		run_destroy(r);
		return ERR_NOMEM;
	}
	memset(r->tasks, 0, n * sizeof(*r->tasks));
	for (uint32_t t = 0; t < p->n_tasks; t++)
		init_task(r, t);
	if (r->setups != NULL)
		init_setups(r);
	r->counts[TASK_NONE] = p->n_tasks;
	r->head.state = RUN_QUEUED;
	*out = r;
	return 0;
}

void run_destroy(struct run *r)
{
	if (r == NULL)
		return;
	for (uint32_t t = 0; r->tasks != NULL && t < r->plan->n_tasks; t++)
		if (r->tasks[t].expansion != NULL) {
			free(r->tasks[t].expansion->cells);
			free(r->tasks[t].expansion);
		}
	free(r->tasks);
	free(r->setups);
	free(r->list);
	free(r);
}

struct run_head run_head_get(const struct run *r)
{
	return r->head;
}

int run_row_get(const struct run *r, uint32_t task, uint32_t instance, struct run_row *out)
{
	const struct run_expansion *x;

	if (task >= r->plan->n_tasks)
		return ERR_NOTFOUND;
	x = r->tasks[task].expansion;
	if (instance != RUN_NO_INSTANCE && (x == NULL || instance >= x->n_cells))
		return ERR_NOTFOUND;
	*out = run_cell_row(r, task, instance);
	return 0;
}

void run_actions_free(struct run_actions *a)
{
	free(a->list);
	*a = (struct run_actions){0};
}
