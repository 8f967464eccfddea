/*
 * The channels of a ready session, each in its turn.
 *
 * Rules that libssh2 asks for, all kept here:
 *  - only one channel is being opened, or its command being requested, at any time (s->opening);
 *  - a packet that is half sent would have to be repeated before anything else: there is none, for
 *    what a full socket does not take waits (socket.c), and while it does no input is sent;
 *  - there is no readiness for one channel: on each event of the socket all get a turn. The first
 *    read drains the socket; after it only channels for which something lies ready are read.
 *  - a channel that read 0 as its exit status has told nothing: only a close in order counts.
 */
#include "operators/ssh/transport_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WRITE_MAX ((size_t)32000) /* bytes of input handed to libssh2 at once */
#define READS_MAX 16 /* reads of one channel before the others get a turn */

static unsigned channels_used(const struct session *s)
{
	return s->n_channels + s->n_ghosts;
}

/* The channel leaves the session, and the caller is told. */
static void channel_finish(struct channel *c, const struct ssh_end *end)
{
	struct session *s = c->session;

	link_remove(&c->link);
	s->n_channels--;
	if (s->opening == c)
		s->opening = NULL;
	if (c->ssh2 != NULL)
		ghost_add(s, c->ssh2);
	/* A shell that says nothing more is not to be trusted with others. */
	if (c->n_before > 0 && !c->has_told)
		c->endpoint->has_no_next = true;
	s->idle_since = uv_now(&s->lane->loop);
	s->wants_schedule = true;
	c->ssh2 = NULL;
	c->session = NULL;
	channel_end(c, end);
}

static void channel_fail(struct channel *c, enum ssh_stage stage, int code, const char *doing)
{
	struct ssh_end end = {.stage = stage, .may_have_run = c->may_have_run};

	session_error(c->session, &end.err, code, doing);
	(void)err_context(&end.err, "%s", c->session->endpoint->target->place);
	channel_finish(c, &end);
}

void channel_abort(struct channel *c, const struct ssh_end *end)
{
	struct session *s = c->session;

	if (s != NULL && s->opening == c && c->ssh2 == NULL) {
		/* N.B. an open that is under way cannot be taken back: it ends when it has an
		 * answer. */
		c->is_cancelled = true;
		return;
	}
	if (s != NULL) {
		channel_finish(c, end);
		session_wake(s);
		return;
	}
	endpoint_dequeue(c->endpoint, c);
	channel_end(c, end);
}

void session_drop_channels(struct session *s, enum ssh_stage stage, const struct err *why)
{
	struct ssh_end end = {.stage = stage, .err = *why};

	while (!link_is_empty(&s->channels)) {
		struct channel *c = LINK_OF(s->channels.next, struct channel, link);

		link_remove(&c->link);
		c->session = NULL;
		c->ssh2 = NULL; /* freed with the session */
		if (c->may_have_run || c->is_cancelled || ++c->n_moves > MOVES_MAX) {
			end.may_have_run = c->may_have_run;
			channel_end(c, &end);
		} else {
			/* It never reached the server: another connection may serve it. */
			endpoint_requeue(s->endpoint, c);
		}
	}
	s->n_channels = 0;
	s->opening = NULL;
	ghosts_forget(s);
}

/* --- opening --- */

/* The channel is open, and does what it is for. */
static void channel_runs(struct session *s, struct channel *c)
{
	c->state = CHANNEL_RUNNING;
	if (s->opening == c)
		s->opening = NULL;
	s->wants_schedule = true;
	channel_notes_tell(c, &s->notes);
}

/* The host has the command. */
static void command_runs(struct session *s, struct channel *c)
{
	struct message *m = message_create(MSG_OPEN, 0);

	channel_runs(s, c);
	buf_free(&c->text);
	ssh_command_free(&c->command);
	if (m == NULL)
		return;
	m->exec = c->exec;
	message_send(&s->lane->transport->out, m);
}

