/* A runner's book of tasks and instances: their tries, timers and items; and the heap of timers
 * that all runners share. Private to the conductor and its runners. */
#ifndef SCHEDULER_RUNNER_CELLS_H
#define SCHEDULER_RUNNER_CELLS_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/rank_heap.h"
#include "engine/run.h"
#include "engine/value.h"
#include "operators/operator.h"
#include "scheduler/execution_id.h"

struct cells;
struct render;
struct runner;
struct try;

/* What is stored of a task or an instance. */
struct cell_kept {
	struct run_row row;
	int64_t started_at, ended_at; /* of the task; INSTANT_NONE: not yet */
	int64_t try_started_at;
	uint32_t id_try; /* the try that execution_id is of; 0: of none yet */
	char execution_id[EXECUTION_ID_SIZE];
	bool is_resumed; /* that try may have been started by an earlier process */
	bool is_changed;
	struct cell *next_changed; /* to be stored */
};

/* A task, or an instance, that has begun something. */
struct cell {
	struct runner *runner;
	uint32_t task, instance;
	uint32_t try_number;
	struct try *try; /* NULL: none, or its log is closed */
	struct cell *next_dirty, **prev_dirty; /* its log has lines that are not written; or NULL */
	struct rank_node node; /* in the heap of timers; its arrival is the time */
	enum run_timer timer;
	uint32_t timer_try;
	struct cell_kept *kept; /* NULL where nothing is stored */
};

/* Timers of many runners. Starts zeroed. */
struct timers {
	struct rank_heap heap;
	size_t n_cells; /* there is room for a timer of each */
};

/* Takes the first that is due; NULL: none is. *ev is the event, of the cell's runner. */
struct cell *timers_due(struct timers *t, int64_t now, struct run_event *ev);

/* When the next is due; INT64_MAX: none. */
int64_t timers_next(const struct timers *t);
void timers_free(struct timers *t);

/* The timers must outlive the cells. NULL: no memory. */
struct cells *cells_create(uint32_t n_tasks, struct runner *r, struct timers *timers);
void cells_destroy(struct cells *c);

/* The cell, or NULL: cells_find() where there is none yet, cells_get() where memory is short. */
struct cell *cells_find(const struct cells *c, uint32_t task, uint32_t instance);
struct cell *cells_get(struct cells *c, uint32_t task, uint32_t instance);

/* What is kept of a cell; made where there is none yet. NULL: no memory. */
struct cell_kept *cell_keep(struct cell *cell);

/* Renders the items of a for_each and keeps them. Errors as render_items(). */
int cells_expand(struct cells *c, const struct render *render, uint32_t *n, struct err *e);

/* A for_each has room for so many instances. ERR_NOMEM. */
int cells_reserve(struct cells *c, uint32_t task, uint32_t n);

/* Takes the items from text that was stored: a JSON list. ERR_CORRUPT, ERR_NOMEM. */
int cells_items_restore(struct cells *c, uint32_t task, const char *json, struct err *e);

/* The items of a for_each as a list, or NULL where it was not expanded. */
const struct value *cells_items(const struct cells *c, uint32_t task);

/* The item of an instance, or NULL. */
const struct value *cells_item(const struct cells *c, uint32_t task, uint32_t instance);

/* Timers: those of SET_TIMER and CANCEL_TIMER actions. One a cell, as the machine never wants two:
 * a try that waits has no deadline. ERR_NOMEM. */
int cells_timer_set(struct cells *c, const struct run_action *a);
void cells_timer_cancel(struct cells *c, const struct run_action *a);

/* A list of cells whose logs have lines to write: adds one, takes one (NULL: there is none). */
void cell_dirty_add(struct cell **list, struct cell *cell);
struct cell *cell_dirty_take(struct cell **list);

/* Asks for the end of every try; closes all. */
void cells_kill_all(struct cells *c, enum op_kill why, int64_t grace_ms);
void cells_close_all(struct cells *c);

#endif
