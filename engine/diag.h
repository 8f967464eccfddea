/*
 * What the loader has to say about a file: errors and warnings with their places, in file order,
 * up to a maximum, all in one go.
 */
#ifndef ENGINE_DIAG_H
#define ENGINE_DIAG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIAG_MAX_ERRORS 50 /* errors kept of one file; the rest is counted */

/* A place in a file: both from 1, columns in characters. line 0: no place. */
struct pos {
	uint32_t line;
	uint32_t column;
};

enum diag_level { DIAG_ERROR, DIAG_WARNING };

struct diag {
	enum diag_level level;
	struct pos pos;
	const char *text; /* the sentence, without the place */
};

struct diags;

/* Makes an empty list for a file called `file` (copied; shown in front of each line). NULL: no
 * memory. */
struct diags *diags_create(const char *file);

/* Keeps up to max errors, and as many warnings, in place of DIAG_MAX_ERRORS. Before the first. */
void diags_keep(struct diags *d, size_t max);
void diags_destroy(struct diags *d);

/* Add one. Past the maximum, or where memory is short, only the count grows. */
void diag_error(struct diags *d, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
void diag_warning(struct diags *d, struct pos pos, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* How many errors there were, those past the maximum included. */
size_t diags_errors(const struct diags *d);

/* Whether there was no memory for one that should be kept. */
bool diags_are_short(const struct diags *d);

/* The kept ones, sorted by place (a stable sort; done at each call). *n receives their number. */
const struct diag *diags_list(struct diags *d, size_t *n);
const char *diags_file(const struct diags *d);

struct buf;

/* Adds `FILE:LINE:COLUMN: text` lines (warnings as `FILE:LINE:COLUMN: warning: text`), and a last
 * line that tells how many more there were, to out. */
void diags_print(struct diags *d, struct buf *out);

#endif