/* MaxSessions shows as a refused channel: learn how many there may be, and let this one wait. */
static void open_refused(struct session *s, struct channel *c)
{
	struct endpoint *ep = s->endpoint;

	if (channels_used(s) <= 1 && !s->has_served) {
		channel_fail(c, SSH_STAGE_OPEN, ERR_DENIED, "the server refuses to open a session");
		return;
	}
	link_remove(&c->link);
	s->n_channels--;
	s->opening = NULL;
	if (channels_used(s) == 0) {
		/* N.B. sshd may count a channel for a moment after it was closed. */
		s->not_before = uv_now(&s->lane->loop) + REOPEN_MS;
	} else {
		s->limit = channels_used(s);
		if (s->limit < ep->channel_limit)
			ep->channel_limit = s->limit;
	}
	s->wants_schedule = true;
	endpoint_requeue(ep, c);
}

/* A channel that leads on: it is not counted by MaxSessions, and ready as it opens. */
static void tunnel_step(struct session *s, struct channel *c)
{
	char doing[512];
	const char *host;
	int port;

	tunnel_place(c->tunnel, &host, &port);
	c->ssh2 = libssh2_channel_direct_tcpip_ex(s->ssh2, host, port, "127.0.0.1", 22);
	if (c->ssh2 != NULL) {
		channel_runs(s, c);
		return;
	}
	switch (libssh2_session_last_errno(s->ssh2)) {
	case LIBSSH2_ERROR_EAGAIN:
		return;
	case LIBSSH2_ERROR_CHANNEL_FAILURE:
		(void)snprintf(
			doing, sizeof(doing), "cannot, or will not, reach %s:%d", host, port);
		channel_fail(c, SSH_STAGE_OPEN, ERR_UNAVAILABLE, doing);
		return;
	default:
		s->wants_check = true;
	}
}

static void open_step(struct session *s, struct channel *c)
{
	if (c->tunnel != NULL) {
		tunnel_step(s, c);
		return;
	}
	c->ssh2 = libssh2_channel_open_ex(
		s->ssh2, "session", 7, CHANNEL_WINDOW, LIBSSH2_CHANNEL_PACKET_DEFAULT, NULL, 0);
	if (c->ssh2 != NULL) {
		c->state = c->want_pty ? CHANNEL_PTY : CHANNEL_EXEC;
		return;
	}
	switch (libssh2_session_last_errno(s->ssh2)) {
	case LIBSSH2_ERROR_EAGAIN:
		return;
	case LIBSSH2_ERROR_CHANNEL_FAILURE:
		open_refused(s, c);
		return;
	default:
		s->wants_check = true; /* the channel moves to another connection */
	}
}

/* A request that the server answers: a terminal, then the command. */
static void request_step(struct session *s, struct channel *c)
{
	int r;

	if (c->state == CHANNEL_PTY) {
		r = libssh2_channel_request_pty(c->ssh2, "dumb");
	} else {
		if (!endpoint_command_make(c->endpoint, c)) {
			channel_fail(c, SSH_STAGE_OPEN, ERR_NOMEM, "out of memory");
			return;
		}
		c->may_have_run = true;
		r = libssh2_channel_process_startup(
			c->ssh2, "exec", 4, c->text.data, (unsigned)c->text.len);
	}
	if (r == LIBSSH2_ERROR_EAGAIN)
		return;
	if (r != 0 && r != LIBSSH2_ERROR_CHANNEL_REQUEST_DENIED &&
		r != LIBSSH2_ERROR_CHANNEL_FAILURE) {
		s->wants_check = true;
		return;
	}
	if (r != 0) {
		channel_fail(c, SSH_STAGE_OPEN, ERR_DENIED,
			c->state == CHANNEL_PTY ? "the server refuses a terminal"
						: "the server refuses to run the command");
		return;
	}
	if (c->state == CHANNEL_PTY) {
		c->state = CHANNEL_EXEC;
		return;
	}
	s->has_served = true;
	command_runs(s, c);
}

