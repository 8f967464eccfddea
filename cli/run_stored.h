/* A run of the store, with its DAG as it was when the run began. */
#ifndef CLI_RUN_STORED_H
#define CLI_RUN_STORED_H

#include "store/store_run.h"

struct arena;
struct dag;
struct dag_loader;
struct edition;
struct store;

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

#endif
