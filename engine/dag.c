/* What can be asked of a loaded DAG. */
#include "engine/dag.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/graph.h"
#include "engine/strmap.h"

void dag_destroy(struct dag *d)
{
	if (d == NULL)
		return;
	strmap_destroy(d->task_ids);
	arena_destroy(d->arena);
}

const struct task *dag_task_find(const struct dag *d, const char *id, size_t len)
{
	char full[DAG_NAME_MAX + sizeof("main.")];
	uint32_t t = strmap_find(d->task_ids, id, len);

	if (t == STRMAP_NONE && d->n_stages == 1 && strcmp(d->stages[0].name, "main") == 0 &&
		len <= DAG_NAME_MAX) {
		memcpy(full, "main.", 5);
		memcpy(full + 5, id, len);
		t = strmap_find(d->task_ids, full, len + 5);
	}
	return t == STRMAP_NONE ? NULL : &d->tasks[t];
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

int dag_edges_expand(const struct dag *d, struct arena *a, struct edges *up, struct edges *down)
{
	const struct edges *e = &d->downstream;
	uint32_t *from, *to;
	uint64_t total = 0;
	size_t n = 0;
	int rc;

	if (d->n_joins == 0) {
		*up = d->upstream;
		*down = d->downstream;
		return 0;
	}
	for (uint32_t t = 0; t < d->n_tasks; t++)
		total += count(d, e, t);
	if (total > DAG_EDGES_MAX)
		return ERR_LIMIT;
	from = arena_array(a, total, sizeof(*from));
	to = arena_array(a, total, sizeof(*to));
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
	return graph_edges_build(a, d->n_tasks, from, to, n, &down->offset, &down->list);
}
