/*
 * `dags show --format svg`: boxes for stages, in them boxes for tasks, arrows between. Both levels
 * are placed by cli/layout.h. The picture brings its own colours, for light and for dark, and needs
 * nothing from elsewhere.
 *
 * N.B. the width of text is an estimate: SVG cannot be asked. Names longer than NAME_CUT columns
 * are cut; the whole name shows when the pointer rests on the box.
 */
#include "cli/dag_draw.h"

#include <math.h>
#include <string.h>

#include "cli/layout.h"
#include "cli/text.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

#define MARGIN 24.0
#define HEAD_H 48.0 /* the DAG's name and description */
#define TITLE_H 30.0 /* a stage's name */
#define PAD 14.0 /* between a stage's frame and its tasks */
#define TASK_H 42.0
#define TASK_GAP 10.0
#define LEVEL_GAP 40.0 /* between levels of tasks */
#define STAGE_GAP 22.0
#define LAYER_GAP 64.0 /* between layers of stages */
#define LEGEND_H 30.0
#define NAME_CUT 34 /* columns */
#define NOTE_CUT 44
#define GRID_FROM 9 /* so many tasks without edges between them stand in several columns */

struct picture {
	const struct dag_view *v;
	struct arena *a;
	struct buf *out;
	struct layout stages;
	struct layout *inner; /* by stage: its tasks */
	double *inner_x, *inner_y; /* by stage: where its tasks begin */
};

static const char style[] =
	"<style>\n"
	".bg{fill:#ffffff}.head{fill:#1f2328;font-size:17px;font-weight:600}\n"
	".sub{fill:#59636e;font-size:12px}\n"
	".stage{fill:#f6f8fa;stroke:#d1d9e0}\n"
	".title{fill:#59636e;font-size:12px;font-weight:600}\n"
	".task{fill:#ffffff;stroke:#afb8c1}\n"
	".name{fill:#1f2328;font-size:13px}.note{fill:#59636e;font-size:10px}\n"
	".flow{fill:none;stroke:#818b98;stroke-width:2}\n"
	".edge{fill:none;stroke:#59636e;stroke-width:1.3}\n"
	".data{fill:none;stroke:#0969da;stroke-width:1.3;stroke-dasharray:5 3}\n"
	".tip-flow{fill:#818b98}.tip-edge{fill:#59636e}.tip-data{fill:#0969da}\n"
	"@media (prefers-color-scheme:dark){\n"
	".bg{fill:#0d1117}.head,.name{fill:#f0f6fc}.sub,.title,.note{fill:#9198a1}\n"
	".stage{fill:#151b23;stroke:#3d444d}.task{fill:#212830;stroke:#656c76}\n"
	".flow{stroke:#656c76}.edge{stroke:#9198a1}.data{stroke:#4493f8}\n"
	".tip-flow{fill:#656c76}.tip-edge{fill:#9198a1}.tip-data{fill:#4493f8}\n"
	"}\n"
	"</style>\n";

/* Adds s as XML text, cut to so many columns (0: whole). */
static void add_xml(struct buf *out, const char *s, size_t cut)
{
	char shown[TEXT_UNIT_MAX];
	size_t len = strlen(s);
	size_t used = 0;
	bool is_cut = cut > 0 && text_width(s, len) > cut;
	unsigned w;

	for (size_t i = 0; i < len;) {
		i += text_unit(s + i, len - i, shown, &w);
		used += w;
		if (is_cut && used >= cut) {
			buf_adds(out, "…");
			return;
		}
		if (strchr("&<>\"'", shown[0]) != NULL)
			buf_addf(out, "&#%d;", shown[0]);
		else
			buf_adds(out, shown);
	}
}

