/* Files that a command exports to. */
#ifndef CLI_EXPORT_FILE_H
#define CLI_EXPORT_FILE_H

#include <stdbool.h>

struct buf;

/* Writes the bytes to the file, with mode 0600; `-` is standard output. With secrets in them they
 * never go to a terminal. Reports what is wrong; returns an exit status. */
int export_file_write(const char *path, const struct buf *bytes, bool has_secrets);

#endif
