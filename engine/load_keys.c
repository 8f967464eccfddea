/*
 * From the names of keys to their numbers, through a small hash table made of the key tables when a
 * load begins.
 */
#include <string.h>

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
			load_unknown_key(l, key, x, what);
			l->has_unknown_key = true;
		} else {
			values[number] = map->pairs[i].value;
		}
	}
	return true;
}
