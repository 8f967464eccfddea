/* A YAML text as a value, for files that are no DAGs. */
#ifndef STORE_YAML_VALUE_H
#define STORE_YAML_VALUE_H

#include <stddef.h>

#include "engine/value.h"

/* Reads one document, called `name` in messages, into the arena; an empty one is null. ERR_INVALID
 * and a sentence with the place, that shows no value; ERR_NOMEM. */
int yaml_value_parse(struct arena *a, const char *name, const char *text, size_t len,
	struct value *out, struct err *e);

/* The same as nodes that know their places; NULL: the document is empty. The text must outlive
 * them. */
struct yaml_node;
int yaml_value_root(struct arena *a, const char *name, const char *text, size_t len,
	const struct yaml_node **root, struct err *e);

#endif
