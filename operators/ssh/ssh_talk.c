/*
 * The conversation of one try with its host: start, follow, gather, attach again, kill.
 *
 * What the host tells drives the phases; see ssh_try.h for the picture. N.B. that a channel closed
 * says nothing about the script: only the host's own word of its end does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "operators/ssh/ssh_try.h"

#define EXIT_STATUS_MAX 255 /* what a shell can tell of a process */

static void attach_later(struct ssh_try *t, const char *why);
static int exec_begin(struct ssh_try *t, bool is_attach, struct err *e);

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

void ssh_try_grown(struct ssh_try *t)
{
	t->instance->n_young -= t->is_young;
	t->is_young = false;
}

static void on_follow_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	ssh_try_grown(t);
	if (t->phase == TRY_RUNNING && !t->has_exit && t->exec != NULL)
		say_follow(t);
}

/* Following takes two processes on the host, and their end two more: many scripts that began
 * together are waited for longer, since most of them end soon. */
static void follow_later(struct ssh_try *t)
{
	uint64_t delay = FOLLOW_AFTER_MS + (uint64_t)FOLLOW_EACH_MS * t->instance->n_young;

	t->is_young = true;
	t->instance->n_young++;
	(void)uv_timer_start(
		&t->timer, on_follow_timer, delay < FOLLOW_LATEST_MS ? delay : FOLLOW_LATEST_MS, 0);
}

/* --- hearing --- */

const char *ssh_word_rest(const char *word, const char *first)
{
	size_t len = strlen(first);

	if (strncmp(word, first, len) != 0 || (word[len] != '\0' && word[len] != ' '))
		return NULL;
	return word[len] == ' ' ? word + len + 1 : word + len;
}

static void on_deadline(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	ssh_try_kill(t, OP_KILL_TIMEOUT, t->grace_ms);
}

static void first_start(struct ssh_try *t)
{
	t->is_started = true;
	buf_free(&t->input);
	buf_free(&t->sending.facts);
	TRY_LOG(t, OP_INFO, "%s",
		t->running.len > 0 ? buf_str(&t->running) : "Attached to the script again");
	if (t->is_cmd_timeout)
		(void)uv_timer_start(&t->deadline, on_deadline, (uint64_t)t->timeout_ms, 0);
	t->events.on_started(t->ctx);
}

static void heard_start(struct ssh_try *t, const char *rest)
{
	if (t->has_begun)
		return; /* a host that says so again and again is not to fill the log */
	t->has_begun = true;
	if (t->folder == NULL)
		t->folder = arena_strdup(t->arena, rest);
	t->phase = TRY_RUNNING;
	t->lost_since = 0;
	t->backoff_ms = 0;
	if (!t->is_started)
		first_start(t);
	else
		TRY_LOG(t, OP_INFO, "Attached to the script again");
	if (t->was_started_before)
		say_follow(t);
	else if (!t->is_plain)
		follow_later(t);
}

/* The script is gone, and nobody wrote down how it ended. */
static void heard_lost(struct ssh_try *t, const char *why)
{
	(void)snprintf(t->message, sizeof(t->message), "%s", why);
	t->has_exit = true;
	t->exit_code = -1;
	say_gather(t);
}

static void heard_exit(struct ssh_try *t, const char *rest)
{
	char *end;
	long status = strtol(rest, &end, 10);

	ssh_try_grown(t);
	if (end == rest || status < 0 || status > EXIT_STATUS_MAX) {
		heard_lost(t, "the host told an exit status that is none");
		return;
	}
	t->has_exit = true;
	t->exit_code = (int)status;
	if (t->is_followed || t->was_started_before)
		say_gather(t);
}

static void heard_home(struct ssh_try *t, const char *rest)
{
	if (t->user_folder == NULL)
		t->user_folder = arena_strdup(t->arena, rest);
}

static void heard_ready(struct ssh_try *t, const char *rest)
{
	(void)rest;
	if (t->wants_pty && ssh_exec_write(t->exec, t->input.data, t->input.len) != 0)
		TRY_LOG(t, OP_ERROR, "Out of memory while sending the script");
}

static void heard_same(struct ssh_try *t, const char *rest)
{
	(void)rest;
	ssh_target_sh_set(t->target);
}

static void heard_follow(struct ssh_try *t, const char *rest)
{
	(void)rest;
	t->is_followed = true;
	if (t->has_exit && t->phase == TRY_RUNNING)
		say_gather(t);
}

static void heard_supervisor_lost(struct ssh_try *t, const char *rest)
{
	heard_lost(t,
		*rest != '\0' ? rest
			      : "the script's supervisor on the host was killed; how the script "
				"ended is not known");
}

static void heard_reboot(struct ssh_try *t, const char *rest)
{
	(void)rest;
	heard_lost(t, "the host was rebooted while the script ran");
}

