/* Cycles, shown whole: `Build.a -> Test.b -> Build.a`, at a place where one of its edges is said.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/load_impl.h"

static const char *name_of(const struct loader *l, const char *what, uint32_t number)
{
	return strcmp(what, "stages") == 0 ? l->dag->stages[number].name : l->dag->tasks[number].id;
}

void load_cycle_text(
	struct loader *l, struct pos pos, const char *what, const uint32_t *list, size_t n)
{
	struct buf b;

	buf_init(&b, 0);
	for (size_t i = 0; i <= n; i++) {
		buf_adds(&b, i > 0 ? " -> " : "");
		buf_adds(&b, name_of(l, what, list[i % n]));
	}
	if (buf_status(&b) != 0)
		load_nomem(l);
	else
		load_error(l, pos, "these %s wait for each other: %s", what, buf_str(&b));
	buf_free(&b);
}

struct pos load_link_pos(const struct loader *l, const struct link *k)
{
	const char *at = NULL;

	if (k->expr != NULL)
		at = memmem(k->node->text, k->node->n, k->expr->text, k->expr->text_len);
	if (at == NULL)
		return yaml_node_pos(k->node);
	while (at > k->node->text && *at != '$')
		at--; /* from its path to where it begins */
	return yaml_value_pos(l->text, k->node, (size_t)(at - k->node->text));
}

static bool is_later(struct pos a, struct pos b)
{
	return a.line != b.line ? a.line > b.line : a.column > b.column;
}

/* The last place in the file where one task of the cycle says that it waits for the one before it;
 * `before` gives, by task, the one before it in the cycle, else UINT32_MAX. */
static struct pos find_pos(const struct loader *l, const uint32_t *before)
{
	const struct dag *d = l->dag;
	struct pos best = {0, 0};

	for (size_t i = 0; i < l->n_links; i++) {
		const struct link *k = &l->links[i];

		if (before[k->to] == k->from && is_later(load_link_pos(l, k), best))
			best = load_link_pos(l, k);
	}
	for (size_t i = 0; i < l->n_stage_links; i++) {
		const struct stage_link *k = &l->stage_links[i];
		uint32_t from = before[k->task];

		if (from != UINT32_MAX && d->tasks[from].stage == k->stage &&
			is_later(yaml_node_pos(k->node), best))
			best = yaml_node_pos(k->node);
	}
	return best;
}

void load_cycle(struct loader *l, const uint32_t *nodes, size_t n)
{
	const struct dag *d = l->dag;
	uint32_t *tasks = malloc((n + 1) * sizeof(*tasks));
	uint32_t *before = malloc(((size_t)d->n_tasks + 1) * sizeof(*before));
	size_t n_tasks = 0;
	struct pos pos;

	if (tasks == NULL || before == NULL) {
		load_nomem(l);
		goto out;
	}
	for (size_t i = 0; i < n; i++)
		if (nodes[i] < d->n_tasks)
			tasks[n_tasks++] = nodes[i];
	memset(before, 0xff, d->n_tasks * sizeof(*before));
	for (size_t i = 0; i < n_tasks; i++)
		before[tasks[i]] = tasks[(i + n_tasks - 1) % n_tasks];
	pos = find_pos(l, before);
	load_cycle_text(l, pos.line != 0 ? pos : d->tasks[tasks[0]].pos, "tasks", tasks, n_tasks);
out:
	free(tasks);
	free(before);
}
