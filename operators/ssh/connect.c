/*
 * One connection, from a host's name to a session that is ready.
 *
 *   RESOLVE -> CONNECT -> HANDSHAKE -> (host key) -> AUTH -> READY
 *        \________\___________\___________________\_________\-> DEAD
 *
 * Each state has a deadline of its own, conn_timeout. Every way to DEAD goes through
 * session_fail(), which tells the channels and the endpoint once. The session is freed when its
 * last handle has closed and its last request has returned.
 *
 * How long a host has been silent is counted in ticks that were seen, not by the clock: when this
 * process stood still (a machine that was paused), what the host sent meanwhile is yet to be read.
 */
#include "engine/duration.h"
#include "operators/ssh/algorithms.h"
#include "operators/ssh/note.h"
#include "operators/ssh/transport_internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TICK_MS 1000 /* how often a session looks at its times */
#define CONNECT_TRIPS 12u /* to the host and back, until a session is ready */
#define LAST_TICK_MS 1 /* of a deadline: the socket is read between it and the one before */

int session_error(struct session *s, struct err *e, int code, const char *doing)
{
	char *text = NULL;
	int n = libssh2_session_last_error(s->ssh2, &text, NULL, 0);

	return err_set(e, code, "%s: %s (libssh2 error %d)", doing,
		text == NULL || *text == '\0' ? "no reason given" : text, n);
}

void session_note(struct session *s, enum ssh_stage stage, bool is_warning, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ssh_note_add(&s->notes, &(struct ssh_note){stage, is_warning, text});
}

/* --- the end --- */

void session_unref(struct session *s)
{
	if (--s->handles > 0)
		return;
	if (s->addresses != NULL)
		uv_freeaddrinfo(s->addresses);
	buf_free(&s->notes);
	buf_free(&s->out);
	free(s);
}

void session_on_handle_closed(uv_handle_t *handle)
{
	session_unref(handle->data);
}

/* N.B. with the socket shut down nothing that libssh2 still wants to send can block it. */
static void ssh2_free(struct session *s)
{
	if (s->ssh2 == NULL)
		return;
	if (s->state == SESSION_READY)
		(void)libssh2_session_disconnect(s->ssh2, "done");
	if (s->fd >= 0)
		(void)shutdown(s->fd, SHUT_RDWR);
	s->is_shut = true;
	while (libssh2_session_free(s->ssh2) == LIBSSH2_ERROR_EAGAIN)
		;
	s->ssh2 = NULL;
	session_memory_drop(s);
}

static void on_poll_closed(uv_handle_t *handle)
{
	free(handle);
}

/* N.B. a poll handle must be stopped before its descriptor is closed; it closes by itself later. */
void session_poll_close(struct session *s)
{
	if (s->poll == NULL)
		return;
	(void)uv_poll_stop(s->poll);
	uv_close((uv_handle_t *)s->poll, on_poll_closed);
	s->poll = NULL;
}

void session_fail(struct session *s, bool is_refusal, enum ssh_stage stage, const struct err *why)
{
	struct endpoint *ep = s->endpoint;
	bool before_ready = s->state != SESSION_READY;

	if (s->state == SESSION_DEAD)
		return;
	session_drop_channels(s, stage, why);
	tunnel_leave(s);
	proxy_close(s);
	auth_free(s);
	ssh2_free(s);
	s->state = SESSION_DEAD;
	session_poll_close(s);
	if (s->fd >= 0)
		(void)close(s->fd);
	s->fd = -1;
	(void)uv_cancel((uv_req_t *)&s->dns);
	uv_close((uv_handle_t *)&s->timer, session_on_handle_closed);
	link_remove(&s->link);
	ep->n_sessions--;
	(void)__atomic_sub_fetch(&s->lane->n_sessions, 1, __ATOMIC_RELAXED);
	endpoint_session_lost(ep, before_ready, is_refusal, stage, why, &s->notes);
}

static enum ssh_stage stage_of(const struct session *s)
{
	static const enum ssh_stage stages[] = {
		[SESSION_RESOLVE] = SSH_STAGE_RESOLVE,
		[SESSION_CONNECT] = SSH_STAGE_CONNECT,
		[SESSION_HANDSHAKE] = SSH_STAGE_HANDSHAKE,
		[SESSION_AUTH] = SSH_STAGE_AUTH,
		[SESSION_READY] = SSH_STAGE_RUNNING,
		[SESSION_DEAD] = SSH_STAGE_RUNNING,
	};

