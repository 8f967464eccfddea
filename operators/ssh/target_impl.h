/* What the files that make targets share. Private to operators/ssh/target_*.c. */
#ifndef OPERATORS_SSH_TARGET_IMPL_H
#define OPERATORS_SSH_TARGET_IMPL_H

#include <openssl/evp.h>
#include <sys/stat.h>

#include "engine/arena.h"
#include "operators/ssh/known_hosts.h"
#include "operators/ssh/target.h"
#include "store/connection.h"
#include "store/file_stamp.h"

#define TARGET_KEYS_MAX 8
#define TARGET_KEY_FILE_MAX ((size_t)64 << 10)
#define TARGET_FILES_MAX 16 /* keys, their certificates, and two of known hosts */

/* A file that a target was made of, as it was then. */
struct target_file {
	const char *path;
	bool is_there;
	struct file_stamp stamp;
};

struct made {
	struct ssh_target target; /* first: the two are freed as one */
	const struct connection_source *source; /* while it is made */
	struct arena *arena; /* of memory for secrets */
	struct known_hosts *known;
	EVP_MD_CTX *digest; /* of all that the target is made of, while it is made */
	unsigned char said[EVP_MAX_MD_SIZE]; /* a digest of what the connection says */
	struct target_file files[TARGET_FILES_MAX];
	size_t n_files;
	bool is_unsettled; /* a file may have changed since, and look as it did */
	const char *keypair; /* the stored key that the connection names; NULL: it names none */
	size_t keypair_len;
	struct ssh_target_key keys[TARGET_KEYS_MAX];
	bool is_unchecked; /* no_host_key_check */
	bool is_accepting; /* host_key_policy: accept-new */
	bool is_changeable; /* allow_host_key_change */
	const char *pinned; /* host_key of the connection: a key, or SHA256:... */
	const unsigned char *pinned_key; /* NULL: it is no key */
	size_t pinned_len;
	const void *accepted; /* the key that accept-new recorded; NULL: none so far */
	size_t accepted_len;
	const char *known_path; /* the user's own known_hosts */
};

/* target_files.c */

/* Adds what the target is made of to its digest. */
void target_digest_add(struct made *m, const void *bytes, size_t len);

/* `~/x` as people write it. NULL: no memory. */
const char *target_path(struct arena *a, const char *path);

/* Reads a whole file that the target is made of into an arena. ERR_NOTFOUND where it is not there.
 */
int target_file_read(struct made *m, struct arena *a, const char *path, size_t max, char **out,
	size_t *len, struct stat *st, struct err *e);

/* Adds how a file that the target was made of looked to its digest. */
void target_stamp_digest(struct made *m, const char *path);

/* Whether the files that the target was made of are as they were. */
bool target_files_are_same(const struct made *m);

/* target_keys.c */

/* Reads the stored keypair that a connection names, if it does. */
int target_keypair_read(struct made *m, const struct connection *c, struct err *e);

/* Finds the private keys that a connection names, or the user's usual ones. */
int target_keys_find(struct made *m, const struct connection *c, struct err *e);

/* target_host.c */

/* Loads what is known of host keys, and sets the target's check. */
int target_host_load(struct made *m, const struct connection *c, struct err *e);

#endif
