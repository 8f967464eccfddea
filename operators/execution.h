/*
 * The folder of one local execution: what lies in it and how it is read.
 *
 *	script    what is run
 *	stdout    its standard output, as it comes
 *	stderr    its standard error
 *	response  what it wrote to $SCRIPT_RESPONSE_FILE, if it did
 *	claim     who looks after it, and its process group
 *	result    blanks; at the end overwritten in place, which needs no room on a full disk
 *
 * A job that ends with the engine has neither claim nor result.
 *
 * Whoever makes the folder runs the script; mkdir(2) decides between two, or a rename(2) that
 * replaces nothing, where the folder was made beforehand (execution_spare.h).
 */
#ifndef OPERATORS_EXECUTION_H
#define OPERATORS_EXECUTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct err;

#define EXECUTION_CLAIM_MAX 256 /* bytes of a claim */
#define EXECUTION_RESULT_MAX 32 /* bytes set aside for the result */
#define EXECUTION_SWEEP_DEPTH_MAX 64 /* how deep folders in an execution's folder may nest */

/* How a script ended. */
enum execution_end { EXECUTION_EXITED, EXECUTION_SIGNALLED };

struct execution_result {
	enum execution_end end;
	int number; /* the exit status, or the signal */
	bool is_timed_out; /* the launcher ended it at its deadline */
};

/* Who claims an execution. */
struct execution_owner {
	pid_t launcher;
	uint64_t started; /* the launcher's start, in ticks since boot */
	char boot_id[64];
};

struct execution_claim {
	struct execution_owner owner;
	pid_t group; /* 0: not started */
};

/* Who this process is. Where there is no /proc, only the pid is known. */
void execution_owner_self(struct execution_owner *o);

/* Whether the owner is still running. */
bool execution_owner_is_alive(const struct execution_owner *o);

/* Whether the machine has been booted since the claim was made. */
bool execution_is_of_another_boot(const struct execution_claim *c);

/* The files of a folder that stay open until its script has been started; -1: none. */
struct execution_files {
	int script, claim, out, err;
};

/* Makes the folder and, where o is not NULL, room for the result and the claim; the script is empty
 * yet. ERR_EXISTS: somebody was first. On other errors e says why and the folder is gone again. */
int execution_prepare(const char *folder, const struct execution_owner *o,
	struct execution_files *out, struct err *e);

/* Writes the script, and closes it. ERR_IO. */
int execution_script_write(
	struct execution_files *f, const char *script, size_t len, struct err *e);

void execution_files_close(struct execution_files *f);

/* Takes away a folder whose script was not started. */
void execution_discard(const char *folder);

/* Adds the process group to a claim. Safe in a child between vfork() and exec(). */
void execution_group_record(int claim_fd, pid_t group);

/* Writes the result over the blanks. 0 or ERR_IO. */
int execution_result_write(const char *folder, const struct execution_result *r);

/* The result, and what its file holds. ERR_NOTFOUND: none yet; ERR_CORRUPT. */
int execution_result_read(const char *folder, struct execution_result *r);
int execution_result_parse(const char *text, struct execution_result *r);

/* The claim, and what its file holds. ERR_NOTFOUND: none; ERR_CORRUPT: it did not become whole. */
int execution_claim_read(const char *folder, struct execution_claim *c);
int execution_claim_parse(const char *text, struct execution_claim *c);

/* Takes away the folders in `executions` that ended, or were left by a dead owner, more than
 * retention_ms before now_ms. Goes on past what cannot be removed. */
void execution_sweep(const char *executions, int64_t retention_ms, int64_t now_ms);

#endif
