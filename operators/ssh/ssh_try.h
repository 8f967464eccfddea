/*
 * One try of an ssh task. Private to operators/ssh/.
 *
 *   STARTING -> RUNNING -> GATHERING -> (finished)
 *       \          |  ^         |
 *        \         v  |         |
 *         `----> WAITING -> ATTACHING      a lost connection leads here, and back
 *
 * An end by force runs beside these (ssh_kill.c): a second exec ends the processes, while the first
 * tells how the script ended. A plain try (`detach: false`) knows STARTING and RUNNING alone.
 */
#ifndef OPERATORS_SSH_SSH_TRY_H
#define OPERATORS_SSH_SSH_TRY_H

#include "engine/arena.h"
#include "engine/buf.h"
#include "operators/operator.h"
#include "operators/ssh/remote.h"
#include "operators/ssh/sweeps.h"
#include "operators/ssh/target.h"
#include "operators/ssh/transport.h"

#define SSH_TARGETS_KEPT 1024
#define SWEEP_EVERY_MS 3600000 /* of one host; sooner where less is kept */
#define FOLLOW_AFTER_MS 100 /* a script that runs longer has its streams followed */
#define FOLLOW_EACH_MS 5 /* and later by so much for each that waits for the same */
#define FOLLOW_LATEST_MS 5000
#define REATTACH_MIN_MS 50
#define REATTACH_MAX_MS 30000
#define REATTACH_LIMIT_MS 3600000 /* a host that stays away longer has lost the task */
#define MUTE_LIMIT_MS 300000 /* a channel on which nothing is heard of our program is given up */
#define KILL_AGAIN_MS 1000 /* between tries to reach the host for a kill */
#define KILL_LIMIT_MS 60000 /* past the grace, a host that cannot be reached is given up */
#define KILL_REST_MS 5000 /* for the output of a script that was ended */
#define KILL_WORDS_MAX 20 /* that one conversation about a kill may put into the log */
#define NOISE_MAX 400 /* bytes that a message shows of what a login shell printed */
#define END_TEXT_MAX 128 /* bytes of why a channel has ended */

enum try_phase { TRY_STARTING, TRY_RUNNING, TRY_GATHERING, TRY_ATTACHING, TRY_WAITING };

/* The last bytes of a stream. */
struct tail {
	char *bytes; /* OP_TAIL_MAX of them, as a ring; NULL until the first byte */
	size_t at, len; /* where the next byte goes; how many are there */
	uint64_t total; /* of the stream, those before our time included */
};

struct ssh_instance {
	struct op_instance base;
	const struct op_host *host;
	struct ssh_transport *transport; /* NULL until the first task */
	struct ssh_target
		*targets[SSH_TARGETS_KEPT]; /* those used last, so that tries share them */
	struct sweeps sweeps;
	size_t next_target;
	unsigned n_young; /* scripts whose streams are not followed yet */
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

/* An end by force. */
struct ssh_kill {
	bool is_wanted, is_done; /* is_done: the host has said that all are gone */
	bool has_come_late; /* the script had ended before */
	enum op_kill why;
	int64_t grace_ms;
	uint64_t since;
	struct ssh_exec *exec;
	struct remote_ear ear;
	uv_timer_t timer; /* to give exec up; to try again; to wait for the last output */
	bool wants_again; /* with another grace, once exec has ended */
	bool is_late; /* the host did not answer */
	unsigned n_words; /* that this conversation has had */
};

struct ssh_try {
	struct op_try base;
	struct ssh_instance *instance;
	struct arena *arena;
	struct op_events events;
	void *ctx;
	const char *conn_id, *remote_host; /* remote_host: NULL: the connection's */
	int64_t conn_timeout_ms; /* 0: the connection's */
	struct ssh_target *target; /* NULL: it could not be made yet */
	const char *execution_id;
	char nonce[REMOTE_NONCE_LEN + 1];
	struct buf running; /* the log's line that says what runs */
	struct buf input; /* what starts it; kept until it surely runs */
	struct remote_sending sending; /* what its command says of that */
	bool is_plain, wants_pty, is_own; /* is_own: the script needs no shell of its own */
	int64_t job_timeout_ms; /* the engine's own; 0: none */
	int64_t timeout_ms, grace_ms; /* timeout_ms: 0: none */
	bool is_cmd_timeout; /* timeout_ms is the task's cmd_timeout */
	int64_t sweep_min; /* this try sweeps what ended so many minutes ago; 0: it does not */
	size_t response_limit;
	uint64_t log_limit, logged; /* logged: bytes of output handed on */
	uint64_t held[2]; /* of each stream, those that were not */

