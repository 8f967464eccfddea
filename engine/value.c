/*
 * Values: making, finding, copying, comparing, and showing them as text. JSON is value_json.c's.
 *
 * Invariants: no value is changed once it is made; a map holds no key twice; text of a number is
 * a number as JSON spells it.
 */
#include "engine/value.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"

int value_int_make(struct arena *a, int64_t n, struct value *out)
{
	*out = value_int(a, n);
	return out->type == VALUE_NULL ? ERR_NOMEM : 0;
}

struct value value_int(struct arena *a, int64_t n)
{
	char spelled[32];
	int len = snprintf(spelled, sizeof(spelled), "%" PRId64, n);
	const char *text = arena_memdup(a, spelled, (size_t)len);

	if (text == NULL)
		return value_null();
	return (struct value){.type = VALUE_NUMBER, .len = (size_t)len, .u.text = text};
}

/* Orders pairs by key; for qsort, over an array of pointers to them. */
static int pair_compare(const void *a, const void *b)
{
	const struct value_pair *p = *(const struct value_pair *const *)a;
	const struct value_pair *q = *(const struct value_pair *const *)b;
	size_t len = p->key_len < q->key_len ? p->key_len : q->key_len;
	int c = len == 0 ? 0 : memcmp(p->key, q->key, len);

	if (c != 0)
		return c;
	return (p->key_len > q->key_len) - (p->key_len < q->key_len);
}

/* The same, and equal keys as they stand in the map. */
static int pair_compare_stable(const void *a, const void *b)
{
	const struct value_pair *p = *(const struct value_pair *const *)a;
	const struct value_pair *q = *(const struct value_pair *const *)b;
	int c = pair_compare(a, b);

	return c != 0 ? c : (p > q) - (p < q);
}

/* The pairs sorted; malloc'd. NULL where memory is short. */
static const struct value_pair **sorted(const struct value_pair *pairs, size_t n)
{
	const struct value_pair **list = calloc(n == 0 ? 1 : n, sizeof(struct value_pair *));

	if (list == NULL)
		return NULL;
	for (size_t i = 0; i < n; i++)
		list[i] = &pairs[i];
	qsort(list, n, sizeof(struct value_pair *), pair_compare_stable);
	return list;
}

int value_list(struct arena *a, const struct value *items, size_t n, struct value *out)
{
	struct value *copy = arena_array(a, n, sizeof(*copy));

	if (copy == NULL)
		return ERR_NOMEM;
	if (n != 0)
		memcpy(copy, items, n * sizeof(*copy));
	*out = (struct value){.type = VALUE_LIST, .len = n, .u.items = copy};
	return 0;
}

/* Takes out pairs whose key stood before, having given their value to the first of that key.
 * *n becomes how many are left. ERR_NOMEM. Sorting keeps this from being quadratic. */
static int pairs_unite(struct value_pair *pairs, size_t *n)
{
	const struct value_pair **list = sorted(pairs, *n);
	bool *is_gone = calloc(*n == 0 ? 1 : *n, sizeof(*is_gone));
	int rc = list == NULL || is_gone == NULL ? ERR_NOMEM : 0;
	size_t first = 0, kept = 0;

	for (size_t i = 1; i < *n && rc == 0; i++) {
		if (pair_compare(&list[first], &list[i]) != 0) {
			first = i;
			continue;
		}
		pairs[list[first] - pairs].value = list[i]->value;
		is_gone[list[i] - pairs] = true;
	}
	for (size_t i = 0; i < *n && rc == 0; i++)
		if (!is_gone[i])
			pairs[kept++] = pairs[i];
	if (rc == 0)
		*n = kept;
	free(list);
	free(is_gone);
	return rc;
}

int value_map(struct arena *a, const struct value_pair *pairs, size_t n, struct value *out)
{
	struct value_pair *copy = arena_array(a, n, sizeof(*copy));
	int rc;

	if (copy == NULL)
		return ERR_NOMEM;
	if (n != 0)
		memcpy(copy, pairs, n * sizeof(*copy));
	rc = pairs_unite(copy, &n);
	if (rc == 0)
		*out = (struct value){.type = VALUE_MAP, .len = n, .u.pairs = copy};
	return rc;
}

const char *value_type_name(enum value_type t)
{
	static const char *const names[] = {
		[VALUE_NULL] = "null",
		[VALUE_BOOL] = "boolean",
		[VALUE_NUMBER] = "number",
		[VALUE_STRING] = "string",
		[VALUE_LIST] = "list",
		[VALUE_MAP] = "object",
	};

	return names[t];
}

