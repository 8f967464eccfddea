/*
 * The conversation of one try with its host: start, follow, gather, attach again, kill.
 *
 * What the host tells drives the phases; see ssh_try.h for the picture. N.B. that a channel closed
 * says nothing about the script: only the host's own word of its end does.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/ssh/ssh_try.h"

static void attach_later(struct ssh_try *t, const char *why);
static int exec_begin(struct ssh_try *t, bool is_attach, struct err *e);

void ssh_try_log(struct ssh_try *t, enum op_level level, int line, const char *fmt, ...)
{
	char text[2048];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!t->is_abandoned)
		t->events.on_log(t->ctx, level, "ssh.c", line, text);
}

/* --- saying --- */

static void say(struct ssh_try *t, struct buf *b)
{
	if (t->exec == NULL || buf_status(b) != 0 || ssh_exec_write(t->exec, b->data, b->len) != 0)
		TRY_LOG(t, OP_WARNING, "Out of memory while speaking to the host");
	buf_free(b);
}

static void say_follow(struct ssh_try *t)
{
	struct buf b;

	buf_init(&b, 0);
	remote_follow(&b, t->tails[0].total, t->tails[1].total);
	say(t, &b);
}

static void say_gather(struct ssh_try *t)
{
	struct buf b;

	t->phase = TRY_GATHERING;
	t->at_out = t->at_err = t->end_out = t->end_err = t->is_gathered = false;
	buf_init(&b, 0);
	remote_gather(&b);
	say(t, &b);
}

static void say_rest(struct ssh_try *t)
{
	struct buf b;

	buf_init(&b, 0);
	remote_rest(&b, t->tails[0].total, t->tails[1].total);
	say(t, &b);
}

static void on_follow_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	if (t->phase == TRY_RUNNING && !t->has_exit && t->exec != NULL)
		say_follow(t);
}

/* --- hearing --- */

static const char *word_rest(const char *word, const char *first)
{
	size_t len = strlen(first);

	if (strncmp(word, first, len) != 0 || (word[len] != '\0' && word[len] != ' '))
		return NULL;
	return word[len] == ' ' ? word + len + 1 : word + len;
}

/* `start HOME FOLDER`: the folder ends with the execution's id, so that blanks in either do no
 * harm. */
static void heard_start(struct ssh_try *t, const char *rest)
{
	const char *folder = strstr(rest, "/.windrow/");
	const char *blank = folder;

	while (blank != NULL && blank > rest && *blank != ' ')
		blank--;
	if (blank == NULL || blank == rest)
		blank = strchr(rest, ' ');
	if (blank != NULL && t->folder == NULL) {
		t->user_folder = arena_memdup(t->arena, rest, (size_t)(blank - rest));
		t->folder = arena_strdup(t->arena, blank + 1);
	}
	t->phase = TRY_RUNNING;
	t->lost_since = 0;
	t->backoff_ms = 0;
	if (!t->is_started) {
		t->is_started = true;
		buf_free(&t->input);
		TRY_LOG(t, OP_INFO, "%s", buf_str(&t->running));
		t->events.on_started(t->ctx);
	} else {
		TRY_LOG(t, OP_INFO, "Attached to execution %s again", t->execution_id);
	}
	if (t->was_started_before)
		say_follow(t);
	else
		(void)uv_timer_start(&t->timer, on_follow_timer, FOLLOW_AFTER_MS, 0);
}

static void heard_exit(struct ssh_try *t, const char *rest)
{
	t->has_exit = true;
	t->exit_code = atoi(rest);
	if (t->is_followed || t->was_started_before)
		say_gather(t);
	else
		ssh_try_settle(t);
}

/* The script is gone, and nobody wrote down how it ended. */
static void heard_lost(struct ssh_try *t, const char *why)
{
	(void)snprintf(t->message, sizeof(t->message), "%s", why);
	t->has_exit = true;
	t->exit_code = -1;
	say_gather(t);
}

