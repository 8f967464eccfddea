/*
 * The vault. Invariants: a data key is in the database only if the master key that seals it is on
 * the disk, in its file or beside it; and a master key takes the file's name only when the
 * transaction that needs it has been committed. So a kill at any instruction leaves a store that
 * opens.
 */
#include "store/vault.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/db.h"
#include "store/master_key.h"
#include "store/secret.h"

/* What must not be swapped or dumped. */
struct keys {
	struct seal_key data;
	struct master_key master;
};

struct vault {
	const char *home;
	char *const *env;
	struct keys *keys; /* NULL: not read yet */
	char master_id[MASTER_KEY_ID_SIZE];
	bool is_pending; /* the master key waits beside its file */
	struct master_source source;
	bool has_source;
};

struct vault *vault_create(const char *home, char *const *env)
{
	struct vault *v = calloc(1, sizeof(*v));

	if (v == NULL)
		return NULL;
	v->home = home;
	v->env = env;
	return v;
}

void vault_forget(struct vault *v)
{
	secret_free(v->keys, sizeof(*v->keys));
	v->keys = NULL;
	v->is_pending = false;
}

void vault_destroy(struct vault *v)
{
	if (v == NULL)
		return;
	vault_forget(v);
	master_source_free(&v->source);
	free(v);
}

const char *vault_master_name(const struct vault *v)
{
	return master_source_name(&v->source);
}

bool vault_master_is_ours(const struct vault *v)
{
	return v->source.is_ours;
}

static int find_source(struct vault *v, struct err *e)
{
	int r = v->has_source ? 0 : master_source_find(v->home, v->env, &v->source, e);

	v->has_source = r == 0;
	return r;
}

static int make_room(struct vault *v, struct err *e)
{
	vault_forget(v);
	v->keys = secret_alloc(sizeof(*v->keys));
	return v->keys == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;
}

/* Where the data key itself is sealed for. */
static const struct seal_place data_key_place = {"vault_keys", "data", "data_key"};

/* ---- reading ---- */

static int open_data_key(struct vault *v, uint32_t number, const char *master_id,
	const void *sealed, size_t sealed_len, struct err *e)
{
	struct arena *a = secret_arena_create(0);
	const char *plain;
	size_t len;
	int r = make_room(v, e);

	if (r == 0 && a == NULL)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0)
		r = master_key_read_wanted(&v->source, master_id, &v->keys->master, e);
	if (r == 0)
		r = seal_open(&v->keys->master.key, &data_key_place, sealed, sealed_len, a, &plain,
			&len, e);
	if (r == 0 && len != SEAL_KEY_SIZE)
		r = err_set(e, ERR_CORRUPT, "the store's data key has a wrong length");
	if (r == 0) {
		v->keys->data.number = number;
		memcpy(v->keys->data.bytes, plain, SEAL_KEY_SIZE);
		memcpy(v->master_id, v->keys->master.id, sizeof(v->master_id));
		explicit_bzero(&v->keys->master.key, sizeof(v->keys->master.key));
	} else {
		vault_forget(v);
	}
	arena_destroy(a);
	return r;
}

/* ---- making ---- */

/* Draws a data key. N.B. by its number others see that it is another than the one before: once in
 * 2^32 times they would not. */
static int draw_data_key(struct seal_key *out, uint32_t before, struct err *e)
{
	int r;

	do
		r = seal_random(out, sizeof(*out), e);
	while (r == 0 && out->number == before);
	return r;
}

/* Puts a new data key, sealed under the master key in v->keys, into the database, for the one of
 * this number. */
static int insert_data_key(struct vault *v, struct db *d, uint32_t before, struct err *e)
{
	struct buf sealed;
	int r = draw_data_key(&v->keys->data, before, e);

	buf_init(&sealed, 0);
	if (r == 0)
		r = seal_close(&v->keys->master.key, &data_key_place, v->keys->data.bytes,
			SEAL_KEY_SIZE, &sealed, e);
	if (r == 0)
		r = db_run(d, e, NULL,
			"INSERT INTO vault_keys (number, master_id, data_key, created_at) "
			"VALUES ($1, $2, $3, $4)",
			"itbi", (int64_t)v->keys->data.number, v->keys->master.id, sealed.data,
			sealed.len, clock_wall_ms());
	buf_free(&sealed);
	return r;
}

/* A master key beside the file, other than the one of this id: one that waits there, or a new one.
 */
