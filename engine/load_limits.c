/*
 * What a run cannot hold. A DAG keeps stages that wait for each other as joins, and setups as
 * marks; a run knows each dependency, and each task in a setup's scope. So a file that loads may be
 * one of which no run could ever be made: this is found out here, rather than by whoever triggers
 * it.
 */
#include <stdlib.h>

#include "engine/load_impl.h"
#include "engine/run_plan.h"

/* How many edges lead to a join, times how many lead on. */
static uint64_t weight(const struct dag *d, uint32_t join)
{
	uint64_t n_up = d->upstream.offset[join + 1] - d->upstream.offset[join];

	return n_up * (d->downstream.offset[join + 1] - d->downstream.offset[join]);
}

/* Tells it of the stage with the most. N.B. a warning: such a file can be looked at and shown, and
 * a version of one that was stored must load. */
static void tell_edges(struct loader *l, uint64_t total)
{
	const struct dag *d = l->dag;
	uint32_t worst = d->n_tasks;
	const struct stage *s;

	for (uint32_t j = worst; j < d->n_tasks + d->n_joins; j++)
		if (weight(d, j) > weight(d, worst))
			worst = j;
	s = &d->stages[d->joins[worst - d->n_tasks]];
	l->place = (struct place){PLACE_STAGE, s->name};
	load_warning(l, s->pos,
		"no run of this DAG can be made: %u tasks wait for each of %u here, and in all a "
		"run would have %llu dependencies; want %d at most: let those wait for one task "
		"that waits for this stage",
		d->downstream.offset[worst + 1] - d->downstream.offset[worst],
		d->upstream.offset[worst + 1] - d->upstream.offset[worst],
		(unsigned long long)total, DAG_EDGES_MAX);
	l->place = (struct place){PLACE_DAG, NULL};
}

static void tell_scope(struct loader *l, const struct task *t)
{
	l->place = (struct place){PLACE_TASK, t->id};
	load_error(l, t->pos,
		"setup: with this one more than %d tasks are in the scopes of setups, one counting "
		"once for each; let a teardown end a scope, or fewer setups stand before so many "
		"tasks",
		RUN_SCOPE_MAX);
	l->place = (struct place){PLACE_DAG, NULL};
}

/* The marks of setups and teardowns in the form in which a run has them. */
static struct run_task_plan *marks(const struct dag *d, struct arena *a)
{
	struct run_task_plan *list = arena_array(a, d->n_tasks, sizeof(*list));

	for (uint32_t t = 0; list != NULL && t < d->n_tasks; t++) {
		list[t].is_setup = d->tasks[t].is_setup;
		list[t].is_teardown = d->tasks[t].is_teardown;
	}
	return list;
}

static void check_scopes(struct loader *l)
{
	struct arena *a = arena_create(0);
	struct run_plan p = {.n_tasks = l->dag->n_tasks};
	struct edges up, down;
	uint32_t setup = 0;
	int rc = ERR_NOMEM;

	if (a != NULL && (p.tasks = marks(l->dag, a)) != NULL)
		rc = dag_edges_expand(l->dag, a, &up, &down);
	if (rc == 0) {
		p.up = (struct run_edges){.offset = up.offset, .list = up.list};
		p.down = (struct run_edges){.offset = down.offset, .list = down.list};
		rc = run_plan_scopes_check(&p, &setup);
	}
	if (rc == ERR_LIMIT)
		tell_scope(l, &l->dag->tasks[setup]);
	else if (rc != 0)
		load_nomem(l);
	arena_destroy(a);
}

void load_limits(struct loader *l)
{
	const struct dag *d = l->dag;
	uint64_t total = d->n_joins == 0 ? 0 : dag_edges_count(d), n_setups = 0;

	if (total > DAG_EDGES_MAX) {
		tell_edges(l, total);
		return;
	}
	for (uint32_t t = 0; t < d->n_tasks; t++)
		n_setups += d->tasks[t].is_setup;
	/* N.B. nearly no DAG has so many that it pays to look. */
	if (n_setups * d->n_tasks > RUN_SCOPE_MAX)
		check_scopes(l);
}
