/* From FILE|ID to the DAG that is meant. */
#include "cli/dag_files.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"

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
		bool is_broken = dag_file_errors(&f->files[i]) > 0;

		n_broken += is_broken;
		for (size_t k = 0; k < f->files[i].n_dags && !is_broken; k++)
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

/* The file's DAG of this id, or NULL. */
static const struct dag *find_dag(const struct dag_file *f, const char *id)
{
	for (size_t k = 0; k < f->n_dags; k++)
		if (strcmp(f->dags[k]->dag_id, id) == 0)
			return f->dags[k];
	return NULL;
}

/* Tells what is wrong with the files that want the DAG; false: there is none. N.B. a file that lost
 * a dag_id to another has errors, and none of its DAGs is to be had. */
static bool report_refused(const struct dag_folder *f, const char *id)
{
	bool is_any = false;

	for (size_t i = 0; i < f->n_files; i++)
		if (find_dag(&f->files[i], id) != NULL) {
			dag_file_report(&f->files[i], false);
			is_any = true;
		}
	return is_any;
}

static int take_from_folder(
	struct dag_folder *folder, const char *id, struct dag_file *file, const struct dag **dag)
{
	for (size_t i = 0; i < folder->n_files; i++) {
		struct dag_file *f = &folder->files[i];

		if (dag_file_errors(f) > 0 || (*dag = find_dag(f, id)) == NULL)
			continue;
		*file = *f;
		memset(f, 0, sizeof(*f));
		return EXIT_DONE;
	}
	if (!report_refused(folder, id))
		report_no_dag(folder, id);
	return EXIT_FAILED;
}

static int find_in_folder(
	struct dag_loader *l, const char *id, struct dag_file *file, const struct dag **dag)
{
	struct settings *s = settings_or_report();
	struct dag_folder folder = {0};
	int status;

	if (s == NULL)
		return EXIT_FAILED;
	status = dag_folder_load(l, settings_text(s, SETTING_DAGS_FOLDER), &folder);
	if (status == EXIT_DONE)
		status = take_from_folder(&folder, id, file, dag);
	else
		dag_folder_report(&folder);
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