/* About how wide s is in a sans-serif font of this size, cut to so many columns. */
static double text_length(const char *s, size_t cut, double size)
{
	char shown[TEXT_UNIT_MAX];
	size_t len = strlen(s);
	size_t used = 0;
	double em = 0;
	unsigned w;

	for (size_t i = 0; i < len && used < cut;) {
		i += text_unit(s + i, len - i, shown, &w);
		used += w;
		if (shown[1] != '\0')
			em += 0.62 * w;
		else if (strchr("iljtfrI.,:;|!' ()[]", shown[0]) != NULL)
			em += 0.36;
		else if (strchr("mwMW@%", shown[0]) != NULL)
			em += 0.92;
		else
			em += shown[0] >= 'A' && shown[0] <= 'Z' ? 0.7 : 0.6;
	}
	return em * size;
}

/* The small line below a task's name: its operator and what is remarkable. In the arena. */
static char *task_note(struct arena *a, const struct task *t)
{
	struct buf b;
	char *note;

	buf_init(&b, 0);
	buf_adds(&b, t->op->name);
	buf_adds(&b, ", ");
	dag_view_add_remarks(t, &b);
	if (b.len > 2 && memcmp(b.data + b.len - 2, ", ", 2) == 0)
		b.len -= 2;
	note = buf_status(&b) != 0 ? NULL : arena_memdup(a, buf_str(&b), b.len);
	buf_free(&b);
	return note;
}

/* Puts the tasks of a stage that have no edges among them into several columns, each filled from
 * above. */
static int place_grid(struct layout *l, struct arena *a)
{
	uint32_t rows = (uint32_t)ceil(sqrt((double)l->n_nodes * 3));
	int r;

	rows = rows < GRID_FROM ? GRID_FROM : rows;
	for (uint32_t i = 0; i < l->n_nodes; i++)
		l->nodes[i].layer = i / rows;
	l->layer_gap = TASK_GAP * 1.6;
	r = layout_place(l, a);
	for (uint32_t i = 0; r == 0 && i < l->n_nodes; i++)
		l->nodes[i].y = (i % rows) * (TASK_H + TASK_GAP);
	return r;
}

/* Places the tasks of one stage. */
static int place_tasks(struct picture *p, uint32_t s)
{
	const struct dag *d = p->v->dag;
	const struct stage *stage = &d->stages[s];
	struct layout *l = &p->inner[s];
	uint32_t first = p->v->edge_offset[stage->first_task];
	uint32_t last = p->v->edge_offset[stage->first_task + stage->n_tasks];

	l->node_gap = TASK_GAP;
	l->layer_gap = LEVEL_GAP;
	l->n_nodes = stage->n_tasks;
	l->nodes = arena_array(p->a, (size_t)l->n_nodes + 1, sizeof(*l->nodes));
	l->edges = arena_array(p->a, (size_t)(last - first) + 1, sizeof(*l->edges));
	if (l->nodes == NULL || l->edges == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < stage->n_tasks; i++) {
		const struct task *t = &d->tasks[stage->first_task + i];
		const char *note = task_note(p->a, t);
		double name_w, note_w;

		if (note == NULL)
			return ERR_NOMEM;
		name_w = text_length(t->name, NAME_CUT, 13);
		note_w = text_length(note, NOTE_CUT, 10);
		l->nodes[i] = (struct layout_node){.w = fmax(fmax(name_w, note_w) + 24, 76),
			.h = TASK_H,
			.layer = p->v->task_level[t->number]};
	}
	for (uint32_t k = first; k < last; k++) {
		const struct view_edge *e = &p->v->edges[k];

		if (d->tasks[e->from].stage == s)
			l->edges[l->n_edges++] =
				(struct layout_edge){.from = e->from - stage->first_task,
					.to = e->to - stage->first_task};
	}
	if (l->n_edges == 0 && l->n_nodes >= GRID_FROM)
		return place_grid(l, p->a);
	return layout_place(l, p->a);
}

/* All boxes of a column are as wide as the widest: a calm picture. */
static void even_widths(struct layout *l)
{
	for (uint32_t i = 0; i < l->n_nodes; i++) {
		l->nodes[i].x = l->layer_x[l->nodes[i].layer];
		l->nodes[i].w = l->layer_w[l->nodes[i].layer];
	}
}

/* The edges between stages: the stages' own, then one for each pair that only tasks join, so that
 * these find their way around boxes too. N.B. the n-th cross edge of the view runs along the edge
 * whose number stands in *along. */
