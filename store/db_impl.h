/* What stands behind db.h: private to store/db*.c. */
#ifndef STORE_DB_IMPL_H
#define STORE_DB_IMPL_H

#include <sqlite3.h>
#include <sys/types.h>

#include "engine/err.h"
#include "store/db.h"

#define DB_BUSY_MS 10000 /* how long to wait for another process */
#define DB_KEPT_MAX 64 /* statements that are kept for their next use */

/* A statement that was prepared once. */
struct kept {
	sqlite3_stmt *stmt; /* NULL: the place is free */
	const char *at; /* where the text lay by which it was asked for */
	bool is_in_use;
	uint64_t used; /* when, in uses */
};

struct db {
	sqlite3 *handle;
	char *path; /* as it was given, which may be a link */
	const char *log_path; /* SQLite's, of the log that it keeps beside the file */
	dev_t log_dev; /* which file the log is; log_ino 0: not known yet */
	ino_t log_ino;
	bool is_log_missed; /* another is in its place, or none */
	struct kept kept[DB_KEPT_MAX];
	uint64_t n_uses;
	struct err damage; /* code 0: none was met */
};

/* db.c */

/* Ends the statements that are kept. */
void db_statements_drop(struct db *d);

/* db_error.c */

/* Says what SQLite said with this code, and what to do; returns ours. */
int db_fail(struct db *d, int code, struct err *e);

/* Says that the database may only be read; that what SQLite has found is damage, behind which it is
 * never written to again. */
int db_read_only(const struct db *d, struct err *e);
int db_damaged(struct db *d, const char *what, struct err *e);

/* db_place.c */

/* Refuses a file, or a log, that is not the one any more that was opened: what is written to it is
 * lost with it. What is in a log that stays away is saved, and behind that nothing is written.
 * ERR_UNAVAILABLE, ERR_DENIED, ERR_CORRUPT. */
int db_check_place(struct db *d, struct err *e);

#endif
