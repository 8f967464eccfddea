/* Following a run of the daemon's to its end, shown as `dags test` shows its own. */
#ifndef CLI_RUN_FOLLOW_H
#define CLI_RUN_FOLLOW_H

#include "cli/run_show.h"

struct args;

/* Shows the run until it is over. Returns the exit status for how it ended: EXIT_DONE for success,
 * EXIT_FAILED; EXIT_UNREACHABLE where the daemon stays away, having reported it. Interrupted, it
 * leaves the run alone and says so. args: those of RUN_SHOW_FLAGS. */
int run_follow(const char *dag_id, const char *run_id, const struct args *args);

#endif
