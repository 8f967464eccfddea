/*
 * The local operator, the engine's side: what is asked of the launcher, and what becomes of its
 * reports. All state of a try is here; what survives the engine is the launcher's.
 *
 *	start, attach     -> a message out; the try waits for LAUNCHER_STARTED
 *	LAUNCHER_STARTED  -> on_started; the streams are followed
 *	LAUNCHER_ENDED    -> the rest of the streams is handed on, slice by slice; on_finished
 *	launcher gone     -> another one is forked and attached to everything
 */
#include "operators/local.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/duration.h"
#include "engine/err.h"
#include "operators/launcher.h"
#include "operators/local_impl.h"
#include "operators/specs.h"
#include "operators/wire.h"
#include "store/system_error.h"

#define HERE "local.c", __LINE__

static struct local *local_of(struct op_instance *i)
{
	return (struct local *)i; /* base is its first member */
}

/* The try that the launcher means, or NULL where it is gone. */
static struct local_try *try_find(const struct local *l, uint64_t number)
{
	uint32_t slot = (uint32_t)number;
	struct local_try *t = slot < l->n_slots ? l->slots[slot] : NULL;

	return t != NULL && t->number == number ? t : NULL;
}

static int slot_take(struct local *l, struct local_try *t)
{
	uint32_t slot, n = l->n_slots == 0 ? 64 : l->n_slots * 2;
	struct local_try **slots;

	if (l->n_tries == l->n_slots) {
		slots = realloc(l->slots, n * sizeof(struct local_try *));
		if (slots == NULL)
			return ERR_NOMEM;
		memset(slots + l->n_slots, 0, (n - l->n_slots) * sizeof(struct local_try *));
		l->slots = slots;
		slot = l->n_slots;
		l->n_slots = n;
	} else {
		for (slot = 0; l->slots[slot] != NULL; slot++)
			;
	}
	l->slots[slot] = t;
	l->n_tries++;
	t->number = (uint64_t)++l->generation << 32 | slot;
	return 0;
}

static void try_free(struct local_try *t)
{
	local_stream_release(t);
	free(t->folder);
	free(t->response_path);
	free(t->streams[0].path);
	free(t->streams[1].path);
	free(t->message);
	free(t->running);
	free(t);
}

static void try_drop(struct local_try *t)
{
	struct local *l = t->owner;

	l->slots[(uint32_t)t->number] = NULL;
	l->n_tries--;
	try_free(t);
}

static void finish(struct local_try *t)
{
	local_stream_collect(t);
	t->result.response_path = t->response_path;
	t->result.log_path = t->streams[0].path;
	t->result.error_path = t->streams[1].path;
	t->result.user_folder = t->owner->user_folder;
	t->events->on_finished(t->ctx, &t->result);
	try_drop(t);
}

static void on_follow(uv_timer_t *timer)
{
	struct local *l = timer->data;
	bool has_more = false;

	for (uint32_t i = 0; i < l->n_slots; i++) {
		struct local_try *t = l->slots[i];

		if (t == NULL || !t->is_started)
			continue;
		if (local_stream_follow(t))
			has_more = true;
		else if (t->has_ended)
			finish(t);
	}
	if (l->n_tries > 0)
		(void)uv_timer_start(&l->follow, on_follow, has_more ? 0 : LOCAL_FOLLOW_MS, 0);
}

/* Why a try failed, where the launcher left that to us. */
static void explain(struct local_try *t)
{
	char time[DURATION_TEXT_MAX], text[128];

	if (t->result.verdict == OP_TIMED_OUT)
		(void)snprintf(text, sizeof(text), "it was ended at its %s%s%s",
			t->is_cmd_timeout ? "cmd_timeout" : "execution_timeout",
			t->timeout_ms > 0 ? " of " : "",
			t->timeout_ms > 0 ? duration_format(t->timeout_ms, time) : "");
	else if (t->result.verdict == OP_KILLED)
		(void)snprintf(text, sizeof(text), "%s", op_kill_text(t->kill_why));
	else
		return;
	free(t->message);
	t->message = strdup(text);
}

/* A script has ended whose files are gone. */
static void explain_gone(struct local_try *t)
{
	char *text;

	if (t->result.verdict != OP_EXITED && t->result.verdict != OP_SIGNALLED)
		return;
	if (asprintf(&text,
		    "%s was taken away while the script ran, and its output and response with it",
		    t->folder) < 0)
		return;
	free(t->message);
	t->message = text;
}

