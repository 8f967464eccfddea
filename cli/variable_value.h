/* Variables as Airflow's JSON has them: a value by its key. */
#ifndef CLI_VARIABLE_VALUE_H
#define CLI_VARIABLE_VALUE_H

struct arena;
struct err;
struct store_variable;
struct value_pair;

/* Reads one member of an import. What comes out lives in the arena, or in the pair. ERR_INVALID,
 * ERR_LIMIT, ERR_NOMEM, each with a sentence that shows no value. */
int variable_from_value(
	struct arena *a, const struct value_pair *p, struct store_variable *out, struct err *e);

/* The way back: what is read of it is the same variable. ERR_NOMEM. */
int variable_to_value(struct arena *a, const struct store_variable *v, struct value_pair *out);

#endif
