/*
 * Whether the store is sound: all of it is read once, when the daemon starts. A small one before
 * anything is written; a large one beside the work, as reading it takes seconds.
 */
#ifndef SCHEDULER_SOUNDNESS_H
#define SCHEDULER_SOUNDNESS_H

#include <stdbool.h>
#include <uv.h>

#include "engine/err.h"

struct store;
struct store_options;
struct soundness;

struct soundness_options {
	uv_loop_t *loop;
	const struct store_options *options; /* of the store; outlive it */
	const struct store *store; /* the same */
	void *ctx;
	/* The end of what was read beside the work: 0; ERR_CORRUPT, or why it could not be read. */
	void (*on_read)(void *ctx, int status, const struct err *e);
};

/* Reads a small store: 0, or as store_check(). Of a large one begins the reading, at whose end
 * on_read is called from the loop, and *out is what is to be closed; NULL otherwise. */
int soundness_check(const struct soundness_options *o, struct soundness **out, struct err *e);

/* on_read is not called any more. True: on_closed comes from the loop, once nothing is read; false:
 * nothing was, and it does not come. s may be NULL. */
bool soundness_close(struct soundness *s, void (*on_closed)(void *ctx), void *ctx);

#endif
