/* Runs, their tasks and their tries in the store. */
#include "store/store_run.h"

#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "store/store_list.h"

#define RUN_COLUMNS                                                                                \
	"number, dag_id, run_id, version, run_type, state, stop, logical_date, interval_start, "   \
	"interval_end, conf, params, seed, queued_at, started_at, ended_at, actor, max_active"
#define TASK_COLUMNS                                                                               \
	"run, task, instance, task_id, state, try_number, try_limit, n_items, at, kill, "          \
	"is_decided, is_released, started_at, ended_at, items, sealed_items"
#define TRY_COLUMNS                                                                                \
	"run, task, instance, try_number, execution_id, state, started_at, ended_at, exit_code, "  \
	"message, log_path, outputs, sealed"

/* N.B. instances are unsigned here, and -1 there where it is the task itself. */
static int64_t instance_out(uint32_t instance)
{
	return instance == RUN_NO_INSTANCE ? -1 : (int64_t)instance;
}

static uint32_t instance_in(int64_t instance)
{
	return instance < 0 ? RUN_NO_INSTANCE : (uint32_t)instance;
}

/* A state's number out of its name. */
static int state_in(const char *text, int (*find)(const char *text, size_t len), uint8_t *out)
{
	int state = text == NULL ? -1 : find(text, strlen(text));

	if (state < 0)
		return ERR_CORRUPT;
	*out = (uint8_t)state;
	return 0;
}

/* ---- putting ---- */

int store_run_put(struct store *s, const struct store_run *r, struct err *e)
{
	return db_run(s->db, e, NULL,
		"INSERT INTO runs (" RUN_COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
		"$11, $12, $13, $14, $15, $16, $17, $18) ON CONFLICT (number) DO UPDATE SET "
		"version = excluded.version, state = excluded.state, stop = excluded.stop, "
		"started_at = excluded.started_at, ended_at = excluded.ended_at",
		"ittittiooottiiooti", (int64_t)r->number, r->dag_id, r->run_id, (int64_t)r->version,
		r->run_type, run_state_name((enum run_state)r->state), (int64_t)r->stop,
		r->logical_date, r->interval_start, r->interval_end, r->conf, r->params,
		(int64_t)r->seed, r->queued_at, r->started_at, r->ended_at, r->actor,
		(int64_t)r->max_active);
}

static int task_write(
	struct store *s, const struct store_task *t, const struct buf *sealed, struct err *e)
{
	const struct run_row *row = &t->row;

	return db_run(s->db, e, NULL,
		"INSERT INTO task_instances (" TASK_COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, "
		"$9, $10, $11, $12, $13, $14, NULL, $15) ON CONFLICT (run, task, instance) DO "
		"UPDATE SET "
		"state = excluded.state, try_number = excluded.try_number, "
		"try_limit = excluded.try_limit, n_items = excluded.n_items, at = excluded.at, "
		"kill = excluded.kill, is_decided = excluded.is_decided, "
		"is_released = excluded.is_released, started_at = excluded.started_at, "
		"ended_at = excluded.ended_at, items = NULL, sealed_items = excluded.sealed_items",
		"iiittiiiiiiioob", (int64_t)t->run, (int64_t)row->task, instance_out(row->instance),
		t->task_id, task_state_name((enum task_state)row->state), (int64_t)row->try_number,
		(int64_t)row->try_limit, (int64_t)row->n_items, row->at, (int64_t)row->kill,
		(int64_t)row->is_decided, (int64_t)row->is_released, t->started_at, t->ended_at,
		sealed->data, sealed->len);
}

