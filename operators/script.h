/*
 * What local and ssh tasks have in common: from a job to the words, the environment and the text
 * that run on whichever machine. The two operators' keys have the same numbers here (specs.h).
 */
#ifndef OPERATORS_SCRIPT_H
#define OPERATORS_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "operators/operator.h"

struct buf;
struct err;

#define SCRIPT_SHOWN_MAX ((size_t)500) /* bytes of a command that its log shows */

/* The job's command, or its script. */
struct op_bytes script_text(const struct op_job *job);

/* Refuses what no machine could run: no script, NUL bytes where none can be, a shebang
 * without a word. ERR_INVALID. */
int script_check(const struct op_job *job, struct err *e);

/* Calls on_word for each word of the interpreter: the task's `interpreter` split at blanks, else
 * the shebang by the kernel's rules (a word and at most one argument), else /bin/sh. Returns how
 * many there were. */
size_t script_words(const struct op_job *job,
	void (*on_word)(void *ctx, const char *word, size_t len), void *ctx);

/* Calls on_variable for what the task says of its environment, but for the contract's variables,
 * which it cannot take away. */
void script_variables(const struct op_job *job,
	void (*on_variable)(void *ctx, const char *name, struct op_bytes value), void *ctx);

/* Calls on_variable for the contract's variables, but for those of an execution, which the caller
 * knows: SCRIPT_RESPONSE_FILE and WINDROW_SCRIPT_EXECUTION_ID. */
void script_facts(const struct op_job *job,
	void (*on_variable)(void *ctx, const char *name, struct op_bytes value), void *ctx);

/* Adds the line that tells a log what runs: a command's first line, or a script's size. */
void script_running(const struct op_job *job, struct buf *out);

#endif
