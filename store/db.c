/*
 * SQLite behind db.h: WAL, so that readers never wait for a writer; synchronous=FULL, so that what
 * was committed survives a power cut; and its errors translated in full.
 *
 * N.B. a file is looked at before anything is written to it: one that is damaged, or that some
 * other program made, stays as it is.
 */
#include "store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"

#define BUSY_MS 10000 /* how long to wait for another process */
#define OURS 0x77647277 /* "wdrw": the application_id of our files */
#define PAGES_A_STEP 256 /* of a copy */
#define RESERVE                                                                                    \
	((sqlite3_int64)4 << 20) /* bytes: of the 1,000 pages behind which it is begun anew */
#define RESERVE_STEP (64 << 10)

#define KEPT_MAX 64 /* statements that are kept for their next use */

/* A statement that was prepared once. */
struct kept {
	sqlite3_stmt *stmt; /* NULL: the place is free */
	const char *at; /* where the text lay by which it was asked for */
	bool is_in_use;
	uint64_t used; /* when, in uses */
};

struct db {
	sqlite3 *handle;
	char *path;
	struct kept kept[KEPT_MAX];
	uint64_t n_uses;
};

struct db_rows {
	struct db *db;
	sqlite3_stmt *stmt;
};

static int read_only(const struct db *d, struct err *e)
{
	return err_set(e, ERR_DENIED,
		"the store %s cannot be written to: look whose it is, and whether it and its "
		"folder "
		"may be changed",
		d->path);
}

/* Says what SQLite said, and what to do. */
static int fail(const struct db *d, int code, struct err *e)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_UNAVAILABLE,
			"the store %s has been in use by another process for more than %d s",
			d->path, BUSY_MS / 1000);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return err_set(e, ERR_CORRUPT,
			"the store %s is damaged (%s); nothing was written to it: keep a copy, and "
			"put a backup in its place",
			d->path, sqlite3_errmsg(d->handle));
	case SQLITE_FULL:
		return err_set(e, ERR_IO, "the store %s: no room is left on its disk", d->path);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return read_only(d, e);
	case SQLITE_CANTOPEN:
		return err_set(e, ERR_UNAVAILABLE, "the store %s cannot be opened: %s", d->path,
			strerror(sqlite3_system_errno(d->handle)));
	case SQLITE_IOERR:
		return err_set(e, ERR_IO, "the store %s: %s (%s)", d->path,
			sqlite3_errmsg(d->handle), strerror(sqlite3_system_errno(d->handle)));
	case SQLITE_CONSTRAINT:
		return err_set(
			e, ERR_EXISTS, "the store %s: %s", d->path, sqlite3_errmsg(d->handle));
	default:
		return err_set(e, ERR_BUG, "the store %s: %s", d->path, sqlite3_errmsg(d->handle));
	}
}

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

	for (struct kept *k = d->kept; k < d->kept + KEPT_MAX; k++)
		if (k->at == sql && is_kept(k, sql))
			return k->is_in_use ? NULL : k;
	for (struct kept *k = d->kept; k < d->kept + KEPT_MAX; k++) {
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
	for (struct kept *k = d->kept; k < d->kept + KEPT_MAX; k++)
		if (k->stmt == s) {
			(void)sqlite3_reset(s);
			(void)sqlite3_clear_bindings(s);
			k->is_in_use = false;
			return;
		}
	(void)sqlite3_finalize(s);
}

