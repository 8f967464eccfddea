/*
 * What the drawings share. Linear in stages, tasks, edges and expressions.
 *
 * An edge between two tasks is kept where it says more than the stages do: both are of one stage;
 * or the stage of the second does not directly follow that of the first; or the second reads the
 * first one's output.
 */
#include "cli/dag_view.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/graph.h"

static void visit_template(
	const struct template *t, void (*on_expr)(void *ctx, const struct expr *x), void *ctx)
{
	size_t n = 0;
	const struct expr *x = t == NULL ? NULL : template_exprs(t, &n);

	for (size_t i = 0; i < n; i++)
		on_expr(ctx, &x[i]);
}

/* N.B. what a setting's union holds is told by its key's type. */
static void visit_setting(const struct key_def *k, const struct setting *s,
	void (*on_expr)(void *ctx, const struct expr *x), void *ctx)
{
	if (!s->is_set)
		return;
	if (k->type == KEY_TEMPLATE || k->type == KEY_COMMAND || k->type == KEY_SCRIPT)
		visit_template(s->text, on_expr, ctx);
	for (size_t i = 0; k->type == KEY_TEMPLATES && i < s->n; i++)
		visit_template(s->list[i], on_expr, ctx);
}

/* Visits every expression of a task, those of its condition, environment and items included. */
static void visit_exprs(
	const struct task *t, void (*on_expr)(void *ctx, const struct expr *x), void *ctx)
{
	const struct expr *x;
	size_t n = 0;

	for (size_t k = 0; k < t->op->n_keys; k++)
		visit_setting(&t->op->keys[k], &t->settings[k], on_expr, ctx);
	for (size_t i = 0; i < t->n_environment; i++)
		visit_template(t->environment[i].text, on_expr, ctx);
	x = t->when == NULL ? NULL : cond_exprs(t->when, &n);
	for (size_t i = 0; x != NULL && i < n; i++)
		on_expr(ctx, &x[i]);
	visit_template(t->items_expr, on_expr, ctx);
	for (size_t i = 0; i < t->n_items; i++)
		visit_template(t->items[i].text, on_expr, ctx);
}

static void add_word(struct buf *out, size_t start, const char *word)
{
	if (out->len > start)
		buf_adds(out, ", ");
	buf_adds(out, word);
}

void dag_view_add_remarks(const struct task *t, struct buf *out)
{
	size_t start = out->len;

	if (t->is_setup)
		add_word(out, start, "setup");
	if (t->is_teardown)
		add_word(out, start, "teardown");
	if (t->trigger_rule != TRIGGER_ALL_SUCCESS && !t->is_teardown)
		add_word(out, start, trigger_rule_name(t->trigger_rule));
	if (t->when != NULL) {
		size_t len;
		const char *source = cond_source(t->when, &len);

		add_word(out, start, "when ");
		buf_add(out, source, len);
	}
	if (t->items != NULL) {
		add_word(out, start, "");
		buf_addf(out, "for each of %zu", t->n_items);
	} else if (t->is_for_each) {
		add_word(out, start, "for each");
	}
	if (t->retries > 0) {
		add_word(out, start, "");
		buf_addf(out, "up to %lu tries", (unsigned long)t->retries + 1);
	}
	if (t->ignore_failure)
		add_word(out, start, "may fail");
	if (t->depends_on_past)
		add_word(out, start, "depends on past");
}

/* Collects the tasks whose outputs one task reads. */
struct reads {
	uint32_t *tasks;
	size_t n, room;
	int status;
};

static void on_expr_read(void *ctx, const struct expr *x)
{
	struct reads *r = ctx;

	if (x->root != EXPR_OUTPUT || r->status != 0)
		return;
	if (r->n == r->room) {
		size_t room = r->room == 0 ? 16 : r->room * 2;
		uint32_t *grown = reallocarray(r->tasks, room, sizeof(*grown));

		if (grown == NULL) {
			r->status = ERR_NOMEM;
			return;
		}
		r->tasks = grown;
		r->room = room;
	}
	r->tasks[r->n++] = x->task;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a;
	uint32_t y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool stage_follows(const struct dag *d, uint32_t stage, uint32_t other)
{
	const struct stage *s = &d->stages[stage];

	for (size_t i = 0; i < s->n_upstream; i++)
		if (s->upstream[i] == other)
			return true;
	return false;
}

/* The edges found so far. */
struct edge_list {
	struct view_edge *edges;
	size_t n, room;
};

static int add_edge(struct edge_list *l, uint32_t from, uint32_t to, bool is_data)
{
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 64 : l->room * 2;
		struct view_edge *grown = reallocarray(l->edges, room, sizeof(*grown));

		if (grown == NULL)
			return ERR_NOMEM;
		l->edges = grown;
		l->room = room;
	}
	l->edges[l->n++] = (struct view_edge){from, to, is_data};
	return 0;
}

/* Adds the edge from task u, where the stages do not say it. */
static int add_from_task(const struct dag *d, const struct task *t, const struct reads *r,
	uint32_t u, struct edge_list *l)
{
	bool is_data = r->n > 0 && bsearch(&u, r->tasks, r->n, sizeof(u), by_number) != NULL;

	if (!is_data && d->tasks[u].stage != t->stage &&
		stage_follows(d, t->stage, d->tasks[u].stage))
		return 0;
	return add_edge(l, u, t->number, is_data);
}

