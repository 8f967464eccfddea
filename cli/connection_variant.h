/*
 * A connection in another shape than it is kept in: with some of its ways to log in, or with none.
 * Those that it jumps through stay as they are.
 */
#ifndef CLI_CONNECTION_VARIANT_H
#define CLI_CONNECTION_VARIANT_H

#include <stdbool.h>

#include "store/connection.h"

struct connection_variant {
	const struct connection_source *all; /* where it is found */
	const char *id; /* its own */
	const char *password; /* in the place of its own; NULL: none */
	bool has_keys; /* those that it names, and the usual ones */
};

/* As a source; the variant must outlive it. */
struct connection_source connection_variant_source(struct connection_variant *v);

#endif
