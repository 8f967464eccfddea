/* The settings, for commands. */
#ifndef CLI_SETTINGS_H
#define CLI_SETTINGS_H

#include "store/settings.h"

/* Reads the settings of this process; where they are wrong, reports it and returns NULL. The caller
 * destroys them. */
struct settings *settings_or_report(void);

#endif
