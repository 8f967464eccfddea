/*
 * `windrow dags test`: runs one DAG here and now, without a store and a daemon.
 *
 * On a terminal the run is a live tree, elsewhere lines. The first ^C cancels the run and lets
 * teardowns finish, the second ends everything at once, the third leaves. N.B. tasks die with this
 * command, whatever becomes of it: nobody could ever find them again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/interrupts.h"
#include "cli/report.h"
#include "cli/run_conf.h"
#include "cli/run_host.h"
#include "cli/run_show.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"

struct test {
	struct run_host host;
	struct dag_opened opened;
	struct run_conf conf;
	struct edition *edition;
	struct conductor_observer observer;
	struct conductor *conductor;
	struct runner *runner;
	struct run_show show;
	struct interrupts interrupts;
	bool has_lost_log; /* which was told */
	char note[sizeof(((struct err *)0)->text)]; /* of a callback that failed */
	int status;
};

/* ---- what happens ---- */

static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct test *t = ctx;

	(void)r;
	run_show_task(&t->show, c);
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct test *t = ctx;

	(void)r;
	run_show_run(&t->show, c);
}

static void on_line(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
	enum op_stream stream, const char *text, size_t len)
{
	struct test *t = ctx;

	(void)r;
	(void)stream;
	run_show_line(&t->show, task, instance, text, len);
}

static void on_note(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
	enum op_level level, const char *text)
{
	struct test *t = ctx;

	(void)r;
	if (level != OP_INFO)
		run_view_line(&t->show.view, task, instance, text, strlen(text));
}

static void on_callback(void *ctx, struct runner *r, enum op_level level, const char *text)
{
	struct test *t = ctx;

	(void)r;
	if (level == OP_INFO)
		return;
	(void)snprintf(t->note, sizeof(t->note), "%s", text);
	run_show_note(&t->show, t->note);
}

/* ---- the end ---- */

static void leave(struct test *t, int status)
{
	t->status = status;
	conductor_close(t->conductor, NULL, NULL);
	t->conductor = NULL;
	t->runner = NULL;
	run_show_close(&t->show);
	interrupts_close(&t->interrupts);
	uv_stop(&t->host.loop);
}

static void on_finished(void *ctx, struct runner *r, enum run_state state)
{
	struct test *t = ctx;

	(void)r;
	run_show_end(&t->show, t->host.logs);
	leave(t, state == RUN_SUCCESS ? EXIT_DONE : EXIT_FAILED);
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct test *t = ctx;

	(void)r;
	report_error("the run cannot go on: %s", e->text);
	leave(t, EXIT_FAILED);
}

/* N.B. where one log cannot be written, others cannot either: the first is told of. */
static void on_log_lost(
	void *ctx, struct runner *r, uint32_t task, uint32_t instance, const struct err *e)
{
	struct test *t = ctx;

	(void)instance;
	if (t->has_lost_log || t->show.term != NULL)
		return;
	t->has_lost_log = true;
	report_warning("what %s prints cannot be kept: %s", runner_edition(r)->dag->tasks[task].id,
		e->text);
}

static void on_interrupt(void *ctx, unsigned n)
{
	struct test *t = ctx;

	switch (n) {
	case 1:
		run_show_note(&t->show, "cancelling; interrupt again to end everything at once");
		runner_cancel(t->runner, false);
		break;
	case 2:
		run_show_note(&t->show, "ending everything");
		runner_cancel(t->runner, true);
		runner_kill_now(t->runner);
		break;
	default:
		/* The launcher goes on killing what is left. */
		leave(t, EXIT_FAILED);
	}
}

/* ---- the beginning ---- */

static int prepare(struct test *t, const struct args *args)
{
	struct dag *dag;
	struct err e;
	int status = run_conf_read(&t->conf, t->opened.dag, t->opened.arena,
		args_text(args, "conf", "{}"), args_text(args, "logical-date", NULL));

	if (status != EXIT_DONE)
		return status;
	if (!run_host_can_run(&t->host, t->opened.dag->tasks, t->opened.dag->n_tasks))
		return EXIT_FAILED;
	dag = dag_take(&t->opened);
	if (edition_create(dag, 0, NULL, &t->edition, &e) != 0) {
		report_error("%s: %s", dag->dag_id, e.text);
		dag_destroy(dag);
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

/* A conductor of one run, which nothing is stored of. */
static int conduct(struct test *t, struct err *e)
{
	struct conductor_options o = {.loop = &t->host.loop,
		.source = &t->host.lookup.source,
		.instances = t->host.instances,
		.logs = t->host.logs,
		.default_pool_slots = t->host.pool_slots,
		.kill_grace_ms = OP_KILL_GRACE_MS,
		.dies_with_engine = true};
	struct run_spec spec = {
		.edition = t->edition, .facts = &t->conf.facts, .run_type = "manual"};
	int status = conductor_create(&o, &t->conductor, e);

	if (status != 0)
		return status;
	t->observer = (struct conductor_observer){.ctx = t,
		.on_task = on_task,
		.on_run = on_run,
		.on_line = on_line,
		.on_note = on_note,
		.on_log_lost = on_log_lost,
		.on_callback = on_callback,
		.on_finished = on_finished,
		.on_broken = on_broken};
	conductor_observe(t->conductor, &t->observer);
	status = conductor_run_add(t->conductor, &spec, &t->runner, e);
	/* There is no run before this one. */
	for (uint32_t i = 0; status == 0 && i < t->opened.dag->n_tasks; i++)
		if (t->opened.dag->tasks[i].depends_on_past)
			runner_past_release(t->runner, i);
	return status;
}

static int run(struct test *t, const struct args *args)
{
	struct err e;
	int status = run_show_open(&t->show, &t->host.loop, t->opened.dag, t->conf.run_id,
		t->conf.facts.logical_date, args);

	if (status != EXIT_DONE)
		return status;
	if (conduct(t, &e) != 0) {
		run_show_close(&t->show);
		conductor_close(t->conductor, NULL, NULL);
		report_error("%s: %s", t->opened.dag->dag_id, e.text);
		return EXIT_FAILED;
	}
	interrupts_open(&t->interrupts, &t->host.loop, on_interrupt, t);
	runner_start(t->runner);
	(void)uv_run(&t->host.loop, UV_RUN_DEFAULT);
	return t->status;
}

static int exec(const struct args *args)
{
	struct test t = {.status = EXIT_FAILED};
	int status;

	/* N.B. first of all: the launcher is forked while this process is small. */
	if (run_host_open(&t.host) != 0)
		return EXIT_FAILED;
	status = dag_open(args_word(args, 0), &t.opened);
	if (status == EXIT_DONE)
		status = prepare(&t, args);
	if (status == EXIT_DONE)
		status = run(&t, args);
	run_host_close(&t.host);
	run_show_free(&t.show);
	edition_unref(t.edition);
	dag_close(&t.opened);
	return status;
}

static const struct flag flags[] = {
	{"conf", 'c', FLAG_TEXT, "JSON", "the run's conf, an object; its members are parameters"},
	{"logical-date", 'l', FLAG_TEXT, "DATE", "the run's logical date; now, unless said"},
	RUN_SHOW_FLAGS,
};

const struct command command_dags_test = {
	.group = "dags",
	.verb = "test",
	.words = "FILE|ID",
	.summary = "run a DAG here and now, without a daemon",
	.details =
		"Its exit status is the run's: 0 where it succeeded, 1 where it failed. ^C cancels "
		"the run, twice ends it at once.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow dags test nightly.yaml --conf '{\"database\": \"billing\"}'",
	.exec = exec,
};
