/*
 * The ssh operator: what the interface of operators asks for, in terms of a conversation with a
 * host (ssh_talk.c) over the transport.
 */
#include "operators/ssh/ssh.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "engine/err.h"
#include "engine/hex.h"
#include "engine/shquote.h"
#include "operators/script.h"
#include "operators/specs.h"
#include "operators/ssh/ssh_try.h"
#include "operators/ssh/target_make.h"

#define RESPONSE_LIMIT ((size_t)1 << 20)
#define LOG_LIMIT ((size_t)100 << 20)

/* The place of a target among those that are kept, which then shares it. */
static size_t target_place(struct ssh_instance *i, struct ssh_target *t)
{
	size_t k;

	for (k = 0; k < SSH_TARGETS_KEPT; k++)
		if (i->targets[k] != NULL && strcmp(i->targets[k]->identity, t->identity) == 0) {
			if (i->targets[k] != t)
				ssh_target_settle(i->targets[k], t);
			return k;
		}
	k = i->next_target;
	i->next_target = (k + 1) % SSH_TARGETS_KEPT;
	ssh_target_release(i->targets[k]);
	ssh_target_hold(t);
	i->targets[k] = t;
	return k;
}

/* One target for all tries that would have the same: its keys and known hosts are no small things.
 */
static void target_share(struct ssh_instance *i, struct ssh_try *t)
{
	size_t k = target_place(i, t->target);
	uint64_t kept_ms = (uint64_t)i->host->retention_ms;

	ssh_target_hold(i->targets[k]);
	ssh_target_release(t->target);
	t->target = i->targets[k];
	if (sweeps_take(&i->sweeps, t->target->identity, uv_now(i->host->loop) + 1,
		    kept_ms < SWEEP_EVERY_MS ? kept_ms : SWEEP_EVERY_MS))
		t->sweep_min = (i->host->retention_ms + 59999) / 60000;
}

/* --- the instance --- */

