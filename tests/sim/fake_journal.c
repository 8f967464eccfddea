/* Tables are arrays, searched from one end to the other. A batch is a list of rows. */
#include "tests/sim/fake_journal.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "tests/sim/sim_memory.h"
#include "tests/unit/nomem_kit.h"

enum row_kind { ROW_RUN, ROW_TASK, ROW_TRY, ROW_CALLBACK };

struct row {
	enum row_kind kind;
	union {
		struct store_run run;
		struct store_task task;
		struct store_try try;
		struct store_callback callback; /* run 0: it is done */
	};
};

struct rows {
	struct row *list;
	size_t n, cap;
};

struct waiting {
	struct rows rows;
	void (*on_committed)(void *ctx);
	void *ctx;
	bool is_written;
	struct waiting *next;
};

struct journal {
	struct arena *arena; /* of all texts there ever were */
	struct rows table, batch;
	struct waiting *first, *last;
	int (*complete)(void *ctx);
	void *complete_ctx;
	bool is_dead;
};

/* N.B. what is missing to the daemon is not missing to us. */
static void *must_be(void *p)
{
	if (p == NULL)
		abort();
	sim_memory_resume();
	return p;
}

#define must(expression) (sim_memory_spare(), must_be(expression))

static void rows_add(struct rows *r, const struct row *row)
{
	if (r->n == r->cap) {
		r->cap = r->cap == 0 ? 16 : r->cap * 2;
		r->list = must(realloc(r->list, r->cap * sizeof(*r->list)));
	}
	r->list[r->n++] = *row;
}

/* Adds to the batch. */
static int add(struct journal *j, const struct row *row)
{
	if (nomem_fails())
		return ERR_NOMEM;
	rows_add(&j->batch, row);
	return 0;
}

static const char *copy(struct journal *j, const char *s)
{
	return s == NULL ? NULL : must(arena_strdup(j->arena, s));
}

struct journal *fake_journal_create(void)
{
	struct journal *j = must(calloc(1, sizeof(*j)));

	j->arena = must(arena_create(0));
	return j;
}

static void waiting_drop(struct journal *j)
{
	struct waiting *w = j->first;

	j->first = w->next;
	if (j->first == NULL)
		j->last = NULL;
	free(w->rows.list);
	free(w);
}

void fake_journal_destroy(struct journal *j)
{
	while (j->first != NULL)
		waiting_drop(j);
	free(j->table.list);
	free(j->batch.list);
	arena_destroy(j->arena);
	free(j);
}

/* ---- the journal ---- */

int journal_run(struct journal *j, const struct store_run *r)
{
	struct row row = {.kind = ROW_RUN, .run = *r};

	row.run.dag_id = copy(j, r->dag_id);
	row.run.run_id = copy(j, r->run_id);
	row.run.run_type = copy(j, r->run_type);
	row.run.conf = copy(j, r->conf);
	row.run.params = copy(j, r->params);
	row.run.actor = copy(j, r->actor);
	return add(j, &row);
}

int journal_task(struct journal *j, const struct store_task *t)
{
	struct row row = {.kind = ROW_TASK, .task = *t};

	row.task.task_id = copy(j, t->task_id);
	row.task.items = copy(j, t->items);
	return add(j, &row);
}

int journal_try(struct journal *j, const struct store_try *t)
{
	struct row row = {.kind = ROW_TRY, .try = *t};

	row.try.execution_id = copy(j, t->execution_id);
	row.try.message = copy(j, t->message);
	row.try.log_path = copy(j, t->log_path);
	row.try.outputs = copy(j, t->outputs);
	return add(j, &row);
}

int journal_callback(struct journal *j, const struct store_callback *c)
{
	struct row row = {.kind = ROW_CALLBACK, .callback = *c};

	row.callback.execution_id = copy(j, c->execution_id);
	row.callback.event = copy(j, c->event);
	row.callback.facts = copy(j, c->facts);
	return add(j, &row);
}

int journal_callback_delete(struct journal *j, const char *execution_id)
{
	struct row row = {.kind = ROW_CALLBACK, .callback.execution_id = copy(j, execution_id)};

	return add(j, &row);
}

/* It never does. */
bool journal_has_stopped(const struct journal *j)
{
	(void)j;
	return false;
}

int journal_commit(struct journal *j, void (*on_committed)(void *ctx), void *ctx)
{
	int r = nomem_fails() ? ERR_NOMEM : j->complete == NULL ? 0 : j->complete(j->complete_ctx);
	struct waiting *w;

	if (r != 0)
		return r;
	w = must(calloc(1, sizeof(*w)));
	*w = (struct waiting){.rows = j->batch, .on_committed = on_committed, .ctx = ctx};
	j->batch = (struct rows){0};
	*(j->last == NULL ? &j->first : &j->last->next) = w;
	j->last = w;
	return 0;
}

void journal_complete_by(struct journal *j, int (*complete)(void *ctx), void *ctx)
{
	j->complete = complete;
	j->complete_ctx = ctx;
}

void journal_forget(struct journal *j)
{
	j->batch.n = 0;
}

void journal_forget_run(struct journal *j, uint64_t run, bool is_new)
{
	size_t n = 0;

	for (size_t i = 0; i < j->batch.n; i++) {
		const struct row *row = &j->batch.list[i];
		uint64_t of = row->kind == ROW_RUN ? row->run.number
			: row->kind == ROW_TASK	   ? row->task.run
			: row->kind == ROW_TRY	   ? row->try.run
						   : row->callback.run;

		if (of != run || is_new)
			j->batch.list[n++] = *row;
		is_new = is_new && of != run;
	}
	j->batch.n = n;
}

