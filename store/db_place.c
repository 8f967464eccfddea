/*
 * Whether the files behind db.h that lie there are still those that were opened.
 *
 * N.B. the log beside the file holds what was committed last, for good. SQLite takes it away only
 * where nobody has the file open; where somebody else does, all goes on without an error, into a
 * log that nobody will ever find.
 */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "store/db_impl.h"
#include "store/system_error.h"

static int check_file(const struct db *d, struct err *e)
{
	struct stat st;
	int has_moved = 0;

	if (sqlite3_file_control(d->handle, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) !=
			SQLITE_OK ||
		has_moved == 0)
		return 0;
	if (stat(d->path, &st) != 0 && errno != ENOENT)
		return err_set(e, system_error_code(errno, ERR_UNAVAILABLE),
			"the store %s cannot be reached any more: %s", d->path, strerror(errno));
	return err_set(e, ERR_UNAVAILABLE,
		"the store %s was taken away or replaced while it was in use: put it back; to go "
		"on with another, stop what uses it, and take away %s and %s-shm",
		d->path, d->log_path, d->path);
}

/* Moves what the log holds into the file; nobody has written past it, as that would have made
 * another log, which would lie there still.
 *
 * N.B. who had opened another store in the place of this one has taken the log for that one's. */
static int save_log(struct db *d, struct err *e)
{
	int code = sqlite3_wal_checkpoint_v2(
		d->handle, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);

	if (code != SQLITE_OK)
		return db_fail(d, code, e);
	(void)err_set(&d->damage, ERR_CORRUPT,
		"the store's log %s was taken away while it was in use: what it held was saved, "
		"unless another store lay in the place of this one meanwhile; nothing more is "
		"written: start anew what uses the store",
		d->log_path);
	return err_set(e, ERR_CORRUPT, "%s", d->damage.text);
}

/* N.B. SQLite's own way of asking this knows nothing of logs. */
static int check_log(struct db *d, struct err *e)
{
	struct stat st;
	bool is_there = stat(d->log_path, &st) == 0;

	if (is_there && d->log_ino == 0) {
		d->log_dev = st.st_dev;
		d->log_ino = st.st_ino;
	}
	if (d->log_ino == 0 || (is_there && st.st_ino == d->log_ino && st.st_dev == d->log_dev)) {
		d->is_log_missed = false;
		return 0;
	}
	/* Somebody may be about to put it back. */
	if (d->is_log_missed && (!is_there || st.st_size == 0))
		return save_log(d, e);
	d->is_log_missed = true;
	return err_set(e, ERR_UNAVAILABLE,
		"the store's log %s was taken away or replaced while it was in use: put it back",
		d->log_path);
}

int db_check_place(struct db *d, struct err *e)
{
	int r = check_file(d, e);

	return r == 0 ? check_log(d, e) : r;
}
