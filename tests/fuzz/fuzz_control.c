/*
 * The control socket, from clients' ends: three at once say the same. One says all of it, then the
 * end; one does so in pieces (the first byte is their length); one hangs up before it has heard
 * anything. Every line of the first two is answered by a line, in its order and the same however
 * the bytes were cut; an error has a sentence; and of the third nothing stays. What is asked for is
 * not done here: requests_do() below answers at once or later, as it happens, and a run whose lines
 * are asked for is followed for a while.
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
#define TALKERS 3
#define TOLD 3 /* lines of a run that is followed, before its end */

static char home[] = "/tmp/windrow-fuzz-XXXXXX";
static struct control *control;
static uv_loop_t loop;

/* Answers that come later. */
static struct waiting {
	requests_answer *to; /* NULL: none */
	void *ctx;
	enum request_kind kind;
} waiting[TALKERS];

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

static bool is_late_follow(const struct request *r)
{
	return r->kind == REQUEST_FOLLOW && r->run_id[0] == 'l';
}

void requests_do(struct requests *q, const struct request *r, requests_answer *on_answer, void *ctx)
{
	struct waiting *w = NULL;

	(void)q;
	if (r->kind % 4 < 2 && !is_late_follow(r)) {
		answer(on_answer, ctx, r->kind);
		return;
	}
	for (size_t i = 0; i < TALKERS; i++) {
		if (waiting[i].to != NULL && waiting[i].ctx == ctx)
			abort(); /* a client asks for one thing after the other */
		w = waiting[i].to == NULL ? &waiting[i] : w;
	}
	if (w == NULL)
		abort();
	*w = (struct waiting){on_answer, ctx, r->kind};
}

/* ---- a run that is followed: a turn, a line ---- */

static struct follow *follows;

static void on_follow_answer(void *ctx, const struct value *v, const struct err *e)
{
	struct client *k = ctx;
	struct value all = value_null();

	(void)v;
	(void)e;
	if (k->follow != NULL)
		k->follow->has_begun = true;
	control_client_answer(k, &all, NULL);
}

void control_follow_begin(struct client *k, const struct request *r)
{
	struct follow *f;

	if (!r->lines) {
		requests_do(NULL, r, control_client_answer, k);
		return;
	}
	f = calloc(1, sizeof(*f));
	if (f == NULL || k->follow != NULL)
		abort();
	f->client = k;
	f->next = follows;
	if (follows != NULL)
		follows->prev = f;
	follows = k->follow = f;
	requests_do(NULL, r, on_follow_answer, k);
}

void control_follow_pump(struct follow *f)
{
	control_client_send(f->client);
}

void control_follow_end(struct follow *f)
{
	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		follows = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	f->client->follow = NULL;
	free(f);
}

static void follows_tell(void)
{
	for (struct follow *f = follows, *next; f != NULL; f = next) {
		struct client *k = f->client;

		next = f->next;
		if (!f->has_begun)
			continue;
		if (f->task++ < TOLD) {
			buf_adds(&k->out, "{\"task\":{}}\n");
			control_client_send(k);
		} else {
			buf_adds(&k->out, "{\"end\":{}}\n");
			control_follow_end(f);
			control_client_next(k);
		}
	}
}

void control_follow_listen(struct control *c)
{
	(void)c;
}

void control_follow_stop(struct control *c)
{
	(void)c;
}

