/*
 * Runs taken up again from the store: the rows go back into the machine, outputs and items to where
 * expressions find them, and every try that may be running keeps its execution id, by which it is
 * found on its host.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/callbacks.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "scheduler/render.h"
#include "store/clock.h"
#include "store/store_run.h"

/* What was read of one run. */
struct stored {
	const struct store_run *run;
	struct store_task *tasks;
	struct store_try *tries;
	size_t n_tasks, n_tries;
};

static int no_memory(struct err *e)
{
	return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
}

/* ---- what the run is ---- */

static int json_of(struct arena *a, const char *text, struct value *out, struct err *e)
{
	return value_parse_json(a, text, strlen(text), out, e);
}

static int facts_of(
	const struct store_run *s, struct arena *a, struct run_facts *out, struct err *e)
{
	int r;

	*out = (struct run_facts){.run_id = s->run_id,
		.logical_date = s->logical_date,
		.interval_start = s->interval_start,
		.interval_end = s->interval_end};
	r = json_of(a, s->conf, &out->conf, e);
	return r == 0 ? json_of(a, s->params, &out->params, e) : r;
}

static int runner_of(struct conductor *c, const struct store_run *s, struct arena *a,
	struct runner **out, struct err *e)
{
	struct run_facts facts;
	struct run_spec spec = {.facts = &facts,
		.run_type = s->run_type,
		.actor = s->actor,
		.max_active = s->max_active,
		.seed = s->seed};
	struct runner *r;
	int status = facts_of(s, a, &facts, e);

	if (status != 0)
		return status;
	status = c->o.editions.get(c->o.editions.ctx, s->dag_id, s->version, &spec.edition, e);
	if (status != 0)
		return status;
	status = runner_create(c, &spec, &r, e);
	edition_unref(spec.edition);
	if (status != 0)
		return status;
	r->number = s->number;
	r->queued_at = s->queued_at;
	r->started_at = s->started_at == INSTANT_NONE ? 0 : s->started_at;
	r->ended_at = s->ended_at == INSTANT_NONE ? 0 : s->ended_at;
	*out = r;
	return 0;
}

/* ---- where its tasks stand ---- */

/* Room for instances, those too that an earlier and longer list had. */
static int instances_reserve(struct runner *r, const struct stored *s, struct err *e)
{
	const struct dag *d = r->edition->dag;

	for (size_t i = 0; i < s->n_tasks; i++) {
		const struct run_row *row = &s->tasks[i].row;

		if (row->task >= d->n_tasks ||
			(row->instance != RUN_NO_INSTANCE && row->instance >= RUN_ITEMS_MAX))
			return err_set(e, ERR_CORRUPT,
				"task %u of the run is stored, which %s has not", row->task,
				d->dag_id);
		if (row->instance != RUN_NO_INSTANCE &&
			(cells_reserve(r->cells, row->task, row->instance + 1) != 0 ||
				outputs_expand(r->outputs, row->task, row->instance + 1) != 0))
			return no_memory(e);
	}
	return 0;
}

/* The list of a for_each; one that was cleared and not decided again has none. N.B. there is room
 * for its instances all the same: of those that the next list has not, each is told of. */
static int list_restore(struct runner *r, const struct run_row *row, struct err *e)
{
	bool has_list = run_row_has_list(row);

	if ((row->n_items > 0 || (has_list && cells_items(r->cells, row->task) != NULL)) &&
		outputs_expand(r->outputs, row->task, row->n_items) != 0)
		return no_memory(e);
	if (!has_list)
		outputs_collapse(r->outputs, row->task);
	return 0;
}

static int task_restore(struct runner *r, const struct store_task *t, struct err *e)
{
	const struct run_row *row = &t->row;
	struct cell *c = cells_get(r->cells, row->task, row->instance);
	struct cell_kept *kept = c == NULL ? NULL : cell_keep(c);
	int status = 0;

	if (kept == NULL)
		return no_memory(e);
	kept->row = *row;
	kept->started_at = t->started_at;
	kept->ended_at = t->ended_at;
	if (t->items != NULL && row->instance == RUN_NO_INSTANCE)
		status = cells_items_restore(r->cells, row->task, t->items, e);
	if (status == 0 && row->instance == RUN_NO_INSTANCE)
		status = list_restore(r, row, e);
	outputs_state_set(r->outputs, row->task, row->instance, (enum task_state)row->state);
	return status;
}

