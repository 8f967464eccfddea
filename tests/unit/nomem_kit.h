/* Memory that runs out where a test says so. Linked with --wrap for each function
 * that allocates (NOMEM_WRAP in tests/local.mk). */
#ifndef TESTS_NOMEM_KIT_H
#define TESTS_NOMEM_KIT_H

#include <stdbool.h>

/* The test's own: whether the allocation that is asked for now fails. */
bool nomem_fails(void);

#endif