/* Somebody is still there when it ends. */
static void leave(void)
{
	struct err e;
	int fd = -1;

	(void)control_connect(home, &fd, &e);
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	control_close(control, NULL, NULL);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	if (fd >= 0)
		(void)close(fd);
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

/* ---- who talks ---- */

struct talker {
	int fd; /* -1: it has hung up */
	size_t piece, at, until;
	struct buf out;
	bool is_over; /* the socket was closed at the other end */
};

/* Lets the loop go on, then gives the answers that were waited for before, and tells who follows.
 */
static void turn(void)
{
	struct waiting due[TALKERS];

	memcpy(due, waiting, sizeof(due));
	memset(waiting, 0, sizeof(waiting));
	(void)uv_run(&loop, UV_RUN_NOWAIT);
	for (size_t i = 0; i < TALKERS; i++)
		if (due[i].to != NULL)
			answer(due[i].to, due[i].ctx, due[i].kind);
	follows_tell();
}

static void hear(struct talker *t)
{
	ssize_t n = 1;
	char *room;

	while (t->fd >= 0 && n > 0) {
		room = buf_room(&t->out, 4096);
		if (room == NULL)
			abort();
		n = recv(t->fd, room, 4096, MSG_DONTWAIT);
		t->out.len += n > 0 ? (size_t)n : 0;
	}
	t->is_over = n == 0;
}

/* Says the next piece, or that there is no more; who does not say all hangs up. */
static void say(struct talker *t, const uint8_t *data, size_t size)
{
	size_t n = t->until - t->at < t->piece ? t->until - t->at : t->piece;

	if (t->fd < 0 || t->at > size)
		return;
	if (n > 0 && send(t->fd, data + t->at, n, MSG_NOSIGNAL) != (ssize_t)n)
		abort();
	t->at += n;
	if (n > 0)
		return;
	if (t->until < size) {
		(void)close(t->fd);
		t->fd = -1;
	} else {
		(void)shutdown(t->fd, SHUT_WR);
		t->at = size + 1;
	}
}

static bool is_over(const struct talker *t)
{
	return t->fd < 0 || t->is_over;
}

static void talk(const uint8_t *data, size_t size, struct talker *talkers)
{
	struct err e;
	int turns = 0, n_over = 0;

	for (struct talker *t = talkers; t < talkers + TALKERS; t++) {
		buf_init(&t->out, 0);
		if (control_connect(home, &t->fd, &e) != 0)
			abort();
	}
	while (n_over < TALKERS && turns++ < TURNS_MOST) {
		turn();
		n_over = 0;
		for (struct talker *t = talkers; t < talkers + TALKERS; t++) {
			if (t->until == size)
				hear(t);
			say(t, data, size);
			n_over += is_over(t);
		}
	}
	for (struct talker *t = talkers; t < talkers + TALKERS; t++)
		if (t->fd >= 0)
			(void)close(t->fd);
	while (control->n_clients > 0 && turns++ < TURNS_MOST)
		turn();
	if (turns > TURNS_MOST)
		abort();
}

/* ---- what is answered ---- */

static size_t lines(const void *bytes, size_t len)
{
	const char *at = bytes, *end = at + len;
	size_t n = 0;

	for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++)
		n++;
	return n;
}

/* Whether a line is one of those that tell of a run. */
static bool is_told(const struct value *v)
{
	return value_member(v, "task", 4) != NULL || value_member(v, "end", 3) != NULL;
}

/* Each line is an answer, or tells of a run. How many answers there are. */
static size_t check_answers(const struct buf *out)
{
	struct arena *a = arena_create((size_t)64 << 20);
	size_t n = 0;
	struct err e;

	for (const char *at = buf_str(out), *end = at + out->len, *stop; at < end; at = stop + 1) {
		const struct value *error, *message;
		struct value v;

		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL || value_parse_json(a, at, (size_t)(stop - at), &v, &e) != 0 ||
			v.type != VALUE_MAP)
			abort();
		if (is_told(&v))
			continue;
		n++;
		error = value_member(&v, "error", 5);
		if (error == NULL && value_member(&v, "ok", 2) == NULL)
			abort();
		message = error == NULL ? NULL : value_member(error, "message", 7);
		if (error != NULL &&
			(message == NULL || message->type != VALUE_STRING || message->len == 0))
			abort();
	}
	arena_destroy(a);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct talker talkers[TALKERS] = {{.piece = SIZE_MOST}, {.piece = 1}, {.piece = SIZE_MOST}};
	const struct buf *whole = &talkers[0].out, *pieces = &talkers[1].out;

	if (control == NULL)
		prepare();
	if (size == 0 || size > SIZE_MOST)
		return 0;
	talkers[0].until = talkers[1].until = size - 1;
	talkers[1].piece = (size_t)data[0] + 1;
	talkers[2].until = (size - 1) * data[0] / 256;
	talk(data + 1, size - 1, talkers);
	if (whole->len != pieces->len || memcmp(buf_str(whole), buf_str(pieces), whole->len) != 0 ||
		check_answers(whole) != lines(data + 1, size - 1))
		abort();
	for (size_t i = 0; i < TALKERS; i++)
		buf_free(&talkers[i].out);
	return 0;
}
