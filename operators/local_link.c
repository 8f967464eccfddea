/*
 * The local operator's line to its launcher: frames in and out, and another launcher where one has
 * died.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/launcher.h"
#include "operators/local_impl.h"
#include "operators/wire.h"

#define READ_SIZE ((size_t)64 << 10)

static void flush(struct local *l);

static void on_written(uv_write_t *w, int status)
{
	struct local *l = w->data;

	l->is_writing = false;
	if (status == 0)
		flush(l); /* else the reading side hears of it too */
}

/* Sends what is there. While libuv writes, further messages gather in a buffer of their own. */
static void flush(struct local *l)
{
	uv_buf_t b;
	size_t sent;
	int n;

	if (l->pipe == NULL || l->is_writing || l->next.len == 0)
		return;
	b = uv_buf_init(l->next.data, (unsigned)l->next.len);
	n = uv_try_write((uv_stream_t *)l->pipe, &b, 1);
	if (n >= 0 && (size_t)n == l->next.len) {
		buf_reset(&l->next);
		return;
	}
	if (n < 0 && n != UV_EAGAIN)
		return; /* the reading side hears of it too */
	sent = n > 0 ? (size_t)n : 0;
	buf_free(&l->out);
	l->out = l->next;
	buf_init(&l->next, 0);
	l->write.data = l;
	b = uv_buf_init(l->out.data + sent, (unsigned)(l->out.len - sent));
	l->is_writing = uv_write(&l->write, (uv_stream_t *)l->pipe, &b, 1, on_written) == 0;
}

int local_link_send(struct local *l, size_t before, struct err *e)
{
	int r = buf_status(&l->next);

	if (r == 0 && l->next.len - before > WIRE_FRAME_MAX)
		r = ERR_LIMIT;
	if (r != 0) {
		l->next.len = before; /* what was begun of the message must not stay */
		l->next.status = 0;
		return err_set(e, r, "%s",
			r == ERR_LIMIT
				? "its script, arguments and environment are too large together"
				: err_text(r));
	}
	flush(l);
	return 0;
}

int local_link_tell(struct local *l, uint32_t kind, uint64_t job, int64_t n0, int64_t n1)
{
	struct wire_message m = {.kind = kind, .job = job, .n = {n0, n1}};
	size_t before = l->next.len, start;

	wire_begin(&l->next, &m, &start);
	wire_end(&l->next, start);
	return local_link_send(l, before, NULL);
}

int local_link_attach(struct local *l, const struct local_try *t)
{
	struct wire_message m = {.kind = LAUNCHER_ATTACH, .job = t->number, .n = {0, t->grace_ms}};
	const char *id = strrchr(t->folder, '/') + 1;
	size_t before = l->next.len, start;

	wire_begin(&l->next, &m, &start);
	wire_string(&l->next, start, t->folder, strlen(t->folder));
	wire_string(&l->next, start, id, strlen(id));
	wire_end(&l->next, start);
	return local_link_send(l, before, NULL);
}

void local_link_sweep(struct local *l)
{
	struct wire_message m = {.kind = LAUNCHER_SWEEP, .n = {l->host->retention_ms}};
	uint64_t now = uv_now(l->host->loop),
		 every = (uint64_t)l->host->retention_ms / LOCAL_SWEEPS_A_RETENTION;
	size_t before = l->next.len, start;

	if (l->has_swept && now - l->swept_at < every)
		return;
	l->has_swept = true;
	l->swept_at = now;
	wire_begin(&l->next, &m, &start);
	wire_string(&l->next, start, l->host->executions, strlen(l->host->executions));
	wire_end(&l->next, start);
	(void)local_link_send(l, before, NULL); /* without a sweep things go on */
}

static void on_pipe_closed(uv_handle_t *handle);

static void connection_lost(struct local *l)
{
	uv_pipe_t *pipe = l->pipe;

	l->pipe = NULL;
	buf_reset(&l->in);
	buf_reset(&l->next);
	l->in_at = 0;
	uv_close((uv_handle_t *)pipe, on_pipe_closed);
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *b)
{
	struct local *l = handle->data;

	(void)suggested;
	if (l->in_at > 0) {
		memmove(l->in.data, l->in.data + l->in_at, l->in.len - l->in_at);
		l->in.len -= l->in_at;
		l->in_at = 0;
	}
	b->base = buf_room(&l->in, READ_SIZE);
	b->len = b->base == NULL ? 0 : READ_SIZE;
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct local *l = stream->data;
	struct wire_reader r;
	int64_t used = 0;

	(void)b;
	if (n < 0) {
		connection_lost(l);
		return;
	}
	l->in.len += (size_t)n;
	while (!l->is_closing && l->in.len > l->in_at) {
		used = wire_read(l->in.data + l->in_at, l->in.len - l->in_at, &r);
		if (used <= 0)
			break;
		l->silent_launchers = 0;
		l->in_at += (size_t)used;
		local_message(l, &r);
	}
	if (used < 0)
		connection_lost(l);
}

int local_link_open(struct local *l, struct err *e)
{
	uv_pipe_t *pipe = calloc(1, sizeof(*pipe));
	int fd = -1, r;

	if (pipe == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = launcher_fork(l->host->max_files, &fd, e);
	if (r != 0) {
		free(pipe);
		return r;
	}
	(void)uv_pipe_init(l->host->loop, pipe, 0);
	pipe->data = l;
	(void)uv_pipe_open(pipe, fd);
	(void)uv_read_start((uv_stream_t *)pipe, on_alloc, on_read);
	l->pipe = pipe;
	l->handles++;
	return 0;
}

static void on_pipe_closed(uv_handle_t *handle)
{
	struct local *l = handle->data;
	struct err e;

	free(handle);
	if (l->is_closing) {
		local_handle_closed(l);
		return;
	}
	l->handles--;
	if (++l->silent_launchers > LOCAL_RELAUNCH_MAX) {
		local_lose_all(l, "the launcher of local tasks cannot be kept running");
		return;
	}
	if (local_link_open(l, &e) != 0) {
		local_lose_all(l, e.text);
		return;
	}
	for (uint32_t i = 0; i < l->n_slots; i++)
		if (l->slots[i] != NULL && !l->slots[i]->has_ended)
			(void)local_link_attach(l, l->slots[i]);
}

void local_link_close(struct local *l)
{
	if (l->pipe != NULL)
		uv_close((uv_handle_t *)l->pipe, on_pipe_closed);
	l->pipe = NULL;
}