	return stages[s->state];
}

static void on_deadline(uv_timer_t *timer);

static void deadline_tick(struct session *s)
{
	uint64_t left = s->deadline_ms, tick = left;

	if (left > LAST_TICK_MS)
		tick = left - LAST_TICK_MS < TICK_MS ? left - LAST_TICK_MS : TICK_MS;
	s->deadline_ms -= tick;
	(void)uv_timer_start(&s->timer, on_deadline, tick, 0);
}

static void deadline_begin(struct session *s)
{
	s->deadline_ms = s->endpoint->target->conn_timeout_ms;
	deadline_tick(s);
}

/* What it may be where nothing came in time. */
static const char *deadline_advice(const struct session *s)
{
	switch (s->state) {
	case SESSION_RESOLVE:
		return "do this machine's name servers answer?";
	case SESSION_CONNECT:
		return "is the host up, and does no firewall stand before that port?";
	case SESSION_HANDSHAKE:
		return "something accepts connections there: the host hangs, or that is no SSH "
		       "server";
	default:
		return auth_waits_for_agent(s)
			? "the ssh-agent has not answered"
			: "the host's own log tells what it waits for, or a longer conn_timeout "
			  "lets it";
	}
}

static void on_deadline(uv_timer_t *timer)
{
	struct session *s = timer->data;
	const struct ssh_target *t = s->endpoint->target;
	char time[DURATION_TEXT_MAX];
	struct err why;

	if (s->deadline_ms > 0) {
		deadline_tick(s);
		return;
	}
	if (s->state == SESSION_CONNECT && s->address != NULL && s->address->ai_next != NULL) {
		session_address_next(s, "it did not answer");
		return;
	}
	if (s->tunnel != NULL && !tunnel_is_open(s->tunnel)) {
		/* The jump host's session keeps the time until then. */
		deadline_begin(s);
		return;
	}
	err_set(&why, ERR_TIMEOUT, "%s: timed out after %s while %s; %s", t->place,
		duration_format(t->conn_timeout_ms, time), ssh_stage_text(stage_of(s)),
		deadline_advice(s));
	session_fail(s, false, stage_of(s), &why);
}

void session_enter(struct session *s, enum session_state state)
{
	s->state = state;
	deadline_begin(s);
}

/* --- ready --- */

/* Whether anything of the session would read now. libssh2 reads for a channel alone; a socket that
 * is watched and not read would wake the loop for ever. */
static bool is_reading(const struct session *s)
{
	if (s->state != SESSION_READY || s->n_ghosts > 0 || s->opening != NULL)
		return true;
	for (const struct link *l = s->channels.next; l != &s->channels; l = l->next)
		if (!LINK_OF(l, const struct channel, link)->is_paused)
			return true;
	return false;
}

static void on_ready_tick(uv_timer_t *timer)
{
	struct session *s = timer->data;
	const struct ssh_target *t = s->endpoint->target;
	struct err why;
	int next;

	if (s->n_channels == 0 && s->endpoint->n_queued == 0 &&
		uv_now(&s->lane->loop) - s->idle_since >=
			s->lane->transport->options.idle_close_ms) {
		err_set(&why, ERR_ILLEGAL, "idle");
		session_fail(s, false, SSH_STAGE_RUNNING, &why);
		return;
	}
	if (t->keepalive_s == 0 || s->n_channels == 0)
		return;
	s->n_silent = is_reading(s) ? s->n_silent + 1 : 0;
	if (s->n_silent * TICK_MS > (uint64_t)t->keepalive_s * 4000) {
		err_set(&why, ERR_TIMEOUT,
			"%s stopped answering: nothing came for %llu s, keepalives included",
			t->place, (unsigned long long)s->n_silent * TICK_MS / 1000);
		session_fail(s, false, SSH_STAGE_RUNNING, &why);
		return;
	}
	if (session_is_sent(s))
		(void)libssh2_keepalive_send(s->ssh2, &next);
	session_poll_adjust(s);
}

/* How long connecting took beyond what the way there and back explains; 0 where that leads through
 * something else, and is not known. */
