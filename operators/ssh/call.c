/*
 * A call: a transport of one thread around one exec. N.B. the target's check of the host key is
 * wrapped, and unwrapped at the end: the wrapper runs on the transport's thread, and what it keeps
 * is looked at only when that thread is gone.
 */
#include "operators/ssh/call.h"

#include <string.h>

#include "operators/ssh/note.h"

struct calling {
	struct ssh_call *call;
	struct ssh_exec *exec;
	struct ssh_transport *transport;
	struct ssh_target *target;
	ssh_host_check *check; /* the target's own */
	void *check_ctx;
	bool looks_only;
};

static int on_host_key(void *ctx, const char *host, int port, const unsigned char *key, size_t len,
	struct ssh_host_verdict *out)
{
	struct calling *c = ctx;
	struct ssh_call_key *k = &c->call->key;

	buf_reset(&k->blob);
	buf_add(&k->blob, key, len);
	k->code = c->check(c->check_ctx, host, port, key, len, &k->verdict);
	*out = k->verdict;
	return c->looks_only ? ERR_ILLEGAL : k->code;
}

static void on_note(void *ctx, const struct ssh_note *note)
{
	struct calling *c = ctx;

	ssh_note_add(&c->call->notes, note);
}

static void on_open(void *ctx)
{
	struct calling *c = ctx;

	c->call->has_opened = true;
}

static void on_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct calling *c = ctx;
	struct buf *b = is_stderr ? &c->call->err : &c->call->out;

	if (b->len + len <= CALL_OUTPUT_MAX)
		buf_add(b, bytes, len);
}

static void on_closed(void *ctx)
{
	struct calling *c = ctx;

	c->transport = NULL;
}

static void on_end(void *ctx, const struct ssh_end *end)
{
	struct calling *c = ctx;

	c->call->end = *end;
	ssh_transport_close(c->transport, on_closed, c);
}

static const struct ssh_exec_events events = {
	.on_note = on_note, .on_open = on_open, .on_data = on_data, .on_end = on_end};

static int run(struct calling *c, uv_loop_t *loop, const char *command, const char *input,
	size_t len, struct err *e)
{
	const struct ssh_transport_options options = {.threads = 1};
	struct ssh_command whole;
	int r = ssh_transport_create(loop, &options, &c->transport, e);

	if (r != 0)
		return r;
	ssh_command_init(&whole);
	buf_adds(&whole.arguments, command);
	r = ssh_exec_start(c->transport, c->target, &whole, false, &events, c, &c->exec, e);
	ssh_command_free(&whole);
	if (r != 0)
		ssh_transport_close(c->transport, on_closed, c);
	else if (ssh_exec_write(c->exec, input, len) != 0 || ssh_exec_eof(c->exec) != 0)
		ssh_exec_cancel(c->exec);
	while (c->transport != NULL && uv_run(loop, UV_RUN_ONCE) != 0)
		;
	return r;
}

int ssh_call_run(struct ssh_target *t, const char *command, const char *input, size_t len,
	bool looks_only, struct ssh_call *out, struct err *e)
{
	struct calling c = {.call = out,
		.target = t,
		.check = t->host_check,
		.check_ctx = t->host_ctx,
		.looks_only = looks_only};
	uv_loop_t loop;
	int r;

	memset(out, 0, sizeof(*out));
	buf_init(&out->out, 0);
	buf_init(&out->err, 0);
	buf_init(&out->notes, 0);
	buf_init(&out->key.blob, 0);
	if (uv_loop_init(&loop) != 0)
		return err_set(e, ERR_NOMEM, "cannot make an event loop");
	t->host_check = on_host_key;
	t->host_ctx = &c;
	r = run(&c, &loop, command, input, len, e);
	(void)uv_run(&loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&loop);
	t->host_check = c.check;
	t->host_ctx = c.check_ctx;
	return r;
}

const char *ssh_call_last_line(const struct ssh_call *c, size_t *len)
{
	const char *text = buf_str(&c->out), *at;
	size_t end = c->out.len;

	while (end > 0 && text[end - 1] == '\n')
		end--;
	for (at = text + end; at > text && at[-1] != '\n'; at--)
		;
	*len = (size_t)(text + end - at);
	return at;
}

void ssh_call_free(struct ssh_call *c)
{
	buf_free(&c->out);
	buf_free(&c->err);
	buf_free(&c->notes);
	buf_free(&c->key.blob);
}

void ssh_call_said(const struct ssh_call *c, char said[CALL_SAID_MAX])
{
	const struct buf *b = c->err.len > 0 ? &c->err : &c->out;
	size_t n = 0;

	for (size_t i = 0; i < b->len && n < CALL_SAID_MAX - 1; i++)
		said[n++] = b->data[i] >= ' ' && b->data[i] != 0x7f ? b->data[i] : ' ';
	while (n > 0 && said[n - 1] == ' ')
		n--;
	said[n] = '\0';
}
