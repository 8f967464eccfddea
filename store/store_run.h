/*
 * What the scheduler keeps: DAGs and their versions, runs, tasks, tries, pools, import errors.
 *
 * Each function is a transaction of its own, unless it stands between store_begin() and
 * store_commit(). A put takes the place of what has the same key. What is read is put into the
 * caller's arena. Times are ms since 1970, INSTANT_NONE where there is none. Errors as store.h
 * says.
 */
#ifndef STORE_STORE_RUN_H
#define STORE_STORE_RUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/run.h"

struct arena;
struct err;
struct store;

/* ---- runs ---- */

struct store_run {
	uint64_t number; /* chosen by who makes it; counts up from 1 */
	const char *dag_id, *run_id;
	uint32_t version; /* of the DAG */
	const char *run_type; /* "manual", "scheduled", "backfill" */
	uint8_t state, stop; /* enum run_state, enum run_kill */
	int64_t logical_date, interval_start, interval_end;
	const char *conf, *params; /* JSON */
	uint64_t seed;
	int64_t queued_at, started_at, ended_at;
	const char *actor; /* who asked for it; NULL: the scheduler */
	uint32_t max_active; /* backfills of its DAG side by side; 0: as the DAG says */
};

/* A task, or an instance of a for_each. */
struct store_task {
	uint64_t run;
	const char *task_id;
	struct run_row row;
	int64_t started_at, ended_at;
	const char *items; /* of a for_each that was expanded: JSON; else NULL */
	const void *sealed_items; /* as it is read: store_task_items() opens it */
	size_t sealed_items_len;
};

struct store_try {
	uint64_t run;
	uint32_t task, instance, try_number;
	const char *execution_id;
	uint8_t state; /* enum task_state */
	int64_t started_at, ended_at;
	int exit_code; /* -1: none */
	const char *message, *log_path;
	const char *outputs; /* JSON, sealed in the store; NULL: none yet */
};

int store_run_put(struct store *s, const struct store_run *r, struct err *e);
int store_task_put(struct store *s, const struct store_task *t, struct err *e);
int store_try_put(struct store *s, const struct store_try *t, struct err *e);

/* One run. ERR_NOTFOUND. */
int store_run_find(struct store *s, struct arena *a, const char *dag_id, const char *run_id,
	struct store_run *out, struct err *e);

/* All that are running, and then all that are queued, in the order of their numbers: so it is known
 * how many run before any is started. */
int store_runs_unfinished(
	struct store *s, struct arena *a, struct store_run **out, size_t *n, struct err *e);

struct store_run_filter {
	const char *dag_id; /* NULL: of all DAGs */
	const char *run_id; /* NULL: of any id */
	const char *state; /* NULL: in any state */
	int64_t since, until; /* logical date, both inclusive; INSTANT_NONE: no bound */
	uint32_t limit; /* 0: none */
};

/* Those that match, the newest number first. */
int store_runs_list(struct store *s, struct arena *a, const struct store_run_filter *filter,
	struct store_run **out, size_t *n, struct err *e);

/* The run with the latest logical date before this one. ERR_NOTFOUND. */
int store_run_before(struct store *s, struct arena *a, const char *dag_id, int64_t logical_date,
	struct store_run *out, struct err *e);

/* The highest number that was ever given; 0: none. */
int store_run_number_last(struct store *s, uint64_t *out, struct err *e);

/* The rows of a run, in the order of tasks and instances; its tries, first to last. */
int store_tasks_of(struct store *s, struct arena *a, uint64_t run, struct store_task **out,
	size_t *n, struct err *e);
int store_tries_of(struct store *s, struct arena *a, uint64_t run, struct store_try **out,
	size_t *n, struct err *e);

/* Opens the items of a row that was read, where it has some: sets t->items, in the arena. */
int store_task_items(struct store *s, struct arena *a, struct store_task *t, struct err *e);

/* Makes sure that what tries leave can be sealed, and seals what an older windrow left plain, some
 * tries a transaction; *n: how many. ERR_NOTFOUND, ERR_DENIED: the master key is missing, or
 * another. */
int store_outputs_seal(struct store *s, uint64_t *n, struct err *e);

/* ---- DAGs ---- */

struct store_dag {
	const char *dag_id;
	const char *file; /* in the watched folder */
	uint32_t version; /* the newest */
	bool is_paused, is_retired;
	int64_t first_seen;
	int64_t last_interval_start,
		last_interval_end; /* of the last scheduled run that was made */
	const char *source_hash; /* of that version; read only */
};

struct store_dag_version {
	const char *dag_id;
	uint32_t number; /* from 1 */
	const char *source_hash;
	int64_t created_at;
};

struct store_source {
	const char *hash, *file_name, *text;
};

int store_dag_put(struct store *s, const struct store_dag *d, struct err *e);
int store_dag_version_put(struct store *s, const char *dag_id, uint32_t number,
	const char *source_hash, struct err *e);
int store_source_put(struct store *s, const char *hash, const char *file_name, const char *text,
	size_t len, struct err *e);

/* All DAGs by id; one. ERR_NOTFOUND. */
int store_dags(struct store *s, struct arena *a, struct store_dag **out, size_t *n, struct err *e);
int store_dag_get(
	struct store *s, struct arena *a, const char *dag_id, struct store_dag *out, struct err *e);
int store_dag_version_get(struct store *s, struct arena *a, const char *dag_id, uint32_t number,
	struct store_dag_version *out, struct err *e);
int store_source_get(struct store *s, struct arena *a, const char *hash, struct store_source *out,
	struct err *e);

/* Forgets a DAG with all its versions, runs, tasks and tries. ERR_NOTFOUND. */
int store_dag_delete(struct store *s, const char *dag_id, struct err *e);

/* ---- import errors ---- */

struct store_import_error {
	const char *file;
	uint32_t line, column; /* 0: no place */
	const char *text;
	int64_t seen_at; /* set by the store */
};

/* What is wrong with a file, instead of what was; n of 0: nothing. */
int store_import_errors_put(struct store *s, const char *file,
	const struct store_import_error *list, size_t n, struct err *e);

/* All of them, by file and place. */
int store_import_errors(struct store *s, struct arena *a, struct store_import_error **out,
	size_t *n, struct err *e);

/* ---- pools ---- */

struct store_pool {
	const char *name;
	uint32_t slots;
	const char *description; /* or NULL */
};

/* Whether it can be stored: ERR_INVALID, ERR_LIMIT. */
int store_pool_check(const struct store_pool *p, struct err *e);

/* Without a description a pool keeps the one that it has. */
int store_pool_put(struct store *s, const struct store_pool *p, struct err *e);
int store_pool_delete(struct store *s, const char *name, struct err *e); /* ERR_NOTFOUND */
int store_pools(
	struct store *s, struct arena *a, struct store_pool **out, size_t *n, struct err *e);

/* ---- cleaning ---- */

struct store_cleaned {
	uint64_t runs, tasks, tries, versions, sources;
};

/* Forgets runs that ended before this time, at most max_runs of them, with their tasks and tries;
 * then versions and sources that nothing needs any more. Adds to *out; *is_done: none are left.
 * With is_dry nothing is forgotten, and all is counted. */
int store_history_clean(struct store *s, int64_t before, uint32_t max_runs, bool is_dry,
	struct store_cleaned *out, bool *is_done, struct err *e);

/* ---- the log of who did what ---- */

/* Adds a line; actor of NULL is the store's own. */
int store_audit(
	struct store *s, const char *actor, const char *action, const char *name, struct err *e);

#endif