static uint64_t busy_ms(const struct session *s)
{
	uint64_t took = uv_now(&s->lane->loop) - s->begun, way;
	struct tcp_info info;
	socklen_t len = sizeof(info);

	if (getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0)
		return 0;
	way = (uint64_t)info.tcpi_rtt * CONNECT_TRIPS / 1000;
	return took > way ? took - way : 0;
}

static void session_ready(struct session *s)
{
	auth_free(s);
	s->state = SESSION_READY;
	s->idle_since = uv_now(&s->lane->loop);
	s->n_silent = 0;
	if (s->endpoint->target->keepalive_s > 0)
		libssh2_keepalive_config(s->ssh2, 1, s->endpoint->target->keepalive_s);
	(void)uv_timer_start(&s->timer, on_ready_tick, TICK_MS, TICK_MS);
	endpoint_connected(s->endpoint, busy_ms(s));
}

/* --- the steps --- */

static int ssh2_create(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;

	s->ssh2 = libssh2_session_init_ex(session_alloc, session_free, session_realloc, s);
	if (s->ssh2 == NULL)
		return err_set(e, ERR_NOMEM, "out of memory for an SSH session");
	libssh2_session_set_blocking(s->ssh2, 0);
	(void)libssh2_session_callback_set2(
		s->ssh2, LIBSSH2_CALLBACK_RECV, (libssh2_cb_generic *)session_recv);
	(void)libssh2_session_callback_set2(
		s->ssh2, LIBSSH2_CALLBACK_SEND, (libssh2_cb_generic *)session_send);
	(void)libssh2_session_flag(s->ssh2, LIBSSH2_FLAG_COMPRESS, t->compress);
	if (algorithms_apply(s->ssh2, t, e) != 0)
		return err_context(e, "connection %s", t->conn_id);
	return 0;
}

static int host_key_check(struct session *s, struct err *e)
{
	const struct ssh_target *t = s->endpoint->target;
	struct ssh_host_verdict v = {.text = ""};
	const char *key;
	size_t len;
	int type, r;

	key = libssh2_session_hostkey(s->ssh2, &len, &type);
	if (key == NULL)
		return err_set(e, ERR_DENIED, "%s showed no host key", t->place);
	r = t->host_check(t->host_ctx, t->host, t->port, (const unsigned char *)key, len, &v);
	if (r != 0)
		return err_set(e, r, "%s%s%s", v.text, v.advice[0] == '\0' ? "" : "; ", v.advice);
	session_note(s, SSH_STAGE_HOST_KEY, v.is_warning, "%s", v.text);
	return 0;
}

/* `OpenSSH_9.2p1` out of `SSH-2.0-OpenSSH_9.2p1 Debian-2`. It is the server's text: shown with
 * care. */
static void software_learn(struct session *s)
{
	const char *banner = libssh2_session_banner_get(s->ssh2);
	char name[64];
	size_t n = 0;

	if (banner != NULL && strncmp(banner, "SSH-2.0-", 8) == 0)
		banner += 8;
	for (; banner != NULL && *banner > ' ' && *banner < 0x7f && n + 1 < sizeof(name); banner++)
		name[n++] = *banner;
	name[n] = '\0';
	session_note(s, SSH_STAGE_HANDSHAKE, false, "Connected (version 2.0, client %s)", name);
	/* N.B. Dropbear closes a channel that has no command yet when the command of another one
	 * ends, and breaks the whole connection when it comes then. */
	if (strncmp(name, "dropbear", strlen("dropbear")) == 0)
		s->endpoint->is_single = true;
}

/* What a server means that says nothing. */
#define REFUSAL_TEXT                                                                               \
	"the server hung up before the handshake: it is no SSH server, too busy (MaxStartups), "   \
	"or bars this address for a while after failed logins (PerSourcePenalties)"

/* What a failed handshake is told as. N.B. of algorithms libssh2 says only that there was nothing
 * to agree on. */
static const char *handshake_text(const struct session *s, bool is_refusal)
{
	char *text = NULL;

	(void)libssh2_session_last_error(s->ssh2, &text, NULL, 0);
	if (is_refusal && s->endpoint->target->proxy_command == NULL)
		return REFUSAL_TEXT;
	if (text != NULL && strcmp(text, "Unable to exchange encryption keys") == 0)
		return "the SSH handshake failed; most often since both know no key exchange, host "
		       "key, cipher or MAC in common (`ssh -vv` lists the host's)";
	return "the SSH handshake failed";
}

