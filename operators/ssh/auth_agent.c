/*
 * Authentication with the keys of an ssh-agent, one after the other. libssh2 asks for a signature
 * as of any key; until the agent has made it, it is told to ask again.
 */
#include <stdlib.h>
#include <string.h>

#include "operators/ssh/agent.h"
#include "operators/ssh/auth_impl.h"

#define SIGN_SHA256 2u /* flags of the agent's protocol */
#define SIGN_SHA512 4u

static void on_moved(void *ctx)
{
	session_wake(ctx);
}

void auth_agent_free(struct auth *a)
{
	agent_close(a->agent);
	a->agent = NULL;
}

bool auth_waits_for_agent(const struct session *s)
{
	return s->auth != NULL && s->auth->agent != NULL &&
		agent_state(s->auth->agent) == AGENT_WAITING;
}

/* Whether the agent's keys are there: 0, ERR_AGAIN, or ERR_NOTFOUND, and noted as tried. */
static int agent_ready(struct session *s)
{
	struct auth *a = s->auth;
	size_t n;

	if (a->agent == NULL)
		a->agent = agent_open(&s->lane->loop, s->endpoint->target->agent_path, on_moved, s);
	if (a->agent == NULL || agent_state(a->agent) == AGENT_GONE) {
		auth_tried_add(a, "ssh-agent (it does not answer)");
		return ERR_NOTFOUND;
	}
	(void)agent_keys(a->agent, &n);
	if (agent_state(a->agent) == AGENT_WAITING && a->agent_key == 0 && n == 0)
		return ERR_AGAIN;
	if (n == 0)
		auth_tried_add(a, "ssh-agent (it has no keys)");
	return a->agent_key < n ? 0 : ERR_NOTFOUND;
}

/* How libssh2 gets its signature. */
static int on_sign(LIBSSH2_SESSION *ssh2, unsigned char **sig, size_t *sig_len,
	const unsigned char *data, size_t len, void **abstract)
{
	struct auth *a = *abstract;
	struct key_bytes algorithm = auth_algorithm_of(data, len);
	const struct agent_key *keys;
	const unsigned char *made;
	size_t n;

	switch (agent_state(a->agent)) {
	case AGENT_WAITING:
		return LIBSSH2_ERROR_EAGAIN;
	case AGENT_LISTED:
		keys = agent_keys(a->agent, &n);
		agent_sign(a->agent, &keys[a->agent_key], data, len,
			memmem(algorithm.at, algorithm.len, "rsa-sha2-512", 12) != NULL
				? SIGN_SHA512
				: memmem(algorithm.at, algorithm.len, "rsa-sha2-256", 12) != NULL
				? SIGN_SHA256
				: 0);
		return agent_state(a->agent) == AGENT_WAITING ? LIBSSH2_ERROR_EAGAIN : -1;
	case AGENT_SIGNED:
		agent_signature_take(a->agent, &made, sig_len);
		*sig = auth_bytes_give(ssh2, made, *sig_len);
		return *sig == NULL ? -1 : 0;
	case AGENT_REFUSED:
	case AGENT_GONE:
		break;
	}
	return -1;
}

int auth_agent_try(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	struct auth *a = s->auth;
	const struct agent_key *keys;
	void *abstract = a;
	char what[256];
	size_t n;
	int r = t->agent_path == NULL || !auth_is_offered(a, "publickey") ? ERR_NOTFOUND
									  : agent_ready(s);

	if (r == ERR_NOTFOUND) {
		a->at++;
		return 0;
	}
	if (r == ERR_AGAIN)
		return auth_is_hang_up(s, r) ? auth_hung_up(s, e) : r;
	keys = agent_keys(a->agent, &n);
	r = libssh2_userauth_publickey(s->ssh2, t->login, keys[a->agent_key].blob,
		keys[a->agent_key].len, on_sign, &abstract);
	if (r == LIBSSH2_ERROR_EAGAIN && agent_state(a->agent) == AGENT_WAITING &&
		auth_is_hang_up(s, r))
		return auth_hung_up(s, e);
	if (r == LIBSSH2_ERROR_EAGAIN)
		return ERR_AGAIN;
	(void)snprintf(what, sizeof(what), "ssh-agent's key %.200s", keys[a->agent_key].comment);
	if (r == 0) {
		session_note(s, SSH_STAGE_AUTH, false,
			"Authentication (publickey) successful! Key: %s", what);
		return 0;
	}
	if (agent_state(a->agent) != AGENT_REFUSED && agent_state(a->agent) != AGENT_GONE &&
		auth_is_hang_up(s, r))
		return auth_hung_up(s, e);
	auth_tried_add(a, what);
	if (agent_state(a->agent) == AGENT_REFUSED)
		buf_adds(&a->tried, " (the agent would not sign)");
	else if (r == LIBSSH2_ERROR_PUBLICKEY_UNVERIFIED && agent_state(a->agent) != AGENT_GONE)
		auth_more_wanted(a, METHOD_AGENT);
	agent_settle(a->agent);
	a->agent_key++;
	return 0;
}
