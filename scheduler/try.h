/*
 * One try of one task: rendered, started, logged, and its end judged. The runner drives many;
 * `tasks test` drives one.
 */
#ifndef SCHEDULER_TRY_H
#define SCHEDULER_TRY_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/run.h"
#include "operators/operator.h"
#include "scheduler/execution_id.h"
#include "scheduler/outputs.h"
#include "scheduler/render.h"

struct try;

/* How a try ended, for the run state machine and for people. */
struct try_end {
	enum run_exit exit;
	bool is_lost; /* nobody knows how it ended */
	bool no_retry; /* trying again is useless */
	bool is_short; /* there was no memory for what it left: it is to be asked for again */
	const char *message; /* why it failed, in one line; "" */
};

/* Who watches. None is called from within try_start() or try_kill(). */
struct try_events {
	void (*on_started)(void *ctx);
	void (*on_line)(void *ctx, enum op_stream stream, const char *text, size_t len);
	void (*on_note)(void *ctx, enum op_level level, const char *text); /* of the operator */
	void (*on_ended)(void *ctx, const struct try_end *end);
};

struct try_options {
	struct render render; /* the task, its place and where values come from */
	struct outputs *outputs; /* takes what the try leaves */
	uint32_t instance; /* RUN_NO_INSTANCE: none */
	uint32_t try_limit; /* the last try that is allowed */
	struct op_instance *operator; /* the task's */
	const char *logs; /* folder; NULL: none are written */
	int64_t kill_grace_ms;
	bool dies_with_engine;
	const char *execution_id;
	bool is_stored; /* a later process may take it up */
	bool is_resumed; /* an earlier process may have started it: its log goes on */
	bool is_attach; /* it surely was started: it is never started again */
	int64_t started_at; /* when, where an earlier process has seen it; else 0 */
	const struct try_events *events;
	void *ctx;
};

/* Begins a try. It is there until try_close(), whatever comes. Where it cannot be started *end is
 * filled in, *has_ended is true, and no callback comes. ERR_NOMEM: there is no try. */
int try_start(const struct try_options *o, int64_t now, struct try **out, bool *has_ended,
	struct try_end *end);

/* Asks for its end; see operator.h. */
void try_kill(struct try *t, enum op_kill why, int64_t grace_ms);

/* Adds the line that says what became of it: Marking task as SUCCESS. dag_id=... */
void try_mark(struct try *t, enum task_state state, int64_t now);

/* Writes the log's lines that have gathered; *e as task_log_flush(). */
int try_flush(struct try *t, struct err *e);

/* Closes the log and frees the try; one that has not ended is abandoned. NULL is fine. */
int try_close(struct try *t, struct err *e);

bool try_has_ended(const struct try *t);
const char *try_log_path(const struct try *t);
int64_t try_started_at(const struct try *t);

#endif
