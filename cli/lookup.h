/*
 * Where commands that render or run tasks look variables and connections up: the environment, the
 * store, connections.yaml in home.
 */
#ifndef CLI_LOOKUP_H
#define CLI_LOOKUP_H

#include <stdbool.h>

#include "scheduler/stored_source.h"
#include "store/connection.h"

struct connections;
struct mask;
struct stored;

struct lookup {
	char *home;
	struct stored *stored;
	struct connections *connections;
	struct connection_source masking; /* the connections, whose secrets the mask learns */
	struct mask *mask; /* knows the secrets that were given out */
	struct stored_source ctx;
	struct render_source source; /* for expressions; shows secrets as they are */
};

/* Opens it over windrow's home; nothing is read yet. Reports what is wrong and returns false. It is
 * closed by lookup_close(), whatever came, and does not move meanwhile. */
bool lookup_open(struct lookup *l, const char *home);

/* The same over the home of this process. */
bool lookup_home(struct lookup *l);
void lookup_close(struct lookup *l);

/* For those who show what comes out: secret variables are *** from now on. */
void lookup_hide_secrets(struct lookup *l);

/* The connections, for operators. */
const struct connection_source *lookup_connections(const struct lookup *l);

#endif
