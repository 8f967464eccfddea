/* The pairs of a map from the nodes that stand in it: duplicate keys are told of, and merge keys
 * (`<<`) resolved. */
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "engine/yaml_parts.h"

#define SMALL_MAP 12 /* keys up to which each is compared with each */

static bool is_merge(const struct yaml_node *key)
{
	return key->kind == YAML_SCALAR && key->style == YAML_PLAIN && key->tag == YAML_TAG_NONE &&
		key->n == 2 && memcmp(key->text, "<<", 2) == 0;
}

static bool is_same_text(const struct yaml_node *a, const struct yaml_node *b)
{
	return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

/* The pairs of a map under way, and what finds a key among them. */
struct pairs {
	struct yaml_pair *list;
	size_t n;
	struct strmap *index; /* NULL while they are few */
};

static struct yaml_pair *pairs_find(const struct pairs *p, const struct yaml_node *key)
{
	uint32_t found;

	if (p->index == NULL) {
		for (size_t i = 0; i < p->n; i++)
			if (is_same_text(p->list[i].key, key))
				return &p->list[i];
		return NULL;
	}
	found = strmap_find(p->index, key->text, key->n);
	return found == STRMAP_NONE ? NULL : &p->list[found];
}

/* ERR_EXISTS where the key is there already. */
static int pairs_add(struct pairs *p, struct yaml_node *key, struct yaml_node *value)
{
	int rc = 0;

	if (p->index != NULL)
		rc = strmap_add(p->index, key->text, key->n, (uint32_t)p->n);
	else if (pairs_find(p, key) != NULL)
		rc = ERR_EXISTS;
	if (rc != 0)
		return rc;
	p->list[p->n++] = (struct yaml_pair){key, value};
	return 0;
}

/* How many pairs a merge key's value may bring. Where it is none, or part of it, this is told, and
 * merge() takes what comes before that part. */
static size_t merge_size(struct diags *diags, const struct yaml_node *value)
{
	size_t n = 0;

	if (value->kind == YAML_MAP)
		return value->n;
	for (uint32_t i = 0; value->kind == YAML_LIST && i < value->n; i++) {
		if (value->items[i]->kind != YAML_MAP)
			break;
		n += value->items[i]->n;
		if (i + 1 == value->n)
			return n;
	}
	diag_error(diags, yaml_node_pos(value), "<<: want a map or a list of maps");
	return n;
}

static int merge_map(struct pairs *p, const struct yaml_node *map)
{
	int rc = 0;

	for (uint32_t i = 0; i < map->n && rc == 0; i++) {
		rc = pairs_add(p, map->pairs[i].key, map->pairs[i].value);
		if (rc == ERR_EXISTS)
			rc = 0;
	}
	return rc;
}

static int merge(struct pairs *p, const struct yaml_node *value)
{
	int rc = 0;

	if (value->kind == YAML_MAP)
		return merge_map(p, value);
	for (uint32_t i = 0; value->kind == YAML_LIST && i < value->n && rc == 0; i++) {
		if (value->items[i]->kind != YAML_MAP)
			break;
		rc = merge_map(p, value->items[i]);
	}
	return rc;
}

static void refuse_twice(
	struct diags *diags, const struct yaml_node *key, const struct yaml_node *first)
{
	diag_error(diags, yaml_node_pos(key),
		"the key \"%s\" stands here twice; the first is at %u:%u", key->text, first->line,
		first->column);
}

/* Gathers the map's own pairs, then what its merge key brings: own keys win. */
static int gather(struct diags *diags, struct yaml_node *const *children, size_t n, struct pairs *p)
{
	struct yaml_node *merged = NULL, *merged_key = NULL;
	int rc = 0;

	for (size_t i = 0; i + 1 < n && rc == 0; i += 2) {
		struct yaml_node *key = children[i], *value = children[i + 1];

		if (key->kind != YAML_SCALAR)
			continue;
		if (is_merge(key)) {
			if (merged != NULL)
				refuse_twice(diags, key, merged_key);
			merged = value;
			merged_key = key;
		} else if ((rc = pairs_add(p, key, value)) == ERR_EXISTS) {
			refuse_twice(diags, key, pairs_find(p, key)->key);
			rc = 0;
		}
	}
	if (rc == 0 && merged != NULL)
		rc = merge(p, merged);
	return rc;
}

int yaml_map_fill(struct arena *a, struct diags *diags, struct yaml_node *map,
	struct yaml_node *const *children, size_t n)
{
	struct pairs p = {0};
	size_t room = n / 2;
	int rc;

	for (size_t i = 0; i + 1 < n; i += 2)
		if (is_merge(children[i]))
			room += merge_size(diags, children[i + 1]);
	p.list = arena_array(a, room, sizeof(*p.list));
	if (p.list == NULL)
		return ERR_NOMEM;
	if (room > SMALL_MAP && (p.index = strmap_create(room)) == NULL)
		return ERR_NOMEM;
	rc = gather(diags, children, n, &p);
	strmap_destroy(p.index);
	if (rc != 0)
		return rc;
	map->pairs = p.list;
	map->n = (uint32_t)p.n;
	return 0;
}
