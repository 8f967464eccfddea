/* The lock of home, and the words to the service manager. */
#include "scheduler/lock.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/err.h"
#include "scheduler/notify.h"
#include "tests/unit/tap.h"

static void test_one_holder(const char *home)
{
	struct lock_holder holder;
	struct lock *first = NULL, *second = NULL;
	struct err e;

	IS_INT(lock_take(home, LOCK_DAEMON, &first, &holder, &e), 0, "the first takes it");
	IS_INT(lock_take(home, LOCK_COMMAND, &second, &holder, &e), ERR_EXISTS,
		"the second does not");
	IS_INT(holder.kind, LOCK_DAEMON, "and hears what the first is");
	IS_INT(holder.pid, getpid(), "and its process");
	OK(strstr(e.text, "a scheduler runs on") != NULL && strstr(e.text, holder.host) != NULL &&
			strstr(e.text, ", since 2") != NULL,
		"a person is told who, where and since when: %s", e.text);
	lock_release(first);
	IS_INT(lock_take(home, LOCK_COMMAND, &second, &holder, &e), 0,
		"given back, another may take it");
	lock_release(second);
	lock_release(NULL);
}

/* A holder that was killed leaves nothing behind. */
static void test_killed_holder(const char *home)
{
	struct lock_holder holder;
	struct lock *l = NULL;
	struct err e;
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (lock_take(home, LOCK_DAEMON, &l, &holder, &e) != 0)
			_exit(1);
		(void)kill(getpid(), SIGKILL);
	}
	(void)waitpid(child, &status, 0);
	OK(WIFSIGNALED(status), "the holder was killed");
	IS_INT(lock_take(home, LOCK_DAEMON, &l, &holder, &e), 0, "and the next takes it");
	lock_release(l);
}

/* A command is waited for, a daemon is not. */
static void test_waiting(const char *home)
{
	struct lock_holder holder;
	struct lock *l = NULL, *mine = NULL;
	struct err e;
	int ready[2], go[2], status;
	char byte = 0;
	pid_t child;

	if (pipe(ready) != 0 || pipe(go) != 0)
		abort();
	child = fork();
	if (child == 0) {
		if (lock_take(home, LOCK_COMMAND, &l, &holder, &e) != 0 ||
			write(ready[1], &byte, 1) != 1 || read(go[0], &byte, 1) != 1)
			_exit(1);
		_exit(0);
	}
	(void)!read(ready[0], &byte, 1);
	IS_INT(lock_wait(home, LOCK_DAEMON, 0, &mine, &holder, &e), ERR_EXISTS,
		"a command that goes on holding it is given up in time");
	(void)!write(go[1], &byte, 1);
	IS_INT(lock_wait(home, LOCK_DAEMON, 600000, &mine, &holder, &e), 0,
		"one that ends is waited for");
	(void)waitpid(child, &status, 0);
	IS_INT(lock_wait(home, LOCK_COMMAND, 600000, &l, &holder, &e), ERR_EXISTS,
		"nobody waits for a daemon");
	lock_release(mine);
}

static void is_told(int fd, const char *path, const char *lines, const char *what)
{
	char name[200], got[100] = "";
	char *env[] = {name, NULL};

	(void)snprintf(name, sizeof(name), "NOTIFY_SOCKET=%s", path);
	notify_send(env, lines);
	(void)recv(fd, got, sizeof(got) - 1, MSG_DONTWAIT);
	IS_STR(got, lines, "%s", what);
}

static void test_notify(const char *home)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char usec[] = "WATCHDOG_USEC=30000000", pid[] = "WATCHDOG_PID=1";
	char *none[] = {NULL}, *every[] = {usec, NULL}, *other[] = {usec, pid, NULL};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

	(void)snprintf(at.sun_path, sizeof(at.sun_path), "%s/notify", home);
	if (bind(fd, (struct sockaddr *)&at, sizeof(at)) != 0)
		abort();
	is_told(fd, at.sun_path, "READY=1", "the manager hears that it is ready");
	notify_send(none, "READY=1");
	IS_INT((long long)notify_watchdog_ms(none), 0, "no watchdog");
	IS_INT((long long)notify_watchdog_ms(every), 15000,
		"a watchdog is fed twice as often as it wants");
	IS_INT((long long)notify_watchdog_ms(other), 0, "another's watchdog is not fed");
	(void)unlink(at.sun_path);
	(void)close(fd);
}

int main(void)
{
	char folder[] = "/tmp/test_lock.XXXXXX", home[100], path[200];

	if (mkdtemp(folder) == NULL)
		abort();
	(void)snprintf(home, sizeof(home), "%s/home", folder);
	test_one_holder(home);
	test_killed_holder(home);
	test_waiting(home);
	test_notify(folder);
	(void)snprintf(path, sizeof(path), "%s/%s", home, LOCK_NAME);
	(void)unlink(path);
	(void)rmdir(home);
	(void)rmdir(folder);
	return tap_done();
}