static void on_word(void *ctx, bool is_stderr, const char *word)
{
	struct ssh_try *t = ctx;
	const char *rest;

	if (t->is_finished)
		return;
	if (!is_stderr) {
		t->at_out = t->at_out || strcmp(word, "at") == 0;
		t->end_out = t->end_out || strcmp(word, "end") == 0;
	} else if ((rest = word_rest(word, "start")) != NULL) {
		heard_start(t, rest);
	} else if (strcmp(word, "follow") == 0) {
		t->is_followed = true;
		if (t->has_exit && t->phase == TRY_RUNNING)
			say_gather(t);
	} else if ((rest = word_rest(word, "exit")) != NULL) {
		heard_exit(t, rest);
	} else if (strcmp(word, "lost") == 0) {
		heard_lost(t,
			"the script's supervisor on the host was killed; how the script ended is "
			"not known");
	} else if (strcmp(word, "rebooted") == 0) {
		heard_lost(t, "the host was rebooted while the script ran");
	} else if (word_rest(word, "taken") != NULL) {
		t->was_taken = true;
	} else if (strcmp(word, "none") == 0) {
		t->was_none = true;
	} else if (strcmp(word, "late") == 0) {
		t->is_late = true;
	} else if ((rest = word_rest(word, "why")) != NULL) {
		(void)snprintf(t->message, sizeof(t->message), "%s", rest);
	} else if ((rest = word_rest(word, "fail")) != NULL) {
		ssh_try_finish(t, OP_REFUSED, rest, false);
		return;
	} else if (strcmp(word, "at") == 0) {
		t->at_err = true;
	} else if (strcmp(word, "end") == 0) {
		t->end_err = true;
	}
	if (t->phase == TRY_GATHERING && t->at_out && t->at_err && !t->is_gathered) {
		t->is_gathered = true;
		say_rest(t);
	}
	ssh_try_settle(t);
}

static void on_bytes(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;
	size_t room;

	if (t->is_finished)
		return;
	tail_add(&t->tails[is_stderr], bytes, len);
	/* Past the limit only the tails go on; the end of the log comes from them. */
	room = t->logged < t->log_limit ? (size_t)(t->log_limit - t->logged) : 0;
	if (room > 0)
		t->events.on_output(
			t->ctx, is_stderr ? OP_STDERR : OP_STDOUT, bytes, len < room ? len : room);
	t->logged += len;
}

static void on_response(void *ctx, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;

	if (t->response.len + len > t->response_limit) {
		t->is_too_large = true;
		len = t->response_limit - t->response.len;
	}
	buf_add(&t->response, bytes, len);
}

/* --- the channel --- */

static void on_exec_note(void *ctx, const char *text)
{
	TRY_LOG((struct ssh_try *)ctx, OP_INFO, "%s", text);
}

static void on_exec_open(void *ctx)
{
	struct ssh_try *t = ctx;

	if (t->phase == TRY_STARTING && t->input.len > 0 &&
		ssh_exec_write(t->exec, t->input.data, t->input.len) != 0)
		TRY_LOG(t, OP_WARNING, "Out of memory while sending the script");
}

static void on_exec_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;

	(void)remote_ear_feed(&t->ear, is_stderr, bytes, len);
}

/* The conversation is over. What it means depends on how far it had come. */
static void on_exec_end(void *ctx, const struct ssh_end *end)
{
	struct ssh_try *t = ctx;
	struct err e;

	t->exec = NULL;
	remote_ear_free(&t->ear);
	if (t->is_abandoned || t->is_finished) {
		ssh_try_free(t);
		return;
	}
	(void)uv_timer_stop(&t->timer);
	if (t->is_killing && t->kill_done) {
		ssh_try_settle(t);
		return;
	}
	if (t->was_none && t->input.len > 0) {
		/* Nothing ran: the script is sent again, under the same id. */
		t->was_none = false;
		if (exec_begin(t, false, &e) != 0)
			ssh_try_finish(t, OP_REFUSED, e.text, false);
	} else if (t->was_none) {
		ssh_try_finish(
			t, OP_LOST, "the host knows nothing of this execution any more", false);
	} else if (t->phase == TRY_STARTING && !end->may_have_run) {
		ssh_try_finish(t, OP_REFUSED, end->err.text, end->err.code == ERR_DENIED);
	} else {
		attach_later(t, end->err.code != 0 ? end->err.text : "the channel was closed");
	}
}

static int exec_begin(struct ssh_try *t, bool is_attach, struct err *e)
{
	static const struct ssh_exec_events exec_events = {
		on_exec_note, on_exec_open, on_exec_data, on_exec_end};
	struct remote_events heard = {t, on_bytes, on_response, on_word};
	struct buf command;
	int r;

	buf_init(&command, 0);
	if (is_attach)
		remote_attach_command(&command, t->execution_id, t->nonce);
	else
		remote_start_command(&command, t->execution_id, t->nonce, t->script_len,
			t->deadline_s, t->grace_ms / 1000);
	t->phase = is_attach ? TRY_ATTACHING : TRY_STARTING;
	t->was_started_before = is_attach;
	t->is_followed = t->has_exit = t->was_taken = false;
	remote_ear_init(&t->ear, t->nonce, &heard);
	r = buf_status(&command);
	if (r == 0)
		r = ssh_exec_start(t->instance->transport, t->target, command.data, false,
			&exec_events, t, &t->exec, e);
	else
		err_set(e, r, "out of memory");
	buf_free(&command);
	return r;
}

