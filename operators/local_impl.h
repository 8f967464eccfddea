/* What the files of the local operator share. */
#ifndef OPERATORS_LOCAL_IMPL_H
#define OPERATORS_LOCAL_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/buf.h"
#include "operators/operator.h"

#define LOCAL_FOLLOW_MS 50 /* between looks at the streams of what runs */
#define LOCAL_SLICE ((size_t)256 << 10) /* bytes of a try's streams that one turn deals with */
#define LOCAL_RESPONSE_LIMIT ((int64_t)1 << 20)
#define LOCAL_LOG_LIMIT ((int64_t)100 << 20)
#define LOCAL_SWEEPS_A_RETENTION                                                                   \
	24 /* of old folders, while there are tasks: each hour of a day                            \
	    */
#define LOCAL_RELAUNCH_MAX 3 /* launchers in a row that died without a word */

struct local_stream {
	char *path;
	int64_t offset; /* handed on, or cut, up to here */
	int64_t size; /* in all; -1: not known yet */
};

struct local_try {
	struct op_try base;
	struct local *owner;
	const struct op_events *events;
	void *ctx;
	uint64_t number; /* the launcher knows it by this; its slot is the lower half */
	char *folder, *response_path;
	struct local_stream streams[2];
	int64_t response_limit, log_limit, timeout_ms, grace_ms;
	int64_t logged; /* bytes of both streams handed on */
	enum op_kill kill_why; /* of the first kill() */
	bool is_killed;
	bool is_cmd_timeout; /* timeout_ms is the task's cmd_timeout */
	bool is_started; /* on_started was called */
	bool has_ended; /* the launcher has said how; what is left is its output */
	bool has_response; /* the response file was there at the end */
	bool is_cut; /* log_limit's cut was told */
	struct op_result result;
	char *message;
	char *running; /* what to log when it has started; NULL: nothing */
};

struct local {
	struct op_instance base;
	const struct op_host *host;
	uv_pipe_t *pipe; /* to the launcher; NULL: there is none */
	uv_timer_t follow;
	struct buf in;
	size_t in_at;
	struct buf next; /* to be sent */
	struct buf out; /* what libuv is sending */
	bool is_writing;
	uv_write_t write;
	struct local_try **slots;
	uint32_t n_slots, n_tries, generation;
	uint64_t swept_at; /* when old folders were last looked for, in the loop's time */
	bool has_swept;
	int silent_launchers; /* how many in a row said nothing */
	char *slice; /* LOCAL_SLICE bytes to read into */
	char *user_folder;
	struct buf environ; /* NAME=VALUE entries that every task gets, each with its NUL */
	bool is_closing;
	int handles; /* still open while closing */
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

struct wire_reader;

/* local.c */

/* A message of the launcher's. */
void local_message(struct local *l, struct wire_reader *r);

/* There is no launcher to be had: nobody knows what becomes of the tries. */
void local_lose_all(struct local *l, const char *why);

/* A handle of the instance is closed. */
void local_handle_closed(struct local *l);

/* local_link.c */

/* Forks a launcher and listens to it; where it dies another one is forked and attached to all. */
int local_link_open(struct local *l, struct err *e);
void local_link_close(struct local *l);

/* Sends what was added to l->next behind `before`. Where it cannot be, it is taken away again:
 * ERR_LIMIT, ERR_NOMEM. */
int local_link_send(struct local *l, size_t before, struct err *e);

/* Sends a message without strings; the one that attaches to a try. ERR_NOMEM. */
int local_link_tell(struct local *l, uint32_t kind, uint64_t job, int64_t n0, int64_t n1);
int local_link_attach(struct local *l, const struct local_try *t);

/* Asks for a sweep of old folders, where the last one is long ago. */
void local_link_sweep(struct local *l);

/* local_env.c */

/* Gathers what a task inherits, and the user's home. ERR_NOMEM. */
int local_environ_gather(struct local *l);

/* Adds the strings NAME=VALUE that a job's script finds, for the message at start. ERR_NOMEM. */
int local_environ_send(const struct local *l, const struct op_job *job, const char *response_path,
	struct buf *out, size_t start);

/* Where the job's programs are looked for, as in $PATH. */
const char *local_environ_search(const struct local *l, const struct op_job *job);

/* local_script.c */

/* Adds the message that starts the job to out. ERR_INVALID, ERR_NOMEM. */
int local_script_send(const struct local *l, struct local_try *t, const struct op_job *job,
	struct buf *out, struct err *e);

/* local_stream.c */

/* Hands on new output of a try, at most a slice. Whether there is more at once. */
bool local_stream_follow(struct local_try *t);

/* Reads the ends of the streams and the response into the result. What it allocates stands in its
 * data pointers and is freed by local_stream_release(). */
void local_stream_collect(struct local_try *t);
void local_stream_release(struct local_try *t);

#endif
