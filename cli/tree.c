/*
 * Drawing the tree. It is drawn in a given detail, and in less and less until it fits; a run of a
 * million tasks is drawn from its stages' counts and what runs.
 */
#include "cli/tree.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "engine/buf.h"

#define FAILED_LINES 3 /* of a failed task's output */
#define BAR_WIDTH 24
#define LINES_ENOUGH 4096 /* drawing on past this would show nothing more */

/* How much is shown; each leaves out what the one before does, and more. */
enum detail {
	DETAIL_ALL,
	DETAIL_NO_OUTPUT, /* no output of what runs */
	DETAIL_DONE_CLOSED, /* stages that ended well are one line */
	DETAIL_WAITING_CLOSED, /* stages that have not begun, too */
	DETAIL_ACTIVE, /* of the others only tasks that run or failed */
	DETAIL_STAGES, /* no tasks at all */
	DETAIL_COUNT
};

struct drawing {
	const struct run_view *v;
	const struct tree_style *style;
	struct buf *out;
	int64_t now;
	unsigned n; /* lines so far */
};

struct sign {
	const char *shown, *colour;
};

static const struct sign signs[TASK_STATE_COUNT] = {
	[TASK_NONE] = {"\xc2\xb7", "\033[2m"},
	[TASK_SCHEDULED] = {"\xc2\xb7", "\033[2m"},
	[TASK_QUEUED] = {"\xc2\xb7", "\033[2m"},
	[TASK_RUNNING] = {"\xe2\x97\x8f", "\033[36m"},
	[TASK_SUCCESS] = {"\xe2\x9c\x93", "\033[32m"},
	[TASK_FAILED] = {"\xe2\x9c\x97", "\033[31m"},
	[TASK_UP_FOR_RETRY] = {"\xe2\x86\xbb", "\033[33m"},
	[TASK_UPSTREAM_FAILED] = {"\xe2\x9c\x97", "\033[2;31m"},
	[TASK_SKIPPED] = {"\xe2\x86\xb7", "\033[2m"},
	[TASK_DEFERRED] = {"\xc2\xb7", "\033[2m"},
	[TASK_REMOVED] = {"-", "\033[2m"},
};

char *tree_time(int64_t ms, char *text)
{
	int64_t s = ms / 1000;

	if (ms < 0)
		ms = s = 0;
	if (ms < 1000)
		(void)snprintf(text, TREE_TIME_SIZE, "%" PRId64 "ms", ms);
	else if (s < 60)
		(void)snprintf(text, TREE_TIME_SIZE, "%" PRId64 ".%" PRId64 "s", s, ms / 100 % 10);
	else if (s < 3600)
		(void)snprintf(text, TREE_TIME_SIZE, "%" PRId64 "m%02" PRId64 "s", s / 60, s % 60);
	else if (s < 359999)
		(void)snprintf(
			text, TREE_TIME_SIZE, "%" PRId64 "h%02" PRId64 "m", s / 3600, s / 60 % 60);
	else
		(void)snprintf(text, TREE_TIME_SIZE, "%" PRId64 "d", s / 86400);
	return text;
}

static void colour(struct drawing *d, const char *code)
{
	if (d->style->has_colour)
		buf_adds(d->out, code);
}

/* A line: indent, a sign, a name, and what is said of it, within the columns. */
static void line(struct drawing *d, unsigned indent, const struct sign *sign, const char *name,
	size_t name_len, const char *said)
{
	size_t columns = d->style->columns, used = indent + 2;
	size_t said_width = text_width(said, strlen(said));

	if (d->n++ > LINES_ENOUGH)
		return;
	if (columns <= used) {
		buf_addc(d->out, '\n');
		return;
	}
	buf_addf(d->out, "%*s", (int)indent, "");
	colour(d, sign->colour);
	buf_adds(d->out, sign->shown);
	colour(d, "\033[0m");
	buf_addc(d->out, ' ');
	columns -= used;
	if (said_width > 0 && said_width + 2 < columns) {
		size_t width = columns - said_width - 2;

		width = width > 40 ? 40 : width;
		text_add_fitted(d->out, name, name_len, width, 1);
		buf_adds(d->out, "  ");
		text_add_fitted(d->out, said, strlen(said), columns - width - 2, 0);
	} else {
		text_add_fitted(d->out, name, name_len, columns, 0);
	}
	buf_addc(d->out, '\n');
}

