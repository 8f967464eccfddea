/*
 * An operator's keys, and default_args below them.
 *
 * What a task says wins over what its stage's default_args say, and that over the DAG's. Of command
 * and script, one that is said nearer to the task takes the other's place.
 */
#include <stdio.h>
#include <string.h>

#include "engine/hint.h"
#include "engine/load_impl.h"

/* All operators that there are, for whoever names none of them. */
static void operators_name(const struct loader *l, char buffer[LOAD_HINT_MAX])
{
	int n = snprintf(buffer, LOAD_HINT_MAX, "; there are");

	for (size_t i = 0; i < l->opts->n_ops && n < LOAD_HINT_MAX; i++)
		n += snprintf(buffer + n, LOAD_HINT_MAX - (size_t)n, "%s %s", i == 0 ? "" : ",",
			l->opts->ops[i]->name);
}

int load_operator(struct loader *l, const struct yaml_node *n)
{
	char buffer[LOAD_HINT_MAX];
	struct hint h;

	if (n->kind != YAML_SCALAR) {
		load_wrong(l, "operator", n, "the name of an operator");
		return -1;
	}
	if (!yaml_is_null(n) && !load_is_text(l, "operator", n))
		return -1;
	hint_begin(&h, n->text, n->n);
	for (size_t i = 0; i < l->opts->n_ops; i++) {
		const char *name = l->opts->ops[i]->name;

		if (strcmp(name, n->text) == 0)
			return (int)i;
		hint_offer(&h, name, strlen(name));
	}
	if (*load_hint_text(&h, buffer) == '\0')
		operators_name(l, buffer);
	load_error(l, yaml_node_pos(n), "there is no operator \"%s\"%s", n->text, buffer);
	return -1;
}

/* Reads a value that holds no script. */
static bool read_value(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, struct setting *out)
{
	int choice;

	switch (k->type) {
	case KEY_STRING:
		return load_plain(l, k, n, &out->string);
	case KEY_BOOL:
		return load_bool(l, k, n, &out->truth);
	case KEY_INT:
		return load_int(l, k, n, &out->number);
	case KEY_DURATION:
		return load_duration(l, k, n, &out->number);
	case KEY_SIZE:
		return load_size(l, k, n, &out->number);
	case KEY_ENUM:
		if (!load_choice(l, k, n, &choice))
			return false;
		out->string = k->choices[choice];
		return true;
	case KEY_TEMPLATE:
		return load_template(l, k->name, n, TEMPLATE_PLAIN, SH_POSIX, &out->text);
	case KEY_TEMPLATES:
		return load_templates(l, k->name, n, out);
	default:
		load_error(l, yaml_node_pos(n), "%s: no operator may have a key of this type",
			k->name);
		return false;
	}
}

/* N.B. with -s a shell reads nothing, and the task would succeed. */
static void refuse_elsewhere(
	struct loader *l, const struct yaml_node *n, const char *where, char option)
{
	if (option != '\0')
		load_error(l, yaml_node_pos(n),
			"%s: with -%c a shell does not read the script, which comes as a file "
			"behind these words; leave it out",
			where, option);
}

/* N.B. what stands in quotes is replaced too, and its quotes then are code. */
static void refuse_history(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, char option)
{
	if (option != '\0')
		load_error(l, yaml_node_pos(n),
			"%s: with -%c bash puts lines of its history where a ! stands, in a value "
			"too; leave it out, or pass values through environment",
			k->name, option);
}

static bool read_script(struct loader *l, const struct key_def *k, const struct yaml_node *n,
	const char *interpreter, struct setting *out)
{
	bool is_script = k->type == KEY_SCRIPT && n->kind == YAML_SCALAR;
	const char *text = is_script ? n->text : "";
	size_t len = is_script ? n->n : 0;
	enum sh_dialect dialect = SH_POSIX;
	enum template_mode mode = TEMPLATE_SHELL;
	size_t count;

	if (!sh_dialect_find(text, len, interpreter, &dialect))
		mode = TEMPLATE_FOREIGN;
	if (n->kind == YAML_SCALAR && n->n == 0 && !yaml_is_null(n)) {
		load_error(l, yaml_node_pos(n), "%s: want text, and this is empty", k->name);
		return false;
	}
	if (interpreter == NULL || interpreter[0] == '\0')
		refuse_elsewhere(
			l, n, "script: its first line", sh_option_elsewhere(text, len, NULL));
	if (!load_template(l, k->name, n, mode, dialect, &out->text))
		return false;
	(void)template_exprs(out->text, &count);
	if (count > 0)
		refuse_history(l, k, n, sh_option_history(text, len, interpreter));
	return true;
}

static void refuse_both(struct loader *l, const struct yaml_node *script)
{
	load_error(l, yaml_node_pos(script), "both command and script are here; keep one of them");
}

/* command and script: one of them is required (where no key was misspelled that may have been meant
 * for it), and both are refused. */
