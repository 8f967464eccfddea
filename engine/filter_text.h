/* The filters that make one text of another. Private to engine/filter.c. */
#ifndef ENGINE_FILTER_TEXT_H
#define ENGINE_FILTER_TEXT_H

#include <stddef.h>

struct buf;
struct err;
struct value;

/* Each adds its result to out, where failure sticks. Only b64decode refuses a text (ERR_INVALID).
 */
int filter_text_trim(struct buf *out, const char *text, size_t len, struct err *e);
int filter_text_b64encode(struct buf *out, const char *text, size_t len, struct err *e);
int filter_text_b64decode(struct buf *out, const char *text, size_t len, struct err *e);
int filter_text_basename(struct buf *out, const char *text, size_t len, struct err *e);
int filter_text_dirname(struct buf *out, const char *text, size_t len, struct err *e);

/* text with `with` in place of each `what`, which is not empty; both are strings. */
void filter_text_replace(struct buf *out, const char *text, size_t len, const struct value *what,
	const struct value *with);

#endif
