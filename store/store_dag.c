/* DAGs, their versions and texts, import errors and pools in the store. */
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/store_list.h"
#include "store/store_run.h"

#define DAG_COLUMNS                                                                                \
	"d.dag_id, d.file, d.version, d.is_paused, d.is_retired, d.first_seen, "                   \
	"d.last_interval_start, d.last_interval_end, v.source_hash"
#define DAG_FROM                                                                                   \
	" FROM dags d LEFT JOIN dag_versions v ON v.dag_id = d.dag_id AND v.number = d.version "

/* ---- DAGs ---- */

int store_dag_put(struct store *s, const struct store_dag *d, struct err *e)
{
	return db_run(s->db, e, NULL,
		"INSERT INTO dags (dag_id, file, version, is_paused, is_retired, first_seen, "
		"last_interval_start, last_interval_end, updated_at) "
		"VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT (dag_id) DO UPDATE SET "
		"file = excluded.file, version = excluded.version, is_paused = excluded.is_paused, "
		"is_retired = excluded.is_retired, first_seen = excluded.first_seen, "
		"last_interval_start = excluded.last_interval_start, "
		"last_interval_end = excluded.last_interval_end, updated_at = excluded.updated_at",
		"ttiiiiooi", d->dag_id, d->file, (int64_t)d->version, (int64_t)d->is_paused,
		(int64_t)d->is_retired, d->first_seen, d->last_interval_start, d->last_interval_end,
		clock_wall_ms());
}

int store_dag_version_put(struct store *s, const char *dag_id, uint32_t number,
	const char *source_hash, struct err *e)
{
	return db_run(s->db, e, NULL,
		"INSERT INTO dag_versions (dag_id, number, source_hash, created_at) "
		"VALUES ($1, $2, $3, $4) ON CONFLICT (dag_id, number) DO UPDATE SET "
		"source_hash = excluded.source_hash",
		"titi", dag_id, (int64_t)number, source_hash, clock_wall_ms());
}

int store_source_put(struct store *s, const char *hash, const char *file_name, const char *text,
	size_t len, struct err *e)
{
	if (strlen(text) != len)
		return err_set(e, ERR_INVALID, "%s holds a NUL byte", file_name);
	return db_run(s->db, e, NULL,
		"INSERT INTO dag_sources (hash, file_name, text, created_at) "
		"VALUES ($1, $2, $3, $4) ON CONFLICT (hash) DO NOTHING",
		"ttti", hash, file_name, text, clock_wall_ms());
}

static int dag_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_dag *d = item;
	int r = 0;

	d->dag_id = store_text(a, db_rows_text(rows, 0), &r);
	d->file = store_text(a, db_rows_text(rows, 1), &r);
	d->version = (uint32_t)db_rows_int(rows, 2);
	d->is_paused = db_rows_int(rows, 3) != 0;
	d->is_retired = db_rows_int(rows, 4) != 0;
	d->first_seen = db_rows_int(rows, 5);
	d->last_interval_start = db_rows_int_or_none(rows, 6);
	d->last_interval_end = db_rows_int_or_none(rows, 7);
	d->source_hash = store_text(a, db_rows_text(rows, 8), &r);
	return r;
}

int store_dags(struct store *s, struct arena *a, struct store_dag **out, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = dag_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows, "SELECT " DAG_COLUMNS DAG_FROM "ORDER BY d.dag_id", "");

	if (r == 0)
		r = store_list_read(&l, rows, e);
	*out = r == 0 ? l.items : NULL;
	*n = r == 0 ? l.n : 0;
	return r;
}

int store_dag_get(
	struct store *s, struct arena *a, const char *dag_id, struct store_dag *out, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(*out), .read = dag_read};
	struct db_rows *rows;
	int r = db_select(
		s->db, e, &rows, "SELECT " DAG_COLUMNS DAG_FROM "WHERE d.dag_id = $1", "t", dag_id);

	if (r == 0)
		r = store_list_read_one(&l, rows, out, e);
	return r != ERR_NOTFOUND ? r : err_set(e, r, "there is no DAG %s in the store", dag_id);
}

static int version_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_dag_version *v = item;
	int r = 0;

	v->dag_id = store_text(a, db_rows_text(rows, 0), &r);
	v->number = (uint32_t)db_rows_int(rows, 1);
	v->source_hash = store_text(a, db_rows_text(rows, 2), &r);
	v->created_at = db_rows_int(rows, 3);
	return r;
}

