/* One task: the keys that every operator's task has, and then the operator's own. */
#include <string.h>

#include "engine/load_impl.h"

/* What is being read: a task's own values, and the defaults below them. */
struct reading {
	struct loader *l;
	const struct values *own, *below;
	struct place place;
};

/* The value of a key, own or inherited, or NULL. Messages about it will name where it stands. */
static const struct yaml_node *pick(struct reading *r, enum task_key key)
{
	const struct yaml_node *n = r->own->node[key];

	r->l->place = r->place;
	if (n == NULL && (n = r->below->node[key]) != NULL)
		r->l->place = (struct place){PLACE_DEFAULTS, NULL};
	return n;
}

static void pick_bool(struct reading *r, enum task_key key, bool *out)
{
	const struct yaml_node *n = pick(r, key);

	if (n != NULL)
		(void)load_bool(r->l, &task_keys[key], n, out);
}

static void pick_duration(struct reading *r, enum task_key key, int64_t *out)
{
	const struct yaml_node *n = pick(r, key);

	if (n != NULL)
		(void)load_duration(r->l, &task_keys[key], n, out);
}

static int64_t pick_int(struct reading *r, enum task_key key, int64_t otherwise)
{
	const struct yaml_node *n = pick(r, key);

	if (n != NULL)
		(void)load_int(r->l, &task_keys[key], n, &otherwise);
	return otherwise;
}

static void read_numbers(struct reading *r, struct task *t)
{
	t->retries = (uint32_t)pick_int(r, TASK_KEY_RETRIES, 0);
	t->pool_slots = (uint32_t)pick_int(r, TASK_KEY_POOL_SLOTS, 1);
	t->priority_weight = (int32_t)pick_int(r, TASK_KEY_PRIORITY_WEIGHT, 1);
	t->max_active_tis = (uint32_t)pick_int(r, TASK_KEY_MAX_ACTIVE_TIS, 0);
	t->retry_delay_ms = 300000;
	pick_duration(r, TASK_KEY_RETRY_DELAY, &t->retry_delay_ms);
	pick_duration(r, TASK_KEY_MAX_RETRY_DELAY, &t->max_retry_delay_ms);
	pick_duration(r, TASK_KEY_EXECUTION_TIMEOUT, &t->execution_timeout_ms);
	pick_bool(r, TASK_KEY_RETRY_EXPONENTIAL_BACKOFF, &t->retry_exponential_backoff);
	pick_bool(r, TASK_KEY_IGNORE_FAILURE, &t->ignore_failure);
	pick_bool(r, TASK_KEY_DEPENDS_ON_PAST, &t->depends_on_past);
	pick_bool(r, TASK_KEY_SETUP, &t->is_setup);
	pick_bool(r, TASK_KEY_TEARDOWN, &t->is_teardown);
}

static void read_texts(struct reading *r, struct task *t)
{
	const struct yaml_node *n;

	t->pool = DAG_DEFAULT_POOL;
	if ((n = pick(r, TASK_KEY_POOL)) != NULL &&
		load_plain(r->l, &task_keys[TASK_KEY_POOL], n, &t->pool) && *t->pool == '\0')
		load_error(
			r->l, yaml_node_pos(n), "pool: want the name of a pool, and this is empty");
	if ((n = pick(r, TASK_KEY_DOC)) != NULL)
		(void)load_string(r->l, &task_keys[TASK_KEY_DOC], n, &t->doc);
	if ((n = pick(r, TASK_KEY_SKIP_ON_EXIT_CODE)) != NULL)
		(void)load_exit_codes(r->l, &task_keys[TASK_KEY_SKIP_ON_EXIT_CODE], n,
			&t->skip_exit_codes, &t->n_skip_exit_codes);
}

