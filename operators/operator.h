/*
 * What an operator is: the one interface behind which ssh, local and every later kind of task
 * stand. Everything runs on one libuv loop, and nothing here ever blocks it.
 *
 * The life of a try, in this order:
 *
 *  1. open() makes an instance for a host context, which must outlive it. It may fork: call it
 *     early, before there are threads and before secrets are in memory.
 *  2. start() or attach() begins a try. All of the job is read before the call returns; nothing of
 *     it needs to live longer. An error means that there is no try and that no callback will come.
 *  3. start() with an execution_id that was started before, by this process or an earlier one, is
 *     an attach(). attach() takes up a try that may be running; it ends as OP_LOST where it is gone
 *     without a trace.
 *  4. Callbacks come from the loop, never from within a call of this interface: on_started at most
 *     once, then on_output and on_log any number of times, then on_finished exactly once.
 *  5. What a callback is handed lives until it returns. The try itself is gone when on_finished
 *     returns. A callback may call anything of this interface, but close() for its own instance.
 *  6. kill() asks for the end of the whole process group, and of what left it: TERM, the grace,
 * KILL. It returns at once; on_finished tells when they are gone. A second kill() with a grace of 0
 *     cuts the first one's short. It does nothing to a try that has ended.
 *  7. abandon() lets go of a try without ending it: no callback comes any more, the try is gone,
 * and what runs goes on, to be attached to.
 *  8. close() ends an instance whose tries are all gone; on_closed comes when its handles are.
 */
#ifndef OPERATORS_OPERATOR_H
#define OPERATORS_OPERATOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/err.h"
#include "engine/keys.h"

#define OP_TAIL_MAX ((size_t)64 << 10) /* bytes of a stream's end that a result carries */
#define OP_EXECUTION_ID_MAX 64 /* bytes of an execution id; letters, digits and - alone */
#define OP_KILL_GRACE_MS 10000 /* between TERM and KILL, unless said otherwise */

struct connection_source;

struct op_bytes {
	const char *data;
	size_t len;
};

/* A key of the task as it stands after rendering; which member counts follows from its type. */
struct op_setting {
	bool is_set;
	bool truth; /* KEY_BOOL */
	int64_t number; /* KEY_INT, KEY_DURATION (ms), KEY_SIZE */
	struct op_bytes text; /* every kind of text */
	const struct op_bytes *list; /* KEY_TEMPLATES */
	size_t n;
};

struct op_variable {
	const char *name;
	struct op_bytes value;
};

/* One try of one task. */
struct op_job {
	const char *dag_id, *task_id, *run_id;
	const char *execution_id; /* chosen, and stored, before the start */
	uint32_t try_number;
	const struct op_setting *settings; /* by the number of the key in spec->keys */
	const struct op_variable *environment;
	size_t n_environment;
	int64_t timeout_ms; /* kept by the host too, should the engine never come back; 0: none */
	int64_t kill_grace_ms;
	bool is_resumed; /* an earlier process may have started it: nothing refuses it for sure */
	bool dies_with_engine; /* nobody will ever attach: end it where the engine is gone */
	int64_t output_at[2]; /* bytes of each stream that were handed on before: go on from there
			       */
};

enum op_stream { OP_STDOUT, OP_STDERR };

enum op_level { OP_INFO, OP_WARNING, OP_ERROR };

enum op_verdict {
	OP_EXITED, /* the script ran to its end: exit_code */
	OP_SIGNALLED, /* a signal that nobody here sent ended it: exit_code is 128 + signal */
	OP_TIMED_OUT, /* it was ended at its deadline */
	OP_KILLED, /* it was ended by kill() */
	OP_LOST, /* nobody knows how it ended */
	OP_REFUSED, /* it never ran */
};

struct op_result {
	enum op_verdict verdict;
	int exit_code; /* -1 where there is none */
	bool completed; /* the script ran to its end, whatever its status */
	bool no_retry; /* trying again is useless */
	const char *message; /* why it failed, in one line; "" where the exit code alone decides */
	struct op_bytes response; /* as the script wrote it */
	struct op_bytes logs, error; /* the ends of the streams, at most OP_TAIL_MAX each */
	const char *response_path, *log_path, *error_path,
		*user_folder; /* on the host; may be "" */
};

struct op_events {
	void (*on_started)(void *ctx);
	void (*on_output)(void *ctx, enum op_stream stream, const char *bytes, size_t len);
	/* Output of the stream is left out here: what comes next does not follow what came. */
	void (*on_gap)(void *ctx, enum op_stream stream);
	/* A line for the task's log; file and line name the place in the source, as Airflow's do.
	 */
	void (*on_log)(
		void *ctx, enum op_level level, const char *file, int line, const char *text);
	void (*on_finished)(void *ctx, const struct op_result *r);
};

/* Why a try is ended, and what a person is told. Its own timeout makes the verdict OP_TIMED_OUT and
 * has a sentence with its length; all others make it OP_KILLED. */
#define OP_KILL_LIST(X)                                                                            \
	X(CANCEL, "it was cancelled")                                                              \
	X(TIMEOUT, "it was ended at its timeout")                                                  \
	X(RUN_TIMEOUT, "the run took longer than its dagrun_timeout")                              \
	X(MARK, "it was marked while it ran")                                                      \
	X(CLEAR, "it was cleared while it ran")

enum op_kill {
#define OP_KILL_ENUM(id, text) OP_KILL_##id,
	OP_KILL_LIST(OP_KILL_ENUM)
#undef OP_KILL_ENUM
		OP_KILL_COUNT
};

const char *op_kill_text(enum op_kill why);

/* What operators find around them. */
struct op_host {
	uv_loop_t *loop;
	const char *executions; /* the folder of local executions: one folder in it for each */
	char *const
		*environ; /* the engine's environment, of which a task gets a small clean part */
	const struct connection_source *connections; /* how connections are found by their ids */
	int64_t retention_ms; /* how long an execution's folder stays after its end */
	uint64_t max_files; /* descriptors that a local script may have, where that is less than
			       the engine may; 0: as many */
};

struct operator;

/* The beginning of every operator's own structs. */
struct op_instance {
	const struct operator* op;
};

struct op_try {
	const struct operator* op;
};

struct operator
{
	const struct op_spec *spec;

	int (*open)(const struct op_host *h, struct op_instance **out, struct err *e);
	void (*close)(struct op_instance * i, void (*on_closed)(void *ctx), void *ctx);

	int (*start)(struct op_instance * i, const struct op_job *job,
		const struct op_events *events, void *ctx, struct op_try **out, struct err *e);
	int (*attach)(struct op_instance * i, const struct op_job *job,
		const struct op_events *events, void *ctx, struct op_try **out, struct err *e);
	void (*kill)(struct op_try * t, enum op_kill why, int64_t grace_ms);
	void (*abandon)(struct op_try * t);

	/* How many connections to other machines are open, or being opened. NULL: it makes none. */
	unsigned (*connections)(const struct op_instance *i);
};

#endif
