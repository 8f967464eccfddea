/*
 * `dags show` for other programs: Graphviz, Mermaid and JSON. Edges between stages are edges
 * between their boxes, so that a picture of two stages of a hundred tasks has one edge and not ten
 * thousand. JSON alone has every edge between tasks.
 */
#include "cli/dag_draw.h"

#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

/* Text inside "..." of dot. */
static void add_dot_text(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (*s == '"' || *s == '\\')
			buf_addc(out, '\\');
		if (*s == '\n')
			buf_adds(out, "\\n");
		else
			buf_addc(out, *s);
	}
}

static void add_dot_stage(const struct dag_view *v, uint32_t s, struct buf *out)
{
	const struct stage *stage = &v->dag->stages[s];

	buf_addf(out, "\tsubgraph cluster_%lu {\n\t\tlabel=\"", (unsigned long)s);
	add_dot_text(out, stage->name);
	buf_adds(out, "\";\n");
	for (uint32_t i = 0; i < stage->n_tasks; i++) {
		const struct task *t = &v->dag->tasks[stage->first_task + i];

		buf_adds(out, "\t\t\"");
		add_dot_text(out, t->id);
		buf_adds(out, "\" [label=\"");
		add_dot_text(out, t->name);
		buf_adds(out, "\", tooltip=\"");
		add_dot_text(out, t->op->name);
		buf_adds(out, "\"];\n");
	}
	buf_adds(out, "\t}\n");
}

static void add_dot_edge(struct buf *out, const char *from, const char *to, const char *attributes)
{
	buf_adds(out, "\t\"");
	add_dot_text(out, from);
	buf_adds(out, "\" -> \"");
	add_dot_text(out, to);
	buf_addf(out, "\"%s;\n", attributes);
}

