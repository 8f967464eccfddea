/* The `dags` commands that look at all files of the folder. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/settings.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/diag.h"
#include "engine/err.h"
#include "scheduler/control.h"
#include "store/store_run.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Loads the dags folder of the settings, as dag_folder_load(). */
static int load_settings_folder(struct dag_loader *l, struct dag_folder *out)
{
	struct settings *s = settings_or_report();
	int status = EXIT_FAILED;

	memset(out, 0, sizeof(*out));
	if (s != NULL)
		status = dag_folder_load_own(l, s, out);
	settings_destroy(s);
	return status;
}

/* Adds all there is to say of a file; has_warnings: warnings too. */
static void add_findings(struct table *t, const struct dag_file *f, bool is_full)
{
	size_t n;
	const struct diag *list;

	if (f->failure != NULL) {
		table_text(t, f->path);
		table_value(t, &(struct value){.type = VALUE_NULL});
		table_value(t, &(struct value){.type = VALUE_NULL});
		if (is_full)
			table_text(t, "error");
		table_text(t, f->failure);
		return;
	}
	list = diags_list(f->diags, &n);
	for (size_t i = 0; i < n; i++) {
		if (!is_full && list[i].level != DIAG_ERROR)
			continue;
		table_text(t, f->path);
		table_int(t, list[i].pos.line);
		table_int(t, list[i].pos.column);
		if (is_full)
			table_text(t, list[i].level == DIAG_ERROR ? "error" : "warning");
		table_text(t, list[i].text);
	}
}

/* The same of a folder that could not be read. */
static void add_failure(struct table *t, const struct dag_folder *f, bool is_full)
{
	add_findings(t, &(struct dag_file){.path = f->path, .failure = f->failure}, is_full);
}

/* What `validate` has seen so far. */
struct validation {
	struct dag_loader *loader;
	struct dag_claims *claims;
	struct table *table; /* NULL: findings are told as they come */
	size_t n_files, n_dags, n_tasks, n_errors;
};

static void validate_file(struct validation *v, const struct dag_file *f)
{
	v->n_files++;
	v->n_errors += dag_file_errors(f);
	v->n_dags += f->n_dags;
	for (size_t i = 0; i < f->n_dags; i++)
		v->n_tasks += f->dags[i]->n_tasks;
	if (v->table != NULL)
		add_findings(v->table, f, true);
	else
		dag_file_report(f, true);
}

/* Holds files against those before, and tells what is wrong with them. */
static void validate_files(struct validation *v, struct dag_file *files, size_t n)
{
	if (dag_claims_take(v->claims, files, n) != 0) {
		(void)report_no_memory();
		v->n_errors++;
	}
	for (size_t i = 0; i < n; i++)
		validate_file(v, &files[i]);
}

/* status: how loading it went. */
static void validate_folder(struct validation *v, struct dag_folder *folder, int status)
{
	if (status != EXIT_DONE)
		v->n_errors++;
	if (folder->failure != NULL && v->table != NULL)
		add_failure(v->table, folder, true);
	else
		dag_folder_report(folder);
	validate_files(v, folder->files, folder->n_files);
	if (status == EXIT_DONE)
		dag_folder_note_empty(folder);
	dag_folder_free(folder);
}

static void validate_word(struct validation *v, const char *word)
{
	struct dag_folder folder;
	struct dag_file file;
	struct stat st;
	int r;

	if (strcmp(word, "-") != 0 && stat(word, &st) == 0 && S_ISDIR(st.st_mode)) {
		r = dag_folder_load(v->loader, word, &folder);
		validate_folder(v, &folder, r);
		return;
	}
	r = dag_file_load(v->loader, word, &file);
	if (r == 0)
		validate_files(v, &file, 1);
	else
		report_error("%s: %s", word, err_text(r));
	v->n_errors += r != 0;
	dag_file_free(&file);
}

static void validate_all(struct validation *v, const struct args *args)
{
	struct dag_folder folder;
	int status;

	for (size_t i = 0; i < args->n_words; i++)
		validate_word(v, args->words[i]);
	if (args->n_words > 0)
		return;
	status = load_settings_folder(v->loader, &folder);
	validate_folder(v, &folder, status);
}

static const char *plural(size_t n)
{
	return n == 1 ? "" : "s";
}

