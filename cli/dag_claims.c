/*
 * Which file has which DAG, among files that were named one by one. A dag_id is that of the file
 * named first. What is in one batch, a folder's files, has been held against each other already.
 *
 * N.B. a file may be named twice, or by itself and with its folder: it is no other then.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/dag_files.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/strmap.h"

struct claimant {
	const char *path; /* as it is shown */
	dev_t dev;
	ino_t ino; /* 0: the file is gone */
};

struct dag_claims {
	struct arena *arena;
	struct strmap *ids; /* to places in files */
	struct claimant *files;
	size_t n;
};

struct dag_claims *dag_claims_create(void)
{
	struct dag_claims *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return NULL;
	c->arena = arena_create(0);
	c->ids = strmap_create(64);
	if (c->arena != NULL && c->ids != NULL)
		return c;
	dag_claims_destroy(c);
	return NULL;
}

void dag_claims_destroy(struct dag_claims *c)
{
	if (c == NULL)
		return;
	strmap_destroy(c->ids);
	arena_destroy(c->arena);
	free(c->files);
	free(c);
}

static bool is_same(const struct claimant *a, const struct claimant *b)
{
	return a->ino != 0 && a->ino == b->ino && a->dev == b->dev;
}

/* Notes the files behind those that there are. */
static int files_note(struct dag_claims *c, const struct dag_file *files, size_t n)
{
	struct claimant *grown = reallocarray(c->files, c->n + n + 1, sizeof(*grown));
	struct stat st;

	if (grown == NULL)
		return ERR_NOMEM;
	c->files = grown;
	for (size_t i = 0; i < n; i++) {
		struct claimant *file = &grown[c->n + i];
		bool is_stdin = strcmp(files[i].path, "-") == 0;

		*file = (struct claimant){
			.path = arena_strdup(c->arena, is_stdin ? "<stdin>" : files[i].path)};
		if (file->path == NULL)
			return ERR_NOMEM;
		if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(files[i].path, &st)) == 0) {
			file->dev = st.st_dev;
			file->ino = st.st_ino;
		}
	}
	return 0;
}

/* Whether the owner is a file of the batch: that has been judged. */
static bool is_in_batch(const struct dag_claims *c, const struct claimant *owner, size_t n)
{
	for (size_t k = 0; k < n; k++)
		if (is_same(owner, &c->files[c->n + k]))
			return true;
	return false;
}

static void refuse(const struct dag_claims *c, const struct dag_file *files, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < files[i].n_dags; k++) {
			const struct dag *d = files[i].dags[k];
			uint32_t place = strmap_find(c->ids, d->dag_id, strlen(d->dag_id));

			if (place != STRMAP_NONE && !is_in_batch(c, &c->files[place], n))
				dag_file_refuse(&files[i], d, c->files[place].path);
		}
}

/* Takes the ids of files with errors, or of those without. */
static int ids_take(struct dag_claims *c, const struct dag_file *files, size_t n, bool is_refused)
{
	int r = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < files[i].n_dags && r == 0; k++) {
			const char *id;

			if ((dag_file_errors(&files[i]) > 0) != is_refused)
				break;
			id = arena_strdup(c->arena, files[i].dags[k]->dag_id);
			r = id == NULL ? ERR_NOMEM
				       : strmap_add(c->ids, id, strlen(id), (uint32_t)(c->n + i));
			r = r == ERR_EXISTS ? 0 : r;
		}
	return r;
}

int dag_claims_take(struct dag_claims *c, struct dag_file *files, size_t n)
{
	int r = files_note(c, files, n);

	if (r != 0)
		return r;
	refuse(c, files, n);
	r = ids_take(c, files, n, false);
	if (r == 0)
		r = ids_take(c, files, n, true);
	c->n += n;
	return r;
}
