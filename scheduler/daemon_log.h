/* What the daemon says of itself: one plain line an event, on standard error. */
#ifndef SCHEDULER_DAEMON_LOG_H
#define SCHEDULER_DAEMON_LOG_H

#include "operators/operator.h"

/* Writes a line: the time, a word for the level, the text, whose control characters are shown as ?.
 * Under systemd's journal, which knows the time, the level is said its way. */
void daemon_log(enum op_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