	enum try_phase phase;
	struct ssh_exec *exec; /* the conversation */
	struct remote_ear ear;
	uv_timer_t timer; /* to follow; to attach again */
	uv_timer_t deadline; /* cmd_timeout */
	unsigned handles;
	bool may_run; /* it was begun once, perhaps by an earlier process: it may run, or have run
		       */
	bool is_placed; /* what may run was begun on the target's account, and on no other */
	bool is_started; /* on_started was called */
	bool is_open; /* the server has accepted the command */
	bool has_spoken; /* the conversation has had a word of ours */
	bool is_mute; /* it was given up for want of one */
	bool has_begun; /* and one that says where the script runs */
	bool is_young; /* it waits to be followed, and counts in n_young */
	bool is_followed, at_out, at_err, end_out, end_err, has_exit, was_started_before;
	bool is_orderly; /* the conversation came to the end that it was to have */
	bool is_late, is_abandoned, is_finished, is_gathered, was_taken, was_none;
	int exit_code;
	uint64_t lost_since; /* when the connection went; 0: it is there */
	unsigned backoff_ms;
	struct ssh_kill kill;

	struct tail tails[2];
	size_t known[2]; /* bytes that come for the tails alone: they were handed on before */
	struct buf response;
	uint64_t response_len; /* as the host sent it, what is past the limit included */
	bool has_response; /* the script wrote one, be it empty */
	const char *user_folder;
	const char *folder; /* a plain try's process group */
	char noise[NOISE_MAX + 1];
	char message[1024];
};

/* ssh.c: aims the try at what its connection says now. An account on which it may run already stays
 * what it is, and a connection that cannot be used any more leaves the target as it was. */
int ssh_try_aim(struct ssh_try *t, struct err *e);

/* ssh_talk.c: the conversation. */
int ssh_try_begin(struct ssh_try *t, bool is_attach, struct err *e);

/* It cannot be attached to now, for this reason, and is to be later. */
void ssh_try_begin_later(struct ssh_try *t, const char *why);

/* It waits to be followed no more. */
void ssh_try_grown(struct ssh_try *t);

/* What follows `first` in a word that begins with it; NULL where it does not. */
const char *ssh_word_rest(const char *word, const char *first);

/* ssh_kill.c: the end by force. */
void ssh_try_kill(struct ssh_try *t, enum op_kill why, int64_t grace_ms);

/* The conversation has ended while a kill is under way. */
void ssh_kill_talk_ended(struct ssh_try *t, bool may_have_run);

/* ssh_finish.c: the end. */
void ssh_try_finish(struct ssh_try *t, enum op_verdict verdict, const char *message, bool no_retry);
void ssh_try_finish_killed(struct ssh_try *t, const char *message);

/* Why the channel is gone. text has END_TEXT_MAX bytes, and may be used for it. */
const char *ssh_try_end_reason(const struct ssh_try *t, const struct ssh_end *end, char *text);
void ssh_try_settle(struct ssh_try *t); /* finishes where all is known */
void ssh_try_drop(struct ssh_try *t); /* closes all that is open; frees at the end */
void ssh_try_free(struct ssh_try *t);
void ssh_tail_add(struct tail *t, const char *bytes, size_t len);

/* ssh_log.c: what leaves for the log. */
void ssh_try_output(struct ssh_try *t, bool is_stderr, const char *bytes, size_t len);

/* There is no more output: of what was held back of each stream there follows what the log_limit
 * has room for. paths are where all of each lies on the host, or "". */
void ssh_try_output_end(
	struct ssh_try *t, const struct op_bytes tails[2], const char *const paths[2]);

void ssh_try_log(struct ssh_try *t, enum op_level level, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define TRY_LOG(t, level, ...) ssh_try_log((t), (level), __LINE__, __VA_ARGS__)

#endif
