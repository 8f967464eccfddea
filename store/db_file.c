/*
 * The database's file behind db.h: WAL, so that readers never wait for a writer; synchronous=FULL,
 * so that what was committed survives a power cut.
 *
 * N.B. a file is looked at before anything is written to it: one that is damaged, or that some
 * other program made, stays as it is.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"
#include "store/db_impl.h"
#include "store/new_file.h"

#define OURS 0x77647277 /* "wdrw": the application_id of our files */
#define PAGES_A_STEP 256 /* of a copy */
#define RESERVE                                                                                    \
	((sqlite3_int64)4 << 20) /* bytes: of the 1,000 pages behind which it is begun anew */
#define RESERVE_STEP (64 << 10)

/* The first number that a statement gives. */
static int number(struct db *d, const char *sql, int64_t *out, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(d, e, &rows, sql, "");

	return r == 0 ? db_rows_number(rows, out, e) : r;
}

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
	(void)sqlite3_busy_timeout(d->handle, DB_BUSY_MS);
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
	if (code == SQLITE_OK)
		d->log_path = sqlite3_filename_wal(sqlite3_db_filename(d->handle, "main"));
	r = code == SQLITE_OK ? set_up(d, mode, e) : db_fail(d, code, e);
	if (r != 0) {
		db_close(d);
		return r;
	}
	*out = d;
	return 0;
}

int db_writable(const struct db *d, struct err *e)
{
	return sqlite3_db_readonly(d->handle, "main") == 1 ? db_read_only(d, e) : 0;
}

void db_close(struct db *d)
{
	if (d == NULL)
		return;
	db_statements_drop(d);
	(void)sqlite3_close(d->handle);
	free(d->path);
	free(d);
}

int db_check(struct db *d, struct err *e)
{
	struct db_rows *rows;
	int r = db_select(d, e, &rows, "PRAGMA quick_check(1)", "");

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 1 && strcmp(db_rows_text(rows, 0), "ok") != 0)
		r = db_damaged(d, db_rows_text(rows, 0), e);
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
		return db_fail(d, code, e);
	return err_set(e, ERR_IO, "cannot write the backup %s: %s", path, sqlite3_errstr(code));
}

/* What is wrong with a database, by *what; or SQLite's code that says so, or SQLITE_OK. */
static int look_through(sqlite3 *handle, char *what, size_t size)
{
	sqlite3_stmt *stmt = NULL;
	const char *found;
	int code = sqlite3_prepare_v2(handle, "PRAGMA quick_check(1)", -1, &stmt, NULL);

	*what = '\0';
	if (code == SQLITE_OK)
		code = sqlite3_step(stmt);
	if (code == SQLITE_ROW) {
		found = (const char *)sqlite3_column_text(stmt, 0);
		if (found == NULL || strcmp(found, "ok") != 0)
			(void)snprintf(what, size, "%s", found == NULL ? "?" : found);
		code = SQLITE_OK;
	}
	(void)sqlite3_finalize(stmt);
	return code;
}

/* Reads all of a copy: pages are copied whatever is in them. N.B. a database that nobody else may
 * open needs no file in memory beside it, which not every file system has. */
static int copy_check(const struct db *d, const char *path, struct err *e)
{
	sqlite3 *copy = NULL;
	char what[256] = "";
	int code = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_exec(copy, "PRAGMA locking_mode = EXCLUSIVE", NULL, NULL, NULL);
	if (code == SQLITE_OK)
		code = look_through(copy, what, sizeof(what));
	(void)sqlite3_close(copy);
	if (code == SQLITE_OK && *what == '\0')
		return 0;
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_CORRUPT && (code & 0xff) != SQLITE_NOTADB)
		return err_set(
			e, ERR_IO, "cannot read the backup %s: %s", path, sqlite3_errstr(code));
	return err_set(e, ERR_CORRUPT,
		"no backup was made: the copy of the store %s is damaged (%s), and was taken away; "
		"`windrow db check` tells whether the store is, too",
		d->path, *what == '\0' ? sqlite3_errstr(code) : what);
}

/* Copies it into this empty file, and looks at all of that. */
static int copy_into(struct db *d, const char *made, const char *path, struct err *e)
{
	sqlite3 *to = NULL;
	int r;

	if (sqlite3_open_v2(made, &to, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK)
		r = copy_pages(d, to, path, e);
	else
		r = err_set(e, ERR_IO, "cannot make the backup %s: %s", path, sqlite3_errmsg(to));
	(void)sqlite3_close(to);
	return r == 0 ? copy_check(d, made, e) : r;
}

static int cannot_make(const char *path, int number, struct err *e)
{
	return err_set(e, number == EEXIST ? ERR_EXISTS : ERR_IO, "cannot make the backup %s: %s",
		path, strerror(number));
}

int db_copy(struct db *d, const char *path, struct err *e)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *made = malloc(size);
	int fd, number, r;
	bool is_there;

	if (made == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	(void)snprintf(made, size, "%s.XXXXXX", path);
	is_there = faccessat(AT_FDCWD, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	fd = is_there ? -1 : mkstemp(made);
	if (fd < 0) {
		r = cannot_make(path, is_there ? EEXIST : errno, e);
		free(made);
		return r;
	}
	(void)close(fd);
	r = copy_into(d, made, path, e);
	if (r == 0 && (number = new_file_name(made, path)) != 0)
		r = cannot_make(path, number, e);
	if (r != 0)
		(void)unlink(made);
	free(made);
	return r;
}
