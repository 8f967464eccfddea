/*
 * Connections: named ways to a machine. What a person may write, as Airflow takes it: a URI, or
 * JSON.
 */
#ifndef STORE_CONNECTION_H
#define STORE_CONNECTION_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/value.h"

#define CONNECTION_TEXT_MAX ((size_t)1 << 20) /* bytes of a URI or JSON text */
#define CONNECTION_ID_MAX 250 /* bytes of a connection's id */

struct arena;
struct err;

struct connection {
	const char *id;
	const char *type; /* "ssh"; "" where none was said */
	const char *host, *login, *schema; /* NULL where none was said */
	const char *password; /* a secret; NULL: none */
	const char *description; /* or NULL */
	int port; /* 0: none */
	struct value extra; /* an object, or VALUE_NULL */
	const char *origin; /* where it was found, for messages */
	bool is_stored; /* in the store, where it can be changed */
};

/* Reads a URI (ssh://login:password@host:port/?key=value) or a JSON object into the arena.
 * ERR_INVALID, ERR_LIMIT with a sentence that never shows the text, since it may hold secrets. */
int connection_parse(struct arena *a, const char *id, const char *text, size_t len,
	struct connection *out, struct err *e);

/* The same from an object that was read already. */
int connection_from_value(struct arena *a, const char *id, const struct value *object,
	struct connection *out, struct err *e);

/* A copy of it in another arena. ERR_NOMEM. */
int connection_copy(struct arena *a, const struct connection *c, struct connection *out);

/* Whether a connection can have this id: letters, digits and _-.:/\\#!() as Airflow allows, at most
 * CONNECTION_ID_MAX bytes, and no # at its beginning. ERR_INVALID. */
int connection_id_check(const char *id, struct err *e);

/* Whether it is none of Airflow's variables, AIRFLOW_CONN_<ID>, as files have them for ids. */
int connection_id_variable(const char *id, struct err *e);

/* Checks `extra` of an SSH connection: an unknown key is refused with the nearest right one, and a
 * value that is none for its key with what would be one. */
int connection_check(const struct connection *c, struct err *e);

/* Whether it is of type ssh or sftp, in capitals or not. */
bool connection_is_ssh(const struct connection *c);

/* Whether extra of an SSH connection has such a key. */
bool connection_extra_is_key(const char *key);

/* A member of extra as text; NULL where it is not there, or, as arena_is_short() tells, there is no
 * memory for it. Numbers and booleans come as spelled. */
const char *connection_extra_text(struct arena *a, const struct connection *c, const char *key);

/* A member that says yes or no, as Airflow reads it: true, "true", "yes", "1". */
bool connection_extra_bool(const struct connection *c, const char *key);

/* Where connections are found by their ids, and the private keys of the keypairs that they name.
 * What comes out lives in the arena, which should be of secret memory. ERR_NOTFOUND, with a
 * sentence. */
struct connection_source {
	void *ctx;
	int (*find)(
		void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e);
	/* NULL: there are no keypairs. The key has a NUL behind it. */
	int (*keypair)(void *ctx, struct arena *a, const char *name, const char **key, size_t *len,
		struct err *e);
};

#endif
