/*
 * One try of an ssh task. Private to operators/ssh/.
 *
 *   STARTING -> RUNNING -> GATHERING -> (finished)
 *       \          |  ^         |
 *        \         v  |         |
 *         `----> ATTACHING <----'        a lost connection leads here, and back
 *
 * KILLING runs beside these: a second exec ends the process group, and the first one tells how the
 * script ended. Whoever comes to the end first waits for the other.
 */
#ifndef OPERATORS_SSH_SSH_TRY_H
#define OPERATORS_SSH_SSH_TRY_H

#include "engine/arena.h"
#include "engine/buf.h"
#include "operators/operator.h"
#include "operators/ssh/remote.h"
#include "operators/ssh/target.h"
#include "operators/ssh/transport.h"

#define FOLLOW_AFTER_MS 100 /* a script that runs longer has its streams followed */
#define REATTACH_MIN_MS 500
#define REATTACH_MAX_MS 30000
#define REATTACH_LIMIT_MS 3600000 /* a host that stays away longer has lost the task */

enum try_phase { TRY_STARTING, TRY_RUNNING, TRY_GATHERING, TRY_ATTACHING, TRY_WAITING };

/* The last bytes of a stream. */
struct tail {
	char *bytes; /* OP_TAIL_MAX of them, as a ring; NULL until the first byte */
	size_t at;
	uint64_t total;
};

struct ssh_instance {
	struct op_instance base;
	const struct op_host *host;
	struct ssh_transport *transport;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

struct ssh_try {
	struct op_try base;
	struct ssh_instance *instance;
	struct arena *arena;
	struct op_events events;
	void *ctx;
	struct ssh_target *target;
	const char *execution_id;
	char nonce[REMOTE_NONCE_LEN + 1];
	struct buf running; /* the log's line that says what runs */
	struct buf input; /* what starts it; kept until it surely runs */
	int64_t deadline_s, grace_ms;
	size_t script_len, response_limit, log_limit;
	uint64_t logged; /* bytes of output handed on */

	enum try_phase phase;
	struct ssh_exec *exec; /* the conversation */
	struct ssh_exec *killer; /* the one that ends it */
	struct remote_ear ear, killer_ear;
	uv_timer_t timer; /* to follow; to attach again */
	unsigned handles;
	bool is_started; /* on_started was called */
	bool is_followed, at_out, at_err, end_out, end_err, has_exit, was_started_before;
	bool is_late, is_abandoned, is_finished, is_too_large, is_gathered, was_taken, was_none;
	int exit_code;
	uint64_t lost_since; /* when the connection went; 0: it is there */
	unsigned backoff_ms;

	bool is_killing, kill_done, wants_kill;
	enum op_kill kill_why;
	char kill_told[128];

	struct tail tails[2];
	struct buf response;
	const char *user_folder, *folder;
	char message[1024];
};

/* ssh_talk.c: the conversation. */
int ssh_try_begin(struct ssh_try *t, bool is_attach, struct err *e);
void ssh_try_kill(struct ssh_try *t, enum op_kill why, int64_t grace_ms);

/* ssh_finish.c: the end. */
void ssh_try_finish(struct ssh_try *t, enum op_verdict verdict, const char *message, bool no_retry);
void ssh_try_settle(struct ssh_try *t); /* finishes where all is known */
void ssh_try_drop(struct ssh_try *t); /* closes all that is open; frees at the end */
void ssh_try_free(struct ssh_try *t);
void tail_add(struct tail *t, const char *bytes, size_t len);

void ssh_try_log(struct ssh_try *t, enum op_level level, int line, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#define TRY_LOG(t, level, ...) ssh_try_log((t), (level), __LINE__, __VA_ARGS__)

#endif
