/* Questions go to standard error: standard output is for what was asked for. */
#include "cli/confirm.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/text.h"

int confirm(const struct args *args, const char *fmt, ...)
{
	char question[512], answer[16] = "";
	va_list ap;

	if (args_has(args, "yes"))
		return EXIT_DONE;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
		report_error("nothing was done: nobody can be asked here; say --yes");
		return EXIT_USAGE;
	}
	va_start(ap, fmt);
	(void)vsnprintf(question, sizeof(question), fmt, ap);
	va_end(ap);
	(void)fflush(stdout);
	text_write_shown(stderr, question, strlen(question));
	(void)fputs(" [y/N] ", stderr);
	(void)fflush(stderr);
	if (fgets(answer, sizeof(answer), stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y'))
		return EXIT_DONE;
	report_note("nothing was done");
	return EXIT_FAILED;
}
