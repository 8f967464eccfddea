/*
 * What the conductor stores. Rows gather while a turn steps, the last one of a task counts, and are
 * handed in with the batch; while one is being written, events only gather. A batch in which
 * nothing waits for the disk may wait a little for one in which something does: that a task has
 * started shares its transaction with its end, if that comes soon.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "store/journal.h"

#define HOLD_MS 5 /* how long a batch waits that nobody waits for */

static int64_t time_or_none(int64_t t)
{
	return t == 0 ? INSTANT_NONE : t;
}

/* ---- what has changed ---- */

void runner_keep_row(struct runner *r, const struct run_row *row, int64_t now)
{
	struct conductor *k = r->conductor;
	struct cell *c;
	struct cell_kept *kept;
	enum task_state state = (enum task_state)row->state;

	if (r->is_broken)
		return;
	c = cells_get(r->cells, row->task, row->instance);
	kept = c == NULL ? NULL : cell_keep(c);
	if (kept == NULL) {
		runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
		return;
	}
	if (state == TASK_RUNNING && kept->row.state != TASK_RUNNING)
		kept->started_at = now;
	if (!task_state_is_over(state))
		kept->ended_at = INSTANT_NONE;
	else if (kept->ended_at == INSTANT_NONE)
		kept->ended_at = now;
	kept->row = *row;
	if (kept->is_changed)
		return;
	kept->is_changed = true;
	kept->next_changed = k->changed;
	k->changed = c;
	runner_hold(r);
}

void runner_store_try(struct runner *r, const struct cell *c, const char *message, int64_t now)
{
	const struct cell_kept *kept = c->kept;
	enum task_state state = (enum task_state)kept->row.state;
	bool has_ended = task_state_is_over(state) || state == TASK_UP_FOR_RETRY;
	struct buf outputs;
	struct value exit;
	struct err e;
	struct store_try t = {.run = r->number,
		.task = c->task,
		.instance = c->instance,
		.try_number = kept->id_try,
		.execution_id = kept->execution_id,
		.state = kept->row.state,
		.started_at = kept->try_started_at,
		.ended_at = has_ended ? now : INSTANT_NONE,
		.exit_code = -1,
		.message = message,
		.log_path = c->try == NULL ? "" : try_log_path(c->try)};
	int status;

	if (r->is_broken)
		return;
	if (outputs_get_one(r->outputs, c->task, c->instance, OUTPUT_EXIT_CODE, &exit, &e) == 0)
		t.exit_code = atoi(exit.u.text);
	buf_init(&outputs, 0);
	if (has_ended)
		outputs_json(r->outputs, c->task, c->instance, &outputs);
	status = buf_status(&outputs);
	t.outputs = outputs.len == 0 ? NULL : buf_str(&outputs);
	if (status == 0)
		status = journal_try(r->conductor->o.journal, &t);
	if (status != 0)
		conductor_fail(r->conductor, status, err_text(status));
	buf_free(&outputs);
	r->conductor->is_store_due = true;
}

void runner_store_run(struct runner *r)
{
	struct run_head head = run_head_get(r->run);
	struct store_run s = {.number = r->number,
		.dag_id = runner_dag_id(r),
		.run_id = r->facts.run_id,
		.version = r->edition->number,
		.run_type = r->run_type,
		.state = head.state,
		.stop = head.stop,
		.logical_date = r->facts.logical_date,
		.interval_start = r->facts.interval_start,
		.interval_end = r->facts.interval_end,
		.max_active = r->max_active,
		.seed = r->seed,
		.queued_at = r->queued_at,
		.started_at = time_or_none(head.started_at),
		.ended_at = time_or_none(r->ended_at),
		.actor = r->actor};
	struct buf conf, params;
	int status;

	if (r->is_broken)
		return;
	buf_init(&conf, 0);
	buf_init(&params, 0);
	value_json(&r->facts.conf, &conf);
	value_json(&r->facts.params, &params);
	status = buf_status(&conf) != 0 ? buf_status(&conf) : buf_status(&params);
	s.conf = buf_str(&conf);
	s.params = buf_str(&params);
	if (status == 0)
		status = journal_run(r->conductor->o.journal, &s);
	if (status != 0)
		conductor_fail(r->conductor, status, err_text(status));
	buf_free(&conf);
	buf_free(&params);
	r->conductor->is_store_due = true;
}

static void store_task(struct conductor *c, const struct cell *cell)
{
	const struct runner *r = cell->runner;
	const struct cell_kept *kept = cell->kept;
	const struct value *items =
		cell->instance == RUN_NO_INSTANCE ? cells_items(r->cells, cell->task) : NULL;
	struct store_task t = {.run = r->number,
		.task_id = r->edition->dag->tasks[cell->task].id,
		.row = kept->row,
		.started_at = kept->started_at,
		.ended_at = kept->ended_at};
	struct buf text;
	int status;

	buf_init(&text, 0);
	if (items != NULL)
		value_json_exact(items, &text);
	t.items = items == NULL ? NULL : buf_str(&text);
	status = buf_status(&text);
	if (status == 0)
		status = journal_task(c->o.journal, &t);
	if (status != 0)
		conductor_fail(c, status, err_text(status));
	buf_free(&text);
}

/* Rows of runs that broke on the way are left as they are in the store. */
static void record(struct conductor *c)
{
	struct cell *cell;

	while ((cell = c->changed) != NULL) {
		struct runner *r = cell->runner;

		c->changed = cell->kept->next_changed;
		cell->kept->is_changed = false;
		if (!r->is_broken)
			store_task(c, cell);
		runner_unhold(r);
	}
}

/* N.B. others end batches, too: the bag, when files come. */
int conductor_complete(void *ctx)
{
	struct conductor *c = ctx;

	if (!c->is_broken)
		record(c);
	if (c->is_broken)
		return c->broken.code;
	c->n_batches++;
	return 0;
}

/* ---- the batch ---- */

static void on_hold(uv_timer_t *timer)
{
	struct conductor *c = timer->data;

	c->batch.is_urgent = true;
}

static void on_committed(void *ctx)
{
	struct conductor *c = ctx;

	c->is_writing = false;
	if (c->is_closing) {
		conductor_handle_closed(c);
		return;
	}
	batch_perform(c, &c->written);
}

/* Callers whose wishes have been stepped by now wait for this batch. */
static void calls_take(struct conductor *c)
{
	for (size_t i = 0; i < c->calls.n; i++)
		conductor_deed(c, &c->calls.list[i]);
	c->calls.n = 0;
}

void conductor_store(struct conductor *c)
{
	struct batch swap = c->written;
	int status;

	calls_take(c);
	if (c->is_writing || c->is_broken ||
		(c->batch.n == 0 && c->changed == NULL && !c->is_store_due))
		return;
	if (!c->batch.is_urgent) {
		if (!uv_is_active((uv_handle_t *)&c->hold_timer))
			(void)uv_timer_start(&c->hold_timer, on_hold, HOLD_MS, 0);
		return;
	}
	(void)uv_timer_stop(&c->hold_timer);
	c->is_store_due = false;
	c->written = c->batch;
	c->batch = swap;
	status = journal_commit(c->o.journal, on_committed, c);
	c->is_writing = status == 0;
	if (status != 0)
		conductor_fail(c, status, err_text(status));
}

int conductor_when_stored(struct conductor *c, void (*on_stored)(void *ctx), void *ctx)
{
	struct deed d = {.kind = DEED_CALL};
	int status;

	d.call.on_stored = on_stored;
	d.call.ctx = ctx;
	status = batch_add(&c->calls, &d);
	if (status == 0)
		c->is_store_due = true;
	return status;
}
