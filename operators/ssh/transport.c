/*
 * The caller's side of the transport: threads, messages, and the life of an exec as the caller sees
 * it. Invariant: a struct ssh_exec is freed right after its on_end(), and no message that names it
 * is sent by a lane after MSG_END.
 */
#include "engine/hash.h"
#include "operators/ssh/note.h"
#include "operators/ssh/transport_internal.h"

#include <stdlib.h>
#include <string.h>

struct ssh_exec {
	struct link link;
	struct ssh_transport *transport;
	struct lane *lane;
	struct channel
		*channel; /* N.B. only named in messages; in_flight alone is read, atomically */
	/* Made beforehand, since neither may fail; cancel_message NULL: it was sent. */
	struct message *free_message, *cancel_message;
	struct ssh_exec_events events;
	void *ctx;
};

/* --- from a lane to the caller --- */

void channel_note(struct channel *c, const struct ssh_note *note)
{
	size_t len = strlen(note->text) + 1;
	struct message *m;

	if (c->tunnel != NULL) {
		tunnel_note(c->tunnel, note);
		return;
	}
	m = message_create(MSG_NOTE, len);
	if (m == NULL)
		return; /* A note that is lost harms nobody. */
	m->exec = c->exec;
	memcpy(m->bytes, note->text, len);
	m->note = *note;
	m->note.text = m->bytes;
	message_send(&c->lane->transport->out, m);
}

void channel_notes_tell(struct channel *c, const struct buf *notes)
{
	struct ssh_note note;
	size_t at = 0;

	while (ssh_note_next(notes, &at, &note))
		channel_note(c, &note);
}

/* The channel stays, outside of all lists, until the caller has sent MSG_FREE: messages of the
 * caller that name it may still be under way. */
void channel_end(struct channel *c, const struct ssh_end *end)
{
	struct message *m = c->end_message;

	c->state = CHANNEL_ENDED;
	if (c->tunnel != NULL) {
		tunnel_ended(c->tunnel, end);
		return;
	}
	c->end_message = NULL;
	*m->end = *end;
	message_send(&c->lane->transport->out, m);
}

void channel_free(struct channel *c)
{
	if (c->end_message != NULL) {
		free(c->end_message->end);
		free(c->end_message);
	}
	buf_free(&c->input);
	buf_free(&c->text);
	ssh_command_free(&c->command);
	free(c);
}

/* --- a lane --- */

static void lane_stop(struct lane *lane)
{
	struct link *l, *next;

	lane->is_stopping = true;
	for (l = lane->endpoints.next; l != &lane->endpoints; l = next) {
		next = l->next;
		endpoint_stop(LINK_OF(l, struct endpoint, link));
	}
	uv_close((uv_handle_t *)&lane->in.wake, NULL);
}

void channel_input(struct channel *c, const void *bytes, size_t len)
{
	struct ssh_end end = {.stage = SSH_STAGE_RUNNING, .may_have_run = c->may_have_run};

	if (c->input_at > 0) {
		memmove(c->input.data, c->input.data + c->input_at, c->input.len - c->input_at);
		c->input.len -= c->input_at;
		c->input_at = 0;
	}
	buf_add(&c->input, bytes, len);
	if (buf_status(&c->input) != 0) {
		err_set(&end.err, ERR_NOMEM, "out of memory for the input of a command");
		channel_abort(c, &end);
	} else if (c->session != NULL) {
		session_wake(c->session);
	}
}

