/*
 * The agent's protocol: a length, a kind, and what belongs to it. What it answers is believed as
 * far as it fits.
 */
#include "operators/ssh/agent.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "operators/ssh/key_impl.h"

enum kind {
	KIND_FAILURE = 5,
	KIND_LIST = 11,
	KIND_LISTED = 12,
	KIND_SIGN = 13,
	KIND_SIGNED = 14,
};

struct agent {
	uv_pipe_t pipe;
	uv_connect_t connecting;
	uv_write_t writing;
	enum agent_state state;
	enum kind asked;
	bool is_writing; /* the request is on its way out */
	struct buf out, in; /* a request; an answer, as far as it has come */
	char *list; /* the answer that holds the keys */
	struct agent_key *keys;
	size_t n_keys;
	struct key_bytes signature;
	void (*on_moved)(void *ctx); /* NULL: it is closing */
	void *ctx;
};

static void on_closed(uv_handle_t *handle)
{
	struct agent *a = handle->data;

	for (size_t i = 0; i < a->n_keys; i++)
		free((void *)(uintptr_t)a->keys[i].comment);
	free(a->keys);
	free(a->list);
	buf_free(&a->out);
	buf_free(&a->in);
	free(a);
}

static void move(struct agent *a, enum agent_state state)
{
	if (a->on_moved == NULL || a->state != AGENT_WAITING)
		return;
	a->state = state;
	a->on_moved(a->ctx);
}

/* ---- answers ---- */

/* A comment, as it may be shown. */
static char *comment_of(struct key_bytes s)
{
	size_t len = s.len < 200 ? s.len : 200;
	char *text = malloc(len + 1);

	for (size_t i = 0; text != NULL && i < len; i++)
		text[i] = s.at[i] < ' ' || s.at[i] >= 0x7f ? '?' : (char)s.at[i];
	if (text != NULL)
		text[len] = '\0';
	return text;
}

/* N.B. the keys point into the answer, which is kept. */
static bool list_read(struct agent *a, struct key_reader r)
{
	uint32_t n = key_take_u32(&r);

	if (r.is_short || n > AGENT_KEYS_MAX)
		return false;
	a->keys = calloc((size_t)n + 1, sizeof(*a->keys));
	for (uint32_t i = 0; i < n && a->keys != NULL; i++) {
		struct key_bytes blob = key_take_string(&r), comment = key_take_string(&r);
		char *text = r.is_short ? NULL : comment_of(comment);

		if (text == NULL)
			return false;
		a->keys[a->n_keys++] = (struct agent_key){blob.at, blob.len, text};
	}
	return a->keys != NULL;
}

static enum agent_state answer_read(struct agent *a, struct key_reader r, int kind)
{
	struct key_reader inner;
	struct key_bytes both;

	if (kind == KIND_FAILURE)
		return a->asked == KIND_SIGN ? AGENT_REFUSED : AGENT_GONE;
	if (kind == KIND_LISTED && a->asked == KIND_LIST)
		return list_read(a, r) ? AGENT_LISTED : AGENT_GONE;
	if (kind != KIND_SIGNED || a->asked != KIND_SIGN)
		return AGENT_GONE;
	both = key_take_string(&r);
	inner = (struct key_reader){both.at, both.len, r.is_short};
	(void)key_take_string(&inner); /* the algorithm's name */
	a->signature = key_take_string(&inner);
	return inner.is_short ? AGENT_GONE : AGENT_SIGNED;
}

/* Looks whether an answer has come whole. */
static void answer_take(struct agent *a)
{
	struct key_reader r = {(const unsigned char *)a->in.data, a->in.len, false};
	uint32_t len;
	int kind;

	if (a->in.len < 5 || a->state != AGENT_WAITING)
		return;
	len = key_take_u32(&r);
	if (len == 0 || len > AGENT_ANSWER_MAX) {
		move(a, AGENT_GONE);
		return;
	}
	if (r.len < len)
		return;
	/* What it says before it is asked again stays in the socket; N.B. what is read would move
	 * the answer, in which a signature lies. */
	(void)uv_read_stop((uv_stream_t *)&a->pipe);
	if (a->is_writing) {
		move(a, AGENT_GONE); /* it answers what it was not asked yet */
		return;
	}
	kind = r.at[0];
	if (a->asked == KIND_LIST) {
		free(a->list);
		a->list = buf_steal(&a->in);
		if (a->list == NULL) {
			move(a, AGENT_GONE);
			return;
		}
		r.at = (const unsigned char *)a->list + 4;
	}
	move(a, answer_read(a, (struct key_reader){r.at + 1, len - 1, false}, kind));
}

