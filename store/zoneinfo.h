/* The system's time zones: reads zone files by name, once each. */
#ifndef STORE_ZONEINFO_H
#define STORE_ZONEINFO_H

#include "engine/zone.h"

struct zoneinfo;

/* Makes a reader of the zone files in folder (NULL: $TZDIR, else the system's own). NULL: no
 * memory. */
struct zoneinfo *zoneinfo_create(const char *folder);
void zoneinfo_destroy(struct zoneinfo *z);

/* The source that the loader asks; its zones live as long as z. */
struct zone_source zoneinfo_source(struct zoneinfo *z);

/* The folder that is read. */
const char *zoneinfo_folder(const struct zoneinfo *z);

#endif
