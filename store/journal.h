/*
 * The journal: how the daemon writes. What has changed is added to a batch, and batches are written
 * by a thread of the journal's own, each whole or not at all, in order; those that wait share a
 * transaction. The loop never waits for the disk.
 *
 * No batch is ever dropped: where it cannot be written (a full disk), the journal tells so and
 * tries again each second until it can. A store that is damaged, or refuses a change for good, is
 * told too, and never written to again. All calls come from the loop's thread, and so do all
 * callbacks.
 */
#ifndef STORE_JOURNAL_H
#define STORE_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "store/store_callback.h"
#include "store/store_run.h"

struct err;
struct journal;
struct store;
struct store_options;

#define JOURNAL_RETRY_MS 1000 /* between tries to write what could not be written */

struct journal_options {
	uv_loop_t *loop;
	const struct store_options *store; /* copied by the store */
	const struct store *reader; /* the loop's own: damage that it meets stops the journal too */
	bool is_lasting; /* for many commits: room for them is made first */
	void *ctx;
	/* Members may be NULL. Writing has stopped, and why; it turns out to have stopped for good;
	 * it goes on. */
	void (*on_stall)(void *ctx, const struct err *e);
	void (*on_flow)(void *ctx);
};

/* Opens a store for itself and starts the thread. Errors as store_open(); ERR_NOMEM. */
int journal_open(const struct journal_options *o, struct journal **out, struct err *e);

/* Writes what was committed, then ends; on_closed comes from the loop, the last of its callbacks.
 * What cannot be written then is given up, and what was not committed forgotten. */
void journal_close(struct journal *j, void (*on_closed)(void *ctx), void *ctx);

/* Each adds a change to the batch, and copies what it is given. ERR_NOMEM: it was not added. */
int journal_run(struct journal *j, const struct store_run *r);
int journal_task(struct journal *j, const struct store_task *t);
int journal_try(struct journal *j, const struct store_try *t);
int journal_dag(struct journal *j, const struct store_dag *d);
int journal_dag_version(
	struct journal *j, const char *dag_id, uint32_t number, const char *source_hash);
int journal_source(
	struct journal *j, const char *hash, const char *file_name, const char *text, size_t len);
int journal_import_errors(
	struct journal *j, const char *file, const struct store_import_error *list, size_t n);
int journal_pool(struct journal *j, const struct store_pool *p);
int journal_pool_delete(struct journal *j, const char *name);
int journal_dag_delete(struct journal *j, const char *dag_id);
int journal_callback(struct journal *j, const struct store_callback *c);
int journal_callback_delete(struct journal *j, const char *execution_id);
/* actor: who did it; NULL: who opened the journal. */
int journal_audit(struct journal *j, const char *actor, const char *action, const char *name);

/* Ends the batch. on_committed (may be NULL) comes once it is on disk, in the order of the batches;
 * an empty one counts too. ERR_NOMEM, or what completing it gave: it is still being gathered. */
int journal_commit(struct journal *j, void (*on_committed)(void *ctx), void *ctx);

/* Who adds to a batch over some time, while others may end it, is asked to complete what he has
 * added before that: half of it must not be stored. There is one at most; NULL: none. */
void journal_complete_by(struct journal *j, int (*complete)(void *ctx), void *ctx);

/* Drops what was added and not committed; of a run, by its number, and but for the row that made it
 * where is_new. */
void journal_forget(struct journal *j);
void journal_forget_run(struct journal *j, uint64_t run, bool is_new);

/* How many batches are not on disk yet, and how long the last transaction took to be written. */
size_t journal_waiting(const struct journal *j);
uint64_t journal_last_ns(const struct journal *j);

/* Why writing has stopped, as on_stall and on_flow tell; NULL: it has not. Lives until the loop
 * turns. */
const struct err *journal_stall(const struct journal *j);

/* Whether writing has stopped for good, as such an error says; and whether it has, as on_stall has
 * told: no batch is called back any more then. */
bool journal_error_is_final(const struct err *e);
bool journal_has_stopped(const struct journal *j);

/* When something was last stored; INSTANT_NONE: not yet. */
int64_t journal_last_at(const struct journal *j);

#endif
