/* A census of the processes of this machine: who is alive, in which group, of which execution. */
#ifndef OPERATORS_CENSUS_H
#define OPERATORS_CENSUS_H

#include <stddef.h>
#include <sys/types.h>

struct census;

/* Counts everybody. NULL where there is no /proc, or no memory. */
struct census *census_take(void);
void census_free(struct census *c);

/* Sends the signal (0: none) to every process, zombies aside, that is in the group or carries the
 * execution's id in its environment, and returns how many there are. With c NULL only the group is
 * known, as one. */
size_t census_signal(const struct census *c, pid_t group, const char *execution_id, int signal);

#endif
