/*
 * The number of a process group that an execution remembers may be another's by the time that it is
 * to be ended. The programs that end it leave such a group alone, and end the execution's own.
 */
#include "operators/ssh/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/buf.h"
#include "tests/unit/tap.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/windrow-reuse.XXXXXX";
static pid_t stranger; /* leads a group of its own, and is none of the executions' */

static void stranger_start(void)
{
	stranger = fork();
	if (stranger == 0) {
		(void)setpgid(0, 0);
		for (;;)
			(void)pause();
	}
	(void)setpgid(stranger, stranger);
}

static void stranger_end(void)
{
	(void)kill(stranger, SIGKILL);
	(void)waitpid(stranger, NULL, 0);
}

static bool stranger_lives(void)
{
	return waitpid(stranger, NULL, WNOHANG) == 0;
}

static void file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0)
		abort();
}

static size_t file_read(const char *path, char *said, size_t size)
{
	FILE *f = fopen(path, "r");
	size_t len = f == NULL ? 0 : fread(said, 1, size - 1, f);

	said[len] = '\0';
	if (f != NULL)
		(void)fclose(f);
	return len;
}

/* A sleep(1) that stands before the system's: a deadline's second lasts until `over`, a pipe, says
 * that it is, however slow the machine is; where there is none it is over at once. */
static void sleep_make(void)
{
	if (mkdir("bin", 0700) != 0)
		abort();
	file_write("bin/sleep",
		"#!/bin/sh\n"
		"PATH=${PATH#*:}\n"
		"[ \"$1\" = 1 ] && mkdir \"$HOME/deadline\" && { read x <\"$HOME/over\"; exit; }\n"
		"exec sleep \"$@\"\n");
	if (chmod("bin/sleep", 0700) != 0)
		abort();
}

static size_t n_crowd; /* folders that are not there, which are looked through for each program */

static void path_set(void)
{
	const char *path = getenv("PATH");
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s/bin:", folder);
	for (size_t i = 0; i < n_crowd; i++)
		buf_adds(&b, "-:");
	buf_adds(&b, path == NULL ? "/usr/bin:/bin" : path);
	(void)setenv("PATH", buf_str(&b), 1);
	buf_free(&b);
}

/* Runs the command with this input, and waits until all is gone that it has begun. What it said, on
 * either stream, from the beginning. */
static void run(const char *command, const char *input, char *said, size_t size)
{
	int ends[2];
	size_t len;
	pid_t pid;

	file_write("in", input);
	/* Who comes from the command holds its end open. */
	if (pipe(ends) != 0)
		abort();
	pid = fork();
	if (pid == 0) {
		if (freopen("in", "r", stdin) == NULL || freopen("out", "w", stdout) == NULL ||
			freopen("err", "w", stderr) == NULL)
			_exit(99);
		(void)close(ends[0]);
		(void)setenv("HOME", folder, 1);
		path_set();
		(void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
		_exit(98);
	}
	(void)close(ends[1]);
	(void)waitpid(pid, NULL, 0);
	while (read(ends[0], said, 1) < 0 && errno == EINTR)
		;
	(void)close(ends[0]);
	len = file_read("out", said, size);
	(void)file_read("err", said + len, size - len);
}

/* Starts a script under a deadline of a second. */
static void start(const char *id, const char *script, char *said, size_t size)
{
	struct remote_sending sent = {.n_script = 0};
	struct remote_launch launch;
	struct ssh_command c;
	struct buf text, input;

	buf_init(&sent.facts, 0);
	buf_init(&text, 0);
	buf_init(&input, 0);
	remote_launch_init(&launch);
	buf_adds(&launch.interpreter, "/bin/sh");
	remote_start_input(&input, NONCE, &launch, script, strlen(script), &sent);
	remote_launch_free(&launch);
	ssh_command_init(&c);
	remote_start_command(&c, id, NONCE, &sent, 1, 1, 0);
	ssh_command_text(&text, &c, ",", false);
	run(buf_str(&text), buf_str(&input), said, size);
	ssh_command_free(&c);
	buf_free(&text);
	buf_free(&input);
	buf_free(&sent.facts);
}

/* The host's own clock. */
static void test_deadline(void)
{
	char said[4096], script[512];

	if (mkfifo("over", 0600) != 0)
		abort();
	start("own", "echo >\"$HOME/over\"; sleep 100 & wait", said, sizeof(said));
	OK(strstr(said, "late\n") != NULL && strstr(said, "exit 143\n") != NULL,
		"the host ends a script at its deadline");
	/* The supervisor is killed, the script ends, and its group's number is given out again. */
	(void)snprintf(script, sizeof(script),
		"kill -s KILL $PPID\nwhile kill -s 0 $PPID; do sleep 0.02; done 2>/dev/null\n"
		"echo %d %d >\"$HOME/.windrow/lost/group\"\n"
		"echo >\"$HOME/over\"\n",
		(int)stranger, (int)stranger);
	if (rmdir("deadline") != 0)
		abort();
	start("lost", script, said, sizeof(said));
	OK(strstr(said, "exit ") == NULL, "of one whose supervisor was killed no end is told");
	OK(stranger_lives(), "its group's number may be another's: that group is left alone");
	OK(access(".windrow/lost/late", F_OK) != 0, "and the script was not ended at its deadline");
}

/* A host so slow that the deadline comes before the script does. */
static void test_early_deadline(void)
{
	char said[4096];

	if (unlink("over") != 0 || rmdir("deadline") != 0)
		abort();
	n_crowd = 50000;
	start("early", "sleep 100 & wait", said, sizeof(said));
	n_crowd = 0;
	OK(strstr(said, "late\n") != NULL && strstr(said, "exit 143\n") != NULL,
		"a deadline that comes before the script is one all the same");
}

/* An end by force, of an execution that was under way when the host went down. */
static void test_kill(void)
{
	char said[4096], text[512];
	struct ssh_command c;
	struct buf command;

	if (mkdir(".windrow/old", 0700) != 0)
		abort();
	file_write(".windrow/old/script", "");
	(void)snprintf(text, sizeof(text), "%-40s\n%d\n%s/.windrow/old/script\n", "", (int)stranger,
		folder);
	file_write(".windrow/old/claim", text);
	(void)snprintf(text, sizeof(text), "%d %d\n", (int)stranger, (int)stranger);
	file_write(".windrow/old/group", text);
	ssh_command_init(&c);
	buf_init(&command, 0);
	remote_kill_command(&c, "old", NONCE, 1000, NULL);
	ssh_command_text(&command, &c, ",", false);
	run(buf_str(&command), "", said, sizeof(said));
	IS_STR(said, NONCE " gone\n", "who kills one of long ago finds nobody");
	OK(stranger_lives(), "and leaves alone whoever has its group's number now");
	ssh_command_free(&c);
	buf_free(&command);
}

int main(void)
{
	char command[64];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return 99;
	sleep_make();
	stranger_start();
	test_deadline();
	stranger_end();
	test_early_deadline();
	if (access("/proc/self/stat", R_OK) == 0) {
		stranger_start();
		test_kill();
		stranger_end();
	}
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (chdir("/") != 0 || system(command) != 0)
		return 99;
	return tap_done();
}
