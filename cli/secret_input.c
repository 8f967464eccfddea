/*
 * Reading a secret. N.B. the terminal's echo comes back whatever happens here: an interrupt is held
 * until it has.
 */
#include "cli/secret_input.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/report.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/secret.h"

/* All of standard input, or its first line. Its length, or -1 with errno. */
static ssize_t read_input(char *to, size_t room, bool is_line)
{
	size_t len = 0;
	ssize_t n;

	while (len < room) {
		n = read(STDIN_FILENO, to + len, room - len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		if (is_line && len > 0 && to[len - 1] == '\n')
			break;
	}
	return (ssize_t)len;
}

static ssize_t read_unseen(char *to, size_t room, const char *what)
{
	struct termios seen, unseen;
	sigset_t held, before;
	ssize_t len;

	if (tcgetattr(STDIN_FILENO, &seen) != 0)
		return -1;
	(void)sigemptyset(&held);
	(void)sigaddset(&held, SIGINT);
	(void)sigaddset(&held, SIGTERM);
	(void)sigaddset(&held, SIGTSTP);
	(void)sigprocmask(SIG_BLOCK, &held, &before);
	unseen = seen;
	unseen.c_lflag &= (tcflag_t) ~(ECHO | ISIG);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
	(void)fprintf(stderr, "%s: ", what);
	(void)fflush(stderr);
	len = read_input(to, room, true);
	(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen);
	(void)fputc('\n', stderr);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	/* Without ISIG a ^C comes as a character; it means the same. */
	if (len > 0 && memchr(to, 3, (size_t)len) != NULL) {
		errno = EINTR;
		return -1;
	}
	return len;
}

const char *secret_input(struct arena *a, const char *what)
{
	char *room = secret_alloc(SECRET_INPUT_MAX + 1);
	const char *secret = NULL;
	ssize_t len;

	if (room == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return NULL;
	}
	len = isatty(STDIN_FILENO) == 1 ? read_unseen(room, SECRET_INPUT_MAX + 1, what)
					: read_input(room, SECRET_INPUT_MAX + 1, false);
	if (len > 0 && room[len - 1] == '\n')
		len--;
	if (len < 0)
		report_error("%s cannot be read: %s", what, strerror(errno));
	else if ((size_t)len > SECRET_INPUT_MAX)
		report_error("%s is longer than %zu KiB", what, SECRET_INPUT_MAX >> 10);
	else if (memchr(room, '\0', (size_t)len) != NULL)
		report_error("%s holds a NUL byte", what);
	else if ((secret = arena_memdup(a, room, (size_t)len)) == NULL)
		report_error("%s", err_text(ERR_NOMEM));
	secret_free(room, SECRET_INPUT_MAX + 1);
	return secret;
}
