/* From a connection to a target: keys read, host keys loaded, everything checked beforehand. */
#ifndef OPERATORS_SSH_TARGET_MAKE_H
#define OPERATORS_SSH_TARGET_MAKE_H

#include "operators/ssh/target.h"
#include "store/connection.h"

/* Makes a target with one reference, by the connection `id` of the source. remote_host, where it is
 * not NULL, goes instead of the connection's host. Reads files. e says what is missing and what to
 * do. */
int ssh_target_make(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target **out, struct err *e);

/* The same, or one of n that were made before and may be NULL, with one more reference, where it
 * would come out equal: the connection says what it said, and no file has changed. */
int ssh_target_take(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target *const *kept, size_t n, struct ssh_target **out,
	struct err *e);

/* A target that is kept stands for an equal one that was made later: its files are as old now. */
void ssh_target_settle(struct ssh_target *of, const struct ssh_target *by);

/* Adds a host key to a file of known hosts, which is made where it is missing. ERR_IO. */
int ssh_known_host_record(const char *path, const char *host, int port, const unsigned char *key,
	size_t len, struct err *e);

/* The user's own file of known hosts, in the arena. NULL: no memory. */
const char *ssh_known_hosts_path(struct arena *a);

#endif
