/*
 * Callbacks: on_success, on_failure, on_retry. What is owed is stored in one transaction with the
 * change that it answers to, begun once that is on disk, and forgotten once it is done: at least
 * once, whatever crashes, and with the same execution id each time. A callback that fails is told
 * and no more: nothing of the run follows from it. Private to scheduler/conductor*.c and
 * scheduler/runner*.c.
 */
#ifndef SCHEDULER_CALLBACKS_H
#define SCHEDULER_CALLBACKS_H

#include <stdint.h>

#include "engine/run.h"

#define CALLBACKS_AT_ONCE 32 /* that run at a time; the others wait */
#define CALLBACK_TIMEOUT_MS (10 * 60 * 1000) /* of a script that says no execution_timeout */

struct call;
struct callbacks;
struct conductor;
struct err;
struct runner;

/* Makes the books of a conductor's callbacks. NULL: no memory. */
struct callbacks *callbacks_create(struct conductor *c);

/* Lets go of what runs, to be taken up by the next conductor. */
void callbacks_abandon(struct callbacks *k);

/* Frees it; on_closed comes from the loop, or at once. */
void callbacks_close(struct callbacks *k, void (*on_closed)(void *ctx), void *ctx);

/* A task, or the run, has come into a state: puts what is owed into this turn's batch. */
void callbacks_task(struct runner *r, const struct run_row *row, int64_t now);
void callbacks_run(struct runner *r, enum run_state state, int64_t now);

/* What the run owes is not stored with this turn after all. */
void callbacks_forget(struct runner *r);

/* Begins one, now that it is on disk. */
void callback_start(struct call *call);

/* Takes up what an earlier conductor still owed. Errors are the store's. */
int callbacks_restore(struct conductor *c, struct err *e);

/* Ends what runs of a run. */
void callbacks_kill(struct runner *r);

#endif