static void lane_message(struct lane *lane, struct message *m)
{
	struct channel *c = m->channel;
	struct ssh_end end = {.may_have_run = c != NULL && c->may_have_run};

	if (m->type == MSG_STOP) {
		lane_stop(lane);
		return;
	}
	if (m->type == MSG_FREE) {
		channel_free(c);
		return;
	}
	if (c->state == CHANNEL_ENDED)
		return;
	switch (m->type) {
	case MSG_START:
		endpoint_enqueue(lane, c, m->target);
		break;
	case MSG_WRITE:
		channel_input(c, m->bytes, m->len);
		break;
	case MSG_EOF:
		c->eof_wanted = true;
		if (c->session != NULL)
			session_wake(c->session);
		break;
	case MSG_DONE:
		if (channel_hand_on(c))
			break;
		/* fall through */
	case MSG_CANCEL:
		end.stage = c->state == CHANNEL_QUEUED ? SSH_STAGE_QUEUED : SSH_STAGE_RUNNING;
		err_set(&end.err, ERR_ILLEGAL, "cancelled");
		channel_abort(c, &end);
		break;
	case MSG_RESUME:
		c->is_paused = false;
		if (c->session != NULL)
			session_wake(c->session);
		break;
	default:
		break;
	}
}

static void on_lane_wake(uv_async_t *async)
{
	struct lane *lane = async->data;
	struct message *m, *next;

	for (m = message_take_all(&lane->in); m != NULL; m = next) {
		next = m->next;
		lane_message(lane, m);
		free(m);
	}
}

static void lane_main(void *arg)
{
	struct lane *lane = arg;
	struct message *m;

	(void)uv_run(&lane->loop, UV_RUN_DEFAULT);
	m = lane->stopped;
	lane->stopped = NULL;
	message_send(&lane->transport->out, m);
}

static void lane_free(struct lane *lane)
{
	struct message *m, *next;

	for (m = message_take_all(&lane->in); m != NULL; m = next) {
		next = m->next;
		if (m->type == MSG_FREE)
			channel_free(m->channel);
		free(m);
	}
	uv_mutex_destroy(&lane->in.lock);
	(void)uv_loop_close(&lane->loop);
	free(lane->stop);
	free(lane->stopped);
	free(lane->scratch);
}

static int lane_init(struct lane *lane, struct ssh_transport *t)
{
	lane->transport = t;
	link_init(&lane->endpoints);
	lane->scratch = malloc(SCRATCH_SIZE);
	lane->stop = message_create(MSG_STOP, 0);
	lane->stopped = message_create(MSG_STOPPED, 0);
	if (lane->scratch == NULL || lane->stop == NULL || lane->stopped == NULL)
		goto fail;
	if (uv_loop_init(&lane->loop) != 0)
		goto fail;
	if (message_queue_init(&lane->in, &lane->loop, on_lane_wake, lane) != 0) {
		(void)uv_loop_close(&lane->loop);
		goto fail;
	}
	return 0;
fail:
	free(lane->scratch);
	free(lane->stop);
	free(lane->stopped);
	return ERR_NOMEM;
}

/* --- the caller's side --- */

static void on_out_closed(uv_handle_t *handle)
{
	struct ssh_transport *t = handle->data;

	t->on_closed(t->closed_ctx);
	uv_mutex_destroy(&t->out.lock);
	free(t->lanes);
	free(t);
}

static int exec_send(struct ssh_exec *x, enum message_type type, const void *bytes, size_t len)
{
	struct message *m = message_create(type, len);

	if (m == NULL)
		return ERR_NOMEM;
	m->channel = x->channel;
	if (len > 0)
		memcpy(m->bytes, bytes, len);
	message_send(&x->lane->in, m);
	return 0;
}

static void exec_data(struct ssh_exec *x, struct message *m)
{
	size_t left;

	if (x->events.on_data != NULL)
		x->events.on_data(x->ctx, m->is_stderr, m->bytes, m->len);
	left = __atomic_sub_fetch(&x->channel->in_flight, m->len, __ATOMIC_ACQ_REL);
	/* Only the step across the line wakes the lane, which may have stopped reading at it. */
	if (left < EXEC_CREDIT / 2 && left + m->len >= EXEC_CREDIT / 2 &&
		exec_send(x, MSG_RESUME, NULL, 0) != 0)
		ssh_exec_cancel(x); /* N.B. else it would wait for ever */
}

