/* Keys on their way into the store. */
#ifndef CLI_KEYPAIR_KEEP_H
#define CLI_KEYPAIR_KEEP_H

struct arena;
struct err;
struct ssh_key;
struct store;

/* Adds a key to the store under this name, which is its comment too, sealed by the passphrase as
 * well (NULL: by the store alone). *told is what `ssh-keygen -l`
 * prints of it, in the arena. As store_keypair_add(). */
int keypair_keep(struct store *s, const struct ssh_key *k, const char *name, const char *passphrase,
	struct arena *a, const char **told, struct err *e);

#endif
