/* Targets are shared by execs, endpoints and threads, and counted. */
#include "operators/ssh/target.h"

void ssh_target_hold(struct ssh_target *t)
{
	__atomic_add_fetch(&t->references, 1, __ATOMIC_RELAXED);
}

void ssh_target_release(struct ssh_target *t)
{
	if (t != NULL && __atomic_sub_fetch(&t->references, 1, __ATOMIC_ACQ_REL) == 0)
		t->destroy(t);
}
