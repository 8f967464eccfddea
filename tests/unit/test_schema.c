/* The schema: it is JSON, and it knows each key that the loader knows. */
#include "engine/schema.h"

#include <stdio.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"
#include "operators/specs.h"
#include "tests/unit/tap.h"

/* The value at a path of names, or NULL. */
static const struct value *at(const struct value *v, const char *path)
{
	while (v != NULL && *path != '\0') {
		size_t len = strcspn(path, "/");

		v = value_member(v, path, len);
		path += len + (path[len] == '/');
	}
	return v;
}

/* The keys of a table that have no entry with a description at the path. */
static size_t missing(
	const struct value *schema, const char *path, const struct key_def *keys, size_t n)
{
	size_t count = 0;

	for (size_t i = 0; i < n; i++) {
		char full[256];

		(void)snprintf(full, sizeof(full), "%s/%s/description", path, keys[i].name);
		if (at(schema, full) == NULL) {
			tap_note("no %s", full);
			count++;
		}
	}
	return count;
}

int main(void)
{
	struct arena *a = arena_create(0);
	const struct value *types;
	struct value schema;
	struct err e = {0};
	struct buf out;

	buf_init(&out, 0);
	schema_print(&out, op_specs, op_specs_count);
	IS_INT(value_parse_json(a, out.data, out.len, &schema, &e), 0, "it is JSON %s", e.text);
	IS_INT((long long)missing(&schema, "properties", dag_keys, DAG_KEY_COUNT), 0, "of the DAG");
	IS_INT((long long)missing(
		       &schema, "definitions/stage/properties", stage_keys, STAGE_KEY_COUNT),
		0, "of a stage");
	IS_INT((long long)missing(
		       &schema, "definitions/task/properties", task_keys, TASK_KEY_COUNT),
		0, "of a task");
	IS_INT((long long)missing(
		       &schema, "definitions/param/then/properties", param_keys, PARAM_KEY_COUNT),
		0, "of a parameter");
	IS_INT((long long)missing(
		       &schema, "definitions/callback/then/properties", url_keys, URL_KEY_COUNT),
		0, "of a callback");
	for (size_t i = 0; i < op_specs_count; i++)
		IS_INT((long long)missing(&schema, "definitions/task/properties", op_specs[i]->keys,
			       op_specs[i]->n_keys),
			0, "of operator %s", op_specs[i]->name);
	types = at(&schema, "definitions/task/properties/when/type");
	IS_INT(types == NULL ? 0 : (long long)types->len, 3,
		"a condition may be a number, too, as the loader has it");
	buf_free(&out);
	arena_destroy(a);
	return tap_done();
}
