/*
 * A host is asked once in a while to sweep, however many others there are.
 */
#include "operators/ssh/sweeps.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/tap.h"

#define HOUR 3600000
#define CROWD 1000 /* hosts */

/* How many of so many hosts are asked at that time. */
static int ask(struct sweeps *s, int n, uint64_t now)
{
	int asked = 0;

	for (int i = 0; i < n; i++) {
		char host[32];

		(void)snprintf(host, sizeof(host), "root@10.0.%d.%d:22", i / 256, i % 256);
		asked += sweeps_take(s, host, now, HOUR);
	}
	return asked;
}

int main(void)
{
	struct sweeps *s = calloc(1, sizeof(*s));
	int many;

	if (s == NULL)
		return 99;
	OK(sweeps_take(s, "a@h:22", 1, HOUR), "a host that nobody knows is asked");
	OK(!sweeps_take(s, "a@h:22", HOUR, HOUR), "and not again within the hour");
	OK(sweeps_take(s, "b@h:22", 2, HOUR), "another account is another host");
	OK(sweeps_take(s, "a@h:22", HOUR + 1, HOUR), "an hour later it is asked again");
	OK(!sweeps_take(s, "a@h:22", HOUR + 2, HOUR), "once");
	OK(sweeps_take(s, "a@h:22", HOUR + 2, 1), "or sooner, where things are kept for less");
	IS_INT(ask(s, CROWD, 2 * HOUR), CROWD, "of a crowd each is asked");
	IS_INT(ask(s, CROWD, 2 * HOUR + 1), 0, "once");
	many = ask(s, 2 * SWEEPS_KEPT, 3 * HOUR);
	OK(many >= SWEEPS_KEPT, "of more than are remembered some are asked again");
	free(s);
	return tap_done();
}
