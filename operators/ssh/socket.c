/*
 * The socket of a session, as libssh2 sees it: what is read is bounded until the server has let us
 * in, and what is sent is always taken.
 */
#include "operators/ssh/transport_internal.h"

#include <errno.h>
#include <sys/socket.h>

/* What a server may say before it has let us in: in all, and before others have their turn. N.B.
 * libssh2 reads what comes before the protocol byte by byte, for as long as more comes. */
#define GREETING_MAX ((size_t)4 << 20)
#define GREETING_TURN ((size_t)32 << 10)

ssize_t session_recv(libssh2_socket_t fd, void *bytes, size_t len, int flags, void **abstract)
{
	struct session *s = *abstract;
	bool is_greeting = s->state == SESSION_HANDSHAKE || s->state == SESSION_AUTH;
	ssize_t n;

	if (is_greeting && s->greeted >= GREETING_MAX)
		return -ECONNRESET;
	if (is_greeting && s->greeted_now >= GREETING_TURN)
		return -EAGAIN;
	if (s->is_dry && !s->is_shut)
		return -EAGAIN;
	n = recv(fd, bytes, len, flags);
	/* N.B. libssh2 asks again for each channel. What comes meanwhile wakes the session once
	 * more. */
	s->is_dry = n < 0 || (n > 0 && (size_t)n < len);
	if (n < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	s->greeted += is_greeting ? (size_t)n : 0;
	s->greeted_now += is_greeting ? (size_t)n : 0;
	return n;
}

/* Sends what the socket takes, and returns how much; an error is -errno. */
static ssize_t out_send(const struct session *s, const void *bytes, size_t len)
{
	ssize_t n = send(s->fd, bytes, len, MSG_NOSIGNAL);

	if (n >= 0)
		return n;
	return errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK ? 0 : -errno;
}

/* N.B. libssh2 wants a packet that is half sent to be repeated, by the same call with the same
 * bytes, before it sends or reads anything else; and what it sends from its stack, as the end of a
 * channel's input, cannot be. So whatever it sends is taken. */
ssize_t session_send(libssh2_socket_t fd, const void *bytes, size_t len, int flags, void **abstract)
{
	struct session *s = *abstract;
	ssize_t n = session_is_sent(s) ? out_send(s, bytes, len) : 0;

	(void)fd, (void)flags;
	if (n < 0)
		return n;
	buf_add(&s->out, (const char *)bytes + n, len - (size_t)n);
	return buf_status(&s->out) == 0 ? (ssize_t)len : -ENOBUFS;
}

bool session_is_sent(const struct session *s)
{
	return s->out.len == s->out_at;
}

/* N.B. that the connection is lost shows as it is read. */
void session_flush(struct session *s)
{
	ssize_t n = 0;

	while (!session_is_sent(s) &&
		(n = out_send(s, s->out.data + s->out_at, s->out.len - s->out_at)) > 0)
		s->out_at += (size_t)n;
	if (n < 0 || session_is_sent(s)) {
		buf_free(&s->out);
		s->out_at = 0;
	}
}