/* What it is to read goes behind what the one before was to read still. False: no memory. */
static bool next_input(struct channel *next, const struct channel *before)
{
	struct buf b;

	next->n_before = before->n_before + 1;
	if (!endpoint_command_make(next->endpoint, next))
		return false;
	buf_init(&b, 0);
	if (before->input.len > 0)
		buf_add(&b, before->input.data + before->input_at,
			before->input.len - before->input_at);
	buf_add(&b, next->text.data, next->text.len);
	if (next->input.len > 0)
		buf_add(&b, next->input.data, next->input.len);
	if (buf_status(&b) != 0) {
		buf_free(&b);
		return false;
	}
	buf_free(&next->input);
	next->input = b;
	return true;
}

bool channel_hand_on(struct channel *c)
{
	struct ssh_end end = {.stage = SSH_STAGE_RUNNING, .may_have_run = true};
	struct session *s = c->session;
	struct channel *next;

	if (c->state != CHANNEL_RUNNING || !c->command.takes_next || c->n_before >= NEXT_MAX ||
		(next = endpoint_next_take(c->endpoint)) == NULL)
		return false;
	if (!next_input(next, c)) {
		next->n_before = 0;
		buf_free(&next->text);
		endpoint_requeue(c->endpoint, next);
		return false;
	}
	err_set(&end.err, ERR_ILLEGAL, "done");
	next->session = s;
	next->ssh2 = c->ssh2;
	next->may_have_run = true;
	c->ssh2 = NULL;
	link_add_tail(&s->channels, &next->link);
	s->n_channels++;
	s->n_silent = 0;
	channel_finish(c, &end);
	command_runs(s, next);
	session_wake(s);
	return true;
}

/* --- running --- */

static void data_send(struct channel *c, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_end end = {.stage = SSH_STAGE_RUNNING, .may_have_run = true};
	struct message *m;

	if (c->tunnel != NULL) {
		tunnel_data(c->tunnel, bytes, len);
		return;
	}
	m = message_create(MSG_DATA, len);
	if (m == NULL) {
		err_set(&end.err, ERR_NOMEM, "out of memory for the output of a command");
		channel_finish(c, &end);
		return;
	}
	c->has_told = true;
	m->exec = c->exec;
	m->is_stderr = is_stderr;
	memcpy(m->bytes, bytes, len);
	if (__atomic_add_fetch(&c->in_flight, len, __ATOMIC_SEQ_CST) >= EXEC_CREDIT)
		c->is_paused = true;
	message_send(&c->lane->transport->out, m);
}

/* Reads one stream. False where the channel is gone. */
static bool read_stream(struct session *s, struct channel *c, bool is_stderr)
{
	ssize_t n;

	for (int i = 0; i < READS_MAX && !c->is_paused; i++) {
		n = libssh2_channel_read_ex(c->ssh2, is_stderr ? SSH_EXTENDED_DATA_STDERR : 0,
			s->lane->scratch, SCRATCH_SIZE);
		if (n > 0) {
			data_send(c, is_stderr, s->lane->scratch, (size_t)n);
			if (c->session == NULL)
				return false;
			continue;
		}
		if (n == LIBSSH2_ERROR_EAGAIN) {
			s->is_drained = true;
			return true;
		}
		if (n < 0) {
			channel_fail(
				c, SSH_STAGE_RUNNING, ERR_UNAVAILABLE, "the connection was lost");
			s->wants_check = true;
			return false;
		}
		return true;
	}
	s->wants_pump = s->wants_pump || !c->is_paused;
	return true;
}

/* Whether the caller has caught up meanwhile; it wakes the lane only when it crosses the line. */
static void pause_check(struct channel *c)
{
	if (c->tunnel == NULL && c->is_paused &&
		__atomic_load_n(&c->in_flight, __ATOMIC_SEQ_CST) < EXEC_CREDIT / 2)
		c->is_paused = false;
}

