/* The file of a log: made when there is something to write, with the folders above it. */
#ifndef SCHEDULER_LOG_FILE_H
#define SCHEDULER_LOG_FILE_H

#include <limits.h>
#include <stddef.h>

struct log_file {
	char path[PATH_MAX]; /* "": none */
	int fd; /* -1: not open */
};

/* No path yet. */
void log_file_init(struct log_file *f);

/* Writes at the file's end, opening or making it. How many bytes went into it: where these are not
 * all, errno says why, and the next call tries again. */
size_t log_file_append(struct log_file *f, const char *bytes, size_t len);

void log_file_close(struct log_file *f);

#endif
