/*
 * A run as it goes. A tree is drawn anew again and again, as its times go on; lines wait a moment
 * for each other, so that many changes make one write.
 */
#include "cli/run_show.h"

#include <signal.h>
#include <string.h>

#include "cli/output.h"
#include "cli/report.h"
#include "cli/run_plain.h"
#include "cli/term.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/log_name.h"
#include "store/clock.h"

#define REDRAW_MS 80 /* between two drawings of the tree */
#define FLUSH_MS 100 /* how long lines may wait for their way out */

const char *const run_show_kinds[] = {"tree", "plain", "json", NULL};

/* ---- drawing ---- */

static void draw(struct run_show *s)
{
	unsigned rows, n;

	term_size(s->term, &s->style.columns, &rows);
	s->style.rows = rows > 1 ? rows - 1 : 1;
	/* The last drawing stays, and may scroll. */
	if (run_state_is_over(s->view.state))
		s->style.rows = s->view.dag->n_tasks > 200 ? 200 : 0;
	buf_reset(&s->frame);
	n = tree_draw(&s->view, clock_wall_ms(), &s->style, &s->frame);
	if (buf_status(&s->frame) != 0)
		return;
	if (s->is_ascii)
		text_make_ascii(&s->frame);
	term_draw(s->term, s->frame.data, s->frame.len, n);
}

static void on_tick(uv_timer_t *timer)
{
	struct run_show *s = timer->data;

	if (s->term != NULL)
		draw(s);
	else
		(void)fflush(stdout);
}

/* Shows before long; many changes make one drawing. */
static void show_soon(struct run_show *s)
{
	if (s->kind != RUN_SHOW_TREE && !uv_is_active((uv_handle_t *)&s->tick))
		(void)uv_timer_start(&s->tick, on_tick, FLUSH_MS, 0);
}

/* ---- what happens ---- */

static void show_line(void *ctx, uint32_t task, uint32_t instance, const char *text, size_t len)
{
	struct run_show *s = ctx;

	run_plain_line(stdout, &s->view, task, instance, clock_wall_ms(), text, len);
}

void run_show_task(struct run_show *s, const struct runner_change *c)
{
	if (s->is_verbose && c->state != TASK_RUNNING)
		run_lines_take(&s->lines, c->task, c->instance, false, show_line, s);
	run_view_change(&s->view, c);
	if (s->kind == RUN_SHOW_PLAIN)
		run_plain_change(stdout, &s->view, c);
	if (s->is_verbose) {
		run_lines_change(&s->lines, c);
		run_lines_take(&s->lines, c->task, c->instance, false, show_line, s);
	}
	show_soon(s);
}

void run_show_run(struct run_show *s, const struct runner_run_change *c)
{
	if (c->cause == RUN_CAUSE_CANCEL || c->cause == RUN_CAUSE_RUN_TIMEOUT)
		s->why = run_cause_text(c->cause);
	if (c->state == s->view.state)
		return;
	s->view.state = c->state;
	if (s->view.started_at == 0 && c->state != RUN_QUEUED)
		s->view.started_at = c->now;
	if (run_state_is_over(c->state))
		s->view.ended_at = c->now;
	if (s->kind == RUN_SHOW_PLAIN)
		run_plain_run(stdout, &s->view, c->now, s->why);
	show_soon(s);
}

void run_show_line(
	struct run_show *s, uint32_t task, uint32_t instance, const char *text, size_t len)
{
	run_view_line(&s->view, task, instance, text, len);
	if (s->is_verbose && !run_lines_hold(&s->lines, task, instance, text, len)) {
		show_line(s, task, instance, text, len);
		show_soon(s);
	}
}

void run_show_note(struct run_show *s, const char *text)
{
	s->view.note = text;
	if (s->term == NULL)
		report_note("%s", text);
}

/* ---- the end ---- */

static struct value text_value(const char *s)
{
	return s == NULL || *s == '\0' ? value_null() : value_cstring(s);
}

/* Where the run stands in time, which may be 1970-01-01. */
static struct value date_value(struct arena *a, int64_t at)
{
	char *text = at == INSTANT_NONE ? NULL : arena_alloc(a, INSTANT_TEXT_MAX);

	return text == NULL ? value_null() : text_value(instant_format(at, text));
}

/* When something happened; 0: it has not yet. */
static struct value time_value(struct arena *a, int64_t at)
{
	return date_value(a, at == 0 ? INSTANT_NONE : at);
}

#define TASK_FIELDS 7
#define RUN_FIELDS 7

