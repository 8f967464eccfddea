/*
 * A heap of things that stand in line: the higher priority first, then who came first. Things carry
 * their node in themselves, and can be taken out or moved wherever they are, in O(log n).
 */
#ifndef ENGINE_RANK_HEAP_H
#define ENGINE_RANK_HEAP_H

#include <stddef.h>
#include <stdint.h>

#define RANK_NOWHERE SIZE_MAX /* the place of a node that is in no heap */

struct rank_node {
	size_t place;
	uint64_t arrival;
	int32_t priority;
};

/* Starts zeroed; its nodes are the caller's. */
struct rank_heap {
	struct rank_node **at;
	size_t n, cap;
};

/* Makes room for n nodes, so that rank_heap_add() up to that number cannot fail. ERR_NOMEM. */
int rank_heap_reserve(struct rank_heap *h, size_t n);

/* Adds a node that is in no heap. There must be room. */
void rank_heap_add(struct rank_heap *h, struct rank_node *node);

/* Takes a node out, which must be in h. */
void rank_heap_remove(struct rank_heap *h, struct rank_node *node);

/* Puts a node right whose rank was changed. */
void rank_heap_move(struct rank_heap *h, struct rank_node *node);

/* The first, or NULL. */
struct rank_node *rank_heap_top(const struct rank_heap *h);

/* Frees what the heap has allocated. */
void rank_heap_free(struct rank_heap *h);

#endif
