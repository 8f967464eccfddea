/*
 * The loop, the clock and the randomness of a simulated daemon: behind uv.h what a conductor has of
 * it, behind scheduler/wall_timer.h, scheduler/execution_id.h and clock_gettime() the rest. Nothing
 * waits: time is what the test says.
 */
#ifndef TESTS_SIM_FAKE_LOOP_H
#define TESTS_SIM_FAKE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* The world begins; a loop is opened, run (in turns that never wait) and closed by libuv's names.
 */
void fake_loop_begin(void);

/* How many ms have passed since. */
int64_t fake_loop_time(void);

/* So many ms pass. */
void fake_loop_forward(uint32_t ms);

/* As many pass as the next timer waits for; false: none is set. */
bool fake_loop_skip(void);

#endif
