/* One change on its way into the store. Private to store/journal*.c. */
#ifndef STORE_JOURNAL_ENTRY_H
#define STORE_JOURNAL_ENTRY_H

#include <stddef.h>
#include <stdint.h>

#include "store/store_callback.h"
#include "store/store_run.h"

struct arena;
struct err;
struct journal;
struct store;

enum journal_kind {
	JOURNAL_RUN,
	JOURNAL_TASK,
	JOURNAL_TRY,
	JOURNAL_DAG,
	JOURNAL_DAG_VERSION,
	JOURNAL_SOURCE,
	JOURNAL_IMPORT_ERRORS,
	JOURNAL_POOL,
	JOURNAL_POOL_DELETE, /* pair.name */
	JOURNAL_DAG_DELETE, /* pair.name */
	JOURNAL_AUDIT, /* pair */
	JOURNAL_CALLBACK,
	JOURNAL_CALLBACK_DELETE, /* callback.execution_id */
};

struct journal_entry {
	enum journal_kind kind;
	union {
		struct store_run run;
		struct store_task task;
		struct store_try try;
		struct store_dag dag;
		struct store_dag_version version;
		struct {
			struct store_source source;
			size_t len;
		} text;
		struct {
			const char *file;
			const struct store_import_error *list;
			size_t n;
		} errors;
		struct store_callback callback;
		struct store_pool pool;
		struct {
			const char *actor, *action, *name;
		} pair;
	} u;
	struct journal_entry *next;
};

/* A copy in the arena, texts and all; next is NULL. NULL: no memory. */
struct journal_entry *journal_entry_copy(struct arena *a, const struct journal_entry *entry);

/* Writes it, within a transaction. */
int journal_entry_write(struct store *s, const struct journal_entry *entry, struct err *e);

/* Adds it to the journal's batch. ERR_NOMEM. */
int journal_add(struct journal *j, const struct journal_entry *entry);

#endif
