/*
 * DAG files, read and loaded for a command; and the way from FILE|ID to a DAG, the same for every
 * command: a word with a `/` in it, or that ends in .yaml or .yml, or is `-`, is a file; any other
 * is the id of a DAG in the dags folder. FILE:ID names one DAG of a file that holds several.
 */
#ifndef CLI_DAG_FILES_H
#define CLI_DAG_FILES_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/dag.h"

struct arena;
struct dag_claims;
struct dag_loader;
struct load_options;
struct settings;

/* ---- dag_file.c ---- */

/* What loading needs besides the file: the operators and the time zones. NULL, having reported it:
 * no memory. */
struct dag_loader *dag_loader_or_report(void);
void dag_loader_destroy(struct dag_loader *l);

/* The same for who loads a text himself; as long-lived as the loader. */
const struct load_options *dag_loader_options(const struct dag_loader *l);

struct dag_file {
	char *path;
	char *failure; /* why it could not be read, or NULL */
	struct diags *diags; /* NULL where it could not be read */
	struct dag **dags; /* none where there are errors */
	size_t n_dags;
};

/* Reads and loads one file ("-": standard input). What is wrong with it stands in *out; ERR_NOMEM
 * alone is returned. */
int dag_file_load(struct dag_loader *l, const char *path, struct dag_file *out);
void dag_file_free(struct dag_file *f);

/* How many errors the file has: 1 where it could not be read. */
size_t dag_file_errors(const struct dag_file *f);

/* Makes a DAG of the file that is another's, by its path, an error of the file. */
void dag_file_refuse(const struct dag_file *f, const struct dag *d, const char *owner);

/* Writes all there is to say of the file to standard error, warnings too where has_warnings. */
void dag_file_report(const struct dag_file *f, bool has_warnings);

/* ---- dag_folder.c ---- */

/* All files of a folder, loaded. A dag_id that another file has already is an error, which names
 * both: of several files it is that which has had it, as the store knows, else the first by name.
 */
struct dag_folder {
	char *path;
	bool is_missing; /* dag_folder_load_own() alone */
	char *failure; /* a sentence: why the folder itself could not be read, or NULL */
	struct dag_file *files;
	size_t n_files;
};

/* Loads them. EXIT_DONE, or an exit status: why stands in out->failure, which is for the caller to
 * tell, or, where there is none, has been reported. dag_folder_free() afterwards, whatever came. */
int dag_folder_load(struct dag_loader *l, const char *path, struct dag_folder *out);

/* The same for the folder of the settings. One that nobody has named, and that is not there yet, is
 * an empty one. */
int dag_folder_load_own(struct dag_loader *l, const struct settings *s, struct dag_folder *out);

/* Reports its failure, if it has one. */
void dag_folder_report(const struct dag_folder *f);

/* Says so where there is no DAG file. */
void dag_folder_note_empty(const struct dag_folder *f);
void dag_folder_free(struct dag_folder *f);

/* ---- dag_claims.c ---- */

/* The DAGs of files that are checked one after the other. NULL: no memory. */
struct dag_claims *dag_claims_create(void);
void dag_claims_destroy(struct dag_claims *c);

/* Makes a DAG that a file taken before has an error of the file, and takes these files' DAGs: one
 * file, or all of a folder. ERR_NOMEM. */
int dag_claims_take(struct dag_claims *c, struct dag_file *files, size_t n);

/* ---- dag_open.c ---- */

/* One DAG, as a command works with it. */
struct dag_opened {
	struct dag_loader *loader;
	struct dag_file file;
	struct arena *arena; /* for the command's own use */
	const struct dag *dag;
};

/* Finds and loads what FILE|ID means. Reports what is wrong and returns an exit status; EXIT_DONE.
 * dag_close() afterwards, whatever came. */
int dag_open(const char *word, struct dag_opened *out);
void dag_close(struct dag_opened *o);

/* Hands the DAG to the caller, who destroys it before dag_close(); o->dag goes on showing it. */
struct dag *dag_take(struct dag_opened *o);

/* The task of a full name, or of a bare one that only one stage has; else reports the nearest and
 * returns NULL. */
const struct task *dag_find_task(const struct dag *d, const char *name);

#endif