int store_task_put(struct store *s, const struct store_task *t, struct err *e)
{
	struct buf sealed;
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	buf_init(&sealed, 0);
	r = store_items_seal(s, t, &sealed, e);
	if (r == 0)
		r = task_write(s, t, &sealed, e);
	buf_free(&sealed);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

static int try_write(
	struct store *s, const struct store_try *t, const struct buf *sealed, struct err *e)
{
	return db_run(s->db, e, NULL,
		"INSERT INTO tries (" TRY_COLUMNS
		") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, "
		"$11, NULL, $12) ON CONFLICT (run, task, instance, try_number) DO UPDATE SET "
		"execution_id = excluded.execution_id, state = excluded.state, "
		"started_at = excluded.started_at, ended_at = excluded.ended_at, "
		"exit_code = excluded.exit_code, message = excluded.message, "
		"log_path = excluded.log_path, outputs = NULL, sealed = excluded.sealed",
		"iiiittooittb", (int64_t)t->run, (int64_t)t->task, instance_out(t->instance),
		(int64_t)t->try_number, t->execution_id, task_state_name((enum task_state)t->state),
		t->started_at, t->ended_at, (int64_t)t->exit_code, t->message, t->log_path,
		sealed->data, sealed->len);
}

int store_try_put(struct store *s, const struct store_try *t, struct err *e)
{
	struct buf sealed;
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	buf_init(&sealed, 0);
	r = store_output_seal(s, t, &sealed, e);
	if (r == 0)
		r = try_write(s, t, &sealed, e);
	buf_free(&sealed);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

/* ---- reading ---- */

static int run_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_run *run = item;
	int r = state_in(db_rows_text(rows, 5), run_state_find, &run->state);

	run->number = (uint64_t)db_rows_int(rows, 0);
	run->dag_id = store_text(a, db_rows_text(rows, 1), &r);
	run->run_id = store_text(a, db_rows_text(rows, 2), &r);
	run->version = (uint32_t)db_rows_int(rows, 3);
	run->run_type = store_text(a, db_rows_text(rows, 4), &r);
	run->stop = (uint8_t)db_rows_int(rows, 6);
	run->logical_date = db_rows_int_or_none(rows, 7);
	run->interval_start = db_rows_int_or_none(rows, 8);
	run->interval_end = db_rows_int_or_none(rows, 9);
	run->conf = store_text(a, db_rows_text(rows, 10), &r);
	run->params = store_text(a, db_rows_text(rows, 11), &r);
	run->seed = (uint64_t)db_rows_int(rows, 12);
	run->queued_at = db_rows_int(rows, 13);
	run->started_at = db_rows_int_or_none(rows, 14);
	run->ended_at = db_rows_int_or_none(rows, 15);
	run->actor = store_text(a, db_rows_text(rows, 16), &r);
	run->max_active = (uint32_t)db_rows_int(rows, 17);
	return r;
}

/* Bytes of a row in the arena; NULL for NULL, and *r becomes ERR_NOMEM where there is no memory. */
static const void *bytes_read(
	struct arena *a, struct db_rows *rows, int column, size_t *len, int *r)
{
	const void *bytes = db_rows_bytes(rows, column, len);
	const void *copy = bytes == NULL ? NULL : arena_memdup(a, bytes, *len);

	if (bytes != NULL && copy == NULL)
		*r = ERR_NOMEM;
	return copy;
}

static int task_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_task *t = item;
	int r = state_in(db_rows_text(rows, 4), task_state_find, &t->row.state);

	t->run = (uint64_t)db_rows_int(rows, 0);
	t->row.task = (uint32_t)db_rows_int(rows, 1);
	t->row.instance = instance_in(db_rows_int(rows, 2));
	t->task_id = store_text(a, db_rows_text(rows, 3), &r);
	t->row.try_number = (uint32_t)db_rows_int(rows, 5);
	t->row.try_limit = (uint32_t)db_rows_int(rows, 6);
	t->row.n_items = (uint32_t)db_rows_int(rows, 7);
	t->row.at = db_rows_int(rows, 8);
	t->row.kill = (uint8_t)db_rows_int(rows, 9);
	t->row.is_decided = db_rows_int(rows, 10) != 0;
	t->row.is_released = db_rows_int(rows, 11) != 0;
	t->started_at = db_rows_int_or_none(rows, 12);
	t->ended_at = db_rows_int_or_none(rows, 13);
	t->items = store_text(a, db_rows_text(rows, 14), &r);
	t->sealed_items = bytes_read(a, rows, 15, &t->sealed_items_len, &r);
	return r;
}

/* A try's row, whose outputs are sealed still. */
struct try_row {
	struct store_try t;
	const void *sealed;
	size_t sealed_len;
};

static int try_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct try_row *row = item;
	struct store_try *t = &row->t;

	int r = state_in(db_rows_text(rows, 5), task_state_find, &t->state);

	t->run = (uint64_t)db_rows_int(rows, 0);
	t->task = (uint32_t)db_rows_int(rows, 1);
	t->instance = instance_in(db_rows_int(rows, 2));
	t->try_number = (uint32_t)db_rows_int(rows, 3);
	t->execution_id = store_text(a, db_rows_text(rows, 4), &r);
	t->started_at = db_rows_int_or_none(rows, 6);
	t->ended_at = db_rows_int_or_none(rows, 7);
	t->exit_code = (int)db_rows_int(rows, 8);
	t->message = store_text(a, db_rows_text(rows, 9), &r);
	t->log_path = store_text(a, db_rows_text(rows, 10), &r);
	t->outputs = store_text(a, db_rows_text(rows, 11), &r);
	row->sealed = bytes_read(a, rows, 12, &row->sealed_len, &r);
	return r;
}

int store_run_find(struct store *s, struct arena *a, const char *dag_id, const char *run_id,
	struct store_run *out, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(*out), .read = run_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT " RUN_COLUMNS " FROM runs WHERE dag_id = $1 AND run_id = $2", "tt", dag_id,
		run_id);

	if (r == 0)
		r = store_list_read_one(&l, rows, out, e);
	return r != ERR_NOTFOUND ? r : err_set(e, r, "the DAG %s has no run %s", dag_id, run_id);
}

int store_run_before(struct store *s, struct arena *a, const char *dag_id, int64_t logical_date,
	struct store_run *out, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(*out), .read = run_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT " RUN_COLUMNS " FROM runs WHERE dag_id = $1 AND logical_date < $2 "
		"ORDER BY logical_date DESC, number DESC LIMIT 1",
		"ti", dag_id, logical_date);

	if (r == 0)
		r = store_list_read_one(&l, rows, out, e);
	return r != ERR_NOTFOUND ? r : err_set(e, r, "the DAG %s has no run before that", dag_id);
}

