/* SQLite behind db.h: statements and transactions. */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "store/db_impl.h"

struct db_rows {
	struct db *db;
	sqlite3_stmt *stmt;
};

/* ---- statements ---- */

/* Values on their way into a statement. N.B. a va_list of its own type cannot be pointed to. */
struct values {
	va_list ap;
};

static int bind(sqlite3_stmt *s, int n, char type, struct values *v)
{
	const void *p;
	size_t len;
	int64_t number;

	switch (type) {
	case 't':
		p = va_arg(v->ap, const char *);
		return sqlite3_bind_text64(
			s, n, p, p == NULL ? 0 : strlen(p), SQLITE_STATIC, SQLITE_UTF8);
	case 'b':
		p = va_arg(v->ap, const void *);
		len = va_arg(v->ap, size_t);
		return sqlite3_bind_blob64(s, n, p, len, SQLITE_STATIC);
	case 'o':
		number = va_arg(v->ap, int64_t);
		return number == INT64_MIN ? sqlite3_bind_null(s, n)
					   : sqlite3_bind_int64(s, n, number);
	default:
		return sqlite3_bind_int64(s, n, va_arg(v->ap, int64_t));
	}
}

static bool is_kept(const struct kept *k, const char *sql)
{
	return k->stmt != NULL && strcmp(sqlite3_sql(k->stmt), sql) == 0;
}

/* A place for a statement: the one that has it, else a free one, else the one that was used longest
 * ago. NULL: all are in use, or this very one is. N.B. most texts are literals, which are found by
 * where they lie; to compare each text would cost as much as some statements do. */
static struct kept *kept_find(struct db *d, const char *sql)
{
	struct kept *oldest = NULL;

	for (struct kept *k = d->kept; k < d->kept + DB_KEPT_MAX; k++)
		if (k->at == sql && is_kept(k, sql))
			return k->is_in_use ? NULL : k;
	for (struct kept *k = d->kept; k < d->kept + DB_KEPT_MAX; k++) {
		if (is_kept(k, sql))
			return k->is_in_use ? NULL : k;
		if (!k->is_in_use && (oldest == NULL || k->used < oldest->used))
			oldest = k;
	}
	return oldest;
}

/* The statement of this text, prepared now or before. N.B. $1 is to SQLite a name, and names are
 * numbered as they come: the statements here use them in that order. */
static int statement(struct db *d, const char *sql, sqlite3_stmt **out)
{
	struct kept *k = kept_find(d, sql);
	int code;

	if (k == NULL)
		return sqlite3_prepare_v2(d->handle, sql, -1, out, NULL);
	if (!is_kept(k, sql)) {
		(void)sqlite3_finalize(k->stmt);
		k->stmt = NULL;
		code = sqlite3_prepare_v3(
			d->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, &k->stmt, NULL);
		if (code != SQLITE_OK)
			return code;
	}
	k->at = sql;
	k->is_in_use = true;
	k->used = ++d->n_uses;
	*out = k->stmt;
	return SQLITE_OK;
}

/* Gives a statement back. What it was given is let go of: it may be a secret. */
static void statement_done(struct db *d, sqlite3_stmt *s)
{
	for (struct kept *k = d->kept; k < d->kept + DB_KEPT_MAX; k++)
		if (k->stmt == s) {
			(void)sqlite3_reset(s);
			(void)sqlite3_clear_bindings(s);
			k->is_in_use = false;
			return;
		}
	(void)sqlite3_finalize(s);
}

void db_statements_drop(struct db *d)
{
	for (struct kept *k = d->kept; k < d->kept + DB_KEPT_MAX; k++) {
		(void)sqlite3_finalize(k->stmt);
		*k = (struct kept){0};
	}
}

