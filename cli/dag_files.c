/*
 * Files and folders of DAGs for the commands. Loading never stops at the first bad file: each keeps
 * what is wrong with it, and whoever asked decides what to tell.
 */
#include "cli/dag_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/text.h"
#include "engine/buf.h"
#include "engine/arena.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/hint.h"
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

static bool ends_in(const char *s, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && memcmp(s + len - n, end, n) == 0;
}

static bool is_file_name(const char *s, size_t len)
{
	return memchr(s, '/', len) != NULL || ends_in(s, len, ".yaml") || ends_in(s, len, ".yml") ||
		(len == 1 && *s == '-');
}

/* Splits FILE:ID, where such a file exists and one called the whole word does not. Returns the id,
 * or NULL where the word is a file alone. */
static const char *split_id(const char *word, char **file)
{
	const char *colon = strrchr(word, ':');
	struct stat st;

	*file = strdup(word);
	if (*file == NULL || colon == NULL || !is_file_name(word, (size_t)(colon - word)) ||
		stat(word, &st) == 0)
		return NULL;
	(*file)[colon - word] = '\0';
	return colon + 1;
}

/* The DAG that is meant of a file that loaded. */
static int choose_dag(const struct dag_file *f, const char *id, const struct dag **dag)
{
	struct hint h;

	if (id == NULL && f->n_dags == 1) {
		*dag = f->dags[0];
		return EXIT_DONE;
	}
	if (id == NULL) {
		report_error("%s holds %zu DAGs; say which, as in %s:%s", f->path, f->n_dags,
			f->path, f->dags[0]->dag_id);
		return EXIT_USAGE;
	}
	hint_begin(&h, id, strlen(id));
	for (size_t i = 0; i < f->n_dags; i++) {
		hint_offer(&h, f->dags[i]->dag_id, strlen(f->dags[i]->dag_id));
		if (strcmp(f->dags[i]->dag_id, id) == 0) {
			*dag = f->dags[i];
			return EXIT_DONE;
		}
	}
	report_error("%s holds no DAG \"%s\"%s%s%s", f->path, id,
		h.best == NULL ? "" : "; did you mean \"", h.best == NULL ? "" : h.best,
		h.best == NULL ? "" : "\"?");
	return EXIT_FAILED;
}

static int find_in_file(
	struct dag_loader *l, const char *word, struct dag_file *file, const struct dag **dag)
{
	char *path;
	const char *id = split_id(word, &path);
	int r = path == NULL ? ERR_NOMEM : dag_file_load(l, path, file);

	free(path);
	if (r != 0) {
		report_error("%s", err_text(r));
		return EXIT_FAILED;
	}
	if (dag_file_errors(file) > 0) {
		dag_file_report(file, false);
		return EXIT_FAILED;
	}
	return choose_dag(file, id, dag);
}

/* Tells that no file of the folder has the DAG, and what might have been meant. */
static void report_no_dag(const struct dag_folder *f, const char *id)
{
	size_t n_broken = 0;
	struct hint h;

	hint_begin(&h, id, strlen(id));
	for (size_t i = 0; i < f->n_files; i++) {
		n_broken += dag_file_errors(&f->files[i]) > 0;
		for (size_t k = 0; k < f->files[i].n_dags; k++)
			hint_offer(&h, f->files[i].dags[k]->dag_id,
				strlen(f->files[i].dags[k]->dag_id));
	}
	if (h.best != NULL)
		report_error("no DAG \"%s\" in %s; did you mean \"%s\"?", id, f->path, h.best);
	else
		report_error("no DAG \"%s\" in %s; `windrow dags list` shows those there are, and "
			     "a file is named by its path, as in ./%s.yaml",
			id, f->path, id);
	if (n_broken > 0)
		report_note("%zu file%s there could not be loaded: `windrow dags "
			    "list-import-errors` tells why",
			n_broken, n_broken == 1 ? "" : "s");
}

static int find_in_folder(
	struct dag_loader *l, const char *id, struct dag_file *file, const struct dag **dag)
{
	struct settings *s = settings_or_report();
	struct dag_folder folder = {0};
	int status = EXIT_FAILED;

	if (s == NULL)
		return EXIT_FAILED;
	if (dag_folder_load(l, settings_text(s, SETTING_DAGS_FOLDER), &folder) == EXIT_DONE) {
		for (size_t i = 0; i < folder.n_files && status != EXIT_DONE; i++)
			for (size_t k = 0; k < folder.files[i].n_dags; k++)
				if (strcmp(folder.files[i].dags[k]->dag_id, id) == 0) {
					*dag = folder.files[i].dags[k];
					*file = folder.files[i];
					memset(&folder.files[i], 0, sizeof(folder.files[i]));
					status = EXIT_DONE;
					break;
				}
		if (status != EXIT_DONE)
			report_no_dag(&folder, id);
	}
	dag_folder_free(&folder);
	settings_destroy(s);
	return status;
}

int dag_open(const char *word, struct dag_opened *out)
{
	const char *colon = strrchr(word, ':');

	memset(out, 0, sizeof(*out));
	out->arena = arena_create(0);
	if (out->arena == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	out->loader = dag_loader_or_report();
	if (out->loader == NULL)
		return EXIT_FAILED;
	if (is_file_name(word, strlen(word)) ||
		(colon != NULL && is_file_name(word, (size_t)(colon - word))))
		return find_in_file(out->loader, word, &out->file, &out->dag);
	return find_in_folder(out->loader, word, &out->file, &out->dag);
}

void dag_close(struct dag_opened *o)
{
	dag_file_free(&o->file);
	arena_destroy(o->arena);
	dag_loader_destroy(o->loader);
}

struct dag *dag_take(struct dag_opened *o)
{
	struct dag *taken = NULL;

	for (size_t i = 0; i < o->file.n_dags; i++)
		if (o->file.dags[i] == o->dag) {
			taken = o->file.dags[i];
			o->file.dags[i] = o->file.dags[--o->file.n_dags];
			break;
		}
	return taken;
}

const struct task *dag_find_task(const struct dag *d, const char *name)
{
	const struct task *found;
	struct err e;

	if (dag_task_meant(d, name, &found, &e) == 0)
		return found;
	report_error("%s", e.text);
	return NULL;
}
