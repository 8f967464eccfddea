/*
 * The loader: the text of a DAG file into DAGs. libyaml's events become nodes with their places,
 * and the nodes become the model by the tables of engine/keys.h. Pure: the text comes in.
 */
#ifndef ENGINE_LOAD_H
#define ENGINE_LOAD_H

#include <stddef.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/zone.h"

#define LOAD_FILE_MAX ((size_t)64 << 20) /* bytes of a file */
#define LOAD_DEPTH_MAX 64 /* how deep a file's nodes may nest */
#define LOAD_DOCUMENTS_MAX 1000 /* DAGs in one file */
#define LOAD_ALIAS_NODES_MAX 1000000 /* nodes that aliases may stand for, all together */

struct scan;

struct load_options {
	const struct op_spec *const *ops; /* the operators there are */
	size_t n_ops;
	const struct zone_source *zones;
	const char *default_id; /* dag_id of a file that says none: its name without the ending */
	struct scan *scan; /* engine/scan.h; for loading many files. NULL: one of this load's own */
	const struct arena_memory *memory; /* what DAGs live in; NULL: malloc's */
};

/* Loads every document of text. On success *dags is a malloc'd array of *n DAGs (the caller frees
 * each with dag_destroy, and the array). All that is wrong stands in diags, whose file name is used
 * for dag->file: where diags_errors() is not 0, ERR_INVALID is returned and no DAG.
 * ERR_NOMEM otherwise. */
int dag_load(const char *text, size_t len, const struct load_options *opts, struct diags *diags,
	struct dag ***dags, size_t *n);

#endif
