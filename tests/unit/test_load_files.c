/*
 * The loader on whole files. Those in dags/ and tests/dags/good load; those in tests/dags/bad do
 * not, and say what stands beside them in NAME.err, to the letter. A good file's warnings stand in
 * its NAME.err.
 *
 * With arguments it loads these files and prints what is said of them: so is a NAME.err made.
 */
#include "engine/load.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "operators/specs.h"
#include "store/zoneinfo.h"
#include "tests/unit/tap.h"

static struct zone_source zones;

/* The bytes of a file; a file that is not there is empty. */
static void read_file(const char *path, struct buf *out)
{
	FILE *f = fopen(path, "rb");
	char part[4096];
	size_t n;

	buf_init(out, 0);
	while (f != NULL && (n = fread(part, 1, sizeof(part), f)) > 0)
		buf_add(out, part, n);
	if (f != NULL)
		(void)fclose(f);
}

/* Loads a file and adds what is said of it to out. */
static int load(const char *path, struct buf *out)
{
	const char *name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
	struct load_options options = {.ops = op_specs, .n_ops = op_specs_count, .zones = &zones};
	struct diags *diags = diags_create(name);
	char *id = strndup(name, strcspn(name, "."));
	struct dag **dags;
	struct buf text;
	size_t n = 0;
	int rc;

	read_file(path, &text);
	options.default_id = id;
	rc = dag_load(buf_str(&text), text.len, &options, diags, &dags, &n);
	diags_print(diags, out);
	for (size_t i = 0; rc == 0 && i < n; i++)
		dag_destroy(dags[i]);
	if (rc == 0)
		free(dags);
	diags_destroy(diags);
	buf_free(&text);
	free(id);
	return rc;
}

static int is_yaml(const struct dirent *d)
{
	size_t len = strlen(d->d_name);

	return len > 5 && strcmp(d->d_name + len - 5, ".yaml") == 0;
}

static void test_file(const char *folder, const char *name, bool is_good)
{
	struct buf got, want;
	char path[1024];
	int rc;

	buf_init(&got, 0);
	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	rc = load(path, &got);
	(void)snprintf(path, sizeof(path), "%s/%.*s.err", folder, (int)(strlen(name) - 5), name);
	read_file(path, &want);
	OK((rc == 0) == is_good, "%s is %s", name, is_good ? "loaded" : "refused");
	IS_STR(buf_str(&got), buf_str(&want), "%s: what is said of it", name);
	buf_free(&got);
	buf_free(&want);
}

static void test_folder(const char *top, const char *folder, bool is_good)
{
	struct dirent **list = NULL;
	char path[512];
	int n;

	(void)snprintf(path, sizeof(path), "%s/%s", top, folder);
	n = scandir(path, &list, is_yaml, alphasort);
	OK(n > 0, "%s has files", folder);
	for (int i = 0; i < n; i++) {
		test_file(path, list[i]->d_name, is_good);
		free(list[i]);
	}
	free(list);
}

int main(int argc, char **argv)
{
	const char *top = getenv("top_srcdir");
	struct zoneinfo *zi = zoneinfo_create(NULL);
	struct buf out;

	zones = zoneinfo_source(zi);
	buf_init(&out, 0);
	for (int i = 1; i < argc; i++)
		(void)load(argv[i], &out);
	if (argc > 1) {
		(void)fputs(buf_str(&out), stdout);
		buf_free(&out);
		zoneinfo_destroy(zi);
		return 0;
	}
	top = top == NULL ? "." : top;
	test_folder(top, "dags", true);
	test_folder(top, "tests/dags/good", true);
	test_folder(top, "tests/dags/bad", false);
	zoneinfo_destroy(zi);
	return tap_done();
}
