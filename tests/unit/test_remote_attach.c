/*
 * What each shell that a host may have must do alike. Who attaches to a script that still runs
 * waits for its end: the supervisor is known to be alive by the script that it holds open. A task
 * that sets a PATH with nothing on it has the process group that was written down. A command that
 * the shell does itself needs none.
 */
#include "operators/ssh/remote.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/tap.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/windrow-attach.XXXXXX";

/* It ends when somebody has attached, and not at once. */
static const char script[] = "until grep -qs start \"$HOME/attached.out\"; do :; done\n"
			     "i=0; while [ \"$i\" -lt 200 ]; do i=$((i + 1)); (:); done; exit 7\n";

static void file_write(const char *name, const char *bytes)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fputs(bytes, f) < 0 || fclose(f) != 0)
		abort();
}

/* The command as a file for sh, with that shell in /bin/sh's place; it is emptied. */
static void command_write(const char *name, struct ssh_command *c, const char *shell)
{
	static const char own[] = "exec /bin/sh";
	struct buf text, b;

	buf_init(&text, 0);
	buf_init(&b, 0);
	ssh_command_text(&text, c, ",", false);
	buf_addf(&b, "exec %s%s", shell, buf_str(&text) + strlen(own));
	file_write(name, buf_str(&b));
	buf_free(&text);
	buf_free(&b);
	ssh_command_free(c);
}

/* A start as two files: start, a program for sh, and in, its input. */
static void start_write(
	const char *shell, const char *id, const char *environment, const char *what)
{
	struct remote_sending sent = {0};
	struct remote_launch launch;
	struct ssh_command c;
	struct buf input;

	remote_launch_init(&launch);
	launch.is_own = remote_is_one_command(what, strlen(what));
	buf_adds(&launch.interpreter, "/bin/sh");
	buf_adds(&launch.environment, environment);
	buf_init(&input, 0);
	buf_init(&sent.facts, 0);
	remote_start_input(&input, NONCE, &launch, what, strlen(what), &sent);
	file_write("in", buf_str(&input));
	ssh_command_init(&c);
	remote_start_command(&c, id, NONCE, &sent, 0, 1, 0);
	command_write("start", &c, shell);
	remote_launch_free(&launch);
	buf_free(&input);
	buf_free(&sent.facts);
}

static void path_check(const char *shell, size_t number)
{
	char id[32];

	(void)snprintf(id, sizeof(id), "path%zu", number);
	start_write(shell, id, "export PATH=/nowhere\n",
		"read -r a b c d group rest <\"/proc/$$/stat\"\n"
		"[ \"$group\" = \"$$\" ] && echo leads\n");
	/* N.B. under ksh93 none has one, and the file of groups says so. */
	if (!OK(setenv("id", id, 1) == 0 &&
			    system("sh start <in >out 2>err && ! grep '\\[' err && { grep -q "
				   "'^leads$' out || grep -q '^- ' .windrow/$id/group; }") == 0,
		    "%s: a task without a PATH has the group that is known", shell))
		(void)!system("sed 's/^/# /' out err");
}

static void at_once_check(const char *shell, size_t number)
{
	char id[32];

	(void)snprintf(id, sizeof(id), "echo%zu", number);
	start_write(shell, id, "", "echo one  command");
	OK(system("sh start <in >out 2>err && grep -q '^one command$' out && grep -q ' exit 0$' "
		  "out") == 0,
		"%s: what it does itself it says", shell);
	(void)snprintf(id, sizeof(id), "false%zu", number);
	start_write(shell, id, "", "false");
	OK(system("sh start <in >out 2>err && grep -q ' exit 1$' out") == 0, "%s: and how it ended",
		shell);
}

static void attach_check(const char *shell, size_t number)
{
	struct ssh_command c;
	char id[32];

	(void)snprintf(id, sizeof(id), "in%zu", number);
	start_write(shell, id, "", script);
	ssh_command_init(&c);
	remote_attach_command(&c, id, NONCE);
	command_write("attach", &c, shell);
	if (setenv("id", id, 1) != 0 ||
		system("rm -f attached.out; sh start <in >out 2>err & "
		       "until [ -s .windrow/\"$id\"/group ]; do :; done; "
		       "sh attach </dev/null >attached.out 2>attached.err; wait") != 0)
		abort();
	if (!OK(system("grep -q ' exit 7$' attached.err") == 0,
		    "%s: who attaches to what runs waits for its end", shell))
		(void)!system("sed 's/^/# /' attached.out attached.err");
}

int main(void)
{
	static const char *const shells[] = {"/bin/sh", "dash", "bash", "busybox sh", "mksh",
		"ksh93", "yash --posix", "zsh --emulate sh"};
	char command[256];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || setenv("HOME", folder, 1) != 0)
		return 99;
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		(void)snprintf(command, sizeof(command), "command -v %.*s >/dev/null",
			(int)strcspn(shells[i], " "), shells[i]);
		if (system(command) != 0)
			continue;
		attach_check(shells[i], i);
		path_check(shells[i], i);
		at_once_check(shells[i], i);
	}
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (chdir("/") != 0 || system(command) != 0)
		return 99;
	return tap_done();
}
