/*
 * What the ssh operator makes of a host that says whatever it likes, and of connections that go
 * whenever they like. Every try ends, once; after its end nothing is told of it; why it failed is
 * said in a line; what comes of it keeps to its limits, and so does what a host can add to a log.
 *
 * The first byte is how the task is run; of the others 1 stands for the conversation's nonce, 2 for
 * the other stream from here on, 3 for many bytes, 4 for a timer that strikes, 5 for a connection
 * that goes, 6 for a program that ends, 7 for the other of two conversations, 8 for a kill, 9 for
 * an engine that lets go of the try.
 *
 * N.B. the transport, the target and libuv's timers are this file's own: no host, no clock.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/specs.h"
#include "operators/ssh/ssh.h"
#include "operators/ssh/ssh_try.h"
#include "operators/ssh/target_make.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIMERS_MOST 8
#define EXECS_MOST 4
#define NEVER UINT64_MAX
#define TURNS_MOST 5000 /* until a try that is killed has ended */
#define LOG_LINES 60 /* of a try, besides those of each end, timer and kill */
#define LOG_LINES_EACH (KILL_WORDS_MAX + 12)
#define RESPONSE_MOST 5000
#define MANY 1500

enum how {
	HOW_PLAIN = 1,
	HOW_PTY = 2,
	HOW_ATTACH = 4,
	HOW_RESUMED = 8,
	HOW_SCRIPT = 16,
	HOW_OUTPUT_AT = 32,
	HOW_TIMEOUT = 64,
	HOW_LOG_LIMIT = 128
};

/* ---- time ---- */

static struct {
	uv_timer_t *timer;
	uint64_t due;
	uv_timer_cb on_due;
	uv_close_cb on_closed;
} timers[TIMERS_MOST];
static uint64_t now;

static size_t timer_place(const void *timer)
{
	for (size_t i = 0; i < TIMERS_MOST; i++)
		if (timers[i].timer == timer)
			return i;
	abort();
}

int uv_timer_init(uv_loop_t *loop, uv_timer_t *timer)
{
	(void)loop;
	for (size_t i = 0; i < TIMERS_MOST; i++) {
		if (timers[i].timer != NULL)
			continue;
		timers[i].timer = timer;
		timers[i].due = NEVER;
		timers[i].on_closed = NULL;
		return 0;
	}
	abort();
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb on_due, uint64_t timeout, uint64_t repeat)
{
	size_t i = timer_place(timer);

	if (repeat != 0 || timers[i].on_closed != NULL)
		abort();
	timers[i].due = now + timeout;
	timers[i].on_due = on_due;
	return 0;
}

int uv_timer_stop(uv_timer_t *timer)
{
	timers[timer_place(timer)].due = NEVER;
	return 0;
}

int uv_is_active(const uv_handle_t *timer)
{
	return timers[timer_place(timer)].due != NEVER;
}

void uv_close(uv_handle_t *timer, uv_close_cb on_closed)
{
	size_t i = timer_place(timer);

	if (timers[i].on_closed != NULL)
		abort();
	timers[i].due = NEVER;
	timers[i].on_closed = on_closed;
}

uint64_t uv_now(const uv_loop_t *loop)
{
	(void)loop;
	return now;
}

static void close_all(void)
{
	for (size_t i = 0; i < TIMERS_MOST; i++) {
		uv_timer_t *timer = timers[i].timer;

		if (timer == NULL || timers[i].on_closed == NULL)
			continue;
		timers[i].timer = NULL;
		timers[i].on_closed((uv_handle_t *)timer);
	}
}

/* The timer that strikes next does. */
static void strike(void)
{
	size_t first = 0;

	for (size_t i = 1; i < TIMERS_MOST; i++)
		if (timers[i].timer != NULL &&
			(timers[first].timer == NULL || timers[i].due < timers[first].due))
			first = i;
	if (timers[first].timer == NULL || timers[first].due == NEVER)
		return;
	now = timers[first].due > now ? timers[first].due : now;
	timers[first].due = NEVER;
	timers[first].on_due(timers[first].timer);
}

/* ---- the transport ---- */

struct ssh_exec {
	const struct ssh_exec_events *events;
	void *ctx;
	char nonce[REMOTE_NONCE_LEN + 1];
	bool is_open, is_cancelled, is_next;
};

struct ssh_transport {
	int unused;
};

static struct ssh_exec *execs[EXECS_MOST];
static size_t n_given; /* bytes of all of them */

int ssh_transport_create(uv_loop_t *loop, const struct ssh_transport_options *o,
	struct ssh_transport **out, struct err *e)
{
	static struct ssh_transport one;

	(void)loop, (void)o, (void)e;
	*out = &one;
	return 0;
}

void ssh_transport_close(struct ssh_transport *t, void (*on_closed)(void *ctx), void *ctx)
{
	(void)t;
	on_closed(ctx);
}

unsigned ssh_transport_connections(const struct ssh_transport *t)
{
	(void)t;
	return 0;
}

