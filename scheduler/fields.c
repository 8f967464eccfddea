#include "scheduler/fields.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"

void fields_value(struct fields *f, const char *key, struct value v)
{
	size_t cap = f->cap == 0 ? 8 : f->cap * 2;
	struct value_pair *pairs;

	if (f->n == f->cap) {
		pairs = arena_array(f->arena, cap, sizeof(*pairs));
		if (pairs == NULL) {
			f->status = ERR_NOMEM;
			return;
		}
		if (f->n > 0)
			memcpy(pairs, f->pairs, f->n * sizeof(*pairs));
		f->pairs = pairs;
		f->cap = cap;
	}
	f->pairs[f->n++] = (struct value_pair){.key = key, .key_len = strlen(key), .value = v};
}

void fields_text(struct fields *f, const char *key, const char *text)
{
	char *copy = text == NULL ? NULL : arena_strdup(f->arena, text);

	if (text != NULL && copy == NULL)
		f->status = ERR_NOMEM;
	fields_value(f, key, copy == NULL ? value_null() : value_string(copy, strlen(copy)));
}

void fields_int(struct fields *f, const char *key, int64_t n)
{
	struct value v;

	if (value_int_make(f->arena, n, &v) != 0)
		f->status = ERR_NOMEM;
	fields_value(f, key, v);
}

void fields_bool(struct fields *f, const char *key, bool truth)
{
	fields_value(f, key, value_bool(truth));
}

void fields_time(struct fields *f, const char *key, int64_t at)
{
	char text[INSTANT_TEXT_MAX];

	fields_text(f, key, at == INSTANT_NONE ? NULL : instant_format(at, text));
}

int fields_end(const struct fields *f, struct value *out, struct err *e)
{
	if (f->status != 0)
		return err_set(e, f->status, "%s", err_text(f->status));
	*out = (struct value){.type = VALUE_MAP, .len = f->n, .u.pairs = f->pairs};
	return 0;
}
