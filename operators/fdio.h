/* Reading and writing whole pieces on blocking descriptors. Safe between vfork() and exec(). */
#ifndef OPERATORS_FDIO_H
#define OPERATORS_FDIO_H

#include <stddef.h>
#include <sys/types.h>

/* Writes all of it. 0, or -1 and errno. */
int fdio_write_all(int fd, const void *p, size_t len);

/* Reads until len bytes or the end. How many came, or -1 and errno. */
ssize_t fdio_read_all(int fd, void *p, size_t len);

#endif
