/* params: what a run may be given, and what it is given where nothing is said. */
#include <string.h>

#include "engine/load_impl.h"
#include "engine/param.h"

/* What the type key of a parameter may say, in the order of its choices. */
static const struct {
	enum value_type type;
	bool is_integer;
} types[] = {
	{VALUE_STRING, false},
	{VALUE_NUMBER, true},
	{VALUE_NUMBER, false},
	{VALUE_BOOL, false},
	{VALUE_LIST, false},
	{VALUE_MAP, false},
};

/* A parameter that says no type has its default's. Nothing is of no type, and 1.0 is no integer
 * where nobody says so. */
static void take_type(struct param *p, const struct value *v)
{
	if (v->type == VALUE_NULL)
		return;
	p->type = v->type;
	p->is_integer = v->type == VALUE_NUMBER && strpbrk(v->u.text, ".eE") == NULL;
}

static const struct value *load_bound(
	struct loader *l, const struct param *p, enum param_key key, const struct yaml_node *n)
{
	const char *name = param_keys[key].name;
	struct value *v;

	if (n == NULL)
		return NULL;
	v = arena_alloc(l->arena, sizeof(*v));
	if (v == NULL) {
		load_nomem(l);
		return NULL;
	}
	if (!load_any(l, name, n, v))
		return NULL;
	if (v->type != VALUE_NUMBER) {
		load_wrong(l, name, n, "a number");
		return NULL;
	}
	if (p->type != VALUE_NUMBER) {
		load_error(l, yaml_node_pos(n), "%s: a parameter of type %s has none", name,
			param_type_name(p));
		return NULL;
	}
	return v;
}

static void load_bounds(struct loader *l, struct param *p, struct yaml_node *const *value)
{
	p->minimum = load_bound(l, p, PARAM_KEY_MINIMUM, value[PARAM_KEY_MINIMUM]);
	p->maximum = load_bound(l, p, PARAM_KEY_MAXIMUM, value[PARAM_KEY_MAXIMUM]);
	if (p->minimum != NULL && p->maximum != NULL &&
		value_number_compare(p->minimum->u.text, p->minimum->len, p->maximum->u.text,
			p->maximum->len) > 0)
		load_error(l, yaml_node_pos(value[PARAM_KEY_MINIMUM]),
			"minimum: %.100s is more than the maximum, %.100s; no value lies between",
			p->minimum->u.text, p->maximum->u.text);
}

/* Checks a value that the file gives: the default, or one of enum. */
static void check(struct loader *l, const struct param *p, const struct value *v,
	const struct yaml_node *n, const char *key)
{
	struct place place = l->place;
	struct err e;
	int rc = param_check(p, v, &e);

	l->place = (struct place){PLACE_DAG, NULL};
	if (rc == ERR_NOMEM)
		load_nomem(l);
	else if (rc != 0)
		load_error(l, yaml_node_pos(n), "%s of parameter %s", key, e.text);
	l->place = place;
}

static void load_choices(struct loader *l, struct param *p, const struct yaml_node *n)
{
	struct value list;

	if (n == NULL)
		return;
	if (n->kind != YAML_LIST || n->n == 0) {
		load_wrong(l, "enum", n, "a list of values");
		return;
	}
	if (!load_any(l, "enum", n, &list))
		return;
	for (size_t i = 0; i < list.len; i++)
		check(l, p, &list.u.items[i], n->items[i], "enum");
	p->choices = list.u.items;
	p->n_choices = list.len;
}

static void load_pattern(struct loader *l, struct param *p, const struct yaml_node *n)
{
	struct err e;
	const char *pattern;
	int rc;

	if (n == NULL || !load_string(l, &param_keys[PARAM_KEY_PATTERN], n, &pattern))
		return;
	rc = param_pattern_check(pattern, &e);
	if (rc == ERR_NOMEM)
		load_nomem(l);
	else if (rc != 0)
		load_error(l, yaml_node_pos(n), "pattern: %s", e.text);
	else if (p->type != VALUE_STRING)
		load_error(l, yaml_node_pos(n), "pattern: a parameter of type %s has none",
			param_type_name(p));
	else
		p->pattern = pattern;
}