/* ---- the socket ---- */

static void on_room(uv_handle_t *handle, size_t wish, uv_buf_t *out)
{
	struct agent *a = handle->data;
	char *room = buf_room(&a->in, 4096);

	(void)wish;
	*out = room == NULL ? uv_buf_init(NULL, 0) : uv_buf_init(room, 4096);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *bytes)
{
	struct agent *a = stream->data;

	(void)bytes;
	if (n < 0) {
		(void)uv_read_stop(stream);
		move(a, AGENT_GONE);
		return;
	}
	a->in.len += (size_t)n;
	answer_take(a);
}

static void on_written(uv_write_t *w, int status)
{
	struct agent *a = w->data;

	a->is_writing = false;
	if (status != 0)
		move(a, AGENT_GONE);
}

/* Sends the request that stands in out, and reads until its answer has come. */
static void ask(struct agent *a, enum kind kind)
{
	uv_stream_t *pipe = (uv_stream_t *)&a->pipe;
	uv_buf_t bytes = uv_buf_init(a->out.data, (unsigned)a->out.len);

	a->state = AGENT_WAITING;
	a->asked = kind;
	buf_reset(&a->in);
	if (buf_status(&a->out) == 0)
		a->is_writing = uv_write(&a->writing, pipe, &bytes, 1, on_written) == 0;
	if (!a->is_writing || uv_read_start(pipe, on_room, on_read) != 0)
		a->state = AGENT_GONE;
}

static void on_connected(uv_connect_t *c, int status)
{
	struct agent *a = c->data;

	if (a->on_moved == NULL)
		return;
	if (status != 0) {
		move(a, AGENT_GONE);
		return;
	}
	key_add_u32(&a->out, 1);
	buf_addc(&a->out, KIND_LIST);
	ask(a, KIND_LIST);
	if (a->state == AGENT_GONE)
		a->on_moved(a->ctx);
}

struct agent *agent_open(uv_loop_t *loop, const char *path, void (*on_moved)(void *ctx), void *ctx)
{
	struct agent *a = calloc(1, sizeof(*a));

	if (a == NULL)
		return NULL;
	a->on_moved = on_moved;
	a->ctx = ctx;
	buf_init(&a->out, AGENT_ANSWER_MAX);
	buf_init(&a->in, AGENT_ANSWER_MAX + 8192);
	(void)uv_pipe_init(loop, &a->pipe, 0);
	a->pipe.data = a->connecting.data = a->writing.data = a;
	uv_pipe_connect(&a->connecting, &a->pipe, path, on_connected);
	return a;
}

void agent_close(struct agent *a)
{
	if (a == NULL)
		return;
	a->on_moved = NULL;
	uv_close((uv_handle_t *)&a->pipe, on_closed);
}

/* ---- what is asked ---- */

enum agent_state agent_state(const struct agent *a)
{
	return a->state;
}

const struct agent_key *agent_keys(const struct agent *a, size_t *n)
{
	*n = a->n_keys;
	return a->keys;
}

void agent_sign(
	struct agent *a, const struct agent_key *k, const void *bytes, size_t len, unsigned flags)
{
	buf_reset(&a->out);
	key_add_u32(&a->out, (uint32_t)(1 + 4 + k->len + 4 + len + 4));
	buf_addc(&a->out, KIND_SIGN);
	key_add_string(&a->out, k->blob, k->len);
	key_add_string(&a->out, bytes, len);
	key_add_u32(&a->out, flags);
	ask(a, KIND_SIGN);
}

void agent_signature_take(struct agent *a, const unsigned char **sig, size_t *len)
{
	*sig = a->signature.at;
	*len = a->signature.len;
	a->state = AGENT_LISTED;
}

void agent_settle(struct agent *a)
{
	if (a->state == AGENT_REFUSED)
		a->state = AGENT_LISTED;
}
