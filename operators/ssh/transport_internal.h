/*
 * What the files of the transport share. Private to operators/ssh/.
 *
 * One thread (struct lane) owns a loop, endpoints, sessions and channels; nothing of these is ever
 * touched by another thread. An exec has two halves: struct ssh_exec belongs to the caller's
 * thread, struct channel to the lane. They speak by messages in two queues.
 */
#ifndef OPERATORS_SSH_TRANSPORT_INTERNAL_H
#define OPERATORS_SSH_TRANSPORT_INTERNAL_H

#include <libssh2.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "engine/buf.h"
#include "operators/ssh/transport.h"

#define EXEC_CREDIT                                                                                \
	((size_t)256 << 10) /* bytes on their way to the caller before reading stops               \
			     */
#define CHANNEL_WINDOW (512u << 10) /* what a server may send before it must wait */
#define AHEAD_MAX 15u /* commands that one is told of */
#define HANDSHAKES_MAX 8u /* connects under way to one target: below MaxStartups' 10 */
#define QUICK_CONNECTIONS 4u /* opened at once when tasks queue; more only where they stall */
#define QUICK_SHARE 10u /* channels that wait for each of these: sshd's own MaxSessions */
#define DRAIN_MS 1500u /* a queue that is served within this wants no more channels */
#define DRAIN_LOOK_MS 100u /* how long is counted before that is said */
#define NEXT_MAX 200u /* commands that one channel runs behind its first */
#define STALL_MIN_MS 50u /* a queue that has not moved for so long wants a connection */
#define STALL_MAX_MS 1000u /* the same, where the host is busy */
#define MOVES_MAX 5u /* connections that a channel may outlive before it was opened */
#define REOPEN_MS 20u /* after a refused channel on a connection that had one open before */
#define BACKOFF_MIN_MS 100u
#define BACKOFF_MAX_MS 5000u

struct lane;
struct session;
struct endpoint;

/* Ring lists, as small as can be. An empty list points to itself. */
struct link {
	struct link *prev, *next;
};

static inline void link_init(struct link *l)
{
	l->prev = l->next = l;
}

static inline bool link_is_empty(const struct link *l)
{
	return l->next == l;
}

static inline void link_add_tail(struct link *list, struct link *l)
{
	l->prev = list->prev;
	l->next = list;
	list->prev->next = l;
	list->prev = l;
}

static inline void link_add_head(struct link *list, struct link *l)
{
	link_add_tail(list->next, l);
}

static inline void link_remove(struct link *l)
{
	l->prev->next = l->next;
	l->next->prev = l->prev;
	link_init(l);
}

#define LINK_OF(l, type, member) ((type *)(void *)((char *)(l)-offsetof(type, member)))

/* --- messages between the threads --- */

enum message_type {
	MSG_START, /* to the lane: begin this channel */
	MSG_WRITE, /* to the lane: bytes for standard input */
	MSG_EOF, /* to the lane: no more of them */
	MSG_CANCEL, /* to the lane */
	MSG_DONE, /* to the lane: the same, but its channel may serve another */
	MSG_RESUME, /* to the lane: the caller has caught up with the output */
	MSG_FREE, /* to the lane: the caller has seen MSG_END, and this is its last message */
	MSG_STOP, /* to the lane: close everything */
	MSG_NOTE, /* to the caller: text */
	MSG_OPEN, /* to the caller */
	MSG_DATA, /* to the caller: bytes */
	MSG_END, /* to the caller: end */
	MSG_STOPPED /* to the caller: the lane is done */
};

struct message {
	struct message *next;
	enum message_type type;
	bool is_stderr;
	struct channel *channel;
	struct ssh_exec *exec;
	struct ssh_end *end; /* MSG_END: owned */
	struct ssh_target *target; /* MSG_START: a reference is handed over */
	struct ssh_note note; /* MSG_NOTE: its text is in bytes */
	size_t len;
	char bytes[];
};

struct message_queue {
	uv_mutex_t lock;
	struct message *first, **last;
	uv_async_t wake;
	bool is_full; /* a wake-up is on its way */
};

/* Makes a queue whose wake-ups come on loop. ERR_NOMEM. */
int message_queue_init(struct message_queue *q, uv_loop_t *loop, uv_async_cb on_wake, void *data);

/* A message with room for len bytes; NULL where memory is short. */
struct message *message_create(enum message_type type, size_t len);

