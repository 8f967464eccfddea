/* What the readers of connections share. */
#ifndef STORE_CONNECTION_IMPL_H
#define STORE_CONNECTION_IMPL_H

#include "store/connection.h"

/* connection_uri.c */

/* Reads a URI into the arena; ERR_INVALID, ERR_NOMEM. */
int connection_from_uri(struct arena *a, const char *id, const char *text, size_t len,
	struct connection *out, struct err *e);

/* Reads a port from 1 to 65535; ERR_INVALID. */
int connection_port_read(const char *id, const char *text, int *port, struct err *e);

/* connection_extra.c */

/* Reads extra: an object, a string that holds one, or nothing, which becomes VALUE_NULL.
 * ERR_INVALID, ERR_NOMEM. */
int connection_extra_read(
	struct arena *a, const char *id, const struct value *v, struct value *out, struct err *e);

#endif
