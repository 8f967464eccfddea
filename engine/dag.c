/* What can be asked of a loaded DAG. */
#include "engine/dag.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/graph.h"
#include "engine/hint.h"
#include "engine/strmap.h"

void dag_destroy(struct dag *d)
{
	if (d == NULL)
		return;
	for (uint32_t s = 0; s < d->n_stages; s++)
		strmap_destroy(d->stages[s].task_names);
	strmap_destroy(d->stage_names);
	arena_destroy(d->arena);
}

uint32_t dag_stage_number(const struct dag *d, const char *name, size_t len)
{
	return d->stage_names == NULL ? UINT32_MAX : strmap_find(d->stage_names, name, len);
}

/* N.B. each stage has names of its own, rather than the DAG one map of all: what is looked up
 * together stands together, and so in the cache. */
uint32_t dag_task_number(const struct dag *d, uint32_t stage, const char *name, size_t len)
{
	const struct stage *s = &d->stages[stage];
	uint32_t found;

	if (s->task_names != NULL) {
		found = strmap_find(s->task_names, name, len);
		return found == STRMAP_NONE ? UINT32_MAX : s->first_task + found;
	}
	for (uint32_t t = s->first_task; t < s->first_task + s->n_tasks; t++)
		if (strlen(d->tasks[t].name) == len && memcmp(d->tasks[t].name, name, len) == 0)
			return t;
	return UINT32_MAX;
}

const struct task *dag_task_find(const struct dag *d, const char *id, size_t len)
{
	const char *dot = memchr(id, '.', len);
	size_t stage_len = dot == NULL ? 0 : (size_t)(dot - id) + 1;
	uint32_t stage = 0, t = UINT32_MAX;

	if (dot != NULL)
		stage = dag_stage_number(d, id, stage_len - 1);
	else if (d->n_stages != 1 || strcmp(d->stages[0].name, DAG_ONLY_STAGE) != 0)
		return NULL;
	if (stage != UINT32_MAX)
		t = dag_task_number(d, stage, id + stage_len, len - stage_len);
	return t == UINT32_MAX ? NULL : &d->tasks[t];
}

/* How many tasks stand behind a node's list, joins being what they stand for. */
static uint64_t count(const struct dag *d, const struct edges *e, uint32_t node)
{
	uint64_t n = 0;

	for (uint32_t i = e->offset[node]; i < e->offset[node + 1]; i++) {
		uint32_t to = e->list[i];

		n += to < d->n_tasks ? 1 : e->offset[to + 1] - e->offset[to];
	}
	return n;
}

uint64_t dag_edges_count(const struct dag *d)
{
	uint64_t total = 0;

	if (d->n_joins == 0)
		return d->downstream.offset[d->n_tasks];
	for (uint32_t t = 0; t < d->n_tasks; t++)
		total += count(d, &d->downstream, t);
	return total;
}

int dag_edges_expand(const struct dag *d, struct arena *a, struct edges *up, struct edges *down)
{
	const struct edges *e = &d->downstream;
	uint32_t *from, *to;
	uint64_t total;
	size_t n = 0;
	int rc;

	if (d->n_joins == 0) {
		*up = d->upstream;
		*down = d->downstream;
		return 0;
	}
	total = dag_edges_count(d);
	if (total > DAG_EDGES_MAX)
		return ERR_LIMIT;
	from = arena_array(a, (size_t)total, sizeof(*from));
	to = arena_array(a, (size_t)total, sizeof(*to));
	if (from == NULL || to == NULL)
		return ERR_NOMEM;
	for (uint32_t t = 0; t < d->n_tasks; t++) {
		for (uint32_t i = e->offset[t]; i < e->offset[t + 1]; i++) {
			uint32_t node = e->list[i];
			const uint32_t *ends =
				node < d->n_tasks ? &e->list[i] : e->list + e->offset[node];
			uint32_t n_ends =
				node < d->n_tasks ? 1 : e->offset[node + 1] - e->offset[node];

			for (uint32_t k = 0; k < n_ends; k++, n++) {
				from[n] = t;
				to[n] = ends[k];
			}
		}
	}
	rc = graph_edges_build(a, d->n_tasks, to, from, n, &up->offset, &up->list);
	if (rc != 0)
		return rc;
	return graph_edges_turn(a, d->n_tasks, up->offset, up->list, &down->offset, &down->list);
}

int dag_task_meant(const struct dag *d, const char *name, const struct task **out, struct err *e)
{
	const struct task *found = dag_task_find(d, name, strlen(name)), *bare = NULL;
	size_t n_bare = 0;
	struct hint h;

	hint_begin(&h, name, strlen(name));
	for (uint32_t t = 0; t < d->n_tasks && found == NULL; t++) {
		hint_offer(&h, d->tasks[t].id, strlen(d->tasks[t].id));
		if (strcmp(d->tasks[t].name, name) == 0) {
			bare = &d->tasks[t];
			n_bare++;
		}
	}
	if (found != NULL || n_bare == 1) {
		*out = found != NULL ? found : bare;
		return 0;
	}
	if (n_bare > 1)
		return err_set(e, ERR_NOTFOUND,
			"several stages of %s have a task \"%s\"; write it as %s", d->dag_id, name,
			bare->id);
	if (h.best != NULL)
		return err_set(e, ERR_NOTFOUND, "%s has no task \"%s\"; did you mean \"%s\"?",
			d->dag_id, name, h.best);
	return err_set(e, ERR_NOTFOUND,
		"%s has no task \"%s\"; `windrow tasks list %s` shows those it has", d->dag_id,
		name, d->dag_id);
}
