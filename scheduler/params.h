/* A run's parameters: what came with its trigger, checked against what the DAG declares. */
#ifndef SCHEDULER_PARAMS_H
#define SCHEDULER_PARAMS_H

struct arena;
struct dag;
struct err;
struct value;

/* Makes the map of all declared parameters: conf's member of that name, else the default. Other
 * members of conf are run.conf's alone. ERR_INVALID: conf is no map, a value is not one that the
 * parameter takes, or one without a default is missing; e names it. The values live where conf and
 * the DAG do, the map in the arena. */
int params_resolve(const struct dag *d, const struct value *conf, struct arena *a,
	struct value *out, struct err *e);

#endif
