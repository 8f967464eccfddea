/*
 * One DAG file, loaded for a command. Loading never stops at the first fault: the file keeps what
 * is wrong with it, and whoever asked decides what to tell.
 */
#include <stdlib.h>
#include <string.h>

#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/text.h"
#include "engine/buf.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/load.h"
#include "engine/scan.h"
#include "operators/specs.h"
#include "scheduler/dag_source.h"
#include "store/dags_folder.h"
#include "store/pages.h"
#include "store/zoneinfo.h"

struct dag_loader {
	struct zoneinfo *zones;
	struct zone_source zone_source;
	struct load_options options;
};

struct dag_loader *dag_loader_or_report(void)
{
	struct dag_loader *l = calloc(1, sizeof(*l));

	if (l != NULL) {
		l->zones = zoneinfo_create(NULL);
		l->options.scan = scan_create();
	}
	if (l == NULL || l->zones == NULL || l->options.scan == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		dag_loader_destroy(l);
		return NULL;
	}
	l->zone_source = zoneinfo_source(l->zones);
	l->options.zones = &l->zone_source;
	l->options.ops = op_specs;
	l->options.n_ops = op_specs_count;
	l->options.memory = &pages_memory;
	return l;
}

void dag_loader_destroy(struct dag_loader *l)
{
	if (l == NULL)
		return;
	scan_destroy(l->options.scan);
	zoneinfo_destroy(l->zones);
	free(l);
}

const struct load_options *dag_loader_options(const struct dag_loader *l)
{
	return &l->options;
}

static int load_text(
	struct dag_loader *l, const char *path, const char *text, size_t len, struct dag_file *out)
{
	struct load_options options = l->options;
	char *id = strcmp(path, "-") == 0 ? strdup("stdin") : dag_source_id(path);
	int r;

	out->diags = diags_create(strcmp(path, "-") == 0 ? "<stdin>" : path);
	options.default_id = id;
	r = id == NULL || out->diags == NULL
		? ERR_NOMEM
		: dag_load(text, len, &options, out->diags, &out->dags, &out->n_dags);
	free(id);
	return r == ERR_INVALID ? 0 : r;
}

int dag_file_load(struct dag_loader *l, const char *path, struct dag_file *out)
{
	struct err e;
	char *text;
	size_t len;
	int r;

	memset(out, 0, sizeof(*out));
	out->path = strdup(path);
	if (out->path == NULL)
		return ERR_NOMEM;
	r = dags_folder_read(path, LOAD_FILE_MAX, &text, &len, &e);
	if (r == ERR_NOMEM)
		return r;
	if (r != 0) {
		out->failure = strdup(e.text);
		return out->failure == NULL ? ERR_NOMEM : 0;
	}
	r = load_text(l, path, text, len, out);
	free(text);
	return r;
}

void dag_file_free(struct dag_file *f)
{
	for (size_t i = 0; i < f->n_dags; i++)
		dag_destroy(f->dags[i]);
	free(f->dags);
	diags_destroy(f->diags);
	free(f->failure);
	free(f->path);
	memset(f, 0, sizeof(*f));
}

size_t dag_file_errors(const struct dag_file *f)
{
	return f->diags == NULL ? f->failure != NULL : diags_errors(f->diags);
}

void dag_file_refuse(const struct dag_file *f, const struct dag *d, const char *owner)
{
	diag_error(f->diags, d->pos,
		"the dag_id \"%s\" is that of %s already; each DAG needs its own", d->dag_id,
		owner);
}

/* Writes lines, each made harmless. */
static void write_lines(const char *s)
{
	while (*s != '\0') {
		size_t n = strcspn(s, "\n");

		text_write_shown(stderr, s, n);
		(void)fputc('\n', stderr);
		s += n + (s[n] == '\n');
	}
}

void dag_file_report(const struct dag_file *f, bool has_warnings)
{
	struct buf b;

	if (f->failure != NULL) {
		report_error("%s: %s", f->path, f->failure);
		return;
	}
	if (f->diags == NULL || (!has_warnings && diags_errors(f->diags) == 0))
		return;
	buf_init(&b, 0);
	diags_print(f->diags, &b);
	if (buf_status(&b) != 0)
		report_error("%s", err_text(buf_status(&b)));
	(void)fflush(stdout);
	write_lines(buf_str(&b));
	buf_free(&b);
}
