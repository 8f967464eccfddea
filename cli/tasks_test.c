/*
 * `windrow tasks test`: one try of one task, here and now. What comes before it is not run, so that
 * outputs of other tasks are not there but through default(). `when`, retries and trigger rules do
 * not count; of a for_each the first item runs.
 */
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/interrupts.h"
#include "cli/report.h"
#include "cli/run_conf.h"
#include "cli/run_host.h"
#include "cli/text.h"
#include "engine/err.h"
#include "scheduler/outputs.h"
#include "scheduler/try.h"

struct test {
	struct run_host host;
	struct dag_opened opened;
	const struct task *task;
	struct run_conf conf;
	struct outputs *outputs;
	struct value items; /* of a for_each */
	struct try *try;
	struct try_end end;
	bool has_ended;
	struct interrupts interrupts;
};

/* A line of the task's output goes to the same stream of ours; to a terminal made harmless. */
static void on_line(void *ctx, enum op_stream stream, const char *text, size_t len)
{
	FILE *f = stream == OP_STDOUT ? stdout : stderr;

	(void)ctx;
	if (isatty(fileno(f)) == 1)
		text_write_shown(f, text, len);
	else
		(void)fwrite(text, 1, len, f);
	(void)fputc('\n', f);
	(void)fflush(f);
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	(void)ctx;
	if (level == OP_INFO)
		report_note("%s", text);
	else
		report_warning("%s", text);
}

static void on_started(void *ctx)
{
	(void)ctx;
}

static void on_ended(void *ctx, const struct try_end *end)
{
	struct test *t = ctx;

	t->end = *end;
	t->has_ended = true;
	interrupts_close(&t->interrupts);
	uv_stop(&t->host.loop);
}

static const struct try_events events = {
	.on_started = on_started,
	.on_line = on_line,
	.on_note = on_note,
	.on_ended = on_ended,
};

static void on_interrupt(void *ctx, unsigned n)
{
	struct test *t = ctx;

	try_kill(t->try, OP_KILL_CANCEL, n == 1 ? OP_KILL_GRACE_MS : 0);
}

/* The place of the task in its run: the first item, where it is a for_each. */
static int place_make(struct test *t, struct try_options *o, struct err *e)
{
	struct render *r = &o->render;
	int status = 0;

	o->instance = RUN_NO_INSTANCE;
	if (!t->task->is_for_each)
		return 0;
	status = render_items(r, t->opened.arena, &t->items, e);
	if (status == 0 && t->items.len == 0)
		return err_set(e, ERR_NOTFOUND, "for_each has no items");
	if (status == 0 && outputs_expand(t->outputs, r->task, 1) != 0)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (status == 0) {
		o->instance = 0;
		r->item = t->items.u.items;
	}
	return status;
}

/* The try's end, in a line. */
static int tell(const struct test *t)
{
	enum run_exit exit = t->end.is_lost ? RUN_EXIT_FAILED : t->end.exit;

	if (exit == RUN_EXIT_SUCCESS || exit == RUN_EXIT_SKIPPED) {
		report_note(
			"%s: %s", t->task->id, exit == RUN_EXIT_SUCCESS ? "success" : "skipped");
		return EXIT_DONE;
	}
	report_error("%s: failed: %s", t->task->id, t->end.message);
	return EXIT_FAILED;
}

static int run(struct test *t)
{
	char id[EXECUTION_ID_SIZE];
	struct try_options o = {.render = {.dag = t->opened.dag,
					.run = &t->conf.facts,
					.outputs = t->outputs,
					.source = &t->host.lookup.source,
					.task = t->task->number,
					.try_number = 1},
		.outputs = t->outputs,
		.try_limit = t->task->retries + 1,
		.operator= run_host_operator(&t->host, t->task),
		.kill_grace_ms = OP_KILL_GRACE_MS,
		.dies_with_engine = true,
		.execution_id = id,
		.events = &events,
		.ctx = t};
	struct err e;
	int status = execution_id_make(t->conf.now, id);

	if (status != 0)
		(void)err_set(&e, status, "%s", err_text(status));
	if (status == 0)
		status = place_make(t, &o, &e);
	if (status == 0) {
		status = try_start(&o, t->conf.now, &t->try, &t->has_ended, &t->end);
		if (status != 0)
			(void)err_set(&e, status, "%s", err_text(status));
	}
	if (status != 0) {
		report_error("%s: %s", t->task->id, e.text);
		return EXIT_FAILED;
	}
	if (!t->has_ended) {
		interrupts_open(&t->interrupts, &t->host.loop, on_interrupt, t);
		(void)uv_run(&t->host.loop, UV_RUN_DEFAULT);
	}
	status = tell(t);
	(void)try_close(t->try, NULL);
	return status;
}

static int prepare(struct test *t, const struct args *args)
{
	int status;

	t->task = dag_find_task(t->opened.dag, args_word(args, 1));
	if (t->task == NULL)
		return EXIT_FAILED;
	status = run_conf_read(&t->conf, t->opened.dag, t->opened.arena,
		args_text(args, "conf", "{}"), args_text(args, "logical-date", NULL));
	if (status != EXIT_DONE)
		return status;
	if (!run_host_can_run(&t->host, t->task, 1))
		return EXIT_FAILED;
	t->outputs = outputs_create(t->opened.dag);
	if (t->outputs == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static int exec(const struct args *args)
{
	struct test t = {.has_ended = false};
	int status;

	/* N.B. first of all: the launcher is forked while this process is small. */
	if (run_host_open(&t.host) != 0)
		return EXIT_FAILED;
	status = dag_open(args_word(args, 0), &t.opened);
	if (status == EXIT_DONE)
		status = prepare(&t, args);
	if (status == EXIT_DONE)
		status = run(&t);
	run_host_close(&t.host);
	outputs_destroy(t.outputs);
	dag_close(&t.opened);
	return status;
}

static const struct flag flags[] = {
	{"conf", 'c', FLAG_TEXT, "JSON", "the run's conf, an object; its members are parameters"},
	{"logical-date", 'l', FLAG_TEXT, "DATE", "the run's logical date; now, unless said"},
};

const struct command command_tasks_test = {
	.group = "tasks",
	.verb = "test",
	.words = "FILE|ID TASK",
	.summary = "run one task here and now, without what comes before it",
	.details = "Its output comes as it is. Outputs of other tasks are not there but through "
		   "default(); when, retries and trigger rules do not count; of a for_each the "
		   "first item runs. Exit status 0: it succeeded or was skipped.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow tasks test nightly.yaml Dump.pg_dump",
	.exec = exec,
};
