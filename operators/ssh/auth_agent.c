/*
 * Authentication with the keys of an ssh-agent, one after the other.
 *
 * N.B. the agent is spoken to by libssh2, which waits for it: one that asks its user to confirm
 * each use of a key holds up the other sessions of this thread meanwhile.
 */
#include "operators/ssh/auth_impl.h"

#include <string.h>

void auth_agent_free(struct auth *a)
{
	if (a->agent == NULL)
		return;
	(void)libssh2_agent_disconnect(a->agent);
	libssh2_agent_free(a->agent);
	a->agent = NULL;
}

/* Connects and asks for the keys. False, and noted as tried, where there is no agent. */
static bool agent_open(struct session *s)
{
	struct auth *a = s->auth;

	a->agent = libssh2_agent_init(s->ssh2);
	if (a->agent == NULL)
		return false;
	libssh2_agent_set_identity_path(a->agent, s->endpoint->target->agent_path);
	if (libssh2_agent_connect(a->agent) == 0 && libssh2_agent_list_identities(a->agent) == 0)
		return true;
	auth_tried_add(a, "ssh-agent (it does not answer)");
	return false;
}

/* The next key of the agent; false where there is none left. */
static bool identity_next(struct auth *a)
{
	struct libssh2_agent_publickey *last = a->identity;

	if (libssh2_agent_get_identity(a->agent, &a->identity, last) == 0)
		return true;
	if (last == NULL)
		auth_tried_add(a, "ssh-agent (it has no keys)");
	return false;
}

int auth_agent_try(struct session *s, struct err *e)
{
	struct auth *a = s->auth;
	char what[256];
	int r;

	if (s->endpoint->target->agent_path == NULL || !auth_is_offered(a, "publickey") ||
		(a->agent == NULL && !agent_open(s)) ||
		(!a->is_identity_tried && !identity_next(a))) {
		a->at++;
		return 0;
	}
	a->is_identity_tried = true;
	r = libssh2_agent_userauth(a->agent, s->endpoint->target->login, a->identity);
	if (r == LIBSSH2_ERROR_EAGAIN)
		return ERR_AGAIN;
	a->is_identity_tried = false;
	(void)snprintf(what, sizeof(what), "ssh-agent's key %.200s", a->identity->comment);
	if (r == 0) {
		session_note(s, "Authentication (publickey) successful! Key: %s", what);
		return 0;
	}
	if (auth_is_hang_up(s, r))
		return auth_hung_up(s, e);
	auth_tried_add(a, what);
	return 0;
}
