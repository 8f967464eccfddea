/*
 * Import errors in the store: of each file those that the last look found, and none of files that
 * are gone. What is stored already is not written again.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/bag_impl.h"
#include "store/journal.h"
#include "store/store_run.h"

static int take_row(struct bag *b, const struct store_import_error *row)
{
	struct stored_faults *s =
		b->n_stored > 0 ? &b->stored[b->n_stored - 1] : NULL; /* rows come by file */

	if (s == NULL || strcmp(s->file, row->file) != 0) {
		s = &b->stored[b->n_stored];
		s->file = strdup(row->file);
		if (s->file == NULL)
			return ERR_NOMEM;
		b->n_stored++;
	}
	return dag_faults_add(
		&s->faults, (struct pos){.line = row->line, .column = row->column}, row->text);
}

int bag_faults_open(struct bag *b, struct arena *a, struct err *e)
{
	struct store_import_error *rows;
	size_t n = 0;
	int r = store_import_errors(b->o.store, a, &rows, &n, e);

	if (r != 0)
		return r;
	b->stored = calloc(n + 1, sizeof(*b->stored));
	if (b->stored == NULL)
		r = ERR_NOMEM;
	for (size_t i = 0; i < n && r == 0; i++)
		r = take_row(b, &rows[i]);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

void bag_faults_close(struct bag *b)
{
	for (size_t i = 0; i < b->n_stored; i++) {
		free(b->stored[i].file);
		dag_faults_free(&b->stored[i].faults);
	}
	free(b->stored);
	b->stored = NULL;
	b->n_stored = 0;
}

static int put(struct bag *b, const char *file, const struct dag_faults *faults)
{
	struct store_import_error *rows = calloc(faults->n + 1, sizeof(*rows));
	int r = rows == NULL ? ERR_NOMEM : 0;

	for (size_t i = 0; i < faults->n && r == 0; i++)
		rows[i] = (struct store_import_error){.file = file,
			.line = faults->list[i].pos.line,
			.column = faults->list[i].pos.column,
			.text = faults->list[i].text};
	if (r == 0)
		r = journal_import_errors(b->o.journal, file, rows, faults->n);
	free(rows);
	if (r != 0)
		bag_note(b, OP_ERROR, "%s: its import errors could not be stored: %s", file,
			err_text(r));
	return r;
}

void bag_faults_take(struct bag *b)
{
	static const struct dag_faults none = {0};

	for (size_t i = 0; i < b->n_stored; i++) {
		struct folder_file *f = folder_look_find(b->look, b->stored[i].file);

		if (f == NULL) {
			(void)put(b, b->stored[i].file, &none);
			continue;
		}
		f->told = b->stored[i].faults;
		b->n_faults += f->told.n;
		b->stored[i].faults = none;
	}
	bag_faults_close(b);
}

static void note(struct bag *b, const char *file, const struct dag_fault *fault)
{
	if (fault->pos.line == 0)
		bag_note(b, OP_WARNING, "%s: %s", file, fault->text);
	else
		bag_note(b, OP_WARNING, "%s:%u:%u: %s", file, fault->pos.line, fault->pos.column,
			fault->text);
}

void bag_faults_store(struct bag *b, struct folder_file *f, struct dag_faults *faults)
{
	if (!dag_faults_are_equal(&f->told, faults)) {
		if (put(b, f->path, faults) != 0) {
			dag_faults_free(faults);
			bag_claims_again(b);
			return;
		}
		for (size_t i = 0; i < faults->n; i++)
			note(b, f->path, &faults->list[i]);
	}
	b->n_faults = b->n_faults - f->told.n + faults->n;
	dag_faults_free(&f->told);
	f->told = *faults;
	*faults = (struct dag_faults){0};
}

int bag_faults_folder(struct bag *b, const char *sentence)
{
	struct dag_fault fault = {.text = (char *)sentence};
	const struct dag_faults faults = {.list = &fault, .n = *sentence != '\0'};
	int r = put(b, b->folder, &faults);

	if (r != 0)
		return r;
	(void)journal_commit(b->o.journal, NULL, NULL);
	b->n_faults = b->n_faults - (*b->folder_fault != '\0') + faults.n;
	return 0;
}

const char *bag_folder_fault(const struct bag *b, const char **folder)
{
	*folder = b->folder;
	return *b->folder_fault == '\0' ? NULL : b->folder_fault;
}

void bag_faults_forget(struct bag *b, const struct folder_file *f)
{
	static const struct dag_faults none = {0};

	b->n_faults -= f->told.n;
	if (f->told.n > 0)
		(void)put(b, f->path, &none);
}

size_t bag_faults_count(const struct bag *b)
{
	return b->n_faults;
}
