/*
 * A callback under way. What its script prints goes into a log of its own beside the tasks':
 * task_id=TASK.EVENT (or EVENT, of a run) / map_index=ACTION / attempt=TRY.log. How it went is told
 * in the task's own log too.
 *
 * N.B. an address and headers may hold a secret, such as a hook's token: neither is ever told.
 */
#include "scheduler/call.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/mask.h"
#include "scheduler/callbacks.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "scheduler/http.h"
#include "store/clock.h"

#define CALL_NAME_MAX (2 * DAG_NAME_MAX + 32) /* Stage.task.on_success */

/* Stage.task.on_failure, or on_failure. */
static const char *name_of(const struct call *call, char name[CALL_NAME_MAX])
{
	const struct dag *d = call->runner->edition->dag;
	bool has_task = call->task < d->n_tasks;

	(void)snprintf(name, CALL_NAME_MAX, "%s%s%s", has_task ? d->tasks[call->task].id : "",
		has_task ? "." : "", call->event);
	return name;
}

static struct task_log_place place_of(const struct call *call)
{
	const struct conductor_options *o = &call->runner->conductor->o;

	return (struct task_log_place){.folder = o->logs,
		.dag_id = runner_dag_id(call->runner),
		.run_id = call->runner->facts.run_id,
		.instance = call->instance,
		.try_number = call->try_number,
		.mask = o->source->mask};
}

/* ---- how it went ---- */

/* A line in the log of the task that it is about. */
static void tell_task(const struct call *call, enum op_level level, const char *text)
{
	const struct dag *d = call->runner->edition->dag;
	struct task_log_place place = place_of(call);
	struct task_log_listener nobody = {0};
	struct task_log *log;
	struct err e;

	if (call->task >= d->n_tasks || call->try_number == 0)
		return;
	place.task_id = d->tasks[call->task].id;
	if (task_log_open(&place, &nobody, &log) != 0)
		return;
	task_log_line(log, clock_wall_ms(), level, "call.c", __LINE__, text, strlen(text));
	(void)task_log_close(log, false, &e);
}

static void end(struct call *call, enum op_level level, const char *how)
{
	const struct mask *mask = call->runner->conductor->o.source->mask;
	char name[CALL_NAME_MAX];
	struct buf text, clean;
	struct err e;

	buf_init(&text, 0);
	buf_init(&clean, 0);
	buf_addf(&text, "callback %s, action %u: %s", name_of(call, name), call->action + 1, how);
	if (mask != NULL)
		mask_sentence(mask, buf_str(&text), text.len, &clean);
	else
		buf_add(&clean, buf_str(&text), text.len);
	if (call->log != NULL) {
		task_log_line(call->log, clock_wall_ms(), level, "call.c", __LINE__,
			buf_str(&clean), clean.len);
		(void)task_log_close(call->log, true, &e);
		call->log = NULL;
	}
	tell_task(call, level, buf_str(&clean));
	call_told(call, level, buf_str(&clean));
	buf_free(&text);
	buf_free(&clean);
}

/* ---- a script ---- */

static void on_started(void *ctx)
{
	(void)ctx;
}

static void on_output(void *ctx, enum op_stream stream, const char *bytes, size_t len)
{
	struct call *call = ctx;

	if (call->log != NULL)
		task_log_output(call->log, clock_wall_ms(), stream, bytes, len);
}

static void on_gap(void *ctx, enum op_stream stream)
{
	struct call *call = ctx;

	if (call->log != NULL)
		task_log_output_gap(call->log, clock_wall_ms(), stream);
}

static void on_log(void *ctx, enum op_level level, const char *file, int line, const char *text)
{
	struct call *call = ctx;

	if (call->log != NULL)
		task_log_line(call->log, clock_wall_ms(), level, file, line, text, strlen(text));
}

