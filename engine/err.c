/* Error codes and the sentence that goes with them. Never allocates, never fails. */
#include "engine/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int err_set(struct err *e, int code, const char *fmt, ...)
{
	va_list ap;

	if (e == NULL)
		return code;
	e->code = code;
	va_start(ap, fmt);
	(void)vsnprintf(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return code;
}

int err_context(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;
	size_t used, left;
	int n;

	if (e == NULL)
		return 0;
	memcpy(old, e->text, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(e->text, sizeof(e->text) - 2, fmt, ap);
	va_end(ap);
	used = n < 0 ? 0 : (size_t)n;
	if (used > sizeof(e->text) - 3)
		used = sizeof(e->text) - 3;
	memcpy(e->text + used, ": ", 2);
	used += 2;
	left = strlen(old);
	if (left > sizeof(e->text) - 1 - used)
		left = sizeof(e->text) - 1 - used;
	memcpy(e->text + used, old, left);
	e->text[used + left] = '\0';
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
