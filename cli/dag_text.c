/*
 * `dags show` as text: the stages along a graph of lanes, as a log of branches looks, each with its
 * tasks below it, one a line, and behind a task what it waits for beyond the order of the stages.
 *
 *   ●  Build
 *   │    server   local
 *   │    client   local
 *   ├─╮
 *   │ ●  Lint
 *   │ │    style  local  may fail
 *   ● │  Test
 *   ...
 *
 * A lane is a stage that others still follow. Where more than LANES_MAX would stand side by side
 * no lanes are drawn, and each stage says in words what it follows.
 */
#include "cli/dag_draw.h"

#include <string.h>

#include "cli/text.h"
#include "engine/buf.h"

#define LANES_MAX 12
#define NAME_WIDEST 40 /* columns of a task's name on a terminal */
#define DEPS_SHOWN 6 /* tasks named of those that one waits for */

struct lanes {
	bool is_used[LANES_MAX];
	uint32_t stage[LANES_MAX]; /* whose lane it is */
	uint32_t left[LANES_MAX]; /* how many stages still follow it from here */
	size_t n; /* lanes up to the last used one */
};

/* Which sides of a cell a line leaves through. */
enum { UP = 1, DOWN = 2, LEFT = 4, RIGHT = 8 };

static const char *const line_chars[16] = {
	[0] = " ",
	[UP] = "│",
	[DOWN] = "│",
	[UP | DOWN] = "│",
	[LEFT] = "─",
	[RIGHT] = "─",
	[LEFT | RIGHT] = "─",
	[UP | RIGHT] = "╰",
	[UP | LEFT] = "╯",
	[DOWN | RIGHT] = "╭",
	[DOWN | LEFT] = "╮",
	[UP | DOWN | RIGHT] = "├",
	[UP | DOWN | LEFT] = "┤",
	[UP | LEFT | RIGHT] = "┴",
	[DOWN | LEFT | RIGHT] = "┬",
	[UP | DOWN | LEFT | RIGHT] = "┼",
};

static void trim(struct lanes *l)
{
	l->n = 0;
	for (size_t i = 0; i < LANES_MAX; i++)
		if (l->is_used[i])
			l->n = i + 1;
}

static int lane_of(const struct lanes *l, uint32_t stage)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->is_used[i] && l->stage[i] == stage)
			return (int)i;
	return -1;
}

static int lane_free(const struct lanes *l, int from)
{
	for (int i = from; i < LANES_MAX; i++)
		if (!l->is_used[i])
			return i;
	return -1;
}

/* Draws the row between lanes `before` and `after`: those in `joins` meet in lane `own`. */
static void draw_joint(struct buf *out, const struct lanes *before, const struct lanes *after,
	const bool *joins, int own)
{
	int first = own, last = own;
	int n = (int)(before->n > after->n ? before->n : after->n);

	for (int i = 0; i < LANES_MAX; i++)
		if (joins[i]) {
			first = i < first ? i : first;
			last = i > last ? i : last;
		}
	n = n > own + 1 ? n : own + 1;
	for (int i = 0; i < n; i++) {
		unsigned sides = 0;

		if (before->is_used[i])
			sides |= UP;
		if (after->is_used[i] || i == own)
			sides |= DOWN;
		/* N.B. a lane that is no part of the joint stands in front of it. */
		if ((joins[i] || i == own || sides == 0) && first < last) {
			sides |= i > first && i <= last ? LEFT : 0;
			sides |= i >= first && i < last ? RIGHT : 0;
		}
		buf_adds(out, line_chars[sides]);
		if (i + 1 < n)
			buf_adds(out, i >= first && i < last ? "─" : " ");
	}
	buf_addc(out, '\n');
}

/* The lanes beside a line of text, at least `width` of them; own >= 0 shows the stage's mark there.
 */
static void draw_lanes(struct buf *out, const struct lanes *l, size_t width, int own)
{
	for (int i = 0; i < (int)l->n || i < (int)width; i++) {
		buf_adds(out, i == own ? "●" : l->is_used[i] ? "│" : " ");
		buf_addc(out, ' ');
	}
}

