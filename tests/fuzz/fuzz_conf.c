/*
 * The conf of a run, checked against the parameters of a DAG. What is wrong is told; what is taken
 * gives every parameter a value that it may have, and given as a conf comes back the same. Where
 * the first byte is a `/`, a line follows with a regular expression: matching comes to an end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/param.h"
#include "engine/pattern.h"
#include "scheduler/params.h"
#include "tests/unit/dag_kit.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char text[] = "dag_id: d\n"
			   "params:\n"
			   "  n: {type: integer, default: 3, minimum: -10, maximum: 1e3}\n"
			   "  x: {type: number, default: 0.5, minimum: 0}\n"
			   "  s: {type: string, default: ab, pattern: '^[a-c]+$'}\n"
			   "  e: {type: number, default: 7, enum: [7, 1e2, 0.50]}\n"
			   "  b: {type: boolean, default: false}\n"
			   "  l: {type: array, default: [1, [2]]}\n"
			   "  o: {type: object, default: {k: v}}\n"
			   "  needed: {type: string}\n"
			   "tasks:\n"
			   "  t: {operator: local, command: 'true'}\n";
static struct dag *dag;

static void check_conf(struct arena *a, const char *bytes, size_t len)
{
	struct value conf, out, again;
	struct err e = {.text = ""};

	if (value_parse_json(a, bytes, len, &conf, &e) != 0)
		return;
	e.text[0] = '\0';
	if (params_resolve(dag, &conf, a, &out, &e) != 0) {
		if (e.text[0] == '\0')
			abort();
		return;
	}
	if (out.type != VALUE_MAP || out.len != dag->n_params)
		abort();
	for (size_t i = 0; i < out.len; i++)
		if (strcmp(out.u.pairs[i].key, dag->params[i].name) != 0 ||
			param_check(&dag->params[i], &out.u.pairs[i].value, &e) != 0)
			abort();
	if (params_resolve(dag, &out, a, &again, &e) != 0 || !value_equal(&out, &again))
		abort();
}

static void check_pattern(struct arena *a, const char *bytes, size_t len)
{
	const char *end = memchr(bytes, '\n', len);
	char *pattern = end == NULL ? NULL : arena_memdup(a, bytes, (size_t)(end - bytes));
	struct err e = {.text = ""};
	struct pattern *p;
	int r;

	if (pattern == NULL)
		return;
	if (pattern_create(pattern, &p, &e) != 0) {
		if (e.text[0] == '\0')
			abort();
		return;
	}
	r = pattern_match(p, end + 1, len - (size_t)(end + 1 - bytes), &e);
	if (r < 0 && e.text[0] == '\0')
		abort();
	pattern_destroy(p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)64 << 20);

	if (dag == NULL)
		dag = dag_kit_load(text);
	if (a != NULL && size > 0 && data[0] == '/')
		check_pattern(a, (const char *)data + 1, size - 1);
	else if (a != NULL)
		check_conf(a, (const char *)data, size);
	arena_destroy(a);
	return 0;
}
