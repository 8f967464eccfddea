/*
 * The caller's side of the SSH transport: what is told of an exec, in which order, and how it ends.
 *
 * N.B. what a lane has below it is this file's own: a host that says all at once as it is reached.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include "operators/ssh/transport_internal.h"
#include "tests/unit/tap.h"

#define TOLD_MAX 64

/* ---- the host, on the lane's thread ---- */

static void tell(struct channel *c, enum message_type type, const char *bytes)
{
	struct message *m = message_create(type, strlen(bytes));

	m->exec = c->exec;
	memcpy(m->bytes, bytes, m->len);
	message_send(&c->lane->transport->out, m);
}

void endpoint_enqueue(struct lane *lane, struct channel *c, struct ssh_target *target)
{
	const struct ssh_note note = {.stage = SSH_STAGE_CONNECT, .text = "n"};
	const struct ssh_end end = {.stage = SSH_STAGE_RUNNING};
	bool is_quick = target->conn_id[0] == 'q';

	(void)lane;
	ssh_target_release(target);
	c->in_flight = 2;
	channel_note(c, &note);
	tell(c, MSG_OPEN, "");
	tell(c, MSG_DATA, "1");
	tell(c, MSG_DATA, "2");
	if (is_quick)
		channel_end(c, &end);
}

void channel_abort(struct channel *c, const struct ssh_end *end)
{
	channel_end(c, end);
}

/* Nobody waits behind it. */
bool channel_hand_on(struct channel *c)
{
	return c == NULL;
}

void endpoint_stop(struct endpoint *ep)
{
	(void)ep;
}

void session_wake(struct session *s)
{
	(void)s;
}

void tunnel_note(struct tunnel *t, const struct ssh_note *note)
{
	(void)t;
	(void)note;
}

void tunnel_ended(struct tunnel *t, const struct ssh_end *end)
{
	(void)t;
	(void)end;
}

/* ---- the caller ---- */

static __thread bool is_memory_short; /* malloc() gives nothing to this thread */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);

void *__wrap_malloc(size_t size)
{
	return is_memory_short ? NULL : __real_malloc(size);
}

static struct ssh_exec *exec; /* NULL: it has ended */
static char told[TOLD_MAX], cancel_at; /* what was heard, and at which of it enough was */

/* N.B. who has no memory left must be able to end what takes some. */
static void cancel(void)
{
	is_memory_short = true;
	ssh_exec_cancel(exec);
	is_memory_short = false;
}

static void hear(char what)
{
	size_t n = strlen(told);

	if (n < TOLD_MAX - 1)
		told[n] = what;
	if (what == cancel_at)
		cancel();
}

static void on_note(void *ctx, const struct ssh_note *note)
{
	(void)ctx;
	hear(note->text[0]);
}

static void on_open(void *ctx)
{
	(void)ctx;
	hear('o');
}

static void on_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	(void)ctx;
	(void)is_stderr;
	(void)len;
	hear(bytes[0]);
}

static void on_end(void *ctx, const struct ssh_end *end)
{
	(void)ctx;
	hear(end->err.code == 0 ? 'e' : 'c');
	exec = NULL;
}

static void target_keep(struct ssh_target *t)
{
	(void)t;
}

/* What is told of an exec on a host that ends by itself, or does not. at_once: it is cancelled
 * before the loop runs. */
static void check(struct ssh_transport *t, uv_loop_t *loop, bool is_quick, bool at_once, char at,
	const char *want, const char *what)
{
	static const struct ssh_exec_events events = {on_note, on_open, on_data, on_end};
	struct ssh_target target = {.references = 1,
		.destroy = target_keep,
		.conn_id = is_quick ? "quick" : "slow",
		.identity = "host"};
	struct ssh_command command;
	struct err e;

	memset(told, 0, sizeof(told));
	cancel_at = at;
	ssh_command_init(&command);
	if (ssh_exec_start(t, &target, &command, false, &events, NULL, &exec, &e) != 0) {
		OK(false, "an exec starts: %s", e.text);
		return;
	}
	if (at_once)
		cancel();
	while (exec != NULL)
		(void)uv_run(loop, UV_RUN_ONCE);
	IS_STR(told, want, "%s", what);
}

static void on_closed(void *ctx)
{
	*(bool *)ctx = true;
}

int main(void)
{
	const struct ssh_transport_options options = {.threads = 1};
	struct ssh_transport *t = NULL;
	bool is_closed = false;
	uv_loop_t loop;
	struct err e;

	(void)alarm(300); /* N.B. a cancel that gets lost would be waited for without an end */
	(void)uv_loop_init(&loop);
	if (ssh_transport_create(&loop, &options, &t, &e) != 0)
		return 99;
	check(t, &loop, true, false, 0, "no12e", "all is told of an exec, in order");
	check(t, &loop, false, true, 0, "no12c", "so is what came before it was cancelled");
	check(t, &loop, false, false, 'n', "no12c", "and where a note was enough");
	check(t, &loop, false, false, '1', "no12c", "and where it was the first of its output");
	check(t, &loop, true, false, '1', "no12e", "an end that came before is told as it was");
	check(t, &loop, false, false, '2', "no12c", "who is cancelled ends, once");
	ssh_transport_close(t, on_closed, &is_closed);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	OK(is_closed, "the transport closes");
	IS_INT(uv_loop_close(&loop), 0, "nothing is left open on the loop");
	return tap_done();
}