/* Of a task's tries the last one alone matters: its id, and what it has left, where that was
 * in the life that the task has now. */
static int try_restore(struct runner *r, const struct store_try *t, struct err *e)
{
	struct cell *c = t->task < r->edition->dag->n_tasks
		? cells_find(r->cells, t->task, t->instance)
		: NULL;
	struct cell_kept *kept = c == NULL ? NULL : c->kept;

	if (kept == NULL || kept->row.try_number != t->try_number)
		return 0;
	kept->id_try = t->try_number;
	kept->is_resumed = true;
	kept->try_started_at = t->started_at;
	(void)snprintf(kept->execution_id, sizeof(kept->execution_id), "%s", t->execution_id);
	if (t->outputs == NULL ||
		run_row_is_untried(&kept->row, r->edition->plan->run.tasks[t->task].retries))
		return 0;
	return outputs_restore(r->outputs, t->task, t->instance, t->outputs, e);
}

static int tasks_restore(struct runner *r, const struct stored *s, struct err *e)
{
	int status = instances_reserve(r, s, e);

	/* N.B. the lists first, as they say how many instances there are now. */
	for (size_t i = 0; i < s->n_tasks && status == 0; i++)
		if (s->tasks[i].row.instance == RUN_NO_INSTANCE)
			status = task_restore(r, &s->tasks[i], e);
	for (size_t i = 0; i < s->n_tasks && status == 0; i++)
		if (s->tasks[i].row.instance != RUN_NO_INSTANCE)
			status = task_restore(r, &s->tasks[i], e);
	for (size_t i = 0; i < s->n_tries && status == 0; i++)
		status = try_restore(r, &s->tries[i], e);
	return status;
}

/* ---- the machine ---- */

/* What may be running holds its slots, before anybody else is given any. */
static int slots_hold(struct runner *r, const struct run_actions *actions, struct err *e)
{
	int status = 0;

	for (size_t i = 0; i < actions->n && (status == 0 || status == ERR_EXISTS); i++) {
		const struct run_action *a = &actions->list[i];
		struct dispatch_request q;

		if (a->kind != RUN_ACT_START && a->kind != RUN_ACT_ATTACH)
			continue;
		q = runner_request(r, a->task, a->instance);
		status = dispatch_hold(r->conductor->dispatch, &q, e);
	}
	return status == ERR_EXISTS ? 0 : status;
}

static int machine_restore(
	struct runner *r, const struct stored *s, struct run_actions *actions, struct err *e)
{
	struct run_head head = {
		.started_at = r->started_at, .state = s->run->state, .stop = s->run->stop};
	struct run_row *rows = calloc(s->n_tasks + 1, sizeof(*rows));
	struct run *run;
	int status;

	if (rows == NULL)
		return no_memory(e);
	for (size_t i = 0; i < s->n_tasks; i++)
		rows[i] = s->tasks[i].row;
	status = run_restore(&r->edition->plan->run, r->seed, &head, rows, s->n_tasks,
		clock_wall_ms(), &run, actions, e);
	free(rows);
	if (status != 0)
		return status;
	run_destroy(r->run);
	r->run = run;
	r->is_told = run_state_is_over((enum run_state)head.state);
	return 0;
}

static int read_of(struct conductor *c, struct arena *a, struct stored *s, struct err *e)
{
	int status = store_tasks_of(c->o.store, a, s->run->number, &s->tasks, &s->n_tasks, e);

	for (size_t i = 0; i < s->n_tasks && status == 0; i++)
		status = store_task_items(c->o.store, a, &s->tasks[i], e);
	if (status == 0)
		status = store_tries_of(c->o.store, a, s->run->number, &s->tries, &s->n_tries, e);
	return status;
}

static int restore(
	struct conductor *c, const struct store_run *run, struct runner **out, struct err *e)
{
	struct stored s = {.run = run};
	struct arena *a = arena_create(0);
	struct run_actions actions = {0};
	struct runner *r = NULL;
	bool is_seated = false;
	int status = a == NULL ? no_memory(e) : read_of(c, a, &s, e);