static void exec_end(struct ssh_exec *x, const struct ssh_end *end)
{
	struct message *m = x->free_message;

	x->events.on_end(x->ctx, end);
	link_remove(&x->link);
	if (link_is_empty(&x->transport->execs) && !x->transport->is_closing)
		uv_unref((uv_handle_t *)&x->transport->out.wake);
	message_send(&x->lane->in, m);
	free(x->cancel_message);
	free(x);
}

static void transport_message(struct ssh_transport *t, struct message *m)
{
	struct ssh_exec *x = m->exec;

	switch (m->type) {
	case MSG_NOTE:
		if (x->events.on_note != NULL)
			x->events.on_note(x->ctx, &m->note);
		break;
	case MSG_OPEN:
		if (x->events.on_open != NULL)
			x->events.on_open(x->ctx);
		break;
	case MSG_DATA:
		exec_data(x, m);
		break;
	case MSG_END:
		exec_end(x, m->end);
		free(m->end);
		break;
	case MSG_STOPPED:
		t->n_stopped++;
		break;
	default:
		break;
	}
}

static void on_out_wake(uv_async_t *async)
{
	struct ssh_transport *t = async->data;
	struct message *m, *next;

	for (m = message_take_all(&t->out); m != NULL; m = next) {
		next = m->next;
		transport_message(t, m);
		free(m);
	}
	if (t->n_stopped != t->n_lanes)
		return;
	for (unsigned i = 0; i < t->n_lanes; i++) {
		(void)uv_thread_join(&t->lanes[i].thread);
		lane_free(&t->lanes[i]);
	}
	uv_close((uv_handle_t *)&t->out.wake, on_out_closed);
}

static void on_nothing(void *ctx)
{
	(void)ctx;
}

static void options_default(struct ssh_transport_options *o)
{
	if (o->threads == 0)
		o->threads = uv_available_parallelism() > 4 ? 4 : uv_available_parallelism();
	if (o->connections_max == 0)
		o->connections_max = 1024;
	if (o->per_host_max == 0)
		o->per_host_max = 256;
	if (o->idle_close_ms == 0)
		o->idle_close_ms = 30000;
}

int ssh_transport_create(uv_loop_t *loop, const struct ssh_transport_options *o,
	struct ssh_transport **out, struct err *e)
{
	struct ssh_transport *t = calloc(1, sizeof(*t));
	int r;

