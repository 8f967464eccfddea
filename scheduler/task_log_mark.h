/* The file of a log's mark, beside it. Private to task_log.c. */
#ifndef SCHEDULER_TASK_LOG_MARK_H
#define SCHEDULER_TASK_LOG_MARK_H

#include "scheduler/task_log.h"

/* Writes the mark; *fd is opened where it is -1, and the caller's to close. N.B. where that fails
 * the log begins anew, and nothing is lost. */
void task_log_mark_write(const char *path, int *fd, const struct task_log_mark *m);

/* Reads it; all zero where there is none. */
void task_log_mark_read(const char *path, struct task_log_mark *out);

#endif
