/*
 * Runs that broke on the way, as memory was short, or by a bug: they are taken up again from what
 * is stored of them, after a while, as after a restart. Several others never notice.
 */
#ifndef SCHEDULER_BROKEN_RUNS_H
#define SCHEDULER_BROKEN_RUNS_H

#include <stdint.h>
#include <uv.h>

#include "operators/operator.h"

#define BROKEN_RUNS_WAIT_MS 10000 /* until a run is taken up again */

struct broken_runs;
struct conductor;

struct broken_runs_options {
	uv_loop_t *loop;
	struct conductor *conductor; /* with a store; outlives it */
	uint64_t wait_ms;
	void *ctx;
	/* Something that a person should know, for the daemon's log. */
	void (*on_note)(void *ctx, enum op_level level, const char *text);
};

/* Watches over the conductor's runs. ERR_NOMEM. */
int broken_runs_open(const struct broken_runs_options *o, struct broken_runs **out, struct err *e);

/* Stops, and forgets those that wait; they are taken up at the next start. on_closed (may be NULL)
 * comes from the loop. */
void broken_runs_close(struct broken_runs *b, void (*on_closed)(void *ctx), void *ctx);

#endif