static void on_attach_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;
	struct err e;

	if (exec_begin(t, true, &e) != 0)
		attach_later(t, e.text);
}

/* The connection went, the script did not. N.B. at once where somebody else began it, later and
 * later where the host does not answer. */
static void attach_later(struct ssh_try *t, const char *why)
{
	uint64_t now = uv_now(t->instance->host->loop);

	if (t->lost_since == 0)
		t->lost_since = now;
	if (now - t->lost_since > REATTACH_LIMIT_MS) {
		ssh_try_finish(t, OP_LOST, why, false);
		return;
	}
	t->phase = TRY_WAITING;
	if (t->was_taken) {
		(void)uv_timer_start(&t->timer, on_attach_timer, 0, 0);
		return;
	}
	t->backoff_ms = t->backoff_ms == 0 ? REATTACH_MIN_MS : t->backoff_ms * 2;
	if (t->backoff_ms > REATTACH_MAX_MS)
		t->backoff_ms = REATTACH_MAX_MS;
	TRY_LOG(t, OP_WARNING, "The connection is lost (%s); attaching again in %u ms", why,
		t->backoff_ms);
	(void)uv_timer_start(&t->timer, on_attach_timer, t->backoff_ms, 0);
}

int ssh_try_begin(struct ssh_try *t, bool is_attach, struct err *e)
{
	return exec_begin(t, is_attach, e);
}

/* --- the end by force --- */

static void on_kill_word(void *ctx, bool is_stderr, const char *word)
{
	struct ssh_try *t = ctx;
	const char *rest = is_stderr ? word_rest(word, "gone") : NULL;
	int n = 0;
	char signal[16] = "";

	if (rest == NULL)
		return;
	t->kill_done = true;
	if (sscanf(rest, "%d %15s", &n, signal) >= 1)
		TRY_LOG(t, OP_INFO, "Ended on the host: %d process%s, the last by SIG%s", n,
			n == 1 ? "" : "es", signal[0] == '\0' ? "TERM" : signal);
}

static void on_kill_bytes(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	(void)ctx, (void)is_stderr, (void)bytes, (void)len;
}

static void on_kill_response(void *ctx, const char *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static void on_killer_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;

	(void)remote_ear_feed(&t->killer_ear, is_stderr, bytes, len);
}

static void on_killer_end(void *ctx, const struct ssh_end *end)
{
	struct ssh_try *t = ctx;

	t->killer = NULL;
	remote_ear_free(&t->killer_ear);
	if (t->is_abandoned || t->is_finished) {
		ssh_try_free(t);
		return;
	}
	if (!t->kill_done) {
		(void)snprintf(t->message, sizeof(t->message),
			"the host could not be reached to end the script, which may still run: "
			"%.900s",
			end->err.code != 0 ? end->err.text : "the channel was closed");
		ssh_try_finish(t, t->kill_why == OP_KILL_TIMEOUT ? OP_TIMED_OUT : OP_KILLED,
			t->message, false);
		return;
	}
	if (t->exec == NULL || t->phase == TRY_STARTING)
		ssh_try_finish(
			t, t->kill_why == OP_KILL_TIMEOUT ? OP_TIMED_OUT : OP_KILLED, "", false);
}

void ssh_try_kill(struct ssh_try *t, enum op_kill why, int64_t grace_ms)
{
	static const struct ssh_exec_events killer_events = {
		NULL, NULL, on_killer_data, on_killer_end};
	struct remote_events heard = {t, on_kill_bytes, on_kill_response, on_kill_word};
	struct buf command;
	struct err e;

	if (t->is_finished || t->killer != NULL)
		return;
	if (!t->is_killing)
		t->kill_why = why;
	t->is_killing = true;
	t->kill_done = false;
	buf_init(&command, 0);
	remote_kill_command(&command, t->execution_id, t->nonce, grace_ms);
	remote_ear_init(&t->killer_ear, t->nonce, &heard);
	if (buf_status(&command) != 0 ||
		ssh_exec_start(t->instance->transport, t->target, command.data, false,
			&killer_events, t, &t->killer, &e) != 0)
		TRY_LOG(t, OP_ERROR, "The script cannot be ended: out of memory");
	buf_free(&command);
}