static int validate_exec(const struct args *args)
{
	static const char *const columns[] = {"file", "line", "column", "level", "message"};
	struct validation v = {.loader = dag_loader_or_report()};
	int status = EXIT_DONE;

	if (v.loader == NULL)
		return EXIT_FAILED;
	v.claims = dag_claims_create();
	if (v.claims == NULL) {
		dag_loader_destroy(v.loader);
		return report_no_memory();
	}
	if (args_has(args, "output"))
		v.table = table_create(columns, COUNT(columns));
	validate_all(&v, args);
	if (v.table != NULL)
		status = table_show(v.table, args);
	else if (v.n_errors == 0)
		(void)printf("%zu file%s, %zu DAG%s, %zu task%s: no errors\n", v.n_files,
			plural(v.n_files), v.n_dags, plural(v.n_dags), v.n_tasks,
			plural(v.n_tasks));
	table_destroy(v.table);
	dag_claims_destroy(v.claims);
	dag_loader_destroy(v.loader);
	return v.n_errors > 0 ? EXIT_FAILED : status;
}

static const struct flag validate_flags[] = {
	{"output", 'o', FLAG_ENUM, "FORMAT",
		"findings as a list on standard output: table, json, yaml or plain",
		.choices = output_formats},
};

const struct command command_dags_validate = {
	.group = "dags",
	.verb = "validate",
	.words = "[FILE...]",
	.summary = "check DAG files, and tell all that is wrong with them",
	.details = "Each error is one line, FILE:LINE:COLUMN: what is wrong, and what would be "
		   "right. FILE may be a folder, or - for standard input; without one, the whole "
		   "dags folder is checked. Two files with one dag_id are an error, too. Needs no "
		   "store and no daemon. Exits 1 where there are "
		   "errors; warnings alone do not count.",
	.flags = validate_flags,
	.n_flags = COUNT(validate_flags),
	.example = "windrow dags validate nightly.yaml",
	.exec = validate_exec,
};

/* What the store knows of DAGs. */
struct known {
	struct arena *arena;
	struct store_dag *rows; /* by id */
	size_t n;
};

static int known_read(struct known *k)
{
	struct err e;
	int status;
	struct store *s = stores_open_to_read(&status);

	if (s == NULL)
		return status;
	k->arena = arena_create(0);
	if (k->arena == NULL)
		status = report_no_memory();
	else if (store_dags(s, k->arena, &k->rows, &k->n, &e) != 0)
		status = stores_report(&e);
	stores_close(s);
	return status;
}

static int by_id(const void *id, const void *row)
{
	return strcmp(id, ((const struct store_dag *)row)->dag_id);
}

/* Whether it is paused; null where no scheduler has seen it. */
static void add_paused(struct table *t, const struct known *k, const char *dag_id)
{
	const struct store_dag *row =
		k->n == 0 ? NULL : bsearch(dag_id, k->rows, k->n, sizeof(*k->rows), by_id);

	if (row == NULL || row->is_retired)
		table_value(t, &(struct value){.type = VALUE_NULL});
	else
		table_bool(t, row->is_paused);
}

static void add_dags(struct table *t, const struct dag_file *f, const struct known *k)
{
	for (size_t i = 0; i < f->n_dags; i++) {
		const struct dag *d = f->dags[i];

		table_text(t, d->dag_id);
		table_text(t, d->schedule_text[0] == '\0' ? NULL : d->schedule_text);
		table_text(t, d->owner);
		table_strings(t, d->tags, d->n_tags);
		add_paused(t, k, d->dag_id);
		table_text(t, f->path);
	}
}

