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
};

void ssh_command_init(struct ssh_command *c);
void ssh_command_free(struct ssh_command *c);

/* Adds the text that the login shell is to run. is_sh: that shell is /bin/sh itself, and need not
 * become it. */
void ssh_command_text(struct buf *out, const struct ssh_command *c, bool is_sh);

#endif
