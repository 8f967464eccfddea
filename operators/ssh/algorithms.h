/*
 * Which algorithms a connection offers: libssh2's own, or those that the connection names, less
 * those that it disables (`disabled_algorithms`, kinds and names as paramiko has them).
 */
#ifndef OPERATORS_SSH_ALGORITHMS_H
#define OPERATORS_SSH_ALGORITHMS_H

#include <libssh2.h>
#include <stdbool.h>
#include <stddef.h>

struct arena;
struct connection;
struct err;
struct ssh_target;

/* Reads ciphers of a connection into the target, and disabled_algorithms: {"kex": ["..."], ...}.
 * ERR_INVALID with what would be right; ERR_NOMEM. */
int algorithms_read(
	struct arena *a, const struct connection *c, struct ssh_target *t, struct err *e);

/* Sets what a session offers. ERR_UNSUPPORTED: nothing would be left of a kind. */
int algorithms_apply(LIBSSH2_SESSION *ssh2, const struct ssh_target *t, struct err *e);

/* Whether keys of this type ("ssh-ed25519") are not to be offered. */
bool algorithms_is_key_disabled(const struct ssh_target *t, const void *type, size_t len);

#endif
