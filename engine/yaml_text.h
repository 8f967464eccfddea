/* What engine/yaml_text.c and engine/yaml_tree.c share of a text. */
#ifndef ENGINE_YAML_TEXT_H
#define ENGINE_YAML_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct arena;

struct yaml_text {
	const char *bytes; /* behind a byte order mark */
	size_t len;
	struct arena *arena;
	size_t n_chars;
	const uint32_t *offsets; /* the byte of every STRIDE-th character; NULL: not made yet */
};

#endif
