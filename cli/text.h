/* Text for eyes: how wide it is, and bytes that could drive a terminal made harmless. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stddef.h>
#include <stdio.h>

struct buf;

#define TEXT_UNIT_MAX 12 /* bytes of one unit as text_unit() shows it, with its NUL */

/* Takes the first character of s (len > 0). shown receives it as it may stand on a terminal:
 * itself, or \n, \t, \xNN, \u{NNNN} where it is a control character, no UTF-8, or turns the
 * direction of writing; *width its columns. Returns how many bytes it took. */
size_t text_unit(const char *s, size_t len, char shown[TEXT_UNIT_MAX], unsigned *width);

/* Columns of s as text_add_shown() writes it. */
size_t text_width(const char *s, size_t len);

/* Adds s, made harmless, to out. */
void text_add_shown(struct buf *out, const char *s, size_t len);

/* The same, cut to at most width columns, the last being … where something is missing; padded with
 * blanks to exactly width where is_padded. */
void text_add_fitted(struct buf *out, const char *s, size_t len, size_t width, int is_padded);

/* Puts ASCII, as wide, in the place of what drawings and cuts are made of (lines, dots, marks, …);
 * other characters stay. */
void text_make_ascii(struct buf *b);

/* Writes s, made harmless, to the stream; needs no memory. */
void text_write_shown(FILE *f, const char *s, size_t len);

#endif
