/*
 * The importers: whatever a crontab or a pipeline holds, what comes out of it is a DAG file that
 * loads, or names in its own way what the loader will not have: nothing that is not YAML, and for
 * crontabs nothing that is refused at all.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/import.h"
#include "engine/buf.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/load.h"
#include "operators/specs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int any_zone(void *ctx, const char *name, const struct zone **out, struct err *e)
{
	(void)ctx;
	(void)name;
	(void)e;
	*out = zone_utc();
	return 0;
}

/* How many DAGs a text holds; it must load. */
static size_t dags_of(const char *text, size_t len)
{
	const struct zone_source zones = {.find = any_zone};
	const struct load_options o = {.ops = op_specs, .n_ops = op_specs_count, .zones = &zones};
	struct diags *diags = diags_create("made.yaml");
	struct dag **dags = NULL;
	size_t n = 0;

	struct buf said;

	buf_init(&said, 0);
	if (diags == NULL || dag_load(text, len, &o, diags, &dags, &n) != 0) {
		if (diags != NULL)
			diags_print(diags, &said);
		(void)fprintf(stderr, "%s\n%s", text, buf_str(&said));
		abort();
	}
	for (size_t i = 0; i < n; i++)
		dag_destroy(dags[i]);
	free(dags);
	diags_destroy(diags);
	return n;
}

static void check(bool is_crontab, const char *text, size_t len)
{
	static const struct import_crontab_options local = {.timezone = "UTC"},
						   remote = {.conn_id = "web",
							   .timezone = "Europe/London",
							   .has_user = true};
	struct diags *notes = diags_create("input");
	struct buf out;
	struct err e;
	size_t n = 0;
	int r;

	if (notes == NULL)
		return;
	buf_init(&out, IMPORT_TEXT_MAX);
	if (is_crontab)
		r = import_crontab(len % 2 == 0 ? &local : &remote, text, len, notes, &out, &n, &e);
	else
		r = import_codestream(text, len, notes, &out, &n, &e);
	if (r == 0 && n > 0 && is_crontab && dags_of(buf_str(&out), out.len) != n)
		abort();
	buf_free(&out);
	diags_destroy(notes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (text == NULL)
		return 0;
	if (size > 0)
		memcpy(text, data, size);
	text[size] = '\0';
	check(true, text, size);
	check(false, text, size);
	free(text);
	return 0;
}