/* A teardown's rule is fixed. N.B. a default, or the stage's rule, may be meant for the others. */
static void pass_over_rule(struct reading *r, struct task *t)
{
	const struct yaml_node *own = r->own->node[TASK_KEY_TRIGGER_RULE];

	r->l->place = r->place;
	r->l->task_flags[t->number] |= TASK_FLAG_HAS_RULE;
	if (own != NULL)
		load_warning(r->l, yaml_node_pos(own),
			"trigger_rule: it is passed over, for a teardown's is fixed: it runs once "
			"what "
			"it waits for is over, unless none of its setups succeeded");
}

/* N.B. the DAG's default_args are further away than the stage's trigger_rule. */
static void read_rule(struct reading *r, struct task *t)
{
	struct loader *l = r->l;
	const struct yaml_node *n = pick(r, TASK_KEY_TRIGGER_RULE);
	size_t op = (size_t)(r->below - l->defaults);
	int rule = TRIGGER_ALL_SUCCESS;

	if (t->is_teardown) {
		pass_over_rule(r, t);
		return;
	}
	if (n == NULL)
		return;
	if (load_choice(l, &task_keys[TASK_KEY_TRIGGER_RULE], n, &rule))
		t->trigger_rule = (enum trigger_rule)rule;
	if (n != l->dag_defaults[op].node[TASK_KEY_TRIGGER_RULE])
		l->task_flags[t->number] |= TASK_FLAG_HAS_RULE;
}

static void read_conditions(struct reading *r, struct task *t, const struct yaml_node *stage_when)
{
	struct loader *l = r->l;
	struct cond *outer = NULL, *inner = NULL;
	const struct yaml_node *n;

	if (stage_when != NULL) {
		l->place = (struct place){PLACE_STAGE, l->dag->stages[t->stage].name};
		(void)load_condition(l, "when", stage_when, &outer);
	}
	if ((n = pick(r, TASK_KEY_WHEN)) != NULL)
		(void)load_condition(l, "when", n, &inner);
	if (outer == NULL && inner == NULL)
		return;
	t->when = cond_join(l->arena, outer, inner);
	if (t->when == NULL)
		load_nomem(l);
}

static bool has_exprs(const struct yaml_node *layer)
{
	for (uint32_t i = 0; layer != NULL && i < layer->n; i++) {
		const struct yaml_node *v = layer->pairs[i].value;

		if (v->kind == YAML_SCALAR && memchr(v->text, '$', v->n) != NULL)
			return true;
	}
	return false;
}

static void read_environment(struct reading *r, struct task *t)
{
	struct loader *l = r->l;
	const struct yaml_node *own = r->own->node[TASK_KEY_ENVIRONMENT];
	const struct yaml_node *layers[] = {
		l->env_layers[0], l->env_layers[1], l->env_layers[2], own};

	l->place = r->place;
	if (own != NULL && !load_environment_check(l, "environment", own))
		return;
	if (own == NULL && l->is_env_shared) {
		t->environment = l->env_shared;
		t->n_environment = l->n_env_shared;
		return;
	}
	load_environment(l, "environment", layers, 4, &t->environment, &t->n_environment);
	if (own == NULL && !has_exprs(layers[0]) && !has_exprs(layers[1]) &&
		!has_exprs(layers[2])) {
		l->env_shared = t->environment;
		l->n_env_shared = t->n_environment;
		l->is_env_shared = true;
	}
}

static void read_callbacks(struct reading *r, struct task *t)
{
	const struct yaml_node *n;

	if ((n = pick(r, TASK_KEY_ON_SUCCESS)) != NULL)
		load_callbacks(r->l, "on_success", n, &t->on_success);
	if ((n = pick(r, TASK_KEY_ON_FAILURE)) != NULL)
		load_callbacks(r->l, "on_failure", n, &t->on_failure);
	if ((n = pick(r, TASK_KEY_ON_RETRY)) != NULL)
		load_callbacks(r->l, "on_retry", n, &t->on_retry);
}

