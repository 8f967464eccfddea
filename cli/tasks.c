/* The `tasks` commands that look at files: which tasks a DAG has, and what each waits for. */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/dag_view.h"
#include "cli/report.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

/* One row a task, in file order. */
static int list_rows(const struct dag_opened *o, const struct args *args)
{
	const struct dag *d = o->dag;
	static const char *const columns[] = {
		"task_id", "operator", "trigger_rule", "upstream_task_ids"};
	struct table *t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	const char **ids = calloc((size_t)d->n_tasks + 1, sizeof(*ids));
	struct edges up, down;
	int r = ids == NULL ? ERR_NOMEM : dag_edges_expand(d, o->arena, &up, &down);
	int status = EXIT_FAILED;

	for (uint32_t i = 0; i < d->n_tasks && r == 0; i++) {
		const struct task *task = &d->tasks[i];
		size_t n = up.offset[i + 1] - up.offset[i];

		for (size_t k = 0; k < n; k++)
			ids[k] = d->tasks[up.list[up.offset[i] + k]].id;
		table_text(t, task->id);
		table_text(t, task->op->name);
		table_text(t, trigger_rule_name(task->trigger_rule));
		table_strings(t, ids, n);
	}
	if (r != 0)
		report_error("%s: its dependencies: %s", d->dag_id, err_text(r));
	else
		status = table_show(t, args);
	free(ids);
	table_destroy(t);
	return status;
}

#define TREE_INDENT_MAX 40 /* levels that move to the right; deeper ones stay below each other */

/* The tasks of a stage as a tree: below each task those of the stage that wait for it. A task that
 * waits for several stands whole below the last of them, and elsewhere as a name with a mark, so
 * that the tree is never longer than the graph has edges. */
struct tree {
	const struct dag_view *v;
	struct buf *out;
	const uint32_t *offset, *list; /* edges within stages, downwards */
	uint32_t *parent; /* by task: the one below which it stands whole */
	struct frame {
		uint32_t task, next;
	} * stack; /* the way down to here */
	bool *is_last; /* by depth: nothing follows below the same one */
};

static void add_branch(struct tree *t, uint32_t task, size_t depth, bool is_elsewhere)
{
	const struct task *x = &t->v->dag->tasks[task];

	for (size_t i = 0; i < depth && i < TREE_INDENT_MAX; i++)
		buf_adds(t->out, t->is_last[i] ? "    " : "│   ");
	buf_adds(t->out, t->is_last[depth] ? "└── " : "├── ");
	text_add_shown(t->out, x->name, strlen(x->name));
	buf_addf(t->out, is_elsewhere ? " ...\n" : "  (%s)\n", x->op->name);
}

/* Everything below one task, without recursion: a chain may be as long as the DAG. */
static void add_subtree(struct tree *t, uint32_t root, bool is_last)
{
	size_t depth = 0;

	t->is_last[0] = is_last;
	add_branch(t, root, 0, false);
	t->stack[0] = (struct frame){root, t->offset[root]};
	for (;;) {
		struct frame *f = &t->stack[depth];
		uint32_t child;

		if (f->next == t->offset[f->task + 1]) {
			if (depth == 0)
				return;
			depth--;
			continue;
		}
		child = t->list[f->next++];
		t->is_last[depth + 1] = f->next == t->offset[f->task + 1];
		add_branch(t, child, depth + 1, t->parent[child] != f->task);
		if (t->parent[child] == f->task)
			t->stack[++depth] = (struct frame){child, t->offset[child]};
	}
}

