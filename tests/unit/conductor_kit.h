/*
 * A world for the tests of the conductor: a loop, a store, a journal, a conductor that is observed,
 * and an operator that does what the test says.
 */
#ifndef TESTS_UNIT_CONDUCTOR_KIT_H
#define TESTS_UNIT_CONDUCTOR_KIT_H

#include <uv.h>

#include "engine/buf.h"
#include "operators/operator.h"
#include "scheduler/conductor.h"
#include "scheduler/render.h"
#include "store/journal.h"
#include "tests/unit/store_kit.h"

#define WORLD_TRIES_MAX 64
#define WORLD_OPERATORS_MAX 16

/* ---- the operator ---- */

struct fake_try {
	struct op_try base;
	char id[OP_EXECUTION_ID_MAX + 1], task[64];
	uint32_t number;
	bool is_attached, is_open, is_killed;
	enum op_kill kill_why;
	const struct op_events *events;
	void *ctx;
};

/* All tries so far, in the order in which they were asked for. */
extern struct fake_try fakes[WORLD_TRIES_MAX];
extern size_t n_fakes;

/* The newest try of a task; NULL: it has none. */
struct fake_try *fake_of(const char *task);

/* Its script ends. */
void fake_finish(struct fake_try *f, int exit_code, const char *response);

/* ---- the world ---- */

struct world {
	struct store_kit *kit;
	const char *yaml;
	uv_loop_t loop;
	struct store *store;
	struct journal *journal;
	struct conductor *conductor;
	struct conductor_observer observer;
	struct op_instance *instances[WORLD_OPERATORS_MAX];
	struct render_source source;
	struct buf told; /* what observers heard */
	size_t n_added;
	bool is_done; /* what is waited for has come */
};

/* Opens all over the kit's store, for a DAG "t" of this text; both must outlive it. */
void world_open(struct world *w, struct store_kit *kit, const char *yaml);

/* As a daemon's death: what is not stored is lost. */
void world_close(struct world *w);

/* Runs the loop until world_on_done() is called with the world. */
void world_on_done(void *ctx);
void world_wait(struct world *w);

/* Runs the loop until all that was asked for is stored. */
void world_settle(struct world *w);

/* Checks what observers have heard since the last time; what a statement gives. */
void world_told(struct world *w, const char *want, const char *what);
void world_sql(struct world *w, const char *query, const char *want, const char *what);

/* Adds a run, not started yet. */
struct runner *world_run_add(struct world *w, const char *run_id);

/* Restores all runs, and finds this one; NULL: it is not there. */
struct runner *world_restored(struct world *w, const char *run_id);

#endif
