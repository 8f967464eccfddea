/*
 * What runs on a host: a program for /bin/sh with its arguments, or a command of the login shell's.
 */
#ifndef OPERATORS_SSH_COMMAND_H
#define OPERATORS_SSH_COMMAND_H

#include <stdbool.h>

#include "engine/buf.h"

struct ssh_command {
	const char *program; /* one line without a quote, which outlives the command; NULL: none */
	struct buf arguments; /* words that any shell hands on as they are; or the whole command */
	bool tells_ahead; /* before these it is told the first words of others that wait behind it
			   */
	bool takes_next; /* its program, when done, reads what is to be done next */
};

void ssh_command_init(struct ssh_command *c);
void ssh_command_free(struct ssh_command *c);

/* Adds the text that the login shell is to run. ahead: words with a comma before each, or a comma;
 * where the command wants them. is_sh: that shell is /bin/sh itself, and need not become it. */
void ssh_command_text(struct buf *out, const struct ssh_command *c, const char *ahead, bool is_sh);

/* Adds what that program is then to read of such a command, whose own input comes behind it. */
void ssh_command_next(struct buf *out, const struct ssh_command *c, const char *ahead);

#endif
