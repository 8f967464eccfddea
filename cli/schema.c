/* `windrow schema`: the language as editors want to know it. */
#include <stdio.h>

#include "cli/commands.h"
#include "cli/report.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/schema.h"
#include "operators/specs.h"

static int exec(const struct args *args)
{
	struct buf b;
	int r;

	(void)args;
	buf_init(&b, 0);
	schema_print(&b, op_specs, op_specs_count);
	r = buf_status(&b);
	if (r == 0)
		(void)fwrite(buf_str(&b), 1, b.len, stdout);
	else
		report_error("%s", err_text(r));
	buf_free(&b);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

const struct command command_schema = {
	.group = "schema",
	.summary = "the JSON Schema of DAG files, for editors",
	.details =
		"Made of the same tables that the loader reads files with. An editor with a YAML "
		"language server checks and completes DAG files by it.",
	.example = "windrow schema > dag.schema.json",
	.exec = exec,
};
