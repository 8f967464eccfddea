/*
 * What the files of the loader share. Private to engine/load*.c.
 *
 * Functions that read parts of a file return nothing: what is wrong goes to the diags, and loading
 * goes on, so that a file's errors all come in one go. Want of memory sticks in loader->failed;
 * from then on what is made is not used.
 */
#ifndef ENGINE_LOAD_IMPL_H
#define ENGINE_LOAD_IMPL_H

#include "engine/load.h"

#include <assert.h>

#include "engine/arena.h"
#include "engine/dag_callback.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "engine/strmap.h"
#include "engine/yaml_tree.h"

#define LOAD_KEYS_MAX 64 /* keys of one kind of map: a task's with its operator's */
#define LOAD_OPS_MAX 32 /* operators */
#define KEY_SLOTS 128 /* a power of two, twice LOAD_KEYS_MAX */

/* What load_is_name() wants, in words. */
#define LOAD_ID_RULE "letters, digits, _, - and dots, a letter or _ first, 250 at most"
#define LOAD_NAME_RULE "letters, digits, _ and -, a letter or _ first, 250 at most"

/* Finds a key's number by its name. Two tables may be one after the other. */
struct key_index {
	const struct key_def *first, *second;
	size_t n_first, n_second;
	uint8_t slot[KEY_SLOTS]; /* number + 1, 0: free */
};

/* An edge as the file says it; node (NULL: the order of stages) and expr (or NULL) say where. */
struct link {
	uint32_t from, to;
	const struct yaml_node *node;
	const struct expr *expr;
};

/* A task that waits for all of a stage. */
struct stage_link {
	uint32_t stage, task;
	const struct yaml_node *node; /* NULL: the order of stages */
};

enum task_flag {
	TASK_FLAG_HAS_RULE = 1 << 0, /* a rule of its own, which the stage's does not replace */
	TASK_FLAG_INNER = 1 << 1, /* waits for another task of its stage */
};

/* A stage as it stands in the file. */
struct stage_nodes {
	struct yaml_node *value[STAGE_KEY_COUNT];
	const struct yaml_node *tasks;
	int rule; /* its trigger_rule, or -1 */
};

/* The values of a task's keys, by number: the language's first, then the operator's. */
struct values {
	struct yaml_node *node[LOAD_KEYS_MAX];
	struct setting *made; /* defaults only: what came of the operator's that have no `$` */
};

/* Where the loader stands, for the front of its messages. */
enum place_kind { PLACE_DAG, PLACE_STAGE, PLACE_TASK, PLACE_DEFAULTS, PLACE_PARAM };

struct place {
	enum place_kind kind;
	const char *name; /* of a stage or parameter; a task's id */
};

struct loader {
	const struct load_options *opts;
	struct diags *diags;
	struct arena *tree; /* the nodes' */
	struct yaml_text *text;
	struct scan *scan;
	int failed; /* ERR_NOMEM once memory was short */
	struct key_index dag_index, stage_index, param_index, url_index;
	struct key_index op_index[LOAD_OPS_MAX]; /* task_keys, then each operator's */

	/* The DAG under way. */
	struct dag *dag;
	struct arena *arena;
	struct strmap *param_names;
	struct strmap *variable_names; /* dag->variables as written; NULL: none yet */
	struct link *links;
	size_t n_links, cap_links;
	struct link *reads; /* what callbacks read, which nothing waits for; `to` means nothing */
	size_t n_reads, cap_reads;
	struct yaml_node *const *dag_values; /* by enum dag_key */
	struct values *dag_defaults; /* by operator: the DAG's default_args */
	struct values *stage_defaults; /* the same with the stage's over them */
	const struct values *defaults; /* those of the two that count now */
	const struct yaml_node *env_layers[3]; /* of the DAG, its and the stage's default_args */
	struct env_entry *env_shared; /* what all tasks without variables of their own have */
	size_t n_env_shared;
	bool is_env_shared; /* the two above are made */
	uint8_t *task_flags; /* by task: enum task_flag */
	struct stage_nodes *stage_nodes; /* by stage */
	struct stage_link *stage_links;
	size_t n_stage_links, cap_stage_links;

