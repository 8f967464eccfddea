/* The end of a try: its tails, its result, its memory. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/duration.h"
#include "operators/ssh/ssh_try.h"

void ssh_tail_add(struct tail *t, const char *bytes, size_t len)
{
	size_t part;

	t->total += len;
	if (t->bytes == NULL && (t->bytes = malloc(OP_TAIL_MAX)) == NULL)
		return; /* Without memory the output still goes to the log. */
	if (len > OP_TAIL_MAX) {
		bytes += len - OP_TAIL_MAX;
		len = OP_TAIL_MAX;
	}
	part = OP_TAIL_MAX - t->at < len ? OP_TAIL_MAX - t->at : len;
	memcpy(t->bytes + t->at, bytes, part);
	memcpy(t->bytes, bytes + part, len - part);
	t->at = (t->at + len) % OP_TAIL_MAX;
	t->len = t->len + len < OP_TAIL_MAX ? t->len + len : OP_TAIL_MAX;
}

/* The tail as one row of bytes in the arena. */
static struct op_bytes tail_bytes(struct ssh_try *t, const struct tail *tail)
{
	size_t first = tail->len < OP_TAIL_MAX ? 0 : tail->at;
	struct op_bytes b = {"", 0};
	char *row;

	if (tail->bytes == NULL || (row = arena_alloc(t->arena, tail->len + 1)) == NULL)
		return b;
	memcpy(row, tail->bytes + first, tail->len - first);
	memcpy(row + tail->len - first, tail->bytes, first);
	b.data = row;
	b.len = tail->len;
	return b;
}

static const char *path(struct ssh_try *t, const char *name)
{
	const char *p = t->folder == NULL || t->is_plain
		? NULL
		: arena_printf(t->arena, "%s/%s", t->folder, name);

	return p == NULL ? "" : p;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct ssh_try *t = handle->data;

	t->handles--;
	ssh_try_free(t);
}

/* Frees the try once nothing of it is open any more. */
void ssh_try_free(struct ssh_try *t)
{
	if (t->exec != NULL || t->kill.exec != NULL || t->handles > 0)
		return;
	buf_free(&t->input);
	buf_free(&t->sending.facts);
	buf_free(&t->running);
	buf_free(&t->response);
	free(t->tails[0].bytes);
	free(t->tails[1].bytes);
	ssh_target_release(t->target);
	arena_destroy(t->arena);
}

void ssh_try_finish(struct ssh_try *t, enum op_verdict verdict, const char *message, bool no_retry)
{
	struct op_result r = {.verdict = verdict, .no_retry = no_retry, .message = message};

	if (t->is_finished)
		return;
	t->is_finished = true;
	r.exit_code = t->has_exit ? t->exit_code : -1;
	r.completed = verdict == OP_EXITED;
	if (t->has_response)
		r.response = (struct op_bytes){buf_str(&t->response), t->response.len};
	r.logs = tail_bytes(t, &t->tails[0]);
	r.error = tail_bytes(t, &t->tails[1]);
	r.response_path = path(t, "response");
	r.log_path = path(t, "stdout");
	r.error_path = path(t, "stderr");
	r.user_folder = t->user_folder == NULL ? "" : t->user_folder;
	ssh_try_output_end(t, (const struct op_bytes[2]){r.logs, r.error},
		(const char *const[2]){r.log_path, r.error_path});
	t->events.on_finished(t->ctx, &r);
	ssh_try_drop(t);
}

const char *ssh_try_end_reason(const struct ssh_try *t, const struct ssh_end *end, char *text)
{
	char time[DURATION_TEXT_MAX];

	if (t->is_mute) {
		(void)snprintf(text, END_TEXT_MAX, "the host said nothing for %s",
			duration_format(MUTE_LIMIT_MS, time));
		return text;
	}
	return end->err.code != 0 ? end->err.text : "the channel was closed";
}

void ssh_try_finish_killed(struct ssh_try *t, const char *message)
{
	char time[DURATION_TEXT_MAX], text[sizeof(t->message)];

	if (t->kill.why == OP_KILL_TIMEOUT)
		(void)snprintf(text, sizeof(text), "it was ended at its %s%s%s%s%.900s",
			t->is_cmd_timeout ? "cmd_timeout" : "execution_timeout",
			t->timeout_ms > 0 ? " of " : "",
			t->timeout_ms > 0 ? duration_format(t->timeout_ms, time) : "",
			message[0] == '\0' ? "" : "; ", message);
	else
		(void)snprintf(text, sizeof(text), "%s%s%.900s", op_kill_text(t->kill.why),
			message[0] == '\0' ? "" : "; ", message);
	ssh_try_finish(t, t->kill.why == OP_KILL_TIMEOUT ? OP_TIMED_OUT : OP_KILLED, text, false);
}

void ssh_try_drop(struct ssh_try *t)
{
	t->is_finished = true;
	ssh_try_grown(t);
	if (t->exec != NULL && t->is_orderly)
		ssh_exec_done(t->exec);
	else if (t->exec != NULL)
		ssh_exec_cancel(t->exec);
	if (t->kill.exec != NULL)
		ssh_exec_cancel(t->kill.exec);
	uv_close((uv_handle_t *)&t->timer, on_timer_closed);
	uv_close((uv_handle_t *)&t->kill.timer, on_timer_closed);
	uv_close((uv_handle_t *)&t->deadline, on_timer_closed);
}

/* What a host's own word about the end means. */
static enum op_verdict judge(struct ssh_try *t)
{
	if (t->exit_code < 0)
		return OP_LOST;
	if (t->exit_code > 128 && t->exit_code <= 128 + 64) {
		/* N.B. a shell tells a signal and an exit status above 128 alike. */
		const char *name = sigabbrev_np(t->exit_code - 128);

		if (t->message[0] == '\0')
			(void)snprintf(t->message, sizeof(t->message),
				"signal %d (SIG%s) ended the script", t->exit_code - 128,
				name == NULL ? "?" : name);
		return OP_SIGNALLED;
	}
	if (t->response_len > t->response_limit)
		(void)snprintf(t->message, sizeof(t->message),
			"the response has %llu bytes; its response_limit is %llu",
			(unsigned long long)t->response_len, (unsigned long long)t->response_limit);
	return OP_EXITED;
}

void ssh_try_settle(struct ssh_try *t)
{
	bool is_whole = t->has_exit && t->end_out && (t->phase != TRY_GATHERING || t->end_err);

	if (t->is_finished || !is_whole || (t->kill.is_wanted && !t->kill.is_done))
		return;
	if (t->kill.is_wanted && !t->kill.has_come_late) {
		ssh_try_finish_killed(t, "");
	} else if (t->is_late) {
		t->kill.why = OP_KILL_TIMEOUT;
		ssh_try_finish_killed(t, "the host kept the time, for nobody was there to do it");
	} else {
		enum op_verdict verdict = judge(t);

		t->is_orderly = verdict != OP_LOST && !t->kill.is_wanted;
		ssh_try_finish(t, verdict, t->message, false);
	}
}
