/* What the files of authentication share. Private to operators/ssh/auth*.c. */
#ifndef OPERATORS_SSH_AUTH_IMPL_H
#define OPERATORS_SSH_AUTH_IMPL_H

#include <stdio.h>

#include "operators/ssh/key_impl.h"
#include "operators/ssh/transport_internal.h"

/* In the order in which they are tried. */
enum auth_method {
	METHOD_LIST,
	METHOD_AGENT,
	METHOD_KEY,
	METHOD_PASSWORD,
	METHOD_INTERACTIVE,
	METHOD_NONE_LEFT
};

struct auth {
	enum auth_method at;
	struct agent *agent; /* NULL: it was not spoken to yet */
	size_t agent_key, key; /* under way */
	char *offered; /* the server's methods, comma between them */
	enum auth_method after_list; /* METHOD_LIST: whose turn it is behind that */
	struct buf tried;
	bool has_said[2]; /* the password: as answers, plain */
};

bool auth_is_offered(const struct auth *a, const char *method);
void auth_tried_add(struct auth *a, const char *what);

/* What was tried last was right, and does not let in: the server wants something else besides, and
 * is asked what, before it goes on with a method. */
void auth_more_wanted(struct auth *a, enum auth_method next);

/* A copy that libssh2 may free. NULL: no memory. */
void *auth_bytes_give(LIBSSH2_SESSION *ssh2, const void *bytes, size_t len);

/* The algorithm in what libssh2 wants signed: that on which the server and it have settled. */
struct key_bytes auth_algorithm_of(const unsigned char *data, size_t len);

/* Whether a failed step was the network's doing, and the error that tells it. */
bool auth_is_hang_up(const struct session *s, int r);
int auth_hung_up(struct session *s, struct err *e);

/* One key of the agent. 0: it was tried, or there is none left and the next method's turn has come;
 * ERR_AGAIN. */
int auth_agent_try(struct session *s, struct err *e);
void auth_agent_free(struct auth *a);

#endif
