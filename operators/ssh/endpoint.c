/*
 * Endpoints: the queue of channels for one target, and how many connections serve it.
 *
 * A few connections are opened at once; more only while the queue stands still, since a connect
 * costs the server as much as many commands do. Connects that the server refuses for being too busy
 * make the next ones fewer and later. Invariant: a channel is in the queue, on a session, or ended.
 */
#include "operators/ssh/keyring.h"
#include "operators/ssh/transport_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t now_ms(struct endpoint *ep)
{
	return uv_now(&ep->lane->loop);
}

static void on_endpoint_closed(uv_handle_t *handle)
{
	struct endpoint *ep = handle->data;

	keyring_destroy(ep->keyring);
	ssh_target_release(ep->target);
	free(ep);
}

static void endpoint_free(struct endpoint *ep)
{
	opening_leave(ep);
	link_remove(&ep->link);
	ep->is_closing = true;
	uv_close((uv_handle_t *)&ep->timer, on_endpoint_closed);
}

static void on_endpoint_timer(uv_timer_t *timer)
{
	endpoint_schedule(timer->data);
}

static struct endpoint *endpoint_create(struct lane *lane, struct ssh_target *target)
{
	struct endpoint *ep = calloc(1, sizeof(*ep));

	if (ep == NULL)
		return NULL;
	ep->lane = lane;
	ep->target = target;
	ssh_target_hold(target);
	link_init(&ep->queue);
	link_init(&ep->sessions);
	ep->connecting_limit = HANDSHAKES_MAX;
	ep->channel_limit = target->max_sessions > 0 ? target->max_sessions : UINT32_MAX;
	ep->last_progress = uv_now(&lane->loop);
	ep->stall_ms = STALL_MIN_MS;
	(void)uv_timer_init(&lane->loop, &ep->timer);
	ep->timer.data = ep;
	link_add_tail(&lane->endpoints, &ep->link);
	return ep;
}

static struct endpoint *endpoint_find(struct lane *lane, struct ssh_target *target)
{
	for (struct link *l = lane->endpoints.next; l != &lane->endpoints; l = l->next) {
		struct endpoint *ep = LINK_OF(l, struct endpoint, link);

		if (!ep->is_closing && strcmp(ep->target->identity, target->identity) == 0)
			return ep;
	}
	return endpoint_create(lane, target);
}

/* Channels on all connections. */
static unsigned channels_count(const struct endpoint *ep)
{
	unsigned n = 0;

	for (const struct link *l = ep->sessions.next; l != &ep->sessions; l = l->next)
		n += LINK_OF(l, const struct session, link)->n_channels;
	return n;
}

static void queued_count(struct endpoint *ep, const struct channel *c, int by)
{
	ep->n_queued += (unsigned)by;
	if (!c->command.takes_next)
		ep->n_alone += (unsigned)by;
}

/* Few channels will do, until it is known how long they are needed. N.B. one must be there for a
 * while before it can be handed on. */
static void look_begin(struct endpoint *ep)
{
	ep->opens_more = false;
	ep->look_since = now_ms(ep);
	ep->n_handed = 0;
}

void endpoint_enqueue(struct lane *lane, struct channel *c, struct ssh_target *target)
{
	struct ssh_end end = {.stage = SSH_STAGE_QUEUED};
	struct endpoint *ep = NULL;
	char using[512];

	if (lane->is_stopping)
		err_set(&end.err, ERR_ILLEGAL, "the SSH transport is closing");
	else if ((ep = endpoint_find(lane, target)) == NULL)
		err_set(&end.err, ERR_NOMEM, "out of memory");
	ssh_target_release(target);
	if (ep == NULL) {
		channel_end(c, &end);
		return;
	}
	c->endpoint = ep;
	c->state = CHANNEL_QUEUED;
	(void)snprintf(using, sizeof(using), "Using connection %s: %s@%s%s", ep->target->conn_id,
		ep->target->login, ep->target->place,
		ep->target->password == NULL ? "" : ", password ***");
	channel_note(c, &(struct ssh_note){SSH_STAGE_QUEUED, false, using});
	if (link_is_empty(&ep->queue))
		ep->last_progress = now_ms(ep);
	link_add_tail(&ep->queue, &c->link);
	queued_count(ep, c, 1);
	endpoint_schedule(ep);
}

void endpoint_requeue(struct endpoint *ep, struct channel *c)
{
	c->state = CHANNEL_QUEUED;
	c->session = NULL;
	link_add_head(&ep->queue, &c->link);
	queued_count(ep, c, 1);
}

void endpoint_dequeue(struct endpoint *ep, struct channel *c)
{
	link_remove(&c->link);
	queued_count(ep, c, -1);
}

/* Whether the channels that there are will soon have served what waits: another one costs the host
 * as much as a task does. */
static bool is_draining(struct endpoint *ep)
{
	uint64_t took = now_ms(ep) - ep->look_since;
	bool is_slow = ep->n_queued * took > (uint64_t)DRAIN_MS * ep->n_handed;

	if (ep->n_alone > 0 || ep->has_no_next)
		return false;
	if (took >= DRAIN_LOOK_MS) {
		look_begin(ep);
		ep->opens_more = is_slow;
	}
	return !ep->opens_more;
}

