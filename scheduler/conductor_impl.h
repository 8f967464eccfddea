/* What the files of the conductor and its runners share. Private to scheduler/conductor*.c and
 * scheduler/runner*.c. */
#ifndef SCHEDULER_CONDUCTOR_IMPL_H
#define SCHEDULER_CONDUCTOR_IMPL_H

#include "engine/dispatch.h"
#include "engine/err.h"
#include "scheduler/conductor.h"
#include "scheduler/outputs.h"
#include "scheduler/plan.h"
#include "scheduler/runner_cells.h"
#include "scheduler/try.h"

struct arena;
struct call;
struct callbacks;
struct strmap;
struct wall_timer;

struct events {
	struct run_event *list;
	size_t n, cap;
};

/* What is done once the batch in which it was decided is on disk. */
enum deed_kind {
	DEED_START,
	DEED_KILL,
	DEED_TELL_TASK,
	DEED_TELL_RUN,
	DEED_FINISH,
	DEED_CALLBACK,
	DEED_CALL
};

struct deed {
	enum deed_kind kind;
	struct runner *runner; /* held by it; NULL: a call */
	union {
		struct run_action action; /* START, KILL */
		struct runner_change task; /* its texts live in the batch's arena */
		struct runner_run_change run;
		struct call *callback;
		struct {
			void (*on_stored)(void *ctx);
			void *ctx;
		} call;
	};
};

struct batch {
	struct deed *list;
	size_t n, cap;
	struct arena *texts; /* NULL: none yet */
	bool is_urgent; /* somebody waits for it */
};

/* A try that has ended, and its log. */
struct ended {
	struct try *try;
	struct runner *runner; /* held by it */
	uint32_t task, instance;
};

struct runner {
	struct conductor *conductor;
	struct runner *prev, *next; /* all of them */
	struct runner *next_ready, *next_hashed, *next_finished, *next_leaving;
	struct edition *edition;
	struct arena *arena; /* of the facts */
	struct run_facts facts;
	const char *run_type, *actor;
	uint64_t number, seed;
	uint64_t made_in; /* the conductor's n_batches when it was made; 0: before */
	uint32_t max_active;
	int64_t queued_at; /* INSTANT_NONE: not known */
	uint32_t seat; /* its number in dispatch */
	uint32_t *pools; /* the conductor's numbers of the plan's pools */
	struct run *run;
	struct outputs *outputs;
	struct cells *cells;
	struct events incoming, current; /* recorded; being stepped */
	uint64_t n_steps;
	int64_t started_at, ended_at;
	size_t n_running; /* tries that have not ended */
	size_t n_holds; /* deeds and logs that are still to be done */
	size_t n_keeps; /* of others */
	size_t n_calls; /* callbacks that are not done */
	bool is_ready, is_finished, is_leaving; /* in the list of that name */
	bool is_told; /* the run is over, and everybody knows */
	bool is_broken, is_broken_told;
	struct err broken;
};

struct conductor {
	struct conductor_options o;
	struct conductor_observer *observers;
	uv_prepare_t prepare;
	uv_timer_t log_timer, hold_timer;
	struct wall_timer *timer; /* for the first of timers */
	int64_t armed_at; /* what it is set to; INT64_MAX: nothing */
	int handles; /* open */
	void (*on_closed)(void *ctx);
	void *closed_ctx;

	struct runner *first, *last; /* all of them */
	struct runner *ready, *last_ready; /* have events */
	struct runner *finished; /* are over, which is to be told when nothing of them runs */
	struct runner *leaving; /* may leave memory */
	struct runner **hashed; /* by DAG and run id */
	size_t n_hashed, n_runners;
	struct runner **seats; /* by their number in dispatch */
	uint32_t *free_seats, n_seats, cap_seats, n_free_seats;
	uint64_t next_number;

	struct dispatch *dispatch;
	struct strmap *pools; /* numbers of pools by name */
	bool *is_sized; /* by the number of a pool: a person has sized it */
	char **pool_names; /* by their numbers */
	uint32_t n_pools;
	struct timers timers;
	struct run_actions actions;
	struct batch batch, written; /* being made; being written */
	struct batch calls; /* those who wait for what is not stepped yet */
	uint64_t n_batches; /* of the journal that have ended, and the one that has not */
	struct cell *changed; /* rows to be stored */
	struct ended *ended; /* tries whose logs are to be closed at the turn's end */
	size_t n_ended, cap_ended;
	struct cell *dirty; /* logs that have lines to write */
	struct callbacks *callbacks;
	bool is_timer_due, is_grant_due, is_store_due;
	bool is_writing; /* a batch: events gather */
	bool is_restoring, is_draining, is_broken, is_closing;
	struct err broken;
};

