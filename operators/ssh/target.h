/*
 * A target: everything that is needed to reach and enter one account on one machine, worked out
 * beforehand from a connection, so that the transport reads no file and asks no store.
 */
#ifndef OPERATORS_SSH_TARGET_H
#define OPERATORS_SSH_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"

/* One private key. */
struct ssh_target_key {
	const char *bytes;
	size_t len;
	const char *passphrase; /* NULL: none */
	const char *what; /* for messages: "keypair deploy", "/home/ann/.ssh/id_ed25519" */
	bool is_wanted; /* the connection names it; else it lay in a usual place */
	const char *certificate; /* the line of its certificate; NULL: it has none */
	const char *certificate_what;
};

/* What a host's key is to us. */
enum ssh_host_finding {
	SSH_HOST_TRUSTED,
	SSH_HOST_UNKNOWN, /* nothing is known of the host */
	SSH_HOST_CHANGED, /* another key is known */
	SSH_HOST_NOT_PINNED, /* it is not the host_key of the connection */
	SSH_HOST_REVOKED
};

struct ssh_host_verdict {
	enum ssh_host_finding finding;
	bool is_warning; /* it is trusted, but a person should read why */
	char text[640]; /* what was found */
	char advice[512]; /* what to do about it; "" where it is trusted, or nothing can be done */
};

/* Says whether a host may be trusted. Runs on a transport thread: it may read ctx alone, which must
 * not change. 0, ERR_DENIED, or ERR_IO where a key could not be recorded; *out is always filled in.
 */
typedef int ssh_host_check(void *ctx, const char *host, int port, const unsigned char *key,
	size_t len, struct ssh_host_verdict *out);

/* Kinds of algorithms. */
enum ssh_algorithm {
	SSH_ALGORITHM_KEX,
	SSH_ALGORITHM_HOST_KEYS,
	SSH_ALGORITHM_USER_KEYS,
	SSH_ALGORITHM_CIPHERS,
	SSH_ALGORITHM_MACS,
	SSH_ALGORITHM_COMPRESSION,
	SSH_ALGORITHM_COUNT
};

struct ssh_target {
	int references; /* atomic */
	/* Frees the target and what it points to; called by the last ssh_target_release(). */
	void (*destroy)(struct ssh_target *t);

	const char *conn_id; /* for messages */
	const char *identity; /* targets with equal identities share connections */
	const char *host;
	int port;
	const char *place; /* both, for messages: db1:22, [::1]:22 */
	const char *login;
	const char *password; /* NULL: none */
	const char *agent_path; /* the socket of an ssh-agent; NULL: none is asked */
	const struct ssh_target_key *keys;
	size_t n_keys;
	ssh_host_check *host_check;
	void *host_ctx;
	const char *host_key_types; /* asked for, best first; NULL: libssh2's own list */
	const char *ciphers; /* NULL: libssh2's own list */
	const char *disabled[SSH_ALGORITHM_COUNT]; /* names, commas between them; NULL: none */
	bool compress;
	unsigned conn_timeout_ms;
	int64_t cmd_timeout_ms; /* of tasks that say nothing of it; 0: none */
	unsigned keepalive_s; /* 0: none */
	unsigned max_sessions; /* channels on one connection; 0: found out by trying */
	struct ssh_target *jump; /* go through this one; NULL: straight */
	const char *proxy_command; /* NULL: none */
	bool has_sh; /* atomic: the login shell is known to be /bin/sh itself */
};

/* References are counted across threads. */
void ssh_target_hold(struct ssh_target *t);
void ssh_target_release(struct ssh_target *t);

/* What is learned of the login shell, by any thread. */
void ssh_target_sh_set(struct ssh_target *t);
bool ssh_target_has_sh(const struct ssh_target *t);

#endif
