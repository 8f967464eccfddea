/* The folder of DAG files: which files in it count. */
#ifndef STORE_DAGS_FOLDER_H
#define STORE_DAGS_FOLDER_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct stat;

#define DAGS_FOLDER_DEPTH_MAX 32 /* how deep folders may nest */
#define DAGS_FOLDER_FILES_MAX 100000 /* DAG files of one folder */

/* Whether a file of this name counts: it ends in .yaml or .yml, and is not hidden. In the folder,
 * regular files alone do. */
bool dags_folder_is_dag_name(const char *name);

/* Visits what counts in a folder and below it. Members may be NULL. */
struct dags_folder_visit {
	void *ctx;
	/* A folder, before its names are read. What it returns is the mark of the files in it. */
	int (*on_folder)(void *ctx, const char *path);
	/* A file that counts. 0, or an error that ends the walk. */
	int (*on_file)(void *ctx, const char *path, const struct stat *st, int mark);
	/* A symbolic link, on the way to the folder or in it: of what becomes of that to which it
	 * leads whoever watches folders may not hear. */
	void (*on_link)(void *ctx);
	/* What does not count (a link to nothing), though it looks as if it should. */
	void (*on_problem)(void *ctx, const char *path, const char *sentence);
	/* A folder below, or what a link leads to, that cannot be read, or not to its end: what it
	 * had may be there still. The rest goes on, unless an error is returned. */
	int (*on_unread)(void *ctx, const char *path, const char *sentence);
};

/* Visits folder and what is below it, each as folder/..., in no order, without what a
 * .windrowignore leaves out. Hidden files and folders do not count; symbolic links are followed,
 * but never round in a circle. ERR_NOTFOUND, ERR_DENIED, ERR_IO where the folder itself cannot be
 * read, ERR_LIMIT, ERR_NOMEM, ERR_UNAVAILABLE: no descriptor is to be had just now. */
int dags_folder_walk(const char *folder, const struct dags_folder_visit *visit, struct err *e);

/* Hears of what did not count, as a visit does. */
struct dags_folder_report {
	void *ctx;
	void (*on_problem)(void *ctx, const char *path, const char *sentence);
	int (*on_unread)(void *ctx, const char *path, const char *sentence);
};

/* The DAG files that a walk visits, sorted by bytes. *paths is malloc'd, as is each of them:
 * dags_folder_free(). Errors as dags_folder_walk(). */
int dags_folder_list(const char *folder, const struct dags_folder_report *report, char ***paths,
	size_t *n, struct err *e);
void dags_folder_free(char **paths, size_t n);

/* Reads a whole file of at most max bytes; *text is malloc'd, with a NUL behind it. "-" is standard
 * input. ERR_NOTFOUND, ERR_DENIED, ERR_IO, ERR_LIMIT, ERR_INVALID (a folder), ERR_NOMEM, each with
 * a sentence that does not name the path. */
int dags_folder_read(const char *path, size_t max, char **text, size_t *len, struct err *e);

/* The same for what lies in the folder: what is no regular file, on which one might wait for ever,
 * is ERR_INVALID, and "-" is a name. ERR_UNAVAILABLE: no descriptor is to be had just now. */
int dags_folder_read_regular(const char *path, size_t max, char **text, size_t *len, struct err *e);

#endif