void dag_draw_dot(const struct dag_view *v, struct buf *out)
{
	const struct dag *d = v->dag;
	char attributes[80];

	buf_adds(out, "digraph \"");
	add_dot_text(out, d->dag_id);
	buf_adds(out,
		"\" {\n\trankdir=LR;\n\tcompound=true;\n"
		"\tfontname=\"sans-serif\";\n"
		"\tnode [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
	for (uint32_t i = 0; i < d->n_stages; i++)
		add_dot_stage(v, v->stages[i], out);
	for (uint32_t s = 0; s < d->n_stages; s++)
		for (size_t k = 0; k < d->stages[s].n_upstream; k++) {
			uint32_t u = d->stages[s].upstream[k];

			(void)snprintf(attributes, sizeof(attributes),
				" [ltail=cluster_%lu, lhead=cluster_%lu]", (unsigned long)u,
				(unsigned long)s);
			/* Boxes cannot be joined, so two of their tasks are. */
			if (d->stages[u].n_tasks > 0 && d->stages[s].n_tasks > 0)
				add_dot_edge(out,
					d->tasks[d->stages[u].first_task + d->stages[u].n_tasks - 1]
						.id,
					d->tasks[d->stages[s].first_task].id, attributes);
		}
	for (size_t i = 0; i < v->n_edges; i++)
		add_dot_edge(out, d->tasks[v->edges[i].from].id, d->tasks[v->edges[i].to].id,
			v->edges[i].is_data ? " [style=dashed]" : "");
	buf_adds(out, "}\n");
}

/* Text inside "..." of Mermaid, where # and ; make entities and < makes HTML. */
static void add_mermaid_text(struct buf *out, const char *s)
{
	for (; *s != '\0'; s++) {
		if (strchr("\"#;<>&`\\", *s) != NULL)
			buf_addf(out, "#%d;", *s);
		else
			buf_addc(out, *s == '\n' ? ' ' : *s);
	}
}

void dag_draw_mermaid(const struct dag_view *v, struct buf *out)
{
	const struct dag *d = v->dag;

	buf_adds(out, "flowchart LR\n");
	for (uint32_t i = 0; i < d->n_stages; i++) {
		uint32_t s = v->stages[i];
		const struct stage *stage = &d->stages[s];

		buf_addf(out, "\tsubgraph s%lu [\"", (unsigned long)s);
		add_mermaid_text(out, stage->name);
		buf_adds(out, "\"]\n");
		for (uint32_t k = 0; k < stage->n_tasks; k++) {
			buf_addf(out, "\t\tt%lu(\"", (unsigned long)stage->first_task + k);
			add_mermaid_text(out, d->tasks[stage->first_task + k].name);
			buf_adds(out, "\")\n");
		}
		buf_adds(out, "\tend\n");
	}
	for (uint32_t s = 0; s < d->n_stages; s++)
		for (size_t k = 0; k < d->stages[s].n_upstream; k++)
			buf_addf(out, "\ts%lu --> s%lu\n", (unsigned long)d->stages[s].upstream[k],
				(unsigned long)s);
	for (size_t i = 0; i < v->n_edges; i++)
		buf_addf(out, "\tt%lu %s t%lu\n", (unsigned long)v->edges[i].from,
			v->edges[i].is_data ? "-.->" : "-->", (unsigned long)v->edges[i].to);
}

/* A map of n pairs, copied into the arena; VALUE_NULL where memory is short. */
static struct value map_value(struct arena *a, const struct value_pair *pairs, size_t n)
{
	struct value_pair *copy = (void *)arena_memdup(a, pairs, n * sizeof(*pairs));

	if (copy == NULL)
		return value_null();
	return (struct value){.type = VALUE_MAP, .len = n, .u.pairs = copy};
}

/* The ids of the tasks at one end of t's edges. */
static struct value ids_value(
	struct arena *a, const struct dag *d, const struct edges *edges, uint32_t t)
{
	uint32_t first = edges->offset[t];
	size_t n = edges->offset[t + 1] - first;
	struct value *items = arena_array(a, n + 1, sizeof(*items));

	if (items == NULL)
		return value_null();
	for (size_t i = 0; i < n; i++)
		items[i] = value_cstring(d->tasks[edges->list[first + i]].id);
	return (struct value){.type = VALUE_LIST, .len = n, .u.items = items};
}

/* What a task's object is made from. */
struct source {
	struct arena *arena;
	const struct dag *dag;
	struct edges up, down; /* without joins */
};

static struct value task_value(const struct source *src, const struct task *t)
{
	struct arena *a = src->arena;
	const struct dag *d = src->dag;
	size_t len = 0;
	const char *when = t->when == NULL ? NULL : cond_source(t->when, &len);
	const struct value_pair pairs[] = {
		value_pair_of("task_id", value_cstring(t->id)),
		value_pair_of("stage", value_cstring(d->stages[t->stage].name)),
		value_pair_of("operator", value_cstring(t->op->name)),
		value_pair_of("trigger_rule", value_cstring(trigger_rule_name(t->trigger_rule))),
		value_pair_of("when", when == NULL ? value_null() : value_string(when, len)),
		value_pair_of("is_mapped", value_bool(t->is_for_each)),
		value_pair_of("is_setup", value_bool(t->is_setup)),
		value_pair_of("is_teardown", value_bool(t->is_teardown)),
		value_pair_of("retries", value_int(a, t->retries)),
		value_pair_of("ignore_failure", value_bool(t->ignore_failure)),
		value_pair_of("upstream_task_ids", ids_value(a, d, &src->up, t->number)),
		value_pair_of("downstream_task_ids", ids_value(a, d, &src->down, t->number)),
	};

	return map_value(a, pairs, sizeof(pairs) / sizeof(pairs[0]));
}

static struct value stage_value(const struct source *src, const struct stage *s)
{
	struct arena *a = src->arena;
	const struct dag *d = src->dag;
	struct value *upstream = arena_array(a, s->n_upstream + 1, sizeof(*upstream));
	struct value *tasks = arena_array(a, (size_t)s->n_tasks + 1, sizeof(*tasks));

	if (upstream == NULL || tasks == NULL)
		return value_null();
	for (size_t i = 0; i < s->n_upstream; i++)
		upstream[i] = value_cstring(d->stages[s->upstream[i]].name);
	for (uint32_t i = 0; i < s->n_tasks; i++) {
		tasks[i] = task_value(src, &d->tasks[s->first_task + i]);
		if (tasks[i].type == VALUE_NULL)
			return value_null();
	}
	return map_value(a,
		(struct value_pair[]){
			value_pair_of("name", value_cstring(s->name)),
			value_pair_of("depends_on",
				(struct value){.type = VALUE_LIST,
					.len = s->n_upstream,
					.u.items = upstream}),
			value_pair_of("tasks",
				(struct value){
					.type = VALUE_LIST, .len = s->n_tasks, .u.items = tasks}),
		},
		3);
}

int dag_draw_json(const struct dag_view *v, struct arena *a, struct value *out)
{
	const struct dag *d = v->dag;
	struct value *stages = arena_array(a, (size_t)d->n_stages + 1, sizeof(*stages));
	struct source src = {.arena = a, .dag = d};
	struct value map;
	int r = stages == NULL ? ERR_NOMEM : dag_edges_expand(d, a, &src.up, &src.down);

	if (r != 0)
		return r;
	for (uint32_t s = 0; s < d->n_stages; s++) {
		stages[s] = stage_value(&src, &d->stages[s]);
		if (stages[s].type == VALUE_NULL)
			return ERR_NOMEM;
	}
	map = map_value(a,
		(struct value_pair[]){
			value_pair_of("dag_id", value_cstring(d->dag_id)),
			value_pair_of("fileloc", value_cstring(d->file)),
			value_pair_of("description", value_cstring(d->description)),
			value_pair_of("stages",
				(struct value){
					.type = VALUE_LIST, .len = d->n_stages, .u.items = stages}),
		},
		4);
	if (map.type == VALUE_NULL)
		return ERR_NOMEM;
	*out = map;
	return 0;
}