int ssh_exec_start(struct ssh_transport *t, struct ssh_target *target, struct ssh_command *command,
	bool want_pty, const struct ssh_exec_events *events, void *ctx, struct ssh_exec **out,
	struct err *e)
{
	const char *nonce = strchr(buf_str(&command->arguments), ' ');
	struct ssh_exec *x = calloc(1, sizeof(*x));

	(void)t, (void)target, (void)want_pty, (void)e;
	if (x == NULL || nonce == NULL || strlen(nonce) < 1 + REMOTE_NONCE_LEN)
		abort();
	memcpy(x->nonce, nonce + 1, REMOTE_NONCE_LEN);
	x->is_next = command->takes_next && n_given % 2 == 1;
	x->events = events;
	x->ctx = ctx;
	for (size_t i = 0; i < EXECS_MOST; i++) {
		if (execs[i] != NULL)
			continue;
		*out = execs[i] = x;
		return 0;
	}
	abort();
}

int ssh_exec_write(struct ssh_exec *x, const void *bytes, size_t len)
{
	(void)bytes, (void)len;
	return x == NULL ? ERR_BUG : 0;
}

int ssh_exec_eof(struct ssh_exec *x)
{
	return x == NULL ? ERR_BUG : 0;
}

void ssh_exec_cancel(struct ssh_exec *x)
{
	x->is_cancelled = true;
}

void ssh_exec_done(struct ssh_exec *x)
{
	ssh_exec_cancel(x);
}

/* The i-th of those that are there, or NULL. */
static struct ssh_exec *exec_nth(size_t i)
{
	for (size_t k = 0; k < EXECS_MOST; k++)
		if (execs[k] != NULL && i-- == 0)
			return execs[k];
	return NULL;
}

static void open_it(struct ssh_exec *x)
{
	if (!x->is_open && x->events->on_open != NULL)
		x->events->on_open(x->ctx);
	x->is_open = true;
}

static void end(struct ssh_exec *x, bool is_lost)
{
	struct ssh_end end = {
		.may_have_run = x->is_open, .was_next = x->is_next, .has_status = !is_lost};

	if (x->is_cancelled)
		(void)err_set(&end.err, ERR_ILLEGAL, "cancelled");
	else if (is_lost)
		(void)err_set(&end.err, ERR_UNAVAILABLE, "the connection is gone");
	for (size_t i = 0; i < EXECS_MOST; i++)
		if (execs[i] == x)
			execs[i] = NULL;
	x->events->on_end(x->ctx, &end);
	free(x);
}

/* N.B. only a program that ran ends in order. */
static void end_in_order(struct ssh_exec *x)
{
	open_it(x);
	end(x, false);
}

static size_t n_log, n_log_most;

static void give(struct ssh_exec *x, bool is_stderr, const struct buf *bytes)
{
	const struct ssh_note note = {.stage = SSH_STAGE_RUNNING, .text = "by the way"};

	open_it(x);
	if (bytes->len % 7 == 6 && x->events->on_note != NULL) {
		n_log_most++;
		x->events->on_note(x->ctx, &note);
	}
	n_given += bytes->len;
	x->events->on_data(x->ctx, is_stderr, bytes->data, bytes->len);
}

/* ---- the target ---- */

static void target_destroy(struct ssh_target *t)
{
	(void)t;
}

int ssh_target_take(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target *const *kept, size_t n, struct ssh_target **out,
	struct err *e)
{
	static struct ssh_target one;

	(void)source, (void)id, (void)remote_host, (void)conn_timeout_ms, (void)kept, (void)n,
		(void)e;
	one = (struct ssh_target){.references = 1,
		.destroy = target_destroy,
		.conn_id = "host",
		.identity = "host",
		.host = "host",
		.place = "host:22",
		.login = "user"};
	*out = &one;
	return 0;
}

void ssh_target_settle(struct ssh_target *of, const struct ssh_target *by)
{
	(void)of, (void)by;
}

/* ---- what is told ---- */

static struct op_try *try;
static bool has_started, has_finished;

static void on_started(void *ctx)
{
	(void)ctx;
	if (has_started || has_finished)
		abort();
	has_started = true;
}

static void on_output(void *ctx, enum op_stream stream, const char *bytes, size_t len)
{
	(void)ctx, (void)stream;
	if (has_finished || bytes == NULL || len == 0)
		abort();
}

static void on_gap(void *ctx, enum op_stream stream)
{
	(void)ctx, (void)stream;
	if (has_finished)
		abort();
}

static void on_log(void *ctx, enum op_level level, const char *file, int line, const char *text)
{
	(void)ctx, (void)level, (void)file, (void)line;
	if (has_finished || *text == '\0' || ++n_log > n_log_most)
		abort();
}

static void on_finished(void *ctx, const struct op_result *r)
{
	(void)ctx;
	if (has_finished || r->exit_code < -1 || r->exit_code > 255 ||
		r->response.len > RESPONSE_MOST || r->logs.len > OP_TAIL_MAX ||
		r->error.len > OP_TAIL_MAX || r->logs.len + r->error.len > n_given ||
		strchr(r->message, '\n') != NULL)
		abort();
	if ((r->verdict == OP_EXITED && r->exit_code < 0) ||
		(r->verdict != OP_EXITED && r->message[0] == '\0'))
		abort();
	has_finished = true;
}