/* The final states as an object. */
static void print_json(const struct run_show *s)
{
	struct arena *a = arena_create(0);
	uint32_t n = s->view.dag->n_tasks;
	struct value *tasks = a == NULL ? NULL : arena_array(a, n, sizeof(*tasks));
	struct value_pair *pairs =
		a == NULL ? NULL : arena_array(a, (size_t)n * TASK_FIELDS, sizeof(*pairs));
	struct value_pair run[RUN_FIELDS];
	struct value v;

	for (uint32_t i = 0; tasks != NULL && pairs != NULL && i < n; i++) {
		const struct run_view_task *k = &s->view.tasks[i];
		struct value_pair *p = &pairs[(size_t)i * TASK_FIELDS];

		p[0] = value_pair_of("task_id", text_value(s->view.dag->tasks[i].id));
		p[1] = value_pair_of("state", text_value(task_state_name(k->state)));
		p[2] = value_pair_of("try_number", value_int(a, k->try_number));
		p[3] = value_pair_of("start_date", time_value(a, k->started_at));
		p[4] = value_pair_of("end_date", time_value(a, k->ended_at));
		p[5] = value_pair_of("error_message", text_value(k->message));
		p[6] = value_pair_of("log", text_value(k->log_path));
		tasks[i] = (struct value){.type = VALUE_MAP, .len = TASK_FIELDS, .u.pairs = p};
	}
	if (tasks == NULL || pairs == NULL) {
		arena_destroy(a);
		report_error("%s", err_text(ERR_NOMEM));
		return;
	}
	run[0] = value_pair_of("dag_id", text_value(s->view.dag->dag_id));
	run[1] = value_pair_of("run_id", text_value(s->view.run_id));
	run[2] = value_pair_of("state", text_value(run_state_name(s->view.state)));
	run[3] = value_pair_of("logical_date", date_value(a, s->logical_date));
	run[4] = value_pair_of("start_date", time_value(a, s->view.started_at));
	run[5] = value_pair_of("end_date", time_value(a, s->view.ended_at));
	v = (struct value){.type = VALUE_LIST, .len = n, .u.items = tasks};
	run[6] = value_pair_of("tasks", v);
	v = (struct value){.type = VALUE_MAP, .len = RUN_FIELDS, .u.pairs = run};
	if (output_json(stdout, &v) != 0)
		report_error("%s", err_text(ERR_NOMEM));
	arena_destroy(a);
}

void run_show_end(struct run_show *s, const char *logs)
{
	char dag[LOG_NAME_SIZE], run[LOG_NAME_SIZE];

	run_lines_take(&s->lines, 0, 0, true, show_line, s);
	if (s->term != NULL) {
		draw(s);
		report_note("what they printed: %s/%s/%s", logs,
			log_name_make("dag_id", s->view.dag->dag_id, dag),
			log_name_make("run_id", s->view.run_id, run));
	}
	if (s->kind == RUN_SHOW_JSON)
		print_json(s);
}

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

void run_show_close(struct run_show *s)
{
	close_handle(&s->tick);
	close_handle(&s->resized);
	close_handle(&s->stopped);
	close_handle(&s->continued);
}

void run_show_free(struct run_show *s)
{
	term_close(s->term);
	run_view_free(&s->view);
	run_lines_free(&s->lines);
	buf_free(&s->frame);
}

/* ---- the beginning ---- */

static void on_resized(uv_signal_t *handle, int number)
{
	struct run_show *s = handle->data;

	(void)number;
	if (s->term != NULL) {
		term_resized(s->term);
		draw(s);
	}
}

static void on_stopped(uv_signal_t *handle, int number)
{
	struct run_show *s = handle->data;

	(void)number;
	if (s->term != NULL)
		term_suspend(s->term);
	(void)raise(SIGSTOP);
}

static void on_continued(uv_signal_t *handle, int number)
{
	struct run_show *s = handle->data;

	(void)number;
	if (s->term != NULL)
		term_resume(s->term);
}

static void watch(
	struct run_show *s, uv_loop_t *loop, uv_signal_t *handle, uv_signal_cb callback, int number)
{
	(void)uv_signal_init(loop, handle);
	handle->data = s;
	(void)uv_signal_start(handle, callback, number);
	uv_unref((uv_handle_t *)handle);
}

int run_show_open(struct run_show *s, uv_loop_t *loop, const struct dag *d, const char *run_id,
	int64_t logical_date, const struct args *args)
{
	const char *said = args_text(args, "output", NULL);

	memset(s, 0, sizeof(*s));
	buf_init(&s->frame, 0);
	if (run_view_init(&s->view, d, run_id) != 0 || run_lines_init(&s->lines, d->n_tasks) != 0)
		return report_no_memory();
	s->logical_date = logical_date;
	s->is_verbose = args_has(args, "verbose");
	s->kind = terminal_takes_escapes(stdout) && !s->is_verbose ? RUN_SHOW_TREE : RUN_SHOW_PLAIN;
	for (int i = 0; said != NULL && run_show_kinds[i] != NULL; i++)
		if (strcmp(said, run_show_kinds[i]) == 0)
			s->kind = (enum run_show_kind)i;
	s->is_verbose &= s->kind == RUN_SHOW_PLAIN;
	(void)uv_timer_init(loop, &s->tick);
	s->tick.data = s;
	watch(s, loop, &s->resized, on_resized, SIGWINCH);
	watch(s, loop, &s->stopped, on_stopped, SIGTSTP);
	watch(s, loop, &s->continued, on_continued, SIGCONT);
	if (s->kind != RUN_SHOW_TREE)
		return EXIT_DONE;
	s->style.has_colour = terminal_has_colour(stdout);
	s->is_ascii = terminal_is_ascii(stdout);
	s->term = term_open(stdout);
	(void)uv_timer_start(&s->tick, on_tick, 0, REDRAW_MS);
	return EXIT_DONE;
}
