/* Texts in quotes that hold expressions. Private to engine/cond*.c. */
#ifndef ENGINE_COND_TEXT_H
#define ENGINE_COND_TEXT_H

#include "engine/template.h"

/* Compiles a text of `written` bytes that begins at `begin` of a condition, behind its quote.
 * Problems are reported at their places there. 0, ERR_INVALID (reported), ERR_NOMEM. */
int cond_text_compile(struct arena *a, struct scan *scan, const struct value *text, size_t begin,
	size_t written, const struct expr_scope *scope, const struct template_report *report,
	struct template **out);

/* Sets *found, which is false, where a string of the literal holds an expression. 0, or why it
 * cannot be told. */
int cond_text_find(struct scan *scan, const struct value *v, bool has_item, bool *found);

#endif
