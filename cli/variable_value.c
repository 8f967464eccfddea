/*
 * Variables and Airflow's JSON. A value that is no string stands for its JSON text, as Airflow has
 * it; an object with a member "value" may also hold "description" and "is_secret".
 */
#include "cli/variable_value.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "store/store.h"

static void wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

static const struct value *member(const struct value *map, const char *key)
{
	return map->type == VALUE_MAP ? value_member(map, key, strlen(key)) : NULL;
}

/* N.B. a C string would end at a NUL, and be another then. */
static bool has_nul(const char *text, size_t len)
{
	return memchr(text, '\0', len) != NULL;
}

/* A value as the text of a variable. */
static int text_of(struct arena *a, const struct value *v, const char **out)
{
	struct buf b;
	int r;

	if (v->type == VALUE_STRING) {
		*out = v->u.text;
		return has_nul(v->u.text, v->len) ? ERR_INVALID : 0;
	}
	buf_init(&b, STORE_TEXT_MAX);
	value_json(v, &b);
	r = buf_status(&b);
	*out = r == 0 ? arena_memdup(a, b.data, b.len) : NULL;
	wipe(&b);
	return r == 0 && *out == NULL ? ERR_NOMEM : r;
}

int variable_from_value(
	struct arena *a, const struct value_pair *p, struct store_variable *out, struct err *e)
{
	const struct value *inner = member(&p->value, "value");
	const struct value *description = inner == NULL ? NULL : member(&p->value, "description");
	const struct value *is_secret = inner == NULL ? NULL : member(&p->value, "is_secret");
	int r;

	*out = (struct store_variable){.name = p->key};
	if (description != NULL && description->type == VALUE_STRING)
		out->description = description->u.text;
	if (is_secret != NULL && is_secret->type == VALUE_BOOL)
		out->is_secret = is_secret->truth;
	if (has_nul(p->key, p->key_len))
		return err_set(
			e, ERR_INVALID, "variable %s: a key cannot hold a NUL character", p->key);
	r = text_of(a, inner == NULL ? &p->value : inner, &out->value);
	if (out->description != NULL && has_nul(out->description, description->len))
		r = ERR_INVALID;
	if (r == ERR_INVALID)
		return err_set(e, r, "variable %s: a value cannot hold a NUL character", p->key);
	return r == 0 ? 0 : err_set(e, r, "variable %s: %s", p->key, err_text(r));
}

/* The value as Airflow exports it: what is JSON's text stands there as JSON, where it comes back
 * byte for byte. */
static int exported(struct arena *a, const char *text, struct value *out)
{
	struct value v;
	struct buf b;
	int r;

	*out = value_string(text, strlen(text));
	if (value_parse_json(a, text, strlen(text), &v, NULL) != 0 || v.type == VALUE_STRING)
		return 0;
	buf_init(&b, 0);
	value_json(&v, &b);
	r = buf_status(&b);
	if (r == 0 && strcmp(b.data, text) == 0)
		*out = v;
	wipe(&b);
	return r;
}

int variable_to_value(struct arena *a, const struct store_variable *v, struct value_pair *out)
{
	struct value_pair pairs[3];
	struct value value;
	size_t n = 1;
	int r = exported(a, v->value, &value);

	*out = (struct value_pair){v->name, strlen(v->name), value};
	if (r != 0 || (v->description == NULL && !v->is_secret && member(&value, "value") == NULL))
		return r;
	pairs[0] = (struct value_pair){"value", 5, value};
	if (v->description != NULL)
		pairs[n++] = (struct value_pair){
			"description", 11, value_string(v->description, strlen(v->description))};
	if (v->is_secret)
		pairs[n++] = (struct value_pair){"is_secret", 9, value_bool(true)};
	return value_map(a, pairs, n, &out->value);
}