	/* What is being read now. */
	struct place place;
	struct task *task; /* NULL: nothing of a task */
	const struct yaml_node *node; /* the scalar that is being compiled */
	const char *key;
	bool has_item; /* $<item> may be used */
	bool has_unknown_key; /* the map that was read last */
	bool is_callback; /* one's own output may be read, and nothing is waited for */
};

/* load_report.c */

void load_nomem(struct loader *l);

/* An error or a warning, behind the name of the place where the loader stands. */
void load_error(struct loader *l, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void load_warning(struct loader *l, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* Whether hints are still worth their time: past the maximum of errors none is shown. */
bool load_wants_hints(const struct loader *l);

/* `; did you mean "NAME"?` of a finished search, or "". Uses buffer, and returns it. */
struct hint;
#define LOAD_HINT_MAX 300
const char *load_hint_text(const struct hint *h, char buffer[LOAD_HINT_MAX]);

/* load_keys.c */

void key_index_make(struct key_index *x, const struct key_def *first, size_t n_first,
	const struct key_def *second, size_t n_second);
int key_index_find(const struct key_index *x, const char *name, size_t len);
const struct key_def *key_index_def(const struct key_index *x, size_t number);

/* Sorts a map's values by their keys' numbers; what: "a task", "a stage", for messages. False, and
 * told, where the node is no map. Unknown keys are told of and left out. */
bool load_map(struct loader *l, const struct yaml_node *map, const struct key_index *x,
	const char *what, struct yaml_node **values);

/* load_unknown.c */

/* Tells of a key of a map that is in none of its tables; what: as of load_map(). */
void load_unknown_key(
	struct loader *l, const struct yaml_node *key, const struct key_index *x, const char *what);

/* Tells of a key of default_args that no operator's task has. */
void load_unknown_default(struct loader *l, const struct yaml_node *key);

/* load_value.c */

/* Tells that a value is not what its key wants. */
void load_wrong(struct loader *l, const char *key, const struct yaml_node *n, const char *want);

/* Whether a node is text that a C string can hold; tells where it is not. */
bool load_is_text(struct loader *l, const char *key, const struct yaml_node *n);

/* Each reads a value of one type; false, and told, where it is none. */
bool load_string(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, const char **out);
/* Finds the first expression in the text of a scalar. False: there is none, or it was told that
 * memory is short. */
bool load_expr_find(struct loader *l, const struct yaml_node *n, size_t *at);
/* Text that is used as it stands: an expression in it is refused. */
bool load_plain(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, const char **out);
bool load_strings(struct loader *l, const struct key_def *k, const struct yaml_node *n,
	const char ***out, size_t *n_out);
bool load_bool(struct loader *l, const struct key_def *k, const struct yaml_node *n, bool *out);
bool load_int(struct loader *l, const struct key_def *k, const struct yaml_node *n, int64_t *out);
bool load_duration(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, int64_t *out);
bool load_size(struct loader *l, const struct key_def *k, const struct yaml_node *n, int64_t *out);
bool load_choice(struct loader *l, const struct key_def *k, const struct yaml_node *n, int *out);
bool load_exit_codes(struct loader *l, const struct key_def *k, const struct yaml_node *n,
	const uint8_t **out, size_t *n_out);

/* A node as a value, nothing of it being an expression. */
bool load_any(struct loader *l, const char *key, const struct yaml_node *n, struct value *out);

/* load_text.c: text with expressions */

bool load_template(struct loader *l, const char *key, const struct yaml_node *n,
	enum template_mode mode, enum sh_dialect dialect, struct template **out);
bool load_templates(
	struct loader *l, const char *key, const struct yaml_node *n, struct setting *out);
bool load_condition(
	struct loader *l, const char *key, const struct yaml_node *n, struct cond **out);
void load_items(struct loader *l, const struct key_def *k, const struct yaml_node *n);

/* Each tells of a value that is of another type than its key wants, as far as no task is needed to
 * say so; for defaults, which every task may have replaced. */
void load_templates_check(struct loader *l, const char *key, const struct yaml_node *n);
void load_condition_check(struct loader *l, const char *key, const struct yaml_node *n);
bool load_items_check(struct loader *l, const struct key_def *k, const struct yaml_node *n);

/* Variables of several layers, NULL ones left out, the later winning, in an order that is stable.
 */
void load_environment(struct loader *l, const char *key, const struct yaml_node *const *layers,
	size_t n_layers, struct env_entry **out, size_t *n_out);

/* Whether a node is a map of variables; tells where it is none, and of names that are none. */
bool load_environment_check(struct loader *l, const char *key, const struct yaml_node *n);

/* load_dag.c, load_param.c, load_schedule.c */

void load_dag(struct loader *l, const struct yaml_node *root);
void load_params(struct loader *l, const struct yaml_node *n);
void load_schedule(struct loader *l);

/* load_stage.c, load_task.c, load_settings.c */

/* Whether text is a name by the language's pattern; a dag_id may hold dots. */
bool load_is_name(const char *text, size_t len, bool dots);

void load_stages(struct loader *l, const struct yaml_node *stages, const struct yaml_node *tasks);
void load_task(struct loader *l, const struct yaml_node *n, const struct stage_nodes *stage);

/* Reads default_args: the DAG's, or a stage's, which counts from then on. */
void load_defaults(struct loader *l, const struct yaml_node *n, bool is_stage);

/* The place in opts->ops of the operator that a node names; -1 and told where there is none. */
int load_operator(struct loader *l, const struct yaml_node *n);

/* An operator's settings of a task's or callback's own values and the defaults below them. NULL
 * where memory is short. */
struct setting *load_settings(
	struct loader *l, size_t op, const struct values *own, struct pos pos);

/* load_callback.c */

/* Whether an action may have this key of a task beside its operator's. */
bool load_is_action_key(size_t key);

void load_callbacks(
	struct loader *l, const char *key, const struct yaml_node *n, struct callback **out);

/* Tells where they are neither a map nor a list of maps, for defaults. */
void load_callbacks_check(struct loader *l, const char *key, const struct yaml_node *n);

/* load_name.c: what an expression or depends_on may name */

struct expr_scope load_scope(struct loader *l);

/* Reads depends_on of the current task. */
void load_depends_on(struct loader *l, const struct yaml_node *n);

/* Tells where it is no list of names, for defaults. */
void load_depends_on_check(struct loader *l, const struct yaml_node *n);

/* Finds a stage by the name in a scalar; UINT32_MAX and told where there is none. */
uint32_t load_stage_find(struct loader *l, const struct yaml_node *n);

/* load_link.c */

/* Notes that the current task waits for another, or for all of a stage. */
void load_link(
	struct loader *l, uint32_t from, const struct yaml_node *node, const struct expr *expr);
void load_stage_link(struct loader *l, uint32_t stage, uint32_t task, const struct yaml_node *node);

/* Notes that a callback reads the output of a task, its own or another. */
void load_read(
	struct loader *l, uint32_t from, const struct yaml_node *node, const struct expr *expr);

/* load_graph.c */

/* Makes the edges and the order of the DAG; tells of a cycle. */
void load_graph(struct loader *l);

/* load_limits.c */

/* Tells where no run could be made of the DAG, its edges being made: it would be too large. */
void load_limits(struct loader *l);

/* load_cycle.c */

/* Tells of a cycle of nodes (joins among them), along the edges. */
void load_cycle(struct loader *l, const uint32_t *nodes, size_t n);

/* Tells of a cycle of "tasks" or "stages", by their numbers. */
void load_cycle_text(
	struct loader *l, struct pos pos, const char *what, const uint32_t *list, size_t n);

/* Where a link is said: for an expression, the expression's place in its text. */
struct pos load_link_pos(const struct loader *l, const struct link *k);

/* load_type.c */

/* Tells of an expression of a parameter that fails whatever the run brings, by its type. */
void load_param_check(struct loader *l, const struct yaml_node *n, const struct expr *x);

/* Tells of an expression that is certain to give something else than a list. */
void load_list_check(struct loader *l, const struct yaml_node *n, const struct expr *x);

/* load_reach.c */

/* Tells of expressions that reach into an output where nothing can be. */
void load_reach(struct loader *l);

#endif
