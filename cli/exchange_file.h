/* Files that a command exports to, or imports from. */
#ifndef CLI_EXCHANGE_FILE_H
#define CLI_EXCHANGE_FILE_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct args;
struct buf;

/* Writes the bytes to the file, with mode 0600; `-`, or what standard output goes to, is standard
 * output. With secrets in them they never go to a terminal. Reports what is wrong; returns an exit
 * status. */
int exchange_file_write(const char *path, const struct buf *bytes, bool has_secrets);

/* Reads the file that the first word names, at most max bytes of it, and has it taken; a is an
 * arena of secret memory, and the text is wiped afterwards. Returns an exit status. */
int exchange_file_read(const struct args *args, size_t max,
	int (*take)(struct arena *a, const char *path, const char *text, size_t len,
		const struct args *args));

#endif