/* Moves the lanes past stage s, and draws the joint where out is not NULL. Returns the stage's
 * lane, or -1 where there are not enough. */
static int pass_stage(struct lanes *l, const struct dag *d, uint32_t s, const uint32_t *n_followers,
	bool is_first, struct buf *out)
{
	const struct stage *stage = &d->stages[s];
	struct lanes before = *l;
	bool joins[LANES_MAX] = {false};
	int own = -1, first = -1;

	for (size_t i = 0; i < stage->n_upstream; i++) {
		int k = lane_of(l, stage->upstream[i]);

		joins[k] = true;
		first = first < 0 || k < first ? k : first;
		if (--l->left[k] == 0) {
			l->is_used[k] = false;
			own = own < 0 || k < own ? k : own;
		}
	}
	if (own < 0)
		own = lane_free(&before, first < 0 ? 0 : first);
	if (own < 0)
		own = lane_free(l, 0);
	if (own < 0)
		return -1;
	trim(l);
	if (out != NULL && !is_first)
		draw_joint(out, &before, l, joins, own);
	l->is_used[own] = n_followers[s] > 0;
	l->stage[own] = s;
	l->left[own] = n_followers[s];
	trim(l);
	return own;
}

/* Whether the graph can be drawn with the lanes there are. */
static bool lanes_suffice(const struct dag_view *v, const uint32_t *n_followers)
{
	struct lanes l = {0};

	for (uint32_t i = 0; i < v->dag->n_stages; i++)
		if (pass_stage(&l, v->dag, v->stages[i], n_followers, false, NULL) < 0)
			return false;
	return true;
}

struct drawing {
	const struct dag_view *view;
	struct buf *out;
	struct buf line; /* what a task's line says behind its name */
	unsigned columns;
	bool is_colour;
	size_t name_width, op_width;
	struct lanes lanes;
	size_t lanes_width; /* lanes beside the stage's lines, its own included */
};

static void paint(struct drawing *d, const char *code)
{
	if (d->is_colour)
		buf_adds(d->out, code);
}

/* Adds the names of the tasks that t waits for: those it reads from, or the others. */
static void add_waits(struct drawing *d, const struct task *t, bool is_data, const char *word)
{
	const struct dag_view *v = d->view;
	size_t n = 0;

	for (uint32_t k = v->edge_offset[t->number]; k < v->edge_offset[t->number + 1]; k++) {
		const struct task *u = &v->dag->tasks[v->edges[k].from];

		if (v->edges[k].is_data != is_data || n++ >= DEPS_SHOWN)
			continue;
		if (n == 1)
			buf_addf(&d->line, "%s%s ", d->line.len > 0 ? "; " : "", word);
		else
			buf_adds(&d->line, ", ");
		buf_adds(&d->line, u->stage == t->stage ? u->name : u->id);
	}
	if (n > DEPS_SHOWN)
		buf_addf(&d->line, " and %zu more", n - DEPS_SHOWN);
}

static void draw_task(struct drawing *d, const struct task *t)
{
	size_t used = d->lanes_width * 2 + 3 + d->name_width + 2 + d->op_width + 2;
	size_t name_len = strlen(t->name);
	size_t op_len = strlen(t->op->name);

	draw_lanes(d->out, &d->lanes, d->lanes_width, -1);
	buf_adds(d->out, "   ");
	text_add_fitted(d->out, t->name, name_len, d->name_width, true);
	buf_reset(&d->line);
	dag_view_add_remarks(t, &d->line);
	add_waits(d, t, false, "after");
	add_waits(d, t, true, "reads");
	paint(d, "\033[2m");
	buf_adds(d->out, "  ");
	text_add_fitted(d->out, t->op->name, op_len, d->op_width, d->line.len > 0);
	if (d->line.len > 0) {
		buf_adds(d->out, "  ");
		if (d->columns > used)
			text_add_fitted(
				d->out, buf_str(&d->line), d->line.len, d->columns - used, false);
		else
			text_add_shown(d->out, buf_str(&d->line), d->line.len);
	}
	paint(d, "\033[0m");
	buf_addc(d->out, '\n');
}

