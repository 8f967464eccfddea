/* What to say of a key that is in no table: the one that was meant, or those that there are. */
#include <stdio.h>
#include <string.h>

#include "engine/hint.h"
#include "engine/load_impl.h"

#define LISTED_MAX 21 /* keys that are named where none is near: all but a task's */
#define LISTED_SIZE 1024 /* bytes that they take */

/* The keys that may stand in a map, as words. */
struct key_list {
	char text[LISTED_SIZE];
	size_t used, n, left;
};

static_assert((int)DAG_KEY_COUNT <= LISTED_MAX, "of a DAG all keys are named");

static void list_begin(struct key_list *k)
{
	k->text[0] = '\0';
	k->used = k->n = k->left = 0;
}

static void list_add(struct key_list *k, const char *name)
{
	if (k->n == LISTED_MAX || k->used + strlen(name) + 3 > sizeof(k->text)) {
		k->left++;
		return;
	}
	k->used += (size_t)snprintf(
		k->text + k->used, sizeof(k->text) - k->used, "%s%s", k->n == 0 ? "" : ", ", name);
	k->n++;
}

/* N.B. an action of a callback has few of a task's keys. */
static void list_table(
	const struct loader *l, struct key_list *k, const struct key_def *keys, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (keys != task_keys || !l->is_callback || load_is_action_key(i))
			list_add(k, keys[i].name);
}

static void tell(struct loader *l, const struct yaml_node *key, const struct hint *h,
	const struct key_list *all, const char *what)
{
	char buffer[LOAD_HINT_MAX], more[80] = "";

	if (all->left > 0)
		(void)snprintf(
			more, sizeof(more), " and %zu more, which windrow-dag(5) lists", all->left);
	if (h->best != NULL || all->n == 0)
		load_error(l, yaml_node_pos(key), "unknown key \"%s\"%s", key->text,
			load_hint_text(h, buffer));
	else
		load_error(l, yaml_node_pos(key), "unknown key \"%s\"; %s may have %s%s", key->text,
			what, all->text, more);
}

static void offer(struct hint *h, const struct key_index *x)
{
	for (size_t i = 0; i < x->n_first + x->n_second; i++) {
		const char *name = key_index_def(x, i)->name;

		hint_offer(h, name, strlen(name));
	}
}

/* An operator that has the key, where this one has not. */
static const struct op_spec *other_operator(
	const struct loader *l, const struct yaml_node *key, const struct key_index *x)
{
	for (size_t i = 0; i < l->opts->n_ops; i++)
		if (&l->op_index[i] != x && key_index_find(&l->op_index[i], key->text, key->n) >= 0)
			return l->opts->ops[i];
	return NULL;
}

/* The kind of map where a key would be right, or NULL. */
static const char *right_place(
	const struct loader *l, const struct yaml_node *key, const struct key_index *x)
{
	if (x != &l->dag_index && key_index_find(&l->dag_index, key->text, key->n) >= 0)
		return "the DAG";
	if (x != &l->stage_index && key_index_find(&l->stage_index, key->text, key->n) >= 0)
		return "a stage";
	return NULL;
}

void load_unknown_key(
	struct loader *l, const struct yaml_node *key, const struct key_index *x, const char *what)
{
	struct pos pos = yaml_node_pos(key);
	bool is_task = x->first == task_keys;
	const struct op_spec *other = other_operator(l, key, x);
	const char *right = right_place(l, key, x);
	struct key_list all;
	struct hint h;

	if (other != NULL && is_task) {
		load_error(l, pos, "%s has no key \"%s\"; it is one of operator %s", what,
			key->text, other->name);
		return;
	}
	if (x == &l->dag_index && strcmp(key->text, "stageOrder") == 0) {
		load_error(l, pos,
			"unknown key \"stageOrder\": this is a pipeline of Code Stream, of which "
			"`windrow import codestream` makes a DAG");
		return;
	}
	hint_begin_key(&h, key->text, key->n);
	list_begin(&all);
	if (load_wants_hints(l)) {
		offer(&h, x);
		list_table(l, &all, x->second, x->n_second);
		list_table(l, &all, x->first, x->n_first);
	}
	if (h.best == NULL && other != NULL && x->first != param_keys)
		load_error(l, pos, "%s has no key \"%s\"; it is one of a task, or of default_args",
			what, key->text);
	else if (h.best == NULL && right != NULL)
		load_error(l, pos, "%s has no key \"%s\"; it is one of %s", what, key->text, right);
	else
		tell(l, key, &h, &all, what);
}

/* Whether an operator before this one has a key of that name. */
static bool is_offered(const struct loader *l, size_t op, const char *name)
{
	for (size_t i = 0; i < op; i++)
		if (key_index_find(&l->op_index[i], name, strlen(name)) >= 0)
			return true;
	return false;
}

void load_unknown_default(struct loader *l, const struct yaml_node *key)
{
	struct key_list all;
	struct hint h;

	hint_begin_key(&h, key->text, key->n);
	list_begin(&all);
	for (size_t op = 0; op < l->opts->n_ops && load_wants_hints(l); op++) {
		const struct key_index *x = &l->op_index[op];

		offer(&h, x);
		for (size_t i = 0; i < x->n_second; i++)
			if (!is_offered(l, op, x->second[i].name))
				list_add(&all, x->second[i].name);
	}
	list_table(l, &all, task_keys, l->opts->n_ops > 0 ? TASK_KEY_COUNT : 0);
	tell(l, key, &h, &all, "default_args");
}
