/*
 * A run as plain lines, one an event, for scripts and logs. Stable:
 *
 *	TIME run STATE [KEY=VALUE...]
 *	TIME Stage.task[INDEX] STATE [try=N] [duration=D] [retry_in=D] [log=PATH] [message="..."]
 *
 *	TIME Stage.task[INDEX] | a line that it printed, where these are asked for
 *
 * A failure is followed by the last lines of its output, each behind "  | ".
 */
#ifndef CLI_RUN_PLAIN_H
#define CLI_RUN_PLAIN_H

#include <stdio.h>

#include "cli/run_view.h"

/* The change that the view has taken already. States that pass by at once (scheduled, queued) make
 * no line. */
void run_plain_change(FILE *f, const struct run_view *v, const struct runner_change *c);
void run_plain_line(FILE *f, const struct run_view *v, uint32_t task, uint32_t instance,
	int64_t now, const char *text, size_t len);
void run_plain_run(FILE *f, const struct run_view *v, int64_t now, const char *why);

#endif
