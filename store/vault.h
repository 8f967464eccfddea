/*
 * The vault: the data key that seals the store's secrets, itself sealed under the master key and
 * kept in the table vault_keys. The key is read when it is first needed, and lives in secret
 * memory.
 *
 * Whoever seals or opens must be inside a transaction, so that the key and the rows belong
 * together: another process may rotate at any moment between two of them.
 */
#ifndef STORE_VAULT_H
#define STORE_VAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "store/seal.h"

struct arena;
struct buf;
struct db;
struct err;
struct vault;

/* Makes a vault that has read nothing yet. home and env (as environ(7)) must outlive it. NULL: no
 * memory. */
struct vault *vault_create(const char *home, char *const *env);
void vault_destroy(struct vault *v);

/* Takes the key that the database has now. may_make: where it has none yet, one is made (in a
 * transaction that writes), and a master key with it where there is none. ERR_DENIED: the master
 * key is another; ERR_NOTFOUND: it is missing; ERR_CORRUPT, ERR_INVALID, ERR_IO, ERR_NOMEM. */
int vault_load(struct vault *v, struct db *d, bool may_make, struct err *e);

/* The number of the key that was loaded. */
uint32_t vault_number(const struct vault *v);

/* To be called when the transaction has been committed: a new master key takes its place. ERR_IO.
 */
int vault_committed(struct vault *v, struct err *e);

/* Or undone: the key must be read again. N.B. a commit that failed may still have happened, so a
 * new master key stays on the disk until the next one is made. */
void vault_forget(struct vault *v);

/* As seal_close() and seal_open(), under the key that was loaded. */
int vault_close(const struct vault *v, const struct seal_place *place, const void *plain,
	size_t len, struct buf *out, struct err *e);
int vault_open(const struct vault *v, const struct seal_place *place, const void *sealed,
	size_t sealed_len, struct arena *a, const char **plain, size_t *len, struct err *e);

/* Begins a rotation, inside a transaction that writes: makes another vault with a new data key
 * under a new master key (out of key_file where that is not NULL), which replaces the old one in
 * the database. The old vault opens what the new one seals anew. vault_committed() on the new one.
 * ERR_UNSUPPORTED: the master key is not windrow's to write, and no key_file was given. */
int vault_rotate(
	struct vault *old, struct db *d, const char *key_file, struct vault **out, struct err *e);

/* What a message calls the master key, and whether windrow keeps it. */
const char *vault_master_name(const struct vault *v);
bool vault_master_is_ours(const struct vault *v);

#endif