static void check_scripts(
	struct loader *l, const struct op_spec *op, struct yaml_node *const *nodes, struct pos pos)
{
	int command = op->command_key, script = op->script_key;

	if (command < 0 || script < 0)
		return;
	if (nodes[command] == NULL && nodes[script] == NULL && !l->has_unknown_key)
		load_error(l, pos, "operator %s wants a command or a script", op->name);
	else if (nodes[command] != NULL && nodes[script] != NULL)
		refuse_both(l, nodes[script]);
}

/* Own values over defaults, for the operator's keys alone. */
static void overlay(const struct op_spec *op, struct yaml_node *const *own,
	struct yaml_node *const *below, struct yaml_node **out)
{
	int command = op->command_key, script = op->script_key;

	for (size_t i = 0; i < op->n_keys; i++)
		out[i] = own[i] != NULL ? own[i] : below[i];
	if (command < 0 || script < 0)
		return;
	if (own[command] != NULL && own[script] == NULL)
		out[script] = NULL;
	if (own[script] != NULL && own[command] == NULL)
		out[command] = NULL;
}

/* Whether a value means the same for every task: nothing in it is an expression. */
static bool is_constant(const struct yaml_node *n)
{
	if (n->kind == YAML_SCALAR)
		return memchr(n->text, '$', n->n) == NULL;
	for (uint32_t i = 0; n->kind == YAML_LIST && i < n->n; i++)
		if (!is_constant(n->items[i]))
			return false;
	return n->kind == YAML_LIST;
}

/* What no table of keys can say. */
static void check_together(
	struct loader *l, const struct op_spec *op, const struct setting *list, struct pos pos)
{
	int key = -1;
	const char *why = op->refuse == NULL || l->has_unknown_key ? NULL : op->refuse(list, &key);

	if (why != NULL)
		load_error(l, key < 0 ? pos : list[key].pos, "%s", why);
}

/* An operator's settings under way. */
struct settings {
	const struct op_spec *op;
	struct yaml_node *nodes[LOAD_KEYS_MAX];
	struct yaml_node *const *own; /* which of them are the task's own */
	struct setting *made; /* what came of defaults before */
	struct setting *list;
	const char *interpreter; /* NULL: none is said */
	struct place place;
};

static bool takes_script(const struct key_def *k)
{
	return k->type == KEY_COMMAND || k->type == KEY_SCRIPT;
}

/* Whether what a default comes to is the same for the next task. N.B. a script beside an
 * interpreter of the task's own was not looked at as one that runs itself. */
static bool is_for_all(const struct settings *s, size_t i)
{
	bool has_interpreter =
		s->op->interpreter_key >= 0 && s->own[s->op->interpreter_key] != NULL;

	return is_constant(s->nodes[i]) && !(takes_script(&s->op->keys[i]) && has_interpreter);
}

/* N.B. what a default comes to is kept where it can be: a hundred thousand tasks that inherit a
 * text share one template. */
static void read_setting(struct loader *l, struct settings *s, size_t i)
{
	const struct key_def *k = &s->op->keys[i];
	const struct yaml_node *n = s->nodes[i];
	struct setting *out = &s->list[i];
	bool is_default = s->own[i] == NULL;

	if (is_default && s->made != NULL && s->made[i].is_set) {
		*out = s->made[i];
	} else {
		l->place = is_default ? (struct place){PLACE_DEFAULTS, NULL} : s->place;
		out->pos = yaml_node_pos(n);
		if (takes_script(k))
			out->is_set = read_script(l, k, n, s->interpreter, out);
		else
			out->is_set = read_value(l, k, n, out);
		if ((int)i == s->op->interpreter_key && out->is_set)
			refuse_elsewhere(
				l, n, "interpreter", sh_option_elsewhere("", 0, out->string));
		if (is_default && s->made != NULL && is_for_all(s, i))
			s->made[i] = *out;
	}
	if ((int)i == s->op->interpreter_key && out->is_set)
		s->interpreter = out->string;
}

struct setting *load_settings(struct loader *l, size_t op, const struct values *own, struct pos pos)
{
	const struct op_spec *spec = l->opts->ops[op];
	const struct values *below = &l->defaults[op];
	struct settings s;

	s.op = spec;
	s.own = own->node + TASK_KEY_COUNT;
	s.made = below->made;
	s.interpreter = NULL;
	s.place = l->place;
	s.list = arena_array(l->arena, spec->n_keys, sizeof(*s.list));
	if (s.list == NULL) {
		load_nomem(l);
		return NULL;
	}
	overlay(spec, s.own, below->node + TASK_KEY_COUNT, s.nodes);
	check_scripts(l, spec, s.nodes, pos);
	/* The interpreter comes first: it decides how scripts are read. */
	if (spec->interpreter_key >= 0 && s.nodes[spec->interpreter_key] != NULL)
		read_setting(l, &s, (size_t)spec->interpreter_key);
	for (size_t i = 0; i < spec->n_keys; i++)
		if (s.nodes[i] != NULL && (int)i != spec->interpreter_key)
			read_setting(l, &s, i);
	l->place = s.place;
	check_together(l, spec, s.list, pos);
	return s.list;
}

