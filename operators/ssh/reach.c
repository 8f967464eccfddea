/*
 * The ways to a host: over its addresses one after the other, through a jump host, through a
 * command. Each gives the session a socket that is to become writable; connect.c goes on from
 * there.
 */
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "operators/ssh/transport_internal.h"

#define NOTES_MAX ((size_t)16 << 10) /* bytes of what a connection has to tell of itself */
#define OUT_MAX ((size_t)1 << 20) /* bytes that a host does not take */

static int socket_open(const struct addrinfo *a)
{
	int fd = socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, a->ai_protocol);

	if (fd < 0)
		return -1;
	if (connect(fd, a->ai_addr, a->ai_addrlen) != 0 && errno != EINPROGRESS) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
		return -1;
	}
	return fd;
}

/* The socket is to become writable: then there is a connection, or an error. */
static void socket_watch(struct session *s)
{
	const struct ssh_target *t = s->endpoint->target;
	struct err why;

	s->poll = malloc(sizeof(*s->poll));
	if (s->poll != NULL && uv_poll_init_socket(&s->lane->loop, s->poll, s->fd) != 0) {
		free(s->poll);
		s->poll = NULL;
	}
	if (s->poll == NULL) {
		err_set(&why, ERR_IO, "%s: the socket cannot be watched", t->place);
		session_fail(s, false, SSH_STAGE_CONNECT, &why);
		return;
	}
	s->poll->data = s;
	s->poll_events = 0;
	session_enter(s, SESSION_CONNECT);
	session_poll_adjust(s);
}

/* Gives up the address under way, if any, and goes on with the next that lets itself be tried. */
void session_address_next(struct session *s, const char *last_reason)
{
	const struct ssh_target *t = s->endpoint->target;
	char reason[128];
	struct err why;

	(void)snprintf(reason, sizeof(reason), "%s", last_reason);
	session_poll_close(s);
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	s->address = s->address == NULL ? s->addresses : s->address->ai_next;
	for (; s->address != NULL; s->address = s->address->ai_next) {
		s->fd = socket_open(s->address);
		if (s->fd >= 0)
			break;
		(void)snprintf(reason, sizeof(reason), "%s", strerror(errno));
	}
	if (s->fd < 0) {
		err_set(&why, ERR_UNAVAILABLE,
			"cannot connect to %s: %s; is the host up, and is that the port of its "
			"sshd?",
			t->place, reason);
		session_fail(s, false, SSH_STAGE_CONNECT, &why);
		return;
	}
	socket_watch(s);
}

static void on_resolved(uv_getaddrinfo_t *req, int status, struct addrinfo *addresses)
{
	struct session *s = req->data;
	const struct ssh_target *t = s->endpoint->target;
	struct err why;

	s->addresses = addresses;
	if (s->state == SESSION_DEAD) {
		session_unref(s);
		return;
	}
	s->handles--;
	if (status != 0) {
		err_set(&why, ERR_UNAVAILABLE,
			"the host name %s of connection %s cannot be resolved: %s; is it "
			"spelled as DNS or /etc/hosts have it?",
			t->host, t->conn_id, uv_strerror(status));
		session_fail(s, false, SSH_STAGE_RESOLVE, &why);
		return;
	}
	session_address_next(s, "it has no address");
}

/* Looks the host's name up. */
static int resolve_begin(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	char port[16];

	(void)snprintf(port, sizeof(port), "%d", t->port);
	if (uv_getaddrinfo(&s->lane->loop, &s->dns, on_resolved, t->host, port, &hints) != 0)
		return err_set(e, ERR_INVALID,
			"the host name %s of connection %s cannot be looked up", t->host,
			t->conn_id);
	s->handles++;
	session_enter(s, SESSION_RESOLVE);
	return 0;
}

/* Sets out for the host, by whichever way. */
static int way_begin(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	int r;

	if (t->jump == NULL && t->proxy_command == NULL)
		return resolve_begin(s, e);
	r = t->jump != NULL ? tunnel_open(s, &s->fd, e) : proxy_open(s, &s->fd, e);
	if (r == 0)
		socket_watch(s);
	return r;
}

int session_create(struct endpoint *ep, struct err *e)
{
	struct session *s = calloc(1, sizeof(*s));
	int r;

	if (s == NULL)
		return err_set(e, ERR_NOMEM, "out of memory for a connection");
	s->lane = ep->lane;
	s->begun = uv_now(&s->lane->loop);
	s->endpoint = ep;
	s->fd = -1;
	s->limit = UINT32_MAX;
	link_init(&s->channels);
	link_init(&s->memory);
	buf_init(&s->notes, NOTES_MAX);
	buf_init(&s->out, OUT_MAX);
	s->dns.data = s;
	(void)uv_timer_init(&s->lane->loop, &s->timer);
	s->timer.data = s;
	s->handles = 1;
	link_add_tail(&ep->sessions, &s->link);
	ep->n_sessions++;
	ep->n_connecting++;
	(void)__atomic_add_fetch(&s->lane->n_sessions, 1, __ATOMIC_RELAXED);
	r = way_begin(s, e);
	if (r == 0)
		return 0;
	link_remove(&s->link);
	ep->n_sessions--;
	ep->n_connecting--;
	(void)__atomic_sub_fetch(&s->lane->n_sessions, 1, __ATOMIC_RELAXED);
	s->state = SESSION_DEAD;
	uv_close((uv_handle_t *)&s->timer, session_on_handle_closed);
	return r;
}
