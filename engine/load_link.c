/* Noting what waits for what, as the file says it. */
#include <stdlib.h>

#include "engine/load_impl.h"

void load_link(
	struct loader *l, uint32_t from, const struct yaml_node *node, const struct expr *expr)
{
	if (l->n_links == l->cap_links) {
		size_t cap = l->cap_links == 0 ? 256 : 2 * l->cap_links;
		struct link *more = realloc(l->links, cap * sizeof(*more));

		if (more == NULL) {
			load_nomem(l);
			return;
		}
		l->links = more;
		l->cap_links = cap;
	}
	l->links[l->n_links++] = (struct link){from, l->task->number, node, expr};
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
