/* Order and cycles of graphs. */
#include "engine/graph.h"

#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "tests/unit/tap.h"

#define DEEP 1000000

/* Orders n nodes with edges written as "0>1 2>1", and writes what came as "0 2 1" or "cycle: 0 1".
 */
static const char *order(uint32_t n, const char *edges)
{
	static char text[256];
	uint32_t from[32], to[32];
	const uint32_t *offset, *list, *out;
	struct arena *a = arena_create(0);
	size_t n_edges = 0, len = 0, n_out = n;
	int used;

	while (sscanf(edges, " %u>%u%n", &from[n_edges], &to[n_edges], &used) == 2) {
		edges += used;
		n_edges++;
	}
	text[0] = '\0';
	if (graph_edges_build(a, n, to, from, n_edges, &offset, &list) != 0)
		return "no edges";
	if (graph_order(a, n, offset, list, &out, &n_out) == ERR_INVALID)
		len = (size_t)snprintf(text, sizeof(text), "cycle: ");
	for (size_t i = 0; i < n_out; i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "%s%u", i > 0 ? " " : "", out[i]);
	arena_destroy(a);
	return text;
}

static void test_edges(void)
{
	const uint32_t from[] = {2, 0, 2, 2, 0}, to[] = {1, 2, 0, 1, 1};
	const uint32_t *offset, *list;
	struct arena *a = arena_create(0);

	IS_INT(graph_edges_build(a, 3, from, to, 5, &offset, &list), 0, "edges are sorted");
	IS_INT(offset[3], 4, "what comes twice counts once");
	OK(offset[1] == 2 && list[0] == 1 && list[1] == 2, "the first node has two, in order");
	OK(offset[2] == 2, "the second has none");
	OK(list[2] == 0 && list[3] == 1, "the third has two");
	IS_INT(graph_edges_turn(a, 3, offset, list, &offset, &list), 0, "turned round");
	OK(offset[1] == 1 && list[0] == 2, "the first is reached by the third");
	OK(offset[2] == 3 && list[1] == 0 && list[2] == 2, "the second by both, in order");
	OK(offset[3] == 4 && list[3] == 0, "the third by the first");
	arena_destroy(a);
}

static void test_deep(void)
{
	uint32_t *from = calloc(DEEP, sizeof(*from)), *to = calloc(DEEP, sizeof(*to));
	const uint32_t *offset, *list, *out;
	struct arena *a = arena_create(0);
	size_t n_cycle;

	for (uint32_t i = 0; i + 1 < DEEP; i++) {
		from[i] = i; /* its upstream is the next, so that the walk goes to the bottom */
		to[i] = i + 1;
	}
	OK(graph_edges_build(a, DEEP, from, to, DEEP - 1, &offset, &list) == 0 &&
			graph_order(a, DEEP, offset, list, &out, &n_cycle) == 0 &&
			out[0] == DEEP - 1 && out[DEEP - 1] == 0,
		"a chain of a million is ordered without a deep stack");
	arena_destroy(a);
	free(from);
	free(to);
}

static void test_memory(void)
{
	const uint32_t from[] = {0}, to[] = {1};
	const uint32_t *offset, *list, *out;
	struct arena *small = arena_create(16);
	struct arena *a = arena_create(0);
	size_t n_cycle;

	IS_INT(graph_edges_build(small, 2, from, to, 1, &offset, &list), ERR_NOMEM,
		"no room for the edges is told");
	IS_INT(graph_edges_build(a, 2, from, to, 1, &offset, &list), 0, "there is room here");
	arena_destroy(small);
	small = arena_create(1);
	IS_INT(graph_order(small, 2, offset, list, &out, &n_cycle), ERR_NOMEM,
		"no room for the order is told");
	arena_destroy(small);
	arena_destroy(a);
}

int main(void)
{
	IS_STR(order(3, ""), "0 1 2", "without edges nodes keep their order");
	IS_STR(order(3, "2>0"), "2 0 1", "a node comes right behind what it needs");
	IS_STR(order(4, "3>1 2>0"), "2 0 3 1", "each of them");
	IS_STR(order(4, "1>0 2>1 3>2"), "3 2 1 0", "a chain backwards");
	IS_STR(order(4, "0>1 0>2 1>3 2>3"), "0 1 2 3", "a diamond");
	IS_STR(order(2, "0>1 1>0"), "cycle: 0 1", "two in a cycle");
	IS_STR(order(1, "0>0"), "cycle: 0", "one that waits for itself");
	IS_STR(order(5, "4>3 3>1 1>4 0>1 4>2"), "cycle: 1 4 3",
		"a cycle along its edges, lowest first");
	IS_STR(order(0, ""), "", "nothing has an order too");
	test_edges();
	test_deep();
	test_memory();
	return tap_done();
}
