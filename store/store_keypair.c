/* Keypairs in the store: the public half as it is, the private one sealed. */

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/store_impl.h"

static struct seal_place place_of(const char *name)
{
	return (struct seal_place){.table = "keypairs", .row = name, .column = "private_key"};
}

/* What one piece of work takes and gives. */
struct job {
	struct arena *arena;
	const char *name; /* NULL: all */
	const struct store_keypair *add;
	const void *private_key;
	size_t private_len;
	struct store_keypair *list;
	const char **ids;
	size_t n;
	const char *plain;
	size_t plain_len;
};

static int not_there(const char *name, struct err *e)
{
	return err_set(e, ERR_NOTFOUND,
		"there is no keypair %s; `windrow keypairs list` shows those that are", name);
}

static int add(struct store *s, void *ctx, struct err *e)
{
	const struct job *j = ctx;
	const struct store_keypair *k = j->add;
	const struct seal_place place = place_of(k->name);
	struct buf sealed;
	int r;

	buf_init(&sealed, 0);
	r = store_seal(s, &place, j->private_key, j->private_len, &sealed, e);
	if (r == 0)
		r = db_run(s->db, e, NULL,
			"INSERT INTO keypairs (name, type, public_line, fingerprint, private_key, "
			"created_at) VALUES ($1, $2, $3, $4, $5, $6)",
			"ttttbi", k->name, k->type, k->public_line, k->fingerprint, sealed.data,
			sealed.len, clock_wall_ms());
	if (r == ERR_EXISTS)
		(void)err_set(e, ERR_EXISTS,
			"there is a keypair %s already; delete it first, or give another name",
			k->name);
	buf_free(&sealed);
	return r;
}

int store_keypair_add(struct store *s, const struct store_keypair *k, const void *private_key,
	size_t len, struct err *e)
{
	struct job j = {.add = k, .private_key = private_key, .private_len = len};
	int r = store_name_check("keypair", k->name, e);

	if (r == 0 && len > STORE_TEXT_MAX)
		r = err_set(e, ERR_LIMIT, "keypair %s: the private key has more than %zu KiB",
			k->name, STORE_TEXT_MAX >> 10);
	return r == 0 ? store_writing(s, "keypair.add", k->name, add, &j, e) : r;
}

static int read_rows(struct db_rows *rows, struct job *j, struct err *e)
{
	int r = 0, step;

	while ((step = db_rows_next(rows, e)) == 1) {
		struct store_keypair *k;

		if (j->list == NULL) {
			j->list = arena_array(
				j->arena, (size_t)db_rows_int(rows, 5), sizeof(*j->list));
			if (j->list == NULL)
				return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		}
		k = &j->list[j->n++];
		k->name = store_text(j->arena, db_rows_text(rows, 0), &r);
		k->type = store_text(j->arena, db_rows_text(rows, 1), &r);
		k->public_line = store_text(j->arena, db_rows_text(rows, 2), &r);
		k->fingerprint = store_text(j->arena, db_rows_text(rows, 3), &r);
		k->created_at = db_rows_int(rows, 4);
		if (r != 0)
			return err_set(e, r, "%s", err_text(r));
	}
	return step;
}

static int list(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT name, type, public_line, fingerprint, created_at, COUNT(*) OVER () "
		"FROM keypairs WHERE name = $1 OR $1 IS NULL ORDER BY name",
		"t", j->name);

	if (r != 0)
		return r;
	j->n = 0;
	r = read_rows(rows, j, e);
	db_rows_close(rows);
	return r;
}

int store_keypair_list(
	struct store *s, struct arena *a, struct store_keypair **out, size_t *n, struct err *e)
{
	struct job j = {.arena = a};
	int r = store_reading(s, list, &j, e);

	if (r != 0)
		return r;
	*out = j.list;
	*n = j.n;
	return 0;
}

int store_keypair_get(struct store *s, struct arena *a, const char *name, struct store_keypair *out,
	struct err *e)
{
	struct job j = {.arena = a, .name = name};
	int r = store_reading(s, list, &j, e);

	if (r == 0 && j.n == 0)
		r = not_there(name, e);
	if (r == 0)
		*out = j.list[0];
	return r;
}

static int open_private(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	const struct seal_place place = place_of(j->name);
	struct db_rows *rows;
	const void *sealed;
	size_t len;
	int r = db_select(
		s->db, e, &rows, "SELECT private_key FROM keypairs WHERE name = $1", "t", j->name);

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 0) {
		r = not_there(j->name, e);
	} else if (r == 1) {
		sealed = db_rows_bytes(rows, 0, &len);
		r = store_open_sealed(
			s, &place, sealed, len, j->arena, &j->plain, &j->plain_len, e);
	}
	db_rows_close(rows);
	return r;
}

int store_keypair_private(struct store *s, struct arena *a, const char *name, const char **key,
	size_t *len, struct err *e)
{
	struct job j = {.arena = a, .name = name};
	int r = store_reading(s, open_private, &j, e);

	if (r != 0)
		return r;
	*key = j.plain;
	*len = j.plain_len;
	return 0;
}

static int users(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int step,
		r = db_select(s->db, e, &rows,
			"SELECT id, COUNT(*) OVER () FROM connections WHERE keypair = $1 "
			"ORDER BY id",
			"t", j->name);

	if (r != 0)
		return r;
	j->n = 0;
	while ((step = db_rows_next(rows, e)) == 1 && r == 0) {
		if (j->ids == NULL)
			j->ids = arena_array(
				j->arena, (size_t)db_rows_int(rows, 1), sizeof(*j->ids));
		if (j->ids == NULL)
			r = ERR_NOMEM;
		else
			j->ids[j->n++] = store_text(j->arena, db_rows_text(rows, 0), &r);
	}
	db_rows_close(rows);
	return r == 0 ? step : err_set(e, r, "%s", err_text(r));
}

int store_keypair_users(struct store *s, struct arena *a, const char *name, const char ***ids,
	size_t *n, struct err *e)
{
	struct job j = {.arena = a, .name = name};
	int r = store_reading(s, users, &j, e);

	if (r != 0)
		return r;
	*ids = j.ids;
	*n = j.n;
	return 0;
}

static int erase(struct store *s, void *ctx, struct err *e)
{
	const char *name = ((struct job *)ctx)->name;
	int64_t changed;
	int r = db_run(s->db, e, &changed, "DELETE FROM keypairs WHERE name = $1", "t", name);

	return r == 0 && changed == 0 ? not_there(name, e) : r;
}

int store_keypair_delete(struct store *s, const char *name, struct err *e)
{
	struct job j = {.name = name};

	return store_writing(s, "keypair.delete", name, erase, &j, e);
}