const struct value *value_member(const struct value *map, const char *key, size_t len)
{
	if (map->type != VALUE_MAP)
		return NULL;
	for (size_t i = 0; i < map->len; i++) {
		const struct value_pair *p = &map->u.pairs[i];

		if (p->key_len == len && (len == 0 || memcmp(p->key, key, len) == 0))
			return &p->value;
	}
	return NULL;
}

static int list_copy(struct arena *a, const struct value *v, struct value *out)
{
	struct value *items = arena_array(a, v->len, sizeof(*items));
	int rc = items == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < v->len && rc == 0; i++)
		rc = value_copy(a, &v->u.items[i], &items[i]);
	if (rc == 0)
		*out = (struct value){.type = VALUE_LIST, .len = v->len, .u.items = items};
	return rc;
}

static int map_copy(struct arena *a, const struct value *v, struct value *out)
{
	struct value_pair *pairs = arena_array(a, v->len, sizeof(*pairs));
	int rc = pairs == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < v->len && rc == 0; i++) {
		const struct value_pair *p = &v->u.pairs[i];

		pairs[i].key_len = p->key_len;
		pairs[i].key = arena_memdup(a, p->key, p->key_len);
		rc = pairs[i].key == NULL ? ERR_NOMEM : value_copy(a, &p->value, &pairs[i].value);
	}
	if (rc == 0)
		*out = (struct value){.type = VALUE_MAP, .len = v->len, .u.pairs = pairs};
	return rc;
}

int value_copy(struct arena *a, const struct value *v, struct value *out)
{
	const char *text;

	switch (v->type) {
	case VALUE_LIST:
		return list_copy(a, v, out);
	case VALUE_MAP:
		return map_copy(a, v, out);
	case VALUE_NUMBER:
	case VALUE_STRING:
		text = arena_memdup(a, v->u.text, v->len);
		if (text == NULL)
			return ERR_NOMEM;
		*out = *v;
		out->u.text = text;
		return 0;
	default:
		*out = *v;
		return 0;
	}
}

void value_text(const struct value *v, struct buf *out)
{
	if (v->type == VALUE_STRING)
		buf_add(out, v->u.text, v->len);
	else
		value_json(v, out);
}

static bool is_same_order(const struct value *a, const struct value *b)
{
	for (size_t i = 0; i < a->len; i++) {
		const struct value_pair *p = &a->u.pairs[i], *q = &b->u.pairs[i];

		if (pair_compare(&p, &q) != 0)
			return false;
	}
	return true;
}

/* Compares maps of one length whose keys come in different orders. Sorting spares the quadratic
 * search that large maps would cost; where memory is short, searching still gives the answer. */
static bool is_equal_shuffled(const struct value *a, const struct value *b)
{
	const struct value_pair **as = sorted(a->u.pairs, a->len),
				**bs = sorted(b->u.pairs, b->len);
	bool is_equal = true;

	for (size_t i = 0; i < a->len && is_equal; i++) {
		const struct value_pair *p = &a->u.pairs[i];
		const struct value *other;

		if (as != NULL && bs != NULL) {
			p = as[i];
			other = pair_compare(&as[i], &bs[i]) == 0 ? &bs[i]->value : NULL;
		} else {
			other = value_member(b, p->key, p->key_len);
		}
		is_equal = other != NULL && value_equal(&p->value, other);
	}
	free(as);
	free(bs);
	return is_equal;
}

static bool is_equal_map(const struct value *a, const struct value *b)
{
	if (!is_same_order(a, b))
		return is_equal_shuffled(a, b);
	for (size_t i = 0; i < a->len; i++)
		if (!value_equal(&a->u.pairs[i].value, &b->u.pairs[i].value))
			return false;
	return true;
}

bool value_equal(const struct value *a, const struct value *b)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case VALUE_NULL:
		return true;
	case VALUE_BOOL:
		return a->truth == b->truth;
	case VALUE_NUMBER:
		return value_number_compare(a->u.text, a->len, b->u.text, b->len) == 0;
	case VALUE_STRING:
		return a->len == b->len &&
			(a->len == 0 || memcmp(a->u.text, b->u.text, a->len) == 0);
	case VALUE_LIST:
		for (size_t i = 0; i < a->len && a->len == b->len; i++)
			if (!value_equal(&a->u.items[i], &b->u.items[i]))
				return false;
		return a->len == b->len;
	case VALUE_MAP:
		return a->len == b->len && is_equal_map(a, b);
	}
	return false;
}
