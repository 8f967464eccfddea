/* The JSON Schema of the DAG language, for editors: made of the tables of engine/keys.h. */
#ifndef ENGINE_SCHEMA_H
#define ENGINE_SCHEMA_H

#include <stddef.h>

struct buf;
struct op_spec;

/* Adds the schema (draft-07, which editors know best) of a DAG document with these operators, as
 * indented JSON and a newline. Failure sticks in out. */
void schema_print(struct buf *out, const struct op_spec *const *ops, size_t n_ops);

#endif
