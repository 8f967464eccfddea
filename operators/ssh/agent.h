/*
 * An ssh-agent, spoken to over its socket without ever waiting: it may have to ask its user first.
 * One request is under way at a time; on_moved tells that its answer has come, or never will.
 */
#ifndef OPERATORS_SSH_AGENT_H
#define OPERATORS_SSH_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#define AGENT_ANSWER_MAX ((size_t)256 << 10) /* bytes, as OpenSSH's own agent has it */
#define AGENT_KEYS_MAX 1000

struct agent;

/* A key that the agent holds. */
struct agent_key {
	const unsigned char *blob; /* the public half, or a certificate, as the wire knows it */
	size_t len;
	const char *comment; /* printable */
};

enum agent_state {
	AGENT_WAITING, /* for an answer */
	AGENT_LISTED, /* its keys are there */
	AGENT_SIGNED, /* a signature is there */
	AGENT_REFUSED, /* it would not sign */
	AGENT_GONE /* it is not there, hung up or said what makes no sense */
};

/* Connects, and asks for the keys. NULL: no memory. */
struct agent *agent_open(uv_loop_t *loop, const char *path, void (*on_moved)(void *ctx), void *ctx);

/* No callback comes any more; it frees itself. NULL is fine. */
void agent_close(struct agent *a);

enum agent_state agent_state(const struct agent *a);

/* Its keys, once it has told them. */
const struct agent_key *agent_keys(const struct agent *a, size_t *n);

/* Asks for a signature of the bytes by a key; flags: of RSA, 2 for SHA-256, 4 for SHA-512. */
void agent_sign(
	struct agent *a, const struct agent_key *k, const void *bytes, size_t len, unsigned flags);

/* The signature, less the algorithm's name, and its end: another may be asked for then. */
void agent_signature_take(struct agent *a, const unsigned char **sig, size_t *len);

/* Forgets that it would not sign: another key may be asked of it. */
void agent_settle(struct agent *a);

#endif
