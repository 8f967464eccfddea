/* The layout of graphs: nothing overlaps, long edges pass beside boxes, over many random graphs. */
#include "cli/layout.h"

#include <stdbool.h>
#include <stdlib.h>

#include "engine/arena.h"
#include "tests/unit/tap.h"

#define NODES_MAX 60
#define EDGES_MAX 120
#define GRAPHS 300

static uint32_t state = 1;

static uint32_t random_below(uint32_t n)
{
	state = state * 1664525u + 1013904223u;
	return (state >> 8) % n;
}

/* Whether two stretches of a layer are apart. */
static bool is_apart(double a, double a_end, double b, double b_end)
{
	return a_end <= b + 0.001 || b_end <= a + 0.001;
}

static bool boxes_are_apart(const struct layout *l)
{
	for (uint32_t i = 0; i < l->n_nodes; i++)
		for (uint32_t k = 0; k < i; k++) {
			const struct layout_node *a = &l->nodes[i], *b = &l->nodes[k];

			if (a->layer == b->layer && !is_apart(a->y, a->y + a->h, b->y, b->y + b->h))
				return false;
		}
	return true;
}

static bool lanes_are_free(const struct layout *l)
{
	for (size_t i = 0; i < l->n_edges; i++)
		for (size_t k = 0; k < l->edges[i].n_lanes; k++) {
			uint32_t layer = l->nodes[l->edges[i].from].layer + 1 + (uint32_t)k;
			double y = l->edges[i].lanes[k];

			for (uint32_t n = 0; n < l->n_nodes; n++)
				if (l->nodes[n].layer == layer &&
					!is_apart(
						y, y, l->nodes[n].y, l->nodes[n].y + l->nodes[n].h))
					return false;
		}
	return true;
}

static bool all_is_inside(const struct layout *l)
{
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		const struct layout_node *n = &l->nodes[i];

		if (n->x < -0.001 || n->y < -0.001 || n->x + n->w > l->width + 0.001 ||
			n->y + n->h > l->height + 0.001)
			return false;
		if (n->layer > 0 &&
			n->x + 0.001 <
				l->layer_x[n->layer - 1] + l->layer_w[n->layer - 1] + l->layer_gap)
			return false;
	}
	return true;
}

static void make_graph(struct layout *l)
{
	uint32_t n_layers = 1 + random_below(8);

	l->n_nodes = 1 + random_below(NODES_MAX);
	for (uint32_t i = 0; i < l->n_nodes; i++)
		l->nodes[i] = (struct layout_node){.w = 10 + random_below(100),
			.h = 10 + random_below(60),
			.layer = random_below(n_layers)};
	l->n_edges = 0;
	for (uint32_t i = random_below(EDGES_MAX); i > 0; i--)
		l->edges[l->n_edges++] = (struct layout_edge){
			.from = random_below(l->n_nodes), .to = random_below(l->n_nodes)};
}

int main(void)
{
	struct layout_node nodes[NODES_MAX];
	struct layout_edge edges[EDGES_MAX];
	int n_apart = 0, n_free = 0, n_inside = 0;

	for (int i = 0; i < GRAPHS; i++) {
		struct layout l = {.nodes = nodes, .edges = edges, .node_gap = 10, .layer_gap = 30};
		struct arena *a = arena_create(0);

		make_graph(&l);
		if (a == NULL || layout_place(&l, a) != 0)
			return 99;
		n_apart += boxes_are_apart(&l);
		n_free += lanes_are_free(&l);
		n_inside += all_is_inside(&l);
		arena_destroy(a);
	}
	IS_INT(n_apart, GRAPHS, "boxes of a layer never overlap");
	IS_INT(n_free, GRAPHS, "long edges pass beside every box");
	IS_INT(n_inside, GRAPHS, "everything is inside, layer behind layer");
	return tap_done();
}
