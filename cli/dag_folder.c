/* The folder of DAG files, for commands: all of it is loaded, and each DAG is one file's. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "store/dags_folder.h"
#include "store/file_writer.h"
#include "store/store_run.h"

#define NO_FOLDER                                                                                  \
	"there is no dags folder %s yet; the scheduler makes it, or you do, or core.dags_folder "  \
	"is set to another"

static void on_walk_problem(void *ctx, const char *path, const char *sentence)
{
	(void)ctx;
	report_warning("%s: %s", path, sentence);
}

/* Which file has which DAG: of several that want it that which has had it, as the store knows, else
 * the first. */
struct owners {
	struct strmap *ids; /* to places in files */
	const struct dag_file **files;
	size_t n, n_doubles;
};

static int owners_add(struct owners *o, const struct dag_file *file)
{
	int r = 0;

	for (size_t k = 0; k < file->n_dags && r == 0; k++) {
		const char *id = file->dags[k]->dag_id;

		r = strmap_add(o->ids, id, strlen(id), (uint32_t)o->n);
		if (r == 0)
			o->files[o->n++] = file;
		else if (r == ERR_EXISTS)
			o->n_doubles++;
		r = r == ERR_EXISTS ? 0 : r;
	}
	return r;
}

static const struct dag_file **owner_of(const struct owners *o, const struct dag *d)
{
	return &o->files[strmap_find(o->ids, d->dag_id, strlen(d->dag_id))];
}

/* Gives each DAG to the file that has had it. Where there is no store that tells, nothing is
 * known. */
static void ask_store(const struct owners *o, const struct dag_folder *f)
{
	struct stores_options options;
	struct arena *a = arena_create(0);
	struct store *s = NULL;
	struct store_dag row;
	struct err e;

	if (a != NULL && stores_options_or_report(&options)) {
		(void)store_open(&options.store, &s, &e);
		stores_options_free(&options);
	}
	for (size_t i = 0; s != NULL && i < f->n_files; i++)
		for (size_t k = 0; k < f->files[i].n_dags; k++) {
			const struct dag *d = f->files[i].dags[k];

			if (*owner_of(o, d) != &f->files[i] &&
				store_dag_get(s, a, d->dag_id, &row, &e) == 0 &&
				strcmp(row.file, f->files[i].path) == 0)
				*owner_of(o, d) = &f->files[i];
		}
	store_close(s);
	arena_destroy(a);
}

/* Makes a DAG that is another file's an error of the file. */
static void refuse_doubles(const struct owners *o, const struct dag_folder *f)
{
	for (size_t i = 0; i < f->n_files; i++)
		for (size_t k = 0; k < f->files[i].n_dags; k++) {
			const struct dag *d = f->files[i].dags[k];
			const struct dag_file *owner = *owner_of(o, d);

			if (owner != &f->files[i])
				dag_file_refuse(&f->files[i], d, owner->path);
		}
}

static int find_doubles(const struct dag_folder *f)
{
	struct owners o = {.ids = strmap_create(f->n_files)};
	size_t n = 0;
	int r = o.ids == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < f->n_files; i++)
		n += f->files[i].n_dags;
	o.files = calloc(n + 1, sizeof(struct dag_file *));
	if (o.files == NULL)
		r = ERR_NOMEM;
	for (size_t i = 0; i < f->n_files && r == 0; i++)
		r = owners_add(&o, &f->files[i]);
	if (r == 0 && o.n_doubles > 0) {
		ask_store(&o, f);
		refuse_doubles(&o, f);
	}
	strmap_destroy(o.ids);
	free(o.files);
	return r;
}

/* What the walk could not read is a file that cannot be. */
static int on_walk_unread(void *ctx, const char *path, const char *sentence)
{
	struct dag_folder *f = ctx;
	struct dag_file *grown = reallocarray(f->files, f->n_files + 1, sizeof(*grown));

	if (grown == NULL)
		return ERR_NOMEM;
	f->files = grown;
	f->files[f->n_files++] =
		(struct dag_file){.path = strdup(path), .failure = strdup(sentence)};
	return grown[f->n_files - 1].path == NULL || grown[f->n_files - 1].failure == NULL
		? ERR_NOMEM
		: 0;
}

static int by_path(const void *a, const void *b)
{
	const struct dag_file *left = a, *right = b;

	return strcmp(left->path, right->path);
}

static int load_files(struct dag_loader *l, char **paths, size_t n, struct dag_folder *out)
{
	struct dag_file *grown = reallocarray(out->files, out->n_files + n + 1, sizeof(*grown));
	int r = 0;

	if (grown == NULL)
		return ERR_NOMEM;
	out->files = grown;
	for (size_t i = 0; i < n && r == 0; i++)
		if (file_writer_ask(paths[i]) == FILE_WRITER_THERE)
			report_note("%s is being written, and does not count yet", paths[i]);
		else
			r = dag_file_load(l, paths[i], &out->files[out->n_files++]);
	if (r == 0)
		qsort(out->files, out->n_files, sizeof(*out->files), by_path);
	return r == 0 ? find_doubles(out) : r;
}

/* Keeps why the folder itself cannot be read. N.B. a file in its place, or on the way to it, is no
 * folder that only has to be made. */
static void keep_failure(struct dag_folder *f, int code, const struct err *e)
{
	struct buf b;

	buf_init(&b, 0);
	if (code == ERR_NOTFOUND && access(f->path, F_OK) != 0 && errno == ENOENT)
		buf_addf(&b, NO_FOLDER, f->path);
	else
		buf_addf(&b, "the dags folder %s: %s", f->path, e->text);
	f->failure = buf_steal(&b);
	if (f->failure == NULL)
		(void)report_no_memory();
}

int dag_folder_load(struct dag_loader *l, const char *path, struct dag_folder *out)
{
	const struct dags_folder_report report = {
		.ctx = out, .on_problem = on_walk_problem, .on_unread = on_walk_unread};
	char **paths = NULL;
	struct err e;
	size_t n = 0;
	int r;

	memset(out, 0, sizeof(*out));
	out->path = strdup(path);
	if (out->path == NULL)
		return report_no_memory();
	r = dags_folder_list(path, &report, &paths, &n, &e);
	if (r != 0) {
		keep_failure(out, r, &e);
		return EXIT_FAILED;
	}
	r = load_files(l, paths, n, out);
	dags_folder_free(paths, n);
	if (r != 0)
		report_error("%s", err_text(r));
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

int dag_folder_load_own(struct dag_loader *l, const struct settings *s, struct dag_folder *out)
{
	const char *path = settings_text(s, SETTING_DAGS_FOLDER);
	bool is_said = strcmp(settings_origin(s, SETTING_DAGS_FOLDER), "default") != 0;

	if (is_said || access(path, F_OK) == 0 || errno != ENOENT)
		return dag_folder_load(l, path, out);
	memset(out, 0, sizeof(*out));
	out->is_missing = true;
	out->path = strdup(path);
	return out->path == NULL ? report_no_memory() : EXIT_DONE;
}

void dag_folder_report(const struct dag_folder *f)
{
	if (f->failure != NULL)
		report_error("%s", f->failure);
}

void dag_folder_note_empty(const struct dag_folder *f)
{
	if (f->is_missing)
		report_note(NO_FOLDER, f->path);
	else if (f->n_files == 0)
		report_note("no DAG files in %s", f->path);
}

void dag_folder_free(struct dag_folder *f)
{
	for (size_t i = 0; i < f->n_files; i++)
		dag_file_free(&f->files[i]);
	free(f->files);
	free(f->failure);
	free(f->path);
	memset(f, 0, sizeof(*f));
}
