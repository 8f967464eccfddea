/*
 * The private keys of a target, opened. Opening may take a while, as a passphrase's derivation is
 * slow on purpose: it is done on a thread of libuv's pool, once for all connections to the target.
 */
#ifndef OPERATORS_SSH_KEYRING_H
#define OPERATORS_SSH_KEYRING_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/target.h"

struct ssh_key;

/* What is offered to a server: a key, or a certificate of it. */
struct keyring_item {
	struct ssh_key *key; /* a certificate's is its key's. NULL: it could not be opened, and
				problem says why */
	struct buf blob; /* the public half, or the certificate, as the wire knows it */
	const char *what; /* the target's */
	bool is_certificate;
	struct err problem;
};

struct keyring {
	struct keyring_item *items;
	size_t n;
};

/* Opens all keys of a target, in its order, a certificate before its key. Fails with the first that
 * a connection names and that cannot be used; of those that were only looked for in the usual
 * places that is kept. ERR_INVALID, ERR_DENIED, ERR_UNSUPPORTED, ERR_LIMIT, ERR_NOMEM. */
int keyring_open(const struct ssh_target *t, struct keyring **out, struct err *e);
void keyring_destroy(struct keyring *k);

#endif
