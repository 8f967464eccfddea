/*
 * The key that a host shows: asked for, spelled, and recorded where a person says that it is the
 * right one.
 */
#ifndef CLI_HOST_KEY_H
#define CLI_HOST_KEY_H

#include <stdbool.h>

#include "operators/ssh/call.h"

struct arena;
struct args;
struct lookup;

struct host_key {
	struct arena *arena; /* of secret memory: it holds the connection too */
	const char *id, *host; /* of the connection */
	bool is_stored; /* the connection: it can be given the key */
	int port;
	const char *type, *fingerprint, *line; /* line: `type base64` */
	struct ssh_call call; /* its key.code: 0 where the host key was known */
};

/* Asks the host of connection id for its key. Reports what goes wrong and returns an exit status.
 */
int host_key_ask(struct host_key *k, const struct lookup *l);
void host_key_free(struct host_key *k);

/* Records a key that is not known where --fingerprint, --yes or a person at the terminal says that
 * it is right: with a stored connection, else in known_hosts. *is_known: whether it is known now.
 * Reports and returns an exit status. */
int host_key_settle(const struct host_key *k, const struct args *args, bool *is_known);

/* The flags that host_key_settle() looks at. */
#define HOST_KEY_FLAGS                                                                             \
	{"fingerprint", 0, FLAG_TEXT, "SHA256:...", "record the host's key if it is this one"},    \
	{                                                                                          \
		"yes", 'y', FLAG_SWITCH, NULL, "record whatever key the host shows"                \
	}

#endif
