/*
 * Connections in the store. Password and extra are sealed: extra as a whole, as JSON, since it may
 * hold a private key.
 */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/secret.h"
#include "store/store_impl.h"

#define TABLE "connections"

/* What one piece of work takes and gives. */
struct job {
	struct arena *arena;
	const char *id;
	const struct connection *put;
	bool may_replace;
	struct connection one, *list;
	size_t n;
};

/* The columns that need no key, in the order of PLAIN. */
#define PLAIN "id, conn_type, host, port, login, schema_name, description"

static void read_plain(struct db_rows *rows, struct arena *a, struct connection *c, int *r)
{
	memset(c, 0, sizeof(*c));
	c->id = store_text(a, db_rows_text(rows, 0), r);
	c->type = store_text(a, db_rows_text(rows, 1), r);
	c->host = store_text(a, db_rows_text(rows, 2), r);
	c->port = (int)db_rows_int(rows, 3);
	c->login = store_text(a, db_rows_text(rows, 4), r);
	c->schema = store_text(a, db_rows_text(rows, 5), r);
	c->description = store_text(a, db_rows_text(rows, 6), r);
	c->extra = value_null();
	c->origin = "the store";
	c->is_stored = true;
}

/* Opens one sealed column; NULL where it is empty. */
static int read_sealed(struct store *s, struct db_rows *rows, int column, const char *name,
	const struct job *j, const char **out, size_t *len, struct err *e)
{
	const struct seal_place place = {TABLE, j->id, name};
	size_t sealed_len;
	const void *sealed = db_rows_bytes(rows, column, &sealed_len);

	*out = NULL;
	return sealed == NULL
		? 0
		: store_open_sealed(s, &place, sealed, sealed_len, j->arena, out, len, e);
}

static int read_one(struct store *s, struct db_rows *rows, struct job *j, struct err *e)
{
	const char *extra;
	size_t len = 0;
	int r = 0;

	read_plain(rows, j->arena, &j->one, &r);
	if (r != 0)
		return err_set(e, r, "%s", err_text(r));
	r = read_sealed(s, rows, 7, "password", j, &j->one.password, &len, e);
	if (r == 0)
		r = read_sealed(s, rows, 8, "extra", j, &extra, &len, e);
	if (r == 0 && extra != NULL)
		r = value_parse_json(j->arena, extra, len, &j->one.extra, e);
	return r;
}

static int not_there(const char *id, struct err *e)
{
	return err_set(e, ERR_NOTFOUND, "there is no connection %s in the store", id);
}

static int get(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT " PLAIN ", password, extra FROM connections WHERE id = $1", "t", j->id);

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 0)
		r = not_there(j->id, e);
	else if (r == 1)
		r = read_one(s, rows, j, e);
	db_rows_close(rows);
	return r;
}

int store_connection_get(
	struct store *s, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	struct job j = {.arena = a, .id = id};
	int r = store_reading(s, get, &j, e);

	if (r == 0)
		*out = j.one;
	return r;
}

static int look(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows, "SELECT 1 FROM connections WHERE id = $1", "t", j->id);

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	j->n = r == 1;
	db_rows_close(rows);
	return r < 0 ? r : 0;
}

int store_connection_has(struct store *s, const char *id, bool *has, struct err *e)
{
	struct job j = {.id = id};
	int r = store_reading(s, look, &j, e);

	if (r == 0)
		*has = j.n > 0;
	return r;
}

static int list(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int step,
		r = db_select(s->db, e, &rows,
			"SELECT " PLAIN ", COUNT(*) OVER () FROM connections ORDER BY id", "");

	if (r != 0)
		return r;
	j->n = 0;
	while ((step = db_rows_next(rows, e)) == 1 && r == 0) {
		if (j->list == NULL)
			j->list = arena_array(
				j->arena, (size_t)db_rows_int(rows, 7), sizeof(*j->list));
		if (j->list == NULL)
			r = ERR_NOMEM;
		else
			read_plain(rows, j->arena, &j->list[j->n++], &r);
	}
	db_rows_close(rows);
	return r == 0 ? step : err_set(e, r, "%s", err_text(r));
}

int store_connection_list(
	struct store *s, struct arena *a, struct connection **out, size_t *n, struct err *e)
{
	struct job j = {.arena = a};
	int r = store_reading(s, list, &j, e);

	if (r != 0)
		return r;
	*out = j.list;
	*n = j.n;
	return 0;
}

/* ---- writing ---- */

#define EXTRA_ROOM ((size_t)1 << 16) /* bytes of an extra that are never moved about */

/* Frees a buffer that held a secret. */
static void wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

