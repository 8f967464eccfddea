/* What the files of the runner share. Private to scheduler/runner*.c. */
#ifndef SCHEDULER_RUNNER_IMPL_H
#define SCHEDULER_RUNNER_IMPL_H

#include "engine/dispatch.h"
#include "engine/err.h"
#include "scheduler/outputs.h"
#include "scheduler/plan.h"
#include "scheduler/runner.h"
#include "scheduler/runner_cells.h"
#include "scheduler/try.h"

#define RUN_NUMBER 0 /* ours in dispatch */

struct events {
	struct run_event *list;
	size_t n, cap;
};

/* A try that has ended, and its log. */
struct ended {
	struct try *try;
	uint32_t task, instance;
};

struct runner {
	struct runner_options o;
	struct run *run;
	struct dispatch *dispatch;
	struct outputs *outputs;
	struct cells *cells;
	struct events incoming, current; /* recorded; being stepped */
	struct run_actions actions;
	uv_prepare_t prepare;
	uv_timer_t timer, log_timer;
	int handles; /* open */
	bool is_timer_due;
	bool is_finished, is_broken, is_destroyed;
	bool has_finish_to_tell;
	size_t n_running; /* tries that have not ended */
	struct ended *ended; /* tries whose logs are to be closed at the turn's end */
	size_t n_ended, cap_ended;
	struct err broken;
};

/* runner.c */

int64_t runner_now(void); /* ms since the epoch */

/* The run cannot go on; the first reason counts. */
void runner_fail(struct runner *r, int code, const char *text);

/* An event, and its way into the next step. */
struct run_event runner_event(
	enum run_event_kind kind, uint32_t task, uint32_t instance, uint32_t try_number);
void runner_record(struct runner *r, const struct run_event *ev);

/* runner_act.c */

/* Performs an action; TASK_CHANGED and RUN_CHANGED are told to the observer. */
void runner_act(struct runner *r, const struct run_action *a);

/* Writes and closes the logs of tries that ended. */
void runner_logs_close(struct runner *r);

#endif
