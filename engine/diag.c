/*
 * What the loader has to say about a file. The same sentence at the same place is kept once: a
 * default that many tasks inherit is wrong once, however many they are.
 *
 * Texts are cut at DIAG_TEXT_MAX bytes, never inside of a character. Errors and warnings have a
 * maximum each, so that many warnings cannot hide an error.
 */
#include "engine/diag.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/utf8.h"

#define DIAG_TEXT_MAX ((size_t)65536) /* bytes of a sentence; a cycle is shown whole */

struct diags {
	char *file;
	struct diag *list;
	size_t n, cap; /* kept, and room */
	size_t max; /* to keep of each level */
	size_t kept[2]; /* of each level */
	size_t count[2]; /* of each level, kept or not */
	bool is_short; /* one could not be kept, as there was no memory */
};

struct diags *diags_create(const char *file)
{
	struct diags *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return NULL;
	d->max = DIAG_MAX_ERRORS;
	d->file = strdup(file);
	if (d->file == NULL) {
		free(d);
		return NULL;
	}
	return d;
}

void diags_keep(struct diags *d, size_t max)
{
	d->max = max;
}

void diags_destroy(struct diags *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n; i++)
		free((char *)d->list[i].text);
	free(d->list);
	free(d->file);
	free(d);
}

static bool has_room(struct diags *d)
{
	size_t cap = d->cap == 0 ? 8 : d->cap * 2;
	struct diag *list;

	if (d->n < d->cap)
		return true;
	list = reallocarray(d->list, cap, sizeof(*list));
	if (list == NULL)
		return false;
	d->list = list;
	d->cap = cap;
	return true;
}

static bool is_known(const struct diags *d, enum diag_level level, struct pos pos, const char *text)
{
	for (size_t i = 0; i < d->n; i++) {
		const struct diag *known = &d->list[i];

		if (known->level == level && known->pos.line == pos.line &&
			known->pos.column == pos.column && strcmp(known->text, text) == 0)
			return true;
	}
	return false;
}

/* Takes the text. */
static bool keep(struct diags *d, enum diag_level level, struct pos pos, char *text)
{
	if (!has_room(d)) {
		d->is_short = true;
		return false;
	}
	d->kept[level]++;
	d->list[d->n++] = (struct diag){.level = level, .pos = pos, .text = text};
	return true;
}

__attribute__((format(printf, 4, 0))) static void add(
	struct diags *d, enum diag_level level, struct pos pos, const char *fmt, va_list ap)
{
	char *text;

	if (vasprintf(&text, fmt, ap) < 0) {
		d->is_short = true;
		d->count[level]++;
		return;
	}
	text[utf8_cut(text, strlen(text), DIAG_TEXT_MAX)] = '\0';
	/* N.B. past a large maximum a sentence that comes again counts again: looking would take
	 * long. */
	if ((d->max > DIAG_MAX_ERRORS && d->kept[level] == d->max) ||
		!is_known(d, level, pos, text)) {
		d->count[level]++;
		if (d->kept[level] < d->max && keep(d, level, pos, text))
			return;
	}
	free(text);
}

void diag_error(struct diags *d, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, DIAG_ERROR, pos, fmt, ap);
	va_end(ap);
}

void diag_warning(struct diags *d, struct pos pos, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add(d, DIAG_WARNING, pos, fmt, ap);
	va_end(ap);
}

size_t diags_errors(const struct diags *d)
{
	return d->count[DIAG_ERROR];
}

bool diags_are_short(const struct diags *d)
{
	return d->is_short;
}

static bool is_before(const struct diag *a, const struct diag *b)
{
	if (a->pos.line != b->pos.line)
		return a->pos.line < b->pos.line;
	return a->pos.column < b->pos.column;
}

/* By insertion: the list is short, nearly sorted, and the order must be stable. */
const struct diag *diags_list(struct diags *d, size_t *n)
{
	for (size_t i = 1; i < d->n; i++) {
		struct diag moved = d->list[i];
		size_t j = i;

		for (; j > 0 && is_before(&moved, &d->list[j - 1]); j--)
			d->list[j] = d->list[j - 1];
		d->list[j] = moved;
	}
	*n = d->n;
	return d->list;
}

const char *diags_file(const struct diags *d)
{
	return d->file;
}

/* On one line: control characters of a file or its name never reach a terminal. */
static void print_text(struct buf *out, const char *text)
{
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			buf_addf(out, "\\x%02x", c);
		else
			buf_addc(out, *text);
	}
}

static void print_rest(
	const struct diags *d, enum diag_level level, const char *noun, struct buf *out)
{
	size_t more = d->count[level] - d->kept[level];

	if (more == 0)
		return;
	print_text(out, d->file);
	buf_addf(out, ": %zu more %s%s\n", more, noun, more == 1 ? "" : "s");
}

void diags_print(struct diags *d, struct buf *out)
{
	size_t n;
	const struct diag *list = diags_list(d, &n);

	for (size_t i = 0; i < n; i++) {
		print_text(out, d->file);
		if (list[i].pos.line != 0)
			buf_addf(out, ":%u:%u", list[i].pos.line, list[i].pos.column);
		buf_adds(out, list[i].level == DIAG_WARNING ? ": warning: " : ": ");
		print_text(out, list[i].text);
		buf_addc(out, '\n');
	}
	print_rest(d, DIAG_ERROR, "error", out);
	print_rest(d, DIAG_WARNING, "warning", out);
}