/* Checks a default where it stands, as far as no task is needed for it. */
static void check_default(struct loader *l, const struct key_def *k, const struct yaml_node *n)
{
	struct setting scrap;
	const uint8_t *codes;
	size_t n_codes;

	switch (k->type) {
	case KEY_STRING:
	case KEY_BOOL:
	case KEY_INT:
	case KEY_DURATION:
	case KEY_SIZE:
	case KEY_ENUM:
		(void)read_value(l, k, n, &scrap);
		break;
	case KEY_EXIT_CODES:
		(void)load_exit_codes(l, k, n, &codes, &n_codes);
		break;
	case KEY_TEMPLATE_MAP:
		(void)load_environment_check(l, k->name, n);
		break;
	case KEY_TEMPLATE:
	case KEY_COMMAND:
	case KEY_SCRIPT:
		(void)load_is_text(l, k->name, n);
		break;
	case KEY_TEMPLATES:
		load_templates_check(l, k->name, n);
		break;
	case KEY_CONDITION:
		load_condition_check(l, k->name, n);
		break;
	case KEY_ITEMS:
		(void)load_items_check(l, k, n);
		break;
	case KEY_CALLBACK:
		load_callbacks_check(l, k->name, n);
		break;
	case KEY_STRINGS: /* of a task's keys this is depends_on alone */
		load_depends_on_check(l, n);
		break;
	default:
		break;
	}
}

/* Puts one default where each operator that knows its key will find it. */
static void add_default(struct loader *l, struct values *into, const struct yaml_pair *p)
{
	bool is_known = false;

	for (size_t op = 0; op < l->opts->n_ops; op++) {
		int number = key_index_find(&l->op_index[op], p->key->text, p->key->n);

		if (number < 0)
			continue;
		if (!is_known && number == TASK_KEY_OPERATOR)
			(void)load_operator(l, p->value);
		else if (!is_known)
			check_default(l, key_index_def(&l->op_index[op], (size_t)number), p->value);
		is_known = true;
		into[op].node[number] = p->value;
	}
	if (!is_known)
		load_unknown_default(l, p->key);
}

/* Of command and script, the nearer one counts: see overlay(). */
static void settle_scripts(struct loader *l, struct values *into, struct values *said)
{
	for (size_t op = 0; op < l->opts->n_ops; op++) {
		int command = l->opts->ops[op]->command_key, script = l->opts->ops[op]->script_key;
		struct yaml_node **own = said[op].node + TASK_KEY_COUNT;
		struct yaml_node *below[LOAD_KEYS_MAX];

		if (command >= 0 && script >= 0 && own[command] != NULL && own[script] != NULL) {
			refuse_both(l, own[script]);
			own[script] = NULL;
		}

		memcpy(below, into[op].node + TASK_KEY_COUNT,
			sizeof(below[0]) * l->opts->ops[op]->n_keys);
		overlay(l->opts->ops[op], said[op].node + TASK_KEY_COUNT, below,
			into[op].node + TASK_KEY_COUNT);
		for (size_t i = 0; i < TASK_KEY_COUNT; i++)
			if (said[op].node[i] != NULL)
				into[op].node[i] = said[op].node[i];
	}
}

void load_defaults(struct loader *l, const struct yaml_node *n, bool is_stage)
{
	size_t size = l->opts->n_ops * sizeof(struct values);
	struct values *into = is_stage ? l->stage_defaults : l->dag_defaults;
	struct values *said = arena_alloc(l->tree, size);
	struct place place = l->place;

	if (is_stage)
		memcpy(into, l->dag_defaults, size);
	for (size_t op = 0; op < l->opts->n_ops; op++)
		into[op].made =
			arena_array(l->tree, l->opts->ops[op]->n_keys, sizeof(struct setting));
	l->defaults = into;
	l->is_env_shared = false;
	l->env_layers[is_stage ? 2 : 1] = NULL;
	if (n == NULL)
		return;
	if (said == NULL) {
		load_nomem(l);
		return;
	}
	if (n->kind != YAML_MAP)
		load_wrong(l, "default_args", n, "a map of task keys");
	l->place = (struct place){PLACE_DEFAULTS, NULL};
	for (uint32_t i = 0; n->kind == YAML_MAP && i < n->n; i++)
		add_default(l, said, &n->pairs[i]);
	settle_scripts(l, into, said);
	if (l->opts->n_ops > 0) {
		struct yaml_node *env = said[0].node[TASK_KEY_ENVIRONMENT];

		if (env != NULL && load_environment_check(l, "environment", env))
			l->env_layers[is_stage ? 2 : 1] = env;
	}
	l->place = place;
}
