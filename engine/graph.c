/*
 * Graphs of numbered nodes. Lists are made by counting (a radix sort of two passes: by the far end,
 * then by the near one), the order by a depth-first walk along the upstream lists that keeps its
 * own stack. Both are linear in nodes and edges, however deep the graph is.
 */
#include "engine/graph.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"

/* Where the group of each key begins: at[k] .. at[k + 1] of the edges sorted by key. */
static void count(uint32_t *at, uint32_t n, const uint32_t *key, size_t n_edges)
{
	memset(at, 0, ((size_t)n + 1) * sizeof(*at));
	for (size_t e = 0; e < n_edges; e++)
		at[key[e] + 1]++;
	for (uint32_t k = 0; k < n; k++)
		at[k + 1] += at[k];
}

/* Drops what comes twice in each node's sorted list; offset holds the beginnings. */
static void squeeze(uint32_t n, uint32_t *offset, uint32_t *list)
{
	uint32_t out = 0, begin = 0;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t end = offset[k + 1], first = out;

		for (uint32_t i = begin; i < end; i++)
			if (out == first || list[out - 1] != list[i])
				list[out++] = list[i];
		begin = end;
		offset[k + 1] = out;
	}
}

int graph_edges_build(struct arena *a, uint32_t n, const uint32_t *from, const uint32_t *to,
	size_t n_edges, const uint32_t **offset, const uint32_t **list)
{
	uint32_t *begin, *ends, *at, *by_to;
	int rc = ERR_NOMEM;

	if (n_edges > UINT32_MAX)
		return ERR_LIMIT;
	begin = arena_array(a, (size_t)n + 1, sizeof(*begin));
	ends = arena_array(a, n_edges + 1, sizeof(*ends));
	at = malloc(((size_t)n + 1) * sizeof(*at));
	by_to = malloc((n_edges + 1) * sizeof(*by_to));
	if (begin == NULL || ends == NULL || at == NULL || by_to == NULL)
		goto out;
	count(at, n, to, n_edges);
	for (size_t e = 0; e < n_edges; e++)
		by_to[at[to[e]]++] = (uint32_t)e;
	count(begin, n, from, n_edges);
	memcpy(at, begin, ((size_t)n + 1) * sizeof(*at));
	for (size_t i = 0; i < n_edges; i++)
		ends[at[from[by_to[i]]]++] = to[by_to[i]];
	squeeze(n, begin, ends);
	*offset = begin;
	*list = ends;
	rc = 0;
out:
	free(at);
	free(by_to);
	return rc;
}

int graph_edges_turn(struct arena *a, uint32_t n, const uint32_t *offset, const uint32_t *list,
	const uint32_t **turned_offset, const uint32_t **turned_list)
{
	uint32_t *begin = arena_array(a, (size_t)n + 1, sizeof(*begin));
	uint32_t *ends = arena_array(a, (size_t)offset[n] + 1, sizeof(*ends));
	uint32_t *at = malloc(((size_t)n + 1) * sizeof(*at));

	if (begin == NULL || ends == NULL || at == NULL) {
		free(at);
		return ERR_NOMEM;
	}
	count(begin, n, list, offset[n]);
	memcpy(at, begin, ((size_t)n + 1) * sizeof(*at));
	for (uint32_t k = 0; k < n; k++)
		for (uint32_t i = offset[k]; i < offset[k + 1]; i++)
			ends[at[list[i]]++] = k;
	free(at);
	*turned_offset = begin;
	*turned_list = ends;
	return 0;
}

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

struct walk {
	const uint32_t *offset, *list;
	uint32_t *next; /* of each open node: the place in list that comes next */
	uint32_t *stack;
	uint8_t *mark;
	uint32_t *order;
	uint32_t n_order, n_stack;
};

static void open_node(struct walk *w, uint32_t node)
{
	w->mark[node] = MARK_OPEN;
	w->next[node] = w->offset[node];
	w->stack[w->n_stack++] = node;
}

/* Orders all that `root` needs, and it. False: there is a cycle through *entry, which is open. */
static bool visit(struct walk *w, uint32_t root, uint32_t *entry)
{
	open_node(w, root);
	while (w->n_stack > 0) {
		uint32_t node = w->stack[w->n_stack - 1];

		if (w->next[node] == w->offset[node + 1]) {
			w->mark[node] = MARK_DONE;
			w->order[w->n_order++] = node;
			w->n_stack--;
			continue;
		}
		*entry = w->list[w->next[node]++];
		if (w->mark[*entry] == MARK_OPEN)
			return false;
		if (w->mark[*entry] == MARK_NEW)
			open_node(w, *entry);
	}
	return true;
}

/* The cycle that closes from the stack's top to `entry`, along the edges, its lowest node first. */
static size_t cycle_write(const struct walk *w, uint32_t entry, uint32_t *out)
{
	uint32_t bottom = w->n_stack - 1, n, lowest;

	while (w->stack[bottom] != entry)
		bottom--;
	n = w->n_stack - bottom;
	lowest = bottom;
	for (uint32_t i = bottom; i < w->n_stack; i++)
		if (w->stack[i] < w->stack[lowest])
			lowest = i;
	for (uint32_t i = 0; i < n; i++)
		out[i] = w->stack[bottom + (lowest - bottom + n - i) % n];
	return n;
}

int graph_order(struct arena *a, uint32_t n, const uint32_t *up_offset, const uint32_t *up_list,
	const uint32_t **order, size_t *n_cycle)
{
	struct walk w = {.offset = up_offset, .list = up_list};
	uint32_t entry = 0;
	int rc = ERR_NOMEM;

	w.order = arena_array(a, (size_t)n + 1, sizeof(*w.order));
	w.next = malloc(((size_t)n + 1) * sizeof(*w.next));
	w.stack = malloc(((size_t)n + 1) * sizeof(*w.stack));
	w.mark = calloc((size_t)n + 1, sizeof(*w.mark));
	if (w.order == NULL || w.next == NULL || w.stack == NULL || w.mark == NULL)
		goto out;
	rc = 0;
	for (uint32_t node = 0; node < n; node++) {
		if (w.mark[node] != MARK_NEW || visit(&w, node, &entry))
			continue;
		*n_cycle = cycle_write(&w, entry, w.order);
		rc = ERR_INVALID;
		break;
	}
	*order = w.order;
out:
	free(w.next);
	free(w.stack);
	free(w.mark);
	return rc;
}