/* The edges within stages, from above; and each task's parent: the last that it waits for. */
static int make_tree(struct tree *t, struct arena *a)
{
	const struct dag *d = t->v->dag;
	uint32_t *offset = arena_array(a, (size_t)d->n_tasks + 2, sizeof(*offset));
	uint32_t *list = arena_array(a, t->v->n_edges + 1, sizeof(*list));

	t->parent = arena_array(a, (size_t)d->n_tasks + 1, sizeof(*t->parent));
	t->stack = arena_array(a, (size_t)d->n_tasks + 1, sizeof(*t->stack));
	t->is_last = arena_array(a, (size_t)d->n_tasks + 1, sizeof(*t->is_last));
	if (offset == NULL || list == NULL || t->parent == NULL || t->stack == NULL ||
		t->is_last == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < d->n_tasks; i++)
		t->parent[i] = UINT32_MAX;
	for (size_t i = 0; i < t->v->n_edges; i++) {
		const struct view_edge *e = &t->v->edges[i];

		if (d->tasks[e->from].stage == d->tasks[e->to].stage)
			offset[e->from + 2]++;
	}
	for (uint32_t i = 1; i < d->n_tasks; i++)
		offset[i + 1] += offset[i];
	for (size_t i = 0; i < t->v->n_edges; i++) {
		const struct view_edge *e = &t->v->edges[i];

		if (d->tasks[e->from].stage == d->tasks[e->to].stage) {
			list[offset[e->from + 1]++] = e->to;
			t->parent[e->to] = e->from;
		}
	}
	t->offset = offset;
	t->list = list;
	return 0;
}

static void add_stage(struct tree *t, uint32_t s)
{
	const struct dag *d = t->v->dag;
	const struct stage *stage = &d->stages[s];
	uint32_t last = UINT32_MAX;

	text_add_shown(t->out, stage->name, strlen(stage->name));
	for (size_t i = 0; i < stage->n_upstream; i++) {
		const char *name = d->stages[stage->upstream[i]].name;

		buf_adds(t->out, i == 0 ? "  after " : ", ");
		text_add_shown(t->out, name, strlen(name));
	}
	buf_addc(t->out, '\n');
	for (uint32_t i = 0; i < stage->n_tasks; i++)
		if (t->parent[stage->first_task + i] == UINT32_MAX)
			last = stage->first_task + i;
	for (uint32_t i = 0; i < stage->n_tasks; i++)
		if (t->parent[stage->first_task + i] == UINT32_MAX)
			add_subtree(t, stage->first_task + i, stage->first_task + i == last);
}

static int list_tree(const struct dag_opened *o)
{
	struct dag_view v;
	struct buf b;
	struct tree t = {.v = &v, .out = &b};
	int r = dag_view_make(o->dag, o->arena, &v);

	buf_init(&b, 0);
	r = r == 0 ? make_tree(&t, o->arena) : r;
	for (uint32_t i = 0; r == 0 && i < o->dag->n_stages; i++)
		add_stage(&t, v.stages[i]);
	if (terminal_is_ascii(stdout))
		text_make_ascii(&b);
	r = r == 0 ? buf_status(&b) : r;
	if (r == 0)
		(void)fwrite(buf_str(&b), 1, b.len, stdout);
	else
		report_error("%s", err_text(r));
	buf_free(&b);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

static int list_exec(const struct args *args)
{
	struct dag_opened o;
	int status;

	if (args_has(args, "tree") && args_has(args, "output")) {
		report_error("tasks list: --tree is a drawing; it goes without --output");
		return EXIT_USAGE;
	}
	status = dag_open(args_word(args, 0), &o);
	if (status == EXIT_DONE)
		status = args_has(args, "tree") ? list_tree(&o) : list_rows(&o, args);
	dag_close(&o);
	return status;
}

static const struct flag list_flags[] = {
	OUTPUT_FLAG,
	{"tree", 't', FLAG_SWITCH, NULL,
		"as a tree: below each task those of its stage that wait for it"},
};

const struct command command_tasks_list = {
	.group = "tasks",
	.verb = "list",
	.words = "ID|FILE",
	.summary = "the tasks of a DAG",
	.details = "One row a task in file order: its full name, its operator, its trigger rule, "
		   "and all that it waits for.",
	.flags = list_flags,
	.n_flags = sizeof(list_flags) / sizeof(list_flags[0]),
	.example = "windrow tasks list nightly_backup --tree",
	.exec = list_exec,
};
