/*
 * Ghosts: channels that have ended for the caller, and not yet on the wire. Closing one may have to
 * wait for the socket and for the server's own close; the caller need not. They count as channels.
 */
#include "operators/ssh/transport_internal.h"

#include <stdlib.h>

/* Whether both sides have closed it; then it is freed. N.B. libssh2's own close is content with any
 * packet that comes while it waits, and the server may still have its process. */
static bool is_gone(LIBSSH2_CHANNEL *ssh2)
{
	int r = libssh2_channel_close(ssh2);

	if (r == 0)
		r = libssh2_channel_wait_closed(ssh2);
	/* The other: the server has not ended its output yet, and so not closed it either. */
	if (r == LIBSSH2_ERROR_EAGAIN || r == LIBSSH2_ERROR_INVAL)
		return false;
	return libssh2_channel_free(ssh2) != LIBSSH2_ERROR_EAGAIN;
}

void ghost_add(struct session *s, LIBSSH2_CHANNEL *ssh2)
{
	LIBSSH2_CHANNEL **list;

	if (is_gone(ssh2))
		return;
	if (s->n_ghosts == s->ghosts_room) {
		list = realloc(s->ghosts, (s->ghosts_room + 4) * sizeof(*list));
		if (list == NULL)
			return;
		s->ghosts = list;
		s->ghosts_room += 4;
	}
	s->ghosts[s->n_ghosts++] = ssh2;
}

void ghosts_step(struct session *s)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->n_ghosts; i++) {
		if (!is_gone(s->ghosts[i]))
			s->ghosts[kept++] = s->ghosts[i];
		else
			s->wants_schedule = true;
	}
	s->n_ghosts = kept;
}

void ghosts_forget(struct session *s)
{
	free(s->ghosts);
	s->ghosts = NULL;
	s->n_ghosts = 0;
}
