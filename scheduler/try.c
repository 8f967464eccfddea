/*
 * One try. Its end is judged here, once: exit status, skip_on_exit_code, what the operator says.
 * What follows from the judgement is the run state machine's.
 */
#include "scheduler/try.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/mask.h"
#include "scheduler/task_log.h"
#include "store/clock.h"

struct
try {
	struct try_options o;
	const struct task *task;
	struct op_try *handle; /* NULL: not running */
	struct task_log *log;
	int64_t begun_at, started_at; /* started_at: 0 until then */
	bool has_ended;
	struct task_log_mark mark; /* of a log that goes on */
	char execution_id[EXECUTION_ID_SIZE];
	char message[sizeof(((struct err *)0)->text)];
};

static void log_line(struct try *t, int64_t now, enum op_level level, int line, const char *text)
{
	task_log_line(t->log, now, level, "try.c", line, text, strlen(text));
}

static void on_started(void *ctx)
{
	struct try *t = ctx;

	if (t->started_at == 0)
		t->started_at = clock_wall_ms();
	t->o.events->on_started(t->o.ctx);
}

static void on_output(void *ctx, enum op_stream stream, const char *bytes, size_t len)
{
	struct try *t = ctx;

	task_log_output(t->log, clock_wall_ms(), stream, bytes, len);
}

static void on_gap(void *ctx, enum op_stream stream)
{
	struct try *t = ctx;

	task_log_output_gap(t->log, clock_wall_ms(), stream);
}

/* A text of the operator's, for whoever watches. */
static void tell_note(struct try *t, enum op_level level, const char *text)
{
	const struct mask *mask = t->o.render.source->mask;
	struct buf clean;

	if (mask == NULL || mask_is_empty(mask)) {
		t->o.events->on_note(t->o.ctx, level, text);
		return;
	}
	buf_init(&clean, 0);
	mask_sentence(mask, text, strlen(text), &clean);
	t->o.events->on_note(t->o.ctx, level, buf_str(&clean));
	buf_free(&clean);
}

/* The message goes to people, and to the tasks below: without secrets, and in one line. */
static void clean_message(struct try *t)
{
	const struct mask *mask = t->o.render.source->mask;
	struct buf clean;

	if (mask != NULL && !mask_is_empty(mask)) {
		buf_init(&clean, 0);
		mask_sentence(mask, t->message, strlen(t->message), &clean);
		(void)snprintf(t->message, sizeof(t->message), "%s", buf_str(&clean));
		buf_free(&clean);
	}
	for (char *p = t->message; *p != '\0'; p++)
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
}

static void on_log(void *ctx, enum op_level level, const char *file, int line, const char *text)
{
	struct try *t = ctx;

	task_log_line(t->log, clock_wall_ms(), level, file, line, text, strlen(text));
	tell_note(t, level, text);
}

static bool is_skip_code(const struct task *task, int code)
{
	for (size_t i = 0; i < task->n_skip_exit_codes; i++)
		if (task->skip_exit_codes[i] == code)
			return true;
	return false;
}

/* How the try ended, by what the operator says. */
static struct try_end judge(struct try *t, const struct op_result *r)
{
	struct try_end end = {.exit = RUN_EXIT_FAILED, .no_retry = r->no_retry};

	(void)snprintf(t->message, sizeof(t->message), "%s", r->message);
	end.message = t->message;
	switch (r->verdict) {
	case OP_EXITED:
		if (r->message[0] != '\0')
			break;
		if (is_skip_code(t->task, r->exit_code))
			end.exit = RUN_EXIT_SKIPPED;
		else if (r->exit_code == 0)
			end.exit = RUN_EXIT_SUCCESS;
		else
			(void)snprintf(t->message, sizeof(t->message),
				"the script ended with exit status %d", r->exit_code);
		break;
	case OP_TIMED_OUT:
		end.exit = RUN_EXIT_TIMED_OUT;
		break;
	case OP_LOST:
		end.is_lost = true;
		break;
	case OP_SIGNALLED:
		/* N.B. over ssh `exit 130` and a signal look the same; to skip_on_exit_code they
		 * are. */
		if (is_skip_code(t->task, r->exit_code)) {
			t->message[0] = '\0';
			end.exit = RUN_EXIT_SKIPPED;
		}
		break;
	case OP_KILLED:
	case OP_REFUSED:
		break;
	}
	return end;
}

/* Says why it failed, in the log and in the outputs. */
static void tell_failure(struct try *t, int64_t now, const struct try_end *end)
{
	uint32_t task = t->o.render.task;

	clean_message(t);
	if (end->message[0] == '\0')
		return;
	log_line(t, now, OP_ERROR, __LINE__, end->message);
	(void)outputs_message_keep(t->o.outputs, task, t->o.instance, end->message);
}

static void on_finished(void *ctx, const struct op_result *r)
{
	struct try *t = ctx;
	struct try_end end = judge(t, r);
	int64_t now = clock_wall_ms();
	struct err e;
	int status;

	t->handle = NULL;
	t->has_ended = true;
	task_log_output_end(t->log, now);
	status =
		outputs_keep(t->o.outputs, t->o.render.task, t->o.instance, t->execution_id, r, &e);
	if (status != 0 && (end.exit == RUN_EXIT_SUCCESS || end.exit == RUN_EXIT_SKIPPED)) {
		end.is_short = status == ERR_NOMEM;
		end.exit = RUN_EXIT_FAILED;
		(void)snprintf(t->message, sizeof(t->message), "%s", e.text);
	}
	tell_failure(t, now, &end);
	t->o.events->on_ended(t->o.ctx, &end);
}

