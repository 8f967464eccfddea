/* What the loader tells of a file: each sentence with the part of the DAG that it is about. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/diag.h"
#include "engine/hint.h"
#include "engine/load_impl.h"

void load_nomem(struct loader *l)
{
	l->failed = ERR_NOMEM;
}

/* The name of the place where the loader stands, with a colon behind it; "" for the DAG itself. */
static void place_text(const struct loader *l, char *out, size_t size)
{
	const struct place *p = &l->place;

	out[0] = '\0';
	if (p->kind == PLACE_STAGE)
		(void)snprintf(out, size, "stage %s: ", p->name);
	else if (p->kind == PLACE_TASK)
		(void)snprintf(out, size, "task %s: ", p->name);
	else if (p->kind == PLACE_DEFAULTS)
		(void)snprintf(out, size, "default_args: ");
	else if (p->kind == PLACE_PARAM)
		(void)snprintf(out, size, "parameter %s: ", p->name);
}

/* The sentence behind its place; the caller frees it. NULL, and noted, where memory is short. */
__attribute__((format(printf, 2, 0))) static char *sentence(
	struct loader *l, const char *fmt, va_list ap)
{
	char place[600];
	char *text, *whole = NULL;

	place_text(l, place, sizeof(place));
	if (vasprintf(&text, fmt, ap) < 0) {
		load_nomem(l);
		return NULL;
	}
	if (asprintf(&whole, "%s%s", place, text) < 0) {
		load_nomem(l);
		whole = NULL;
	}
	free(text);
	return whole;
}

/* Hands it to diag_error() or diag_warning(). */
__attribute__((format(printf, 4, 0))) static void tell(struct loader *l,
	void (*add)(struct diags *d, struct pos pos, const char *fmt, ...), struct pos pos,
	const char *fmt, va_list ap)
{
	char *text = sentence(l, fmt, ap);

	if (text != NULL)
		add(l->diags, pos, "%s", text);
	free(text);
}

void load_error(struct loader *l, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(l, diag_error, pos, fmt, ap);
	va_end(ap);
}

void load_warning(struct loader *l, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	tell(l, diag_warning, pos, fmt, ap);
	va_end(ap);
}

bool load_wants_hints(const struct loader *l)
{
	return diags_errors(l->diags) < DIAG_MAX_ERRORS;
}

const char *load_hint_text(const struct hint *h, char buffer[LOAD_HINT_MAX])
{
	buffer[0] = '\0';
	if (h->best != NULL)
		(void)snprintf(buffer, LOAD_HINT_MAX, "; did you mean \"%.*s\"?", (int)h->best_len,
			h->best);
	return buffer;
}