static void on_ended(struct local_try *t, struct wire_reader *r)
{
	const char *message = wire_string_next(r, NULL);

	t->has_ended = true;
	t->is_started = true;
	t->result.verdict = (enum op_verdict)r->m.n[0];
	t->result.exit_code = (int)r->m.n[1];
	t->result.completed = t->result.verdict == OP_EXITED;
	t->has_response = r->m.n[4] >= 0;
	for (int i = 0; i < 2; i++)
		t->streams[i].size = r->m.n[2 + i] > 0 ? r->m.n[2 + i] : 0;
	if (t->result.verdict == OP_REFUSED) {
		t->result.no_retry = t->result.exit_code == ERR_INVALID;
		t->result.exit_code = -1;
	}
	t->message = message == NULL ? NULL : strdup(message);
	explain(t);
	if (r->m.n[2] < 0 || r->m.n[3] < 0)
		explain_gone(t);
	t->result.message = t->message == NULL ? "" : t->message;
	if (local_stream_follow(t))
		(void)uv_timer_start(&t->owner->follow, on_follow, 0, 0);
	else
		finish(t);
}

void local_message(struct local *l, struct wire_reader *r)
{
	struct local_try *t = try_find(l, r->m.job);
	const char *text;

	if (t == NULL || t->has_ended)
		return;
	switch (r->m.kind) {
	case LAUNCHER_STARTED:
		if (!t->is_started) {
			t->is_started = true;
			if (t->running != NULL)
				t->events->on_log(t->ctx, OP_INFO, HERE, t->running);
			t->events->on_started(t->ctx);
		}
		break;
	case LAUNCHER_LOG:
		text = wire_string_next(r, NULL);
		if (text != NULL)
			t->events->on_log(t->ctx, (enum op_level)r->m.n[0], HERE, text);
		break;
	case LAUNCHER_ENDED:
		on_ended(t, r);
		break;
	}
}

/* There is no launcher to be had: nobody knows what becomes of the tries. */
void local_lose_all(struct local *l, const char *why)
{
	for (uint32_t i = 0; i < l->n_slots; i++) {
		struct local_try *t = l->slots[i];

		if (t == NULL || t->has_ended)
			continue;
		t->has_ended = true;
		t->result.verdict = OP_LOST;
		t->result.exit_code = -1;
		t->message = strdup(why);
		t->result.message = t->message == NULL ? "lost" : t->message;
		t->is_started = true;
	}
	(void)uv_timer_start(&l->follow, on_follow, 0, 0);
}

void local_handle_closed(struct local *l)
{
	if (--l->handles > 0)
		return;
	buf_free(&l->in);
	buf_free(&l->out);
	buf_free(&l->next);
	buf_free(&l->environ);
	free(l->slots);
	free(l->slice);
	free(l->user_folder);
	if (l->on_closed != NULL)
		l->on_closed(l->closed_ctx);
	free(l);
}

static void on_timer_closed(uv_handle_t *handle)
{
	local_handle_closed(handle->data);
}

/* Makes a folder and those above it. */
static int folders_make(const char *path, struct err *e)
{
	char *copy = strdup(path);
	int error = copy == NULL ? ENOMEM : 0;

	for (char *at = copy; error == 0 && at != NULL;) {
		at = strchr(at + 1, '/');
		if (at != NULL)
			*at = '\0';
		if (mkdir(copy, 0700) != 0 && errno != EEXIST)
			error = errno;
		if (at != NULL)
			*at = '/';
	}
	free(copy);
	return error == 0 ? 0
			  : err_set(e, system_error_code(error, ERR_IO),
				    "cannot make the folder %s: %s", path, strerror(error));
}

