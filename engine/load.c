/*
 * Loading a file: its text becomes nodes, and each document of it a DAG. The nodes live as long as
 * the load, each DAG in an arena of its own.
 *
 * A DAG's arena has a maximum that grows with the file, so that defaults which many tasks inherit,
 * or aliases, cannot make a small file a large DAG.
 */
#include "engine/load.h"

#include <stdlib.h>
#include <string.h>

#include "engine/load_impl.h"

#define DAG_MEMORY_MIN ((size_t)512 << 20) /* bytes that any DAG may take */
#define DAG_MEMORY_FACTOR 64 /* and for each byte of its file this many more */

static_assert((int)TASK_KEY_COUNT < LOAD_KEYS_MAX, "a task's keys have room beside an operator's");
static_assert(LOAD_DEPTH_MAX < UINT8_MAX, "a node's height fits its field");

/* Makes what is the same for all documents of a file. */
static int loader_init(struct loader *l)
{
	size_t n_ops = l->opts->n_ops;

	if (n_ops > LOAD_OPS_MAX)
		return ERR_LIMIT;
	key_index_make(&l->dag_index, dag_keys, DAG_KEY_COUNT, NULL, 0);
	key_index_make(&l->stage_index, stage_keys, STAGE_KEY_COUNT, NULL, 0);
	key_index_make(&l->param_index, param_keys, PARAM_KEY_COUNT, NULL, 0);
	key_index_make(&l->url_index, url_keys, URL_KEY_COUNT, NULL, 0);
	for (size_t i = 0; i < n_ops; i++) {
		const struct op_spec *op = l->opts->ops[i];

		if (op->n_keys + TASK_KEY_COUNT > LOAD_KEYS_MAX)
			return ERR_LIMIT;
		key_index_make(&l->op_index[i], task_keys, TASK_KEY_COUNT, op->keys, op->n_keys);
	}
	l->tree = arena_create_over(0, l->opts->memory);
	l->scan = l->opts->scan != NULL ? l->opts->scan : scan_create();
	return l->tree == NULL || l->scan == NULL ? ERR_NOMEM : 0;
}

static void loader_free(struct loader *l)
{
	if (l->scan != l->opts->scan)
		scan_destroy(l->scan);
	arena_destroy(l->tree);
}

/* Makes ready for the next document. */
static int begin_document(struct loader *l, size_t len)
{
	size_t size = l->opts->n_ops * sizeof(struct values);

	l->arena = arena_create_over(DAG_MEMORY_MIN + DAG_MEMORY_FACTOR * len, l->opts->memory);
	if (l->arena == NULL)
		return ERR_NOMEM;
	l->dag = arena_alloc(l->arena, sizeof(*l->dag));
	if (l->dag == NULL) {
		arena_destroy(l->arena);
		return ERR_NOMEM;
	}
	l->dag->arena = l->arena;
	l->param_names = l->variable_names = NULL;
	l->n_links = l->n_stage_links = l->n_reads = 0;
	l->is_env_shared = false;
	memset(l->env_layers, 0, sizeof(l->env_layers));
	l->dag_defaults = arena_alloc(l->tree, size);
	l->stage_defaults = arena_alloc(l->tree, size);
	l->defaults = l->dag_defaults;
	if (l->dag_defaults == NULL || l->stage_defaults == NULL)
		load_nomem(l);
	return 0;
}

static void end_document(struct loader *l)
{
	strmap_destroy(l->param_names);
	strmap_destroy(l->variable_names);
	free(l->links);
	free(l->reads);
	free(l->stage_links);
	l->links = l->reads = NULL;
	l->stage_links = NULL;
	l->cap_links = l->cap_reads = l->cap_stage_links = 0;
}

static int load_document(struct loader *l, const struct yaml_node *root, struct pos pos, size_t len,
	struct dag **out)
{
	int rc = begin_document(l, len);

