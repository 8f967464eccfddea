/*
 * Text with expressions: templates, conditions, the items of for_each, environments. What an
 * expression reads of another task becomes a link.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/load_impl.h"

static void on_problem(void *ctx, bool is_warning, size_t at, const char *sentence)
{
	struct loader *l = ctx;
	struct pos pos = yaml_value_pos(l->text, l->node, at);

	if (is_warning)
		load_warning(l, pos, "%s: %s", l->key, sentence);
	else
		load_error(l, pos, "%s: %s", l->key, sentence);
}

/* Sets what is being compiled, and gives who hears of its problems. */
static struct template_report begin(struct loader *l, const char *key, const struct yaml_node *n)
{
	l->key = key;
	l->node = n;
	return (struct template_report){.ctx = l, .on_problem = on_problem};
}

static void note_variable(struct loader *l, const struct expr *x)
{
	struct dag_variable *v;

	if (l->variable_names == NULL)
		l->variable_names = strmap_create(8);
	if (l->variable_names != NULL &&
		strmap_find(l->variable_names, x->text, x->text_len) != STRMAP_NONE)
		return;
	v = arena_alloc(l->arena, sizeof(*v));
	if (l->variable_names == NULL || v == NULL ||
		strmap_add(l->variable_names, x->text, x->text_len, 0) != 0) {
		load_nomem(l);
		return;
	}
	*v = (struct dag_variable){l->dag->variables, x};
	l->dag->variables = v;
}

/* What expressions read: outputs of tasks, which are waited for, variables and parameters. */
static void note_exprs(
	struct loader *l, const struct yaml_node *n, const struct expr *exprs, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (exprs[i].root == EXPR_VAR)
			note_variable(l, &exprs[i]);
		else if (exprs[i].root == EXPR_PARAM)
			load_param_check(l, n, &exprs[i]);
		else if (exprs[i].root == EXPR_OUTPUT && l->is_callback)
			load_read(l, exprs[i].task, n, &exprs[i]);
		else if (exprs[i].root == EXPR_OUTPUT && l->task != NULL)
			load_link(l, exprs[i].task, n, &exprs[i]);
	}
}

/* Takes note of how compiling ended. What was refused was reported. */
static bool is_made(struct loader *l, int rc)
{
	if (rc == ERR_LIMIT)
		load_error(l, yaml_node_pos(l->node), "%s: this text is too large", l->key);
	else if (rc != 0 && rc != ERR_INVALID)
		load_nomem(l);
	return rc == 0;
}

/* Names of Airflow's templates, and what to write for them; "": there is nothing like it. */
static const char *const airflow_names[][2] = {{"conn.", "conn.ID.host"}, {"dag.dag_id", "dag.id"},
	{"dag_run.conf", "run.conf.NAME"}, {"dag_run.logical_date", "run.logical_date"},
	{"dag_run.run_id", "run.id"}, {"data_interval_end", "run.data_interval_end"},
	{"data_interval_start", "run.data_interval_start"}, {"ds", "run.ds"},
	{"ds_nodash", "run.ds_nodash"}, {"execution_date", "run.logical_date"},
	{"logical_date", "run.logical_date"}, {"macros.", ""}, {"next_ds", ""},
	{"next_execution_date", "run.data_interval_end"}, {"params.", "params.NAME"},
	{"params[", "params.NAME"}, {"prev_ds", ""}, {"run_id", "run.id"},
	{"task.task_id", "task.id"}, {"task_instance.xcom_pull", "TASK.output.logs"},
	{"ti.try_number", "task.try_number"}, {"ti.xcom_pull", "TASK.output.logs"},
	{"tomorrow_ds", ""}, {"ts", "run.ts"}, {"ts_nodash", ""}, {"var.json.", "var.NAME"},
	{"var.value.", "var.NAME"}, {"yesterday_ds", ""}};

/* What to write for the name at p, which is Airflow's where anything is found. */
static const char *airflow_name(const char *p, size_t len)
{
	for (size_t i = 0; i < sizeof(airflow_names) / sizeof(airflow_names[0]); i++) {
		const char *name = airflow_names[i][0];
		size_t n = strlen(name);

		if (len > n && memcmp(p, name, n) == 0 &&
			(name[n - 1] == '.' || name[n - 1] == '[' ||
				memchr(" |}.[(", p[n], 6) != NULL))
			return airflow_names[i][1];
	}
	return NULL;
}

