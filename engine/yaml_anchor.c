/* The anchors of one document: names, and the nodes that they stand for. */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "engine/yaml_parts.h"

static int reserve(struct yaml_anchors *x)
{
	size_t cap = x->cap == 0 ? 64 : x->cap * 2;
	struct yaml_node **list;

	if (x->n < x->cap)
		return 0;
	list = realloc(x->list, cap * sizeof(*list));
	if (list == NULL)
		return ERR_NOMEM;
	x->list = list;
	x->cap = cap;
	return 0;
}

int yaml_anchor_add(
	struct yaml_anchors *x, struct arena *a, const char *name, struct yaml_node *node)
{
	size_t len = strlen(name);
	uint32_t known;
	char *copy;

	if (x->names == NULL && (x->names = strmap_create(0)) == NULL)
		return ERR_NOMEM;
	known = strmap_find(x->names, name, len);
	if (known != STRMAP_NONE) {
		x->list[known] = node;
		return 0;
	}
	copy = arena_memdup(a, name, len);
	if (copy == NULL || reserve(x) != 0)
		return ERR_NOMEM;
	x->list[x->n] = node;
	return strmap_add(x->names, copy, len, (uint32_t)x->n++);
}

struct yaml_node *yaml_anchor_find(const struct yaml_anchors *x, const char *name)
{
	uint32_t known = x->names == NULL ? STRMAP_NONE : strmap_find(x->names, name, strlen(name));

	return known == STRMAP_NONE ? NULL : x->list[known];
}

void yaml_anchors_free(struct yaml_anchors *x)
{
	strmap_destroy(x->names);
	free(x->list);
	memset(x, 0, sizeof(*x));
}
