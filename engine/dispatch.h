/*
 * Dispatch: who may start next, across all runs. Pools with slots, a maximum of active tasks a run,
 * priority_weight (higher first, then who asked first). Every call costs O(log of what waits),
 * times the number of pools that the run uses.
 *
 * Within a pool order is strict: where the first in line wants more slots than are free, those
 * behind it wait, so that a task of many slots is never starved by small ones. A run at its maximum
 * is taken out of every line until one of its tasks ends; pools never hold up each other.
 */
#ifndef ENGINE_DISPATCH_H
#define ENGINE_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/err.h"

#define DISPATCH_SLOTS_MAX 1000000000 /* slots of a pool */
#define DISPATCH_ENTRIES_MAX 100000000 /* waiting or holding at once */

#define DISPATCH_NUMBERS_MAX 1000000 /* pools and runs have small numbers, used again when free */

/* Who asks: a run (a number of the caller's), and a task or an instance of it. */
struct dispatch_key {
	uint32_t run, task, instance;
};

struct dispatch_request {
	struct dispatch_key key;
	uint32_t pool, slots; /* 0 slots count as 1 */
	int32_t priority;
};

enum dispatch_answer {
	DISPATCH_NOTHING, /* nobody may start now */
	DISPATCH_GRANTED, /* *key holds its slots now, until dispatch_release() */
	DISPATCH_REFUSED, /* *key wants more slots than its pool has; it is dropped */
};

struct dispatch;

/* An empty dispatch, without pools and runs. NULL: no memory. */
struct dispatch *dispatch_create(void);
void dispatch_destroy(struct dispatch *d);

/* Makes a pool, or changes its size. Shrinking takes no slots from who holds them. A pool of 0
 * slots is closed: what waits for it waits, and is not refused. ERR_LIMIT, ERR_NOMEM. */
int dispatch_pool_set(struct dispatch *d, uint32_t pool, uint32_t slots);

/* Makes a run known, or changes its maximum of active tasks (0: none). ERR_NOMEM. */
int dispatch_run_set(struct dispatch *d, uint32_t run, uint32_t max_active);

/* Forgets a run and all of its requests and slots. Unknown is fine. */
void dispatch_run_drop(struct dispatch *d, uint32_t run);

/* Puts a request in line. ERR_NOTFOUND: an unknown pool or run; ERR_EXISTS: it waits or holds
 * already; ERR_LIMIT; ERR_NOMEM. */
int dispatch_queue(struct dispatch *d, const struct dispatch_request *q, struct err *e);

/* Gives slots without standing in line and without asking for room: for what was found running
 * after a restart. Errors as dispatch_queue(). */
int dispatch_hold(struct dispatch *d, const struct dispatch_request *q, struct err *e);

/* Takes a request out of line; who does not wait is left alone. */
void dispatch_unqueue(struct dispatch *d, const struct dispatch_key *key);

/* Gives slots back; who holds none is left alone. */
void dispatch_release(struct dispatch *d, const struct dispatch_key *key);

/* The next that may start, or must be told that it never can. Call until DISPATCH_NOTHING. */
enum dispatch_answer dispatch_next(struct dispatch *d, struct dispatch_key *key);

/* What a pool looks like: its slots, those held, the requests waiting. ERR_NOTFOUND. */
int dispatch_pool_get(
	const struct dispatch *d, uint32_t pool, uint32_t *slots, uint64_t *held, size_t *waiting);

#endif
