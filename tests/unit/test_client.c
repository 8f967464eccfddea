/*
 * A command that waits for its answer, and asks the daemon what for.
 *
 * N.B. the daemon is this file's own: a process that says of itself what the check wants, and only
 * then answers. Nobody waits until patience ends.
 */
#include "cli/client.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/command.h"
#include "engine/arena.h"
#include "tests/unit/tap.h"

#define SAID_MAX 1024
#define PATIENCE_S 300 /* N.B. who waits for a daemon that hangs would wait without an end */

static bool is_patient; /* poll() waits */

int __real_poll(struct pollfd *fds, nfds_t n, int timeout);
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout);

/* The first to wait has waited long enough; whoever comes behind it has all the time. */
int __wrap_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	bool waits = is_patient;

	is_patient = true;
	return waits ? __real_poll(fds, n, timeout > 0 ? -1 : timeout) : 0;
}

/* ---- the daemon ---- */

static int listen_here(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX, .sun_path = "scheduler.sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
		listen(fd, 5) != 0)
		abort();
	return fd;
}

/* Takes a connection, and the line that comes first. */
static int take(int listener)
{
	int fd = accept(listener, NULL, NULL);
	char c = 0;

	while (c != '\n' && read(fd, &c, 1) == 1)
		;
	return fd;
}

static void say(int fd, const char *text)
{
	if (write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		_exit(1);
}

static void serve(int listener, const char *health)
{
	int waits = take(listener), asks = take(listener);
	char c;

	say(asks, health);
	(void)shutdown(asks, SHUT_WR);
	say(waits, "{\"ok\":{}}\n");
	/* Until it hangs up. */
	while (read(waits, &c, 1) == 1)
		;
	_exit(0);
}

/* ---- the command ---- */

/* What it says while it waits for a daemon that says this of itself. */
static const char *ask(struct arena *a, const char *health)
{
	static char said[SAID_MAX];
	struct request r = client_request(REQUEST_REPARSE);
	int listener = listen_here(), was = dup(STDERR_FILENO), status;
	FILE *f = tmpfile();
	struct value answer;
	pid_t daemon = fork();

	if (daemon == 0) {
		(void)alarm(PATIENCE_S);
		serve(listener, health);
	}
	if (f == NULL || was < 0 || daemon < 0)
		abort();
	is_patient = false;
	(void)dup2(fileno(f), STDERR_FILENO);
	status = client_ask(&r, a, &answer);
	(void)dup2(was, STDERR_FILENO);
	(void)close(was);
	(void)close(listener);
	(void)waitpid(daemon, NULL, 0);
	(void)unlink("scheduler.sock");
	IS_INT(status, EXIT_DONE, "the answer comes");
	rewind(f);
	said[fread(said, 1, SAID_MAX - 1, f)] = '\0';
	(void)fclose(f);
	return said;
}

int main(void)
{
	static const char whatever[] =
		"waiting for the scheduler: it answers when what was asked for is on disk; "
		"`windrow jobs check` tells how it is\n";
	const char *tmp = getenv("TMPDIR");
	struct arena *a = arena_create(0);
	char home[256];

	(void)snprintf(home, sizeof(home), "%s/windrow-client.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (a == NULL || mkdtemp(home) == NULL || chdir(home) != 0)
		abort();
	(void)setenv("WINDROW_HOME", home, 1);
	(void)signal(SIGPIPE, SIG_IGN); /* as the program has it */
	(void)alarm(PATIENCE_S);
	IS_STR(ask(a, "{\"ok\":{\"is_stalled\":true,\"stall_reason\":\"full\"}}\n"),
		"waiting for the scheduler, which cannot write its store now: full\n",
		"meanwhile it is said what is waited for");
	IS_STR(ask(a, "{\"ok\":{\"is_stalled\":false,\"stall_reason\":null}}\n"), whatever,
		"as far as the daemon knows");
	IS_STR(ask(a, ""), whatever, "or is there to tell");
	IS_STR(ask(a, "{\"ok\":"), whatever, "to the end");
	arena_destroy(a);
	if (chdir("/") == 0)
		(void)rmdir(home);
	return tap_done();
}
