/*
 * What an expression is certain to give. A parameter has the type that the file declares, whatever
 * the trigger brings: a path that leads into a string, a list joined that is a number, are mistakes
 * of the file. Of all else only a run knows.
 */
#include <stdio.h>
#include <string.h>

#include "engine/filter.h"
#include "engine/load_impl.h"
#include "engine/param.h"

#define TYPE_UNKNOWN (-1)

/* How a sentence begins that tells what comes to a filter, or to a for_each. */
#define WHAT_MAX (DAG_NAME_MAX + 80)

static const struct param *find_param(const struct loader *l, const struct expr *x)
{
	uint32_t i = l->param_names == NULL ? STRMAP_NONE
					    : strmap_find(l->param_names, x->name, x->name_len);

	return i == STRMAP_NONE ? NULL : &l->dag->params[i];
}

static bool has_default(const struct expr *x)
{
	for (size_t i = 0; i < x->n_filters; i++)
		if (x->filters[i].filter->kind == FILTER_DEFAULT)
			return true;
	return false;
}

/* Why no value of the parameter's type has what the path's first step names; else NULL. N.B.
 * nothing is found in an empty text, which default() takes. */
static const char *find_fault(const struct param *p, const struct expr *x)
{
	if (p->type == VALUE_LIST)
		return x->steps[0].is_index ? NULL : "its items are reached by index: [0]";
	if (p->type == VALUE_MAP)
		return x->steps[0].is_index ? "its members are reached by name: .NAME" : NULL;
	return p->type == VALUE_STRING && has_default(x)
		? NULL
		: "nothing can follow it; only an array or an object has anything inside";
}

/* `params.n is of type integer`, or what the filter before gives. */
static const char *what_text(
	const struct param *p, const struct expr *x, size_t n_filters, int type, char out[WHAT_MAX])
{
	if (n_filters == 0)
		(void)snprintf(
			out, WHAT_MAX, "params.%s is of type %s", p->name, param_type_name(p));
	else
		(void)snprintf(out, WHAT_MAX, "%s gives %s", x->filters[n_filters - 1].filter->name,
			filter_type_kind((enum value_type)type));
	return out;
}

static struct pos pos_of(const struct loader *l, const struct yaml_node *n, const struct expr *x)
{
	const struct link k = {.node = n, .expr = x};

	return load_wants_hints(l) ? load_link_pos(l, &k) : yaml_node_pos(n);
}

/* The type behind the first n filters. Tells of a filter that refuses what comes to it. */
static int walk_filters(struct loader *l, const struct yaml_node *n, const struct expr *x,
	const struct param *p, bool tells)
{
	int type = (int)p->type;
	char what[WHAT_MAX];

	for (size_t i = 0; i < x->n_filters && type != TYPE_UNKNOWN; i++) {
		const struct filter *f = x->filters[i].filter;

		if ((f->takes & 1u << type) == 0) {
			if (tells)
				load_error(l, pos_of(l, n, x), "%s: %s wants %s, and %s", l->key,
					f->name, filter_takes_text(f),
					what_text(p, x, i, type, what));
			return TYPE_UNKNOWN;
		}
		if (f->gives == FILTER_GIVES_ANY)
			type = TYPE_UNKNOWN;
		else if (f->gives != FILTER_GIVES_SAME)
			type = f->gives;
	}
	return type;
}

void load_param_check(struct loader *l, const struct yaml_node *n, const struct expr *x)
{
	const struct param *p = x->n_steps + x->n_filters == 0 ? NULL : find_param(l, x);
	const char *fault = p == NULL || x->n_steps == 0 ? NULL : find_fault(p, x);

	if (fault != NULL)
		load_error(l, pos_of(l, n, x), "%s: params.%s is of type %s: %s", l->key, p->name,
			param_type_name(p), fault);
	else if (p != NULL && x->n_steps == 0)
		(void)walk_filters(l, n, x, p, true);
}

void load_list_check(struct loader *l, const struct yaml_node *n, const struct expr *x)
{
	const struct param *p = x->root != EXPR_PARAM || x->n_steps > 0 ? NULL : find_param(l, x);
	int type = p == NULL ? TYPE_UNKNOWN : walk_filters(l, n, x, p, false);
	char what[WHAT_MAX];

	if (type != TYPE_UNKNOWN && type != VALUE_LIST)
		load_error(l, pos_of(l, n, x), "%s: want a list, and %s; an array would do", l->key,
			what_text(p, x, x->n_filters, type, what));
}