/* Whether the session has a command, or may have one still, where it must have no other. */
static bool is_taken(const struct session *s, const struct channel *next)
{
	if (!s->endpoint->is_single || next->tunnel != NULL)
		return false;
	for (const struct link *l = s->channels.next; l != &s->channels; l = l->next)
		if (LINK_OF(l, const struct channel, link)->tunnel == NULL)
			return true;
	return s->n_ghosts > 0;
}

/* A ready session that can take one more channel now; the one with the
 * fewest, so that the work is spread. */
static struct session *session_free_find(struct endpoint *ep)
{
	unsigned most = is_draining(ep) ? QUICK_SHARE : UINT32_MAX;
	struct session *best = NULL;
	const struct channel *next = LINK_OF(ep->queue.next, const struct channel, link);

	ep->is_holding = false;
	for (struct link *l = ep->sessions.next; l != &ep->sessions; l = l->next) {
		struct session *s = LINK_OF(l, struct session, link);
		unsigned limit = s->limit < ep->channel_limit ? s->limit : ep->channel_limit;

		if (s->state != SESSION_READY || s->opening != NULL || s->not_before > now_ms(ep) ||
			s->n_channels + s->n_ghosts >= limit || is_taken(s, next))
			continue;
		if (s->n_channels + s->n_ghosts >= most) {
			ep->is_holding = true;
			continue;
		}
		if (best == NULL || s->n_channels < best->n_channels)
			best = s;
	}
	return best;
}

/* What waits behind a command that is to be told of it; each is told of once. N.B. as many as there
 * are channels may begin by then: what is made for these comes too late. */
static void ahead_add(struct endpoint *ep, struct buf *out)
{
	unsigned skip = channels_count(ep), n = 0;

	for (struct link *l = ep->queue.next; l != &ep->queue && n < AHEAD_MAX; l = l->next) {
		struct channel *c = LINK_OF(l, struct channel, link);
		const char *arguments = buf_str(&c->command.arguments);

		if (!c->command.tells_ahead || c->is_told || skip > 0) {
			skip -= skip > 0;
			continue;
		}
		buf_addc(out, ',');
		buf_add(out, arguments, strcspn(arguments, " "));
		c->is_told = true;
		n++;
	}
}

/* N.B. libssh2 wants the same bytes until they are sent, so the text is made once; and not before,
 * for what the login shell is may have been learned while the channel waited. */
bool endpoint_command_make(struct endpoint *ep, struct channel *c)
{
	struct buf ahead;
	bool is_whole;

	if (c->text.len > 0)
		return true;
	buf_init(&ahead, 0);
	if (c->command.tells_ahead && !c->is_told)
		ahead_add(ep, &ahead);
	if (ahead.len == 0)
		buf_addc(&ahead, ',');
	if (c->n_before > 0)
		ssh_command_next(&c->text, &c->command, buf_str(&ahead));
	else
		ssh_command_text(
			&c->text, &c->command, buf_str(&ahead), ssh_target_has_sh(ep->target));
	is_whole = buf_status(&ahead) == 0 && buf_status(&c->text) == 0;
	buf_free(&ahead);
	return is_whole;
}

struct channel *endpoint_next_take(struct endpoint *ep)
{
	struct channel *c = LINK_OF(ep->queue.next, struct channel, link);

	if (ep->n_queued == 0 || ep->has_no_next || !c->command.takes_next)
		return NULL;
	endpoint_dequeue(ep, c);
	ep->n_handed++;
	ep->last_progress = now_ms(ep);
	return c;
}

/* How many connections there should be for what waits. */
static unsigned wanted(struct endpoint *ep)
{
	unsigned share = ep->is_single		  ? 1
		: ep->channel_limit < QUICK_SHARE ? ep->channel_limit
						  : QUICK_SHARE;
	unsigned quick = (ep->n_queued + share - 1) / share;
	unsigned max = ep->lane->transport->options.per_host_max;
	unsigned want = ep->n_sessions;

	if (ep->n_queued == 0)
		return want;
	if (quick > QUICK_CONNECTIONS)
		quick = QUICK_CONNECTIONS;
	if (ep->n_sessions < quick)
		want = quick;
	else if (ep->n_connecting == 0 && !ep->is_holding &&
		now_ms(ep) - ep->last_progress >= ep->stall_ms)
		want = ep->n_sessions +
			(ep->n_sessions < ep->n_queued ? ep->n_sessions : ep->n_queued);
	return want < max ? want : max;
}