static int make_stage_edges(struct picture *p, size_t **along)
{
	const struct dag *d = p->v->dag;
	struct layout *l = &p->stages;
	size_t room = p->v->n_edges + 1;

	for (uint32_t s = 0; s < d->n_stages; s++)
		room += d->stages[s].n_upstream;
	l->edges = arena_array(p->a, room, sizeof(*l->edges));
	*along = arena_array(p->a, p->v->n_edges + 1, sizeof(**along));
	if (l->edges == NULL || *along == NULL)
		return ERR_NOMEM;
	for (uint32_t s = 0; s < d->n_stages; s++)
		for (size_t i = 0; i < d->stages[s].n_upstream; i++)
			l->edges[l->n_edges++] =
				(struct layout_edge){.from = d->stages[s].upstream[i], .to = s};
	for (size_t i = 0; i < p->v->n_edges; i++) {
		uint32_t from = d->tasks[p->v->edges[i].from].stage;
		uint32_t to = d->tasks[p->v->edges[i].to].stage;
		size_t k = l->n_edges;

		if (from == to)
			continue;
		/* Neighbours in the list share a way; a search through all would be quadratic. */
		for (size_t back = 0; k > 0 && back < 16; back++, k--)
			if (l->edges[k - 1].from == from && l->edges[k - 1].to == to)
				break;
		if (k > 0 && l->edges[k - 1].from == from && l->edges[k - 1].to == to) {
			(*along)[i] = k - 1;
			continue;
		}
		(*along)[i] = l->n_edges;
		l->edges[l->n_edges++] = (struct layout_edge){.from = from, .to = to};
	}
	return 0;
}

static int place_stages(struct picture *p)
{
	const struct dag *d = p->v->dag;
	struct layout *l = &p->stages;

	l->node_gap = STAGE_GAP;
	l->layer_gap = LAYER_GAP;
	l->n_nodes = d->n_stages;
	l->nodes = arena_array(p->a, (size_t)d->n_stages + 1, sizeof(*l->nodes));
	if (l->nodes == NULL)
		return ERR_NOMEM;
	for (uint32_t s = 0; s < d->n_stages; s++) {
		double title = text_length(d->stages[s].name, NAME_CUT, 12) + 2 * PAD + 8;

		even_widths(&p->inner[s]);
		l->nodes[s] = (struct layout_node){.w = fmax(p->inner[s].width + 2 * PAD, title),
			.h = p->inner[s].height + TITLE_H + PAD,
			.layer = p->v->stage_layer[s]};
	}
	return layout_place(l, p->a);
}

/* A smooth way from one point to another, on from where the path stands. */
static void add_curve(struct buf *out, double x0, double y0, double x1, double y1)
{
	double bend = fmax((x1 - x0) / 2, 18);

	if (fabs(y0 - y1) < 0.5 && x1 > x0)
		buf_addf(out, "L%.1f %.1f", x1, y1);
	else
		buf_addf(out, "C%.1f %.1f %.1f %.1f %.1f %.1f", x0 + bend, y0, x1 - bend, y1, x1,
			y1);
}

/* An arrow from a point to a point, by way of the lanes of edge e of layout l, moved by dx, dy. */
static void add_arrow(struct buf *out, const char *class, double x0, double y0, double x1,
	double y1, const struct layout *l, const struct layout_edge *e, double dx, double dy)
{
	uint32_t layer = l->nodes[e->from].layer + 1;

	x1 -= 5; /* room for the tip */
	buf_addf(out, "<path class=\"%s\" marker-end=\"url(#%s)\" d=\"M%.1f %.1f", class, class, x0,
		y0);
	for (size_t i = 0; i < e->n_lanes; i++) {
		double left = l->layer_x[layer + i] + dx;
		double y = e->lanes[i] + dy;

		add_curve(out, x0, y0, left, y);
		x0 = left + l->layer_w[layer + i];
		y0 = y;
		buf_addf(out, "L%.1f %.1f", x0, y0);
	}
	add_curve(out, x0, y0, x1, y1);
	buf_adds(out, "\"/>\n");
}

