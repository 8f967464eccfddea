/* What the files of the Code Stream importer share. Private to cli/import_codestream*.c. */
#ifndef CLI_IMPORT_CODESTREAM_H
#define CLI_IMPORT_CODESTREAM_H

#include "cli/import.h"
#include "engine/diag.h"
#include "engine/yaml_tree.h"

#define CODESTREAM_TASKS_MAX 10000 /* of one pipeline */
#define CODESTREAM_INPUTS_MAX 8 /* inputs that name inputs */

enum codestream_type { CODESTREAM_SSH, CODESTREAM_CONDITION, CODESTREAM_REST, CODESTREAM_OTHER };

struct codestream_task {
	const char *name; /* there */
	const char *made; /* here */
	const struct yaml_node *node; /* its map */
	uint32_t stage, group; /* tasks of one group run side by side */
	enum codestream_type type;
};

struct codestream_stage {
	const char *name, *made;
	uint32_t first, n; /* its tasks */
};

/* One pipeline. */
struct codestream {
	struct arena *arena;
	struct yaml_text *text;
	struct diags *notes;
	const char *dag_id;
	const struct yaml_node *params; /* `input` of the pipeline; NULL: none */
	struct import_names param_names; /* in the order of params */
	struct import_names *connection_names;
	struct import_map *connections; /* of the whole file: by host, their ids */
	struct codestream_stage *stages;
	struct codestream_task *tasks;
	uint32_t n_stages, n_tasks;
	const struct yaml_node *inputs[CODESTREAM_INPUTS_MAX + 1]; /* each stands in the last */
	bool is_short; /* of memory */
};

/* A member of a map, or NULL; where it is nothing (null, or an empty text) NULL too. */
const struct yaml_node *codestream_member(const struct yaml_node *map, const char *key);

/* Its text; NULL where it is none. */
const char *codestream_member_text(const struct yaml_node *map, const char *key);

/* Tells of something at a node; of members that nothing is made of. known ends with NULL. */
void codestream_note(struct codestream *c, const struct yaml_node *n, const char *what);
void codestream_note_unknown(
	struct codestream *c, const struct yaml_node *map, const char *const *known);

/* A task as it stands in a DAG file. */
struct value codestream_task_make(struct codestream *c, const struct codestream_task *t);

/* Where text goes. */
enum codestream_place {
	CODESTREAM_PLAIN, /* a key that takes values as they are */
	CODESTREAM_SHELL, /* a shell script */
	CODESTREAM_PROGRAM, /* a script for something else: values must be spliced in */
	CODESTREAM_CONDITION_TEXT, /* a condition, in Code Stream's spelling */
};

/* The text with its ${...} turned into expressions of here; what has no counterpart is told. NULL:
 * no memory. */
const char *codestream_text(
	struct codestream *c, const struct yaml_node *n, enum codestream_place place);

/* Whether a text has anything between ${ and }. */
bool codestream_is_bound(const struct yaml_node *n);

#endif
