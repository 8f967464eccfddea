/*
 * What a template is made of. Private to engine/template.c, which compiles, and template_render.c.
 *
 * Invariants: no two literal pieces are neighbours; a template that renders for a shell and holds
 * expressions has a plan, whose holes come in the expressions' order.
 */
#ifndef ENGINE_TEMPLATE_IMPL_H
#define ENGINE_TEMPLATE_IMPL_H

#include "engine/template.h"

struct piece {
	const char *text; /* NULL: the next expression */
	size_t len;
};

struct template
{
	const char *source;
	size_t source_len;
	const struct piece *pieces; /* NULL where there is a plan, which knows them */
	size_t n_pieces;
	const struct expr *exprs;
	size_t n_exprs;
	const struct sh_plan *plan; /* NULL: values go in as they are */
};

#endif
