/* The values of keys, type by type. A value of the wrong type is told of with what was found and
 * what is wanted. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/duration.h"
#include "engine/hint.h"
#include "engine/load_impl.h"

void load_wrong(struct loader *l, const char *key, const struct yaml_node *n, const char *want)
{
	char found[LOAD_HINT_MAX];

	load_error(l, yaml_node_pos(n), "%s: want %s, found %s", key, want,
		yaml_node_describe(n, found, sizeof(found)));
}

bool load_is_text(struct loader *l, const char *key, const struct yaml_node *n)
{
	if (n->kind != YAML_SCALAR || yaml_is_null(n)) {
		load_wrong(l, key, n, "text");
		return false;
	}
	if (memchr(n->text, '\0', n->n) != NULL) {
		load_error(l, yaml_node_pos(n), "%s: this text holds a NUL character", key);
		return false;
	}
	return true;
}

bool load_string(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, const char **out)
{
	const char *copy;

	if (!load_is_text(l, k->name, n))
		return false;
	copy = arena_memdup(l->arena, n->text, n->n);
	if (copy == NULL) {
		load_nomem(l);
		return false;
	}
	*out = copy;
	return true;
}

bool load_expr_find(struct loader *l, const struct yaml_node *n, size_t *at)
{
	struct scan_hit hit;

	if (scan_first(l->scan, n->text, n->n, false, &hit) != 0) {
		load_nomem(l);
		return false;
	}
	*at = hit.at;
	return hit.kind != SCAN_NONE;
}

bool load_plain(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, const char **out)
{
	const char *text;
	size_t at;

	if (!load_string(l, k, n, &text))
		return false;
	if (load_expr_find(l, n, &at)) {
		load_error(l, yaml_value_pos(l->text, n, at),
			"%s: an expression cannot stand here; write the value itself", k->name);
		return false;
	}
	*out = text;
	return true;
}

bool load_strings(struct loader *l, const struct key_def *k, const struct yaml_node *n,
	const char ***out, size_t *n_out)
{
	const char **list;
	bool is_good = true;

	if (n->kind != YAML_LIST) {
		load_wrong(l, k->name, n, "a list of texts");
		return false;
	}
	list = arena_array(l->arena, n->n, sizeof(*list));
	if (list == NULL) {
		load_nomem(l);
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++)
		is_good = load_string(l, k, n->items[i], &list[i]) && is_good;
	if (!is_good)
		return false;
	*out = list;
	*n_out = n->n;
	return true;
}

bool load_bool(struct loader *l, const struct key_def *k, const struct yaml_node *n, bool *out)
{
	if (yaml_is_bool(n, out))
		return true;
	load_wrong(l, k->name, n, "true or false");
	return false;
}

/* `from 0 to 5`, in front of what follows. */
static void range_text(const struct key_def *k, char *out, size_t size)
{
	(void)snprintf(out, size, "a whole number from %lld to %lld", (long long)k->min,
		(long long)k->max);
}

bool load_int(struct loader *l, const struct key_def *k, const struct yaml_node *n, int64_t *out)
{
	char want[100];
	int64_t number;

	if (yaml_is_int(n, &number) && number >= k->min && number <= k->max) {
		*out = number;
		return true;
	}
	range_text(k, want, sizeof(want));
	load_wrong(l, k->name, n, want);
	return false;
}

bool load_duration(
	struct loader *l, const struct key_def *k, const struct yaml_node *n, int64_t *out)
{
	char longest[DURATION_TEXT_MAX];
	struct err e;
	int64_t ms;

	if (n->kind != YAML_SCALAR || yaml_is_null(n)) {
		load_wrong(l, k->name, n, "a duration such as 90, 90s, 5m, 2h30m, 1d or PT5M");
		return false;
	}
	if (duration_parse(n->text, n->n, &ms, &e) != 0) {
		load_error(l, yaml_node_pos(n), "%s: %s", k->name, e.text);
		return false;
	}
	if (ms < k->min) {
		load_error(l, yaml_node_pos(n),
			"%s: want more than nothing; leave the key out for no "
			"limit",
			k->name);
		return false;
	}
	if (ms > k->max) {
		load_error(l, yaml_node_pos(n), "%s: want %s at most", k->name,
			duration_format(k->max, longest));
		return false;
	}
	*out = ms;
	return true;
}

/* The factor of a size's unit: K, KB and KiB are all 1024. 0 where it is none. */
static int64_t unit_factor(const char *unit, size_t len)
{
	static const char letters[] = "KMGT";
	const char *at;
	int64_t factor = 1;

	if (len == 0 || (len == 1 && (*unit | 0x20) == 'b'))
		return 1;
	at = strchr(letters, *unit & ~0x20);
	if (at == NULL || *unit == '\0')
		return 0;
	if (len > 1 && !(len == 2 && (unit[1] | 0x20) == 'b') &&
		!(len == 3 && (unit[1] | 0x20) == 'i' && (unit[2] | 0x20) == 'b'))
		return 0;
	for (long i = 0; i <= at - letters; i++)
		factor *= 1024;
	return factor;
}

