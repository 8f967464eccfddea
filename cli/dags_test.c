/*
 * `windrow dags test`: runs one DAG here and now, without a store and a daemon.
 *
 * On a terminal the run is a live tree, elsewhere lines. The first ^C cancels the run and lets
 * teardowns finish, the second ends everything at once, the third leaves. N.B. tasks die with this
 * command, whatever becomes of it: nobody could ever find them again.
 */
#include <langinfo.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/output.h"
#include "cli/report.h"
#include "cli/run_conf.h"
#include "cli/run_host.h"
#include "cli/run_plain.h"
#include "cli/run_view.h"
#include "cli/term.h"
#include "cli/terminal.h"
#include "cli/tree.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"

#define REDRAW_MS 80 /* between two drawings of the tree */
#define FLUSH_MS 100 /* how long lines may wait for their way out */

enum show { SHOW_TREE, SHOW_PLAIN, SHOW_JSON };

static const char *const shows[] = {"tree", "plain", "json", NULL};

static const int caught[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
#define CAUGHT_COUNT (sizeof(caught) / sizeof(caught[0]))

struct test {
	struct run_host host;
	struct dag_opened opened;
	struct arena *arena; /* of what is made for the run */
	struct run_conf conf;
	struct edition *edition;
	struct conductor_observer observer;
	struct conductor *conductor;
	struct runner *runner;
	struct run_view view;
	enum show show;
	struct term *term;
	struct tree_style style;
	struct buf frame;
	uv_timer_t tick;
	uv_signal_t signals[CAUGHT_COUNT], resized, stopped, continued;
	bool is_verbose; /* what tasks print is shown, as plain lines */
	int n_interrupts;
	const char *why; /* why the run ends early; NULL: it does not */
	int status;
};

static int64_t wall_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- what is shown ---- */

static void draw(struct test *t)
{
	unsigned rows, n;

	term_size(t->term, &t->style.columns, &rows);
	t->style.rows = rows > 1 ? rows - 1 : 1;
	/* The last drawing stays, and may scroll. */
	if (run_state_is_over(t->view.state))
		t->style.rows = t->opened.dag->n_tasks > 200 ? 200 : 0;
	buf_reset(&t->frame);
	n = tree_draw(&t->view, wall_ms(), &t->style, &t->frame);
	if (buf_status(&t->frame) == 0)
		term_draw(t->term, t->frame.data, t->frame.len, n);
}

static void on_tick(uv_timer_t *timer)
{
	struct test *t = timer->data;

	if (t->term != NULL)
		draw(t);
	else
		(void)fflush(stdout);
}

/* Shows before long; many changes make one drawing. */
static void show_soon(struct test *t)
{
	if (t->show != SHOW_TREE && !uv_is_active((uv_handle_t *)&t->tick))
		(void)uv_timer_start(&t->tick, on_tick, FLUSH_MS, 0);
}

static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct test *t = ctx;

	(void)r;
	run_view_change(&t->view, c);
	if (t->show == SHOW_PLAIN)
		run_plain_change(stdout, &t->view, c);
	show_soon(t);
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct test *t = ctx;

	(void)r;
	if (c->cause == RUN_CAUSE_CANCEL || c->cause == RUN_CAUSE_RUN_TIMEOUT)
		t->why = run_cause_text(c->cause);
	if (c->state == t->view.state)
		return;
	t->view.state = c->state;
	if (t->view.started_at == 0)
		t->view.started_at = c->now;
	if (run_state_is_over(c->state))
		t->view.ended_at = c->now;
	if (t->show == SHOW_PLAIN)
		run_plain_run(stdout, &t->view, c->now, t->why);
	show_soon(t);
}

static void on_line(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
	enum op_stream stream, const char *text, size_t len)
{
	struct test *t = ctx;

	(void)r;
	(void)stream;
	run_view_line(&t->view, task, instance, text, len);
	if (t->is_verbose) {
		run_plain_line(stdout, &t->view, task, instance, wall_ms(), text, len);
		show_soon(t);
	}
}

static void on_note(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
	enum op_level level, const char *text)
{
	struct test *t = ctx;

	(void)r;
	if (level != OP_INFO)
		run_view_line(&t->view, task, instance, text, strlen(text));
}

