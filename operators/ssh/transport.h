/*
 * The SSH transport: commands on other machines, as channels over shared connections.
 *
 * A few threads each run an event loop over many libssh2 sessions. The caller stays on its own
 * loop: it starts an exec, writes to it, cancels it, and hears of it by callbacks, all on the
 * thread of the loop that the transport was made with. Nothing here blocks.
 *
 * The life of an exec:
 *  1. ssh_exec_start() takes it in. Callbacks never come before it returns.
 *  2. on_note() may come at any time until 5.
 *  3. on_open() comes once, when the server has accepted the command. Up to here the command has
 *     surely not run.
 *  4. on_data() comes for each piece of output, in order within each stream.
 *  5. on_end() comes exactly once, and is the last; the exec is gone when it returns.
 * ssh_exec_cancel() makes on_end() come soon; the command on the host is not killed by it. So does
 * ssh_exec_done(), which leaves the channel to the next command, if one waits that can go on there.
 */
#ifndef OPERATORS_SSH_TRANSPORT_H
#define OPERATORS_SSH_TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "engine/err.h"
#include "operators/ssh/command.h"
#include "operators/ssh/target.h"

struct ssh_transport;
struct ssh_exec;

struct ssh_transport_options {
	unsigned threads; /* 0: one a core */
	unsigned connections_max; /* in all; 0: 1024 */
	unsigned per_host_max; /* to one target; 0: 256 */
	unsigned idle_close_ms; /* an unused connection closes after this; 0: 30 s */
};

/* How far a connection had come. */
#define SSH_STAGE_LIST(X)                                                                          \
	X(QUEUED, "waiting for a connection")                                                      \
	X(RESOLVE, "looking up the host name")                                                     \
	X(CONNECT, "connecting")                                                                   \
	X(HANDSHAKE, "waiting for the SSH handshake")                                              \
	X(HOST_KEY, "checking the host key")                                                       \
	X(AUTH, "authenticating")                                                                  \
	X(OPEN, "opening a channel")                                                               \
	X(RUNNING, "running the command")

enum ssh_stage {
#define SSH_STAGE_ENUM(id, text) SSH_STAGE_##id,
	SSH_STAGE_LIST(SSH_STAGE_ENUM)
#undef SSH_STAGE_ENUM
		SSH_STAGE_COUNT
};

/* What a connection has to tell of itself: a line for the task's log. */
struct ssh_note {
	enum ssh_stage stage; /* what it is about; all that a jump host tells is about CONNECT */
	bool is_warning;
	const char *text;
};

/* How an exec ended. N.B. libssh2 reads an exit status of 0 where none came: only has_status or a
 * signal is evidence that the command ended. */
struct ssh_end {
	struct err err; /* code 0: the channel was closed in order */
	enum ssh_stage stage; /* where err struck */
	bool may_have_run; /* the command had been sent to the server */
	bool was_next; /* its channel had run others before */
	bool has_status;
	int status;
	char signal[16]; /* "TERM"; "" where no signal ended it */
};

struct ssh_exec_events {
	void (*on_note)(void *ctx, const struct ssh_note *note);
	void (*on_open)(void *ctx);
	void (*on_data)(void *ctx, bool is_stderr, const char *bytes, size_t len);
	void (*on_end)(void *ctx, const struct ssh_end *end);
};

/* Makes a transport whose callbacks come on loop. It starts its threads at once. */
int ssh_transport_create(uv_loop_t *loop, const struct ssh_transport_options *o,
	struct ssh_transport **out, struct err *e);

/* Ends every exec, closes every connection and calls on_closed on the loop, after which the
 * transport is gone. */
void ssh_transport_close(struct ssh_transport *t, void (*on_closed)(void *ctx), void *ctx);

/* Connections that are open or being opened, as of now. */
unsigned ssh_transport_connections(const struct ssh_transport *t);

/* Runs a command (which is emptied) on the target (which is referenced, see target.h).
 * stdin stays open until ssh_exec_eof(). ERR_NOMEM, ERR_ILLEGAL after close began. */
int ssh_exec_start(struct ssh_transport *t, struct ssh_target *target, struct ssh_command *command,
	bool want_pty, const struct ssh_exec_events *events, void *ctx, struct ssh_exec **out,
	struct err *e);

/* Sends bytes (copied) to the command's standard input. ERR_NOMEM. */
int ssh_exec_write(struct ssh_exec *x, const void *bytes, size_t len);

/* No more standard input will come. */
int ssh_exec_eof(struct ssh_exec *x);

/* Ends the exec from this side; on_end() comes with ERR_ILLEGAL unless it ended by itself before.
 * N.B. until then all is told that had come: what a script said before its kill is the script's. */
void ssh_exec_cancel(struct ssh_exec *x);

/* The same where the command has done what it was for. One of those that take a next (command.h)
 * leaves its channel to whoever has waited longest for its target, should that be such a one too.
 */
void ssh_exec_done(struct ssh_exec *x);

const char *ssh_stage_text(enum ssh_stage s);

#endif
