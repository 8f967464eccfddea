/* What a command does itself where no daemon runs. */
#ifndef CLI_OFFLINE_H
#define CLI_OFFLINE_H

#include <stdbool.h>

#include "scheduler/request.h"

struct arena;
struct stores_options;

/* Does what a request asks for, under the lock of home; the answer lives in the arena. Where
 * another holds the lock *is_held is true and nothing was done: that is reported where is_last,
 * with its exit status, and else nothing is said and EXIT_DONE returned. Reports what is wrong and
 * returns an exit status. */
int offline_ask(const struct stores_options *o, const struct request *r, struct arena *a,
	struct value *answer, bool is_last, bool *is_held);

#endif
