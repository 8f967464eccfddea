/* Callbacks that are owed, in the store. */
#include "store/store_callback.h"

#include "engine/arena.h"
#include "engine/run.h"
#include "store/store_list.h"

static int64_t number_out(uint32_t n)
{
	return n == UINT32_MAX ? -1 : (int64_t)n;
}

static uint32_t number_in(int64_t n)
{
	return n < 0 ? UINT32_MAX : (uint32_t)n;
}

_Static_assert(RUN_NO_TASK == UINT32_MAX && RUN_NO_INSTANCE == UINT32_MAX, "-1 stands for both");

int store_callback_put(struct store *s, const struct store_callback *c, struct err *e)
{
	return db_run(s->db, e, NULL,
		"INSERT INTO callbacks (execution_id, run, task, instance, try_number, event, "
		"action, facts, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
		"tiiiititi", c->execution_id, (int64_t)c->run, number_out(c->task),
		number_out(c->instance), (int64_t)c->try_number, c->event, (int64_t)c->action,
		c->facts, c->created_at);
}

int store_callback_delete(struct store *s, const char *execution_id, struct err *e)
{
	return db_run(
		s->db, e, NULL, "DELETE FROM callbacks WHERE execution_id = $1", "t", execution_id);
}

static int callback_read(struct arena *a, struct db_rows *rows, void *item)
{
	struct store_callback *c = item;
	int r = 0;

	c->execution_id = store_text(a, db_rows_text(rows, 0), &r);
	c->run = (uint64_t)db_rows_int(rows, 1);
	c->task = number_in(db_rows_int(rows, 2));
	c->instance = number_in(db_rows_int(rows, 3));
	c->try_number = (uint32_t)db_rows_int(rows, 4);
	c->event = store_text(a, db_rows_text(rows, 5), &r);
	c->action = (uint32_t)db_rows_int(rows, 6);
	c->facts = store_text(a, db_rows_text(rows, 7), &r);
	c->created_at = db_rows_int(rows, 8);
	c->dag_id = store_text(a, db_rows_text(rows, 9), &r);
	c->run_id = store_text(a, db_rows_text(rows, 10), &r);
	return r;
}

int store_callbacks(
	struct store *s, struct arena *a, struct store_callback **out, size_t *n, struct err *e)
{
	struct store_list l = {.arena = a, .size = sizeof(**out), .read = callback_read};
	struct db_rows *rows;
	int r = db_select(s->db, e, &rows,
		"SELECT c.execution_id, c.run, c.task, c.instance, c.try_number, c.event, "
		"c.action, c.facts, c.created_at, r.dag_id, r.run_id FROM callbacks c "
		"JOIN runs r ON r.number = c.run ORDER BY c.created_at, c.execution_id",
		"");

	if (r == 0)
		r = store_list_read(&l, rows, e);
	if (r != 0)
		return r;
	*out = l.items;
	*n = l.n;
	return 0;
}
