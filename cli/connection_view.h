/* Connections as they may be shown: without their secrets. */
#ifndef CLI_CONNECTION_VIEW_H
#define CLI_CONNECTION_VIEW_H

#include "engine/value.h"
#include "store/connection.h"

#define CONNECTION_HIDDEN "***" /* what stands for a secret */

/* Whether a member of extra is a secret, by its name. */
bool connection_view_is_secret(const char *key);

/* extra with its secrets hidden: members whose name says that they are one, however deep.
 * ERR_NOMEM.
 */
int connection_view_extra(struct arena *a, const struct connection *c, struct value *out);

/* "***", or NULL where there is no password. */
const char *connection_view_password(const struct connection *c);

#endif