static void draw_stage(struct drawing *d, uint32_t s, int own)
{
	const struct dag *dag = d->view->dag;
	const struct stage *stage = &dag->stages[s];

	d->lanes_width = own >= 0 && (size_t)own >= d->lanes.n ? (size_t)own + 1 : d->lanes.n;
	d->lanes_width += d->lanes_width == 0;
	draw_lanes(d->out, &d->lanes, d->lanes_width, own);
	buf_addc(d->out, ' ');
	paint(d, "\033[1m");
	text_add_shown(d->out, stage->name, strlen(stage->name));
	paint(d, "\033[0m");
	for (size_t i = 0; own < 0 && i < stage->n_upstream; i++) {
		const char *name = dag->stages[stage->upstream[i]].name;

		buf_adds(d->out, i == 0 ? "  after " : ", ");
		text_add_shown(d->out, name, strlen(name));
	}
	buf_addc(d->out, '\n');
}

/* The tasks of a stage, each behind those of the stage that it waits for. */
static void draw_tasks(struct drawing *d, const uint32_t *order, const struct stage *stage)
{
	for (uint32_t i = 0; i < stage->n_tasks; i++)
		draw_task(d, &d->view->dag->tasks[order[stage->first_task + i]]);
}

static void draw_head(struct drawing *d)
{
	const struct dag *dag = d->view->dag;

	paint(d, "\033[1m");
	text_add_shown(d->out, dag->dag_id, strlen(dag->dag_id));
	paint(d, "\033[0m");
	if (dag->description != NULL) {
		buf_adds(d->out, "  ");
		text_add_shown(d->out, dag->description, strlen(dag->description));
	}
	buf_adds(d->out, "\n");
	if (dag->schedule_text[0] != '\0') {
		buf_adds(d->out, "schedule ");
		text_add_shown(d->out, dag->schedule_text, strlen(dag->schedule_text));
		buf_addf(d->out, " (%s)", dag->timezone == NULL ? "UTC" : dag->timezone);
	} else {
		buf_adds(d->out, "no schedule");
	}
	buf_addf(d->out, ", %lu stage%s, %lu task%s\n\n", (unsigned long)dag->n_stages,
		dag->n_stages == 1 ? "" : "s", (unsigned long)dag->n_tasks,
		dag->n_tasks == 1 ? "" : "s");
}

static void measure(struct drawing *d)
{
	const struct dag *dag = d->view->dag;

	for (uint32_t t = 0; t < dag->n_tasks; t++) {
		size_t w = text_width(dag->tasks[t].name, strlen(dag->tasks[t].name));
		size_t op = strlen(dag->tasks[t].op->name);

		w = d->columns > 0 && w > NAME_WIDEST ? NAME_WIDEST : w;
		d->name_width = w > d->name_width ? w : d->name_width;
		d->op_width = op > d->op_width ? op : d->op_width;
	}
}

void dag_draw_text(const struct dag_view *v, unsigned columns, bool is_colour, struct buf *out)
{
	struct drawing d = {.view = v, .out = out, .columns = columns, .is_colour = is_colour};
	bool has_lanes = lanes_suffice(v, v->n_followers);

	buf_init(&d.line, 0);
	measure(&d);
	draw_head(&d);
	for (uint32_t i = 0; i < v->dag->n_stages; i++) {
		uint32_t s = v->stages[i];
		int own = -1;

		if (has_lanes)
			own = pass_stage(&d.lanes, v->dag, s, v->n_followers, i == 0, out);
		else if (i > 0)
			buf_addc(out, '\n');
		draw_stage(&d, s, own);
		draw_tasks(&d, v->tasks, &v->dag->stages[s]);
	}
	if (buf_status(&d.line) != 0 && out->status == 0)
		out->status = buf_status(&d.line);
	buf_free(&d.line);
}
