/*
 * jump: a session through another one. A channel of the jump host's session leads to the host, and
 *a pair of sockets to the session that goes through it: libssh2 speaks to sockets alone.
 *
 *	session --- inner | outer --- tunnel --- channel --- the jump host's session
 *
 * Bytes wait in `out` for the socket, and in the channel's input for the jump host; either side
 *stops reading while the other is full. Channel and tunnel end together, in on_poll_closed():
 *nobody who may still be looking at one of them finds it gone.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "operators/ssh/transport_internal.h"

#define TUNNEL_INPUT_MAX ((size_t)256 << 10) /* bytes on their way to the jump host */

struct tunnel {
	struct lane *lane;
	struct channel *channel;
	struct session *session; /* that goes through it; NULL: it is gone */
	uv_poll_t poll;
	int outer; /* our end */
	struct buf out; /* for the session, from out_at */
	size_t out_at;
	struct err why; /* what ended it */
	bool is_ended;
};

static void on_poll(uv_poll_t *poll, int status, int events);

static void on_poll_closed(uv_handle_t *handle)
{
	struct tunnel *t = handle->data;

	if (t->session != NULL) {
		t->session->tunnel = NULL;
		session_fail(t->session, false, SSH_STAGE_CONNECT, &t->why);
	}
	/* N.B. not before: the session would take the end of its socket for the host's. */
	(void)close(t->outer);
	channel_free(t->channel);
	buf_free(&t->out);
	free(t);
}

static void watch(struct tunnel *t)
{
	int want = 0;

	if (t->is_ended)
		return;
	if (t->channel->input.len - t->channel->input_at < TUNNEL_INPUT_MAX)
		want |= UV_READABLE;
	if (t->out.len > t->out_at)
		want |= UV_WRITABLE;
	if (want == 0)
		(void)uv_poll_stop(&t->poll);
	else
		(void)uv_poll_start(&t->poll, want, on_poll);
}

/* Writes what waits for the session; the channel is read again once all of it is gone. */
static void flush(struct tunnel *t)
{
	struct channel *c = t->channel;
	ssize_t n;

	while (t->out.len > t->out_at) {
		n = write(t->outer, t->out.data + t->out_at, t->out.len - t->out_at);
		if (n <= 0)
			return; /* Where the session is gone reading tells it. */
		t->out_at += (size_t)n;
	}
	buf_free(&t->out);
	t->out_at = 0;
	if (c->is_paused) {
		c->is_paused = false;
		if (c->session != NULL)
			session_wake(c->session);
	}
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct tunnel *t = poll->data;
	struct ssh_end end = {.stage = SSH_STAGE_RUNNING};
	ssize_t n = -1;

	if (events & UV_WRITABLE)
		flush(t);
	if (t->is_ended || (status == 0 && (events & UV_READABLE) == 0)) {
		watch(t);
		return;
	}
	n = read(t->outer, t->lane->scratch, SCRATCH_SIZE);
	if (n > 0) {
		channel_input(t->channel, t->lane->scratch, (size_t)n);
		watch(t);
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		err_set(&end.err, ERR_ILLEGAL, "the connection through it is closed");
		(void)uv_poll_stop(&t->poll);
		channel_abort(t->channel, &end);
	}
}

int tunnel_open(struct session *s, int *fd, struct err *e)
{
	const struct ssh_target *target = s->endpoint->target;
	struct tunnel *t = calloc(1, sizeof(*t));
	int ends[2];

	if (t == NULL || (t->channel = channel_create(s->lane, NULL, NULL, false)) == NULL) {
		free(t);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
		channel_free(t->channel);
		free(t);
		return err_set(e, ERR_IO, "no sockets for a jump: %s", strerror(errno));
	}
	t->lane = s->lane;
	t->session = s;
	t->outer = ends[1];
	t->channel->tunnel = t;
	buf_init(&t->out, 0);
	(void)uv_poll_init(&s->lane->loop, &t->poll, t->outer);
	t->poll.data = t;
	s->tunnel = t;
	*fd = ends[0];
	ssh_target_hold(target->jump);
	watch(t);
	endpoint_enqueue(s->lane, t->channel, target->jump);
	return 0;
}

void tunnel_place(const struct tunnel *t, const char **host, int *port)
{
	const struct ssh_target *target = t->session == NULL ? NULL : t->session->endpoint->target;

	*host = target == NULL ? "" : target->host;
	*port = target == NULL ? 0 : target->port;
}

bool tunnel_is_open(const struct tunnel *t)
{
	return t->channel->state == CHANNEL_RUNNING;
}

void tunnel_data(struct tunnel *t, const char *bytes, size_t len)
{
	buf_add(&t->out, bytes, len);
	flush(t);
	if (buf_status(&t->out) != 0)
		t->why = (struct err){.code = ERR_NOMEM, .text = "out of memory in a jump"};
	t->channel->is_paused = t->out.len > t->out_at;
	watch(t);
}

void tunnel_drained(struct tunnel *t)
{
	watch(t);
}

void tunnel_note(struct tunnel *t, const struct ssh_note *note)
{
	if (t->session != NULL)
		session_note(
			t->session, SSH_STAGE_CONNECT, note->is_warning, "jump: %s", note->text);
}

void tunnel_ended(struct tunnel *t, const struct ssh_end *end)
{
	if (t->is_ended)
		return;
	t->is_ended = true;
	if (end->err.code != 0) {
		t->why = end->err;
		(void)err_context(&t->why, "jump");
	} else {
		err_set(&t->why, ERR_UNAVAILABLE, "the jump host closed the connection");
	}
	(void)uv_poll_stop(&t->poll);
	uv_close((uv_handle_t *)&t->poll, on_poll_closed);
}

void tunnel_leave(struct session *s)
{
	if (s->tunnel == NULL)
		return;
	s->tunnel->session = NULL; /* Its end of the sockets closes, which ends the tunnel. */
	s->tunnel = NULL;
}
