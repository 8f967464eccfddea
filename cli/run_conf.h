/* What a person says of a run on the command line: --conf and --logical-date. */
#ifndef CLI_RUN_CONF_H
#define CLI_RUN_CONF_H

#include <stdint.h>

#include "scheduler/render.h"

#define RUN_CONF_ID_SIZE 64
#define RUN_CONF_MAX ((size_t)16 << 20) /* bytes of --conf */

struct run_conf {
	struct run_facts facts; /* of a manual run; what it points to is in here, or in the arena */
	char run_id[RUN_CONF_ID_SIZE]; /* manual__ and the time */
	int64_t now;
};

/* Reads both (date NULL: now) for a run of the DAG, and checks the parameters. Reports what is
 * wrong and returns EXIT_USAGE; EXIT_DONE. c must stay where it is. */
int run_conf_read(struct run_conf *c, const struct dag *d, struct arena *a, const char *conf,
	const char *date);

/* Reads --conf into the arena. Reports what is wrong and returns EXIT_USAGE; EXIT_DONE. */
int run_conf_parse(const char *text, struct arena *a, struct value *out);

#endif