/* Hands the message over and wakes the other side. */
void message_send(struct message_queue *q, struct message *m);

/* All messages that wait, oldest first; the caller frees each. */
struct message *message_take_all(struct message_queue *q);

/* --- channels: the lane's half of an exec --- */

enum channel_state {
	CHANNEL_QUEUED,
	CHANNEL_OPENING,
	CHANNEL_PTY,
	CHANNEL_EXEC,
	CHANNEL_RUNNING,
	CHANNEL_ENDED /* waits for MSG_FREE */
};

struct channel {
	struct link link; /* in an endpoint's queue or a session's list */
	struct lane *lane;
	struct endpoint *endpoint;
	struct session *session;
	struct ssh_exec *exec; /* NULL where there is a tunnel */
	struct tunnel
		*tunnel; /* it leads to another host, and runs nothing; NULL: it runs a command */
	enum channel_state state;
	LIBSSH2_CHANNEL *ssh2;
	struct ssh_command command;
	struct buf text; /* of the command, while it is sent */
	bool is_told; /* another command was told of it */
	bool want_pty, eof_wanted, eof_sent, may_have_run, is_cancelled;
	unsigned n_before; /* commands that its channel ran before */
	bool has_told; /* something came of it */
	struct buf input; /* standard input not sent yet, from input_at */
	size_t input_at;
	bool is_paused;
	unsigned n_moves; /* connections that died before it could be opened on them */
	size_t in_flight; /* bytes sent to the caller and not consumed; atomic */
	struct message
		*end_message; /* made beforehand: the end is told even when memory is short */
};

/* --- sessions: one connection --- */

enum session_state {
	SESSION_RESOLVE,
	SESSION_CONNECT,
	SESSION_HANDSHAKE,
	SESSION_AUTH,
	SESSION_READY,
	SESSION_DEAD
};

struct auth; /* auth_impl.h */

struct session {
	struct link link; /* in the endpoint */
	struct lane *lane;
	struct endpoint *endpoint;
	enum session_state state;
	LIBSSH2_SESSION *ssh2;
	uv_os_sock_t fd;
	uv_poll_t *poll; /* frees itself when closed */
	uv_timer_t timer; /* the state's deadline; once READY: idle and keepalive */
	uv_getaddrinfo_t dns;
	struct addrinfo *addresses, *address;
	unsigned handles; /* handles not closed and requests not returned yet: freed at 0 */
	int poll_events;
	struct link memory; /* all that libssh2 has taken for it */
	size_t memory_used;
	size_t greeted, greeted_now; /* bytes received before READY; in this turn */
	bool is_dry, is_shut; /* the socket had nothing more in this turn; it is shut down */
	struct link channels;
	unsigned n_channels;
	unsigned limit; /* channels at once; UINT_MAX: not found out */
	struct channel *opening; /* N.B. only one open or exec may be under way on a session */
	struct buf out; /* what libssh2 has sent and the socket has not taken, from out_at */
	size_t out_at;
	LIBSSH2_CHANNEL *
		*ghosts; /* ended for the caller, not yet closed on the wire; count as channels */
	unsigned n_ghosts, ghosts_room;
	struct auth *auth;
	struct proxy *proxy; /* host_proxy_cmd, while it runs */
	struct tunnel *tunnel; /* that it goes through; NULL: none */
	struct buf notes; /* for the logs of all that it serves (note.h) */
	bool has_served; /* a command ran on it */
	uint64_t not_before; /* no channel may be opened before this */
	bool awaits_proxy; /* it failed while host_proxy_cmd ran, whose end is to be told */
	bool is_hung_up; /* the poll handle has told of the connection's end */
	uint64_t begun, idle_since;
	uint64_t deadline_ms; /* what the state has left behind the tick that is under way */
	uint64_t n_silent; /* ticks in which nothing came */
	bool is_pumping, wants_pump;
	bool wants_schedule; /* room has come free */
	bool wants_check; /* a read failed: the connection is gone */
	bool is_drained; /* in this turn the socket had no more to read */
};

/* --- endpoints: all connections to one target --- */

struct keyring; /* keyring.h */
struct opening; /* opening.c */

/* Opens the target's keys on another thread; endpoint_schedule() is called again when they are, or
 * the queue has failed. ERR_NOMEM. */
int opening_begin(struct endpoint *ep, struct err *e);

/* The endpoint is going away. */
void opening_leave(struct endpoint *ep);