int store_dag_version_get(struct store *s, struct arena *a, const char *dag_id, uint32_t number,
	struct store_dag_version *out, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(*out), .read = version_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT dag_id, number, source_hash, created_at FROM dag_versions "
		"WHERE dag_id = $1 AND number = $2",
		"ti", dag_id, (int64_t)number);

	if (r == 0)
		r = store_list_read_one(&l, rows, out, e);
	return r != ERR_NOTFOUND
		? r
		: err_set(e, r, "the DAG %s has no version %u in the store", dag_id, number);
}

static int source_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_source *v = item;
	int r = 0;

	v->hash = store_text(a, db_rows_text(rows, 0), &r);
	v->file_name = store_text(a, db_rows_text(rows, 1), &r);
	v->text = store_text(a, db_rows_text(rows, 2), &r);
	return r;
}

int store_source_get(
	struct store *s, struct arena *a, const char *hash, struct store_source *out, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(*out), .read = source_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT hash, file_name, text FROM dag_sources WHERE hash = $1", "t", hash);

	if (r == 0)
		r = store_list_read_one(&l, rows, out, e);
	return r != ERR_NOTFOUND ? r : err_set(e, r, "the store has no DAG file %s", hash);
}

/* ---- import errors ---- */

static int errors_put(struct store *s, const char *file, const struct store_import_error *list,
	size_t n, struct err *e)
{
	int r = db_run(s->db, e, NULL, "DELETE FROM import_errors WHERE file = $1", "t", file);

	for (size_t i = 0; i < n && r == 0; i++)
		r = db_run(s->db, e, NULL,
			"INSERT INTO import_errors (file, number, line_number, column_number, "
			"text, "
			"seen_at) VALUES ($1, $2, $3, $4, $5, $6)",
			"tiiiti", file, (int64_t)i, (int64_t)list[i].line, (int64_t)list[i].column,
			list[i].text, clock_wall_ms());
	return r;
}

int store_import_errors_put(struct store *s, const char *file,
	const struct store_import_error *list, size_t n, struct err *e)
{
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	r = errors_put(s, file, list, n, e);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

static int error_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_import_error *v = item;
	int r = 0;

	v->file = store_text(a, db_rows_text(rows, 0), &r);
	v->line = (uint32_t)db_rows_int(rows, 1);
	v->column = (uint32_t)db_rows_int(rows, 2);
	v->text = store_text(a, db_rows_text(rows, 3), &r);
	v->seen_at = db_rows_int(rows, 4);
	return r;
}

int store_import_errors(
	struct store *s, struct arena *a, struct store_import_error **out, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = error_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT file, line_number, column_number, text, seen_at FROM import_errors "
		"ORDER BY file, number",
		"");

	if (r == 0)
		r = store_list_read(&l, rows, e);
	*out = r == 0 ? l.items : NULL;
	*n = r == 0 ? l.n : 0;
	return r;
}

/* ---- pools ---- */

int store_pool_check(const struct store_pool *p, struct err *e)
{
	int r = store_name_check("pool", p->name, e);

	return r != 0 ? r : store_text_check("pool", p->name, "description", p->description, e);
}

int store_pool_put(struct store *s, const struct store_pool *p, struct err *e)
{
	int r = store_pool_check(p, e);

	return r != 0 ? r
		      : db_run(s->db, e, NULL,
				"INSERT INTO pools (name, slots, description) VALUES ($1, $2, $3) "
				"ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, "
				"description = COALESCE(excluded.description, pools.description)",
				"tit", p->name, (int64_t)p->slots, p->description);
}

int store_pool_delete(struct store *s, const char *name, struct err *e)
{
	int64_t changed;
	int r = db_run(s->db, e, &changed, "DELETE FROM pools WHERE name = $1", "t", name);

	return r == 0 && changed == 0 ? err_set(e, ERR_NOTFOUND, "there is no pool %s", name) : r;
}

static int pool_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_pool *p = item;
	int r = 0;

	p->name = store_text(a, db_rows_text(rows, 0), &r);
	p->slots = (uint32_t)db_rows_int(rows, 1);
	p->description = store_text(a, db_rows_text(rows, 2), &r);
	return r;
}

int store_pools(struct store *s, struct arena *a, struct store_pool **out, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = pool_read};
	struct db_rows *rows;
	int r = db_select(
		s->db, e, &rows, "SELECT name, slots, description FROM pools ORDER BY name", "");

	if (r == 0)
		r = store_list_read(&l, rows, e);
	*out = r == 0 ? l.items : NULL;
	*n = r == 0 ? l.n : 0;
	return r;
}
