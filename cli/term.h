/* A part of the terminal that is drawn anew in place: the last lines of the screen. */
#ifndef CLI_TERM_H
#define CLI_TERM_H

#include <stddef.h>
#include <stdio.h>

struct term;

/* Takes the terminal behind f. Nothing of its modes is changed but that the cursor is hidden, until
 * term_close(). NULL: no memory. */
struct term *term_open(FILE *f);

/* Shows the cursor again; what was drawn stays. NULL is fine. */
void term_close(struct term *t);

/* The window as it is now. */
void term_size(const struct term *t, unsigned *columns, unsigned *rows);

/* Draws n lines, each with its newline, over those that were drawn last. They must fit. */
void term_draw(struct term *t, const char *lines, size_t len, unsigned n);

/* The window has changed: what was drawn may be anywhere, and the screen begins anew. */
void term_resized(struct term *t);

/* Around being stopped (^Z): shows the cursor; hides it and begins below what others wrote. */
void term_suspend(struct term *t);
void term_resume(struct term *t);

#endif
