/* ^C, and the other signals by which a command in the foreground is told to end. */
#ifndef CLI_INTERRUPTS_H
#define CLI_INTERRUPTS_H

#include <uv.h>

#include "scheduler/insist.h"

#define INTERRUPTS_COUNT 4 /* signals */

/* n: the how manieth time an end is asked for, from 1. */
typedef void interrupts_fn(void *ctx, unsigned n);

struct interrupts {
	uv_signal_t handles[INTERRUPTS_COUNT];
	struct insist insist;
	interrupts_fn *on_interrupt;
	void *ctx;
};

/* Listens, on a loop that it does not keep running. It must not move until the loop has closed its
 * handles. */
void interrupts_open(struct interrupts *i, uv_loop_t *loop, interrupts_fn *on_interrupt, void *ctx);

/* Closes its handles: let the loop run on. Twice is fine. */
void interrupts_close(struct interrupts *i);

#endif
