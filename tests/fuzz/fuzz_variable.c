/*
 * Variables from a JSON file: what is refused is told by its key; what is taken is written and read
 * back the same.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/variable_value.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "store/store.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Through the text of a file. */
static void round_trip(struct arena *a, const struct store_variable *v)
{
	struct store_variable again;
	struct value_pair pair;
	struct value map, read;
	struct buf text;
	struct err e;

	buf_init(&text, 0);
	if (variable_to_value(a, v, &pair) != 0 || value_map(a, &pair, 1, &map) != 0)
		abort();
	value_json_pretty(&map, &text);
	if (value_parse_json(a, text.data, text.len, &read, &e) != 0 || read.type != VALUE_MAP ||
		read.len != 1 || variable_from_value(a, &read.u.pairs[0], &again, &e) != 0)
		abort();
	if (strcmp(v->name, again.name) != 0 || strcmp(v->value, again.value) != 0 ||
		!same_text(v->description, again.description) || v->is_secret != again.is_secret)
		abort();
	buf_free(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)64 << 20);
	struct err e = {.text = ""};
	struct value map;

	if (a == NULL || value_parse_json(a, (const char *)data, size, &map, &e) != 0 ||
		map.type != VALUE_MAP) {
		arena_destroy(a);
		return 0;
	}
	for (size_t i = 0; i < map.len; i++) {
		const struct value_pair *p = &map.u.pairs[i];
		struct store_variable v;

		e.text[0] = '\0';
		if (variable_from_value(a, p, &v, &e) == 0)
			round_trip(a, &v);
		else if (strlen(p->key) < 900 && strstr(e.text, p->key) == NULL)
			abort();
	}
	arena_destroy(a);
	return 0;
}