static const struct op_events operator_events = {
	.on_started = on_started,
	.on_output = on_output,
	.on_gap = on_gap,
	.on_log = on_log,
	.on_finished = on_finished,
};

static void on_line(void *ctx, enum op_stream stream, const char *text, size_t len)
{
	struct try *t = ctx;

	t->o.events->on_line(t->o.ctx, stream, text, len);
}

/* Renders the task and hands it to its operator. */
static int begin(struct try *t, struct err *e)
{
	const struct try_options *o = &t->o;
	struct arena *scratch = arena_create(0);
	bool is_attach = o->is_attach;
	struct render_job rendered;
	struct op_job job;
	int r;

	if (scratch == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = render_task(&o->render, scratch, &rendered, e);
	/* What may be running is found all the same, and never started then. */
	if (r != 0 && r != ERR_NOMEM && o->is_resumed) {
		is_attach = true;
		r = render_task_known(&o->render, scratch, &rendered, e);
	}
	if (r == 0) {
		job = (struct op_job){.dag_id = o->render.dag->dag_id,
			.task_id = t->task->id,
			.run_id = o->render.run->run_id,
			.execution_id = t->execution_id,
			.try_number = o->render.try_number,
			.settings = rendered.settings,
			.environment = rendered.environment,
			.n_environment = rendered.n_environment,
			.timeout_ms = t->task->execution_timeout_ms,
			.kill_grace_ms = o->kill_grace_ms,
			.is_resumed = o->is_resumed,
			.dies_with_engine = o->dies_with_engine,
			.output_at = {t->mark.output_at[0], t->mark.output_at[1]}};
		r = (is_attach ? o->operator->op->attach : o->operator->op->start)(
			o->operator, & job, &operator_events, t, &t->handle, e);
	}
	arena_destroy(scratch);
	return r;
}

int try_start(const struct try_options *o, int64_t now, struct try **out, bool *has_ended,
	struct try_end *end)
{
	struct try *t = calloc(1, sizeof(*t));
	const struct task *task = &o->render.dag->tasks[o->render.task];
	struct task_log_place place = {.folder = o->logs,
		.dag_id = o->render.dag->dag_id,
		.run_id = o->render.run->run_id,
		.task_id = task->id,
		.instance = o->instance,
		.try_number = o->render.try_number,
		.mask = o->render.source->mask,
		.has_mark = o->is_stored};
	struct task_log_listener listener = {.ctx = t, .on_line = on_line};
	struct err e;
	int r;

	if (t == NULL || task_log_open(&place, &listener, &t->log) != 0) {
		free(t);
		return ERR_NOMEM;
	}
	t->o = *o;
	t->task = task;
	t->begun_at = now;
	t->started_at = o->started_at;
	(void)snprintf(t->execution_id, sizeof(t->execution_id), "%s", o->execution_id);
	if (o->is_resumed)
		task_log_resume(t->log, &t->mark);
	(void)snprintf(t->message, sizeof(t->message), "%s attempt %u of %u",
		o->is_attach ? "Taking up" : "Starting", o->render.try_number, o->try_limit);
	log_line(t, now, OP_INFO, __LINE__, t->message);
	r = begin(t, &e);
	if (r == ERR_NOMEM && o->is_resumed) {
		(void)task_log_close(t->log, false, &e); /* it may be running all the same */
		free(t);
		return r;
	}
	*has_ended = r != 0;
	if (r != 0) {
		(void)snprintf(t->message, sizeof(t->message), "%s", e.text);
		*end = (struct try_end){.exit = RUN_EXIT_FAILED,
			.is_lost = o->is_resumed,
			.no_retry = r != ERR_NOMEM && r != ERR_IO && r != ERR_UNAVAILABLE,
			.message = t->message};
		t->has_ended = true;
		tell_failure(t, now, end);
	}
	*out = t;
	return 0;
}

void try_kill(struct try *t, enum op_kill why, int64_t grace_ms)
{
	if (t->handle != NULL)
		t->handle->op->kill(t->handle, why, grace_ms);
}

void try_mark(struct try *t, enum task_state state, int64_t now)
{
	char word[32], text[4 * DAG_NAME_MAX + 256], date[INSTANT_TEXT_MAX],
		start[INSTANT_TEXT_MAX], end[INSTANT_TEXT_MAX];
	size_t n;

	(void)snprintf(word, sizeof(word), "%s", task_state_name(state));
	for (n = 0; word[n] != '\0'; n++)
		if (word[n] >= 'a' && word[n] <= 'z')
			word[n] = (char)(word[n] - 'a' + 'A');
	(void)snprintf(text, sizeof(text),
		"Marking task as %s. dag_id=%s, task_id=%s, run_id=%s, execution_date=%s, "
		"start_date=%s, end_date=%s",
		word, t->o.render.dag->dag_id, t->task->id, t->o.render.run->run_id,
		instant_format(t->o.render.run->logical_date, date),
		instant_format(t->started_at != 0 ? t->started_at : t->begun_at, start),
		instant_format(now, end));
	log_line(t, now, OP_INFO, __LINE__, text);
}

int try_flush(struct try *t, struct err *e)
{
	return task_log_flush(t->log, e);
}

int try_close(struct try *t, struct err *e)
{
	int r;

	if (t == NULL)
		return 0;
	if (t->handle != NULL)
		t->handle->op->abandon(t->handle);
	r = task_log_close(t->log, t->has_ended, e);
	free(t);
	return r;
}

bool try_has_ended(const struct try *t)
{
	return t->has_ended;
}

const char *try_log_path(const struct try *t)
{
	return task_log_path(t->log);
}

int64_t try_started_at(const struct try *t)
{
	return t->started_at != 0 ? t->started_at : t->begun_at;
}
