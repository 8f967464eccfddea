/* The machine's clocks, in milliseconds. */
#ifndef STORE_CLOCK_H
#define STORE_CLOCK_H

#include <stdint.h>

int64_t clock_wall_ms(void); /* since the epoch; somebody may set it, forward or back */
int64_t clock_steady_ms(void); /* since some moment; nobody sets it */

#endif