static void statements_drop(struct db *d)
{
	for (struct kept *k = d->kept; k < d->kept + KEPT_MAX; k++) {
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
	code = fail(d, code, e);
	if (s != NULL)
		statement_done(d, s);
	return code;
}

int db_script(struct db *d, const char *sql, struct err *e)
{
	int code = sqlite3_exec(d->handle, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : fail(d, code, e);
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
		r = fail(d, code, e);
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

	return code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : fail(r->db, code, e);
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

/* The first number that a statement gives. */
static int number(struct db *d, const char *sql, int64_t *out, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(d, e, &rows, sql, "");

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 1)
		*out = db_rows_int(rows, 0);
	db_rows_close(rows);
	return r < 0 ? r : 0;
}

/* ---- transactions ---- */

int db_begin(struct db *d, bool is_write, struct err *e)
{
	return db_script(d, is_write ? "BEGIN IMMEDIATE" : "BEGIN", e);
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

/* ---- the file ---- */

static int make_ours(struct db *d, struct err *e)
{
	char sql[128];

	(void)snprintf(
		sql, sizeof(sql), "PRAGMA journal_mode = WAL; PRAGMA application_id = %d", OURS);
	return db_script(d, sql, e);
}

static int check_ours(struct db *d, struct err *e)
{
	int64_t id = 0;
	int r = number(d, "PRAGMA application_id", &id, e);

	if (r == 0 && id != OURS)
		r = err_set(e, ERR_CORRUPT,
			"%s is no store of windrow: another program made it, or it is damaged",
			d->path);
	return r;
}

static int set_up(struct db *d, enum db_mode mode, struct err *e)
{
	int r;

	(void)sqlite3_extended_result_codes(d->handle, 1);
	(void)sqlite3_busy_timeout(d->handle, BUSY_MS);
	(void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	if (mode == DB_LOOK)
		(void)sqlite3_db_config(d->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	r = mode == DB_NEW ? make_ours(d, e) : check_ours(d, e);
	if (r != 0)
		return r;
	return db_script(d,
		mode == DB_LOOK ? "PRAGMA query_only = ON"
				: "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA "
				  "secure_delete = ON",
		e);
}

int db_open(const char *path, enum db_mode mode, struct db **out, struct err *e)
{
	struct db *d = calloc(1, sizeof(*d));
	int code, r;

	if (d != NULL)
		d->path = strdup(path);
	if (d == NULL || d->path == NULL) {
		db_close(d);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	code = sqlite3_open_v2(path, &d->handle,
		SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE, NULL);
	r = code == SQLITE_OK ? set_up(d, mode, e) : fail(d, code, e);
	if (r != 0) {
		db_close(d);
		return r;
	}
	*out = d;
	return 0;
}

int db_writable(const struct db *d, struct err *e)
{
	return sqlite3_db_readonly(d->handle, "main") == 1 ? read_only(d, e) : 0;
}

void db_close(struct db *d)
{
	if (d == NULL)
		return;
	statements_drop(d);
	(void)sqlite3_close(d->handle);
	free(d->path);
	free(d);
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

int db_check(struct db *d, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(d, e, &rows, "PRAGMA quick_check(1)", "");

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 1 && strcmp(db_rows_text(rows, 0), "ok") != 0)
		r = err_set(e, ERR_CORRUPT,
			"the store %s is damaged (%s); nothing was written to it: keep a copy, and "
			"put a backup in its place",
			d->path, db_rows_text(rows, 0));
	db_rows_close(rows);
	return r < 0 ? r : 0;
}

int db_settle(struct db *d, struct err *e)
{
	return db_script(d, "PRAGMA wal_checkpoint(TRUNCATE)", e);
}

/* N.B. what SQLite finds behind the last frame it takes for the rest of an older log. */
static void lengthen(sqlite3_file *log, const char *zeros)
{
	sqlite3_int64 was = 0, size;
	int code = log->pMethods->xFileSize(log, &was);

	for (size = was; code == SQLITE_OK && size < RESERVE; size += RESERVE_STEP)
		code = log->pMethods->xWrite(log, zeros, RESERVE_STEP, size);
	if (code == SQLITE_OK && size > was)
		code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
	if (code != SQLITE_OK)
		(void)log->pMethods->xTruncate(log, was);
}

/* N.B. in a transaction that writes nobody else makes the log longer. */
void db_reserve(struct db *d)
{
	char *zeros = calloc(1, RESERVE_STEP);
	sqlite3_file *log = NULL;
	struct err ignored;

	if (zeros != NULL && db_begin(d, true, &ignored) == 0) {
		if (sqlite3_file_control(d->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log) ==
				SQLITE_OK &&
			log != NULL && log->pMethods != NULL)
			lengthen(log, zeros);
		db_rollback(d);
	}
	free(zeros);
}

static int copy_pages(struct db *d, sqlite3 *to, const char *path, struct err *e)
{
	sqlite3_backup *b = sqlite3_backup_init(to, "main", d->handle, "main");
	int code = b == NULL ? sqlite3_errcode(to) : SQLITE_OK;

	while (code == SQLITE_OK)
		code = sqlite3_backup_step(b, PAGES_A_STEP);
	if (b != NULL)
		(void)sqlite3_backup_finish(b);
	if (code == SQLITE_DONE)
		return 0;
	if ((code & 0xff) == SQLITE_CORRUPT || (code & 0xff) == SQLITE_NOTADB)
		return fail(d, code, e);
	return err_set(e, ERR_IO, "cannot write the backup %s: %s", path, sqlite3_errstr(code));
}

int db_copy(struct db *d, const char *path, struct err *e)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	sqlite3 *to = NULL;
	int r;

	if (fd < 0)
		return err_set(e, errno == EEXIST ? ERR_EXISTS : ERR_IO,
			"cannot make the backup %s: %s", path, strerror(errno));
	(void)close(fd);
	if (sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		r = copy_pages(d, to, path, e);
	else
		r = err_set(e, ERR_IO, "cannot make the backup %s: %s", path, sqlite3_errmsg(to));
	(void)sqlite3_close(to);
	if (r != 0)
		(void)unlink(path);
	return r;
}
