/*
 * One client of the control socket. It is read from only while nothing of it is under way, so that
 * what it sends waits with it; what goes out waits here, up to a maximum.
 *
 * N.B. a client that hangs up while requests work on its answer stays in memory until that comes.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/control_impl.h"
#include "scheduler/requests.h"

static void next_requests(struct client *k);

/* ---- the end of one ---- */

static void client_free(struct client *k)
{
	struct control *c = k->control;

	if (!k->is_closed || k->is_waiting)
		return;
	if (k->prev != NULL)
		k->prev->next = k->next;
	else
		c->clients = k->next;
	if (k->next != NULL)
		k->next->prev = k->prev;
	c->n_clients--;
	arena_destroy(k->arena);
	buf_free(&k->in);
	buf_free(&k->out);
	buf_free(&k->writing);
	free(k);
	control_client_gone(c);
}

static void on_closed(uv_handle_t *handle)
{
	struct client *k = handle->data;

	k->is_closed = true;
	client_free(k);
}

void control_client_close(struct client *k)
{
	if (k->follow != NULL)
		control_follow_end(k->follow);
	if (!uv_is_closing((uv_handle_t *)&k->pipe))
		uv_close((uv_handle_t *)&k->pipe, on_closed);
}

/* ---- what goes out ---- */

static void on_written(uv_write_t *write, int status)
{
	struct client *k = write->data;

	k->is_writing = false;
	buf_reset(&k->writing);
	if (status != 0)
		control_client_close(k);
	else if (k->follow != NULL)
		control_follow_pump(k->follow);
	else
		control_client_send(k);
}

void control_client_send(struct client *k)
{
	struct buf swap = k->writing;
	uv_buf_t b;

	if (k->is_writing || uv_is_closing((uv_handle_t *)&k->pipe))
		return;
	if (buf_status(&k->out) != 0 ||
		(k->out.len == 0 && k->is_last && k->follow == NULL && !k->is_waiting)) {
		control_client_close(k);
		return;
	}
	if (k->out.len == 0)
		return;
	k->writing = k->out;
	k->out = swap;
	b = uv_buf_init(k->writing.data, (unsigned)k->writing.len);
	k->write.data = k;
	k->is_writing = uv_write(&k->write, (uv_stream_t *)&k->pipe, &b, 1, on_written) == 0;
	if (!k->is_writing)
		control_client_close(k);
}

static void send_answer(struct client *k, const struct value *answer)
{
	buf_adds(&k->out, "{\"ok\":");
	value_json(answer, &k->out);
	buf_adds(&k->out, "}\n");
	control_client_send(k);
}

static void send_error(struct client *k, const struct err *e)
{
	struct value text = value_string(e->text, strlen(e->text));

	buf_addf(&k->out, "{\"error\":{\"code\":\"%s\",\"message\":", err_name(e->code));
	value_json(&text, &k->out);
	buf_adds(&k->out, "}}\n");
	control_client_send(k);
}