	if (status == 0)
		status = runner_of(c, run, a, &r, e);
	if (status == 0)
		status = tasks_restore(r, &s, e);
	if (status == 0 && !c->o.is_offline)
		status = render_secrets_learn(r->edition->dag, c->o.source, e);
	if (status == 0)
		status = machine_restore(r, &s, &actions, e);
	if (status == 0) {
		status = conductor_seat(c, r, e);
		is_seated = status == 0;
	}
	if (status == 0)
		status = slots_hold(r, &actions, e);
	arena_destroy(a);
	if (status == 0) {
		runner_act(r, &actions);
		c->is_timer_due = true; /* those that were set now are armed by a turn */
		*out = r;
		if (!r->is_told)
			conductor_tell_added(c, r);
	} else {
		if (is_seated)
			conductor_unseat(c, r);
		runner_free(r);
	}
	run_actions_free(&actions);
	return status;
}

/* ---- from outside ---- */

void conductor_tell_left_out(
	struct conductor *c, const char *dag_id, const char *run_id, const struct err *e)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_left_out != NULL)
			o->on_left_out(o->ctx, dag_id, run_id, e);
	}
}

static void tell_restored(struct conductor *c)
{
	struct conductor_observer *next;

	for (struct conductor_observer *o = c->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_restored != NULL)
			o->on_restored(o->ctx);
	}
}

int conductor_restore(struct conductor *c, struct err *e)
{
	struct arena *a = arena_create(0);
	struct store_run *runs = NULL;
	struct runner *r;
	struct err why;
	size_t n = 0;
	int status = a == NULL ? no_memory(e) : store_runs_unfinished(c->o.store, a, &runs, &n, e);

	c->is_restoring = true;
	for (size_t i = 0; i < n && status == 0; i++)
		if (restore(c, &runs[i], &r, &why) != 0)
			conductor_tell_left_out(c, runs[i].dag_id, runs[i].run_id, &why);
	c->is_restoring = false;
	arena_destroy(a);
	tell_restored(c);
	return status == 0 && !c->o.is_offline ? callbacks_restore(c, e) : status;
}

/* N.B. a broken runner that is still there keeps its run's place. */
static int restore_one(
	struct conductor *c, const struct store_run *run, struct runner **out, struct err *e)
{
	const struct runner *r = conductor_run_find(c, run->dag_id, run->run_id);
	int status;

	*out = NULL;
	if (r != NULL)
		return r->is_broken ? err_set(e, ERR_AGAIN, "%s", err_text(ERR_AGAIN)) : 0;
	status = restore(c, run, out, e);
	if (status == 0 || status == ERR_NOMEM)
		return status;
	conductor_tell_left_out(c, run->dag_id, run->run_id, e);
	return 0;
}

int conductor_restore_missing(
	struct conductor *c, void (*taken)(void *ctx, struct runner *r), void *ctx, struct err *e)
{
	struct arena *a = arena_create(0);
	struct store_run *runs = NULL;
	struct runner *r;
	size_t n = 0;
	int status = a == NULL ? no_memory(e) : store_runs_unfinished(c->o.store, a, &runs, &n, e);

	for (size_t i = 0; i < n; i++) {
		int one = restore_one(c, &runs[i], &r, e);

		if (one != 0)
			status = one; /* it waits; the others need not */
		if (r != NULL)
			taken(ctx, r);
	}
	arena_destroy(a);
	return status;
}

bool conductor_is_restoring(const struct conductor *c)
{
	return c->is_restoring;
}

int conductor_run_load(struct conductor *c, const char *dag_id, const char *run_id,
	struct runner **out, struct err *e)
{
	struct runner *r = conductor_run_find(c, dag_id, run_id);
	struct arena *a = NULL;
	struct store_run run;
	int status = 0;

	if (r == NULL && c->o.store == NULL)
		status = err_set(e, ERR_NOTFOUND, "%s has no run %s", dag_id, run_id);
	if (r == NULL && status == 0) {
		a = arena_create(0);
		status = a == NULL ? no_memory(e)
				   : store_run_find(c->o.store, a, dag_id, run_id, &run, e);
		if (status == 0)
			status = restore(c, &run, &r, e);
		arena_destroy(a);
	}
	if (status == 0 && r->is_broken)
		status = err_set(e, ERR_AGAIN,
			"run %s of %s broke, and is taken up again; ask then", run_id, dag_id);
	if (status == 0) {
		runner_keep(r);
		*out = r;
	}
	return status;
}