/* Warns of {{ ds }} and its like: here they are text, which would reach the shell as it is. */
static void note_airflow(struct loader *l, const struct yaml_node *n)
{
	const char *end = n->text + n->n, *p = n->text;

	/* N.B. memchr() takes a fraction of memmem()'s time, and here is where it shows. */
	while ((p = memchr(p, '{', (size_t)(end - p))) != NULL) {
		const char *open = p, *name;

		if (++p == end || *p != '{')
			continue;
		for (p++; p < end && (*p == ' ' || *p == '-');)
			p++;
		name = airflow_name(p, (size_t)(end - p));
		if (name != NULL && (open == n->text || open[-1] != '$'))
			load_warning(l, yaml_value_pos(l->text, n, (size_t)(open - n->text)),
				"%s: this is text here, where Airflow puts a value in%s%s%s",
				l->key, *name == '\0' ? "" : ": write $<", name,
				*name == '\0' ? "" : ">");
	}
}

bool load_template(struct loader *l, const char *key, const struct yaml_node *n,
	enum template_mode mode, enum sh_dialect dialect, struct template **out)
{
	struct template_report report = begin(l, key, n);
	struct expr_scope scope = load_scope(l);
	struct template *t;
	const struct expr *exprs;
	size_t count;

	if (!load_is_text(l, key, n))
		return false;
	note_airflow(l, n);
	if (!is_made(l,
		    template_compile(
			    l->arena, l->scan, n->text, n->n, mode, dialect, &scope, &report, &t)))
		return false;
	exprs = template_exprs(t, &count);
	note_exprs(l, n, exprs, count);
	*out = t;
	return true;
}

static bool is_list(struct loader *l, const char *key, const struct yaml_node *n)
{
	if (n->kind != YAML_LIST)
		load_wrong(l, key, n, "a list of texts");
	return n->kind == YAML_LIST;
}

void load_templates_check(struct loader *l, const char *key, const struct yaml_node *n)
{
	if (!is_list(l, key, n))
		return;
	for (uint32_t i = 0; i < n->n; i++)
		(void)load_is_text(l, key, n->items[i]);
}

bool load_templates(
	struct loader *l, const char *key, const struct yaml_node *n, struct setting *out)
{
	struct template **list;
	bool is_good = true;

	if (!is_list(l, key, n))
		return false;
	list = arena_array(l->arena, n->n, sizeof(struct template *));
	if (list == NULL) {
		load_nomem(l);
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++)
		is_good = load_template(l, key, n->items[i], TEMPLATE_PLAIN, SH_POSIX, &list[i]) &&
			is_good;
	if (!is_good)
		return false;
	out->list = list;
	out->n = n->n;
	return true;
}

void load_condition_check(struct loader *l, const char *key, const struct yaml_node *n)
{
	bool truth;

	if (!yaml_is_bool(n, &truth))
		(void)load_is_text(l, key, n);
}

bool load_condition(struct loader *l, const char *key, const struct yaml_node *n, struct cond **out)
{
	struct template_report report = begin(l, key, n);
	struct expr_scope scope = load_scope(l);
	const struct expr *exprs;
	size_t count;
	bool truth;

	if (yaml_is_bool(n, &truth)) {
		*out = cond_constant(l->arena, truth);
		if (*out == NULL)
			load_nomem(l);
		return *out != NULL;
	}
	if (!load_is_text(l, key, n) ||
		!is_made(l, cond_compile(l->arena, l->scan, n->text, n->n, &scope, &report, out)))
		return false;
	exprs = cond_exprs(*out, &count);
	note_exprs(l, n, exprs, count);
	return true;
}

static bool is_string(const struct yaml_node *n)
{
	bool truth;
	int64_t number;

	return n->kind == YAML_SCALAR && !yaml_is_null(n) && !yaml_is_bool(n, &truth) &&
		!yaml_is_int(n, &number);
}

