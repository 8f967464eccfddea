/*
 * The end by force. A second exec runs remote_kill.sh, which ends all processes of the execution
 * and tells what it did; the conversation goes on meanwhile and tells how the script ended.
 *
 * The try is over when the host has said that nobody is left and the conversation has ended, or has
 * been given KILL_REST_MS for it. A host that cannot be reached is tried again until KILL_LIMIT_MS
 * past the grace; the message then says that the script may still run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/duration.h"
#include "engine/err.h"
#include "operators/ssh/ssh_try.h"

static void killer_begin(struct ssh_try *t);

static const char *es(int n)
{
	return n == 1 ? "" : "es";
}

static void on_kill_word(void *ctx, bool is_stderr, const char *word)
{
	struct ssh_try *t = ctx;
	char grace[DURATION_TEXT_MAX];
	const char *rest;
	int n;

	(void)is_stderr;
	if (t->is_finished || ++t->kill.n_words > KILL_WORDS_MAX)
		return;
	if ((rest = ssh_word_rest(word, "term")) != NULL) {
		n = atoi(rest);
		TRY_LOG(t, OP_INFO, "Sent SIGTERM to the script's processes (%d process%s)", n,
			es(n));
	} else if ((rest = ssh_word_rest(word, "left")) != NULL) {
		n = atoi(rest);
		TRY_LOG(t, OP_WARNING, "%d process%s did not end within %s: sent SIGKILL", n, es(n),
			duration_format(t->kill.grace_ms, grace));
	} else if ((rest = ssh_word_rest(word, "stuck")) != NULL) {
		TRY_LOG(t, OP_ERROR, "The host cannot end these processes: %s", rest);
	} else if (strcmp(word, "gone") == 0 || strcmp(word, "never") == 0) {
		t->kill.is_done = true;
	} else if (strcmp(word, "ended") == 0) {
		t->kill.is_done = t->kill.has_come_late = true;
	}
}

static void on_kill_bytes(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	(void)ctx, (void)is_stderr, (void)bytes, (void)len;
}

static void on_kill_other(void *ctx, const char *bytes, size_t len)
{
	(void)ctx, (void)bytes, (void)len;
}

static void on_killer_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;

	(void)remote_ear_feed(&t->kill.ear, is_stderr, bytes, len);
}

static void on_rest_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	TRY_LOG(t, OP_WARNING, "The last output of the script may be missing here");
	ssh_try_finish_killed(t, "");
}

static void on_again_timer(uv_timer_t *timer)
{
	killer_begin(timer->data);
}

/* When the host is given up, from now. */
static uint64_t killer_limit(const struct ssh_try *t)
{
	uint64_t now = uv_now(t->instance->host->loop);
	uint64_t until = t->kill.since + (uint64_t)t->kill.grace_ms + KILL_LIMIT_MS;

	return until > now ? until - now : 0;
}

static void killer_failed(struct ssh_try *t, const struct ssh_end *end)
{
	const char *why = t->kill.is_late ? "it did not answer"
		: end->err.code != 0	  ? end->err.text
					  : "it did not say that they are gone";
	char message[sizeof(t->message)];

	if (killer_limit(t) > 0) {
		TRY_LOG(t, OP_WARNING,
			"The host cannot be told to end the script (%s); trying again", why);
		(void)uv_timer_start(&t->kill.timer, on_again_timer, KILL_AGAIN_MS, 0);
		return;
	}
	(void)snprintf(message, sizeof(message),
		"the host could not be told to end the script, which may still run: %.900s", why);
	ssh_try_finish_killed(t, message);
}

/* N.B. a login shell may swallow our program, and say nothing for ever. */
static void on_late_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	t->kill.is_late = true;
	ssh_exec_cancel(t->kill.exec);
}

static void on_killer_end(void *ctx, const struct ssh_end *end)
{
	struct ssh_try *t = ctx;

	t->kill.exec = NULL;
	remote_ear_free(&t->kill.ear);
	if (t->is_finished) {
		ssh_try_free(t);
		return;
	}
	(void)uv_timer_stop(&t->kill.timer);
	if (!t->kill.is_done && t->kill.wants_again) {
		killer_begin(t);
	} else if (!t->kill.is_done) {
		killer_failed(t, end);
	} else if (t->exec == NULL && !t->kill.has_come_late) {
		ssh_try_finish_killed(t, "");
	} else {
		(void)uv_timer_start(&t->kill.timer, on_rest_timer, KILL_REST_MS, 0);
		ssh_try_settle(t);
	}
}

/* The processes that a plain execution's program named. N.B. they are the host's words. */
static const char *plain_group(const struct ssh_try *t)
{
	return t->folder == NULL || t->folder[strspn(t->folder, "0123456789 ")] != '\0' ? "-"
											: t->folder;
}

static void killer_begin(struct ssh_try *t)
{
	static const struct ssh_exec_events killer_events = {
		.on_data = on_killer_data, .on_end = on_killer_end};
	struct remote_events heard = {.ctx = t,
		.on_data = on_kill_bytes,
		.on_response = on_kill_other,
		.on_noise = on_kill_other,
		.on_word = on_kill_word};
	struct ssh_end end = {0};
	struct ssh_command command;

	/* N.B. a second kill may come before the first is tried again. */
	(void)uv_timer_stop(&t->kill.timer);
	t->kill.wants_again = t->kill.is_late = false;
	t->kill.n_words = 0;
	ssh_command_init(&command);
	remote_kill_command(&command, t->execution_id, t->nonce, t->kill.grace_ms,
		t->is_plain ? plain_group(t) : NULL);
	remote_ear_init(&t->kill.ear, t->nonce, &heard);
	if ((t->target != NULL || ssh_try_aim(t, &end.err) == 0) &&
		ssh_exec_start(t->instance->transport, t->target, &command, false, &killer_events,
			t, &t->kill.exec, &end.err) == 0)
		(void)uv_timer_start(&t->kill.timer, on_late_timer, killer_limit(t), 0);
	else
		killer_failed(t, &end);
	ssh_command_free(&command);
}

void ssh_try_kill(struct ssh_try *t, enum op_kill why, int64_t grace_ms)
{
	if (t->is_finished || t->kill.is_done)
		return;
	if (!t->kill.is_wanted) {
		t->kill.is_wanted = true;
		t->kill.why = why;
	}
	t->kill.since = uv_now(t->instance->host->loop);
	t->kill.grace_ms = grace_ms;
	if (t->phase == TRY_STARTING && t->exec != NULL && !t->is_open) {
		/* How far it came is known at its end. */
		ssh_exec_cancel(t->exec);
	} else if (t->kill.exec != NULL) {
		t->kill.wants_again = true;
		ssh_exec_cancel(t->kill.exec);
	} else {
		(void)uv_timer_stop(&t->timer);
		killer_begin(t);
	}
}

void ssh_kill_talk_ended(struct ssh_try *t, bool may_have_run)
{
	if (t->kill.is_done)
		ssh_try_finish_killed(t, "");
	else if (!may_have_run && t->phase == TRY_STARTING)
		ssh_try_finish_killed(t, "");
	else if (t->kill.exec == NULL && !uv_is_active((uv_handle_t *)&t->kill.timer))
		killer_begin(t);
}
