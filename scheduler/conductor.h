/*
 * The conductor: drives every run there is. It is the shell around the run state machine, which
 * turns the world (operators, timers, people) into events and performs the actions that come back,
 * all runs sharing one turn, one dispatch and one heap of timers.
 *
 *	collect  events that callbacks recorded, timers that are due
 *	step     run_step() for each event, and at once what stays inside: decisions, lines, slots
 *	record   what has changed, into the journal's batch
 *	commit   hand in the batch
 *	act      when it is on disk: start, attach, kill; tell whoever watches
 *
 * Without a journal a batch counts as stored at once, and nothing is ever found again.
 */
#ifndef SCHEDULER_CONDUCTOR_H
#define SCHEDULER_CONDUCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "operators/operator.h"
#include "scheduler/render.h"
#include "scheduler/runner.h"

struct conductor;
struct edition;
struct journal;
struct store;

/* Who watches. What is told has been stored, but for lines and notes. Members may be NULL. Called
 * from the loop, from within a turn: runs may be asked for things and added in there, but not
 * loaded, and the conductor may be closed. */
struct conductor_observer {
	void *ctx;
	/* A run was added, in state queued, or restored, and is not over. N.B. it is not stored
	 * yet. One that was over, and goes on, is told by on_run alone. */
	void (*on_added)(void *ctx, struct runner *r);
	/* conductor_restore() has taken up all that there was. */
	void (*on_restored)(void *ctx);
	void (*on_task)(void *ctx, struct runner *r, const struct runner_change *c);
	void (*on_run)(void *ctx, struct runner *r, const struct runner_run_change *c);
	void (*on_line)(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
		enum op_stream stream, const char *text, size_t len);
	void (*on_note)(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
		enum op_level level, const char *text);
	/* The log of a try cannot be written just now; on_note has told that too. */
	void (*on_log_lost)(
		void *ctx, struct runner *r, uint32_t task, uint32_t instance, const struct err *e);
	/* How a callback of the run went. */
	void (*on_callback)(void *ctx, struct runner *r, enum op_level level, const char *text);
	/* The run is over, and nothing of it is left running; without a journal no callback
	 * either. */
	void (*on_finished)(void *ctx, struct runner *r, enum run_state state);
	/* The run cannot go on: memory, or a bug. What ran is being ended where nobody could find
	 * it again, else let go of; the runner leaves memory. r is NULL: nothing can go on. */
	void (*on_broken)(void *ctx, struct runner *r, const struct err *e);
	/* A stored run could not be taken up: it is left as it is. */
	void (*on_left_out)(void *ctx, const char *dag_id, const char *run_id, const struct err *e);
	struct conductor_observer *next; /* the conductor's */
};

/* Where editions come from, for runs that are restored. The reference is the conductor's then.
 * ERR_NOTFOUND with a sentence. */
struct edition_source {
	void *ctx;
	int (*get)(void *ctx, const char *dag_id, uint32_t version, struct edition **out,
		struct err *e);
};

struct conductor_options {
	uv_loop_t *loop;
	struct journal *journal; /* NULL: nothing is stored */
	struct store *store; /* to read runs from; NULL: none are restored */
	struct edition_source editions;
	const struct render_source *source;
	struct op_instance *const *instances; /* open, by their place in operators[] */
	const char *logs; /* folder; NULL: none are written */
	uint64_t first_run_number; /* of the next run; counted on from there */
	uint32_t default_pool_slots; /* of default_pool, and of every pool that nobody has sized */
	int64_t kill_grace_ms;
	bool dies_with_engine; /* nobody will ever attach: tasks end with this process */
	bool is_offline; /* nothing is started, killed or timed: a daemon takes it up later */
};

/* Makes a conductor of no runs. The options' pointers must outlive it. ERR_NOMEM,
 * ERR_IO with a sentence. */
int conductor_create(const struct conductor_options *o, struct conductor **out, struct err *e);

