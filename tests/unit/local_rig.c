/* A loop, a private folder and the local operator, to try scripts on. */
#include "tests/unit/local_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "operators/local.h"

extern char **environ;

static void give_up(const char *why)
{
	printf("Bail out! %s\n", why);
	exit(99);
}

void rig_open(struct rig *r)
{
	struct err e;

	memset(r, 0, sizeof(*r));
	(void)snprintf(r->folder, sizeof(r->folder), "%s/windrow-local.XXXXXX",
		getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	if (mkdtemp(r->folder) == NULL || uv_loop_init(&r->loop) != 0)
		give_up("no folder or no loop");
	r->host = (struct op_host){.loop = &r->loop,
		.executions = r->folder,
		.environ = environ,
		.retention_ms = 86400000};
	if (operator_local.open(&r->host, &r->local, &e) != 0)
		give_up(e.text);
}

static void on_closed(void *ctx)
{
	struct rig *r = ctx;

	r->is_closed = true;
}

void rig_close(struct rig *r)
{
	char command[sizeof(r->folder) + 16];

	operator_local.close(r->local, on_closed, r);
	while (!r->is_closed)
		(void)uv_run(&r->loop, UV_RUN_ONCE);
	if (uv_run(&r->loop, UV_RUN_DEFAULT) != 0 || uv_loop_close(&r->loop) != 0)
		give_up("the loop does not close clean");
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", r->folder);
	if (system(command) != 0)
		give_up("cannot take away the folder");
}

void rig_try_init(struct rig_try *t, struct rig *r, const char *script, bool is_command)
{
	static unsigned count;

	memset(t, 0, sizeof(*t));
	t->rig = r;
	(void)snprintf(t->id, sizeof(t->id), "t%ld-%u", (long)getpid(), ++count);
	t->job = (struct op_job){.dag_id = "dag",
		.task_id = "Stage.task",
		.run_id = "run 1",
		.execution_id = t->id,
		.try_number = 3,
		.settings = t->settings,
		.environment = t->environment,
		.kill_grace_ms = 10000,
		.dies_with_engine = true};
	buf_init(&t->out, 0);
	buf_init(&t->err, 0);
	buf_init(&t->log, 0);
	buf_init(&t->message, 0);
	buf_init(&t->response, 0);
	buf_init(&t->logs, 0);
	buf_init(&t->error, 0);
	rig_set(t, is_command ? "command" : "script", script);
}

void rig_try_free(struct rig_try *t)
{
	buf_free(&t->out);
	buf_free(&t->err);
	buf_free(&t->log);
	buf_free(&t->message);
	buf_free(&t->response);
	buf_free(&t->logs);
	buf_free(&t->error);
}

struct op_setting *rig_setting(struct rig_try *t, const char *key)
{
	const struct op_spec *spec = operator_local.spec;

	for (size_t i = 0; i < spec->n_keys; i++)
		if (strcmp(spec->keys[i].name, key) == 0) {
			t->settings[i].is_set = true;
			return &t->settings[i];
		}
	give_up(key);
	return NULL;
}

void rig_set(struct rig_try *t, const char *key, const char *text)
{
	rig_setting(t, key)->text = (struct op_bytes){.data = text, .len = strlen(text)};
}

void rig_set_number(struct rig_try *t, const char *key, int64_t number)
{
	rig_setting(t, key)->number = number;
}

void rig_add_variable(struct rig_try *t, const char *name, const char *value, size_t len)
{
	t->environment[t->job.n_environment++] =
		(struct op_variable){.name = name, .value = {.data = value, .len = len}};
}

void rig_add_argument(struct rig_try *t, const char *value)
{
	struct op_setting *s = rig_setting(t, "arguments");

	t->arguments[s->n++] = (struct op_bytes){.data = value, .len = strlen(value)};
	s->list = t->arguments;
}

static void on_started(void *ctx)
{
	struct rig_try *t = ctx;

	t->n_started++;
}

static void on_output(void *ctx, enum op_stream stream, const char *bytes, size_t len)
{
	struct rig_try *t = ctx;
	struct buf *b = stream == OP_STDOUT ? &t->out : &t->err;

	if (b->len < RIG_KEEP_MAX)
		buf_add(b, bytes, len);
	*(stream == OP_STDOUT ? &t->out_len : &t->err_len) += len;
	t->largest = len > t->largest ? len : t->largest;
	if (t->on_output != NULL)
		t->on_output(t);
}

static void on_gap(void *ctx, enum op_stream stream)
{
	(void)ctx;
	(void)stream;
}

static void on_log(void *ctx, enum op_level level, const char *file, int line, const char *text)
{
	struct rig_try *t = ctx;

	(void)level;
	(void)file;
	(void)line;
	buf_addf(&t->log, "%s\n", text);
}

static void on_finished(void *ctx, const struct op_result *r)
{
	struct rig_try *t = ctx;

	t->n_finished++;
	t->handle = NULL;
	t->verdict = r->verdict;
	t->exit_code = r->exit_code;
	t->completed = r->completed;
	t->no_retry = r->no_retry;
	buf_adds(&t->message, r->message);
	buf_add(&t->response, r->response.data, r->response.len);
	buf_add(&t->logs, r->logs.data, r->logs.len);
	buf_add(&t->error, r->error.data, r->error.len);
	(void)snprintf(t->response_path, sizeof(t->response_path), "%s", r->response_path);
	(void)snprintf(t->log_path, sizeof(t->log_path), "%s", r->log_path);
	(void)snprintf(t->user_folder, sizeof(t->user_folder), "%s", r->user_folder);
	if (t->on_finished != NULL)
		t->on_finished(t);
}

static const struct op_events events = {
	.on_started = on_started,
	.on_output = on_output,
	.on_gap = on_gap,
	.on_log = on_log,
	.on_finished = on_finished,
};

static void begun(struct rig_try *t, int r, const struct err *e)
{
	if (r == 0)
		return;
	t->n_finished++;
	t->verdict = OP_REFUSED;
	buf_adds(&t->message, e->text);
}

void rig_start(struct rig_try *t)
{
	struct err e;

	begun(t, operator_local.start(t->rig->local, &t->job, &events, t, &t->handle, &e), &e);
}

void rig_attach(struct rig_try *t)
{
	struct err e;

	begun(t, operator_local.attach(t->rig->local, &t->job, &events, t, &t->handle, &e), &e);
}

void rig_wait(struct rig_try *t)
{
	while (t->n_finished == 0)
		if (uv_run(&t->rig->loop, UV_RUN_ONCE) == 0 && t->n_finished == 0)
			give_up("nothing is left to wait for, and the try has not finished");
}

void rig_run(struct rig_try *t)
{
	rig_start(t);
	rig_wait(t);
}
