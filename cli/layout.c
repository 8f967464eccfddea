/*
 * Layered layout. Every node, and every lane of a long edge, is an item of its layer. Two things
 * are decided, each by a few sweeps from left to right and back: the order of the items in a layer
 * (each wants to stand at the middle of its neighbours in the layer before), and then their
 * heights, which never change the order. All of it is about linear in items and edges a sweep.
 */
#include "cli/layout.h"

#include <stdbool.h>
#include <stdlib.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/graph.h"

#define SWEEPS 8
#define LANE_HEIGHT 6.0

struct item {
	double h, y; /* y: its middle */
	double wish; /* where it wants to be: a place in the order, or a middle */
	uint32_t layer;
	uint32_t place; /* in its layer */
};

struct work {
	struct layout *l;
	struct item *items;
	uint32_t n_items;
	uint32_t *by_layer; /* items, layer by layer in their order */
	uint32_t *layer_start; /* n_layers + 1 */
	const uint32_t *side_offset[2], *side_list[2]; /* neighbours: [0] before, [1] behind */
};

static uint32_t lanes_of(const struct layout *l, const struct layout_edge *e)
{
	uint32_t from = l->nodes[e->from].layer;
	uint32_t to = l->nodes[e->to].layer;

	return to > from + 1 ? to - from - 1 : 0;
}

/* Counts the items and makes them: nodes first, then lanes, edge by edge. */
static int make_items(struct work *w, struct arena *a)
{
	struct layout *l = w->l;
	size_t n_lanes = 0;
	uint32_t next = l->n_nodes;

	for (size_t i = 0; i < l->n_edges; i++)
		n_lanes += lanes_of(l, &l->edges[i]);
	if (n_lanes > LAYOUT_LANES_MAX)
		n_lanes = 0;
	w->n_items = l->n_nodes + (uint32_t)n_lanes;
	w->items = arena_array(a, (size_t)w->n_items + 1, sizeof(*w->items));
	if (w->items == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < l->n_nodes; i++)
		w->items[i] = (struct item){.h = l->nodes[i].h, .layer = l->nodes[i].layer};
	for (size_t i = 0; i < l->n_edges && n_lanes > 0; i++) {
		struct layout_edge *e = &l->edges[i];

		e->n_lanes = lanes_of(l, e);
		e->lanes = arena_array(a, e->n_lanes + 1, sizeof(*e->lanes));
		if (e->lanes == NULL)
			return ERR_NOMEM;
		for (uint32_t k = 0; k < e->n_lanes; k++)
			w->items[next++] = (struct item){
				.h = LANE_HEIGHT, .layer = l->nodes[e->from].layer + 1 + k};
	}
	return 0;
}

/* Neighbours: an edge joins its ends by way of its lanes. */
static int make_neighbours(struct work *w, struct arena *a)
{
	struct layout *l = w->l;
	size_t room = l->n_edges + (w->n_items - l->n_nodes);
	uint32_t *left = arena_array(a, room + 1, sizeof(*left));
	uint32_t *right = arena_array(a, room + 1, sizeof(*right));
	uint32_t next = l->n_nodes;
	size_t n = 0;
	int r;

	if (left == NULL || right == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i < l->n_edges; i++) {
		const struct layout_edge *e = &l->edges[i];
		uint32_t at = e->from;

		if (l->nodes[e->to].layer <= l->nodes[e->from].layer)
			continue;
		for (size_t k = 0; k < e->n_lanes; k++) {
			left[n] = at;
			right[n++] = at = next++;
		}
		left[n] = at;
		right[n++] = e->to;
	}
	r = graph_edges_build(a, w->n_items, right, left, n, &w->side_offset[0], &w->side_list[0]);
	if (r == 0)
		r = graph_edges_build(
			a, w->n_items, left, right, n, &w->side_offset[1], &w->side_list[1]);
	return r;
}

/* Sorts the items into their layers, in the order in which they were made. */
static int make_layers(struct work *w, struct arena *a)
{
	struct layout *l = w->l;
	uint32_t *fill;

	for (uint32_t i = 0; i < w->n_items; i++)
		if (w->items[i].layer >= l->n_layers)
			l->n_layers = w->items[i].layer + 1;
	w->by_layer = arena_array(a, (size_t)w->n_items + 1, sizeof(*w->by_layer));
	w->layer_start = arena_array(a, (size_t)l->n_layers + 1, sizeof(*w->layer_start));
	fill = arena_array(a, (size_t)l->n_layers + 1, sizeof(*fill));
	l->layer_x = arena_array(a, (size_t)l->n_layers + 1, sizeof(*l->layer_x));
	l->layer_w = arena_array(a, (size_t)l->n_layers + 1, sizeof(*l->layer_w));
	if (w->by_layer == NULL || w->layer_start == NULL || fill == NULL || l->layer_x == NULL ||
		l->layer_w == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < w->n_items; i++)
		w->layer_start[w->items[i].layer + 1]++;
	for (uint32_t k = 0; k < l->n_layers; k++)
		w->layer_start[k + 1] += w->layer_start[k];
	for (uint32_t i = 0; i < w->n_items; i++) {
		struct item *it = &w->items[i];

		it->place = fill[it->layer]++;
		w->by_layer[w->layer_start[it->layer] + it->place] = i;
	}
	return 0;
}

/* N.B. qsort's callback has no context: the order is sorted as pairs of wish and item. */
struct wish {
	double value;
	uint32_t item, place;
};

static int by_wish(const void *a, const void *b)
{
	const struct wish *x = a;
	const struct wish *y = b;

	if (x->value < y->value || x->value > y->value)
		return x->value < y->value ? -1 : 1;
	return (x->place > y->place) - (x->place < y->place);
}