/* conductor.c */

/* Nothing can go on; the first reason counts. */
void conductor_fail(struct conductor *c, int code, const char *text);

/* A handle of the conductor, or its last commit, is gone. */
void conductor_handle_closed(struct conductor *c);

/* conductor_store.c: none is for a conductor without a journal but conductor_store(). */

/* Hands the batch in, if it is time to. */
void conductor_store(struct conductor *c);

/* The journal's: adds what is missing of the batch that ends. ctx is the conductor; its error where
 * it is broken, and has perhaps added half of a turn. */
int conductor_complete(void *ctx);

/* A row, a try, a run that is to be stored with this turn's batch. What fails breaks the conductor:
 * half a batch must never be committed. */
void runner_keep_row(struct runner *r, const struct run_row *row, int64_t now);
void runner_store_try(struct runner *r, const struct cell *c, const char *message, int64_t now);
void runner_store_run(struct runner *r);

/* conductor_runs.c */

/* Seats a runner and puts it into the books; takes it out of them. ERR_NOMEM, ERR_LIMIT. */
int conductor_seat(struct conductor *c, struct runner *r, struct err *e);
void conductor_unseat(struct conductor *c, struct runner *r);

/* The number of a pool in dispatch; a new one is made. ERR_LIMIT, ERR_NOMEM. */
int conductor_pool_number(struct conductor *c, const char *name, uint32_t *out);

/* Tells the observers of a run that has been seated. */
void conductor_tell_added(struct conductor *c, struct runner *r);

/* Frees what the books are made of. */
void conductor_books_free(struct conductor *c);

/* conductor_restore.c */

/* Tells the observers that something stored cannot be taken up. */
void conductor_tell_left_out(
	struct conductor *c, const char *dag_id, const char *run_id, const struct err *e);

/* conductor_act.c */

/* Something that waits for the batch to be stored; without a journal it is done at once. */
void conductor_deed(struct conductor *c, const struct deed *d);

/* Adds to a batch. ERR_NOMEM. */
int batch_add(struct batch *b, const struct deed *d);

/* Does the deeds of a batch in their order, and empties it. */
void batch_perform(struct conductor *c, struct batch *b);
void batch_free(struct batch *b);

/* runner.c */

/* A runner in no book yet, its run in state queued. Errors as conductor_run_add(). */
int runner_create(
	struct conductor *c, const struct run_spec *spec, struct runner **out, struct err *e);
void runner_free(struct runner *r);

/* The run cannot go on; the first reason counts. */
void runner_fail(struct runner *r, int code, const char *text);

/* An event, and its way into the next step. */
struct run_event runner_event(
	enum run_event_kind kind, uint32_t task, uint32_t instance, uint32_t try_number);
void runner_record(struct runner *r, const struct run_event *ev);

/* One more, and one less, has something to do with it. */
void runner_hold(struct runner *r);
void runner_unhold(struct runner *r);

/* It leaves memory at the turn's end, if nothing holds it then. */
void runner_leave(struct runner *r);

/* runner_step.c */

/* Steps every event that has come, and does what stays inside. */
void runner_step(struct runner *r);

/* Does what stays inside of these actions; the others become deeds. */
void runner_act(struct runner *r, const struct run_actions *actions);

/* What a task asks of dispatch. */
struct dispatch_request runner_request(const struct runner *r, uint32_t task, uint32_t instance);

/* Where a task's values come from. */
struct render runner_render(
	struct runner *r, uint32_t task, uint32_t instance, uint32_t try_number);

/* runner_try.c */

/* The instance of an operator, or NULL where this build has none. */
struct op_instance *conductor_operator(const struct conductor *k, const struct op_spec *spec);

/* Starts, or attaches to, what a START or ATTACH says; ends what a KILL says. */
void runner_try_start(struct runner *r, const struct run_action *a);
void runner_try_kill(struct runner *r, const struct run_action *a);

/* Lets go of a cell's try; its log is closed at the turn's end. */
void runner_try_close(struct runner *r, struct cell *c);

/* Closes the logs of tries that ended. */
void conductor_logs_close(struct conductor *c);

#endif
