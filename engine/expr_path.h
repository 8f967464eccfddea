/* Reading the parts of an expression, before anyone asks what they mean. Private to engine/expr.c.
 */
#ifndef ENGINE_EXPR_PATH_H
#define ENGINE_EXPR_PATH_H

#include "engine/err.h"
#include "engine/expr.h"

struct path {
	struct arena *a;
	const struct expr_scope *scope;
	size_t *where; /* EXPR_WHOLE, or the byte that is wrong, once a function has failed */
	struct err *e; /* never NULL */
	const char *text; /* of the whole expression; lives in the arena */
	size_t len;
	size_t at; /* how far it has been read */
	struct expr_step steps[EXPR_STEPS_MAX]; /* all segments, the root's among them */
	size_t n;
};

/* Reads the path at p->at: at least one name. 0, ERR_INVALID, ERR_LIMIT, ERR_NOMEM. */
int path_read(struct path *p);

/* Reads the filters behind it, to the text's end, into x. The same. */
int path_filters_read(struct path *p, struct expr *x);

#endif
