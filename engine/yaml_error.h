/* libyaml's errors as sentences. Private to engine/yaml_*.c. */
#ifndef ENGINE_YAML_ERROR_H
#define ENGINE_YAML_ERROR_H

#include <yaml.h>

struct diags;

/* Reports why the parser stopped, at the place where a person should look. */
void yaml_error_report(const yaml_parser_t *p, struct diags *diags);

#endif
