/*
 * Where expressions begin and end in text. The pattern is compiled when it is first searched for
 * (with PCRE2's JIT, where there is one, once it is searched for often) into an object that one
 * thread uses at a time; whoever loads many files makes one for all of them.
 */
#ifndef ENGINE_SCAN_H
#define ENGINE_SCAN_H

#include <stdbool.h>
#include <stddef.h>

enum scan_kind {
	SCAN_NONE, /* nothing more: at is the text's end */
	SCAN_ESCAPE, /* $$< or $${, which stand for $< and ${ */
	SCAN_ANGLE, /* $<, which always begins an expression */
	SCAN_BRACE, /* ${ with a path behind it that begins like a root */
	SCAN_LOOKALIKE, /* ${name.name, which no shell knows, but no root either: left alone */
};

struct scan_hit {
	enum scan_kind kind;
	size_t at; /* its first $ */
};

#define SCAN_SCRATCH 3 /* buffers to work in */

struct buf;
struct scan;

/* Makes a scan; compiles nothing yet. NULL: no memory. */
struct scan *scan_create(void);
void scan_destroy(struct scan *s);

/* SCAN_SCRATCH buffers whose memory is kept from one text to the next; whoever takes them empties
 * them first. */
struct buf *scan_scratch(struct scan *s);

/* Finds the first of them at or behind `from`. ${item and ${index count only where has_item. 0,
 * ERR_NOMEM, or ERR_BUG where PCRE2 fails. */
int scan_next(struct scan *s, const char *text, size_t len, size_t from, bool has_item,
	struct scan_hit *hit);

/* Finds the first expression, or what stands for the beginning of one: a text that has either means
 * something else than it says. Errors as of scan_next(). */
int scan_first(struct scan *s, const char *text, size_t len, bool has_item, struct scan_hit *hit);

/* Finds what closes an expression whose inside begins at `from`: closer is > or }, which counts
 * only outside of strings, and on the same line. True and *end, its place; false where there is
 * none, *end then being the line's end or the quote of a string that is not closed. */
bool scan_close(const char *text, size_t len, size_t from, char closer, size_t *end);

#endif