static int ssh_open(const struct op_host *h, struct op_instance **out, struct err *e)
{
	struct ssh_instance *i = calloc(1, sizeof(*i));

	if (i == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	i->base.op = &operator_ssh;
	i->host = h;
	*out = &i->base;
	return 0;
}

/* The transport's threads start with the first task: many a run has no ssh task at all. */
static int transport_need(struct ssh_instance *i, struct err *e)
{
	struct ssh_transport_options options = {0};

	return i->transport != NULL
		? 0
		: ssh_transport_create(i->host->loop, &options, &i->transport, e);
}

static void on_transport_closed(void *ctx)
{
	struct ssh_instance *i = ctx;

	for (size_t k = 0; k < SSH_TARGETS_KEPT; k++)
		ssh_target_release(i->targets[k]);
	i->on_closed(i->closed_ctx);
	free(i);
}

static void ssh_close(struct op_instance *base, void (*on_closed)(void *ctx), void *ctx)
{
	struct ssh_instance *i = (struct ssh_instance *)base;

	i->on_closed = on_closed;
	i->closed_ctx = ctx;
	if (i->transport != NULL)
		ssh_transport_close(i->transport, on_transport_closed, i);
	else
		on_transport_closed(i);
}

static unsigned ssh_connections(const struct op_instance *base)
{
	const struct ssh_instance *i = (const struct ssh_instance *)base;

	return i->transport == NULL ? 0 : ssh_transport_connections(i->transport);
}

/* --- a try --- */

static void nonce_make(char *nonce)
{
	unsigned char bytes[REMOTE_NONCE_LEN / 2];

	/* N.B. where no random bytes can be had, a nonce that can be guessed harms only the task's
	 * own output, never another's. */
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		memset(bytes, 0x5a, sizeof(bytes));
	(void)hex_write(nonce, bytes, sizeof(bytes));
}

static const char *text_of(struct arena *a, const struct op_setting *s)
{
	return s->is_set ? arena_memdup(a, s->text.data, s->text.len) : NULL;
}

static void word_add(void *ctx, const char *word, size_t len)
{
	struct buf *out = ctx;

	if (out->len > 0)
		buf_addc(out, ' ');
	sh_quote_word(out, word, len);
}

static void variable_add(void *ctx, const char *name, struct op_bytes value)
{
	struct buf *out = ctx;

	buf_addf(out, "export %s=", name);
	sh_quote_word(out, value.data, value.len);
	buf_addc(out, '\n');
}

/* What a script is told of its run may be told in the open; what the task says may not. */
struct told {
	struct buf *facts, *environment;
};

static void fact_add(void *ctx, const char *name, struct op_bytes value)
{
	struct told *told = ctx;

	if (!remote_fact_add(told->facts, name, value.data, value.len))
		variable_add(told->environment, name, value);
}

/* What the child does before it becomes the script, as shell text. */
static int launch_make(const struct op_job *job, struct remote_launch *l, struct buf *facts)
{
	const struct op_setting *s = job->settings, *arguments = &s[SSH_KEY_ARGUMENTS],
				*folder = &s[SSH_KEY_WORKING_DIRECTORY];
	struct told told = {facts, &l->environment};

	script_variables(job, variable_add, &l->environment);
	script_facts(job, fact_add, &told);
	(void)script_words(job, word_add, &l->interpreter);
	for (size_t i = 0; i < arguments->n; i++)
		word_add(&l->arguments, arguments->list[i].data, arguments->list[i].len);
	if (folder->is_set && folder->text.len > 0 && folder->text.data[0] != '/')
		buf_adds(&l->working_directory, "\"${HOME:-/}\"/");
	if (folder->is_set)
		sh_quote_word(&l->working_directory, folder->text.data, folder->text.len);
	return remote_launch_status(l);
}

/* Whether the script runs under /bin/sh, in the home folder and without arguments. */
static bool has_default_shell(const struct op_job *job)
{
	const struct op_setting *s = job->settings;

	return !s[SSH_KEY_INTERPRETER].is_set && !s[SSH_KEY_WORKING_DIRECTORY].is_set &&
		s[SSH_KEY_ARGUMENTS].n == 0;
}

/* All of the conversation's opening, worked out before the first byte is sent. */
static int input_make(struct ssh_try *t, const struct op_job *job, struct err *e)
{
	struct op_bytes script;
	struct remote_launch launch;
	int r = script_check(job, e);

	if (r != 0)
		return r;
	script = script_text(job);
	script_running(job, &t->running);
	remote_launch_init(&launch);
	launch.is_plain = t->is_plain;
	/* N.B. on the channel itself it runs in our shell, whose variables a task may not touch. */
	t->is_own = !t->wants_pty && has_default_shell(job) &&
		(!t->is_plain || job->n_environment == 0) &&
		remote_is_one_command(script.data, script.len);
	launch.is_own = t->is_own;
	r = launch_make(job, &launch, &t->sending.facts);
	remote_start_input(&t->input, t->nonce, &launch, script.data, script.len, &t->sending);
	remote_launch_free(&launch);
	if (r != 0 || buf_status(&t->input) != 0 || buf_status(&t->sending.facts) != 0 ||
		buf_status(&t->running) != 0)
		return err_set(e, ERR_NOMEM, "out of memory");
	return 0;
}

static int64_t number_of(const struct op_setting *s, int64_t dflt)
{
	return s->is_set ? s->number : dflt;
}

static void timer_open(struct ssh_try *t, uv_timer_t *timer)
{
	(void)uv_timer_init(t->instance->host->loop, timer);
	timer->data = t;
	t->handles++;
}

static struct ssh_try *try_create(
	struct ssh_instance *i, const struct op_job *job, const struct op_events *events, void *ctx)
{
	struct arena *a = arena_create(0);
	struct ssh_try *t = a == NULL ? NULL : arena_alloc(a, sizeof(*t));
	const struct op_setting *s = job->settings, *detach = &s[SSH_KEY_DETACH];

	if (t == NULL) {
		arena_destroy(a);
		return NULL;
	}
	t->base.op = &operator_ssh;
	t->instance = i;
	t->arena = a;
	t->events = *events;
	t->ctx = ctx;
	t->execution_id = arena_strdup(a, job->execution_id);
	t->grace_ms = job->kill_grace_ms;
	t->wants_pty = s[SSH_KEY_GET_PTY].is_set && s[SSH_KEY_GET_PTY].truth;
	t->is_plain = detach->is_set ? !detach->truth : t->wants_pty;
	t->response_limit = (size_t)number_of(&s[SSH_KEY_RESPONSE_LIMIT], RESPONSE_LIMIT);
	t->log_limit = (uint64_t)number_of(&s[SSH_KEY_LOG_LIMIT], LOG_LIMIT);
	t->timeout_ms = number_of(&s[SSH_KEY_CMD_TIMEOUT], 0);
	t->job_timeout_ms = job->timeout_ms;
	t->conn_id = text_of(a, &s[SSH_KEY_SSH_CONN_ID]);
	t->remote_host = text_of(a, &s[SSH_KEY_REMOTE_HOST]);
	t->conn_timeout_ms = number_of(&s[SSH_KEY_CONN_TIMEOUT], 0);
	buf_init(&t->input, 0);
	buf_init(&t->sending.facts, 0);
	buf_init(&t->response, 0);
	buf_init(&t->running, 0);
	nonce_make(t->nonce);
	timer_open(t, &t->timer);
	timer_open(t, &t->kill.timer);
	timer_open(t, &t->deadline);
	return t;
}

/* Output that was handed on before is not asked for again, but for what the tails need of it. */
static void output_resume(struct ssh_try *t, const struct op_job *job)
{
	for (int i = 0; i < 2; i++) {
		uint64_t at = (uint64_t)job->output_at[i];

		t->known[i] = at < OP_TAIL_MAX ? (size_t)at : OP_TAIL_MAX;
		t->tails[i].total = at - t->known[i];
		t->logged += at;
	}
}

/* The task's own cmd_timeout, else the connection's, where the engine's timeout is not shorter. */
static void timeout_choose(struct ssh_try *t)
{
	if (t->timeout_ms == 0)
		t->timeout_ms = t->target->cmd_timeout_ms;
	t->is_cmd_timeout =
		t->timeout_ms > 0 && (t->job_timeout_ms == 0 || t->timeout_ms < t->job_timeout_ms);
	if (!t->is_cmd_timeout)
		t->timeout_ms = t->job_timeout_ms;
}

static bool is_same_account(const struct ssh_target *a, const struct ssh_target *b)
{
	return strcmp(a->place, b->place) == 0 && strcmp(a->login, b->login) == 0;
}

int ssh_try_aim(struct ssh_try *t, struct err *e)
{
	struct ssh_target *old = t->target, *now;
	int r = ssh_target_take(t->instance->host->connections, t->conn_id, t->remote_host,
		t->conn_timeout_ms, t->instance->targets, SSH_TARGETS_KEPT, &now, e);

	if (r != 0)
		return old == NULL ? r : 0;
	if (old != NULL && t->is_placed && !is_same_account(old, now)) {
		ssh_target_release(now);
		return 0;
	}
	t->target = now;
	target_share(t->instance, t);
	if (old == NULL)
		timeout_choose(t);
	ssh_target_release(old);
	return 0;
}

static int begin(struct op_instance *base, const struct op_job *job, const struct op_events *events,
	void *ctx, bool is_attach, struct op_try **out, struct err *e)
{
	struct ssh_instance *i = (struct ssh_instance *)base;
	struct ssh_try *t = try_create(i, job, events, ctx);
	struct err why = {0};
	bool may_run = is_attach || job->is_resumed;
	int r = 0;

	if (t == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	t->may_run = may_run;
	t->is_placed = !may_run;
	if (t->conn_id == NULL)
		r = err_set(e, ERR_INVALID,
			"ssh_conn_id is missing: say which connection leads to the host");
	else if (may_run && t->is_plain)
		r = err_set(e, ERR_UNAVAILABLE,
			"nothing is kept on the host of a script with detach: false: what became "
			"of it when the scheduler stopped is not known");
	/* A connection that cannot be used now is no end of what may be running. */
	else if (ssh_try_aim(t, &why) != 0 && !may_run)
		r = err_set(e, why.code, "%s", why.text);
	/* What was seen running is never started again, whatever the host remembers. */
	if (r == 0 && !is_attach)
		r = input_make(t, job, e);
	if (r == 0)
		r = transport_need(i, e);
	output_resume(t, job);
	if (r == 0 && t->target == NULL)
		ssh_try_begin_later(t, why.text);
	else if (r == 0)
		r = ssh_try_begin(t, is_attach, e);
	if (r != 0) {
		ssh_try_drop(t);
		return r;
	}
	*out = &t->base;
	return 0;
}

static int ssh_start(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	return begin(i, job, events, ctx, false, out, e);
}

static int ssh_attach(struct op_instance *i, const struct op_job *job,
	const struct op_events *events, void *ctx, struct op_try **out, struct err *e)
{
	return begin(i, job, events, ctx, true, out, e);
}

static void ssh_kill(struct op_try *base, enum op_kill why, int64_t grace_ms)
{
	ssh_try_kill((struct ssh_try *)base, why, grace_ms);
}

static void ssh_abandon(struct op_try *base)
{
	struct ssh_try *t = (struct ssh_try *)base;

	t->is_abandoned = true;
	ssh_try_drop(t);
}

const struct operator operator_ssh = {
	.spec = &op_spec_ssh,
	.open = ssh_open,
	.close = ssh_close,
	.start = ssh_start,
	.attach = ssh_attach,
	.kill = ssh_kill,
	.abandon = ssh_abandon,
	.connections = ssh_connections,
};
