/* How often an end was asked for, of signals: once is a wish, and twice means at once. */
#ifndef SCHEDULER_INSIST_H
#define SCHEDULER_INSIST_H

#include <stdint.h>

/* One wish may come as several signals: `timeout` sends one to its child and one to the whole
 * group, and of a terminal that closes both the kernel and the shell tell. Those that come so soon
 * after one that counts are its echo. */
#define INSIST_ECHO_MS 500

/* All zero to begin with. */
struct insist {
	unsigned n; /* signals that counted */
	uint64_t at_ms; /* when the last of them came */
};

/* Takes a signal. The how manieth time it is that an end is asked for, from 1; 0: it does not
 * count. N.B. nobody insists by HUP: it counts as the first alone. Pure. */
unsigned insist_count(struct insist *i, int number, uint64_t now_ms);

#endif
