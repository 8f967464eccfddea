/*
 * The store: what lasts. Variables, connections and keypairs, their secrets sealed, and a log of
 * who did what. It lies in home as windrow.db, which is made when something is first kept.
 *
 * A store is used by one thread at a time; any number of processes share it. Each call that changes
 * something is a transaction of its own, unless it stands between store_begin() and store_commit().
 * What is read is put into the caller's arena; where that is to hold a secret, it should be one
 * from secret_arena_create().
 *
 * Errors of all functions, besides those told: ERR_UNAVAILABLE, ERR_DENIED, ERR_IO, ERR_CORRUPT,
 * ERR_NOMEM, each with a sentence.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/connection.h"

#define STORE_NAME_MAX 250 /* bytes of a name */
#define STORE_TEXT_MAX ((size_t)1 << 20) /* bytes of a value or a description */

struct arena;
struct err;
struct store;

/* ---- the store itself ---- */

struct store_options {
	const char *home; /* the folder; made with mode 0700 where it is missing */
	char *const *env; /* where the master key may be told; as environ(7) */
	const char *actor; /* who does what is done, for the log: "cli:anna" */
	bool may_create; /* it will be written to; else ERR_NOTFOUND where there is none yet */
	bool is_to_copy; /* whatever windrow made it; for store_backup() alone */
};

/* Opens the store; it copies the options but for env, which must outlive it. ERR_UNSUPPORTED: a
 * newer windrow made it; ERR_ILLEGAL: it has to be migrated first. */
int store_open(const struct store_options *o, struct store **out, struct err *e);
void store_close(struct store *s);

/* Makes the folder home (mode 0700) and those above it; what is there already stays as it is.
 * ERR_DENIED, ERR_UNAVAILABLE, ERR_NOMEM, with a sentence. */
int store_home_make(const char *home, struct err *e);

/* The database's file, whether it is there or not. */
const char *store_path(const struct store *s);

/* Brings a store to the newest schema, making it where it is missing. *from and *to: the numbers
 * before (0: there was none) and after. ERR_UNSUPPORTED. */
int store_migrate(const struct store_options *o, int *from, int *to, struct err *e);

/* Reads all of a store without changing a byte. *version is its schema's number. ERR_CORRUPT,
 * ERR_UNSUPPORTED, ERR_ILLEGAL (to be migrated), ERR_NOTFOUND. */
int store_check(const struct store_options *o, int *version, struct err *e);

/* The damage that was met in its file; NULL: none. Behind it nothing is written any more. */
const struct err *store_damage(const struct store *s);

/* Damage that store_check() has met in its file. */
void store_condemn(struct store *s, const struct err *damage);

/* Bytes of its file; 0: it cannot be looked at. */
int64_t store_size(const struct store *s);

/* Copies the store as it is now to a new file. ERR_EXISTS; ERR_CORRUPT: the copy is damaged, and
 * gone. N.B. the master key is not in it. */
int store_backup(struct store *s, const char *path, struct err *e);

/* Makes room on the disk for many commits, so that each is as quick as can be. Where that cannot
 * be, they are slower. */
void store_reserve(struct store *s);

/* Whether the disk has room for more than commits, which go on in the room that was made for them:
 * what is stored is to be done, too. ERR_IO: it has none. */
int store_room_check(const struct store *s, struct err *e);

/* Several changes that happen together or not at all. A rollback behind a commit does nothing. */
int store_begin(struct store *s, struct err *e);
int store_commit(struct store *s, struct err *e);
void store_rollback(struct store *s);

/* ---- secrets ---- */

struct store_rotation {
	const char *key_name; /* where the master key is; lives as long as the store */
	bool is_kept_by_us; /* else the person has to put the new one there */
	uint64_t n_sealed; /* how many secrets were sealed anew */
};

/* Makes a new master key (or takes the one in key_file) and a new data key, and seals everything
 * anew. Killed at any instruction it leaves the store as it was or as it is to be. ERR_NOTFOUND:
 * nothing was ever sealed; ERR_UNSUPPORTED: the master key is not windrow's to write, and key_file
 * is NULL; ERR_EXISTS: key_file holds the key in use. */
int store_rotate(struct store *s, const char *key_file, struct store_rotation *out, struct err *e);

/* ---- variables ---- */

struct store_variable {
	const char *name;
	const char *value; /* NULL in a list where it is secret */
	const char *description; /* or NULL */
	bool is_secret;
};

/* Reads one, opening its value. ERR_NOTFOUND. */
int store_variable_get(struct store *s, struct arena *a, const char *name,
	struct store_variable *out, struct err *e);

/* Reads all by name; secrets stay sealed. */
int store_variable_list(
	struct store *s, struct arena *a, struct store_variable **out, size_t *n, struct err *e);

/* Sets one, old or new. ERR_INVALID: its name, ERR_LIMIT. */
int store_variable_set(struct store *s, const struct store_variable *v, struct err *e);

/* ERR_NOTFOUND. */
int store_variable_delete(struct store *s, const char *name, struct err *e);

/* ---- connections ---- */

/* Reads one, opening its secrets. ERR_NOTFOUND. */
int store_connection_get(
	struct store *s, struct arena *a, const char *id, struct connection *out, struct err *e);

/* Reads all by id, password and extra left out: they stay sealed. */
int store_connection_list(
	struct store *s, struct arena *a, struct connection **out, size_t *n, struct err *e);

/* Whether there is one of this id; needs no key. */
int store_connection_has(struct store *s, const char *id, bool *has, struct err *e);

/* Whether the store takes it: its id, its texts, and what an SSH connection's extra says.
 * ERR_INVALID, ERR_LIMIT. */
int store_connection_check(const struct connection *c, struct err *e);

/* Adds one that passes that check, or replaces it where may_replace. ERR_EXISTS. */
int store_connection_put(
	struct store *s, const struct connection *c, bool may_replace, struct err *e);

/* ERR_NOTFOUND. */
int store_connection_delete(struct store *s, const char *id, struct err *e);

/* ---- keypairs ---- */

struct store_keypair {
	const char *name;
	const char *type; /* "ssh-ed25519" */
	const char *public_line; /* as in authorized_keys */
	const char *fingerprint; /* "SHA256:..." */
	int64_t created_at; /* ms since 1970; set by the store */
};

/* Adds one with its private key (bytes of any format). ERR_EXISTS, ERR_INVALID, ERR_LIMIT. */
int store_keypair_add(struct store *s, const struct store_keypair *k, const void *private_key,
	size_t len, struct err *e);

/* Reads one without its private key; or that alone, with a NUL behind it. ERR_NOTFOUND. */
int store_keypair_get(struct store *s, struct arena *a, const char *name, struct store_keypair *out,
	struct err *e);
int store_keypair_private(struct store *s, struct arena *a, const char *name, const char **key,
	size_t *len, struct err *e);

/* Reads all by name, without private keys. */
int store_keypair_list(
	struct store *s, struct arena *a, struct store_keypair **out, size_t *n, struct err *e);

/* The ids of the stored connections that name it in their extra. */
int store_keypair_users(struct store *s, struct arena *a, const char *name, const char ***ids,
	size_t *n, struct err *e);

/* Deletes one, whoever uses it. ERR_NOTFOUND. */
int store_keypair_delete(struct store *s, const char *name, struct err *e);

#endif
