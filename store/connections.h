/*
 * Where connections are found, in this order: the environment ($WINDROW_CONN_<ID>), the store, the
 * file connections.yaml in home.
 */
#ifndef STORE_CONNECTIONS_H
#define STORE_CONNECTIONS_H

#include "store/connection.h"

#define CONNECTIONS_FILE_NAME "connections.yaml"

struct connections;

/* Makes the chain. env is as environ(7), and home is windrow's; both must outlive it. stored may be
 * NULL: there is no store. ERR_NOMEM. */
int connections_create(char *const *env, const char *home, const struct connection_source *stored,
	struct connections **out, struct err *e);
void connections_destroy(struct connections *c);

/* The chain as one source. A connection that is nowhere is ERR_NOTFOUND, with a sentence that says
 * where it was looked for. It lives as long as the chain, and may be asked from one thread. */
const struct connection_source *connections_source(const struct connections *c);

#endif
