/*
 * Where a run's variables and connections come from: variables from the environment, then the
 * store; connections from wherever tasks find theirs.
 */
#ifndef SCHEDULER_STORED_SOURCE_H
#define SCHEDULER_STORED_SOURCE_H

#include "scheduler/render.h"

struct connection_source;
struct mask;
struct stored;

struct stored_source {
	struct render_source env; /* asked first */
	struct stored *stored;
	const struct connection_source *connections;
	struct mask *mask; /* learns each secret that is given out; NULL: nobody wants to know */
	bool hides_secrets; /* a secret variable is *** */
};

/* As a source; s and what it names must outlive it. */
struct render_source stored_source(struct stored_source *s);

#endif
