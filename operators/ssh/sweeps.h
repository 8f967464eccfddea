/*
 * When each host was last asked to sweep away what ended there long ago. Of more hosts than are
 * remembered some are asked more often.
 */
#ifndef OPERATORS_SSH_SWEEPS_H
#define OPERATORS_SSH_SWEEPS_H

#include <stdbool.h>
#include <stdint.h>

#define SWEEPS_KEPT 4096 /* hosts */

struct sweeps {
	struct {
		uint64_t host, at; /* a hash of who it is; at 0: nobody */
	} kept[SWEEPS_KEPT];
};

/* Whether a host, told by its identity, is to be asked now, the last time being every_ms ago or
 * more; it is remembered then. now is in milliseconds, and not 0. */
bool sweeps_take(struct sweeps *s, const char *identity, uint64_t now, uint64_t every_ms);

#endif
