/* Help, made from the descriptors. Each page fits a terminal of 24 lines and 80 columns; the test
 * cli_help.sh holds every command to that. */
#ifndef CLI_HELP_H
#define CLI_HELP_H

#include <stdio.h>

#include "cli/command.h"

#define HELP_COLUMNS 79 /* the widest line */

/* windrow --help; windrow GROUP --help; windrow GROUP VERB --help. Each writes its page to f and
 * returns 0 or ERR_NOMEM. */
int help_program(FILE *f);
int help_group(FILE *f, const struct command_group *g);
int help_command(FILE *f, const struct command *c);

#endif
