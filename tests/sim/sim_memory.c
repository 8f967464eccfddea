/* Which allocation fails is the seed's, too. */
#include "tests/sim/sim_memory.h"

#include "tests/sim/sim_conductor.h"
#include "tests/unit/nomem_kit.h"

static struct {
	uint64_t state, n_failed;
	uint32_t one_in;
	unsigned n_spared;
} memory;

bool nomem_fails(void)
{
	if (memory.one_in == 0 || memory.n_spared > 0 || w.is_dead)
		return false;
	if (mix(&memory.state) % memory.one_in != 0)
		return false;
	memory.n_failed++;
	return true;
}

void sim_memory_begin(uint64_t seed, uint32_t one_in)
{
	memory.state = seed;
	memory.one_in = one_in;
}

void sim_memory_spare(void)
{
	memory.n_spared++;
}

void sim_memory_resume(void)
{
	memory.n_spared--;
}

uint64_t sim_memory_failed(void)
{
	return memory.n_failed;
}
