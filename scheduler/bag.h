/*
 * The bag: every DAG that there is or was, held against the watched folder.
 *
 * An event of the folder only says "look". What there is is found by walking the folder, on uv's
 * worker threads, where changed files are read and loaded too; the loop only compares. A file
 * counts once it is closed or moved in, and is loaded again only when it has changed.
 *
 * What a DAG is in memory is a line of a table: what the planner needs, and no more. Its tasks are
 * loaded as an edition when a run wants them.
 */
#ifndef SCHEDULER_BAG_H
#define SCHEDULER_BAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "operators/operator.h"

struct bag;
struct edition;
struct err;
struct journal;
struct store;
struct timetable;

/* A DAG. Lives as long as the bag; to be read only, by the loop's thread. */
struct bag_dag {
	const char *dag_id;
	const char *file; /* where it is, or was last */
	uint32_t
		version; /* of the last good file; 0: it was deleted, and no file brought it back */
	bool is_paused;
	bool is_retired; /* no file has it any more */
	bool is_broken; /* its file does not load now: no scheduled runs until it is mended */
	int64_t first_seen;
	int64_t last_interval_start, last_interval_end; /* INSTANT_NONE: no scheduled run yet */
	const struct timetable *timetable; /* NULL: not known yet, as where its file is broken */
	uint32_t max_active_runs;
	void *plan; /* the planner's */
};

/* Hears of changes, from the loop. Members may be NULL. Several may listen. */
struct bag_observer {
	void *ctx;
	/* Anything of it changed: it is new, paused, retired, broken, of another version. */
	void (*on_dag)(void *ctx, struct bag_dag *d);
	/* The folder was looked at for the first time, or could not be. */
	void (*on_ready)(void *ctx);
	/* Something that a person should know, for the daemon's log. */
	void (*on_note)(void *ctx, enum op_level level, const char *text);
	/* A look is over, and what it found was told; see bag_scan_now(). */
	void (*on_looked)(void *ctx, uint64_t number);
	struct bag_observer *next; /* the bag's */
};

struct bag_options {
	uv_loop_t *loop;
	const char *folder; /* made where it is missing, unless is_once; copied */
	struct store *store; /* to read, by the loop's thread */
	struct journal *journal; /* to write */
	bool is_once; /* the folder is looked at once, and not watched: for commands */
	bool has_no_watch; /* inotify is not used, only looked at again and again */
	uint32_t rescan_s; /* how often the folder is looked at even where it is watched */
	struct bag_observer *observer; /* one that hears of how opening goes, too; or NULL */
};

/* Reads what the store knows of DAGs and begins to look at the folder; on_ready follows. The store
 * and the journal must outlive it. ERR_NOMEM and the store's errors, with a sentence. */
int bag_open(const struct bag_options *o, struct bag **out, struct err *e);

/* Adds an observer, which must outlive the bag, or takes it away again. */
void bag_observe(struct bag *b, struct bag_observer *o);
void bag_unobserve(struct bag *b, struct bag_observer *o);

/* Stops watching; on_closed comes from the loop, and the bag is gone then. */
void bag_close(struct bag *b, void (*on_closed)(void *ctx), void *ctx);

/* The DAG of this id, retired ones too, or NULL. */
struct bag_dag *bag_find(struct bag *b, const char *dag_id);

/* All that there are, retired ones too, in no order: *at begins as 0. NULL: no more. */
struct bag_dag *bag_next(const struct bag *b, size_t *at);

/* Why the folder could not be read when it was looked at last, and which it is; NULL: it could. */
const char *bag_folder_fault(const struct bag *b, const char **folder);

/* How many import errors there are. */
size_t bag_faults_count(const struct bag *b);

/* Looks at the folder now. The number of the look that will see what is there now, or a later one.
 */
uint64_t bag_scan_now(struct bag *b);

/* The edition of a version of a DAG (0: the last good one), for a conductor's edition_source too: b
 * is a struct bag. The caller gives it back by edition_unref(). ERR_NOTFOUND, ERR_INVALID (this
 * windrow does not load it any more), the store's errors, each with a sentence. */
int bag_edition(void *b, const char *dag_id, uint32_t version, struct edition **out, struct err *e);

/* Pauses or unpauses, in the journal's batch; who calls commits. */
int bag_pause(struct bag *b, struct bag_dag *d, bool is_paused);

/* A scheduled run of this interval is being made: told to the journal's batch, with the run. */
int bag_interval_made(struct bag *b, struct bag_dag *d, int64_t start, int64_t end);

/* A person deleted it from the store, with its history. Where a file has it, it comes back as a new
 * one. */
void bag_delete(struct bag *b, struct bag_dag *d);

/* Changes how often the folder is looked at. */
void bag_rescan_set(struct bag *b, uint32_t rescan_s);

#endif
