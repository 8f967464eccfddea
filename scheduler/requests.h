/*
 * What a person asks of runs, done: one implementation for the daemon, which hears of it over its
 * socket, and for a command that does it itself where no daemon runs. An answer comes when what was
 * asked for is on disk.
 */
#ifndef SCHEDULER_REQUESTS_H
#define SCHEDULER_REQUESTS_H

#include <stdint.h>

#include "scheduler/request.h"

struct bag;
struct conductor;
struct err;
struct journal;
struct requests;
struct runner;
struct store;

struct requests_options {
	struct conductor *conductor;
	struct bag *bag;
	struct journal *journal;
	struct store *store; /* to read, by the loop's thread */
	bool is_offline; /* nobody runs anything before a daemon comes */
};

/* Hears the answer: a value where e is NULL, else why not. Both are gone when it returns. */
typedef void requests_answer(void *ctx, const struct value *answer, const struct err *e);

/* Makes it; what the options point to must outlive it. ERR_NOMEM. */
int requests_create(const struct requests_options *o, struct requests **out, struct err *e);

/* The conductor that it works on. */
struct conductor *requests_conductor(const struct requests *q);

/* Frees it, before what the options point to, but once the conductor will not call back any more:
 * it was drained, or nothing of it is stored. Who still waits for an answer is told
 * ERR_UNAVAILABLE. NULL is fine. */
void requests_destroy(struct requests *q);

/* The journal has stopped for good, and tells why: who waits for an answer is told ERR_UNAVAILABLE,
 * as is who asks for anything but REQUEST_HEALTH from now on. */
void requests_give_up(struct requests *q, const struct err *why);

/* Does what is asked for; of REQUEST_FOLLOW only that all that was known is stored. The answer
 * comes once: from the loop, or from within. The request need not outlive the call. */
void requests_do(
	struct requests *q, const struct request *r, requests_answer *on_answer, void *ctx);

#endif
