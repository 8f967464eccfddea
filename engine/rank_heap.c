/* A binary heap whose nodes know their place. Invariant: at[node->place] == node for all in it. */
#include "engine/rank_heap.h"

#include <stdbool.h>
#include <stdlib.h>

#include "engine/err.h"

static bool is_before(const struct rank_node *a, const struct rank_node *b)
{
	return a->priority != b->priority ? a->priority > b->priority : a->arrival < b->arrival;
}

static void put(struct rank_heap *h, size_t place, struct rank_node *node)
{
	h->at[place] = node;
	node->place = place;
}

static void rise(struct rank_heap *h, struct rank_node *node)
{
	size_t i = node->place;

	while (i > 0 && is_before(node, h->at[(i - 1) / 2])) {
		put(h, i, h->at[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(h, i, node);
}

static void sink(struct rank_heap *h, struct rank_node *node)
{
	size_t i = node->place;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < h->n && is_before(h->at[child + 1], h->at[child]))
			child++;
		if (child >= h->n || !is_before(h->at[child], node))
			break;
		put(h, i, h->at[child]);
		i = child;
	}
	put(h, i, node);
}

int rank_heap_reserve(struct rank_heap *h, size_t n)
{
	size_t cap = h->cap < 8 ? 8 : h->cap;
	struct rank_node **at;

	if (n <= h->cap)
		return 0;
	while (cap < n)
		cap *= 2;
	if ((at = realloc(h->at, cap * sizeof(struct rank_node *))) == NULL)
		return ERR_NOMEM;
	h->at = at;
	h->cap = cap;
	return 0;
}

void rank_heap_add(struct rank_heap *h, struct rank_node *node)
{
	put(h, h->n++, node);
	rise(h, node);
}

void rank_heap_remove(struct rank_heap *h, struct rank_node *node)
{
	struct rank_node *last = h->at[--h->n];
	size_t place = node->place;

	node->place = RANK_NOWHERE;
	if (last == node)
		return;
	put(h, place, last);
	rank_heap_move(h, last);
}

void rank_heap_move(struct rank_heap *h, struct rank_node *node)
{
	rise(h, node);
	sink(h, node);
}

struct rank_node *rank_heap_top(const struct rank_heap *h)
{
	return h->n > 0 ? h->at[0] : NULL;
}

void rank_heap_free(struct rank_heap *h)
{
	free(h->at);
	*h = (struct rank_heap){0};
}
