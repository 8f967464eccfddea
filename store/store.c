/*
 * The store's file: made, opened, migrated, checked; and transactions around what the other files
 * do with its tables.
 *
 * A new store is made whole under another name and linked to its own, so that a kill leaves either
 * none or a whole one, and of two that make it at once one wins. N.B. a store that exists is looked
 * at before anything else is done to it, and one that this windrow does not know is left alone.
 */
#include "store/store.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/migrations.h"
#include "store/new_file.h"
#include "store/store_impl.h"
#include "store/system_error.h"

#define FILE_NAME "windrow.db"

static char *path_join(const char *folder, const char *name)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "%s/%s", folder, name);
	return buf_steal(&b);
}

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

/* ---- the schema ---- */

/* The number of the newest migration that the database has; 0: none. */
static int schema_number(struct db *d, int *out, struct err *e)
{
	struct db_rows *rows;
	int64_t number = 0;
	bool has = false;
	int r = db_has_table(d, "schema_migrations", &has, e);

	if (r != 0 || !has) {
		*out = 0;
		return r;
	}
	r = db_select(d, e, &rows, "SELECT COALESCE(MAX(number), 0) FROM schema_migrations", "");
	if (r == 0)
		r = db_rows_number(rows, &number, e);
	if (r == 0)
		*out = (int)number;
	return r;
}

static int check_schema(struct db *d, const char *path, int *number, struct err *e)
{
	int r = schema_number(d, number, e);

	if (r != 0 || *number == migrations_count)
		return r;
	if (*number > migrations_count)
		return err_set(e, ERR_UNSUPPORTED,
			"the store %s was made by a newer windrow (its schema is number %d, this "
			"one knows up to %d): use that windrow; nothing was changed",
			path, *number, migrations_count);
	return err_set(e, ERR_ILLEGAL,
		"the store %s is of an older windrow (its schema is number %d, this one needs "
		"%d): `windrow db backup FILE`, then `windrow db migrate`",
		path, *number, migrations_count);
}

static int apply(struct db *d, int from, struct err *e)
{
	int r = 0;

	if (from == 0)
		r = db_script(d,
			"CREATE TABLE schema_migrations (number BIGINT PRIMARY KEY, "
			"name TEXT NOT NULL, applied_at BIGINT NOT NULL)",
			e);
	for (int i = from; i < migrations_count && r == 0; i++) {
		r = db_script(d, migrations[i].sql, e);
		if (r == 0)
			r = db_run(d, e, NULL,
				"INSERT INTO schema_migrations (number, name, applied_at) "
				"VALUES ($1, $2, $3)",
				"iti", (int64_t)migrations[i].number, migrations[i].name,
				clock_wall_ms());
		if (r != 0)
			(void)err_context(e, "migration %s", migrations[i].name);
	}
	return r;
}

static int migrate(struct db *d, const char *path, int *from, struct err *e)
{
	int r = db_begin(d, true, e);

	if (r != 0)
		return r;
	r = check_schema(d, path, from, e);
	if (r == ERR_ILLEGAL)
		r = apply(d, *from, e);
	if (r != 0) {
		db_rollback(d);
		return r;
	}
	return db_commit(d, e);
}

/* ---- making one ---- */

int store_home_make(const char *home, struct err *e)
{
	char *path = strdup(home);
	int r = 0;

	if (path == NULL)
		return no_memory(e);
	for (char *at = path + 1; r == 0 && *at != '\0'; at++) {
		if (*at != '/')
			continue;
		*at = '\0';
		if (mkdir(path, 0755) != 0 && errno != EEXIST)
			r = errno;
		*at = '/';
	}
	if (r == 0 && mkdir(path, 0700) != 0 && errno != EEXIST)
		r = errno;
	free(path);
	if (r == 0)
		return 0;
	return err_set(e, system_error_code(r, ERR_UNAVAILABLE),
		"cannot make windrow's home %s: %s", home, strerror(r));
}

/* N.B. the log of a store that was taken away would be taken for the new one's. One whose store is
 * there by now is that of somebody who made it this moment. */
static int check_no_log(const char *home, const char *path, struct err *e)
{
	char *log = path_join(home, FILE_NAME "-wal");
	struct stat st;
	int r = 0;

	if (log == NULL)
		return no_memory(e);
	if (stat(log, &st) == 0 && st.st_size > 0 && access(path, F_OK) != 0)
		r = err_set(e, ERR_UNAVAILABLE,
			"the store %s is not there, but its log %s is: put the store back, or take "
			"the log away to begin with a new one",
			path, log);
	free(log);
	return r;
}

