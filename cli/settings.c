/* The settings, for commands: read from this process's environment, told where they are wrong. */
#include "cli/settings.h"

#include <unistd.h>

#include "cli/report.h"
#include "engine/err.h"

struct settings *settings_or_report(void)
{
	struct settings *s;
	struct err e;

	if (settings_load(environ, &s, &e) == 0)
		return s;
	report_error("%s", e.text);
	return NULL;
}