static bool is_same(const struct row *a, const struct row *b)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case ROW_RUN:
		return a->run.number == b->run.number;
	case ROW_TASK:
		return a->task.run == b->task.run && a->task.row.task == b->task.row.task &&
			a->task.row.instance == b->task.row.instance;
	case ROW_TRY:
		return a->try.run == b->try.run && a->try.task == b->try.task &&
			a->try.instance == b->try.instance &&
			a->try.try_number == b->try.try_number;
	case ROW_CALLBACK:
		return strcmp(a->callback.execution_id, b->callback.execution_id) == 0;
	}
	return false;
}

static void put(struct rows *table, const struct row *row)
{
	for (size_t i = 0; i < table->n; i++)
		if (is_same(&table->list[i], row)) {
			table->list[i] = *row;
			return;
		}
	rows_add(table, row);
}

bool fake_journal_write(struct journal *j)
{
	struct waiting *w = j->first;

	while (w != NULL && w->is_written)
		w = w->next;
	if (w == NULL || j->is_dead)
		return false;
	for (size_t i = 0; i < w->rows.n; i++)
		put(&j->table, &w->rows.list[i]);
	w->is_written = true;
	return true;
}

bool fake_journal_answer(struct journal *j)
{
	struct waiting *w = j->first;
	void (*on_committed)(void *ctx);
	void *ctx;

	if (w == NULL || !(w->is_written || j->is_dead))
		return false;
	on_committed = w->on_committed;
	ctx = w->ctx;
	waiting_drop(j);
	if (on_committed != NULL)
		on_committed(ctx);
	return true;
}

void fake_journal_kill(struct journal *j)
{
	j->is_dead = true;
}

void fake_journal_revive(struct journal *j)
{
	j->is_dead = false;
	j->batch.n = 0;
}

struct store *fake_journal_store(struct journal *j)
{
	return (struct store *)j;
}

/* ---- the store ---- */

int store_runs_unfinished(
	struct store *s, struct arena *a, struct store_run **out, size_t *n, struct err *e)
{
	const struct journal *j = (const struct journal *)s;

	(void)e;
	*n = 0;
	*out = must(arena_array(a, j->table.n + 1, sizeof(**out)));
	for (size_t i = 0; i < j->table.n; i++)
		if (j->table.list[i].kind == ROW_RUN &&
			!run_state_is_over((enum run_state)j->table.list[i].run.state))
			(*out)[(*n)++] = j->table.list[i].run;
	return 0;
}

int store_run_find(struct store *s, struct arena *a, const char *dag_id, const char *run_id,
	struct store_run *out, struct err *e)
{
	const struct journal *j = (const struct journal *)s;

	(void)a;
	for (size_t i = 0; i < j->table.n; i++)
		if (j->table.list[i].kind == ROW_RUN &&
			strcmp(j->table.list[i].run.dag_id, dag_id) == 0 &&
			strcmp(j->table.list[i].run.run_id, run_id) == 0) {
			*out = j->table.list[i].run;
			return 0;
		}
	return err_set(e, ERR_NOTFOUND, "there is no run %s of %s", run_id, dag_id);
}

static void name_run(const struct journal *j, struct store_callback *c)
{
	for (size_t i = 0; i < j->table.n; i++)
		if (j->table.list[i].kind == ROW_RUN && j->table.list[i].run.number == c->run) {
			c->dag_id = j->table.list[i].run.dag_id;
			c->run_id = j->table.list[i].run.run_id;
		}
}

int store_callbacks(
	struct store *s, struct arena *a, struct store_callback **out, size_t *n, struct err *e)
{
	const struct journal *j = (const struct journal *)s;

	(void)e;
	*n = 0;
	*out = must(arena_array(a, j->table.n + 1, sizeof(**out)));
	for (size_t i = 0; i < j->table.n; i++)
		if (j->table.list[i].kind == ROW_CALLBACK && j->table.list[i].callback.run != 0) {
			(*out)[*n] = j->table.list[i].callback;
			name_run(j, &(*out)[(*n)++]);
		}
	return 0;
}

int store_tasks_of(struct store *s, struct arena *a, uint64_t run, struct store_task **out,
	size_t *n, struct err *e)
{
	const struct journal *j = (const struct journal *)s;

	(void)e;
	*n = 0;
	*out = must(arena_array(a, j->table.n + 1, sizeof(**out)));
	for (size_t i = 0; i < j->table.n; i++)
		if (j->table.list[i].kind == ROW_TASK && j->table.list[i].task.run == run)
			(*out)[(*n)++] = j->table.list[i].task;
	return 0;
}

/* Nothing is sealed here. */
int store_task_items(struct store *s, struct arena *a, struct store_task *t, struct err *e)
{
	(void)s;
	(void)a;
	(void)t;
	(void)e;
	return 0;
}

int store_tries_of(struct store *s, struct arena *a, uint64_t run, struct store_try **out,
	size_t *n, struct err *e)
{
	const struct journal *j = (const struct journal *)s;

	(void)e;
	*n = 0;
	*out = must(arena_array(a, j->table.n + 1, sizeof(**out)));
	for (size_t i = 0; i < j->table.n; i++)
		if (j->table.list[i].kind == ROW_TRY && j->table.list[i].try.run == run)
			(*out)[(*n)++] = j->table.list[i].try;
	return 0;
}
