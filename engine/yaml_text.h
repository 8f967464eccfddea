/* What engine/yaml_text.c and engine/yaml_tree.c share of a text. */
#ifndef ENGINE_YAML_TEXT_H
#define ENGINE_YAML_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct yaml_text {
	const char *bytes; /* behind a byte order mark */
	size_t len;
	size_t n_chars;
	const uint32_t *offsets; /* the byte of every STRIDE-th character; NULL where is_ascii */
	bool is_ascii;
};

#endif
