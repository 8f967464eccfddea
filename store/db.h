/*
 * SQL, and nothing of what is behind it: the one header of the store that a second database would
 * have to stand behind too. Parameters are written $1, $2, ...
 *
 * A statement's values are given by a word of letters, each with its arguments:
 *   t  const char *                 text, or NULL
 *   b  const void *, size_t         bytes, or NULL
 *   i  int64_t                      a number
 *   o  int64_t                      a number, or NULL for INT64_MIN
 *
 * One thread at a time. Every sentence names the database's file, and no value.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct db_rows;
struct err;

enum db_mode {
	DB_WRITE, /* to be read and written; the file must be there */
	DB_LOOK, /* only looked at: not a byte of it changes */
	DB_NEW /* an empty file is made a database */
};

/* Opens the database. ERR_CORRUPT: damaged, or none of ours; ERR_UNAVAILABLE, ERR_DENIED, ERR_IO,
 * ERR_NOMEM. */
int db_open(const char *path, enum db_mode mode, struct db **out, struct err *e);
void db_close(struct db *d);

/* The damage that was met; NULL: none. Behind it nothing is written any more. */
const struct err *db_damage(const struct db *d);

/* Damage that somebody else has met. */
void db_condemn(struct db *d, const struct err *damage);

/* Refuses a database whose file may only be read, which DB_WRITE opens all the same. ERR_DENIED. */
int db_writable(const struct db *d, struct err *e);

/* Several statements without values and results. */
int db_script(struct db *d, const char *sql, struct err *e);

/* One statement without results. ERR_EXISTS: it would break a constraint. *changed (may be NULL):
 * how many rows it changed. */
int db_run(struct db *d, struct err *e, int64_t *changed, const char *sql, const char *types, ...);

/* A statement with results: rows are stepped through, and closed whatever came. */
int db_select(
	struct db *d, struct err *e, struct db_rows **out, const char *sql, const char *types, ...);

/* Goes to the next row: 1, or 0 behind the last, or an error. */
int db_rows_next(struct db_rows *r, struct err *e);

/* The values of this row, by column from 0; they live until the next step. Text and bytes of NULL
 * are NULL. */
const char *db_rows_text(struct db_rows *r, int column);
const void *db_rows_bytes(struct db_rows *r, int column, size_t *len);
int64_t db_rows_int(struct db_rows *r, int column);

/* The same, INT64_MIN where it is NULL. */
int64_t db_rows_int_or_none(struct db_rows *r, int column);
void db_rows_close(struct db_rows *r);

/* Takes the number with which the first row begins, and closes them. *out stays as it is where
 * there is none. */
int db_rows_number(struct db_rows *r, int64_t *out, struct err *e);

/* Transactions; they do not nest. One that writes waits for other writers, and sees what they
 * did. */
int db_begin(struct db *d, bool is_write, struct err *e);
int db_commit(struct db *d, struct err *e);
void db_rollback(struct db *d);

/* Whether there is a table of this name. */
int db_has_table(struct db *d, const char *name, bool *has, struct err *e);

/* Reads all pages; ERR_CORRUPT and the first thing that is wrong. */
int db_check(struct db *d, struct err *e);

/* Moves all that was committed into the main file and empties the log beside it. */
int db_settle(struct db *d, struct err *e);

/* Makes the log beside the file as long as it gets in use, so that commits need not: a disk takes
 * as long to sync a file's new length as its bytes. Where that cannot be, it stays as it was. */
void db_reserve(struct db *d);

/* Whether the disk has room for anything beside that. ERR_IO, with a sentence: it has none. */
int db_room_check(const struct db *d, struct err *e);

/* Copies the database as it is now into the file, which must not exist; made with mode 0600. The
 * copy is read as a whole, and has its name from then on; where it is damaged there is none.
 * ERR_CORRUPT, ERR_EXISTS, ERR_IO. */
int db_copy(struct db *d, const char *path, struct err *e);

#endif
