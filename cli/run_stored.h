/* A run of the store, with its DAG as it was when the run began. */
#ifndef CLI_RUN_STORED_H
#define CLI_RUN_STORED_H

#include "store/store_run.h"

struct arena;
struct dag;
struct dag_loader;
struct edition;
struct outputs;
struct run_facts;
struct store;
struct task;

struct run_stored {
	struct store *store; /* open to read */
	struct arena *arena; /* of run, and for the command's own use */
	struct store_run run;
	struct dag_loader *loader;
	struct edition *edition;
	const struct dag *dag;
};

/* Finds a run and loads its DAG. Reports what is wrong and returns an exit status; EXIT_DONE.
 * run_stored_close() afterwards, whatever came. */
int run_stored_open(const char *dag_id, const char *run_id, struct run_stored *out);
void run_stored_close(struct run_stored *r);

/* The row of a task, or of an instance, among those of its run; NULL: it has none yet.
 * ERR_NOTFOUND: there is no such instance, by what is known now. */
int run_stored_row_find(const struct task *t, uint32_t instance, const struct store_task *tasks,
	size_t n, const struct store_task **out, struct err *e);

/* What the run is to expressions; it lives as long as r. Errors are the store's, ERR_CORRUPT. */
int run_stored_facts(const struct run_stored *r, struct run_facts *out, struct err *e);

/* How its tasks stand and what they have published, into o; and the rows. */
int run_stored_outputs(struct run_stored *r, struct outputs *o, struct store_task **tasks,
	size_t *n, struct err *e);

#endif
