/*
 * The launcher: a small process of ours that starts the scripts of local tasks and outlives the
 * engine as long as one of them runs.
 *
 * It is forked early, while the program is small, so that starting a script costs one vfork(); it
 * does the file work of a start, so that the engine's loop never waits for a disk; it is the
 * scripts' parent and writes their results down, so that no result is lost with the engine; and it
 * keeps their deadlines. docs/operators.md shows the two processes.
 */
#ifndef OPERATORS_LAUNCHER_H
#define OPERATORS_LAUNCHER_H

#include <stdint.h>
#include <sys/types.h>

struct err;

/* What the engine asks for. */
enum launcher_request {
	/* n: timeout_ms, grace_ms, enum launcher_flag bits, number of arguments.
	 * strings: folder, execution id, script, working directory, where programs are looked for
	 * (as $PATH), arguments (the first is the program), environment. Where the folder exists:
	 * as LAUNCHER_ATTACH. */
	LAUNCHER_START,
	LAUNCHER_ATTACH, /* n and strings: the same, but only the first two strings */
	LAUNCHER_KILL, /* n: whether for a timeout, grace_ms */
	LAUNCHER_ABANDON, /* say no more of this job */
	LAUNCHER_SWEEP, /* n: retention_ms; strings: the folder of executions */
};

enum launcher_flag {
	LAUNCHER_DIES_WITH_ENGINE = 1, /* end the job where the engine is gone */
	LAUNCHER_HOME_OR_ROOT = 2, /* go to / where the working directory is missing */
};

/* What the launcher tells. */
enum launcher_report {
	LAUNCHER_STARTED, /* n: process group */
	LAUNCHER_LOG, /* n: enum op_level; strings: text */
	/* n: enum op_verdict, exit code, bytes of stdout, of stderr, of the response (-1: none);
	 * strings: message ("" where none). The last of a job. */
	LAUNCHER_ENDED,
};

/* Forks the launcher; *fd is the engine's end of the socket, non-blocking. The launcher is no child
 * of the caller's. It and its scripts may have max_files descriptors, where that is less than the
 * caller may; 0: as many. ERR_IO, ERR_NOMEM. */
int launcher_fork(uint64_t max_files, int *fd, struct err *e);

#endif
