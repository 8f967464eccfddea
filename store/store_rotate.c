/*
 * Rotation: one transaction in which everything sealed is opened with the old key and sealed with a
 * new one. What the vault does before and behind it makes it survive a kill; see vault.c.
 */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/secret.h"
#include "store/store_impl.h"

/* Every column that holds sealed secrets. N.B. the statements read and write the column that
 * `place` calls by its name in the seal. */
static const struct sealed_column {
	const char *table, *column;
	const char *select, *update;
	bool is_key; /* of ours: no secret that a person would count */
} sealed_columns[] = {
	{"variables", "value",
		"SELECT name, sealed FROM variables WHERE sealed IS NOT NULL ORDER BY name",
		"UPDATE variables SET sealed = $1 WHERE name = $2"},
	{"keypairs", "private_key",
		"SELECT name, private_key FROM keypairs WHERE private_key IS NOT NULL ORDER BY "
		"name",
		"UPDATE keypairs SET private_key = $1 WHERE name = $2"},
	{"connections", "password",
		"SELECT id, password FROM connections WHERE password IS NOT NULL ORDER BY id",
		"UPDATE connections SET password = $1 WHERE id = $2"},
	{"connections", "extra",
		"SELECT id, extra FROM connections WHERE extra IS NOT NULL ORDER BY id",
		"UPDATE connections SET extra = $1 WHERE id = $2"},
	{"output_keys", "key", "SELECT number, sealed FROM output_keys ORDER BY number",
		"UPDATE output_keys SET sealed = $1 WHERE number = CAST($2 AS BIGINT)", true},
};

struct rotation {
	const char *key_file;
	struct vault *next;
	uint64_t n;
};

static int reseal(struct store *s, const struct rotation *n, const struct sealed_column *c,
	struct db_rows *rows, struct err *e)
{
	const struct seal_place place = {c->table, db_rows_text(rows, 0), c->column};
	struct arena *a = secret_arena_create(0);
	size_t len, sealed_len;
	const void *sealed = db_rows_bytes(rows, 1, &sealed_len);
	const char *plain;
	struct buf b;
	int r;

	if (a == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	buf_init(&b, 0);
	r = vault_open(s->vault, &place, sealed, sealed_len, a, &plain, &len, e);
	if (r == 0)
		r = vault_close(n->next, &place, plain, len, &b, e);
	if (r == 0)
		r = db_run(s->db, e, NULL, c->update, "bt", b.data, b.len, place.row);
	buf_free(&b);
	arena_destroy(a);
	return r;
}

static int reseal_column(
	struct store *s, struct rotation *n, const struct sealed_column *c, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows, c->select, "");

	if (r != 0)
		return r;
	while ((r = db_rows_next(rows, e)) == 1) {
		r = reseal(s, n, c, rows, e);
		if (r != 0)
			break;
		n->n += !c->is_key;
	}
	db_rows_close(rows);
	return r;
}

static int has_key(struct store *s, bool *has, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows, "SELECT 1 FROM vault_keys", "");

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	db_rows_close(rows);
	*has = r == 1;
	return r < 0 ? r : 0;
}

static int rotate(struct store *s, void *ctx, struct err *e)
{
	struct rotation *n = ctx;
	bool has = false;
	int r = has_key(s, &has, e);

	if (r == 0 && !has)
		r = err_set(e, ERR_NOTFOUND,
			"there is nothing to rotate: no secret was ever kept in this store");
	if (r == 0)
		r = vault_load(s->vault, s->db, false, e);
	if (r == 0)
		r = vault_rotate(s->vault, s->db, n->key_file, &n->next, e);
	for (size_t i = 0; i < sizeof(sealed_columns) / sizeof(sealed_columns[0]) && r == 0; i++)
		r = reseal_column(s, n, &sealed_columns[i], e);
	return r;
}

int store_rotate(struct store *s, const char *key_file, struct store_rotation *out, struct err *e)
{
	struct rotation n = {.key_file = key_file};
	int r = store_writing(s, "secrets.rotate", "", rotate, &n, e);

	if (r != 0) {
		vault_destroy(n.next);
		return r;
	}
	vault_destroy(s->vault);
	s->vault = n.next;
	r = vault_committed(s->vault, e);
	if (r != 0)
		return r;
	/* What the old key sealed is not to lie about in the log beside the file. */
	(void)db_settle(s->db, e);
	*out = (struct store_rotation){.key_name = vault_master_name(s->vault),
		.is_kept_by_us = vault_master_is_ours(s->vault),
		.n_sealed = n.n};
	return 0;
}