/* One step of the handshake or of authentication. True where another step may follow at once. */
static bool connect_step(struct session *s)
{
	const struct ssh_target *t = s->endpoint->target;
	enum ssh_stage stage = stage_of(s);
	struct err why = {0};
	bool is_refusal = false;
	int r;

	if (s->state == SESSION_HANDSHAKE) {
		r = libssh2_session_handshake(s->ssh2, s->fd);
		if (r == LIBSSH2_ERROR_EAGAIN)
			return false;
		if (r != 0 && s->proxy != NULL) {
			s->awaits_proxy = true; /* its end says more than that of its socket */
			return false;
		}
		if (r != 0) {
			is_refusal = libssh2_session_banner_get(s->ssh2) == NULL;
			session_error(s, &why, ERR_UNAVAILABLE, handshake_text(s, is_refusal));
		} else if (host_key_check(s, &why) == 0) {
			software_learn(s);
			session_enter(s, SESSION_AUTH);
			return true;
		} else {
			stage = SSH_STAGE_HOST_KEY;
		}
	} else {
		r = auth_step(s, &why);
		if (r == ERR_AGAIN)
			return false;
		if (r == 0) {
			session_ready(s);
			return true;
		}
	}
	/* What a host key came to names the host itself. */
	if (stage != SSH_STAGE_HOST_KEY)
		err_context(&why, "%s", t->place);
	session_fail(s, is_refusal, stage, &why);
	return false;
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
	struct session *s = poll->data;
	struct err why;

	if (events & UV_READABLE)
		s->n_silent = 0;
	if (status == 0 && (events & UV_DISCONNECT) == 0) {
		session_wake(s);
		return;
	}
	s->is_hung_up = true;
	if (status != 0)
		s->poll_events = 0; /* libuv has stopped the handle */
	if (s->state == SESSION_READY && s->n_channels == 0) {
		err_set(&why, ERR_UNAVAILABLE, "the server closed the connection");
		session_fail(s, false, SSH_STAGE_RUNNING, &why);
		return;
	}
	session_wake(s); /* What is wrong shows in the next call of libssh2. */
}

/* Brings the poll handle in line with what libssh2 waits for. While nothing reads, only the end of
 * the connection is waited for, and that once. */
void session_poll_adjust(struct session *s)
{
	bool awaits_proxy = s->is_hung_up && s->proxy != NULL && s->state != SESSION_READY;
	int want = is_reading(s) && !awaits_proxy ? UV_READABLE : s->is_hung_up ? 0 : UV_DISCONNECT;

	if (s->state == SESSION_CONNECT)
		want = UV_WRITABLE;
	else if (!s->awaits_proxy && !session_is_sent(s))
		want |= UV_WRITABLE;
	if (want == s->poll_events)
		return;
	s->poll_events = want;
	if (want == 0)
		(void)uv_poll_stop(s->poll);
	else
		(void)uv_poll_start(s->poll, want, on_poll);
}

static void connect_finish(struct session *s)
{
	struct err why = {0};
	socklen_t len = sizeof(int);
	int error = 0, one = 1;

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
		error = errno;
	if (error != 0) {
		session_address_next(s, strerror(error));
		return;
	}
	(void)setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)setsockopt(s->fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
	if (ssh2_create(s, &why) != 0) {
		session_fail(s, false, SSH_STAGE_CONNECT, &why);
		return;
	}
	session_enter(s, SESSION_HANDSHAKE);
}

static void session_step(struct session *s)
{
	session_flush(s);
	if (s->state == SESSION_CONNECT)
		connect_finish(s);
	while (!s->awaits_proxy && (s->state == SESSION_HANDSHAKE || s->state == SESSION_AUTH) &&
		connect_step(s))
		;
	if (s->state == SESSION_READY)
		session_pump(s);
}

void session_wake(struct session *s)
{
	if (s->state == SESSION_RESOLVE || s->state == SESSION_DEAD)
		return;
	s->wants_pump = true;
	if (s->is_pumping)
		return;
	s->is_pumping = true;
	s->greeted_now = 0;
	s->is_dry = false;
	while (s->wants_pump && s->state != SESSION_DEAD) {
		s->wants_pump = false;
		session_step(s);
	}
	s->is_pumping = false;
	if (s->state != SESSION_DEAD && s->poll != NULL)
		session_poll_adjust(s);
}
