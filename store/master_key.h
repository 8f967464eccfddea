/*
 * The master key: 32 bytes under which the store's data key is sealed. It comes from the first of
 * these that is there:
 *
 *   $WINDROW_MASTER_KEY                        the key itself
 *   $WINDROW_MASTER_KEY_FILE                   a file
 *   $CREDENTIALS_DIRECTORY/windrow-master-key  a file, as systemd's LoadCredential= makes it
 *   master.key in home                         a file, made when it is first needed
 *
 * It is written as base64 (44 characters) or as hexadecimal (64). A file must be its owner's alone.
 *
 * A new key is written beside the file, as FILE.ID, before anything is sealed under it, and takes
 * the file's place once that is committed. Whoever finds a key in FILE that the store does not
 * want, and the wanted one in FILE.ID, finishes what somebody began.
 */
#ifndef STORE_MASTER_KEY_H
#define STORE_MASTER_KEY_H

#include <stdbool.h>

#include "store/seal.h"

#define MASTER_KEY_ID_SIZE 17 /* 16 hexadecimal digits and a NUL */

struct err;

/* Where the key comes from. */
struct master_source {
	char *path; /* the file; NULL: the environment */
	const char *text; /* in the environment; NULL: a file */
	bool is_ours; /* windrow may write the file */
	bool is_guarded; /* the system sees to who may read it */
};

/* A key and its name, which tells nothing of it. To be kept in secret memory. */
struct master_key {
	struct seal_key key;
	char id[MASTER_KEY_ID_SIZE];
};

/* Finds out where the key comes from, reading nothing yet. home: where master.key is. ERR_NOMEM.
 * What came is freed by master_source_free(). */
int master_source_find(
	const char *home, char *const *env, struct master_source *out, struct err *e);
void master_source_free(struct master_source *s);

/* What a message calls it: the file, or the variable's name. */
const char *master_source_name(const struct master_source *s);

/* Reads the key. ERR_NOTFOUND: there is no such file; ERR_DENIED: others can read it; ERR_INVALID:
 * it holds no key; ERR_IO. */
int master_key_read(const struct master_source *s, struct master_key *out, struct err *e);

/* The key of this id: the source's own, or one that waits beside it, which is then put in its
 * place. ERR_DENIED: the source holds another key, or there is none. */
int master_key_read_wanted(
	const struct master_source *s, const char *id, struct master_key *out, struct err *e);

/* Reads a key out of a file of this name, by the same rules. */
int master_key_read_file(const char *path, struct master_key *out, struct err *e);

/* Makes a new key; its file is not written yet. ERR_IO. */
int master_key_make(struct master_key *out, struct err *e);

/* Writes the key beside the source's file; it will survive a power cut. ERR_IO, ERR_DENIED. */
int master_key_write_next(const struct master_source *s, const struct master_key *k, struct err *e);

/* Puts the key that was written so in the file's place. N.B. that it is gone already is success:
 * somebody else has finished it. */
int master_key_adopt(const struct master_source *s, const char *id, struct err *e);

/* A key that waits beside the source's file already, but the one of this id: it was made for a
 * commit that failed. It is to be used before a new one is made: what failed may still come back,
 * where the failure was a disk's, and would want it. Inside a transaction that writes alone: then
 * nobody else is writing one of them. */
bool master_key_find_next(
	const struct master_source *s, const char *except, struct master_key *out);

#endif
