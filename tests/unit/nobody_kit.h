/* Root reads everything: tests of what may not be read are somebody else's. */
#ifndef TESTS_NOBODY_KIT_H
#define TESTS_NOBODY_KIT_H

#include <stdbool.h>

#define NOBODY 65534 /* whom root becomes */

/* Becomes an ordinary user who has somewhere to write, and who may not read what nobody may. False,
 * and nothing has changed: that cannot be had here. */
bool nobody_become(void);

/* Who we were before. */
void nobody_end(void);

#endif