/* ---- a try ---- */

static int try_begin(struct op_instance *instance, uint8_t how, struct err *e)
{
	const struct op_events events = {on_started, on_output, on_gap, on_log, on_finished};
	const struct op_bytes text = {"echo hello", 10};
	struct op_setting settings[SSH_KEY_COUNT] = {
		[SSH_KEY_SSH_CONN_ID] = {.is_set = true, .text = {"host", 4}},
		[SSH_KEY_RESPONSE_LIMIT] = {.is_set = true, .number = RESPONSE_MOST},
		[SSH_KEY_DETACH] = {.is_set = true, .truth = (how & HOW_PLAIN) == 0},
		[SSH_KEY_GET_PTY] = {.is_set = true, .truth = (how & HOW_PTY) != 0},
		[SSH_KEY_LOG_LIMIT] = {.is_set = (how & HOW_LOG_LIMIT) != 0, .number = 100},
		[SSH_KEY_CMD_TIMEOUT] = {.is_set = (how & HOW_TIMEOUT) != 0, .number = 4000}};
	const struct op_job job = {.dag_id = "d",
		.task_id = "t",
		.run_id = "r",
		.execution_id = "execution-1",
		.try_number = 1,
		.settings = settings,
		.kill_grace_ms = 2000,
		.is_resumed = (how & HOW_RESUMED) != 0,
		.output_at = {(how & HOW_OUTPUT_AT) != 0 ? 70000 : 0, 3}};

	settings[(how & HOW_SCRIPT) != 0 ? SSH_KEY_SCRIPT : SSH_KEY_COMMAND] =
		(struct op_setting){.is_set = true, .text = text};
	return ((how & HOW_ATTACH) != 0 ? operator_ssh.attach : operator_ssh.start)(
		instance, &job, &events, NULL, &try, e);
}

static void kill_it(void)
{
	n_log_most += LOG_LINES_EACH;
	if (!has_finished)
		operator_ssh.kill(try, OP_KILL_CANCEL, 1000);
}

/* Nothing is told any more, not even an end. */
static void let_go(void)
{
	if (!has_finished)
		operator_ssh.abandon(try);
	has_finished = true;
}

/* One byte that is none of the host's. */
static void happen(uint8_t what, size_t *which, struct ssh_exec *x)
{
	n_log_most += LOG_LINES_EACH;
	if (what == 4)
		strike();
	else if (what == 7)
		*which = 1 - *which;
	else if (what == 8)
		kill_it();
	else if (what == 9)
		let_go();
	else if (x != NULL && what == 6)
		end_in_order(x);
	else if (x != NULL)
		end(x, true);
	close_all();
}

static void live(const uint8_t *data, size_t size)
{
	bool is_stderr = false;
	size_t which = 0;
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i <= size; i++) {
		struct ssh_exec *x = exec_nth(which);
		bool is_ours = i < size && data[i] >= 4 && data[i] <= 9;

		if ((i == size || is_ours || data[i] == 2) && b.len > 0) {
			if (x != NULL)
				give(x, is_stderr, &b);
			buf_reset(&b);
		}
		if (i == size)
			break;
		if (is_ours)
			happen(data[i], &which, exec_nth(which));
		else if (data[i] == 1 && x != NULL)
			buf_adds(&b, x->nonce);
		else if (data[i] == 2)
			is_stderr = !is_stderr;
		else if (data[i] == 3)
			for (int k = 0; k < MANY; k++)
				buf_addc(&b, 'x');
		else
			buf_addc(&b, (char)data[i]);
	}
	buf_free(&b);
}

/* Nobody is there any more: not the host, and not who wants to wait. */
static void die(void)
{
	struct ssh_exec *x;

	kill_it();
	for (int turn = 0; !has_finished || exec_nth(0) != NULL; turn++) {
		n_log_most += LOG_LINES_EACH;
		if (turn > TURNS_MOST)
			abort();
		x = exec_nth(0);
		if (x != NULL)
			end(x, true);
		else
			strike();
		close_all();
	}
	close_all();
}

static void on_closed(void *ctx)
{
	(void)ctx;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uv_loop_t loop;
	const struct op_host host = {.loop = &loop, .retention_ms = 3600000};
	struct op_instance *instance;
	struct err e = {.text = ""};

	if (size == 0)
		return 0;
	now = 1000;
	n_log = n_given = 0;
	n_log_most = LOG_LINES;
	has_started = has_finished = false;
	if (operator_ssh.open(&host, &instance, &e) != 0)
		abort();
	if (try_begin(instance, data[0], &e) == 0) {
		live(data + 1, size - 1);
		die();
	} else if (e.text[0] == '\0') {
		abort();
	}
	close_all();
	for (size_t i = 0; i < TIMERS_MOST; i++)
		if (timers[i].timer != NULL)
			abort();
	operator_ssh.close(instance, on_closed, NULL);
	return 0;
}
