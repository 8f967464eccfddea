/* DAGs from text, for tests. */
#include "tests/unit/dag_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/load.h"
#include "operators/specs.h"

static int find_zone(void *ctx, const char *name, const struct zone **out, struct err *e)
{
	(void)ctx;
	(void)out;
	return err_set(e, ERR_NOTFOUND, "no zone %s in tests", name);
}

struct dag *dag_kit_load(const char *text)
{
	const struct zone_source zones = {.find = find_zone};
	const struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .zones = &zones, .default_id = "t"};
	struct diags *diags = diags_create("t.yaml");
	struct dag **dags = NULL;
	struct dag *d;
	struct buf b;
	size_t n = 0;

	if (diags == NULL || dag_load(text, strlen(text), &options, diags, &dags, &n) != 0 ||
		n != 1) {
		buf_init(&b, 0);
		if (diags != NULL)
			diags_print(diags, &b);
		printf("Bail out! the test's DAG does not load: %s\n", buf_str(&b));
		exit(99);
	}
	d = dags[0];
	free(dags);
	diags_destroy(diags);
	return d;
}
