/* Ids of executions: unique, in the order of time, and not to be guessed. */
#ifndef SCHEDULER_EXECUTION_ID_H
#define SCHEDULER_EXECUTION_ID_H

#include <stdint.h>

#define EXECUTION_ID_SIZE 33 /* bytes of an id, with its NUL */

/* Writes a new id: twelve hexadecimal digits of the time, twenty at random. ERR_IO: no randomness.
 */
int execution_id_make(int64_t now, char id[EXECUTION_ID_SIZE]);

#endif
