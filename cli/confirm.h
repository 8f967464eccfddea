/* Asking a person whether something should really be done. */
#ifndef CLI_CONFIRM_H
#define CLI_CONFIRM_H

#include <stdbool.h>

#include "cli/args.h"

#define CONFIRM_FLAG                                                                               \
	{                                                                                          \
		"yes", 'y', FLAG_SWITCH, NULL, "do not ask"                                        \
	}

/* Whether it may be done: --yes was said, or a person answers the question with y. Where nobody can
 * be asked, reports that --yes is needed. Returns EXIT_DONE, EXIT_FAILED (no), or EXIT_USAGE. */
int confirm(const struct args *args, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
