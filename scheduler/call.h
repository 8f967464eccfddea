/* One callback under way: a script by its operator, or a question to a web server. Private to
 * scheduler/callbacks.c and scheduler/call.c. */
#ifndef SCHEDULER_CALL_H
#define SCHEDULER_CALL_H

#include "engine/dag_callback.h"
#include "operators/operator.h"
#include "scheduler/execution_id.h"
#include "scheduler/task_log.h"

struct http;
struct http_request;
struct runner;

struct callbacks {
	struct conductor *conductor;
	struct call *first, *last; /* in the order in which they came */
	size_t n_active;
	struct http *http; /* NULL: nobody was asked yet */
	void (*on_closed)(void *ctx);
	void *ctx;
};

struct call {
	struct callbacks *books;
	struct call *prev, *next;
	struct runner *runner; /* held by it */
	const struct callback *callback;
	const char *event; /* static */
	uint32_t task, instance, try_number, action; /* task: RUN_NO_TASK, the run's own */
	char execution_id[EXECUTION_ID_SIZE];
	char *facts; /* JSON */
	uint64_t owed_in; /* the conductor's n_batches when it was put into one */
	bool is_stored, is_active;
	bool is_forgotten; /* it was not stored, as its run broke */
	struct op_try *try; /* a script that runs */
	struct http_request *request; /* a question that is asked */
	struct task_log *log; /* of the call; NULL: not open */
};

/* Begins it; call_told() comes, perhaps from within. */
void call_begin(struct call *call);

/* Asks for its end; whether it is over, and gone, at once. */
bool call_kill(struct call *call);

/* Lets go of it without an end. */
void call_abandon(struct call *call);

/* How it went, in a sentence: the call is over, and gone. In scheduler/callbacks.c. */
void call_told(struct call *call, enum op_level level, const char *text);

#endif
