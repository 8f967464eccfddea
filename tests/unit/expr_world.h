/*
 * A small world for tests of expressions: the tasks Dump.pg_dump, Check.size, Check.skipped and
 * Check.each (one's own stage is Check), the parameters database, keep, list, empty and nothing,
 * and fixed values for everything that an expression can name.
 */
#ifndef TESTS_UNIT_EXPR_WORLD_H
#define TESTS_UNIT_EXPR_WORLD_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/expr.h"

/* The names that exist, inside of a for_each or not. */
const struct expr_scope *world_scope(bool has_item);

/* What they give. */
const struct expr_env *world_env(void);

#endif
