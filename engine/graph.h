/* Graphs of numbered nodes: order and cycles. Linear in nodes and edges. */
#ifndef ENGINE_GRAPH_H
#define ENGINE_GRAPH_H

#include <stddef.h>
#include <stdint.h>

struct arena;

/* Turns n_edges pairs from[i] -> to[i] (duplicates allowed) into CSR lists, sorted and without
 * duplicates, in the arena: offset has n + 1 entries. ERR_NOMEM. */
int graph_edges_build(struct arena *a, uint32_t n, const uint32_t *from, const uint32_t *to,
	size_t n_edges, const uint32_t **offset, const uint32_t **list);

/* The same edges from their other end, of lists that graph_edges_build() made. ERR_NOMEM. */
int graph_edges_turn(struct arena *a, uint32_t n, const uint32_t *offset, const uint32_t *list,
	const uint32_t **turned_offset, const uint32_t **turned_list);

/* A topological order of n nodes, stable: nodes come in their own order, each right behind those of
 * its upstream that stand further down. The lists are as graph_edges_build makes them. 0 and *order
 * with n entries; ERR_INVALID where there is a cycle, whose nodes then are *order, in their order
 * along the edges, and whose length is *n_cycle; ERR_NOMEM. */
int graph_order(struct arena *a, uint32_t n, const uint32_t *up_offset, const uint32_t *up_list,
	const uint32_t **order, size_t *n_cycle);

#endif