static int wait_beside(struct vault *v, const char *except, struct err *e)
{
	int r = 0;

	if (!master_key_find_next(&v->source, except, &v->keys->master)) {
		r = master_key_make(&v->keys->master, e);
		if (r == 0)
			r = master_key_write_next(&v->source, &v->keys->master, e);
	}
	v->is_pending = r == 0;
	return r;
}

/* The master key that is there already, or one beside where it will be. */
static int provide_master(struct vault *v, struct err *e)
{
	int r = master_key_read(&v->source, &v->keys->master, e);

	return r == ERR_NOTFOUND && v->source.is_ours ? wait_beside(v, "", e) : r;
}

static int make(struct vault *v, struct db *d, struct err *e)
{
	int r = make_room(v, e);

	if (r == 0)
		r = provide_master(v, e);
	if (r == 0)
		r = insert_data_key(v, d, 0, e);
	if (r == 0)
		memcpy(v->master_id, v->keys->master.id, sizeof(v->master_id));
	else
		vault_forget(v);
	return r;
}

int vault_load(struct vault *v, struct db *d, bool may_make, struct err *e)
{
	struct db_rows *rows;
	const void *sealed;
	size_t len;
	uint32_t number;
	int r = find_source(v, e);

	if (r == 0)
		r = db_select(
			d, e, &rows, "SELECT number, master_id, data_key FROM vault_keys", "");
	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 1) {
		number = (uint32_t)db_rows_int(rows, 0);
		sealed = db_rows_bytes(rows, 2, &len);
		r = 0;
		if (v->keys == NULL || v->keys->data.number != number)
			r = open_data_key(v, number, db_rows_text(rows, 1), sealed, len, e);
	} else if (r == 0) {
		r = may_make ? make(v, d, e)
			     : err_set(e, ERR_CORRUPT,
				       "the store has sealed secrets, but its data key is gone");
	}
	db_rows_close(rows);
	return r;
}

uint32_t vault_number(const struct vault *v)
{
	return v->keys->data.number;
}

int vault_committed(struct vault *v, struct err *e)
{
	if (v->keys != NULL)
		explicit_bzero(&v->keys->master.key, sizeof(v->keys->master.key));
	if (!v->is_pending)
		return 0;
	v->is_pending = false;
	return master_key_adopt(&v->source, v->master_id, e);
}

int vault_close(const struct vault *v, const struct seal_place *place, const void *plain,
	size_t len, struct buf *out, struct err *e)
{
	return seal_close(&v->keys->data, place, plain, len, out, e);
}

int vault_open(const struct vault *v, const struct seal_place *place, const void *sealed,
	size_t sealed_len, struct arena *a, const char **plain, size_t *len, struct err *e)
{
	return seal_open(&v->keys->data, place, sealed, sealed_len, a, plain, len, e);
}

/* ---- rotation ---- */

/* The new master key: out of the file, which is kept beside the old one where that is ours; or one
 * that waits there, or is made. */
static int next_master(
	struct vault *v, const struct vault *old, const char *key_file, struct err *e)
{
	int r;

	if (key_file == NULL)
		return wait_beside(v, old->master_id, e);
	r = master_key_read_file(key_file, &v->keys->master, e);
	v->is_pending = r == 0 && v->source.is_ours;
	return v->is_pending ? master_key_write_next(&v->source, &v->keys->master, e) : r;
}

int vault_rotate(
	struct vault *old, struct db *d, const char *key_file, struct vault **out, struct err *e)
{
	struct vault *v;
	int r;

	if (!old->source.is_ours && key_file == NULL)
		return err_set(e, ERR_UNSUPPORTED,
			"the master key comes from %s, which windrow does not write: make a new "
			"one (`openssl rand -base64 32`), and give it by --new-key-file",
			vault_master_name(old));
	v = vault_create(old->home, old->env);
	r = v == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : find_source(v, e);
	if (r == 0)
		r = make_room(v, e);
	if (r == 0)
		r = next_master(v, old, key_file, e);
	if (r == 0 && strcmp(v->keys->master.id, old->master_id) == 0)
		r = err_set(
			e, ERR_EXISTS, "%s holds the master key that is in use already", key_file);
	if (r == 0)
		r = db_run(d, e, NULL, "DELETE FROM vault_keys", "");
	if (r == 0)
		r = insert_data_key(v, d, vault_number(old), e);
	if (r != 0) {
		vault_destroy(v);
		return r;
	}
	memcpy(v->master_id, v->keys->master.id, sizeof(v->master_id));
	*out = v;
	return 0;
}
