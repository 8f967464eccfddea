/* `windrow version`. The number alone, so that a script can compare it. */
#include "config.h"

#include <stdio.h>

#include "cli/commands.h"

static int version_exec(const struct args *args)
{
	(void)args;
	(void)puts(PACKAGE_VERSION);
	return EXIT_DONE;
}

const struct command command_version = {
	.group = "version",
	.summary = "the version of this program",
	.details = "Prints the number alone, for scripts; `windrow --version` puts the program's "
		   "name in front, and `windrow info` tells of its libraries too.",
	.example = "windrow version",
	.exec = version_exec,
};
