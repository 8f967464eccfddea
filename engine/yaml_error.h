/* libyaml's errors as sentences. Private to engine/yaml_*.c. */
#ifndef ENGINE_YAML_ERROR_H
#define ENGINE_YAML_ERROR_H

#include <yaml.h>

#include <stdbool.h>

#include "engine/diag.h"

struct yaml_text;

/* The scalar in front of an error. */
struct yaml_quoted {
	bool is_quoted;
	struct pos start, end;
};

/* Reports why the parser stopped, at the place where a person should look. */
void yaml_error_report(const yaml_parser_t *p, struct yaml_text *t,
	const struct yaml_quoted *before, struct diags *diags);

#endif
