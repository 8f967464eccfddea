/*
 * windrow: the command line's beginning and end. Finds the command, parses its arguments, runs it,
 * and sees to it that what was printed has really been written.
 *
 * N.B. only this floor may exit, and this file alone does.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/report.h"
#include "engine/err.h"

/* Fills the standard descriptors that are closed, lest a file that we open take their place and
 * receive what was meant for them. N.B. each is opened the wrong way round, so that using it still
 * fails. */
static void hold_standard_descriptors(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) == -1 && errno == EBADF)
			(void)open("/dev/null", fd == 0 ? O_WRONLY : O_RDONLY);
}

/* The last word on standard output: a full disk or a closed descriptor must not look like success.
 * A reader that went away (`| head`) knows that it did, and is told nothing. */
static int close_output(int status)
{
	int had_failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout) == 0 && !had_failed)
		return status;
	if (errno != EPIPE && !report_is_deserted())
		report_error("cannot write to standard output: %s",
			errno == 0 ? "an earlier write failed" : strerror(errno));
	return status == EXIT_DONE ? EXIT_FAILED : status;
}

/* The page for what was named so far; asked for, it goes to standard output. */
static int show_help(const struct command_choice *choice, FILE *f)
{
	int r = choice->command != NULL ? help_command(f, choice->command)
		: choice->group != NULL ? help_group(f, choice->group)
					: help_program(f);

	if (r != 0)
		report_error("%s", err_text(r));
	if (r != 0)
		return EXIT_FAILED;
	return f == stdout ? EXIT_DONE : EXIT_USAGE;
}

static int run_command(const struct command_choice *choice, int argc, char *const *argv)
{
	const struct command *c = choice->command;
	struct args args;
	struct err e;
	int status;
	int r = args_parse(c, argc, argv, &args, &e);

	if (r != 0) {
		report_error("%s%s%s: %s", c->group, c->verb == NULL ? "" : " ",
			c->verb == NULL ? "" : c->verb, e.text);
		status = r == ERR_NOMEM ? EXIT_FAILED : EXIT_USAGE;
	} else if (args.wants_help) {
		status = show_help(choice, stdout);
	} else {
		status = c->exec(&args);
	}
	args_free(&args);
	return status;
}

/* A flag where a command or a verb was expected. */
static int run_flag(const struct command_choice *choice, const char *flag)
{
	if (strcmp(flag, "-h") == 0 || strcmp(flag, "--help") == 0)
		return show_help(choice, stdout);
	if (choice->group == NULL && (strcmp(flag, "-V") == 0 || strcmp(flag, "--version") == 0)) {
		(void)puts("windrow " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (choice->group == NULL)
		report_error("unknown flag %s; `windrow --help` lists what there is", flag);
	else
		report_error("%s: a verb comes before %s; `windrow %s --help` lists them",
			choice->group->name, flag, choice->group->name);
	return EXIT_USAGE;
}

static int run(int argc, char *const *argv)
{
	struct command_choice choice;
	struct err e;
	int n;

	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		argc--;
		argv++;
		n = command_find(argc, argv, &choice, &e);
		if (n == 0)
			return show_help(&choice, stdout);
	} else {
		n = command_find(argc, argv, &choice, &e);
	}
	if (n != 0) {
		report_error("%s", e.text);
		return EXIT_USAGE;
	}
	n = choice.n_words;
	if (choice.command != NULL)
		return run_command(&choice, argc - n, argv + n);
	if (n < argc)
		return run_flag(&choice, argv[n]);
	return show_help(&choice, stderr);
}

int main(int argc, char **argv)
{
	hold_standard_descriptors();
	(void)signal(SIGPIPE, SIG_IGN);
	(void)setlocale(LC_CTYPE, "C.UTF-8"); /* for wcwidth; the language stays C's */
	return close_output(run(argc > 0 ? argc - 1 : 0, argv + (argc > 0)));
}