static void load_type(struct loader *l, struct param *p, struct yaml_node *const *value)
{
	const struct yaml_node *choices = value[PARAM_KEY_ENUM];
	struct value first;
	int choice = 0;

	p->type = VALUE_STRING;
	if (value[PARAM_KEY_TYPE] != NULL) {
		(void)load_choice(l, &param_keys[PARAM_KEY_TYPE], value[PARAM_KEY_TYPE], &choice);
		p->type = types[choice].type;
		p->is_integer = types[choice].is_integer;
	} else if (p->has_default) {
		take_type(p, &p->dflt);
	} else if (choices != NULL && choices->kind == YAML_LIST && choices->n > 0 &&
		load_any(l, "enum", choices->items[0], &first)) {
		take_type(p, &first);
	} else if (value[PARAM_KEY_MINIMUM] != NULL || value[PARAM_KEY_MAXIMUM] != NULL) {
		p->type = VALUE_NUMBER;
	}
}

/* Written out, as a map. */
static void load_spec(struct loader *l, struct param *p, const struct yaml_node *n)
{
	struct yaml_node *value[PARAM_KEY_COUNT];

	if (!load_map(l, n, &l->param_index, "a parameter", value))
		return;
	if (value[PARAM_KEY_DEFAULT] != NULL)
		p->has_default = load_any(l, "default", value[PARAM_KEY_DEFAULT], &p->dflt);
	load_type(l, p, value);
	if (value[PARAM_KEY_DESCRIPTION] != NULL)
		(void)load_string(l, &param_keys[PARAM_KEY_DESCRIPTION],
			value[PARAM_KEY_DESCRIPTION], &p->description);
	load_bounds(l, p, value);
	load_pattern(l, p, value[PARAM_KEY_PATTERN]);
	load_choices(l, p, value[PARAM_KEY_ENUM]);
	if (p->has_default)
		check(l, p, &p->dflt, value[PARAM_KEY_DEFAULT], "default");
}

/* A bare value is short for its own type and default; a map is always a parameter written out. */
static void load_param(struct loader *l, struct param *p, const struct yaml_pair *pair)
{
	p->pos = yaml_node_pos(pair->key);
	p->name = arena_memdup(l->arena, pair->key->text, pair->key->n);
	if (p->name == NULL) {
		load_nomem(l);
		return;
	}
	if (!load_is_name(pair->key->text, pair->key->n, false))
		load_error(l, p->pos, "\"%.300s\" is no name of a parameter; want " LOAD_NAME_RULE,
			p->name);
	l->place = (struct place){PLACE_PARAM, p->name};
	if (pair->value->kind == YAML_MAP) {
		load_spec(l, p, pair->value);
	} else if (yaml_is_null(pair->value)) {
		load_error(l, yaml_node_pos(pair->value),
			"found nothing; want a default, or {type: string} where the trigger must "
			"say it");
	} else {
		p->has_default = load_any(l, "default", pair->value, &p->dflt);
		take_type(p, &p->dflt);
	}
	l->place = (struct place){PLACE_DAG, NULL};
}

void load_params(struct loader *l, const struct yaml_node *n)
{
	if (n->kind != YAML_MAP) {
		load_wrong(l, "params", n, "a map of names to parameters");
		return;
	}
	l->dag->params = arena_array(l->arena, n->n, sizeof(*l->dag->params));
	l->param_names = strmap_create(n->n);
	if (l->dag->params == NULL || l->param_names == NULL) {
		load_nomem(l);
		return;
	}
	for (uint32_t i = 0; i < n->n && l->failed == 0; i++) {
		struct param *p = &l->dag->params[i];

		load_param(l, p, &n->pairs[i]);
		if (p->name == NULL)
			return;
		l->dag->n_params = i + 1;
		if (strmap_add(l->param_names, p->name, n->pairs[i].key->n, i) == ERR_NOMEM)
			load_nomem(l);
	}
}