/* A join is a whole stage. Where the stages say the edge, what t reads is left to be shown. */
static int add_from_join(const struct dag *d, const struct task *t, const struct reads *r,
	uint32_t join, struct edge_list *l)
{
	uint32_t number = d->joins[join - d->n_tasks];
	const struct stage *s = &d->stages[number];
	int status = 0;

	if (!stage_follows(d, t->stage, number)) {
		for (uint32_t i = 0; status == 0 && i < s->n_tasks; i++)
			status = add_from_task(d, t, r, s->first_task + i, l);
		return status;
	}
	for (size_t i = 0; status == 0 && i < r->n; i++)
		if (d->tasks[r->tasks[i]].stage == number &&
			(i == 0 || r->tasks[i] != r->tasks[i - 1]))
			status = add_edge(l, r->tasks[i], t->number, true);
	return status;
}

/* Adds the edges into task t. */
static int add_edges(
	const struct dag *d, const struct task *t, struct reads *r, struct edge_list *l)
{
	int status;

	r->n = 0;
	visit_exprs(t, on_expr_read, r);
	status = r->status;
	if (r->n > 0)
		qsort(r->tasks, r->n, sizeof(*r->tasks), by_number);
	for (uint32_t i = d->upstream.offset[t->number];
		status == 0 && i < d->upstream.offset[t->number + 1]; i++) {
		uint32_t u = d->upstream.list[i];

		status = u < d->n_tasks ? add_from_task(d, t, r, u, l)
					: add_from_join(d, t, r, u, l);
	}
	return status;
}

static int make_edges(const struct dag *d, struct arena *a, struct dag_view *v)
{
	uint32_t *offset = arena_array(a, (size_t)d->n_tasks + 1, sizeof(*offset));
	struct reads reads = {0};
	struct edge_list l = {0};
	int r = offset == NULL ? ERR_NOMEM : 0;

	for (uint32_t t = 0; r == 0 && t < d->n_tasks; t++) {
		r = add_edges(d, &d->tasks[t], &reads, &l);
		offset[t + 1] = (uint32_t)l.n;
	}
	if (r == 0) {
		v->edges = (void *)arena_memdup(
			a, l.edges == NULL ? (void *)"" : l.edges, l.n * sizeof(*l.edges));
		v->n_edges = l.n;
		v->edge_offset = offset;
		r = v->edges == NULL ? ERR_NOMEM : 0;
	}
	free(l.edges);
	free(reads.tasks);
	return r;
}

/* Orders the stages by what they follow, and finds their layers. */
static int make_layers(const struct dag *d, struct arena *a, struct dag_view *v)
{
	uint32_t *offset = arena_array(a, (size_t)d->n_stages + 1, sizeof(*offset));
	uint32_t *layer = arena_array(a, (size_t)d->n_stages + 1, sizeof(*layer));
	uint32_t *list, *followers;
	size_t n = 0, n_cycle;
	int r;

	for (uint32_t s = 0; s < d->n_stages; s++)
		n += d->stages[s].n_upstream;
	list = arena_array(a, n + 1, sizeof(*list));
	followers = arena_array(a, (size_t)d->n_stages + 1, sizeof(*followers));
	if (offset == NULL || layer == NULL || list == NULL || followers == NULL)
		return ERR_NOMEM;
	n = 0;
	for (uint32_t s = 0; s < d->n_stages; s++) {
		for (size_t i = 0; i < d->stages[s].n_upstream; i++) {
			list[n++] = d->stages[s].upstream[i];
			followers[d->stages[s].upstream[i]]++;
		}
		offset[s + 1] = (uint32_t)n;
	}
	r = graph_order(a, d->n_stages, offset, list, &v->stages, &n_cycle);
	if (r != 0)
		return r;
	v->n_layers = d->n_stages > 0;
	for (uint32_t i = 0; i < d->n_stages; i++) {
		uint32_t s = v->stages[i];

		for (uint32_t k = offset[s]; k < offset[s + 1]; k++)
			if (layer[list[k]] + 1 > layer[s])
				layer[s] = layer[list[k]] + 1;
		if (layer[s] + 1 > v->n_layers)
			v->n_layers = layer[s] + 1;
	}
	v->stage_layer = layer;
	v->n_followers = followers;
	return 0;
}

static int make_levels(const struct dag *d, struct arena *a, struct dag_view *v)
{
	uint32_t *level = arena_array(a, (size_t)d->n_tasks + 1, sizeof(*level));
	uint32_t *tasks = arena_array(a, (size_t)d->n_tasks + 1, sizeof(*tasks));
	uint32_t *placed = arena_array(a, (size_t)d->n_stages + 1, sizeof(*placed));

	if (level == NULL || tasks == NULL || placed == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < d->n_tasks; i++) {
		uint32_t t = d->order[i];
		uint32_t s = d->tasks[t].stage;

		tasks[d->stages[s].first_task + placed[s]++] = t;
		for (uint32_t k = v->edge_offset[t]; k < v->edge_offset[t + 1]; k++) {
			uint32_t u = v->edges[k].from;

			if (d->tasks[u].stage == s && level[u] + 1 > level[t])
				level[t] = level[u] + 1;
		}
	}
	v->task_level = level;
	v->tasks = tasks;
	return 0;
}

int dag_view_make(const struct dag *d, struct arena *a, struct dag_view *out)
{
	struct dag_view v = {.dag = d};
	int r = make_edges(d, a, &v);

	if (r == 0)
		r = make_layers(d, a, &v);
	if (r == 0)
		r = make_levels(d, a, &v);
	if (r == 0)
		*out = v;
	return r;
}
