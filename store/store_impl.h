/* What the files of the store share among them. */
#ifndef STORE_STORE_IMPL_H
#define STORE_STORE_IMPL_H

#include "store/db.h"
#include "store/seal.h"
#include "store/store.h"
#include "store/vault.h"

struct buf;
struct store_task;
struct store_try;

struct store {
	struct db *db;
	struct vault *vault;
	char *home, *path, *actor;
	char *const *env;
	int depth; /* of transactions: only the outermost is one */
	bool is_broken; /* one inside failed: the outermost cannot be committed */
	struct seal_key *output_key; /* see store_output.c; in secret memory; NULL: not read yet */
	unsigned char nonces[256]
			    [SEAL_NONCE_SIZE]; /* to seal with: drawn at once, each used once */
	size_t n_nonces; /* left */
	uint32_t output_vault; /* the data key in use when it was made */
	bool is_output_key_sure; /* it is the one to seal with in this transaction */
	bool has_missed_key; /* the key could not be read: a rotation may have come between */
};

/* One piece of work inside a transaction. */
typedef int store_work(struct store *s, void *ctx, struct err *e);

/* Does it in a transaction that reads. Where it needs the vault, it is done anew if a rotation came
 * between. */
int store_reading(struct store *s, store_work *work, void *ctx, struct err *e);

/* Does it in a transaction that writes, and logs it: action ("variable.set") upon name. */
int store_writing(struct store *s, const char *action, const char *name, store_work *work,
	void *ctx, struct err *e);

/* Seals a value for its place, reading or making the key first; bytes of NULL add nothing. */
int store_seal(struct store *s, const struct seal_place *place, const void *plain, size_t len,
	struct buf *out, struct err *e);

/* Opens one, reading the key first. */
int store_open_sealed(struct store *s, const struct seal_place *place, const void *sealed,
	size_t sealed_len, struct arena *a, const char **plain, size_t *len, struct err *e);

/* What a try has left, sealed for its row, in a transaction that writes; nothing where it has left
 * nothing. */
int store_output_seal(struct store *s, const struct store_try *t, struct buf *out, struct err *e);

/* The way back: sets t->outputs, in the arena. */
int store_output_open(struct store *s, struct store_try *t, const void *sealed, size_t sealed_len,
	struct arena *a, struct err *e);

/* The items of a for_each, sealed for its row likewise; store_task_items() is the way back. */
int store_items_seal(struct store *s, const struct store_task *t, struct buf *out, struct err *e);

/* The key of outputs must be read again. */
void store_output_forget(struct store *s);

/* Whether a name can be one: what is its kind, for the message. ERR_INVALID. */
int store_name_check(const char *what, const char *name, struct err *e);

/* Whether a text can be kept: UTF-8 of at most STORE_TEXT_MAX bytes; NULL can. what and name tell
 * whose it is, part which: "variable", "token", "value". ERR_INVALID, ERR_LIMIT. */
int store_text_check(
	const char *what, const char *name, const char *part, const char *text, struct err *e);

/* A text of the arena, NULL for NULL; *r becomes ERR_NOMEM where there is no memory. */
const char *store_text(struct arena *a, const char *text, int *r);

#endif