int store_runs_unfinished(
	struct store *s, struct arena *a, struct store_run **out, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = run_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT " RUN_COLUMNS " FROM runs WHERE state IN ('queued', 'running') "
		"ORDER BY state DESC, number",
		"");

	if (r == 0)
		r = store_list_read(&l, rows, e);
	*out = r == 0 ? l.items : NULL;
	*n = r == 0 ? l.n : 0;
	return r;
}

#define LIST_FROM "SELECT " RUN_COLUMNS " FROM runs WHERE "
#define LIST_ANY "($2 IS NULL OR run_id = $2) AND ($3 IS NULL OR state = $3) "
#define LIST_ANY_DATE                                                                              \
	"AND ($4 IS NULL OR logical_date >= $4) AND ($5 IS NULL OR logical_date <= $5) "
#define LIST_END " LIMIT $6"

/* N.B. a condition that may be none keeps the database from its indexes: what narrows the search
 * most is said outright, and the order of a span of dates is made afterwards (+number). */
static const char *list_sql(const struct store_run_filter *f)
{
	if (f->dag_id == NULL)
		return LIST_FROM "$1 IS NULL AND " LIST_ANY LIST_ANY_DATE
				 "ORDER BY number DESC" LIST_END;
	if (f->run_id != NULL)
		return LIST_FROM
			"dag_id = $1 AND run_id = $2 AND ($3 IS NULL OR state = $3) " LIST_ANY_DATE
			"ORDER BY +number DESC" LIST_END;
	if (f->since != INSTANT_NONE || f->until != INSTANT_NONE)
		return LIST_FROM "dag_id = $1 AND " LIST_ANY
				 "AND logical_date >= $4 AND logical_date <= $5 "
				 "ORDER BY +number DESC" LIST_END;
	return LIST_FROM "dag_id = $1 AND " LIST_ANY LIST_ANY_DATE "ORDER BY number DESC" LIST_END;
}

int store_runs_list(struct store *s, struct arena *a, const struct store_run_filter *filter,
	struct store_run **out, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = run_read};
	bool has_span = filter->since != INSTANT_NONE || filter->until != INSTANT_NONE;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows, list_sql(filter), "tttooi", filter->dag_id,
		filter->run_id, filter->state,
		has_span && filter->since == INSTANT_NONE ? INSTANT_MIN : filter->since,
		has_span && filter->until == INSTANT_NONE ? INSTANT_MAX : filter->until,
		filter->limit == 0 ? INT64_MAX : (int64_t)filter->limit);

	if (r == 0)
		r = store_list_read(&l, rows, e);
	*out = r == 0 ? l.items : NULL;
	*n = r == 0 ? l.n : 0;
	return r;
}

int store_run_number_last(struct store *s, uint64_t *out, struct err *e)
{
	struct db_rows *rows;
	int64_t number = 0;
	int r = db_select(s->db, e, &rows, "SELECT COALESCE(MAX(number), 0) FROM runs", "");

	if (r == 0)
		r = db_rows_number(rows, &number, e);
	if (r == 0)
		*out = (uint64_t)number;
	return r;
}

int store_tasks_of(struct store *s, struct arena *a, uint64_t run, struct store_task **out,
	size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = task_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT " TASK_COLUMNS
		" FROM task_instances WHERE run = $1 ORDER BY task, instance",
		"i", (int64_t)run);

	if (r == 0)
		r = store_list_read(&l, rows, e);
	*out = r == 0 ? l.items : NULL;
	*n = r == 0 ? l.n : 0;
	return r;
}

struct tries {
	struct arena *arena;
	uint64_t run;
	struct store_try *list;
	size_t n;
};

static int tries_read(struct store *s, void *ctx, struct err *e)
{
	struct tries *t = ctx;
	struct store_list l = {.arena = t->arena, .size = sizeof(struct try_row), .read = try_read};
	struct try_row *found;
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT " TRY_COLUMNS " FROM tries WHERE run = $1 "
		"ORDER BY task, instance, try_number",
		"i", (int64_t)t->run);

	if (r == 0)
		r = store_list_read(&l, rows, e);
	if (r != 0)
		return r;
	found = l.items;
	t->n = l.n;
	t->list = arena_array(t->arena, l.n + 1, sizeof(*t->list));
	if (t->list == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < l.n && r == 0; i++) {
		t->list[i] = found[i].t;
		if (found[i].sealed != NULL)
			r = store_output_open(
				s, &t->list[i], found[i].sealed, found[i].sealed_len, t->arena, e);
	}
	return r;
}

int store_tries_of(struct store *s, struct arena *a, uint64_t run, struct store_try **out,
	size_t *n, struct err *e)
{
	struct tries t = {.arena = a, .run = run};
	int r = store_reading(s, tries_read, &t, e);

	*out = r == 0 ? t.list : NULL;
	*n = r == 0 ? t.n : 0;
	return r;
}