/* The JSON of extra. N.B. it holds secrets, and is to be wiped. */
static int extra_text(const struct connection *c, struct buf *text, struct err *e)
{
	int r;

	buf_init(text, CONNECTION_TEXT_MAX);
	(void)buf_room(text, EXTRA_ROOM);
	value_json(&c->extra, text);
	r = buf_status(text);
	if (r == ERR_LIMIT)
		return err_set(e, r, "connection %s: extra is larger than a megabyte", c->id);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

static int seal_extra(
	struct store *s, const struct connection *c, struct buf *sealed, struct err *e)
{
	const struct seal_place place = {TABLE, c->id, "extra"};
	struct buf text;
	int r;

	if (c->extra.type != VALUE_MAP)
		return 0;
	r = extra_text(c, &text, e);
	if (r == 0)
		r = store_seal(s, &place, text.data, text.len, sealed, e);
	wipe(&text);
	return r;
}

static int write_row(struct store *s, const struct job *j, const struct buf *password,
	const struct buf *extra, const char *keypair, struct err *e)
{
	static const char *const insert =
		"INSERT INTO connections (" PLAIN ", password, extra, keypair, updated_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
	static const char *const put =
		"INSERT INTO connections (" PLAIN ", password, extra, keypair, updated_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) "
		"ON CONFLICT (id) DO UPDATE SET conn_type = excluded.conn_type, "
		"host = excluded.host, port = excluded.port, login = excluded.login, "
		"schema_name = excluded.schema_name, description = excluded.description, "
		"password = excluded.password, extra = excluded.extra, "
		"keypair = excluded.keypair, updated_at = excluded.updated_at";
	const struct connection *c = j->put;

	return db_run(s->db, e, NULL, j->may_replace ? put : insert, "tttitttbbti", c->id, c->type,
		c->host, (int64_t)c->port, c->login, c->schema, c->description, password->data,
		password->len, extra->data, extra->len, keypair, clock_wall_ms());
}

static int put(struct store *s, void *ctx, struct err *e)
{
	const struct job *j = ctx;
	const struct connection *c = j->put;
	const struct seal_place place = {TABLE, c->id, "password"};
	struct arena *a = arena_create(0);
	struct buf password, extra;
	const char *keypair;
	int r;

	if (a == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	buf_init(&password, 0);
	buf_init(&extra, 0);
	r = store_seal(s, &place, c->password, c->password == NULL ? 0 : strlen(c->password),
		&password, e);
	if (r == 0)
		r = seal_extra(s, c, &extra, e);
	keypair = connection_extra_text(a, c, "keypair");
	if (r == 0 && arena_is_short(a))
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0)
		r = write_row(s, j, &password, &extra, keypair, e);
	if (r == ERR_EXISTS)
		(void)err_set(e, r,
			"there is a connection %s already; `windrow connections edit %s` changes "
			"it",
			c->id, c->id);
	buf_free(&password);
	buf_free(&extra);
	arena_destroy(a);
	return r;
}

static int check_texts(const struct connection *c, struct err *e)
{
	const struct {
		const char *part, *text;
	} texts[] = {{"type", c->type}, {"host", c->host}, {"login", c->login},
		{"password", c->password}, {"schema", c->schema}, {"description", c->description}};
	int r = 0;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]) && r == 0; i++)
		r = store_text_check("connection", c->id, texts[i].part, texts[i].text, e);
	return r;
}

/* Whether JSON can say all of extra. ERR_INVALID, ERR_LIMIT, ERR_NOMEM. */
static int check_extra(const struct connection *c, struct err *e)
{
	struct arena *a;
	struct value again;
	struct buf text;
	int r;

	if (c->extra.type != VALUE_MAP)
		return 0;
	a = secret_arena_create(0);
	r = extra_text(c, &text, e);
	if (r == 0)
		r = a == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			      : value_parse_json(a, text.data, text.len, &again, e);
	if (r == 0 && !value_equal(&c->extra, &again))
		r = err_set(e, ERR_INVALID, "connection %s: extra holds bytes that are no UTF-8",
			c->id);
	wipe(&text);
	arena_destroy(a);
	return r;
}

int store_connection_check(const struct connection *c, struct err *e)
{
	int r = connection_id_check(c->id, e);

	if (r == 0)
		r = check_texts(c, e);
	if (r == 0 && connection_is_ssh(c))
		r = connection_check(c, e);
	return r == 0 ? check_extra(c, e) : r;
}

int store_connection_put(
	struct store *s, const struct connection *c, bool may_replace, struct err *e)
{
	struct job j = {.put = c, .may_replace = may_replace};
	int r = store_connection_check(c, e);

	return r == 0 ? store_writing(s, "connection.put", c->id, put, &j, e) : r;
}

static int erase(struct store *s, void *ctx, struct err *e)
{
	const char *id = ((struct job *)ctx)->id;
	int64_t changed;
	int r = db_run(s->db, e, &changed, "DELETE FROM connections WHERE id = $1", "t", id);

	return r == 0 && changed == 0 ? not_there(id, e) : r;
}

int store_connection_delete(struct store *s, const char *id, struct err *e)
{
	struct job j = {.id = id};

	return store_writing(s, "connection.delete", id, erase, &j, e);
}