/* Keys that do nothing, or are wrong, beside others of the task. */
static void check_beside(struct reading *r, const struct task *t)
{
	const struct yaml_node *own = r->own->node[TASK_KEY_MAX_ACTIVE_TIS];

	r->l->place = r->place;
	if (t->is_setup && t->is_teardown)
		load_error(r->l, t->pos, "a task cannot be both a setup and a teardown");
	/* N.B. a default may be meant for others. */
	if (own != NULL && t->max_active_tis > 0 && !t->is_for_each)
		load_warning(r->l, yaml_node_pos(own),
			"max_active_tis: it bounds the instances of a for_each, and this task has "
			"none; over several runs a pool bounds a task, and max_active_runs the "
			"runs themselves");
}

/* All that does not depend on the operator. */
static void read_common(struct reading *r, struct task *t, const struct stage_nodes *stage)
{
	const struct yaml_node *n;

	read_numbers(r, t);
	read_texts(r, t);
	read_rule(r, t);
	read_conditions(r, t, stage->value[STAGE_KEY_WHEN]);
	if ((n = pick(r, TASK_KEY_DEPENDS_ON)) != NULL)
		load_depends_on(r->l, n);
	if ((n = pick(r, TASK_KEY_FOR_EACH)) != NULL)
		load_items(r->l, &task_keys[TASK_KEY_FOR_EACH], n);
	check_beside(r, t);
}

/* The operator that a task names, its own or by default; -1 and told where there is none. */
static int find_operator(struct loader *l, const struct yaml_node *map, struct pos pos)
{
	const struct yaml_node *n = NULL;
	struct place place = l->place;
	int op;

	for (uint32_t i = 0; i < map->n; i++)
		if (map->pairs[i].key->n == 8 &&
			memcmp(map->pairs[i].key->text, "operator", 8) == 0)
			n = map->pairs[i].value;
	if (n == NULL && l->opts->n_ops > 0 && (n = l->defaults[0].node[TASK_KEY_OPERATOR]) != NULL)
		l->place = (struct place){PLACE_DEFAULTS, NULL};
	if (n == NULL) {
		load_error(l, pos,
			"no operator is said; write one here or in default_args, such as "
			"`operator: local`");
		return -1;
	}
	op = load_operator(l, n);
	l->place = place;
	return op;
}

/* A task whose operator is not known: at least its keys are looked at. */
static void check_keys(struct loader *l, const struct yaml_node *map)
{
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		struct yaml_node one = {.kind = YAML_MAP, .n = 1, .pairs = &map->pairs[i]};
		struct values scrap;
		bool is_known = l->opts->n_ops == 0;

		for (size_t op = 0; op < l->opts->n_ops; op++)
			is_known |= key_index_find(&l->op_index[op], key->text, key->n) >= 0;
		if (!is_known)
			(void)load_map(l, &one, &l->op_index[0], "a task", scrap.node);
	}
}

void load_task(struct loader *l, const struct yaml_node *n, const struct stage_nodes *stage)
{
	struct task *t = l->task;
	struct values own;
	struct reading r = {.l = l, .own = &own, .place = {PLACE_TASK, t->id}};
	int op;

	l->place = r.place;
	if (n->kind != YAML_MAP) {
		char found[LOAD_HINT_MAX];

		load_error(l, yaml_node_pos(n), "want a map of keys for a task, found %s",
			yaml_node_describe(n, found, sizeof(found)));
		return;
	}
	op = find_operator(l, n, t->pos);
	if (op < 0) {
		check_keys(l, n);
		return;
	}
	t->op = l->opts->ops[op];
	r.below = &l->defaults[op];
	if (!load_map(l, n, &l->op_index[op], "a task", own.node))
		return;
	l->has_item = false;
	read_common(&r, t, stage);
	l->has_item = t->is_for_each;
	l->place = r.place;
	t->settings = load_settings(l, (size_t)op, &own, t->pos);
	read_environment(&r, t);
	l->has_item = false;
	read_callbacks(&r, t);
	l->place = r.place;
}