/* The folder's DAGs that loaded. */
static int list_exec(const struct args *args)
{
	static const char *const columns[] = {
		"dag_id", "schedule", "owners", "tags", "is_paused", "fileloc"};
	struct dag_loader *l = dag_loader_or_report();
	struct dag_folder folder;
	struct known known = {0};
	struct table *t;
	size_t n_broken = 0;
	int status;

	if (l == NULL)
		return EXIT_FAILED;
	status = load_settings_folder(l, &folder);
	dag_folder_report(&folder);
	if (status == EXIT_DONE)
		status = known_read(&known);
	t = table_create(columns, COUNT(columns));
	for (size_t i = 0; i < folder.n_files; i++)
		if (dag_file_errors(&folder.files[i]) > 0)
			n_broken++;
		else
			add_dags(t, &folder.files[i], &known);
	if (status == EXIT_DONE)
		status = table_show(t, args);
	if (status == EXIT_DONE)
		dag_folder_note_empty(&folder);
	if (n_broken > 0)
		report_note("%zu file%s could not be loaded: `windrow dags list-import-errors` "
			    "tells why",
			n_broken, plural(n_broken));
	table_destroy(t);
	arena_destroy(known.arena);
	dag_folder_free(&folder);
	dag_loader_destroy(l);
	return status;
}

static const struct flag output_flags[] = {OUTPUT_FLAG};

const struct command command_dags_list = {
	.group = "dags",
	.verb = "list",
	.summary = "every DAG of the dags folder",
	.details = "Read from the files; whether a DAG is paused the store tells, once a scheduler "
		   "has "
		   "seen it. Files that could not be loaded are counted on standard error.",
	.flags = output_flags,
	.n_flags = COUNT(output_flags),
	.example = "windrow dags list -o json",
	.exec = list_exec,
};

/* What the files say. */
static int find_import_errors(struct table *t, size_t *n)
{
	struct dag_loader *l = dag_loader_or_report();
	struct dag_folder folder;
	int status;

	if (l == NULL)
		return EXIT_FAILED;
	status = load_settings_folder(l, &folder);
	if (folder.failure != NULL) {
		add_failure(t, &folder, false);
		(*n)++;
		status = EXIT_DONE; /* it has been found, and is listed */
	}
	for (size_t i = 0; i < folder.n_files; i++) {
		add_findings(t, &folder.files[i], false);
		*n += dag_file_errors(&folder.files[i]);
	}
	dag_folder_free(&folder);
	dag_loader_destroy(l);
	return status;
}

static void add_stored(struct table *t, const struct store_import_error *row)
{
	table_text(t, row->file);
	if (row->line == 0) {
		table_value(t, &(struct value){.type = VALUE_NULL});
		table_value(t, &(struct value){.type = VALUE_NULL});
	} else {
		table_int(t, row->line);
		table_int(t, row->column);
	}
	table_text(t, row->text);
}

/* What the daemon has found. */
static int read_import_errors(struct table *t, size_t *n)
{
	struct arena *a = arena_create(0);
	struct store_import_error *rows = NULL;
	struct err e;
	int status;
	struct store *s = stores_open_to_read(&status);

	if (s != NULL && a == NULL)
		status = report_no_memory();
	else if (s != NULL && store_import_errors(s, a, &rows, n, &e) != 0)
		status = stores_report(&e);
	for (size_t i = 0; i < *n; i++)
		add_stored(t, &rows[i]);
	stores_close(s);
	arena_destroy(a);
	return status;
}

/* Whether a daemon watches the folder of this home. */
static bool has_daemon(void)
{
	struct settings *s = settings_or_report();
	struct err e;
	int fd = -1;
	bool has = s != NULL && control_connect(settings_home_path(s), &fd, &e) == 0;

	if (has)
		(void)close(fd);
	settings_destroy(s);
	return has;
}

static int list_import_errors_exec(const struct args *args)
{
	static const char *const columns[] = {"filepath", "line", "column", "error"};
	struct table *t = table_create(columns, COUNT(columns));
	size_t n = 0;
	int status = has_daemon() ? read_import_errors(t, &n) : find_import_errors(t, &n);

	if (status == EXIT_DONE)
		status = table_show(t, args);
	if (status == EXIT_DONE && n == 0)
		report_note("no import errors in the dags folder");
	table_destroy(t);
	return n > 0 ? EXIT_FAILED : status;
}

const struct command command_dags_list_import_errors = {
	.group = "dags",
	.verb = "list-import-errors",
	.summary = "what is wrong with files of the dags folder",
	.details = "One row an error. Where a daemon runs, what it has found; else the files are "
		   "read. "
		   "Exits 1 where there is any, as Airflow does.",
	.flags = output_flags,
	.n_flags = COUNT(output_flags),
	.example = "windrow dags list-import-errors",
	.exec = list_import_errors_exec,
};