static void connect_more(struct endpoint *ep)
{
	unsigned want = wanted(ep), in_all = ep->lane->transport->options.connections_max;
	struct err why = {0};

	/* Lanes share the maximum evenly, so that none has to ask another. */
	in_all = in_all / ep->lane->transport->n_lanes + 1;
	if (now_ms(ep) < ep->not_before)
		return;
	if (ep->keyring == NULL) {
		if (ep->opening == NULL && want > 0 && opening_begin(ep, &why) != 0)
			endpoint_fail_queue(ep, SSH_STAGE_AUTH, &why);
		return;
	}
	while (ep->n_sessions < want && ep->n_connecting < ep->connecting_limit &&
		ep->lane->n_sessions < in_all) {
		if (session_create(ep, &why) != 0) {
			if (ep->n_sessions == 0)
				endpoint_fail_queue(ep, SSH_STAGE_CONNECT, &why);
			return;
		}
	}
}

void endpoint_schedule(struct endpoint *ep)
{
	struct session *s;
	struct channel *c;
	struct err why = {0};
	uint64_t now, wake;

	if (ep->is_closing)
		return;
	if (ep->lane->is_stopping) {
		err_set(&why, ERR_ILLEGAL, "windrow is closing its connections");
		endpoint_fail_queue(ep, SSH_STAGE_QUEUED, &why);
	}
	while (ep->n_queued > 0 && (s = session_free_find(ep)) != NULL) {
		c = LINK_OF(ep->queue.next, struct channel, link);
		endpoint_dequeue(ep, c);
		ep->last_progress = now_ms(ep);
		if (!ep->opens_more || channels_count(ep) == 0)
			look_begin(ep);
		session_assign(s, c);
	}
	connect_more(ep);
	if (ep->is_closing) /* the last connection was lost meanwhile */
		return;
	if (ep->n_queued == 0 && ep->n_sessions == 0) {
		endpoint_free(ep);
		return;
	}
	if (ep->n_queued == 0) {
		(void)uv_timer_stop(&ep->timer);
		return;
	}
	now = now_ms(ep);
	wake = ep->not_before > now	       ? ep->not_before - now
		: ep->stall_ms < DRAIN_LOOK_MS ? ep->stall_ms
					       : DRAIN_LOOK_MS;
	(void)uv_timer_start(&ep->timer, on_endpoint_timer, wake, 0);
}

/* N.B. what a busy host lacks is not a connection: one more costs it more than a task does. */
void endpoint_connected(struct endpoint *ep, uint64_t busy_ms)
{
	ep->stall_ms = busy_ms < STALL_MIN_MS ? STALL_MIN_MS
		: busy_ms > STALL_MAX_MS      ? STALL_MAX_MS
					      : busy_ms;
	ep->n_connecting--;
	ep->has_worked = true;
	ep->first_failure = 0;
	ep->backoff_ms = 0;
	ep->last_progress = now_ms(ep);
	if (ep->connecting_limit < HANDSHAKES_MAX)
		ep->connecting_limit++;
	endpoint_schedule(ep);
}

void endpoint_fail_queue(struct endpoint *ep, enum ssh_stage stage, const struct err *why)
{
	struct ssh_end end = {.stage = stage, .err = *why};

	while (!link_is_empty(&ep->queue)) {
		struct channel *c = LINK_OF(ep->queue.next, struct channel, link);

		endpoint_dequeue(ep, c);
		channel_end(c, &end);
	}
}

/* The server was too busy to talk: fewer at a time, later. */
static void back_off(struct endpoint *ep)
{
	unsigned jitter;

	ep->connecting_limit = ep->connecting_limit > 1 ? ep->connecting_limit / 2 : 1;
	ep->backoff_ms = ep->backoff_ms == 0 ? BACKOFF_MIN_MS : ep->backoff_ms * 2;
	if (ep->backoff_ms > BACKOFF_MAX_MS)
		ep->backoff_ms = BACKOFF_MAX_MS;
	jitter = (unsigned)(uv_hrtime() >> 10) % (ep->backoff_ms / 2 + 1);
	ep->not_before = now_ms(ep) + ep->backoff_ms + jitter;
}

void endpoint_session_lost(struct endpoint *ep, bool before_ready, bool is_refusal,
	enum ssh_stage stage, const struct err *why, const struct buf *notes)
{
	if (before_ready) {
		ep->n_connecting--;
		if (ep->first_failure == 0)
			ep->first_failure = now_ms(ep);
	}
	if (before_ready && is_refusal &&
		(ep->n_sessions > 0 ||
			now_ms(ep) - ep->first_failure < ep->target->conn_timeout_ms)) {
		back_off(ep);
	} else if (before_ready && ep->n_sessions == 0) {
		for (struct link *l = ep->queue.next; l != &ep->queue; l = l->next)
			channel_notes_tell(LINK_OF(l, struct channel, link), notes);
		endpoint_fail_queue(ep, stage, why);
	} else if (before_ready) {
		back_off(ep);
	}
	endpoint_schedule(ep);
}

void endpoint_stop(struct endpoint *ep)
{
	struct err why = {0};
	struct link *l, *next;

	err_set(&why, ERR_ILLEGAL, "windrow is closing its connections");
	endpoint_fail_queue(ep, SSH_STAGE_QUEUED, &why);
	for (l = ep->sessions.next; l != &ep->sessions; l = next) {
		next = l->next;
		session_fail(LINK_OF(l, struct session, link), false, SSH_STAGE_RUNNING, &why);
	}
}
