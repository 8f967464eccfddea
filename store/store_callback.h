/* Callbacks that are owed: what was promised in one transaction with the change that it answers to.
 * Rules as in store/store_run.h. */
#ifndef STORE_STORE_CALLBACK_H
#define STORE_STORE_CALLBACK_H

#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct store;

struct store_callback {
	const char *execution_id; /* by which it is known wherever it runs */
	uint64_t run;
	uint32_t task, instance, try_number; /* task: RUN_NO_TASK, the run's own */
	const char *event; /* "on_success", "on_failure", "on_retry" */
	uint32_t action; /* its place in the key's list, from 0 */
	const char *facts; /* JSON */
	int64_t created_at;
	const char *dag_id, *run_id; /* of the run; read only */
};

int store_callback_put(struct store *s, const struct store_callback *c, struct err *e);

/* It is done. One that is not there is fine. */
int store_callback_delete(struct store *s, const char *execution_id, struct err *e);

/* All that are owed, the oldest first. */
int store_callbacks(
	struct store *s, struct arena *a, struct store_callback **out, size_t *n, struct err *e);

#endif