/* A line of output, dim, behind a bar. */
static void output(struct drawing *d, unsigned indent, const char *text, size_t len)
{
	size_t columns = d->style->columns;

	if (d->n++ > LINES_ENOUGH)
		return;
	if (columns > indent + 2) {
		buf_addf(d->out, "%*s", (int)indent, "");
		colour(d, "\033[2m");
		buf_adds(d->out, "\xe2\x94\x82 ");
		text_add_fitted(d->out, text, len, columns - indent - 2, 0);
		colour(d, "\033[0m");
	}
	buf_addc(d->out, '\n');
}

/* What is said of a task behind its name. */
static void say_task(const struct drawing *d, const struct run_view_task *t,
	const struct task *task, char *text, size_t size)
{
	char time[TREE_TIME_SIZE];
	size_t n = 0;
	int64_t until = t->ended_at != 0 ? t->ended_at : d->now;

#define SAY(...) n += (size_t)snprintf(text + n, n < size ? size - n : 0, __VA_ARGS__)
	text[0] = '\0';
	if (t->state == TASK_UPSTREAM_FAILED || t->state == TASK_SKIPPED)
		SAY("%s", task_state_name(t->state));
	else if (t->started_at != 0)
		SAY("%s", tree_time(until - t->started_at, time));
	if (t->n_items > 0)
		SAY("  %u/%u", t->n_over, t->n_items);
	if (t->n_failed > 0)
		SAY("  %u failed", t->n_failed);
	if (t->try_number > 1 || (t->try_number == 1 && t->state == TASK_UP_FOR_RETRY))
		SAY("  try %u of %u", t->try_number, task->retries + 1);
	if (t->state == TASK_UP_FOR_RETRY && t->retry_at > d->now)
		SAY("  again in %s", tree_time(t->retry_at - d->now, time));
#undef SAY
}

static void draw_task(struct drawing *d, uint32_t number, unsigned indent, enum detail detail)
{
	const struct run_view_task *t = &d->v->tasks[number];
	const struct task *task = &d->v->dag->tasks[number];
	bool is_bad = t->state == TASK_FAILED || t->state == TASK_UP_FOR_RETRY;
	size_t lines = is_bad ? FAILED_LINES : 1, len = 0;
	const char *text;
	char said[160];

	say_task(d, t, task, said, sizeof(said));
	line(d, indent, &signs[t->state], task->name, strlen(task->name), said);
	if (is_bad && t->message != NULL)
		output(d, indent + 2, t->message, strlen(t->message));
	if (!is_bad && (t->state != TASK_RUNNING || detail >= DETAIL_NO_OUTPUT))
		return;
	if (detail >= DETAIL_ACTIVE)
		return;
	for (size_t i = 0; (text = run_tail_line(t->tail, lines, i, &len)) != NULL; i++)
		output(d, indent + 2, text, len);
}

/* The state that stands for a whole stage. */
static enum task_state stage_state(const struct run_view *v, uint32_t stage)
{
	const uint32_t *n = v->stage_counts[stage];
	uint32_t all = v->dag->stages[stage].n_tasks;

	if (n[TASK_FAILED] > 0)
		return TASK_FAILED;
	if (n[TASK_RUNNING] > 0)
		return TASK_RUNNING;
	if (n[TASK_UP_FOR_RETRY] > 0)
		return TASK_UP_FOR_RETRY;
	if (n[TASK_UPSTREAM_FAILED] > 0 && run_view_over(v, stage) == all)
		return TASK_UPSTREAM_FAILED;
	if (n[TASK_SKIPPED] == all)
		return TASK_SKIPPED;
	if (run_view_over(v, stage) == all)
		return TASK_SUCCESS;
	return run_view_over(v, stage) > 0 ? TASK_RUNNING : TASK_NONE;
}

static bool is_active(enum task_state s)
{
	return s == TASK_RUNNING || s == TASK_FAILED || s == TASK_UP_FOR_RETRY;
}

static void draw_tasks(struct drawing *d, uint32_t stage, unsigned indent, enum detail detail)
{
	const struct stage *s = &d->v->dag->stages[stage];

	for (uint32_t i = s->first_task; i < s->first_task + s->n_tasks; i++)
		if (detail < DETAIL_ACTIVE || is_active(d->v->tasks[i].state))
			draw_task(d, i, indent, detail);
}

