/* A try's log on standard output: what there is of it, and what comes. */
#ifndef CLI_LOG_FOLLOW_H
#define CLI_LOG_FOLLOW_H

#include <stdbool.h>

struct err;

/* Who says whether a log is over: nothing more will be written to it. A negative code of the
 * store's and a sentence, 0 or 1. */
typedef int log_is_over(void *ctx, struct err *e);

/* Writes the log. With is_over it waits for more, and for the log itself, until that says 1; else
 * it writes what there is. Bytes go out as they are, and harmless to a terminal. Reports what is
 * wrong and returns an exit status. */
int log_follow(const char *path, log_is_over *is_over, void *ctx);

#endif
