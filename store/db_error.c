/* What SQLite's errors mean for whoever has to mend them, and what the system said behind it. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "store/db_impl.h"
#include "store/system_error.h"

/* ---- what the system let it down with ---- */

#define ROOM_MIN ((uint64_t)256 << 10) /* bytes: a few tasks' folders and logs */

static int no_room(const struct db *d, struct err *e)
{
	return err_set(e, ERR_IO, "the store %s: no room is left on its disk", d->path);
}

int db_room_check(const struct db *d, struct err *e)
{
	struct statvfs fs;

	if (statvfs(d->path, &fs) != 0 || fs.f_blocks == 0)
		return 0; /* not known: whoever writes will be told */
	if ((geteuid() == 0 ? fs.f_bfree : fs.f_bavail) * (uint64_t)fs.f_frsize < ROOM_MIN)
		return no_room(d, e);
	return 0;
}

/* Why no file can be made beside the database; 0: one can. */
static int beside_error(const struct db *d)
{
	size_t size = strlen(d->path) + sizeof(".XXXXXX");
	char *path = malloc(size);
	int number = ENOMEM, fd = -1;

	if (path != NULL) {
		(void)snprintf(path, size, "%s.XXXXXX", d->path);
		fd = mkstemp(path);
		number = fd < 0 ? errno : 0;
	}
	if (fd >= 0) {
		(void)unlink(path);
		(void)close(fd);
	}
	free(path);
	return number;
}

/* N.B. where SQLite cannot make its log it looks for one, and tells that there is none. */
static int open_failed(const struct db *d, struct err *e)
{
	int number = sqlite3_system_errno(d->handle), why = 0;

	if (number == ENOENT && access(d->path, F_OK) == 0)
		why = beside_error(d);
	if (why == ENOSPC || why == EDQUOT)
		return err_set(e, ERR_UNAVAILABLE,
			"the store %s cannot be opened: no room is left for another file on its "
			"disk",
			d->path);
	if (why != 0)
		number = why;
	return err_set(e, system_error_code(number, ERR_UNAVAILABLE),
		"the store %s cannot be opened: %s", d->path, strerror(number));
}

/* The system's error; 0: not known. N.B. SQLite forgets it where a commit fails, but not the file
 * that it came from. */
static int io_error(const struct db *d)
{
	int number = sqlite3_system_errno(d->handle);
	sqlite3_file *log = NULL;

	if (number != 0)
		return number;
	(void)sqlite3_file_control(d->handle, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
	if (log != NULL && log->pMethods != NULL)
		(void)log->pMethods->xFileControl(log, SQLITE_FCNTL_LAST_ERRNO, &number);
	if (number == 0)
		(void)sqlite3_file_control(d->handle, "main", SQLITE_FCNTL_LAST_ERRNO, &number);
	return number;
}

static int io_failed(const struct db *d, int code, struct err *e)
{
	int number = io_error(d);

	if (code == SQLITE_IOERR_SHORT_READ)
		return err_set(e, ERR_IO, "the store %s: a part of it is missing, or of its log %s",
			d->path, d->log_path);
	if (number == ENOSPC || number == EDQUOT)
		return no_room(d, e);
	if (number == 0)
		return err_set(e, ERR_IO, "the store %s: %s", d->path, sqlite3_errmsg(d->handle));
	return err_set(e, ERR_IO, "the store %s: %s (%s)", d->path, sqlite3_errmsg(d->handle),
		strerror(number));
}

/* ---- all of them ---- */

/* N.B. SQLite gives the files beside the database the rights that it had when they were made. */
int db_read_only(const struct db *d, struct err *e)
{
	static const char *const suffixes[] = {"-wal", "-shm"};

	for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
		char *path = NULL;
		bool is_kept = asprintf(&path, "%s%s", d->path, suffixes[i]) >= 0 &&
			faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0 && errno == EACCES;

		free(path);
		if (is_kept && faccessat(AT_FDCWD, d->path, W_OK, AT_EACCESS) == 0)
			return err_set(e, ERR_DENIED,
				"the store %s cannot be written to: %s%s beside it may not be "
				"changed; give that the owner and the rights of the store",
				d->path, d->path, suffixes[i]);
	}
	return err_set(e, ERR_DENIED,
		"the store %s cannot be written to: look whose it is, and whether it and its "
		"folder "
		"may be changed",
		d->path);
}

int db_damaged(struct db *d, const char *what, struct err *e)
{
	if (d->damage.code == 0)
		(void)err_set(&d->damage, ERR_CORRUPT,
			"the store %s is damaged (%s), and nothing is written to it: stop what "
			"uses it, keep a copy, and put a backup in its place",
			d->path, what);
	return err_set(e, ERR_CORRUPT, "%s", d->damage.text);
}

const struct err *db_damage(const struct db *d)
{
	return d->damage.code == 0 ? NULL : &d->damage;
}

void db_condemn(struct db *d, const struct err *damage)
{
	if (d->damage.code == 0)
		d->damage = *damage;
}

int db_fail(struct db *d, int code, struct err *e)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
	case SQLITE_PROTOCOL: /* so it calls readers that were kept out as long as that */
		return err_set(e, ERR_UNAVAILABLE,
			"the store %s has been in use by another process for more than %d s",
			d->path, DB_BUSY_MS / 1000);
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:
		return db_damaged(d, sqlite3_errmsg(d->handle), e);
	case SQLITE_FULL:
		return no_room(d, e);
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return db_read_only(d, e);
	case SQLITE_CANTOPEN:
		return open_failed(d, e);
	case SQLITE_IOERR:
		return io_failed(d, code, e);
	case SQLITE_CONSTRAINT:
		return err_set(
			e, ERR_EXISTS, "the store %s: %s", d->path, sqlite3_errmsg(d->handle));
	default:
		return err_set(e, ERR_BUG, "the store %s: %s", d->path, sqlite3_errmsg(d->handle));
	}
}