static void on_finished(void *ctx, const struct op_result *r)
{
	struct call *call = ctx;
	char how[sizeof(((struct err *)0)->text)];

	call->try = NULL;
	if (call->log != NULL)
		task_log_output_end(call->log, clock_wall_ms());
	if (r->verdict == OP_EXITED && r->exit_code == 0 && r->message[0] == '\0') {
		end(call, OP_INFO, "done");
		return;
	}
	if (r->message[0] != '\0')
		(void)snprintf(how, sizeof(how), "failed: %s", r->message);
	else
		(void)snprintf(
			how, sizeof(how), "failed: it ended with exit status %d", r->exit_code);
	end(call, OP_WARNING, how);
}

static const struct op_events events = {.on_started = on_started,
	.on_output = on_output,
	.on_gap = on_gap,
	.on_log = on_log,
	.on_finished = on_finished};

static void log_open(struct call *call, const char *name)
{
	struct task_log_place place = place_of(call);
	struct task_log_listener nobody = {0};

	place.task_id = name;
	place.instance = call->action;
	if (task_log_open(&place, &nobody, &call->log) != 0)
		call->log = NULL;
}

static int script_start(
	struct call *call, struct render_call *rendered, struct arena *a, struct err *e)
{
	const struct conductor_options *o = &call->runner->conductor->o;
	struct op_instance *instance =
		conductor_operator(call->runner->conductor, call->callback->task.op);
	struct render_job *job = &rendered->job;
	struct op_variable *environment =
		arena_array(a, job->n_environment + 1, sizeof(*environment));
	int64_t limit = call->callback->task.execution_timeout_ms;
	char name[CALL_NAME_MAX];
	struct op_job op = {.dag_id = runner_dag_id(call->runner),
		.task_id = name_of(call, name),
		.run_id = call->runner->facts.run_id,
		.execution_id = call->execution_id,
		.try_number = call->try_number,
		.settings = job->settings,
		.environment = environment,
		.n_environment = job->n_environment + 1,
		.timeout_ms = limit > 0 ? limit : CALLBACK_TIMEOUT_MS,
		.kill_grace_ms = o->kill_grace_ms,
		.dies_with_engine = o->dies_with_engine};

