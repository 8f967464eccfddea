/*
 * Paths into tasks' outputs that can lead nowhere, whatever the run brings. Of all outputs
 * only a response has anything inside; and of a for_each task each is a list. Which tasks those
 * are is known once all have been read, so that this comes behind them.
 */
#include "engine/load_impl.h"

/* What is wrong with the path, or NULL. */
static const char *find_fault(const struct task *from, const struct expr *x)
{
	size_t n = x->n_steps;

	if (from->is_for_each && n > 0 && !x->steps[0].is_index)
		return "of a for_each it is a list, whose items are reached by index: [0]";
	if (x->output != OUTPUT_RESPONSE && n > (from->is_for_each ? 1 : 0))
		return "it is a plain value: nothing can follow it";
	return NULL;
}

static void check(struct loader *l, const struct link *k)
{
	const struct task *from = &l->dag->tasks[k->from];
	const char *fault = k->expr == NULL ? NULL : find_fault(from, k->expr);

	if (fault != NULL)
		load_error(l, load_wants_hints(l) ? load_link_pos(l, k) : yaml_node_pos(k->node),
			"%s.output.%s: %s", from->id, output_name(k->expr->output), fault);
}

void load_reach(struct loader *l)
{
	for (size_t i = 0; i < l->n_links; i++)
		check(l, &l->links[i]);
	for (size_t i = 0; i < l->n_reads; i++)
		check(l, &l->reads[i]);
}