struct endpoint {
	struct link link; /* in the lane */
	struct lane *lane;
	struct ssh_target *target;
	struct link queue; /* channels that wait */
	unsigned n_queued;
	struct link sessions;
	unsigned n_sessions, n_connecting;
	unsigned connecting_limit;
	unsigned channel_limit; /* a connection's: MaxSessions as learned; UINT_MAX: not yet */
	bool is_single; /* a connection has one command at a time; ways through it do not count */
	uint64_t last_progress; /* when a channel last left the queue */
	uint64_t stall_ms; /* a queue that has not moved for so long wants one more connection */
	uint64_t first_failure; /* of connects in a row; 0: none */
	unsigned backoff_ms;
	uint64_t not_before; /* no connect before this */
	uv_timer_t timer;
	struct keyring *keyring; /* the target's keys, opened; NULL: not yet */
	struct opening *opening; /* the work that does so; NULL: it is not under way */
	bool has_worked; /* some connection came to READY */
	uint64_t look_since; /* n_handed is counted since then */
	unsigned n_handed; /* channels that were handed on */
	bool opens_more; /* these are too few for what waits */
	bool is_holding; /* a session could take what waits, and is not to */
	unsigned n_alone; /* channels that wait, and cannot be handed one */
	bool has_no_next; /* a channel that was handed on told nothing any more: none is */
	bool is_closing;
};

struct lane {
	struct ssh_transport *transport;
	uv_thread_t thread;
	uv_loop_t loop;
	struct message_queue in;
	struct link endpoints;
	unsigned n_sessions; /* N.B. the caller's thread looks at it: changed atomically */
	bool is_stopping;
	char *scratch; /* a read's worth of bytes */
	struct message *stop, *stopped; /* made beforehand, as end_message is */
};

#define SCRATCH_SIZE ((size_t)64 << 10)

struct ssh_transport {
	uv_loop_t *loop;
	struct ssh_transport_options options;
	struct message_queue out;
	struct lane *lanes;
	unsigned n_lanes, n_stopped;
	bool is_closing;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
	struct link execs;
};

/* transport.c: channels, and messages from a lane to the caller. */
struct channel *channel_create(
	struct lane *lane, struct ssh_exec *x, struct ssh_command *command, bool want_pty);
void channel_free(struct channel *c);

/* Adds bytes to the channel's standard input. Without memory the channel ends. */
void channel_input(struct channel *c, const void *bytes, size_t len);
void channel_note(struct channel *c, const struct ssh_note *note);

/* What the connection that serves it, or that was to, had to tell when it was made (note.h). */
void channel_notes_tell(struct channel *c, const struct buf *notes);
void channel_end(struct channel *c, const struct ssh_end *end);

/* endpoint.c */

/* Makes the text of the channel's command, where there is none yet. False: no memory. */
bool endpoint_command_make(struct endpoint *ep, struct channel *c);

/* Takes a channel out of the queue. */
void endpoint_dequeue(struct endpoint *ep, struct channel *c);

/* Takes the channel that has waited longest out of the queue, where its command can be done behind
 * another one's. */
struct channel *endpoint_next_take(struct endpoint *ep);

/* Puts the channel into the queue of the target's endpoint, which is made where there is none. */
void endpoint_enqueue(struct lane *lane, struct channel *c, struct ssh_target *target);

/* Puts a channel that a session could not open back to the head of the queue. */
void endpoint_requeue(struct endpoint *ep, struct channel *c);

/* Gives waiting channels to sessions that have room, and opens connections where that is wanted.
 * N.B. an endpoint without channels and sessions is freed at the end of the loop's turn. */
void endpoint_schedule(struct endpoint *ep);

/* A session is ready, after so long in which the host was busy. */
void endpoint_connected(struct endpoint *ep, uint64_t busy_ms);

/* A session, which is out of the list already, is gone. before_ready: it never was ready.
 * is_refusal: the server hung up before it said anything, as one that is too busy does. notes: what
 * it had to tell until then. */
void endpoint_session_lost(struct endpoint *ep, bool before_ready, bool is_refusal,
	enum ssh_stage stage, const struct err *why, const struct buf *notes);

/* Ends all that waits, and all that runs. */
void endpoint_fail_queue(struct endpoint *ep, enum ssh_stage stage, const struct err *why);
void endpoint_stop(struct endpoint *ep);

/* reach.c */

