/*
 * Patterns as .gitignore has them: `#` comments, `!` takes back, a trailing `/` means folders only,
 * a `/` elsewhere binds the pattern to the file's own folder, `*` `?` `[a-z]` stay within a name,
 * `**` crosses folders. The last pattern that matches decides.
 */
#ifndef STORE_IGNORE_H
#define STORE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#define IGNORE_FILE_NAME ".windrowignore"
#define IGNORE_FILE_MAX ((size_t)1 << 20) /* bytes of such a file */

/* Whether the patterns in text say that path, relative to the folder in which they stand, is to be
 * left out: 1 yes, 0 no, -1 none of them matches. */
int ignore_match(const char *text, size_t len, const char *path, bool is_folder);

#endif
