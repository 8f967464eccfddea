/* What the files of the Code Stream importer share. Private to cli/import_codestream*.c. */
#ifndef CLI_IMPORT_CODESTREAM_H
#define CLI_IMPORT_CODESTREAM_H

#include "cli/import.h"
#include "engine/diag.h"
#include "engine/yaml_tree.h"

#define CODESTREAM_TASKS_MAX 10000 /* of one pipeline */
#define CODESTREAM_NAME_MAX 1024 /* bytes of Stage.Task */
#define CODESTREAM_DOTS_MAX 16 /* that it may hold */
#define CODESTREAM_INPUTS_MAX 8 /* inputs that name inputs */

enum codestream_type { CODESTREAM_SSH, CODESTREAM_CONDITION, CODESTREAM_REST, CODESTREAM_OTHER };

struct codestream_task {
	const char *name; /* there */
	const char *made; /* here */
	const struct yaml_node *node; /* its map */
	uint32_t stage, group; /* tasks of one group run side by side */
	enum codestream_type type;
	bool follows_skip; /* one before it may be skipped: it must not wait for a success */
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
	struct strmap *param_map; /* places in params, by the names of there */
	struct import_aliases *connections; /* of the whole file, by host and login */
	struct import_aliases *variables; /* of the whole file, by their names of there */
	struct codestream_stage *stages;
	struct codestream_task *tasks;
	struct strmap *task_map; /* places in tasks, by Stage.Task of there */
	size_t n_stages, n_tasks, tasks_cap;
	bool may_skip; /* a task that was read may be skipped */
	const struct yaml_node *at; /* the text that is looked at, and where in it */
	size_t at_byte;
	const struct yaml_node
		*looked; /* a text, and where in it neither } nor a line's end stands */
	const char *looked_from, *looked_to;
	char quote; /* of the literal that is made */
	const struct codestream_task *status_of; /* whose status a condition asked for last */
	const struct yaml_node *inputs[CODESTREAM_INPUTS_MAX + 1]; /* each stands in the last */
	bool is_short; /* of memory */
};

/* import_codestream_node.c */

/* A member of a map, or NULL; where it is nothing (null, or an empty text) NULL too. */
const struct yaml_node *codestream_member(const struct yaml_node *map, const char *key);

/* Its text; NULL where it is none. */
const char *codestream_member_text(const struct yaml_node *map, const char *key);

/* Tells of something at a node; of members that nothing is made of. known ends with NULL. */
void codestream_note(struct codestream *c, const struct yaml_node *n, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void codestream_note_unknown(
	struct codestream *c, const struct yaml_node *map, const char *const *known);

/* import_codestream_task.c */

/* A task as it stands in a DAG file. */
struct value codestream_task_make(struct codestream *c, const struct codestream_task *t);

/* import_codestream_text.c */

/* Where text goes. */
enum codestream_place {
	CODESTREAM_PLAIN, /* a key that takes values as they are */
	CODESTREAM_SHELL, /* a shell script */
	CODESTREAM_PROGRAM, /* a script for something else: values must be spliced in */
	CODESTREAM_CONDITION_TEXT, /* a condition, in Code Stream's spelling */
	CODESTREAM_CONDITION_WORDS, /* text in its quotes */
};

/* The text with its ${...} turned into expressions of here; what has no counterpart is told. NULL:
 * no memory. */
const char *codestream_text(
	struct codestream *c, const struct yaml_node *n, enum codestream_place place);

/* The name that a variable of there has here; *news receives a sentence where that is another, and
 * new. NULL: no memory. */
const char *codestream_variable(
	struct import_aliases *variables, const char *name, const char **news, struct arena *a);

/* Whether a text has anything between ${ and }. */
bool codestream_is_bound(const struct yaml_node *n);

#endif