static void write_input(struct session *s, struct channel *c)
{
	size_t left;
	ssize_t n;

	while ((left = c->input.len - c->input_at) > 0 && session_is_sent(s)) {
		n = libssh2_channel_write(
			c->ssh2, c->input.data + c->input_at, left < WRITE_MAX ? left : WRITE_MAX);
		if (n == LIBSSH2_ERROR_EAGAIN)
			break;
		if (n < 0) /* The command has closed its input; what it has to say still comes. */
			n = (ssize_t)left;
		c->input_at += (size_t)n;
	}
	if (left == 0 && c->input.len > 0) {
		buf_free(&c->input);
		c->input_at = 0;
	}
	if (c->tunnel != NULL)
		tunnel_drained(c->tunnel);
	if (left == 0 && c->eof_wanted && !c->eof_sent)
		c->eof_sent = libssh2_channel_send_eof(c->ssh2) != LIBSSH2_ERROR_EAGAIN;
}

/* The end: the server has sent its end of file and its close, and all was read. */
static void end_check(struct session *s, struct channel *c)
{
	struct ssh_end end = {
		.stage = SSH_STAGE_RUNNING, .may_have_run = true, .was_next = c->n_before > 0};
	char *name = NULL;
	size_t len = 0;

	if (c->is_paused || !libssh2_channel_eof(c->ssh2))
		return;
	if (c->tunnel != NULL) {
		channel_finish(c, &end);
		return;
	}
	if (libssh2_channel_wait_closed(c->ssh2) != 0)
		return;
	(void)libssh2_channel_get_exit_signal(c->ssh2, &name, &len, NULL, NULL, NULL, NULL);
	if (name != NULL) {
		if (len >= sizeof(end.signal))
			len = sizeof(end.signal) - 1;
		memcpy(end.signal, name, len);
		libssh2_free(s->ssh2, name);
	} else {
		end.has_status = true;
		end.status = libssh2_channel_get_exit_status(c->ssh2);
	}
	channel_finish(c, &end);
}

static void running_step(struct session *s, struct channel *c)
{
	unsigned long ready = 0;

	pause_check(c);
	(void)libssh2_channel_window_read_ex(c->ssh2, &ready, NULL);
	if (ready > 0 || !s->is_drained) {
		if (!read_stream(s, c, false) || !read_stream(s, c, true))
			return;
	}
	if (c->input.len > 0 || c->eof_wanted)
		write_input(s, c);
	end_check(s, c);
}

static void cancelled_step(struct channel *c)
{
	struct ssh_end end = {.stage = SSH_STAGE_OPEN, .may_have_run = c->may_have_run};

	err_set(&end.err, ERR_ILLEGAL, "cancelled");
	channel_finish(c, &end);
}

/* One turn of one channel. */
static void channel_step(struct session *s, struct channel *c)
{
	enum channel_state before;

	if (c->state == CHANNEL_RUNNING) {
		running_step(s, c);
		return;
	}
	do {
		before = c->state;
		if (before == CHANNEL_OPENING)
			open_step(s, c);
		else
			request_step(s, c);
		if (c->session == s && c->is_cancelled && c->ssh2 != NULL) {
			cancelled_step(c);
			break;
		}
	} while (c->session == s && c->state != before && c->state != CHANNEL_RUNNING);
	if (c->session == s && c->state == CHANNEL_RUNNING)
		s->wants_pump = true;
}

void session_assign(struct session *s, struct channel *c)
{
	c->session = s;
	c->state = CHANNEL_OPENING;
	s->opening = c;
	link_add_tail(&s->channels, &c->link);
	s->n_channels++;
	s->n_silent = 0;
	session_wake(s);
}

void session_pump(struct session *s)
{
	struct link *l, *next;
	struct err why;

	s->is_drained = false;
	ghosts_step(s);
	for (l = s->channels.next; l != &s->channels; l = next) {
		next = l->next;
		channel_step(s, LINK_OF(l, struct channel, link));
	}
	if (s->wants_check) {
		err_set(&why, ERR_UNAVAILABLE, "%s: the connection was lost",
			s->endpoint->target->place);
		session_fail(s, false, SSH_STAGE_RUNNING, &why);
		return;
	}
	if (s->wants_schedule) {
		s->wants_schedule = false;
		endpoint_schedule(s->endpoint);
	}
}
