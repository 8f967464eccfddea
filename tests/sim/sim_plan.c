/* Random plans: small, and dense with everything that a task can say. */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "tests/sim/sim.h"

uint32_t rng_below(struct rng *g, uint32_t n)
{
	uint64_t x;

	g->state += UINT64_C(0x9e3779b97f4a7c15);
	x = g->state;
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return (uint32_t)((x ^ (x >> 31)) % n);
}

bool rng_percent(struct rng *g, uint32_t percent)
{
	return rng_below(g, 100) < percent;
}

static void make_task(struct sim *s, struct run_task_plan *t, bool plain)
{
	struct rng *g = &s->rng;

	*t = (struct run_task_plan){.pool = rng_below(g, SIM_POOLS)};
	t->pool_slots = rng_percent(g, 20) ? 1 + rng_below(g, 3) : rng_below(g, 2);
	t->priority_weight = (int32_t)rng_below(g, 4) - 1;
	t->retries = rng_percent(g, 40) ? rng_below(g, 4) : 0;
	t->retry_delay_ms = rng_below(g, 3) * 1500;
	t->retry_exponential_backoff = rng_percent(g, 30);
	t->max_retry_delay_ms = rng_percent(g, 50) ? 4000 : 0;
	t->execution_timeout_ms = rng_percent(g, 30) ? 200 + rng_below(g, 1500) : 0;
	t->ignore_failure = rng_percent(g, 10);
	if (plain)
		return;
	if (rng_percent(g, 40))
		t->trigger_rule = (enum trigger_rule)rng_below(g, TRIGGER_RULE_COUNT);
	t->has_when = rng_percent(g, 15);
	t->is_for_each = rng_percent(g, 20);
	t->max_active_tis = rng_percent(g, 50) ? 1 + rng_below(g, 3) : 0;
	t->depends_on_past = rng_percent(g, 10);
}

static void make_edges(struct sim *s, struct sim_run *r, uint32_t n)
{
	uint32_t density = 5 + rng_below(&s->rng, 40), span = 1 + rng_below(&s->rng, n);

	for (uint32_t from = 0; from < n; from++)
		for (uint32_t to = from + 1; to < n && to <= from + span; to++)
			r->edge[from][to] = rng_percent(&s->rng, density);
}

/* Pairs of a setup and its teardown, with whatever lies between. */
static void make_setups(struct sim *s, struct sim_run *r, uint32_t n)
{
	uint32_t pairs = n >= 3 && rng_percent(&s->rng, 50) ? 1 + rng_below(&s->rng, 3) : 0;

	while (pairs-- > 0) {
		uint32_t setup = rng_below(&s->rng, n - 1);
		uint32_t teardown = setup + 1 + rng_below(&s->rng, n - setup - 1);

		if (r->tasks[setup].is_teardown || r->tasks[teardown].is_setup)
			continue;
		r->tasks[setup].is_setup = true;
		if (rng_percent(&s->rng, 80)) {
			r->tasks[teardown].is_teardown = true;
			r->edge[setup][teardown] = true;
		}
	}
}

static void find_reach(struct sim_run *r, uint32_t n)
{
	memcpy(r->reach, r->edge, sizeof(r->reach));
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = 0; i < n; i++)
			for (uint32_t j = 0; j < n; j++)
				r->reach[i][j] |= r->reach[i][k] && r->reach[k][j];
}

/* The edges as the plan wants them; flip: from the upstream end. */
static struct run_edges list_edges(struct sim_run *r, uint32_t n, bool flip)
{
	uint32_t *offset = arena_array(r->arena, n + 1, sizeof(*offset));
	uint32_t *list = arena_array(r->arena, (size_t)n * n + 1, sizeof(*list));
	uint32_t k = 0;

	if (offset == NULL || list == NULL)
		abort();
	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < n; j++)
			if (flip ? r->edge[i][j] : r->edge[j][i])
				list[k++] = j;
		offset[i + 1] = k;
	}
	return (struct run_edges){offset, list};
}

void sim_plan_make(struct sim *s, struct sim_run *r)
{
	uint32_t n = 1 + rng_below(&s->rng, rng_percent(&s->rng, 50) ? 8 : SIM_TASKS_MAX);
	bool plain = rng_percent(&s->rng, 20);
	struct err e;

	r->arena = arena_create(0);
	if (r->arena == NULL)
		abort();
	for (uint32_t t = 0; t < n; t++)
		make_task(s, &r->tasks[t], plain);
	make_edges(s, r, n);
	if (!plain)
		make_setups(s, r, n);
	find_reach(r, n);
	r->plan = (struct run_plan){
		.n_tasks = n,
		.tasks = r->tasks,
		.up = list_edges(r, n, false),
		.down = list_edges(r, n, true),
		.dagrun_timeout_ms = rng_percent(&s->rng, 15) ? 1000 + rng_below(&s->rng, 9000) : 0,
		.max_active_tasks = rng_percent(&s->rng, 50) ? 1 + rng_below(&s->rng, 4) : 0,
	};
	if (run_plan_prepare(&r->plan, r->arena, &e) != 0)
		sim_broken(s, "a sound plan was refused: %s", e.text);
}
