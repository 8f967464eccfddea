/* What JSON may say that no text can hold: halves of surrogate pairs. */
#ifndef ENGINE_JSON_MEND_H
#define ENGINE_JSON_MEND_H

#include <stddef.h>

struct arena;

/* text, or, where it holds halves of surrogate pairs, a copy in which they are U+FFFD. Both have
 * the same length, so that places in one are places in the other. NULL: no memory. */
const char *json_halves_mend(struct arena *a, const char *text, size_t len);

/* The same for YAML, which has no halves: pairs of them in double quotes are \U escapes there. N.B.
 * those are two bytes shorter. *len is that of the text. NULL: no memory. */
const char *json_halves_join(struct arena *a, const char *text, size_t *len);

/* Makes bytes again of what yajl has made of \udc80 to \udcff, in place, and returns how many there
 * are. */
size_t json_bytes_mend(char *text, size_t len);

#endif
