/* Tells a person who insists from a wish that comes as several signals. */
#include "scheduler/insist.h"

#include <signal.h>

unsigned insist_count(struct insist *i, int number, uint64_t now_ms)
{
	if (i->n > 0 && (number == SIGHUP || now_ms - i->at_ms < INSIST_ECHO_MS))
		return 0;
	i->at_ms = now_ms;
	return ++i->n;
}
