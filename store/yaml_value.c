/* From the nodes of a YAML document to JSON's shape. */
#include "store/yaml_value.h"

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/yaml_tree.h"

#define DEPTH_MAX 100
#define ALIAS_NODES_MAX 100000 /* nodes that aliases stand for */

/* N.B. why a scalar has no value is told with its text, which may be a secret. */
static int convert_scalar(
	struct arena *a, const struct yaml_node *n, struct value *out, struct err *e)
{
	struct pos pos = yaml_node_pos(n);
	struct err why;
	int r = yaml_scalar_value(a, n, out, &why);

	if (r != ERR_INVALID)
		return r;
	return err_set(e, r, "%u:%u: the text does not fit its tag", pos.line, pos.column);
}

static int convert(struct arena *a, const struct yaml_node *n, struct value *out, struct err *e)
{
	struct value_pair *pairs;
	struct value *items;
	int r = 0;

	if (n->kind == YAML_SCALAR)
		return convert_scalar(a, n, out, e);
	if (n->kind == YAML_LIST) {
		items = arena_array(a, (size_t)n->n + 1, sizeof(*items));
		if (items == NULL)
			return ERR_NOMEM;
		for (uint32_t i = 0; i < n->n && r == 0; i++)
			r = convert(a, n->items[i], &items[i], e);
		return r == 0 ? value_list(a, items, n->n, out) : r;
	}
	pairs = arena_array(a, (size_t)n->n + 1, sizeof(*pairs));
	if (pairs == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < n->n && r == 0; i++) {
		pairs[i].key = n->pairs[i].key->text;
		pairs[i].key_len = n->pairs[i].key->n;
		r = convert(a, n->pairs[i].value, &pairs[i].value, e);
	}
	return r == 0 ? value_map(a, pairs, n->n, out) : r;
}

static int parse(struct arena *a, struct diags *diags, const char *text, size_t len,
	const struct yaml_node **root, struct err *e)
{
	static const struct yaml_limits limits = {.depth = DEPTH_MAX,
		.documents = 1,
		.alias_nodes = ALIAS_NODES_MAX,
		.hides_values = true};
	const char *name = diags_file(diags);
	const struct diag *first;
	struct yaml_node **roots;
	struct yaml_text *t;
	struct pos *places, pos = {0, 0};
	struct err why;
	size_t n = 0, n_diags;
	int r = yaml_text_create(a, text, len, &t, &pos, &why);

	if (r == 0)
		r = yaml_text_check(t, &pos, &why);
	if (r == ERR_INVALID)
		return err_set(e, r, "%s:%u:%u: %s", name, pos.line, pos.column, why.text);
	if (r == 0)
		r = yaml_tree_parse(a, t, &limits, diags, &roots, &places, &n);
	first = diags_list(diags, &n_diags);
	if (diags_are_short(diags))
		r = ERR_NOMEM;
	if (r != ERR_NOMEM && n_diags > 0)
		return err_set(e, ERR_INVALID, "%s:%u:%u: %s", name, first->pos.line,
			first->pos.column, first->text);
	if (r != 0)
		return err_set(e, r, "%s", err_text(r));
	*root = n > 0 ? roots[0] : NULL;
	return 0;
}

int yaml_value_root(struct arena *a, const char *name, const char *text, size_t len,
	const struct yaml_node **root, struct err *e)
{
	struct diags *diags = diags_create(name);
	int r = diags == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			      : parse(a, diags, text, len, root, e);

	diags_destroy(diags);
	return r;
}

int yaml_value_parse(struct arena *a, const char *name, const char *text, size_t len,
	struct value *out, struct err *e)
{
	const struct yaml_node *root;
	struct err why;
	int r = yaml_value_root(a, name, text, len, &root, e);

	if (r != 0)
		return r;
	*out = value_null();
	r = root == NULL ? 0 : convert(a, root, out, &why);
	if (r == ERR_INVALID)
		return err_set(e, r, "%s:%s", name, why.text);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}