static bool size_parse(const char *text, size_t len, int64_t *out)
{
	int64_t number = 0, factor;
	size_t i = 0;

	for (; i < len && text[i] >= '0' && text[i] <= '9'; i++)
		if (__builtin_mul_overflow(number, 10, &number) ||
			__builtin_add_overflow(number, text[i] - '0', &number))
			return false;
	if (i == 0)
		return false;
	while (i < len && text[i] == ' ')
		i++;
	factor = unit_factor(text + i, len - i);
	return factor != 0 && !__builtin_mul_overflow(number, factor, out);
}

bool load_size(struct loader *l, const struct key_def *k, const struct yaml_node *n, int64_t *out)
{
	char want[100];
	int64_t size = 0;

	if (n->kind == YAML_SCALAR && size_parse(n->text, n->n, &size) && size >= k->min &&
		size <= k->max) {
		*out = size;
		return true;
	}
	(void)snprintf(want, sizeof(want), "a size from %lld to %lld bytes, such as 64K or 1 MiB",
		(long long)k->min, (long long)k->max);
	load_wrong(l, k->name, n, want);
	return false;
}

bool load_choice(struct loader *l, const struct key_def *k, const struct yaml_node *n, int *out)
{
	char buffer[LOAD_HINT_MAX], found[LOAD_HINT_MAX], all[400] = "";
	struct hint h;
	size_t used = 0;

	if (n->kind == YAML_SCALAR && !yaml_is_null(n)) {
		if (!load_is_text(l, k->name, n))
			return false;
		for (int i = 0; k->choices[i] != NULL; i++) {
			if (strcmp(k->choices[i], n->text) == 0) {
				*out = i;
				return true;
			}
		}
	}
	hint_begin(&h, n->kind == YAML_SCALAR ? n->text : "", n->kind == YAML_SCALAR ? n->n : 0);
	for (int i = 0; k->choices[i] != NULL; i++) {
		hint_offer(&h, k->choices[i], strlen(k->choices[i]));
		if (used < sizeof(all))
			used += (size_t)snprintf(all + used, sizeof(all) - used, "%s%s",
				i > 0 ? ", " : "", k->choices[i]);
	}
	yaml_node_describe(n, found, sizeof(found));
	if (h.best != NULL)
		load_error(l, yaml_node_pos(n), "%s: there is no \"%s\"%s", k->name, n->text,
			load_hint_text(&h, buffer));
	else
		load_error(
			l, yaml_node_pos(n), "%s: want one of %s, found %s", k->name, all, found);
	return false;
}

static int order_bytes(const void *a, const void *b)
{
	return *(const uint8_t *)a - *(const uint8_t *)b;
}

bool load_exit_codes(struct loader *l, const struct key_def *k, const struct yaml_node *n,
	const uint8_t **out, size_t *n_out)
{
	const struct yaml_node *one[1] = {n};
	const struct yaml_node *const *items =
		n->kind == YAML_LIST ? (const struct yaml_node *const *)n->items : one;
	size_t n_items = n->kind == YAML_LIST ? n->n : 1;
	uint8_t *codes = arena_alloc(l->arena, n_items);
	bool is_good = true;

	if (codes == NULL) {
		load_nomem(l);
		return false;
	}
	for (size_t i = 0; i < n_items; i++) {
		int64_t code;

		if (!yaml_is_int(items[i], &code) || code < 0 || code > 255) {
			load_wrong(l, k->name, items[i],
				"an exit status from 0 to 255, or a list of such");
			is_good = false;
			continue;
		}
		codes[i] = (uint8_t)code;
	}
	if (!is_good)
		return false;
	qsort(codes, n_items, 1, order_bytes);
	*out = codes;
	*n_out = n_items;
	return true;
}

static bool any_list(
	struct loader *l, const char *key, const struct yaml_node *n, struct value *out)
{
	struct value *items = arena_array(l->arena, n->n, sizeof(*items));

	if (items == NULL) {
		load_nomem(l);
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++)
		if (!load_any(l, key, n->items[i], &items[i]))
			return false;
	*out = (struct value){.type = VALUE_LIST, .len = n->n, .u.items = items};
	return true;
}

static bool any_map(struct loader *l, const char *key, const struct yaml_node *n, struct value *out)
{
	struct value_pair *pairs = arena_array(l->arena, n->n, sizeof(*pairs));

	if (pairs == NULL) {
		load_nomem(l);
		return false;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const struct yaml_node *name = n->pairs[i].key;

		pairs[i].key = arena_memdup(l->arena, name->text, name->n);
		pairs[i].key_len = name->n;
		if (pairs[i].key == NULL)
			load_nomem(l);
		if (pairs[i].key == NULL || !load_any(l, key, n->pairs[i].value, &pairs[i].value))
			return false;
	}
	*out = (struct value){.type = VALUE_MAP, .len = n->n, .u.pairs = pairs};
	return true;
}

bool load_any(struct loader *l, const char *key, const struct yaml_node *n, struct value *out)
{
	struct err e;
	struct value v;
	int rc;

	if (n->kind == YAML_LIST)
		return any_list(l, key, n, out);
	if (n->kind == YAML_MAP)
		return any_map(l, key, n, out);
	rc = yaml_scalar_value(l->arena, n, &v, &e);
	if (rc == ERR_INVALID)
		load_error(l, yaml_node_pos(n), "%s: %s", key, e.text);
	else if (rc != 0 || value_copy(l->arena, &v, out) != 0)
		load_nomem(l);
	else
		return true;
	return false;
}
