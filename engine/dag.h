/*
 * The DAG: what a file says, checked and resolved. Made by engine/load.h, never changed after it,
 * and safe to be read by several runs at once. Everything in it lives in its arena.
 */
#ifndef ENGINE_DAG_H
#define ENGINE_DAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/cond.h"
#include "engine/diag.h"
#include "engine/keys.h"
#include "engine/template.h"
#include "engine/timetable.h"
#include "engine/trigger.h"
#include "engine/value.h"

#define DAG_TASKS_MAX 1000000 /* tasks of one DAG */
#define DAG_NAME_MAX 250 /* bytes of a name */
#define DAG_ONLY_STAGE "main" /* the stage of a DAG that has tasks alone */
#define DAG_DEFAULT_POOL "default_pool" /* of a task that names none */
#define DAG_FEW_TASKS 8 /* of a stage, whose names need no map */
#define DAG_EDGES_MAX 50000000 /* edges of one DAG */

/* The value of one operator key of a task. Which member holds it follows from the key's type. */
struct setting {
	struct pos pos;
	bool is_set;
	uint32_t n; /* KEY_TEMPLATES: how many there are in list */
	union {
		bool truth; /* KEY_BOOL */
		int64_t number; /* KEY_INT, KEY_DURATION (ms), KEY_SIZE */
		const char *string; /* KEY_STRING, KEY_ENUM */
		struct template *text; /* KEY_TEMPLATE, KEY_COMMAND, KEY_SCRIPT */
		struct template **list; /* KEY_TEMPLATES */
	};
};

/* One variable of `environment:`. */
struct env_entry {
	const char *name;
	struct template *text;
	struct pos pos;
};

/* One item of a list that for_each: writes out. */
struct for_each_item {
	struct value value; /* the item as it stands, where it holds no expression */
	struct template *text; /* a string with expressions; NULL: none. In deeper strings of a list
				* or an object expressions are refused at load, never passed on. */
};

/* An expression that reads a variable. */
struct dag_variable {
	struct dag_variable *next; /* NULL: the last */
	const struct expr *expr;
};

struct strmap;
struct callback; /* engine/dag_callback.h: an action on success, failure or retry */

struct task {
	const char *name; /* within its stage */
	const char *id; /* Stage.task */
	uint32_t number; /* its place in dag->tasks, which is file order */
	uint32_t stage;
	struct pos pos;
	const char *doc;
	const struct op_spec *op;
	struct setting *settings; /* op->n_keys of them, by the key's number */
	struct env_entry *environment; /* the DAG's, default_args' and the task's own, merged */
	size_t n_environment;

	enum trigger_rule trigger_rule;
	struct cond *when; /* NULL: none; a stage's condition is joined in */
	uint32_t retries;
	int64_t retry_delay_ms, max_retry_delay_ms; /* 0: no maximum */
	bool retry_exponential_backoff;
	int64_t execution_timeout_ms; /* 0: none */
	bool ignore_failure, depends_on_past, is_setup, is_teardown;
	const uint8_t *skip_exit_codes;
	size_t n_skip_exit_codes;
	const char *pool;
	uint32_t pool_slots;
	int32_t priority_weight;
	uint32_t max_active_tis; /* 0: no maximum */

	bool is_for_each;
	struct for_each_item
		*items; /* for_each: a list written in the file; NULL where an expression */
	size_t n_items;
	struct template *items_expr; /* for_each: the expression that gives the list */

	struct callback *on_success, *on_failure, *on_retry;
};

struct stage {
	const char *name;
	struct pos pos;
	uint32_t first_task, n_tasks; /* tasks of a stage are neighbours in dag->tasks */
	const uint32_t *upstream; /* stages it follows */
	size_t n_upstream;
	struct strmap *task_names; /* to their numbers in the stage; NULL where they are few */
};

struct param {
	const char *name;
	const char *description;
	const char *pattern;
	enum value_type type;
	bool is_integer; /* type integer: VALUE_NUMBER without a fraction */
	bool has_default;
	struct value dflt;
	const struct value *choices; /* enum: NULL or n_choices values */
	size_t n_choices;
	const struct value *minimum, *maximum;
	struct pos pos;
};

/* Edges: those of node t are list[offset[t]] .. list[offset[t + 1] - 1], sorted. */
struct edges {
	const uint32_t *offset;
	const uint32_t *list;
};

/*
 * The edges of a DAG. Nodes 0 .. n_tasks - 1 are its tasks; node n_tasks + j, where there is one,
 * is join j: a stage as a whole.
 *
 * Where many tasks follow all of a stage of many, an edge from each to each would make millions. A
 * join stands between: edges lead from the stage's tasks into it and from it to those that follow.
 * N.B. it means just what the single edges would: who has a join upstream has all of the join's
 * upstream, and a trigger rule looks at these tasks, never at the join. Joins never follow each
 * other. dag_edges_expand() gives the single edges to whoever wants them.
 */
struct dag {
	struct arena *arena;
	const char *file;
	const char *dag_id, *description, *doc, *owner;
	const char **tags;
	size_t n_tags;
	struct pos pos;
	struct timetable *timetable; /* never NULL */
	const char *schedule_text; /* as written, for listings; "" where manual only */
	const char *timezone;
	const struct zone *zone;
	int64_t start_date, end_date; /* INSTANT_NONE where not said */
	bool catchup, is_paused_upon_creation;
	uint32_t max_active_runs, max_active_tasks;
	int64_t dagrun_timeout_ms; /* 0: none */
	struct param *params;
	size_t n_params;
	struct stage *stages;
	uint32_t n_stages;
	struct task *tasks;
	uint32_t n_tasks;
	uint32_t n_joins;
	const uint32_t *joins; /* the stage that each stands for */
	struct edges upstream, downstream; /* of n_tasks + n_joins nodes */
	struct strmap *stage_names; /* to their numbers */
	const uint32_t *order; /* the tasks in a topological order, stable in file order */
	struct callback *on_success, *on_failure;
	struct dag_variable *variables; /* that any expression in it names, each spelling once */
};

/* Frees the DAG and all in it. NULL is fine. */
void dag_destroy(struct dag *d);

/* The number of a stage, and of a task in it; UINT32_MAX where there is none. */
uint32_t dag_stage_number(const struct dag *d, const char *name, size_t len);
uint32_t dag_task_number(const struct dag *d, uint32_t stage, const char *name, size_t len);

/* How many edges dag_edges_expand() takes joins apart to; one that is said twice may count twice.
 */
uint64_t dag_edges_count(const struct dag *d);

/* The edges from task to task, without joins: the DAG's own where it has none, else made in the
 * arena. ERR_LIMIT where they are more than DAG_EDGES_MAX; ERR_NOMEM. */
int dag_edges_expand(const struct dag *d, struct arena *a, struct edges *up, struct edges *down);

/* The task with this full name (Stage.task; for a DAG without stages the bare name too), or NULL.
 */
const struct task *dag_task_find(const struct dag *d, const char *id, size_t len);

/* The task that a person means: by its full name, or a bare one that only one stage has.
 * ERR_NOTFOUND and a sentence with the nearest. */
int dag_task_meant(const struct dag *d, const char *name, const struct task **out, struct err *e);

#endif