	if (instance == NULL)
		return err_set(e, ERR_UNAVAILABLE, "this build has no operator %s",
			call->callback->task.op->name);
	if (environment == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	memcpy(environment, job->environment, job->n_environment * sizeof(*environment));
	environment[job->n_environment] = (struct op_variable){.name = "WINDROW_EVENT",
		.value = {.data = call->facts, .len = strlen(call->facts)}};
	log_open(call, name);
	return instance->op->start(instance, &op, &events, call, &call->try, e);
}

/* ---- a question ---- */

static void on_answered(void *ctx, long status, const char *why)
{
	struct call *call = ctx;
	char how[sizeof(((struct err *)0)->text)];
	bool is_fine = status >= 200 && status < 300;

	call->request = NULL;
	if (status != 0)
		(void)snprintf(how, sizeof(how), "%sthe server answered %ld",
			is_fine ? "" : "failed: ", status);
	else
		(void)snprintf(how, sizeof(how), "failed: %s", why);
	end(call, is_fine ? OP_INFO : OP_WARNING, how);
}

/* Whether text may stand in an address or a header's line. */
static bool is_line(const struct op_bytes *text)
{
	for (size_t i = 0; i < text->len; i++)
		if ((unsigned char)text->data[i] < ' ' || text->data[i] == 0x7f)
			return false;
	return true;
}

static int header_add(struct arena *a, const char **lines, size_t *n, const char *name,
	const struct op_bytes *value, struct err *e)
{
	if (!is_line(value))
		return err_set(e, ERR_INVALID, "headers: %s: it holds a control character", name);
	lines[*n] = value->len == 0
		? arena_printf(a, "%s;", name)
		: arena_printf(a, "%s: %.*s", name, (int)value->len, value->data);
	if (lines[*n] == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	(*n)++;
	return 0;
}

/* The headers that were asked for, and two of ours where they were not. */
static int headers_of(const struct call *call, const struct render_call *rendered, bool has_body,
	struct arena *a, const char *const **out, struct err *e)
{
	const struct op_bytes json = {.data = "application/json", .len = 16};
	const struct op_bytes id = {.data = call->execution_id, .len = strlen(call->execution_id)};
	size_t asked = call->callback->url.n_headers, n = 0;
	const char **lines = arena_array(a, asked + 3, sizeof(*lines));
	bool has_type = false, has_key = false;
	int status = 0;

	if (lines == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < asked && status == 0; i++) {
		const struct op_variable *h = &rendered->headers[i];

		has_type = has_type || strcasecmp(h->name, "Content-Type") == 0;
		has_key = has_key || strcasecmp(h->name, "Idempotency-Key") == 0;
		status = header_add(a, lines, &n, h->name, &h->value, e);
	}
	if (status == 0 && has_body && !has_type)
		status = header_add(a, lines, &n, "Content-Type", &json, e);
	if (status == 0 && !has_key)
		status = header_add(a, lines, &n, "Idempotency-Key", &id, e);
	lines[n] = NULL;
	*out = lines;
	return status;
}

static int url_start(
	struct call *call, const struct render_call *rendered, struct arena *a, struct err *e)
{
	struct callbacks *k = call->books;
	const char *method = call->callback->url.method;
	bool is_empty = strcmp(method, "GET") == 0 || strcmp(method, "DELETE") == 0;
	struct http_question q = {.method = method,
		.body = rendered->body.data,
		.len = rendered->body.len,
		.timeout_ms = call->callback->url.timeout_ms};
	int status;

	if (q.body == NULL && !is_empty) {
		q.body = call->facts;
		q.len = strlen(call->facts);
	}
	if (!is_line(&rendered->url))
		return err_set(e, ERR_INVALID, "url: it holds a control character");
	q.url = arena_strdup(a, rendered->url.data);
	status = q.url == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			       : headers_of(call, rendered, q.body != NULL, a, &q.headers, e);
	if (status == 0 && k->http == NULL)
		status = http_create(k->conductor->o.loop, &k->http, e);
	return status == 0 ? http_start(k->http, &q, on_answered, call, &call->request, e) : status;
}

/* ---- both ---- */

void call_begin(struct call *call)
{
	struct runner *r = call->runner;
	struct render render = {.dag = r->edition->dag,
		.run = &r->facts,
		.outputs = r->outputs,
		.source = r->conductor->o.source,
		.task = call->task,
		.event = call->event,
		.try_number = call->try_number};
	struct arena *a = arena_create(0);
	struct render_call rendered;
	struct buf how;
	struct err e;
	int status = a == NULL ? err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			       : render_callback(&render, call->callback, a, &rendered, &e);

	if (status == 0)
		status = call->callback->kind == CALLBACK_TASK
			? script_start(call, &rendered, a, &e)
			: url_start(call, &rendered, a, &e);
	arena_destroy(a);
	if (status == 0)
		return;
	buf_init(&how, 0);
	buf_addf(&how, "failed: %s", e.text);
	end(call, OP_WARNING, buf_str(&how));
	buf_free(&how);
}

bool call_kill(struct call *call)
{
	if (call->try != NULL)
		call->try->op->kill(call->try, OP_KILL_CANCEL, 0);
	if (call->request == NULL)
		return false;
	http_cancel(call->request);
	call->request = NULL;
	end(call, OP_WARNING, "failed: it was cancelled");
	return true;
}

void call_abandon(struct call *call)
{
	struct err e;

	if (call->try != NULL)
		call->try->op->abandon(call->try);
	if (call->request != NULL)
		http_cancel(call->request);
	if (call->log != NULL)
		(void)task_log_close(call->log, false, &e);
	call->try = NULL;
	call->request = NULL;
	call->log = NULL;
}
