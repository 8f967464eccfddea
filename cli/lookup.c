/* Variables and connections, for commands. */
#include "cli/lookup.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/report.h"
#include "cli/settings.h"
#include "engine/err.h"
#include "scheduler/env_source.h"
#include "store/connections.h"
#include "store/stored.h"

bool lookup_open(struct lookup *l, const char *home)
{
	struct err e;

	memset(l, 0, sizeof(*l));
	(void)err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	l->home = strdup(home);
	l->stored = l->home == NULL ? NULL : stored_create(l->home, environ);
	if (l->stored == NULL ||
		connections_create(environ, l->home, stored_connections(l->stored), &l->connections,
			&e) != 0) {
		report_error("%s", e.text);
		return false;
	}
	l->ctx = (struct stored_source){.env = env_source(environ),
		.stored = l->stored,
		.connections = connections_source(l->connections)};
	l->source = stored_source(&l->ctx);
	return true;
}

bool lookup_home(struct lookup *l)
{
	struct settings *s = settings_or_report();
	bool is_open = s != NULL && lookup_open(l, settings_home_path(s));

	settings_destroy(s);
	return is_open;
}

void lookup_close(struct lookup *l)
{
	connections_destroy(l->connections);
	stored_destroy(l->stored);
	free(l->home);
	memset(l, 0, sizeof(*l));
}

void lookup_hide_secrets(struct lookup *l)
{
	l->ctx.hides_secrets = true;
}

const struct connection_source *lookup_connections(const struct lookup *l)
{
	return connections_source(l->connections);
}
