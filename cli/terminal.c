/* Questions to the terminal. Asked anew each time: a window may change its size. */
#include "cli/terminal.h"

#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#define COLUMNS_DEFAULT 80 /* of a terminal that does not tell */
#define COLUMNS_MAX 10000

unsigned terminal_columns(FILE *f)
{
	const char *said = getenv("COLUMNS");
	struct winsize size;
	unsigned long n;

	if (isatty(fileno(f)) != 1)
		return 0;
	n = said == NULL ? 0 : strtoul(said, NULL, 10);
	if (n == 0 && ioctl(fileno(f), TIOCGWINSZ, &size) == 0)
		n = size.ws_col;
	return n == 0 ? COLUMNS_DEFAULT : n > COLUMNS_MAX ? COLUMNS_MAX : (unsigned)n;
}

bool terminal_takes_escapes(FILE *f)
{
	const char *term = getenv("TERM");

	if (term == NULL || *term == '\0' || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fileno(f)) == 1;
}

bool terminal_has_colour(FILE *f)
{
	const char *no = getenv("NO_COLOR");

	return (no == NULL || *no == '\0') && terminal_takes_escapes(f);
}

/* Whether the environment names a locale. */
static bool is_locale_said(void)
{
	static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *said = getenv(names[i]);

		if (said != NULL && *said != '\0')
			return true;
	}
	return false;
}

/* N.B. main() has set C.UTF-8, so that the user's own is asked for by itself. Where none is said,
 * or one that is not installed here, nothing is known, and terminals of today take UTF-8. */
bool terminal_is_ascii(FILE *f)
{
	bool is_ascii;
	locale_t own;

	if (isatty(fileno(f)) != 1 || !is_locale_said())
		return false;
	own = newlocale(LC_CTYPE_MASK, "", (locale_t)0);
	if (own == (locale_t)0)
		return false;
	is_ascii = strcmp(nl_langinfo_l(CODESET, own), "UTF-8") != 0;
	freelocale(own);
	return is_ascii;
}
