/* Drawing in place, with the few sequences that every terminal of these days knows. */
#include "cli/term.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80 /* of a terminal that does not tell */
#define ROWS_DEFAULT 24

#define HIDE_CURSOR "\033[?25l"
#define SHOW_CURSOR "\033[?25h"
#define CLEAR_SCREEN "\033[H\033[2J"
#define CLEAR_LINE_REST "\033[K"
#define CLEAR_BELOW "\033[J"

struct term {
	FILE *f;
	unsigned drawn; /* lines that stand above the cursor */
};

struct term *term_open(FILE *f)
{
	struct term *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return NULL;
	t->f = f;
	term_resume(t);
	return t;
}

void term_close(struct term *t)
{
	if (t != NULL)
		term_suspend(t);
	free(t);
}

void term_size(const struct term *t, unsigned *columns, unsigned *rows)
{
	struct winsize size;

	*columns = COLUMNS_DEFAULT;
	*rows = ROWS_DEFAULT;
	if (ioctl(fileno(t->f), TIOCGWINSZ, &size) != 0)
		return;
	if (size.ws_col > 0)
		*columns = size.ws_col;
	if (size.ws_row > 0)
		*rows = size.ws_row;
}

void term_draw(struct term *t, const char *lines, size_t len, unsigned n)
{
	if (t->drawn > 0)
		(void)fprintf(t->f, "\r\033[%uA", t->drawn);
	for (size_t i = 0; i < len; i++) {
		if (lines[i] == '\n')
			(void)fputs(CLEAR_LINE_REST, t->f);
		(void)fputc(lines[i], t->f);
	}
	(void)fputs(CLEAR_BELOW, t->f);
	(void)fflush(t->f);
	t->drawn = n;
}

void term_resized(struct term *t)
{
	(void)fputs(CLEAR_SCREEN, t->f);
	t->drawn = 0;
}

void term_suspend(struct term *t)
{
	(void)fputs(SHOW_CURSOR, t->f);
	(void)fflush(t->f);
}

void term_resume(struct term *t)
{
	(void)fputs(HIDE_CURSOR, t->f);
	(void)fflush(t->f);
	t->drawn = 0;
}