static void heard_taken(struct ssh_try *t, const char *rest)
{
	(void)rest;
	t->was_taken = true;
}

static void heard_none(struct ssh_try *t, const char *rest)
{
	(void)rest;
	t->was_none = true;
}

static void heard_late(struct ssh_try *t, const char *rest)
{
	(void)rest;
	t->is_late = true;
}

static void heard_why(struct ssh_try *t, const char *rest)
{
	(void)snprintf(t->message, sizeof(t->message), "%s", rest);
}

static void heard_fail(struct ssh_try *t, const char *rest)
{
	ssh_try_finish(t, OP_REFUSED,
		*rest == '\0' ? "the host refused, and did not say why" : rest, false);
}

/* Marks stand on either stream, so that each tells how far its stream has come. */
static void heard_mark(struct ssh_try *t, bool is_stderr, const char *word)
{
	if (strcmp(word, "at") == 0)
		*(is_stderr ? &t->at_err : &t->at_out) = true;
	else if (strcmp(word, "end") == 0)
		*(is_stderr ? &t->end_err : &t->end_out) = true;
	else if (strcmp(word, "response") == 0)
		t->has_response = true;
}

static void on_word(void *ctx, bool is_stderr, const char *word)
{
	static const struct {
		const char *word;
		void (*heard)(struct ssh_try *t, const char *rest);
	} words[] = {
		{"ready", heard_ready},
		{"same", heard_same},
		{"home", heard_home},
		{"start", heard_start},
		{"follow", heard_follow},
		{"exit", heard_exit},
		{"lost", heard_supervisor_lost},
		{"rebooted", heard_reboot},
		{"taken", heard_taken},
		{"none", heard_none},
		{"late", heard_late},
		{"why", heard_why},
		{"fail", heard_fail},
	};
	struct ssh_try *t = ctx;
	const char *rest;

	if (t->is_finished)
		return;
	if (!t->has_spoken)
		(void)uv_timer_stop(&t->timer);
	t->has_spoken = true;
	heard_mark(t, is_stderr, word);
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if ((rest = ssh_word_rest(word, words[i].word)) != NULL)
			words[i].heard(t, rest);
	if (t->phase == TRY_GATHERING && t->at_out && t->at_err && !t->is_gathered) {
		t->is_gathered = true;
		say_rest(t);
	}
	ssh_try_settle(t);
}

static void on_bytes(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;

	if (!t->is_finished)
		ssh_try_output(t, is_stderr, bytes, len);
}

static void on_response(void *ctx, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;
	size_t room = t->response_limit - t->response.len;

	t->response_len += len;
	buf_add(&t->response, bytes, len < room ? len : room);
}

static void on_noise(void *ctx, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;
	size_t n = strlen(t->noise);

	for (size_t i = 0; i < len && n < NOISE_MAX; i++)
		t->noise[n++] = bytes[i] >= ' ' && bytes[i] != 0x7f ? bytes[i] : ' ';
	t->noise[n] = '\0';
}

/* --- the channel --- */

static void on_exec_note(void *ctx, const struct ssh_note *note)
{
	struct ssh_try *t = ctx;

	if (!t->is_finished)
		TRY_LOG(t, note->is_warning ? OP_WARNING : OP_INFO, "%s", note->text);
}

/* It is given up; what has become of the script is asked anew. */
static void on_mute_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	t->is_mute = true;
	ssh_exec_cancel(t->exec);
}

static void on_silent_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;

	TRY_LOG(t, OP_WARNING,
		"The host runs /bin/sh for %u s, and nothing was heard of it; does a start-up file "
		"of "
		"the login shell wait for input, or become another shell?",
		t->target->conn_timeout_ms / 1000);
	(void)uv_timer_start(&t->timer, on_mute_timer, MUTE_LIMIT_MS, 0);
}

static void on_exec_open(void *ctx)
{
	struct ssh_try *t = ctx;

	t->is_open = true;
	/* N.B. the word of it may have been under way when the try ended. */
	if (!t->has_spoken && !t->is_finished)
		(void)uv_timer_start(&t->timer, on_silent_timer, t->target->conn_timeout_ms, 0);
}

static void on_exec_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	struct ssh_try *t = ctx;

	(void)remote_ear_feed(&t->ear, is_stderr, bytes, len);
}

/* Our program was not run at all: the login shell is none, or a forced command stands before it. */
static void finish_unspoken(struct ssh_try *t, const struct ssh_end *end)
{
	size_t n = strlen(t->noise);

	while (n > 0 && t->noise[n - 1] == ' ')
		t->noise[--n] = '\0';
	(void)snprintf(t->message, sizeof(t->message),
		"the host did not run /bin/sh, but ended with status %d%s%s", end->status,
		t->noise[0] == '\0' ? "" : "; it said: ", t->noise);
	ssh_try_finish(t, t->is_started ? OP_LOST : OP_REFUSED, t->message, false);
}

