/* Noting what waits for what, as the file says it. */
#include <stdlib.h>

#include "engine/load_impl.h"

static void add(struct loader *l, struct link **list, size_t *n, size_t *cap, struct link link)
{
	if (*n == *cap) {
		size_t more_cap = *cap == 0 ? 256 : 2 * *cap;
		struct link *more = realloc(*list, more_cap * sizeof(*more));

		if (more == NULL) {
			load_nomem(l);
			return;
		}
		*list = more;
		*cap = more_cap;
	}
	(*list)[(*n)++] = link;
}

void load_link(
	struct loader *l, uint32_t from, const struct yaml_node *node, const struct expr *expr)
{
	add(l, &l->links, &l->n_links, &l->cap_links,
		(struct link){from, l->task->number, node, expr});
}

void load_read(
	struct loader *l, uint32_t from, const struct yaml_node *node, const struct expr *expr)
{
	add(l, &l->reads, &l->n_reads, &l->cap_reads, (struct link){from, 0, node, expr});
}

void load_stage_link(struct loader *l, uint32_t stage, uint32_t task, const struct yaml_node *node)
{
	if (l->n_stage_links == l->cap_stage_links) {
		size_t cap = l->cap_stage_links == 0 ? 64 : 2 * l->cap_stage_links;
		struct stage_link *more = realloc(l->stage_links, cap * sizeof(*more));

		if (more == NULL) {
			load_nomem(l);
			return;
		}
		l->stage_links = more;
		l->cap_stage_links = cap;
	}
	l->stage_links[l->n_stage_links++] = (struct stage_link){stage, task, node};
}
