/* Starting one script: vfork(), a process group of its own, its streams to files, exec(). */
#ifndef OPERATORS_SPAWN_H
#define OPERATORS_SPAWN_H

#include <stdbool.h>
#include <sys/types.h>

struct err;

/* The signals that the launcher ignores, and a script must not. */
#define SPAWN_SIGNALS_IGNORED                                                                      \
	{                                                                                          \
		SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE                                          \
	}

struct spawn {
	const char *search; /* where a program without a slash is looked for, as $PATH */
	const char *const *argv, *const *envp; /* ended by NULL */
	const char *directory;
	bool may_use_root; /* / does where the directory is missing */
	int out_fd, err_fd; /* its streams */
	int claim_fd; /* takes the process group; -1: none */
};

/* Starts it with empty standard input, no other descriptors and default signals. The pid is the
 * process group's too. ERR_INVALID: it could never start, as it stands (no such
 * program, arguments too large); ERR_IO: it could not now. */
int spawn_start(const struct spawn *s, pid_t *pid, struct err *e);

#endif
