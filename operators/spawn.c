/*
 * Starting a script with vfork(): the child borrows the launcher's memory until it has become the
 * script, so nothing is copied, however large the launcher is.
 *
 * N.B. what runs in the child is async-signal-safe, writes to nothing but its own struct, and never
 * returns.
 */
#include "operators/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/execution.h"
#include "store/secret.h"

enum step { STEP_NONE, STEP_GROUP, STEP_STREAMS, STEP_DIRECTORY, STEP_EXEC };

struct child {
	const struct spawn *s;
	const char *program;
	sigset_t signals; /* the mask to start with */
	struct rlimit core; /* the launcher's own is not for scripts */
	volatile enum step step; /* where it failed */
	volatile int error;
};

static _Noreturn void child_fail(struct child *c, enum step step)
{
	c->error = errno;
	c->step = step;
	_exit(127);
}

/* N.B. the launcher's own 0 to 2 are open, so none of the others is one of them. */
static void child_stream(struct child *c, int from, int fd)
{
	if (dup2(from, fd) < 0)
		child_fail(c, STEP_STREAMS);
}

static _Noreturn void child_run(struct child *c)
{
	static const int ignored[] = SPAWN_SIGNALS_IGNORED;
	const struct spawn *s = c->s;
	union {
		const char *const *in;
		char *const *out; /* as execve() takes what it does not change */
	} argv = {s->argv}, envp = {s->envp};

	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_DFL);
	/* N.B. a group, no session: that costs the kernel ten times as much, and the launcher's own
	 * session has no terminal. */
	if (setpgid(0, 0) != 0)
		child_fail(c, STEP_GROUP);
	child_stream(c, s->out_fd, 1);
	child_stream(c, s->err_fd, 2);
	if (chdir(s->directory) != 0 && (!s->may_use_root || chdir("/") != 0))
		child_fail(c, STEP_DIRECTORY);
	if (s->claim_fd >= 0)
		execution_group_record(s->claim_fd, getpid());
	(void)setrlimit(RLIMIT_CORE, &c->core);
	(void)sigprocmask(SIG_SETMASK, &c->signals, NULL);
	(void)execve(c->program, argv.out, envp.out);
	child_fail(c, STEP_EXEC);
}

static bool is_program(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The path of the program: itself where it has a slash, else where it is found first. */
static const char *program_find(const struct spawn *s, char path[PATH_MAX])
{
	const char *name = s->argv[0];
	const char *from, *to;

	if (strchr(name, '/') != NULL)
		return name;
	for (from = s->search; *from != '\0'; from = *to == ':' ? to + 1 : to) {
		int n;

		to = from + strcspn(from, ":");
		if (*from != '/')
			continue;
		n = snprintf(path, PATH_MAX, "%.*s/%s", (int)(to - from), from, name);
		if (n > 0 && n < PATH_MAX && is_program(path))
			return path;
	}
	return NULL;
}

static int tell(const struct child *c, struct err *e)
{
	const struct spawn *s = c->s;
	const char *why = strerror(c->error);

	switch (c->step) {
	case STEP_STREAMS:
		return err_set(e, ERR_IO, "cannot hand it its streams: %s", why);
	case STEP_DIRECTORY:
		return err_set(e, ERR_INVALID, "cannot go to its working_directory \"%s\": %s",
			s->directory, why);
	case STEP_EXEC:
		if (c->error == E2BIG)
			return err_set(e, ERR_INVALID,
				"its environment and arguments are larger than the system takes "
				"(one may have 128 KiB, all together 2 MiB as a rule); hand large "
				"values on in files");
		return err_set(e, c->error == ENOMEM || c->error == EAGAIN ? ERR_IO : ERR_INVALID,
			"cannot run \"%s\": %s", s->argv[0], why);
	default:
		return err_set(e, ERR_IO, "cannot start it: %s", why);
	}
}

int spawn_start(const struct spawn *s, pid_t *pid, struct err *e)
{
	char path[PATH_MAX];
	struct child c = {.s = s, .program = program_find(s, path)};
	sigset_t all, old;
	pid_t p;
	int error;

	if (c.program == NULL)
		return err_set(e, ERR_INVALID,
			"cannot run \"%s\": there is no such program in its PATH (%s)", s->argv[0],
			s->search);
	secret_core_limit(&c.core);
	(void)sigemptyset(&c.signals);
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_SETMASK, &all, &old);
	p = vfork();
	if (p == 0)
		child_run(&c);
	error = errno;
	(void)sigprocmask(SIG_SETMASK, &old, NULL);
	if (p < 0)
		return err_set(e, ERR_IO, "cannot start a process: %s", strerror(error));
	if (c.step != STEP_NONE)
		return tell(&c, e);
	*pid = p;
	return 0;
}