/* ---- what comes in ---- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *b)
{
	struct client *k = handle->data;

	(void)suggested;
	*b = uv_buf_init(k->control->read, CONTROL_READ_SIZE);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct client *k = stream->data;
	struct err e;

	if (n == UV_EOF && (k->is_writing || k->follow != NULL)) {
		(void)uv_read_stop(stream);
		k->is_last = true;
		return;
	}
	if (n < 0) {
		control_client_close(k);
		return;
	}
	buf_add(&k->in, b->base, (size_t)n);
	if (buf_status(&k->in) != 0) {
		(void)uv_read_stop(stream);
		(void)err_set(&e, ERR_LIMIT, "a request has at most %zu bytes", REQUEST_LINE_MAX);
		k->is_last = true;
		send_error(k, &e);
		return;
	}
	next_requests(k);
}

void control_client_answer(void *ctx, const struct value *answer, const struct err *e)
{
	struct client *k = ctx;

	k->is_waiting = false;
	if (k->is_closed) {
		client_free(k);
		return;
	}
	if (e == NULL)
		send_answer(k, answer);
	else
		send_error(k, e);
	arena_destroy(k->arena);
	k->arena = NULL;
	if (!k->is_serving)
		next_requests(k);
}

void control_client_next(struct client *k)
{
	control_client_send(k);
	if (!k->is_serving && !k->is_waiting)
		next_requests(k);
}

/* Answers one line. */
static void request_do(struct client *k, const char *line, size_t len)
{
	struct request r;
	struct err e;
	int status;

	k->arena = arena_create(0);
	status = k->arena == NULL ? err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
				  : request_parse(k->arena, line, len, &r, &e);
	k->is_waiting = true;
	if (status != 0)
		control_client_answer(k, NULL, &e);
	else if (r.kind == REQUEST_FOLLOW)
		control_follow_begin(k, &r);
	else
		requests_do(k->control->o.requests, &r, control_client_answer, k);
}

/* Answers whole lines, one after the other, for as long as each is answered at once. */
static void next_requests(struct client *k)
{
	k->is_serving = true;
	while (!k->is_waiting && k->follow == NULL && !uv_is_closing((uv_handle_t *)&k->pipe)) {
		const char *from = k->in.data + k->scanned;
		const char *end =
			k->in.len == k->scanned ? NULL : memchr(from, '\n', k->in.len - k->scanned);
		size_t begin = k->taken;

		k->scanned = end == NULL ? k->in.len : (size_t)(end - k->in.data) + 1;
		if (end == NULL)
			break;
		k->taken = k->scanned;
		request_do(k, k->in.data + begin, (size_t)(end - k->in.data) - begin);
	}
	k->is_serving = false;
	/* What is done with makes room. */
	if (k->taken == k->in.len) {
		buf_reset(&k->in);
	} else if (k->taken > 0) {
		memmove(k->in.data, k->in.data + k->taken, k->in.len - k->taken);
		k->in.len -= k->taken;
	}
	k->scanned -= k->taken;
	k->taken = 0;
	if (uv_is_closing((uv_handle_t *)&k->pipe))
		return;
	if (k->is_waiting)
		(void)uv_read_stop((uv_stream_t *)&k->pipe);
	else
		(void)uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read);
}

/* ---- the beginning of one ---- */

/* Who is at the other end must be ourselves, or root. */
static bool is_allowed(const struct client *k)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	int fd;

	return uv_fileno((const uv_handle_t *)&k->pipe, &fd) == 0 &&
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 &&
		(peer.uid == geteuid() || peer.uid == 0);
}

void control_client_accept(struct control *c)
{
	struct client *k = calloc(1, sizeof(*k));
	struct err e;

	/* N.B. uv offers no other connection before this one is accepted. */
	c->is_stuck = k == NULL;
	if (k == NULL)
		return;
	k->control = c;
	buf_init(&k->in, REQUEST_LINE_MAX + 1);
	buf_init(&k->out, 0);
	buf_init(&k->writing, 0);
	(void)uv_pipe_init(c->o.loop, &k->pipe, 0);
	k->pipe.data = k;
	k->next = c->clients;
	if (c->clients != NULL)
		c->clients->prev = k;
	c->clients = k;
	c->n_clients++;
	if (uv_accept((uv_stream_t *)&c->listener, (uv_stream_t *)&k->pipe) != 0 ||
		!is_allowed(k)) {
		control_client_close(k);
	} else if (c->n_clients > CONTROL_CLIENTS_MAX) {
		(void)err_set(&e, ERR_LIMIT, "%d others are connected already; try again later",
			CONTROL_CLIENTS_MAX);
		k->is_last = true;
		send_error(k, &e);
	} else {
		(void)uv_read_start((uv_stream_t *)&k->pipe, on_alloc, on_read);
	}
}