static void draw_task(
	struct picture *p, const struct task *t, const struct layout_node *n, double x, double y)
{
	struct buf *out = p->out;
	const char *note = task_note(p->a, t);

	buf_addf(out, "<g><title>");
	add_xml(out, t->id, 0);
	buf_adds(out, ": ");
	add_xml(out, note == NULL ? "" : note, 0);
	buf_addf(out,
		"</title><rect class=\"task\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
		"height=\"%.1f\" rx=\"7\"/>",
		x, y, n->w, n->h);
	buf_addf(out, "<text class=\"name\" x=\"%.1f\" y=\"%.1f\">", x + 12, y + 18);
	add_xml(out, t->name, NAME_CUT);
	buf_addf(out, "</text><text class=\"note\" x=\"%.1f\" y=\"%.1f\">", x + 12, y + 32.5);
	add_xml(out, note == NULL ? "" : note, NOTE_CUT);
	buf_adds(out, "</text></g>\n");
}

/* The frame of a stage. */
static void draw_frame(struct picture *p, uint32_t s, double top)
{
	const struct layout_node *n = &p->stages.nodes[s];

	buf_addf(p->out,
		"<rect class=\"stage\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"rx=\"11\"/>\n<text class=\"title\" x=\"%.1f\" y=\"%.1f\">",
		n->x + MARGIN, n->y + top, n->w, n->h, n->x + MARGIN + PAD, n->y + top + 20);
	add_xml(p->out, p->v->dag->stages[s].name, NAME_CUT);
	buf_adds(p->out, "</text>\n");
	p->inner_x[s] = n->x + MARGIN + PAD;
	p->inner_y[s] = n->y + top + TITLE_H;
}

/* Where a task's box stands in the picture. */
static struct layout_node task_box(const struct picture *p, uint32_t t)
{
	uint32_t s = p->v->dag->tasks[t].stage;
	struct layout_node n = p->inner[s].nodes[t - p->v->dag->stages[s].first_task];

	n.x += p->inner_x[s];
	n.y += p->inner_y[s];
	return n;
}

static void draw_edges(struct picture *p, const size_t *along, double top)
{
	const struct dag *d = p->v->dag;
	size_t *next = arena_array(p->a, (size_t)d->n_stages + 1, sizeof(*next));

	for (size_t i = 0; next != NULL && i < p->v->n_edges; i++) {
		const struct view_edge *e = &p->v->edges[i];
		const char *class = e->is_data ? "data" : "edge";
		uint32_t s = d->tasks[e->to].stage;
		struct layout_node from = task_box(p, e->from);
		struct layout_node to = task_box(p, e->to);
		double y0 = from.y + from.h / 2, y1 = to.y + to.h / 2;

		if (d->tasks[e->from].stage == s)
			add_arrow(p->out, class, from.x + from.w, y0, to.x, y1, &p->inner[s],
				&p->inner[s].edges[next[s]++], p->inner_x[s], p->inner_y[s]);
		else
			add_arrow(p->out, class, from.x + from.w, y0, to.x, y1, &p->stages,
				&p->stages.edges[along[i]], MARGIN, top);
	}
}

/* The arrows between stages that follow one another. */
static void draw_flow(struct picture *p, double top)
{
	const struct dag *d = p->v->dag;
	size_t k = 0;

	for (uint32_t s = 0; s < d->n_stages; s++)
		for (size_t i = 0; i < d->stages[s].n_upstream; i++, k++) {
			const struct layout_node *u = &p->stages.nodes[d->stages[s].upstream[i]];
			const struct layout_node *n = &p->stages.nodes[s];

			add_arrow(p->out, "flow", u->x + u->w + MARGIN, u->y + u->h / 2 + top,
				n->x + MARGIN, n->y + n->h / 2 + top, &p->stages,
				&p->stages.edges[k], MARGIN, top);
		}
}