/* The channel of a plain try is gone, and with it the script. */
static void finish_plain(struct ssh_try *t, const char *why)
{
	(void)snprintf(t->message, sizeof(t->message),
		"the channel was lost, and how the script ended with it, since detach is "
		"false: %.900s",
		why);
	ssh_try_finish(t, OP_LOST, t->message, false);
}

/* The host knows nothing of this execution: nothing ran. */
static void start_again(struct ssh_try *t)
{
	struct err e;

	if (t->input.len == 0)
		ssh_try_finish(
			t, OP_LOST, "the host knows nothing of this execution any more", false);
	else if (exec_begin(t, false, &e) != 0)
		ssh_try_finish(t, OP_REFUSED, e.text, false);
}

/* The conversation is over. What it means depends on how far it had come. N.B. that nothing could
 * be started now says nothing of what was begun before, by this process or by one that was killed.
 */
static void on_exec_end(void *ctx, const struct ssh_end *end)
{
	struct ssh_try *t = ctx;
	char text[END_TEXT_MAX];
	const char *why = ssh_try_end_reason(t, end, text);

	t->exec = NULL;
	if (t->is_plain && !t->is_finished) {
		remote_ear_end(&t->ear, false);
		remote_ear_end(&t->ear, true);
	}
	remote_ear_free(&t->ear);
	if (t->is_finished) {
		ssh_try_free(t);
		return;
	}
	(void)uv_timer_stop(&t->timer);
	t->may_run = t->may_run || end->may_have_run;
	t->is_placed = t->is_placed || end->may_have_run;
	if (t->kill.is_wanted)
		ssh_kill_talk_ended(t, t->may_run);
	else if (t->phase == TRY_STARTING && !t->may_run)
		ssh_try_finish(t, OP_REFUSED, end->err.text, end->err.code == ERR_DENIED);
	else if (!t->has_spoken && end->has_status && !end->was_next)
		finish_unspoken(t, end);
	else if (t->is_plain)
		finish_plain(t, why);
	else if (t->was_none)
		start_again(t);
	else
		attach_later(t, why);
}

static void command_make(struct ssh_try *t, bool is_attach, struct ssh_command *out)
{
	int64_t grace_s = (t->grace_ms + 999) / 1000;
	/* The host's own deadline stands behind ours, which says more when it strikes. */
	int64_t deadline_s = t->timeout_ms > 0 ? (t->timeout_ms + 999) / 1000 + grace_s + 1 : 0;

	if (t->is_plain)
		remote_plain_command(out, t->execution_id, t->nonce, &t->sending,
			t->wants_pty	    ? REMOTE_PLAIN_PTY
				: t->is_own ? REMOTE_PLAIN_OWN
					    : REMOTE_PLAIN,
			grace_s);
	else if (is_attach)
		remote_attach_command(out, t->execution_id, t->nonce);
	else
		remote_start_command(out, t->execution_id, t->nonce, &t->sending, deadline_s,
			grace_s, t->sweep_min);
}

static int exec_begin(struct ssh_try *t, bool is_attach, struct err *e)
{
	static const struct ssh_exec_events exec_events = {
		on_exec_note, on_exec_open, on_exec_data, on_exec_end};
	struct remote_events heard = {.ctx = t,
		.on_data = on_bytes,
		.on_response = on_response,
		.on_word = on_word,
		.on_noise = on_noise};
	struct ssh_command command;
	int r;

	ssh_command_init(&command);
	command_make(t, is_attach, &command);
	t->phase = is_attach ? TRY_ATTACHING : TRY_STARTING;
	t->was_started_before = is_attach;
	t->is_open = t->is_followed = t->has_exit = t->was_taken = t->was_none = false;
	t->has_spoken = t->has_begun = t->is_mute = false;
	t->at_out = t->at_err = t->end_out = t->end_err = t->is_gathered = false;
	t->noise[0] = '\0';
	buf_reset(&t->response);
	t->response_len = 0;
	t->has_response = false;
	remote_ear_init(&t->ear, t->nonce, &heard);
	r = ssh_exec_start(t->instance->transport, t->target, &command, t->wants_pty, &exec_events,
		t, &t->exec, e);
	ssh_command_free(&command);
	/* It goes out with the command, which waits for it. */
	if (r == 0 && !is_attach && !t->wants_pty &&
		ssh_exec_write(t->exec, t->input.data, t->input.len) != 0)
		TRY_LOG(t, OP_ERROR, "Out of memory while sending the script");
	return r;
}

static void on_attach_timer(uv_timer_t *timer)
{
	struct ssh_try *t = timer->data;
	struct err e;

	if (ssh_try_aim(t, &e) != 0 || exec_begin(t, true, &e) != 0)
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

void ssh_try_begin_later(struct ssh_try *t, const char *why)
{
	attach_later(t, why);
}
