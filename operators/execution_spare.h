/*
 * A folder for the next execution, made while there is nothing else to do: six files are not made
 * while somebody waits for a start, but one name is changed. It lies beside the executions as
 * `.spare-PID`, PID being the launcher's.
 */
#ifndef OPERATORS_EXECUTION_SPARE_H
#define OPERATORS_EXECUTION_SPARE_H

#include <stdbool.h>

#include "operators/execution.h"

#define EXECUTION_SPARE_PREFIX ".spare-"
#define EXECUTION_SPARE_FROM 2 /* starts, before there is one: who starts one job needs none */

struct execution_spare {
	char *executions; /* the folder in which it is made; NULL: none was asked for yet */
	char *folder; /* NULL: there is none at the moment */
	struct execution_files files;
	bool has_owner; /* it holds a claim, as the last job needed one */
	bool is_useless; /* it could not be given its name: each folder is made when it is needed */
	unsigned n_starts;
};

/* As execution_prepare(), by the spare folder where that will do. */
int execution_take(struct execution_spare *s, const char *folder, const struct execution_owner *o,
	struct execution_files *out, struct err *e);

/* Makes one for the next job, if there is none and somebody may want it. What fails is not told:
 * the start will. */
void execution_spare_make(struct execution_spare *s, const struct execution_owner *self);

/* Takes it away. */
void execution_spare_drop(struct execution_spare *s);

/* Whether a folder of this name is a spare one whose launcher is gone. */
bool execution_spare_is_left(const char *name);

#endif
