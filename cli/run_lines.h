/*
 * What tasks print, in order with what becomes of them. A line may come before it is told that its
 * task runs, since that is told once it is stored: it is held back until then.
 */
#ifndef CLI_RUN_LINES_H
#define CLI_RUN_LINES_H

#include <stdbool.h>
#include <stdint.h>

#include "engine/buf.h"
#include "scheduler/runner.h"

struct run_lines {
	struct run_lines_task *tasks;
	uint32_t n_tasks;
	struct buf held; /* struct held, and the text behind it, one line after the other */
};

/* Of a DAG with so many tasks, none of which runs. ERR_NOMEM. */
int run_lines_init(struct run_lines *l, uint32_t n_tasks);
void run_lines_free(struct run_lines *l);

/* Takes a line of a task that is not known to run, and says so; else it is the caller's to show. */
bool run_lines_hold(
	struct run_lines *l, uint32_t task, uint32_t instance, const char *text, size_t len);

/* What has become of a task, or an instance of one. */
void run_lines_change(struct run_lines *l, const struct runner_change *c);

/* Hands over the lines that were held of a task or an instance (every: of all), and forgets them.
 */
void run_lines_take(struct run_lines *l, uint32_t task, uint32_t instance, bool every,
	void (*show)(void *ctx, uint32_t task, uint32_t instance, const char *text, size_t len),
	void *ctx);

#endif
