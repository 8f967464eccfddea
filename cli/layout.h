/*
 * Places the boxes of a layered graph: layers from left to right, boxes of a layer below one
 * another, in an order that keeps edges short and lets few of them cross. An edge that passes over
 * layers gets a lane of its own through each, so that it never runs behind a box.
 */
#ifndef CLI_LAYOUT_H
#define CLI_LAYOUT_H

#include <stddef.h>
#include <stdint.h>

struct arena;

#define LAYOUT_LANES_MAX 50000 /* lanes of long edges; past it they run straight */

struct layout_node {
	double w, h; /* in */
	uint32_t layer; /* in */
	double x, y; /* out: its upper left corner */
};

struct layout_edge {
	uint32_t from, to; /* in: nodes; placed where the layer of `to` is the greater one */
	double *lanes; /* out: y in each layer that it passes, from layer(from) + 1 */
	size_t n_lanes;
};

struct layout {
	struct layout_node *nodes;
	uint32_t n_nodes;
	struct layout_edge *edges;
	size_t n_edges;
	double node_gap, layer_gap; /* in: between boxes of a layer, between layers */
	double width, height; /* out */
	double *layer_x, *layer_w; /* out: by layer */
	uint32_t n_layers; /* out */
};

/* Places all; what comes out lives in the arena. 0 or ERR_NOMEM. */
int layout_place(struct layout *l, struct arena *a);

#endif
