/* What a run by hand is told: parameters, checked against what the DAG declares, and its dates. */
#ifndef SCHEDULER_PARAMS_H
#define SCHEDULER_PARAMS_H

#include <stdint.h>

struct arena;
struct dag;
struct err;
struct run_facts;
struct value;

/* Makes the map of all declared parameters: conf's member of that name, else the default. Other
 * members of conf are run.conf's alone. ERR_INVALID: conf is no map, a value is not one that the
 * parameter takes, or one without a default is missing; e names it. The values live where conf and
 * the DAG do, the map in the arena. */
int params_resolve(const struct dag *d, const struct value *conf, struct arena *a,
	struct value *out, struct err *e);

/* Sets the logical date of a run by hand (date, in the DAG's zone where it says none; NULL: now)
 * and its data interval, the last one that is complete by then; without a schedule it has no
 * length. ERR_INVALID with a sentence. */
int params_dates_set(
	const struct dag *d, const char *date, int64_t now, struct run_facts *out, struct err *e);

#endif
