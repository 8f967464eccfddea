/*
 * Sentences on standard error. Needs no memory, so that it can tell of its lack. Where standard
 * error itself is gone there is nobody to tell, and the exit status speaks alone.
 */
#include "cli/report.h"

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/text.h"
#include "engine/err.h"

__attribute__((format(printf, 2, 0))) static void say(
	const char *prefix, const char *fmt, va_list ap)
{
	char text[4096];
	int n = vsnprintf(text, sizeof(text), fmt, ap);

	if (n < 0)
		return;
	(void)fflush(stdout); /* in the order in which things happened */
	(void)fputs(prefix, stderr);
	text_write_shown(stderr, text, strlen(text));
	(void)fputc('\n', stderr);
}

void report_error(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("windrow: ", fmt, ap);
	va_end(ap);
}

void report_warning(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("windrow: warning: ", fmt, ap);
	va_end(ap);
}

void report_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say("", fmt, ap);
	va_end(ap);
}

int report_no_memory(void)
{
	report_error("%s", err_text(ERR_NOMEM));
	return EXIT_FAILED;
}

bool report_is_deserted(void)
{
	struct pollfd p = {.fd = STDOUT_FILENO};

	return poll(&p, 1, 0) > 0 && (p.revents & (POLLERR | POLLHUP)) != 0;
}
