/*
 * Reading a secret. N.B. the terminal's echo comes back whatever happens here: a signal that ends
 * or stops the process ends the prompt first.
 */
#include "cli/secret_input.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "cli/report.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/secret.h"

/* What ends the prompt, or stops the process while it stands. */
static const int caught_numbers[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGTSTP};
#define CAUGHT_COUNT (sizeof(caught_numbers) / sizeof(caught_numbers[0]))

static volatile sig_atomic_t caught; /* 0: none */

static void on_signal(int number)
{
	caught = number;
}

/* Signals that are not ignored are noted from here on, and come while somebody waits alone. */
static void signals_hold(struct sigaction *old, sigset_t *before)
{
	struct sigaction noting = {.sa_handler = on_signal};
	sigset_t held;

	caught = 0;
	(void)sigemptyset(&noting.sa_mask);
	(void)sigemptyset(&held);
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		(void)sigaddset(&held, caught_numbers[i]);
	(void)sigprocmask(SIG_BLOCK, &held, before);
	for (size_t i = 0; i < CAUGHT_COUNT; i++) {
		(void)sigaction(caught_numbers[i], NULL, &old[i]);
		if (old[i].sa_handler != SIG_IGN)
			(void)sigaction(caught_numbers[i], &noting, NULL);
	}
}

/* One that came does now what it would have done without us. */
static void signals_let_go(const struct sigaction *old, const sigset_t *before)
{
	for (size_t i = 0; i < CAUGHT_COUNT; i++)
		(void)sigaction(caught_numbers[i], &old[i], NULL);
	if (caught != 0)
		(void)raise(caught);
	(void)sigprocmask(SIG_SETMASK, before, NULL);
}

/* Waits until there is a line to be read. False: a signal came first. */
static bool wait_line(const sigset_t *before)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};

	while (caught == 0)
		if (ppoll(&p, 1, NULL, before) >= 0 || errno != EINTR)
			return true;
	return false;
}

/* All of standard input, or, of a terminal, its first line, before being the mask of signals while
 * nothing comes. Its length, or -1 with errno. */
static ssize_t read_input(char *to, size_t room, const sigset_t *before)
{
	size_t len = 0;
	ssize_t n;

	while (len < room) {
		if (before != NULL && !wait_line(before))
			return -1;
		n = read(STDIN_FILENO, to + len, room - len);
		if (n < 0 && errno != EINTR)
			return -1;
		if (n == 0)
			break;
		if (n > 0)
			len += (size_t)n;
		if (before != NULL && len > 0 && to[len - 1] == '\n')
			break;
	}
	return (ssize_t)len;
}

static ssize_t read_unseen(char *to, size_t room, const char *what)
{
	struct sigaction old[CAUGHT_COUNT];
	struct termios seen, unseen;
	sigset_t before;
	ssize_t len;

	do {
		if (tcgetattr(STDIN_FILENO, &seen) != 0)
			return -1;
		signals_hold(old, &before);
		unseen = seen;
		unseen.c_lflag &= (tcflag_t)~ECHO;
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &unseen);
		(void)fprintf(stderr, "%s: ", what);
		(void)fflush(stderr);
		len = read_input(to, room, &before);
		(void)tcsetattr(STDIN_FILENO, TCSAFLUSH, &seen);
		(void)fputc('\n', stderr);
		signals_let_go(old, &before);
	} while (caught != 0); /* it was stopped, and goes on */
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
					: read_input(room, SECRET_INPUT_MAX + 1, NULL);
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