static void draw_stage(struct drawing *d, uint32_t stage, enum detail detail)
{
	const struct stage *s = &d->v->dag->stages[stage];
	enum task_state state = stage_state(d->v, stage);
	bool is_done = state == TASK_SUCCESS || state == TASK_SKIPPED;
	char said[64];

	(void)snprintf(said, sizeof(said), "%u/%u", run_view_over(d->v, stage), s->n_tasks);
	line(d, 0, &signs[state], s->name, strlen(s->name), said);
	if (detail == DETAIL_STAGES || (is_done && detail >= DETAIL_DONE_CLOSED) ||
		(state == TASK_NONE && detail >= DETAIL_WAITING_CLOSED))
		return;
	draw_tasks(d, stage, 2, detail);
}

static void draw_head(struct drawing *d)
{
	static const enum task_state as[] = {
		[RUN_QUEUED] = TASK_NONE,
		[RUN_RUNNING] = TASK_RUNNING,
		[RUN_SUCCESS] = TASK_SUCCESS,
		[RUN_FAILED] = TASK_FAILED,
	};
	const struct run_view *v = d->v;
	char said[160], time[TREE_TIME_SIZE];
	int64_t until = v->ended_at != 0 ? v->ended_at : d->now;

	(void)snprintf(said, sizeof(said), "%s  %s", run_state_name(v->state),
		tree_time(v->started_at == 0 ? 0 : until - v->started_at, time));
	line(d, 0, &signs[as[v->state]], v->dag->dag_id, strlen(v->dag->dag_id), said);
}

/* The last line: a bar, and counts. */
static void draw_progress(struct drawing *d)
{
	const struct run_view *v = d->v;
	uint32_t all = v->dag->n_tasks, over = run_view_over(v, UINT32_MAX);
	uint32_t full = all == 0 ? BAR_WIDTH : (uint32_t)((uint64_t)over * BAR_WIDTH / all);
	struct buf text;

	buf_init(&text, 0);
	if (d->style->columns > BAR_WIDTH + 30) {
		buf_addc(&text, '[');
		for (uint32_t i = 0; i < BAR_WIDTH; i++)
			buf_addc(&text, i < full ? '#' : '-');
		buf_adds(&text, "] ");
	}
	buf_addf(&text, "%u/%u done", over, all);
	if (v->counts[TASK_RUNNING] > 0)
		buf_addf(&text, ", %u running", v->counts[TASK_RUNNING]);
	if (v->counts[TASK_FAILED] > 0)
		buf_addf(&text, ", %u failed", v->counts[TASK_FAILED]);
	if (v->note != NULL)
		buf_addf(&text, "; %s", v->note);
	text_add_fitted(d->out, buf_str(&text), text.len, d->style->columns, 0);
	buf_addc(d->out, '\n');
	d->n++;
	buf_free(&text);
}

/* Stages alone, as many as there is room for: those that matter first, the rest counted. */
static void draw_some_stages(struct drawing *d, unsigned room)
{
	uint32_t n_stages = d->v->dag->n_stages, left_out = 0;
	unsigned active = 0;
	char text[64];

	for (uint32_t i = 0; i < n_stages; i++)
		active += is_active(stage_state(d->v, i));
	for (uint32_t i = 0; i < n_stages; i++) {
		bool matters = is_active(stage_state(d->v, i));

		/* One line is kept for the count; quiet stages leave room for active ones. */
		if (d->n + 1 < room && (matters || d->n + 1 + active < room))
			draw_stage(d, i, DETAIL_STAGES);
		else
			left_out++;
		active -= matters && active > 0;
	}
	if (left_out == 0 || d->n >= room)
		return;
	(void)snprintf(
		text, sizeof(text), "and %u more stage%s", left_out, left_out == 1 ? "" : "s");
	line(d, 0, &signs[TASK_NONE], text, strlen(text), "");
}

unsigned tree_draw(
	const struct run_view *v, int64_t now, const struct tree_style *style, struct buf *out)
{
	struct drawing d = {.v = v, .style = style, .out = out, .now = now};
	size_t start = out->len;

	for (int detail = DETAIL_ALL; detail < DETAIL_COUNT; detail++) {
		out->len = start;
		d.n = 0;
		draw_head(&d);
		for (uint32_t i = 0; i < v->dag->n_stages && d.n <= LINES_ENOUGH; i++)
			draw_stage(&d, i, (enum detail)detail);
		draw_progress(&d);
		if (style->rows == 0 || d.n <= style->rows)
			return d.n;
	}
	out->len = start;
	d.n = 0;
	if (style->rows > 1)
		draw_head(&d);
	if (style->rows > 3)
		draw_some_stages(&d, style->rows - 1);
	draw_progress(&d);
	return d.n;
}
