/*
 * The control socket, from a client's end: requests in pieces (the first byte is their length),
 * then the end. Every line is answered by a line, in its order and the same however the bytes were
 * cut; an error has a sentence. What is asked for is not done here: requests_do() below answers at
 * once or later, as it happens.
 */
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "scheduler/control_impl.h"
#include "scheduler/requests.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SIZE_MOST 4000 /* of an input: small pieces are slow */
#define TURNS_MOST 100000 /* of the loop, until all is answered */

static char home[] = "/tmp/windrow-fuzz-XXXXXX";
static struct control *control;
static uv_loop_t loop;

/* An answer that comes later; NULL: none. */
static requests_answer *waiting;
static void *waiting_ctx;
static enum request_kind waiting_kind;

static void answer(requests_answer *to, void *ctx, enum request_kind kind)
{
	struct value v = value_bool(kind % 2 == 0);
	struct err e;

	if (kind % 3 != 0) {
		to(ctx, &v, NULL);
		return;
	}
	(void)err_set(&e, ERR_NOTFOUND, "there is nothing of number %d", (int)kind);
	to(ctx, NULL, &e);
}

void requests_do(struct requests *q, const struct request *r, requests_answer *on_answer, void *ctx)
{
	(void)q;
	if (r->kind % 4 < 2) {
		answer(on_answer, ctx, r->kind);
		return;
	}
	if (waiting != NULL)
		abort(); /* a client asks for one thing after the other */
	waiting = on_answer;
	waiting_ctx = ctx;
	waiting_kind = r->kind;
}

void control_follow_begin(struct client *k, const struct request *r)
{
	requests_do(NULL, r, control_client_answer, k);
}

void control_follow_pump(struct follow *f)
{
	(void)f;
	abort();
}

void control_follow_end(struct follow *f)
{
	(void)f;
	abort();
}

void control_follow_listen(struct control *c)
{
	(void)c;
}

void control_follow_stop(struct control *c)
{
	(void)c;
}

static void leave(void)
{
	control_close(control, NULL, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)rmdir(home);
}

static void prepare(void)
{
	struct control_options o = {.loop = &loop, .home = home};
	struct err e;

	(void)signal(SIGPIPE, SIG_IGN);
	if (mkdtemp(home) == NULL || uv_loop_init(&loop) != 0 ||
		control_open(&o, &control, &e) != 0 || atexit(leave) != 0)
		abort();
}

/* Lets the loop go on, and takes what was answered. Whether the socket is still open. */
static bool turn(int fd, struct buf *out)
{
	requests_answer *to = waiting;
	ssize_t n = 1;
	char *room;

	waiting = NULL;
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	if (to != NULL)
		answer(to, waiting_ctx, waiting_kind);
	while (n > 0) {
		room = buf_room(out, 4096);
		if (room == NULL)
			abort();
		n = recv(fd, room, 4096, MSG_DONTWAIT);
		out->len += n > 0 ? (size_t)n : 0;
	}
	return n != 0;
}

static void talk(const uint8_t *data, size_t size, size_t piece, struct buf *out)
{
	struct err e;
	int fd;

	if (control_connect(home, &fd, &e) != 0)
		abort();
	buf_init(out, 0);
	(void)turn(fd, out);
	for (size_t at = 0; at < size; at += piece) {
		size_t n = size - at < piece ? size - at : piece;

		if (send(fd, data + at, n, MSG_NOSIGNAL) != (ssize_t)n)
			abort();
		(void)turn(fd, out);
	}
	(void)shutdown(fd, SHUT_WR);
	for (int turns = 0; turn(fd, out); turns++)
		if (turns > TURNS_MOST)
			abort();
	(void)close(fd);
	for (int turns = 0; control->n_clients > 0; turns++) {
		(void)uv_run(&loop, UV_RUN_NOWAIT);
		if (turns > TURNS_MOST)
			abort();
	}
}

static size_t lines(const void *bytes, size_t len)
{
	const char *at = bytes, *end = at + len;
	size_t n = 0;

	for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		n++;
	return n;
}

static void check_answers(const struct buf *out)
{
	struct arena *a = arena_create((size_t)64 << 20);
	struct err e;

	for (const char *at = buf_str(out), *end = at + out->len, *stop; at < end; at = stop + 1) {
		const struct value *error, *message;
		struct value v;

		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL || value_parse_json(a, at, (size_t)(stop - at), &v, &e) != 0 ||
			v.type != VALUE_MAP)
			abort();
		error = value_member(&v, "error", 5);
		if (error == NULL && value_member(&v, "ok", 2) == NULL)
			abort();
		message = error == NULL ? NULL : value_member(error, "message", 7);
		if (error != NULL &&
			(message == NULL || message->type != VALUE_STRING || message->len == 0))
			abort();
	}
	arena_destroy(a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf whole, pieces;

	if (control == NULL)
		prepare();
	if (size == 0 || size > SIZE_MOST)
		return 0;
	talk(data + 1, size - 1, SIZE_MOST, &whole);
	talk(data + 1, size - 1, (size_t)data[0] + 1, &pieces);
	if (whole.len != pieces.len || memcmp(buf_str(&whole), buf_str(&pieces), whole.len) != 0 ||
		lines(buf_str(&whole), whole.len) != lines(data + 1, size - 1))
		abort();
	check_answers(&whole);
	buf_free(&whole);
	buf_free(&pieces);
	return 0;
}
