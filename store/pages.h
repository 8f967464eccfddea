/* Memory for arenas that grow large, as those of DAGs with many tasks do. */
#ifndef STORE_PAGES_H
#define STORE_PAGES_H

#include "engine/arena.h"

/* Large blocks come straight from the system, in huge pages where it has any to give: a hundred
 * megabytes then cost some fifty page faults in place of 25,000. Small ones come from malloc. */
extern const struct arena_memory pages_memory;

#endif
