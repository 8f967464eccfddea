/* What stands behind a stream: how wide the terminal is, and whether colour is wanted there. */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <stdbool.h>
#include <stdio.h>

/* Columns of the terminal behind f; 0 where f is no terminal. $COLUMNS, where set, wins. */
unsigned terminal_columns(FILE *f);

/* Whether f is a terminal on which the cursor moves; TERM says so: unset, empty and `dumb` say no.
 */
bool terminal_takes_escapes(FILE *f);

/* Whether f is a terminal that takes colour, and nobody said NO_COLOR. */
bool terminal_has_colour(FILE *f);

/* Whether f is a terminal that takes ASCII alone: the user's locale says so. */
bool terminal_is_ascii(FILE *f);

#endif