/* Begins a new connection for the endpoint. */
int session_create(struct endpoint *ep, struct err *e);

/* Gives up the address under way, if any, and goes on with the next that lets itself be tried. */
void session_address_next(struct session *s, const char *last_reason);

/* memory.c: libssh2's memory, by its own rules: *abstract is the session. What a callback hands to
 * libssh2 must be of it. */
void *session_alloc(size_t size, void **abstract);
void *session_realloc(void *p, size_t size, void **abstract);
void session_free(void *p, void **abstract);

/* Frees what libssh2 has forgotten. */
void session_memory_drop(struct session *s);

/* socket.c */

/* How libssh2 reads and sends; *abstract is the session. */
ssize_t session_recv(libssh2_socket_t fd, void *bytes, size_t len, int flags, void **abstract);
ssize_t session_send(
	libssh2_socket_t fd, const void *bytes, size_t len, int flags, void **abstract);

/* Whether the socket has taken all that libssh2 has sent; sends what waits. */
bool session_is_sent(const struct session *s);
void session_flush(struct session *s);

/* connect.c */

/* The session's state, whose deadline begins. */
void session_enter(struct session *s, enum session_state state);

/* Brings the poll handle in line with what libssh2 waits for; closes it, before its descriptor. */
void session_poll_adjust(struct session *s);
void session_poll_close(struct session *s);

/* A handle of the session has closed, or a request returned: the last of them frees it. */
void session_unref(struct session *s);
void session_on_handle_closed(uv_handle_t *handle);

/* Something may move: called on socket events, and when a channel has something new to do. */
void session_wake(struct session *s);

/* Ends the session and all its channels with this reason. Safe at any time; frees at the end of the
 * loop's turn. */
void session_fail(struct session *s, bool is_refusal, enum ssh_stage stage, const struct err *why);

/* A line for the log of every task that this connection will serve. */
void session_note(struct session *s, enum ssh_stage stage, bool is_warning, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* Writes what libssh2 has to say about its last failure: "doing: its text (its code)". */
int session_error(struct session *s, struct err *e, int code, const char *doing);

/* proxy.c */

/* Runs host_proxy_cmd for the session; *fd is the session's end. */
int proxy_open(struct session *s, int *fd, struct err *e);
void proxy_close(struct session *s);

/* tunnel.c */

/* Begins a way through the jump host for the session; *fd is the session's end. A tunnel that fails
 * fails its session, later. */
int tunnel_open(struct session *s, int *fd, struct err *e);

/* The session that goes through it is dying. */
void tunnel_leave(struct session *s);

/* Whether it has come through. */
bool tunnel_is_open(const struct tunnel *t);

/* What its channel has to tell: where it is to lead; bytes came; its input has become less; a note;
 * its end. */
void tunnel_place(const struct tunnel *t, const char **host, int *port);
void tunnel_data(struct tunnel *t, const char *bytes, size_t len);
void tunnel_drained(struct tunnel *t);
void tunnel_note(struct tunnel *t, const struct ssh_note *note);
void tunnel_ended(struct tunnel *t, const struct ssh_end *end);

/* auth.c */

/* One step of authentication. 0: done; ERR_AGAIN: call again when the socket moves; else e tells
 * what was tried and what the server offers. */
int auth_step(struct session *s, struct err *e);
void auth_free(struct session *s);

/* auth_agent.c */

/* Whether it stands still until an ssh-agent answers. */
bool auth_waits_for_agent(const struct session *s);

/* ghosts.c */

/* Frees a channel once it is closed, sooner or later. Where there is no memory for that it goes
 * with the session. */
void ghost_add(struct session *s, LIBSSH2_CHANNEL *ssh2);

/* Tries to be done with the ghosts. */
void ghosts_step(struct session *s);
void ghosts_forget(struct session *s);

/* session.c */

/* Gives every channel of a ready session a turn. */
void session_pump(struct session *s);

/* Puts a channel on a ready session that is not opening another. */
void session_assign(struct session *s, struct channel *c);

/* Ends all channels of a session that is dying. */
void session_drop_channels(struct session *s, enum ssh_stage stage, const struct err *why);

/* Leaves the channel of a command that is done to the next one. False: nothing of that was done. */
bool channel_hand_on(struct channel *c);

/* Ends the channel from this side, wherever it stands, and tells the caller `end`. */
void channel_abort(struct channel *c, const struct ssh_end *end);

#endif