/* ---- the end ---- */

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void leave(struct test *t, int status)
{
	t->status = status;
	conductor_close(t->conductor, NULL, NULL);
	t->conductor = NULL;
	t->runner = NULL;
	close_handle(&t->tick);
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		close_handle(&t->signals[i]);
	close_handle(&t->resized);
	close_handle(&t->stopped);
	close_handle(&t->continued);
	uv_stop(&t->host.loop);
}

static struct value text_value(const char *s)
{
	return s == NULL || *s == '\0' ? value_null() : value_string(s, strlen(s));
}

static struct value time_value(struct arena *a, int64_t at)
{
	char *text = at == 0 ? NULL : arena_alloc(a, INSTANT_TEXT_MAX);

	return text == NULL ? value_null() : text_value(instant_format(at, text));
}

static struct value_pair pair(const char *key, struct value v)
{
	return (struct value_pair){.key = key, .key_len = strlen(key), .value = v};
}

#define TASK_FIELDS 7
#define RUN_FIELDS 7

/* The final states as an object. */
static void print_json(const struct test *t)
{
	uint32_t n = t->opened.dag->n_tasks;
	struct value *tasks = arena_array(t->opened.arena, n, sizeof(*tasks));
	struct value_pair *pairs = arena_array(t->opened.arena, n * TASK_FIELDS, sizeof(*pairs));
	struct value_pair run[RUN_FIELDS];
	struct value v;

	for (uint32_t i = 0; tasks != NULL && pairs != NULL && i < n; i++) {
		const struct run_view_task *k = &t->view.tasks[i];
		struct value_pair *p = &pairs[(size_t)i * TASK_FIELDS];

		p[0] = pair("task_id", text_value(t->opened.dag->tasks[i].id));
		p[1] = pair("state", text_value(task_state_name(k->state)));
		p[2] = pair("try_number", value_int(t->opened.arena, k->try_number));
		p[3] = pair("start_date", time_value(t->opened.arena, k->started_at));
		p[4] = pair("end_date", time_value(t->opened.arena, k->ended_at));
		p[5] = pair("error_message", text_value(k->message));
		p[6] = pair("log", text_value(k->log_path));
		tasks[i] = (struct value){.type = VALUE_MAP, .len = TASK_FIELDS, .u.pairs = p};
	}
	run[0] = pair("dag_id", text_value(t->opened.dag->dag_id));
	run[1] = pair("run_id", text_value(t->conf.run_id));
	run[2] = pair("state", text_value(run_state_name(t->view.state)));
	run[3] = pair("logical_date", time_value(t->opened.arena, t->conf.facts.logical_date));
	run[4] = pair("start_date", time_value(t->opened.arena, t->view.started_at));
	run[5] = pair("end_date", time_value(t->opened.arena, t->view.ended_at));
	v = (struct value){.type = VALUE_LIST, .len = tasks == NULL ? 0 : n, .u.items = tasks};
	run[6] = pair("tasks", v);
	v = (struct value){.type = VALUE_MAP, .len = RUN_FIELDS, .u.pairs = run};
	if (tasks == NULL || pairs == NULL || output_json(stdout, &v) != 0)
		report_error("%s", err_text(ERR_NOMEM));
}

static void on_finished(void *ctx, struct runner *r, enum run_state state)
{
	struct test *t = ctx;

	(void)r;
	if (t->term != NULL) {
		draw(t);
		report_note("what they printed: %s/dag_id=%s/run_id=%s", t->host.logs,
			t->opened.dag->dag_id, t->conf.run_id);
	}
	if (t->show == SHOW_JSON)
		print_json(t);
	leave(t, state == RUN_SUCCESS ? EXIT_DONE : EXIT_FAILED);
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct test *t = ctx;

	(void)r;
	report_error("the run cannot go on: %s", e->text);
	leave(t, EXIT_FAILED);
}

static void on_interrupt(uv_signal_t *handle, int number)
{
	struct test *t = handle->data;

	(void)number;
	switch (++t->n_interrupts) {
	case 1:
		t->view.note = "cancelling; interrupt again to end everything at once";
		if (t->term == NULL)
			report_note("cancelling; interrupt again to end everything at once");
		runner_cancel(t->runner, false);
		break;
	case 2:
		t->view.note = "ending everything";
		if (t->term == NULL)
			report_note("ending everything");
		runner_cancel(t->runner, true);
		runner_kill_now(t->runner);
		break;
	default:
		/* The launcher goes on killing what is left. */
		leave(t, EXIT_FAILED);
	}
}

static void on_resized(uv_signal_t *handle, int number)
{
	struct test *t = handle->data;

	(void)number;
	if (t->term != NULL) {
		term_resized(t->term);
		draw(t);
	}
}

