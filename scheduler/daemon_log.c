/* The daemon's own log. A line is one write(), so that lines of several processes stay whole. */
#include "scheduler/daemon_log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/instant.h"
#include "store/clock.h"

#define LINE_MAX_BYTES 2048

static size_t begin(enum op_level level, char *line, size_t size)
{
	static const char *const words[] = {"INFO", "WARNING", "ERROR"};
	static const int priorities[] = {6, 4, 3};
	char text[INSTANT_TEXT_MAX];
	int n;

	if (getenv("JOURNAL_STREAM") != NULL) {
		n = snprintf(line, size, "<%d>", priorities[level]);
		return (size_t)n;
	}
	n = snprintf(line, size, "%s %s ", instant_format(clock_wall_ms(), text), words[level]);
	return (size_t)n;
}

void daemon_log(enum op_level level, const char *fmt, ...)
{
	char line[LINE_MAX_BYTES];
	size_t len = begin(level, line, sizeof(line)), i = len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(line + len, sizeof(line) - len - 1, fmt, ap);
	va_end(ap);
	len += n < 0 ? 0 : (size_t)n;
	if (len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (; i < len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	line[len++] = '\n';
	/* Where nobody reads it, nothing is to be done about it. */
	(void)!write(STDERR_FILENO, line, len);
}