	if (rc != 0)
		return rc;
	l->dag->pos = pos;
	l->dag->file = arena_strdup(l->arena, diags_file(l->diags));
	if (l->dag->file == NULL)
		load_nomem(l);
	if (l->failed == 0)
		load_dag(l, root);
	end_document(l);
	if (l->failed != 0 && arena_is_full(l->arena)) {
		diag_error(l->diags, pos,
			"the DAG takes too much memory; what do default_args and aliases "
			"multiply?");
		l->failed = 0;
	}
	*out = l->dag;
	return l->failed;
}

/* Two documents of one file with one dag_id. */
static void check_ids(struct loader *l, struct dag *const *dags, size_t n)
{
	struct strmap *ids = strmap_create(n);

	for (size_t i = 0; ids != NULL && i < n; i++) {
		const char *id = dags[i]->dag_id;
		int rc = id == NULL ? 0 : strmap_add(ids, id, strlen(id), (uint32_t)i);
		const struct dag *first;

		if (rc == ERR_NOMEM)
			load_nomem(l);
		if (rc != ERR_EXISTS)
			continue;
		first = dags[strmap_find(ids, id, strlen(id))];
		diag_error(l->diags, dags[i]->pos,
			"another DAG of this file has the dag_id \"%s\": the one at %u:%u", id,
			first->pos.line, first->pos.column);
	}
	if (ids == NULL)
		load_nomem(l);
	strmap_destroy(ids);
}

static int load_documents(struct loader *l, size_t len, struct dag **dags, size_t *n)
{
	static const struct yaml_limits limits = {.depth = LOAD_DEPTH_MAX,
		.documents = LOAD_DOCUMENTS_MAX,
		.alias_nodes = LOAD_ALIAS_NODES_MAX};
	struct yaml_node **roots;
	struct pos *places;
	size_t n_roots = 0;
	int rc = yaml_tree_parse(l->tree, l->text, &limits, l->diags, &roots, &places, &n_roots);

	if (rc == 0 && n_roots == 0)
		diag_error(l->diags, (struct pos){1, 1}, "the file holds no DAG");
	for (size_t i = 0; i < n_roots && rc == 0; i++) {
		if (roots[i] == NULL) {
			diag_error(l->diags, places[i], "this document is empty; want a DAG");
			continue;
		}
		rc = load_document(l, roots[i], yaml_node_pos(roots[i]), len, &dags[*n]);
		*n += dags[*n] != NULL;
	}
	if (rc == 0) {
		check_ids(l, dags, *n);
		rc = l->failed;
	}
	return rc;
}

static int load_text(struct loader *l, const char *text, size_t len, struct dag **dags, size_t *n)
{
	struct yaml_text *looked;
	struct err e = {0};
	struct pos pos;
	int rc;

	if (len > LOAD_FILE_MAX) {
		diag_error(l->diags, (struct pos){0, 0}, "the file is larger than %zu MiB",
			LOAD_FILE_MAX >> 20);
		return ERR_INVALID;
	}
	if ((rc = loader_init(l)) != 0)
		return rc;
	rc = yaml_text_create(l->tree, text, len, &looked, &pos, &e);
	if (rc == ERR_INVALID)
		diag_error(l->diags, pos, "%s", e.text);
	if (rc != 0)
		return rc;
	l->text = looked;
	rc = load_documents(l, len, dags, n);
	return rc == 0 && diags_errors(l->diags) > 0 ? ERR_INVALID : rc;
}

int dag_load(const char *text, size_t len, const struct load_options *opts, struct diags *diags,
	struct dag ***dags, size_t *n)
{
	struct loader *l = calloc(1, sizeof(*l));
	struct dag **list = calloc(LOAD_DOCUMENTS_MAX, sizeof(struct dag *));
	size_t count = 0;
	int rc = ERR_NOMEM;

	if (l != NULL && list != NULL) {
		l->opts = opts;
		l->diags = diags;
		rc = load_text(l, text, len, list, &count);
		rc = diags_are_short(diags) ? ERR_NOMEM : rc;
		loader_free(l);
	}
	free(l);
	if (rc == 0) {
		*dags = list;
		*n = count;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		dag_destroy(list[i]);
	free(list);
	return rc;
}
