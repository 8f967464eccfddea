/* Error codes and the sentence that goes with them. Never allocates, never fails. */
#include "engine/err.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Ends a text of which more was to be written than there is room for, so that this can be seen. */
static void cut_mark(char *text, size_t size, bool is_cut)
{
	if (is_cut)
		memcpy(text + size - sizeof(ERR_CUT), ERR_CUT, sizeof(ERR_CUT));
}

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (e == NULL)
		return code;
	e->code = code;
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	cut_mark(e->text, sizeof(e->text), n >= (int)sizeof(e->text));
	return code;
}

int err_context(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;
	size_t used, left;
	bool is_cut;
	int n;

	if (e == NULL)
		return 0;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	used = n < 0 ? 0 : (size_t)n;
	if (used > sizeof(e->text) - 3) {
		cut_mark(e->text, sizeof(e->text), true);
		return e->code;
	}
	memcpy(e->text + used, ": ", 2);
	used += 2;
	left = strlen(old);
	is_cut = left > sizeof(e->text) - 1 - used;
	if (is_cut)
		left = sizeof(e->text) - 1 - used;
	memcpy(e->text + used, old, left);
	e->text[used + left] = '\0';
	cut_mark(e->text, sizeof(e->text), is_cut);
	return e->code;
}

const char *err_name(int code)
{
	switch (code) {
#define ERR_CASE(name, value, text)                                                                \
	case value:                                                                                \
		return #name;
		ERR_LIST(ERR_CASE)
#undef ERR_CASE
	default:
		return code == 0 ? "OK" : "ERR_UNKNOWN";
	}
}

const char *err_text(int code)
{
	switch (code) {
#define ERR_CASE(name, value, text)                                                                \
	case value:                                                                                \
		return text;
		ERR_LIST(ERR_CASE)
#undef ERR_CASE
	default:
		return code == 0 ? "no error" : "unknown error";
	}
}
