/*
 * What windrow and a host say to each other to run a script durably. Pure: bytes in, words out.
 *
 * The programs that run on the host are the remote_*.sh beside this file, each joined into one line
 * that any login shell hands on to /bin/sh. What they tell comes as lines `NONCE word ...`,
 * anywhere between the script's own bytes; the response comes on standard output between two such
 * marks. Nonces cannot be guessed, so no script says such a line by accident.
 */
#ifndef OPERATORS_SSH_REMOTE_H
#define OPERATORS_SSH_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/buf.h"
#include "operators/ssh/command.h"

#define REMOTE_NONCE_LEN 32
#define REMOTE_WORD_MAX 4096 /* bytes of a line that the host tells */
#define REMOTE_FACT_MAX 512 /* bytes of a fact that a command tells */
#define REMOTE_LINES_MAX 4096 /* bytes of a script that is sent line by line, without a process */

/* What goes to a start's standard input, as its command has to tell it. */
struct remote_sending {
	size_t n_prologue; /* lines */
	size_t n_script; /* lines; 0: it is sent as script_len bytes */
	size_t script_len;
	struct buf facts; /* words NAME=VALUE for the script's environment, each behind a blank */
};

/* The command that starts, attaches to or ends an execution. deadline_s: 0: none; sweep_min: as it
 * ends, what others left on the host so many minutes ago is swept, 0: nothing. */
void remote_start_command(struct ssh_command *out, const char *id, const char *nonce,
	const struct remote_sending *sent, int64_t deadline_s, int64_t grace_s, int64_t sweep_min);
void remote_attach_command(struct ssh_command *out, const char *id, const char *nonce);

/* group is a plain execution's process group, or "-"; NULL for one that keeps a folder. */
void remote_kill_command(struct ssh_command *out, const char *id, const char *nonce,
	int64_t grace_ms, const char *group);

/* How a script runs on the channel itself. */
enum remote_plain_mode {
	REMOTE_PLAIN, /* in a shell of its own */
	REMOTE_PLAIN_OWN, /* in ours: it is one command of plain words */
	REMOTE_PLAIN_PTY /* on a terminal: its input is sent when it says that it is ready */
};

/* The command that does so; its input is remote_start_input(). */
void remote_plain_command(struct ssh_command *out, const char *id, const char *nonce,
	const struct remote_sending *sent, enum remote_plain_mode mode, int64_t grace_s);

/* Whether a script for /bin/sh does the same in a shell that goes on behind it: one command of
 * words without quotes, variables, patterns or redirections, and not one that changes its shell. */
bool remote_is_one_command(const char *script, size_t len);

/* What the child does before it becomes the script: pieces of shell text, quoted where they hold
 * what a task says. */
struct remote_launch {
	struct buf environment; /* lines `export NAME=VALUE` */
	struct buf working_directory; /* a word; empty: the home folder */
	struct buf interpreter; /* words */
	struct buf arguments; /* words */
	bool is_plain; /* the script is read from a descriptor */
	bool is_own; /* the script is one command, which needs no shell of its own */
};

void remote_launch_init(struct remote_launch *l);
void remote_launch_free(struct remote_launch *l);

/* 0, or ERR_NOMEM where one of its pieces is not whole. */
int remote_launch_status(const struct remote_launch *l);

/* All that goes to the start command's standard input: prologue and script; and what is to be told
 * of it, but for the facts. */
void remote_start_input(struct buf *out, const char *nonce, const struct remote_launch *launch,
	const char *script, size_t script_len, struct remote_sending *sent);

/* Adds a fact, if it is one that any login shell hands on as it is: no other user of the host may
 * be kept from seeing it. */
bool remote_fact_add(struct buf *facts, const char *name, const char *value, size_t len);

/* Commands for the standard input of a running start or attach: follow both streams from these
 * offsets; stop following and stand by; then send the rest from these offsets and the response. */
void remote_follow(struct buf *out, uint64_t out_offset, uint64_t err_offset);
void remote_gather(struct buf *out);
void remote_rest(struct buf *out, uint64_t out_offset, uint64_t err_offset);

/* --- listening --- */

struct remote_events {
	void *ctx;
	void (*on_data)(void *ctx, bool is_stderr, const char *bytes, size_t len);
	void (*on_response)(void *ctx, const char *bytes, size_t len);
	/* A line that the host told, without its nonce, on either stream. */
	void (*on_word)(void *ctx, bool is_stderr, const char *word);
	/* What a login shell says before our program begins. */
	void (*on_noise)(void *ctx, const char *bytes, size_t len);
};

struct remote_stream {
	struct buf held; /* what may be the beginning of a mark */
	bool has_begun, in_response;
};

struct remote_ear {
	char nonce[REMOTE_NONCE_LEN + 1];
	struct remote_events events;
	struct remote_stream streams[2];
};

void remote_ear_init(struct remote_ear *e, const char *nonce, const struct remote_events *events);
void remote_ear_free(struct remote_ear *e);

/* Takes the next bytes of a stream apart. Failure: ERR_NOMEM. */
int remote_ear_feed(struct remote_ear *e, bool is_stderr, const char *bytes, size_t len);

/* The stream has ended: what was held back is data. */
void remote_ear_end(struct remote_ear *e, bool is_stderr);

#endif