/* Adds an observer, which must outlive the conductor, or takes it away again. */
void conductor_observe(struct conductor *c, struct conductor_observer *o);
void conductor_unobserve(struct conductor *c, struct conductor_observer *o);

/* Nothing starts any more. What runs is let go of, to be attached to by the next; on_drained comes
 * when all that was known is stored; at once where nothing can be stored any more. */
void conductor_drain(struct conductor *c, void (*on_drained)(void *ctx), void *ctx);

/* Abandons what still runs and frees everything; on_closed (may be NULL) comes from the loop.
 * N.B. what is not committed is lost: drain first. */
void conductor_close(struct conductor *c, void (*on_closed)(void *ctx), void *ctx);

/* A new run. */
struct run_spec {
	struct edition *edition; /* a reference is taken */
	const struct run_facts *facts; /* copied */
	const char *run_type; /* "manual", "scheduled", "backfill" */
	const char *actor; /* who asked for it; NULL: the scheduler */
	uint32_t max_active; /* of a backfill: see store_run; 0: as the DAG says */
	uint64_t seed; /* of the jitter of retries; 0: made from the clock */
};

/* Adds a run in state queued, stored in this turn's batch; runner_start() starts it. *out may be
 * NULL. ERR_EXISTS: that DAG has a run of that id in memory; ERR_LIMIT, ERR_NOMEM. */
int conductor_run_add(
	struct conductor *c, const struct run_spec *spec, struct runner **out, struct err *e);

/* Takes up every run of the store that is not over. Those that cannot be are told by on_left_out,
 * and the others go on. Once, before the loop runs. */
int conductor_restore(struct conductor *c, struct err *e);

/* Takes up those of the unfinished runs that are not in memory, and hands each to taken().
 * ERR_NOMEM, ERR_AGAIN: not all of them yet; the store's errors. What cannot be taken up for
 * another reason is left out, and told. */
int conductor_restore_missing(
	struct conductor *c, void (*taken)(void *ctx, struct runner *r), void *ctx, struct err *e);

/* Whether conductor_restore() is under way: whoever compares runs with each other waits for
 * on_restored. */
bool conductor_is_restoring(const struct conductor *c);

/* The runner of a stored run, in memory from now on, over or not; runner_keep() is done for the
 * caller. ERR_NOTFOUND, the store's errors, the edition source's. */
int conductor_run_load(struct conductor *c, const char *dag_id, const char *run_id,
	struct runner **out, struct err *e);

/* A runner in memory, or NULL. */
struct runner *conductor_run_find(
	const struct conductor *c, const char *dag_id, const char *run_id);

/* All runners in memory in the order of their making: the first, and the one behind r; or NULL. */
struct runner *conductor_run_first(const struct conductor *c);
struct runner *conductor_run_next(const struct runner *r);

/* Sizes a pool. ERR_LIMIT, ERR_NOMEM. */
int conductor_pool_set(struct conductor *c, const char *name, uint32_t slots);

/* Makes it a pool that nobody has sized. ERR_LIMIT, ERR_NOMEM. */
int conductor_pool_unset(struct conductor *c, const char *name);

/* Whether somebody has sized the pool, or it is default_pool, which nobody must. */
bool conductor_pool_is_known(const struct conductor *c, const char *name);

/* The names of the pools that anybody asked for, by their numbers from 0; NULL behind the last. */
const char *conductor_pool_name(const struct conductor *c, uint32_t number);

/* How many slots every pool has that nobody has sized. ERR_LIMIT, ERR_NOMEM. */
int conductor_default_slots_set(struct conductor *c, uint32_t slots);

/* What a pool looks like: slots, slots held, requests waiting. ERR_NOTFOUND: nobody asked for it
 * yet. */
int conductor_pool_get(const struct conductor *c, const char *name, uint32_t *slots, uint64_t *held,
	size_t *waiting);

/* Calls back once all that was asked for and added to the journal's batch until now has been
 * stepped and is on disk. ERR_NOMEM. */
int conductor_when_stored(struct conductor *c, void (*on_stored)(void *ctx), void *ctx);

#endif
