/* Variables in the store: plain ones as they are, secret ones sealed. */
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/clock.h"
#include "store/store_impl.h"

static struct seal_place place_of(const char *name)
{
	return (struct seal_place){.table = "variables", .row = name, .column = "value"};
}

/* What one piece of work takes and gives. */
struct job {
	struct arena *arena;
	const char *name;
	const struct store_variable *set;
	struct store_variable one, *list;
	size_t n;
};

static int read_value(struct store *s, struct db_rows *rows, struct job *j, struct err *e)
{
	const struct seal_place place = place_of(j->name);
	size_t len;
	const void *sealed = db_rows_bytes(rows, 1, &len);
	int r = 0;

	j->one = (struct store_variable){.is_secret = sealed != NULL};
	if (sealed != NULL)
		r = store_open_sealed(s, &place, sealed, len, j->arena, &j->one.value, &len, e);
	else
		j->one.value = store_text(j->arena, db_rows_text(rows, 0), &r);
	if (r != 0)
		return r;
	j->one.name = store_text(j->arena, j->name, &r);
	j->one.description = store_text(j->arena, db_rows_text(rows, 2), &r);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

static int get(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT value, sealed, description FROM variables WHERE name = $1", "t", j->name);

	if (r != 0)
		return r;
	r = db_rows_next(rows, e);
	if (r == 0)
		r = err_set(e, ERR_NOTFOUND, "there is no variable %s", j->name);
	else if (r == 1)
		r = read_value(s, rows, j, e);
	db_rows_close(rows);
	return r;
}

int store_variable_get(struct store *s, struct arena *a, const char *name,
	struct store_variable *out, struct err *e)
{
	struct job j = {.arena = a, .name = name};
	int r = store_reading(s, get, &j, e);

	if (r == 0)
		*out = j.one;
	return r;
}

static int read_all(struct db_rows *rows, struct job *j, struct err *e)
{
	int r = 0, step;

	while ((step = db_rows_next(rows, e)) == 1) {
		struct store_variable *v;

		if (j->list == NULL) {
			j->list = arena_array(
				j->arena, (size_t)db_rows_int(rows, 4), sizeof(*j->list));
			if (j->list == NULL)
				return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		}
		v = &j->list[j->n++];
		v->name = store_text(j->arena, db_rows_text(rows, 0), &r);
		v->value = store_text(j->arena, db_rows_text(rows, 1), &r);
		v->is_secret = db_rows_int(rows, 2) != 0;
		v->description = store_text(j->arena, db_rows_text(rows, 3), &r);
		if (r != 0)
			return err_set(e, r, "%s", err_text(r));
	}
	return step;
}

static int list(struct store *s, void *ctx, struct err *e)
{
	struct job *j = ctx;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT name, value, sealed IS NOT NULL, description, COUNT(*) OVER () "
		"FROM variables ORDER BY name",
		"");

	if (r != 0)
		return r;
	j->n = 0;
	r = read_all(rows, j, e);
	db_rows_close(rows);
	return r;
}

int store_variable_list(
	struct store *s, struct arena *a, struct store_variable **out, size_t *n, struct err *e)
{
	struct job j = {.arena = a};
	int r = store_reading(s, list, &j, e);

	if (r != 0)
		return r;
	*out = j.list;
	*n = j.n;
	return 0;
}

static int set(struct store *s, void *ctx, struct err *e)
{
	const struct store_variable *v = ((struct job *)ctx)->set;
	const struct seal_place place = place_of(v->name);
	struct buf sealed;
	int r = 0;

	buf_init(&sealed, 0);
	if (v->is_secret)
		r = store_seal(s, &place, v->value, strlen(v->value), &sealed, e);
	if (r == 0)
		r = db_run(s->db, e, NULL,
			"INSERT INTO variables (name, value, sealed, description, updated_at) "
			"VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET "
			"value = excluded.value, sealed = excluded.sealed, "
			"description = excluded.description, updated_at = excluded.updated_at",
			"ttbti", v->name, v->is_secret ? NULL : v->value, sealed.data, sealed.len,
			v->description, clock_wall_ms());
	buf_free(&sealed);
	return r;
}

int store_variable_set(struct store *s, const struct store_variable *v, struct err *e)
{
	struct job j = {.set = v};
	int r = store_name_check("variable", v->name, e);

	if (r == 0)
		r = store_text_check("variable", v->name, "value", v->value, e);
	if (r == 0)
		r = store_text_check("variable", v->name, "description", v->description, e);
	return r == 0 ? store_writing(s, "variable.set", v->name, set, &j, e) : r;
}

static int erase(struct store *s, void *ctx, struct err *e)
{
	const char *name = ((struct job *)ctx)->name;
	int64_t changed;
	int r = db_run(s->db, e, &changed, "DELETE FROM variables WHERE name = $1", "t", name);

	if (r == 0 && changed == 0)
		r = err_set(e, ERR_NOTFOUND, "there is no variable %s", name);
	return r;
}

int store_variable_delete(struct store *s, const char *name, struct err *e)
{
	struct job j = {.name = name};

	return store_writing(s, "variable.delete", name, erase, &j, e);
}
