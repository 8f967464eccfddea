/* What engine/yaml_text.c and engine/yaml_tree.c share of a text. */
#ifndef ENGINE_YAML_TEXT_H
#define ENGINE_YAML_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "engine/diag.h"

struct arena;

/* How far a scalar's value was followed in its source. */
struct yaml_place {
	const char *value; /* the scalar's; NULL: none was followed yet */
	size_t start; /* of its source */
	size_t at, solid; /* bytes of the value, and the characters in them that are not blank */
	size_t byte; /* of the text, behind the last of these */
	struct pos pos;
};

struct yaml_text {
	const char *bytes; /* behind a byte order mark */
	size_t len;
	struct arena *arena;
	size_t n_chars;
	const uint32_t *offsets; /* the byte of every STRIDE-th character; NULL: not made yet */
	struct yaml_place last; /* problems of a value are told in its order */
};

#endif