	if (t == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	t->loop = loop;
	t->options = *o;
	options_default(&t->options);
	link_init(&t->execs);
	t->lanes = calloc(t->options.threads, sizeof(*t->lanes));
	if (t->lanes == NULL || message_queue_init(&t->out, loop, on_out_wake, t) != 0) {
		free(t->lanes);
		free(t);
		return err_set(e, ERR_NOMEM, "out of memory");
	}
	uv_unref((uv_handle_t *)&t->out.wake);
	for (unsigned i = 0; i < t->options.threads; i++) {
		r = lane_init(&t->lanes[i], t);
		if (r == 0 && uv_thread_create(&t->lanes[i].thread, lane_main, &t->lanes[i]) != 0) {
			uv_close((uv_handle_t *)&t->lanes[i].in.wake, NULL);
			(void)uv_run(&t->lanes[i].loop, UV_RUN_DEFAULT);
			lane_free(&t->lanes[i]);
			r = ERR_NOMEM;
		}
		if (r != 0)
			break;
		t->n_lanes++;
	}
	if (t->n_lanes == 0) {
		t->on_closed = on_nothing;
		uv_close((uv_handle_t *)&t->out.wake, on_out_closed);
		return err_set(e, ERR_NOMEM, "no thread could be started for SSH");
	}
	*out = t;
	return 0;
}

void ssh_transport_close(struct ssh_transport *t, void (*on_closed)(void *ctx), void *ctx)
{
	t->is_closing = true;
	t->on_closed = on_closed;
	t->closed_ctx = ctx;
	uv_ref((uv_handle_t *)&t->out.wake);
	for (unsigned i = 0; i < t->n_lanes; i++) {
		struct message *m = t->lanes[i].stop;

		t->lanes[i].stop = NULL;
		message_send(&t->lanes[i].in, m);
	}
}

/* Targets that go through one jump host must share its lane, since sessions never cross threads. */
static struct lane *lane_of(struct ssh_transport *t, const struct ssh_target *target)
{
	while (target->jump != NULL)
		target = target->jump;
	return &t->lanes[(hash_text(HASH_BEGIN, target->identity) >> 32) % t->n_lanes];
}

struct channel *channel_create(
	struct lane *lane, struct ssh_exec *x, struct ssh_command *command, bool want_pty)
{
	struct channel *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	link_init(&c->link);
	buf_init(&c->input, 0);
	buf_init(&c->text, 0);
	ssh_command_init(&c->command);
	c->lane = lane;
	c->exec = x;
	c->want_pty = want_pty;
	if (command != NULL) {
		c->command = *command;
		ssh_command_init(command);
	}
	c->end_message = message_create(MSG_END, 0);
	if (c->end_message != NULL) {
		c->end_message->exec = x;
		c->end_message->end = calloc(1, sizeof(struct ssh_end));
	}
	if (buf_status(&c->command.arguments) != 0 || c->end_message == NULL ||
		c->end_message->end == NULL) {
		channel_free(c);
		return NULL;
	}
	return c;
}

unsigned ssh_transport_connections(const struct ssh_transport *t)
{
	unsigned n = 0;

	for (unsigned i = 0; i < t->n_lanes; i++)
		n += __atomic_load_n(&t->lanes[i].n_sessions, __ATOMIC_RELAXED);
	return n;
}

int ssh_exec_start(struct ssh_transport *t, struct ssh_target *target, struct ssh_command *command,
	bool want_pty, const struct ssh_exec_events *events, void *ctx, struct ssh_exec **out,
	struct err *e)
{
	struct ssh_exec *x = NULL;
	struct message *m = NULL;

	if (t->is_closing)
		return err_set(e, ERR_ILLEGAL, "the SSH transport is closing");
	x = calloc(1, sizeof(*x));
	m = message_create(MSG_START, 0);
	if (x == NULL || m == NULL)
		goto fail;
	x->transport = t;
	x->lane = lane_of(t, target);
	x->events = *events;
	x->ctx = ctx;
	x->free_message = message_create(MSG_FREE, 0);
	x->cancel_message = message_create(MSG_CANCEL, 0);
	if (x->free_message == NULL || x->cancel_message == NULL)
		goto fail;
	x->channel = channel_create(x->lane, x, command, want_pty);
	if (x->channel == NULL)
		goto fail;
	x->free_message->channel = x->cancel_message->channel = m->channel = x->channel;
	m->target = target;
	ssh_target_hold(target);
	if (link_is_empty(&t->execs))
		uv_ref((uv_handle_t *)&t->out.wake); /* the loop stays while anything runs */
	link_add_tail(&t->execs, &x->link);
	message_send(&x->lane->in, m);
	*out = x;
	return 0;
fail:
	if (x != NULL) {
		free(x->free_message);
		free(x->cancel_message);
	}
	free(x);
	free(m);
	return err_set(e, ERR_NOMEM, "out of memory");
}

int ssh_exec_write(struct ssh_exec *x, const void *bytes, size_t len)
{
	return exec_send(x, MSG_WRITE, bytes, len);
}

int ssh_exec_eof(struct ssh_exec *x)
{
	return exec_send(x, MSG_EOF, NULL, 0);
}

static void exec_leave(struct ssh_exec *x, enum message_type type)
{
	struct message *m = x->cancel_message;

	x->cancel_message = NULL;
	if (m == NULL)
		return;
	m->type = type;
	message_send(&x->lane->in, m);
}

void ssh_exec_cancel(struct ssh_exec *x)
{
	exec_leave(x, MSG_CANCEL);
}

void ssh_exec_done(struct ssh_exec *x)
{
	exec_leave(x, MSG_DONE);
}