static void draw_marker(struct buf *out, const char *class)
{
	buf_addf(out,
		"<marker id=\"%s\" viewBox=\"0 0 8 8\" refX=\"3\" refY=\"4\" markerWidth=\"8\" "
		"markerHeight=\"8\" markerUnits=\"userSpaceOnUse\" orient=\"auto\">"
		"<path class=\"tip-%s\" d=\"M0 0L8 4L0 8z\"/></marker>\n",
		class, class);
}

static void draw_head(struct picture *p, double width, double height)
{
	const struct dag *d = p->v->dag;
	struct buf *out = p->out;

	buf_addf(out,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" height=\"%.0f\" "
		"viewBox=\"0 0 %.0f %.0f\" font-family=\"system-ui,-apple-system,'Segoe UI',"
		"Roboto,'Helvetica Neue',Arial,sans-serif\">\n<title>",
		width, height, width, height);
	add_xml(out, d->dag_id, 0);
	buf_adds(out, "</title>\n");
	buf_adds(out, style);
	buf_adds(out, "<defs>\n");
	draw_marker(out, "flow");
	draw_marker(out, "edge");
	draw_marker(out, "data");
	buf_adds(out, "</defs>\n<rect class=\"bg\" width=\"100%\" height=\"100%\"/>\n");
	buf_addf(out, "<text class=\"head\" x=\"%.0f\" y=\"%.0f\">", MARGIN, MARGIN + 13);
	add_xml(out, d->dag_id, 60);
	buf_addf(out, "</text>\n<text class=\"sub\" x=\"%.0f\" y=\"%.0f\">", MARGIN, MARGIN + 33);
	add_xml(out, d->description == NULL ? "" : d->description, 90);
	buf_adds(out, "</text>\n");
}

/* What the dashed arrows mean. */
static void draw_legend(struct picture *p, double y)
{
	buf_addf(p->out,
		"<path class=\"data\" marker-end=\"url(#data)\" d=\"M%.1f %.1fh34\"/>\n"
		"<text class=\"note\" x=\"%.1f\" y=\"%.1f\">reads an output</text>\n",
		MARGIN, y, MARGIN + 48, y + 3.5);
}

int dag_draw_svg(const struct dag_view *v, struct arena *a, struct buf *out)
{
	const struct dag *d = v->dag;
	struct picture p = {.v = v, .a = a, .out = out};
	double width, height, top;
	bool has_data = false;
	size_t *along;
	int r = 0;

	p.inner = arena_array(a, (size_t)d->n_stages + 1, sizeof(*p.inner));
	p.inner_x = arena_array(a, (size_t)d->n_stages + 1, sizeof(*p.inner_x));
	p.inner_y = arena_array(a, (size_t)d->n_stages + 1, sizeof(*p.inner_y));
	if (p.inner == NULL || p.inner_x == NULL || p.inner_y == NULL)
		return ERR_NOMEM;
	for (uint32_t s = 0; s < d->n_stages && r == 0; s++)
		r = place_tasks(&p, s);
	if (r == 0)
		r = make_stage_edges(&p, &along);
	if (r == 0)
		r = place_stages(&p);
	if (r != 0)
		return r;
	for (size_t i = 0; i < v->n_edges; i++)
		has_data |= v->edges[i].is_data;
	top = MARGIN + HEAD_H;
	width = fmax(p.stages.width,
		fmax(text_length(d->dag_id, 60, 17),
			text_length(d->description == NULL ? "" : d->description, 90, 12)));
	width += 2 * MARGIN;
	height = top + p.stages.height + MARGIN + (has_data ? LEGEND_H : 0);
	draw_head(&p, width, height);
	for (uint32_t s = 0; s < d->n_stages; s++)
		draw_frame(&p, s, top);
	draw_flow(&p, top);
	draw_edges(&p, along, top);
	for (uint32_t t = 0; t < d->n_tasks; t++) {
		struct layout_node n = task_box(&p, t);

		draw_task(&p, &d->tasks[t], &n, n.x, n.y);
	}
	if (has_data)
		draw_legend(&p, height - MARGIN);
	buf_adds(out, "</svg>\n");
	return buf_status(out);
}
