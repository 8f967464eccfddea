/*
 * From the names of keys to their numbers, through a small hash table made of the key tables when a
 * load begins; and what to say of a key that is in none of them.
 */
#include <string.h>

#include "engine/hint.h"
#include "engine/load_impl.h"

static unsigned slot_of(const char *name, size_t len)
{
	unsigned h = (unsigned)len;

	if (len > 0)
		h += 7u * (unsigned char)name[0] + 31u * (unsigned char)name[len - 1] +
			113u * (unsigned char)name[len / 2];
	return h % KEY_SLOTS;
}

const struct key_def *key_index_def(const struct key_index *x, size_t number)
{
	return number < x->n_first ? &x->first[number] : &x->second[number - x->n_first];
}

void key_index_make(struct key_index *x, const struct key_def *first, size_t n_first,
	const struct key_def *second, size_t n_second)
{
	*x = (struct key_index){first, second, n_first, n_second, {0}};
	for (size_t i = 0; i < n_first + n_second; i++) {
		const char *name = key_index_def(x, i)->name;
		unsigned s = slot_of(name, strlen(name));

		while (x->slot[s] != 0)
			s = (s + 1) % KEY_SLOTS;
		x->slot[s] = (uint8_t)(i + 1);
	}
}

int key_index_find(const struct key_index *x, const char *name, size_t len)
{
	unsigned s = slot_of(name, len);

	for (; x->slot[s] != 0; s = (s + 1) % KEY_SLOTS) {
		const char *known = key_index_def(x, x->slot[s] - 1u)->name;

		if (strlen(known) == len && memcmp(known, name, len) == 0)
			return x->slot[s] - 1;
	}
	return -1;
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

static void unknown_key(
	struct loader *l, const struct yaml_node *key, const struct key_index *x, const char *what)
{
	struct pos pos = yaml_node_pos(key);
	bool is_task = x->first == task_keys;
	const struct op_spec *other = other_operator(l, key, x);
	const char *right = right_place(l, key, x);
	char buffer[LOAD_HINT_MAX];
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
	if (load_wants_hints(l))
		offer(&h, x);
	if (h.best == NULL && other != NULL && x->first != param_keys)
		load_error(l, pos, "%s has no key \"%s\"; it is one of a task, or of default_args",
			what, key->text);
	else if (h.best == NULL && right != NULL)
		load_error(l, pos, "%s has no key \"%s\"; it is one of %s", what, key->text, right);
	else
		load_error(l, pos, "unknown key \"%s\"%s", key->text, load_hint_text(&h, buffer));
}

bool load_map(struct loader *l, const struct yaml_node *map, const struct key_index *x,
	const char *what, struct yaml_node **values)
{
	char found[LOAD_HINT_MAX];

	l->has_unknown_key = false;
	memset(values, 0, (x->n_first + x->n_second) * sizeof(*values));
	if (map->kind != YAML_MAP) {
		load_error(l, yaml_node_pos(map), "want a map of keys for %s, found %s", what,
			yaml_node_describe(map, found, sizeof(found)));
		return false;
	}
	for (uint32_t i = 0; i < map->n; i++) {
		const struct yaml_node *key = map->pairs[i].key;
		int number = key_index_find(x, key->text, key->n);

		if (number < 0) {
			unknown_key(l, key, x, what);
			l->has_unknown_key = true;
		} else {
			values[number] = map->pairs[i].value;
		}
	}
	return true;
}
