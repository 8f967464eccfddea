/* Secrets from a person, who should not write them on a command line that others can see. */
#ifndef CLI_SECRET_INPUT_H
#define CLI_SECRET_INPUT_H

#include <stddef.h>

struct arena;

#define SECRET_INPUT_MAX ((size_t)1 << 20) /* bytes */

/* Reads one from standard input into the arena, which should be of secret memory: unseen, with
 * `what` asked for, where that is a terminal; else all that is there, less a newline at its end.
 * NULL: it has been reported. */
const char *secret_input(struct arena *a, const char *what);

#endif