static int prepare(struct db *d, struct err *e, sqlite3_stmt **out, const char *sql,
	const char *types, struct values *values)
{
	sqlite3_stmt *s = NULL;
	int code = statement(d, sql, &s);

	for (int i = 1; code == SQLITE_OK && types[i - 1] != '\0'; i++)
		code = bind(s, i, types[i - 1], values);
	if (code == SQLITE_OK) {
		*out = s;
		return 0;
	}
	code = db_fail(d, code, e);
	if (s != NULL)
		statement_done(d, s);
	return code;
}

int db_script(struct db *d, const char *sql, struct err *e)
{
	int code = sqlite3_exec(d->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : db_fail(d, code, e);
}

int db_run(struct db *d, struct err *e, int64_t *changed, const char *sql, const char *types, ...)
{
	struct values values;
	sqlite3_stmt *s;
	int code, r;

	va_start(values.ap, types);
	r = prepare(d, e, &s, sql, types, &values);
	va_end(values.ap);
	if (r != 0)
		return r;
	code = sqlite3_step(s);
	if (code != SQLITE_DONE && code != SQLITE_ROW)
		r = db_fail(d, code, e);
	else if (changed != NULL)
		*changed = sqlite3_changes64(d->handle);
	statement_done(d, s);
	return r;
}

int db_select(
	struct db *d, struct err *e, struct db_rows **out, const char *sql, const char *types, ...)
{
	struct db_rows *rows = calloc(1, sizeof(*rows));
	struct values values;
	int r;

	if (rows == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	rows->db = d;
	va_start(values.ap, types);
	r = prepare(d, e, &rows->stmt, sql, types, &values);
	va_end(values.ap);
	if (r != 0) {
		free(rows);
		return r;
	}
	*out = rows;
	return 0;
}

int db_rows_next(struct db_rows *r, struct err *e)
{
	int code = sqlite3_step(r->stmt);

	return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : db_fail(r->db, code, e);
}

const char *db_rows_text(struct db_rows *r, int column)
{
	return (const char *)sqlite3_column_text(r->stmt, column);
}

const void *db_rows_bytes(struct db_rows *r, int column, size_t *len)
{
	const void *p = sqlite3_column_blob(r->stmt, column);

	*len = (size_t)sqlite3_column_bytes(r->stmt, column);
	return p;
}

int64_t db_rows_int(struct db_rows *r, int column)
{
	return sqlite3_column_int64(r->stmt, column);
}

int64_t db_rows_int_or_none(struct db_rows *r, int column)
{
	return sqlite3_column_type(r->stmt, column) == SQLITE_NULL
		? INT64_MIN
		: sqlite3_column_int64(r->stmt, column);
}

void db_rows_close(struct db_rows *r)
{
	if (r == NULL)
		return;
	statement_done(r->db, r->stmt);
	free(r);
}

int db_rows_number(struct db_rows *r, int64_t *out, struct err *e)
{
	int status = db_rows_next(r, e);

	if (status == 1)
		*out = db_rows_int(r, 0);
	db_rows_close(r);
	return status < 0 ? status : 0;
}

int db_has_table(struct db *d, const char *name, bool *has, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(d, e, &rows,
		"SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = $1", "t", name);

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	db_rows_close(rows);
	if (r < 0)
		return r;
	*has = r == 1;
	return 0;
}

/* ---- transactions ---- */

int db_begin(struct db *d, bool is_write, struct err *e)
{
	int r;

	if (is_write && d->damage.code != 0)
		return err_set(e, ERR_CORRUPT, "%s", d->damage.text);
	r = is_write ? db_check_place(d, e) : 0;
	return r == 0 ? db_script(d, is_write ? "BEGIN IMMEDIATE" : "BEGIN", e) : r;
}

int db_commit(struct db *d, struct err *e)
{
	int r = db_script(d, "COMMIT", e);

	if (r != 0)
		db_rollback(d);
	return r;
}

void db_rollback(struct db *d)
{
	if (sqlite3_get_autocommit(d->handle) == 0)
		(void)sqlite3_exec(d->handle, "ROLLBACK", NULL, NULL, NULL);
}