static void on_stopped(uv_signal_t *handle, int number)
{
	struct test *t = handle->data;

	(void)number;
	if (t->term != NULL)
		term_suspend(t->term);
	(void)raise(SIGSTOP);
}

static void on_continued(uv_signal_t *handle, int number)
{
	struct test *t = handle->data;

	(void)number;
	if (t->term != NULL)
		term_resume(t->term);
}

static void watch(struct test *t, uv_signal_t *handle, uv_signal_cb callback, int number)
{
	(void)uv_signal_init(&t->host.loop, handle);
	handle->data = t;
	(void)uv_signal_start(handle, callback, number);
	uv_unref((uv_handle_t *)handle);
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
	if (run_view_init(&t->view, t->opened.dag, t->conf.run_id) != 0) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	return EXIT_DONE;
}

static void show_begin(struct test *t, const struct args *args)
{
	const char *said = args_text(args, "output", NULL);

	t->is_verbose = args_has(args, "verbose");
	t->show = isatty(STDOUT_FILENO) == 1 && !t->is_verbose ? SHOW_TREE : SHOW_PLAIN;
	for (int i = 0; said != NULL && shows[i] != NULL; i++)
		if (strcmp(said, shows[i]) == 0)
			t->show = (enum show)i;
	t->is_verbose &= t->show == SHOW_PLAIN;
	if (t->show != SHOW_TREE)
		return;
	t->style.has_colour = terminal_has_colour(stdout);
	t->style.is_ascii = strcmp(nl_langinfo(CODESET), "UTF-8") != 0;
	t->term = term_open(stdout);
	(void)uv_timer_start(&t->tick, on_tick, 0, REDRAW_MS);
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
		.on_finished = on_finished,
		.on_broken = on_broken};
	conductor_observe(t->conductor, &t->observer);
	return conductor_run_add(t->conductor, &spec, &t->runner, e);
}

static int run(struct test *t, const struct args *args)
{
	struct err e;

	if (conduct(t, &e) != 0) {
		conductor_close(t->conductor, NULL, NULL);
		report_error("%s: %s", t->opened.dag->dag_id, e.text);
		return EXIT_FAILED;
	}
	(void)uv_timer_init(&t->host.loop, &t->tick);
	t->tick.data = t;
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		watch(t, &t->signals[i], on_interrupt, caught[i]);
	watch(t, &t->resized, on_resized, SIGWINCH);
	watch(t, &t->stopped, on_stopped, SIGTSTP);
	watch(t, &t->continued, on_continued, SIGCONT);
	show_begin(t, args);
	runner_start(t->runner);
	(void)uv_run(&t->host.loop, UV_RUN_DEFAULT);
	term_close(t->term);
	return t->status;
}

static int exec(const struct args *args)
{
	struct test t = {.status = EXIT_FAILED};
	int status;

	/* N.B. first of all: the launcher is forked while this process is small. */
	if (!run_host_open(&t.host))
		return EXIT_FAILED;
	buf_init(&t.frame, 0);
	status = dag_open(args_word(args, 0), &t.opened);
	if (status == EXIT_DONE)
		status = prepare(&t, args);
	if (status == EXIT_DONE)
		status = run(&t, args);
	run_host_close(&t.host);
	run_view_free(&t.view);
	edition_unref(t.edition);
	dag_close(&t.opened);
	buf_free(&t.frame);
	return status;
}

static const struct flag flags[] = {
	{"conf", 'c', FLAG_TEXT, "JSON", "the run's conf, an object; its members are parameters"},
	{"logical-date", 'l', FLAG_TEXT, "DATE", "the run's logical date; now, unless said"},
	{"output", 'o', FLAG_ENUM, "FORMAT", "tree, plain or json (tree on a terminal, else plain)",
		.choices = shows},
	{"verbose", 'v', FLAG_SWITCH, NULL, "show all that tasks print too, as plain lines"},
};

const struct command command_dags_test = {
	.group = "dags",
	.verb = "test",
	.words = "FILE|ID",
	.summary = "run a DAG here and now, without a daemon",
	.details =
		"Its exit status is the run's: 0 where it succeeded, 1 where it failed. ^C cancels "
		"the run, twice ends it at once. Variables come from WINDROW_VAR_<NAME>.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow dags test nightly.yaml --conf '{\"database\": \"billing\"}'",
	.exec = exec,
};