static int create(const char *home, const char *path, struct err *e)
{
	char *made = path_join(home, FILE_NAME ".XXXXXX");
	struct db *d = NULL;
	int fd, from, r, number = 0;

	if (made == NULL)
		return no_memory(e);
	r = check_no_log(home, path, e);
	if (r == 0)
		r = store_home_make(home, e);
	if (r != 0) {
		free(made);
		return r;
	}
	fd = mkstemp(made);
	if (fd < 0) {
		r = err_set(e, system_error_code(errno, ERR_UNAVAILABLE),
			"cannot make the store %s: %s", path, strerror(errno));
		free(made);
		return r;
	}
	(void)close(fd);
	r = db_open(made, DB_NEW, &d, e);
	if (r == 0)
		r = migrate(d, path, &from, e);
	/* N.B. closing would move it into the file too, and would not say where it could not. */
	if (r == 0)
		r = db_settle(d, e);
	db_close(d);
	/* N.B. somebody may have made one this moment. */
	if (r == 0 && (number = new_file_name(made, path)) != 0 && number != EEXIST)
		r = err_set(e, ERR_IO, "cannot make the store %s: %s", path, strerror(number));
	if (r != 0 || number != 0)
		(void)unlink(made);
	free(made);
	return r;
}

/* ---- opening ---- */

static int no_store(const char *path, struct err *e)
{
	return err_set(e, ERR_NOTFOUND,
		"there is no store yet: %s is made when something is first kept, or by `windrow "
		"db migrate`",
		path);
}

/* Opens the database, making it first where that is wished. */
static int open_file(const struct store_options *o, const char *path, enum db_mode mode,
	struct db **out, struct err *e)
{
	int r = 0;

	if (access(path, F_OK) != 0) {
		if (errno != ENOENT)
			return err_set(e, system_error_code(errno, ERR_UNAVAILABLE),
				"the store %s cannot be opened: %s", path, strerror(errno));
		r = o->may_create ? create(o->home, path, e) : no_store(path, e);
	}
	return r == 0 ? db_open(path, mode, out, e) : r;
}

int store_open(const struct store_options *o, struct store **out, struct err *e)
{
	struct store *s = calloc(1, sizeof(*s));
	int number, r;

	if (s == NULL)
		return no_memory(e);
	s->env = o->env;
	s->home = strdup(o->home);
	s->path = path_join(o->home, FILE_NAME);
	s->actor = strdup(o->actor);
	s->vault = s->home == NULL ? NULL : vault_create(s->home, s->env);
	if (s->path == NULL || s->actor == NULL || s->vault == NULL)
		r = no_memory(e);
	else
		r = open_file(o, s->path, DB_WRITE, &s->db, e);
	if (r == 0 && o->may_create)
		r = db_writable(s->db, e);
	if (r == 0 && !o->is_to_copy)
		r = check_schema(s->db, s->path, &number, e);
	if (r != 0) {
		store_close(s);
		return r;
	}
	*out = s;
	return 0;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	if (s->depth > 0)
		store_rollback(s);
	db_close(s->db);
	vault_destroy(s->vault);
	store_output_forget(s);
	free(s->home);
	free(s->path);
	free(s->actor);
	free(s);
}

const char *store_path(const struct store *s)
{
	return s->path;
}

int store_migrate(const struct store_options *o, int *from, int *to, struct err *e)
{
	char *path = path_join(o->home, FILE_NAME);
	bool is_new = path != NULL && access(path, F_OK) != 0;
	struct db *d = NULL;
	int number = 0, r;

	if (path == NULL)
		return no_memory(e);
	r = open_file(o, path, DB_WRITE, &d, e);
	if (r == 0)
		r = migrate(d, path, &number, e);
	db_close(d);
	free(path);
	if (r != 0)
		return r;
	*from = is_new ? 0 : number;
	*to = migrations_count;
	return 0;
}

int store_check(const struct store_options *o, int *version, struct err *e)
{
	struct store_options look = *o;
	char *path = path_join(o->home, FILE_NAME);
	struct db *d = NULL;
	int number = 0, r;

	if (path == NULL)
		return no_memory(e);
	look.may_create = false;
	r = open_file(&look, path, DB_LOOK, &d, e);
	if (r == 0)
		r = db_check(d, e);
	if (r == 0)
		r = check_schema(d, path, &number, e);
	db_close(d);
	free(path);
	if (r == 0)
		*version = number;
	return r;
}

int store_backup(struct store *s, const char *path, struct err *e)
{
	return db_copy(s->db, path, e);
}

const struct err *store_damage(const struct store *s)
{
	return db_damage(s->db);
}

void store_condemn(struct store *s, const struct err *damage)
{
	db_condemn(s->db, damage);
}

int64_t store_size(const struct store *s)
{
	struct stat st;

	return stat(s->path, &st) == 0 ? st.st_size : 0;
}

int store_room_check(const struct store *s, struct err *e)
{
	return db_room_check(s->db, e);
}

void store_reserve(struct store *s)
{
	db_reserve(s->db);
}