/* Tells of expressions below a list or map, where they would be passed on as they stand. */
static void refuse_exprs(struct loader *l, const char *key, const struct yaml_node *n)
{
	size_t at;

	for (uint32_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		refuse_exprs(l, key, n->items[i]);
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		refuse_exprs(l, key, n->pairs[i].value);
	if (n->kind == YAML_SCALAR && load_expr_find(l, n, &at))
		load_error(l, yaml_value_pos(l->text, n, at),
			"%s: an expression cannot stand inside of an item; make it the item, or "
			"put it into the script",
			key);
}

static bool load_item(
	struct loader *l, const char *key, const struct yaml_node *n, struct for_each_item *out)
{
	if (is_string(n) && memchr(n->text, '$', n->n) != NULL)
		return load_template(l, key, n, TEMPLATE_PLAIN, SH_POSIX, &out->text);
	if (n->kind != YAML_SCALAR)
		refuse_exprs(l, key, n);
	return load_any(l, key, n, &out->value);
}

bool load_items_check(struct loader *l, const struct key_def *k, const struct yaml_node *n)
{
	if (n->kind == YAML_LIST && (int64_t)n->n > k->max)
		load_error(l, yaml_node_pos(n), "%s: want %lld items at most, found %u", k->name,
			(long long)k->max, n->n);
	else if (n->kind != YAML_LIST && !is_string(n))
		load_wrong(l, k->name, n, "a list, or one expression that gives a list");
	else
		return true;
	return false;
}

static void load_item_list(struct loader *l, const struct key_def *k, const struct yaml_node *n)
{
	struct for_each_item *items;
	bool is_good = true;

	items = arena_array(l->arena, n->n, sizeof(*items));
	if (items == NULL) {
		load_nomem(l);
		return;
	}
	for (uint32_t i = 0; i < n->n; i++)
		is_good = load_item(l, k->name, n->items[i], &items[i]) && is_good;
	if (!is_good)
		return;
	l->task->items = items;
	l->task->n_items = n->n;
}

void load_items(struct loader *l, const struct key_def *k, const struct yaml_node *n)
{
	struct template *t;
	size_t count;

	l->task->is_for_each = true;
	if (!load_items_check(l, k, n))
		return;
	if (n->kind == YAML_LIST) {
		load_item_list(l, k, n);
		return;
	}
	if (!load_template(l, k->name, n, TEMPLATE_PLAIN, SH_POSIX, &t))
		return;
	if (!template_is_value(t)) {
		load_wrong(l, k->name, n, "a list, or one expression and nothing around it");
		return;
	}
	load_list_check(l, n, template_exprs(t, &count));
	l->task->items_expr = t;
}

static bool is_variable(const char *s, size_t len)
{
	if (len == 0 || (*s >= '0' && *s <= '9'))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!(s[i] == '_' || (s[i] >= '0' && s[i] <= '9') ||
			    ((s[i] | 0x20) >= 'a' && (s[i] | 0x20) <= 'z')))
			return false;
	return true;
}

bool load_environment_check(struct loader *l, const char *key, const struct yaml_node *n)
{
	if (n->kind != YAML_MAP) {
		load_wrong(l, key, n, "a map of names to texts");
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *name = n->pairs[i].key;

		if (!is_variable(name->text, name->n)) {
			load_error(l, yaml_node_pos(name),
				"%s: \"%s\" is no name of a variable; want letters, digits and _, "
				"no digit "
				"first",
				key, name->text);
		}
	}
	return true;
}

/* A variable, and the layer that it comes from. */
struct variable {
	struct yaml_pair pair;
	size_t layer;
};

/* The pairs of all layers, a later one in the place of the earlier one of its name. */
static int merge_layers(struct strmap *names, const struct yaml_node *const *layers,
	size_t n_layers, struct variable *out, size_t *n)
{
	for (size_t i = 0; i < n_layers; i++) {
		for (uint32_t k = 0; layers[i] != NULL && k < layers[i]->n; k++) {
			const struct yaml_pair *p = &layers[i]->pairs[k];
			uint32_t at = strmap_find(names, p->key->text, p->key->n);

			if (at == STRMAP_NONE) {
				if (strmap_add(names, p->key->text, p->key->n, (uint32_t)*n) != 0)
					return ERR_NOMEM;
				at = (uint32_t)(*n)++;
			}
			out[at] = (struct variable){*p, i};
		}
	}
	return 0;
}

/* N.B. an error in a layer that many tasks share is the layer's, and told once. */
static void load_variables(struct loader *l, const char *key, const struct variable *list, size_t n,
	size_t own_layer, struct env_entry *out, size_t *n_out)
{
	struct place own = l->place;
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		const struct yaml_pair *p = &list[i].pair;

		if (list[i].layer != own_layer)
			l->place = (struct place){
				list[i].layer == 0 ? PLACE_DAG : PLACE_DEFAULTS, NULL};
		out[used].name = arena_memdup(l->arena, p->key->text, p->key->n);
		out[used].pos = yaml_node_pos(p->key);
		if (out[used].name == NULL)
			load_nomem(l);
		else if (load_template(l, key, p->value, TEMPLATE_PLAIN, SH_POSIX, &out[used].text))
			used++;
		l->place = own;
	}
	*n_out = used;
}

void load_environment(struct loader *l, const char *key, const struct yaml_node *const *layers,
	size_t n_layers, struct env_entry **out, size_t *n_out)
{
	struct variable *list = NULL;
	struct strmap *names = NULL;
	size_t room = 0, n = 0;

	for (size_t i = 0; i < n_layers; i++)
		room += layers[i] != NULL ? layers[i]->n : 0;
	if (room == 0)
		return;
	list = malloc(room * sizeof(*list));
	names = strmap_create(room);
	if (list == NULL || names == NULL || merge_layers(names, layers, n_layers, list, &n) != 0 ||
		(*out = arena_array(l->arena, n, sizeof(**out))) == NULL)
		load_nomem(l);
	else
		load_variables(l, key, list, n, n_layers - 1, *out, n_out);
	strmap_destroy(names);
	free(list);
}