/* The mean over the neighbours on one side of their place, or of their middle; `own` where there
 * are none. */
static double mean(const struct work *w, uint32_t i, int side, bool is_place, double own)
{
	uint32_t first = w->side_offset[side][i];
	uint32_t last = w->side_offset[side][i + 1];
	double sum = 0;

	for (uint32_t k = first; k < last; k++) {
		const struct item *n = &w->items[w->side_list[side][k]];

		sum += is_place ? (double)n->place : n->y;
	}
	return first == last ? own : sum / (double)(last - first);
}

static void order_layer(struct work *w, uint32_t layer, int side, struct wish *wishes)
{
	uint32_t start = w->layer_start[layer];
	uint32_t n = w->layer_start[layer + 1] - start;

	for (uint32_t k = 0; k < n; k++) {
		uint32_t i = w->by_layer[start + k];

		wishes[k] = (struct wish){mean(w, i, side, true, (double)k), i, k};
	}
	qsort(wishes, n, sizeof(*wishes), by_wish);
	for (uint32_t k = 0; k < n; k++) {
		w->by_layer[start + k] = wishes[k].item;
		w->items[wishes[k].item].place = k;
	}
}

/* How far apart the middles of two neighbours of a layer must be. */
static double apart(const struct work *w, const struct item *a, const struct item *b)
{
	return (a->h + b->h) / 2 + w->l->node_gap;
}

/* Moves the items of a layer as near to their wishes as the order allows: the mean of pushing all
 * down and pushing all up, each of which keeps them apart. */
static void place_layer(struct work *w, uint32_t layer, int side)
{
	uint32_t start = w->layer_start[layer];
	uint32_t end = w->layer_start[layer + 1];
	struct item *before = NULL;

	for (uint32_t k = start; k < end; k++) {
		struct item *it = &w->items[w->by_layer[k]];

		it->wish = mean(w, w->by_layer[k], side, false,
			mean(w, w->by_layer[k], 1 - side, false, it->y));
		it->y = it->wish;
		if (before != NULL && it->y < before->y + apart(w, before, it))
			it->y = before->y + apart(w, before, it);
		before = it;
	}
	before = NULL;
	for (uint32_t k = end; k-- > start;) {
		struct item *it = &w->items[w->by_layer[k]];

		if (before != NULL && it->wish > before->wish - apart(w, it, before))
			it->wish = before->wish - apart(w, it, before);
		before = it;
	}
	for (uint32_t k = start; k < end; k++) {
		struct item *it = &w->items[w->by_layer[k]];

		it->y = (it->y + it->wish) / 2;
	}
}

/* Stacks each layer around the middle, to begin with. */
static void stack(struct work *w)
{
	for (uint32_t layer = 0; layer < w->l->n_layers; layer++) {
		double total = 0;
		double y = 0;

		for (uint32_t k = w->layer_start[layer]; k < w->layer_start[layer + 1]; k++)
			total += w->items[w->by_layer[k]].h + w->l->node_gap;
		for (uint32_t k = w->layer_start[layer]; k < w->layer_start[layer + 1]; k++) {
			struct item *it = &w->items[w->by_layer[k]];

			it->y = y + it->h / 2 - total / 2;
			y += it->h + w->l->node_gap;
		}
	}
}

/* Turns middles into corners, from 0, and gives the layers their x. */
static void finish(struct work *w)
{
	struct layout *l = w->l;
	double top = 0, bottom = 0, x = 0;
	uint32_t next = l->n_nodes;

	for (uint32_t i = 0; i < w->n_items; i++) {
		const struct item *it = &w->items[i];

		top = i == 0 || it->y - it->h / 2 < top ? it->y - it->h / 2 : top;
		bottom = i == 0 || it->y + it->h / 2 > bottom ? it->y + it->h / 2 : bottom;
	}
	l->height = bottom - top;
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		struct layout_node *n = &l->nodes[i];

		n->y = w->items[i].y - n->h / 2 - top;
		if (n->w > l->layer_w[n->layer])
			l->layer_w[n->layer] = n->w;
	}
	for (uint32_t k = 0; k < l->n_layers; k++) {
		l->layer_x[k] = x;
		x += l->layer_w[k] + l->layer_gap;
	}
	l->width = l->n_layers > 0 ? x - l->layer_gap : 0;
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		struct layout_node *n = &l->nodes[i];

		n->x = l->layer_x[n->layer] + (l->layer_w[n->layer] - n->w) / 2;
	}
	for (size_t i = 0; i < l->n_edges; i++)
		for (size_t k = 0; k < l->edges[i].n_lanes; k++)
			l->edges[i].lanes[k] = w->items[next++].y - top;
}

int layout_place(struct layout *l, struct arena *a)
{
	struct work w = {.l = l};
	struct wish *wishes;
	int r = make_items(&w, a);

	if (r == 0)
		r = make_neighbours(&w, a);
	if (r == 0)
		r = make_layers(&w, a);
	if (r != 0)
		return r;
	wishes = arena_array(a, (size_t)w.n_items + 1, sizeof(*wishes));
	if (wishes == NULL)
		return ERR_NOMEM;
	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (uint32_t k = 0; k < l->n_layers; k++)
			order_layer(
				&w, sweep % 2 == 0 ? k : l->n_layers - 1 - k, sweep % 2, wishes);
	stack(&w);
	for (int sweep = 0; sweep < SWEEPS; sweep++)
		for (uint32_t k = 0; k < l->n_layers; k++)
			place_layer(&w, sweep % 2 == 0 ? k : l->n_layers - 1 - k, sweep % 2);
	finish(&w);
	return 0;
}
