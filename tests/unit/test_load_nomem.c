/*
 * The loader where memory runs out, at the first allocation, the second, and so on: whatever the
 * file, it says that there is no memory, or all that it says where there is enough. An error that
 * got lost would make a broken file a good one.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/load.h"
#include "operators/specs.h"
#include "store/zoneinfo.h"
#include "tests/unit/nomem_job.h"
#include "tests/unit/tap.h"

static struct zone_source zones;

/* With something of everything. */
static const char good[] =
	"params: {city: {type: string, default: Bern, pattern: B, enum: [Bern, Bonn]}}\n"
	"schedule: [0 1 * * *, 0 2 * * *]\n"
	"environment: {A: $<params.city>}\n"
	"default_args: &d {operator: local, retries: 2}\n"
	"on_failure: [{url: \"http://u$<run.id>\", headers: {X: y}}, {command: x}]\n"
	"stages:\n"
	"  A:\n"
	"    when: $<params.city> != 'x'\n"
	"    tasks:\n"
	"      a: {command: \"echo $<params.city | upper>\", when: \"true and not false\"}\n"
	"      b: {for_each: [1, {x: [y]}, $<a.output.logs>], command: \"echo $<item>\"}\n"
	"  B:\n"
	"    default_args: {<<: *d, environment: {B: c}}\n"
	"    tasks:\n"
	"      c: {script: \"cat <<END\\n$<A.a.output.logs>\\nEND\\n\", arguments: [$<run.ds>]}\n"
	"      d: {depends_on: [c, A], command: x}\n";

static const char bad[] = "retrys: 1\nstages:\n  A:\n    tasks:\n      a: {operator: locl}\n"
			  "      b: {operator: local, depends_on: [c], command: $<x.y>}\n"
			  "      c: {operator: local, depends_on: [b], command: $<params.z>}\n";

static const struct buf *text; /* that is loaded now */
static const char *name;

static int load(struct buf *said)
{
	struct load_options options = {
		.ops = op_specs, .n_ops = op_specs_count, .zones = &zones, .default_id = "file"};
	struct diags *diags = diags_create(name);
	struct dag **dags;
	size_t n = 0;
	int rc = diags == NULL ? ERR_NOMEM
			       : dag_load(buf_str(text), text->len, &options, diags, &dags, &n);

	nomem_job_stop();
	buf_addf(said, "%zu DAGs\n", n);
	if (diags != NULL)
		diags_print(diags, said);
	for (size_t i = 0; i < n; i++)
		dag_destroy(dags[i]);
	if (n > 0)
		free(dags);
	diags_destroy(diags);
	return rc;
}

static void test_buf(const struct buf *b, const char *what)
{
	text = b;
	name = what;
	nomem_job_test(load, what);
}

static void test_text(const char *bytes, const char *what)
{
	struct buf b;

	buf_init(&b, 0);
	buf_adds(&b, bytes);
	test_buf(&b, what);
	buf_free(&b);
}

static int is_yaml(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && strcmp(d->d_name + len - 5, ".yaml") == 0;
}

static void test_file(const char *folder, const char *file)
{
	char path[1024], part[4096];
	struct buf bytes;
	FILE *f;
	size_t n;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, file);
	buf_init(&bytes, 0);
	f = fopen(path, "rb");
	while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(&bytes, part, n);
	if (f != NULL)
		(void)fclose(f);
	test_buf(&bytes, file);
	buf_free(&bytes);
}

static void test_folder(const char *top, const char *folder)
{
	struct dirent **list = NULL;
	char path[512];
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s", top, folder);
	n = scandir(path, &list, is_yaml, alphasort);
	OK(n > 0, "%s has files", folder);
	for (int i = 0; i < n; i++) {
		test_file(path, list[i]->d_name);
		free(list[i]);
	}
	free(list);
}

int main(void)
{
	const char *top = getenv("top_srcdir");
	struct zoneinfo *zi = zoneinfo_create(NULL);

	zones = zoneinfo_source(zi);
	top = top == NULL ? "." : top;
	test_text(good, "a good text");
	test_text(bad, "a bad one");
	test_folder(top, "dags");
	test_folder(top, "tests/dags/good");
	test_folder(top, "tests/dags/bad");
	zoneinfo_destroy(zi);
	return tap_done();
}