static int local_open(const struct op_host *h, struct op_instance **out, struct err *e)
{
	struct local *l = calloc(1, sizeof(*l));
	int r;

	if (l == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	l->base.op = &operator_local;
	l->host = h;
	buf_init(&l->in, 0);
	buf_init(&l->out, 0);
	buf_init(&l->next, 0);
	buf_init(&l->environ, 0);
	l->slice = malloc(LOCAL_SLICE);
	r = l->slice == NULL ? ERR_NOMEM : local_environ_gather(l);
	r = r != 0 ? err_set(e, r, "%s", err_text(r)) : folders_make(h->executions, e);
	if (r == 0)
		r = local_link_open(l, e);
	if (r != 0) {
		buf_free(&l->environ);
		free(l->user_folder);
		free(l->slice);
		free(l);
		return r;
	}
	(void)uv_timer_init(h->loop, &l->follow);
	l->follow.data = l;
	l->handles++;
	local_link_sweep(l);
	*out = &l->base;
	return 0;
}

static void local_close(struct op_instance *i, void (*on_closed)(void *ctx), void *ctx)
{
	struct local *l = local_of(i);

	l->is_closing = true;
	l->on_closed = on_closed;
	l->closed_ctx = ctx;
	uv_close((uv_handle_t *)&l->follow, on_timer_closed);
	local_link_close(l);
}

static int64_t number_of(const struct op_job *job, enum local_key key, int64_t dflt)
{
	return job->settings[key].is_set ? job->settings[key].number : dflt;
}

static int try_create(struct local *l, const struct op_job *job, const struct op_events *events,
	void *ctx, struct local_try **out)
{
	struct local_try *t = calloc(1, sizeof(*t));
	const char *root = l->host->executions, *id = job->execution_id;

	if (t == NULL)
		return ERR_NOMEM;
	t->base.op = &operator_local;
	t->owner = l;
	t->events = events;
	t->ctx = ctx;
	t->timeout_ms = number_of(job, LOCAL_KEY_CMD_TIMEOUT, 0);
	t->is_cmd_timeout =
		t->timeout_ms > 0 && (job->timeout_ms == 0 || t->timeout_ms < job->timeout_ms);
	if (!t->is_cmd_timeout)
		t->timeout_ms = job->timeout_ms;
	t->grace_ms = job->kill_grace_ms;
	t->response_limit = number_of(job, LOCAL_KEY_RESPONSE_LIMIT, LOCAL_RESPONSE_LIMIT);
	t->log_limit = number_of(job, LOCAL_KEY_LOG_LIMIT, LOCAL_LOG_LIMIT);
	t->result.message = "";
	for (int i = 0; i < 2; i++) {
		t->streams[i].offset = job->output_at[i];
		t->logged += job->output_at[i];
	}
	if (asprintf(&t->folder, "%s/%s", root, id) < 0)
		t->folder = NULL;
	if (asprintf(&t->response_path, "%s/%s/response", root, id) < 0)
		t->response_path = NULL;
	if (asprintf(&t->streams[0].path, "%s/%s/stdout", root, id) < 0)
		t->streams[0].path = NULL;
	if (asprintf(&t->streams[1].path, "%s/%s/stderr", root, id) < 0)
		t->streams[1].path = NULL;
	if (t->folder == NULL || t->response_path == NULL || t->streams[0].path == NULL ||
		t->streams[1].path == NULL || slot_take(l, t) != 0) {
		try_free(t);
		return ERR_NOMEM;
	}
	*out = t;
	return 0;
}

static bool is_execution_id(const char *id)
{
	size_t n = strspn(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-");

	return n > 0 && n <= OP_EXECUTION_ID_MAX && id[n] == '\0' && id[0] != '-';
}

static int begin(struct op_instance *i, const struct op_job *job, const struct op_events *events,
	void *ctx, bool is_attach, struct op_try **out, struct err *e)
{
	struct local *l = local_of(i);
	struct local_try *t;
	size_t before;
	int r;

	if (!is_execution_id(job->execution_id))
		return err_set(e, ERR_INVALID, "\"%s\" is no execution id", job->execution_id);
	if (l->pipe == NULL && l->silent_launchers > LOCAL_RELAUNCH_MAX)
		return err_set(e, ERR_UNAVAILABLE, "the launcher of local tasks cannot be started");
	r = try_create(l, job, events, ctx, &t);
	if (r != 0)
		return err_set(e, r, "%s", err_text(r));
	before = l->next.len;
	if (is_attach)
		r = local_link_attach(l, t);
	else
		r = local_script_send(l, t, job, &l->next, e);
	if (r == 0 && !is_attach)
		r = local_link_send(l, before, e);
	if (r == 0)
		local_link_sweep(l);
	if (r != 0) {
		l->next.len = before; /* what was begun of the message must not stay */
		l->next.status = 0;
		try_drop(t);
		return is_attach ? err_set(e, r, "%s", err_text(r)) : r;
	}
	if (!uv_is_active((uv_handle_t *)&l->follow))
		(void)uv_timer_start(&l->follow, on_follow, LOCAL_FOLLOW_MS, 0);
	*out = &t->base;
	return 0;
}

static int local_start(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	return begin(i, job, events, ctx, false, out, e);
}

static int local_attach(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	return begin(i, job, events, ctx, true, out, e);
}

static void local_kill(struct op_try *base, enum op_kill why, int64_t grace_ms)
{
	struct local_try *t = (struct local_try *)base;

	if (!t->is_killed)
		t->kill_why = why;
	t->is_killed = true;
	(void)local_link_tell(t->owner, LAUNCHER_KILL, t->number, why == OP_KILL_TIMEOUT, grace_ms);
}

static void local_abandon(struct op_try *base)
{
	struct local_try *t = (struct local_try *)base;

	(void)local_link_tell(t->owner, LAUNCHER_ABANDON, t->number, 0, 0);
	try_drop(t);
}

const struct operator operator_local = {
	.spec = &op_spec_local,
	.open = local_open,
	.close = local_close,
	.start = local_start,
	.attach = local_attach,
	.kill = local_kill,
	.abandon = local_abandon,
};
