/*
 * Files of connections: what Airflow's `connections export` writes as JSON, YAML or env, and
 * connections.yaml in home. A connection is a URI, or an object of its parts; one object or YAML
 * map holds them by their ids, and an env file has a line `ID=URI` or `ID=JSON` for each.
 */
#ifndef STORE_CONNECTION_FILE_H
#define STORE_CONNECTION_FILE_H

#include <stddef.h>

#include "store/store.h"

#define CONNECTION_FILE_MAX ((size_t)16 << 20) /* bytes of a file */

enum connection_format { CONNECTION_JSON, CONNECTION_YAML, CONNECTION_ENV };

/* What the file's name says (.json, .yaml, .yml, .env); where it says nothing, what the text looks
 * like. */
enum connection_format connection_format_of(const char *path, const char *text, size_t len);

/* What a file says of a connection. */
struct connection_entry {
	struct connection said;
	size_t line; /* of an env file; 0: the id tells the place */
	const char
		*fault; /* why it is no connection, a sentence that shows no value; NULL: it is */
};

/* Notes why an entry is no connection, where r is ERR_INVALID or ERR_LIMIT and e says so: 0. Any
 * other r is returned; ERR_NOMEM. */
int connection_entry_refuse(struct arena *a, struct connection_entry *x, int r, struct err *e);

/* Reads all connections of a text called `name` into the arena, in their order; the id of one that
 * is none may be "". ERR_INVALID and a sentence that shows no value: the text is no such file;
 * ERR_NOMEM. */
int connection_file_read(struct arena *a, const char *name, enum connection_format format,
	const char *text, size_t len, struct connection_entry **out, size_t *n, struct err *e);

/* Adds the connections as such a file to out, an object each. Failure sticks in out; ERR_NOMEM. */
int connection_file_write(struct arena *a, enum connection_format format,
	const struct connection *list, size_t n, struct buf *out);

#endif
