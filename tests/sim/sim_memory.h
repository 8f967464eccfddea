/*
 * The memory of a simulated daemon: one allocation of so many fails, drawn from a seed. What its
 * world needs is never missing.
 */
#ifndef TESTS_SIM_SIM_MEMORY_H
#define TESTS_SIM_SIM_MEMORY_H

#include <stdint.h>

/* From here on one in so many fails; 0: none does. */
void sim_memory_begin(uint64_t seed, uint32_t one_in);

/* The daemon's world is at work; pairs nest. */
void sim_memory_spare(void);
void sim_memory_resume(void);

/* How many failed. */
uint64_t sim_memory_failed(void);

#endif
