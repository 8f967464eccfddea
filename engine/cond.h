/* Conditions, as `when:` takes them: == != < <= > >= in, not in, and, or, not, parentheses, over
 * expressions and literals. Compiled when the DAG loads. */
#ifndef ENGINE_COND_H
#define ENGINE_COND_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/expr.h"
#include "engine/template.h"

#define COND_LENGTH_MAX 65536 /* bytes of one condition */
#define COND_DEPTH_MAX 100 /* how deep parentheses and `not` may nest */

struct cond;

/* Compiles text into the arena. 0, ERR_INVALID (reported), ERR_NOMEM. scan: see template.h. */
int cond_compile(struct arena *a, struct scan *scan, const char *text, size_t len,
	const struct expr_scope *scope, const struct template_report *report, struct cond **out);

/* A condition that holds where both do, the first being asked first; either may be NULL and counts
 * as true then. NULL only where memory is short, or both are. */
struct cond *cond_join(struct arena *a, struct cond *first, struct cond *second);

/* A condition that is always true or always false, for `when: false`. NULL: no memory. */
struct cond *cond_constant(struct arena *a, bool truth);

/* The expressions of a condition in order. */
const struct expr *cond_exprs(const struct cond *c, size_t *n);
const char *cond_source(const struct cond *c, size_t *len);

/* Evaluates. On failure e says which part and why. */
int cond_eval(const struct cond *c, const struct expr_env *env, bool *truth, struct err *e);

#endif
