/* Conditions made of conditions, and what can be asked of one. */
#include <string.h>

#include "engine/arena.h"
#include "engine/cond_node.h"

struct cond *cond_join(struct arena *a, struct cond *first, struct cond *second)
{
	struct cond *c;
	struct cond_node *nodes;
	struct expr *exprs;

	if (first == NULL || second == NULL)
		return first == NULL ? second : first;
	c = arena_alloc(a, sizeof(*c));
	nodes = arena_array(a, 3, sizeof(*nodes));
	exprs = arena_array(a, first->n_exprs + second->n_exprs, sizeof(*exprs));
	if (c == NULL || nodes == NULL || exprs == NULL)
		return NULL;
	c->source = arena_printf(a, "(%s) and (%s)", first->source, second->source);
	if (c->source == NULL)
		return NULL;
	c->source_len = strlen(c->source);
	/* The roots are copied, for one condition may be joined into many. */
	nodes[1] = *first->root;
	nodes[2] = *second->root;
	nodes[1].next = &nodes[2];
	nodes[0] = (struct cond_node){
		.kind = COND_AND, .first = &nodes[1], .text = c->source, .len = c->source_len};
	c->root = &nodes[0];
	if (first->n_exprs != 0)
		memcpy(exprs, first->exprs, first->n_exprs * sizeof(*exprs));
	if (second->n_exprs != 0)
		memcpy(exprs + first->n_exprs, second->exprs, second->n_exprs * sizeof(*exprs));
	c->exprs = exprs;
	c->n_exprs = first->n_exprs + second->n_exprs;
	return c;
}

struct cond *cond_constant(struct arena *a, bool truth)
{
	struct cond *c = arena_alloc(a, sizeof(*c));
	struct cond_node *n = arena_alloc(a, sizeof(*n));

	if (c == NULL || n == NULL)
		return NULL;
	c->source = truth ? "true" : "false";
	c->source_len = strlen(c->source);
	*n = (struct cond_node){.kind = COND_LITERAL,
		.literal = value_bool(truth),
		.text = c->source,
		.len = c->source_len};
	c->root = n;
	return c;
}

const struct expr *cond_exprs(const struct cond *c, size_t *n)
{
	*n = c->n_exprs;
	return c->exprs;
}

const char *cond_source(const struct cond *c, size_t *len)
{
	*len = c->source_len;
	return c->source;
}
