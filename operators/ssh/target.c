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

void ssh_target_sh_set(struct ssh_target *t)
{
	__atomic_store_n(&t->has_sh, true, __ATOMIC_RELAXED);
}

bool ssh_target_has_sh(const struct ssh_target *t)
{
	return __atomic_load_n(&t->has_sh, __ATOMIC_RELAXED);
}
