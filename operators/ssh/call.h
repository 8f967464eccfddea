/*
 * One command on one host, waited for: for commands in the foreground that look at a host, not for
 * tasks. Its loop is its own.
 */
#ifndef OPERATORS_SSH_CALL_H
#define OPERATORS_SSH_CALL_H

#include "engine/buf.h"
#include "operators/ssh/target.h"
#include "operators/ssh/transport.h"

#define CALL_OUTPUT_MAX ((size_t)64 << 10) /* bytes of each stream that are kept */

#define CALL_SAID_MAX 400 /* bytes of what it printed that a message shows */

/* The host key that a host showed, whatever was made of it. */
struct ssh_call_key {
	struct buf blob; /* empty: it came to none */
	int code; /* what the check of it returned */
	struct ssh_host_verdict verdict; /* and found; its text is "" where it came to none */
};

struct ssh_call {
	bool has_opened; /* the host took the command */
	struct buf out, err; /* what it printed */
	struct buf notes; /* what the connection has to tell (note.h) */
	struct ssh_call_key key;
	struct ssh_end end;
};

/* The last line that it printed, and its length: a login shell may have talked before it. */
const char *ssh_call_last_line(const struct ssh_call *c, size_t *len);

/* Runs the command with this input, and waits for its end, which stands in out->end. looks_only:
 * the connection ends with the host key, which is checked, but not trusted. ERR_NOMEM and others
 * where it could not even begin; ssh_call_free() whatever came. */
int ssh_call_run(struct ssh_target *t, const char *command, const char *input, size_t len,
	bool looks_only, struct ssh_call *out, struct err *e);
void ssh_call_free(struct ssh_call *c);

/* What a command that failed printed, as one line for a message: the beginning of its errors, else
 * of its output. */
void ssh_call_said(const struct ssh_call *c, char said[CALL_SAID_MAX]);

#endif
