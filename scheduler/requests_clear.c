/*
 * Clear: tasks of one run, or of all runs of some dates, are to run again. What a clear would do is
 * found out by doing it to a copy of the run's machine, so that it cannot differ from what it does.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "engine/pattern.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/plan.h"
#include "scheduler/requests_impl.h"
#include "store/clock.h"
#include "store/store_run.h"

#define CLEAR_RUNS_MAX 10000 /* runs of one request */
#define CLEAR_LISTED_MAX 10000 /* tasks that an answer names; the others are counted */

struct clearing {
	struct call *call;
	const struct request *request;
	struct pattern *pattern; /* NULL: every task */
	struct value *tasks; /* of the answer */
	size_t n_tasks, cap_tasks;
	uint64_t n_cleared, n_runs;
};

/* ---- which runs ---- */

static int runs_find(struct clearing *k, struct store_run **runs, size_t *n, struct err *e)
{
	const struct request *r = k->request;
	struct requests *q = k->call->requests;
	struct store_run_filter f = {.dag_id = r->dag_id,
		.run_id = r->run_id,
		.since = INSTANT_NONE,
		.until = INSTANT_NONE,
		.limit = CLEAR_RUNS_MAX + 1};
	struct edition *edition;
	int status = requests_edition_get(q, r->dag_id, &edition, e);

	if (status != 0)
		return status;
	status = requests_dates_take(
		r->start_date, r->end_date, edition->dag, &f.since, &f.until, e);
	edition_unref(edition);
	if (status == 0)
		status = store_runs_list(q->o.store, k->call->arena, &f, runs, n, e);
	if (status == 0 && *n == 0)
		return err_set(e, ERR_NOTFOUND, "%s has no run%s%s", r->dag_id,
			r->run_id == NULL ? " of these dates" : " ",
			r->run_id == NULL ? "" : r->run_id);
	if (status == 0 && *n > CLEAR_RUNS_MAX)
		return err_set(e, ERR_LIMIT,
			"%s has more than %d such runs; give --start-date and --end-date",
			r->dag_id, CLEAR_RUNS_MAX);
	return status;
}

/* ---- which tasks ---- */

/* Those whose names match, as an array of the arena. */
static int tasks_find(
	struct clearing *k, const struct dag *d, uint32_t **out, size_t *n, struct err *e)
{
	uint32_t *list = arena_array(k->call->arena, (size_t)d->n_tasks + 1, sizeof(*list));

	if (list == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	*n = 0;
	for (uint32_t i = 0; i < d->n_tasks; i++) {
		const char *id = d->tasks[i].id;
		int status = k->pattern == NULL ? 0 : pattern_match(k->pattern, id, strlen(id), e);

		if (status < 0)
			return status;
		if (status == 0)
			list[(*n)++] = i;
	}
	*out = list;
	return 0;
}

static int listed_add(struct clearing *k, const struct runner *r, const struct run_row *row,
	uint8_t old_state, struct err *e)
{
	struct fields f = {.arena = k->call->arena};
	size_t cap = k->cap_tasks == 0 ? 64 : k->cap_tasks * 2;
	struct value *list;

	k->n_cleared++;
	if (k->n_tasks == CLEAR_LISTED_MAX)
		return 0;
	if (k->n_tasks == k->cap_tasks) {
		list = arena_array(k->call->arena, cap, sizeof(*list));
		if (list == NULL)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		if (k->n_tasks > 0)
			memcpy(list, k->tasks, k->n_tasks * sizeof(*list));
		k->tasks = list;
		k->cap_tasks = cap;
	}
	fields_text(&f, "run_id", runner_run_id(r));
	fields_text(&f, "task_id", runner_edition(r)->dag->tasks[row->task].id);
	if (row->instance == RUN_NO_INSTANCE)
		fields_value(&f, "map_index", value_null());
	else
		fields_int(&f, "map_index", row->instance);
	fields_text(&f, "state", task_state_name((enum task_state)old_state));
	return fields_end(&f, &k->tasks[k->n_tasks++], e);
}

/* ---- a copy of a run ---- */

/* All rows of a run, malloc'd. */
static struct run_row *rows_of(const struct runner *r, size_t *n)
{
	uint32_t n_tasks = runner_edition(r)->dag->n_tasks;
	size_t cap = n_tasks;
	struct run_row row, *rows;

	for (uint32_t t = 0; t < n_tasks; t++)
		if (runner_row(r, t, RUN_NO_INSTANCE, &row) == 0)
			cap += row.n_items;
	rows = calloc(cap, sizeof(*rows));
	*n = 0;
	for (uint32_t t = 0; rows != NULL && t < n_tasks; t++) {
		if (runner_row(r, t, RUN_NO_INSTANCE, &rows[*n]) != 0)
			continue;
		for (uint32_t i = 0, items = rows[(*n)++].n_items; i < items && *n < cap; i++)
			*n += runner_row(r, t, i, &rows[*n]) == 0;
	}
	return rows;
}

/* Whether this change puts a task back, or will once its try has been killed. */
static bool is_cleared(const struct run_action *a)
{
	const struct run_row *row = &a->task_changed.row;

	if (row->state == TASK_NONE)
		return a->task_changed.cause == RUN_CAUSE_CLEAR;
	return row->state == a->task_changed.old_state && row->kill == RUN_KILL_CLEAR;
}

/* Clears a copy of the run's machine, and lists what changes. */
static int clear_copy(
	struct clearing *k, const struct runner *r, const struct run_event *ev, struct err *e)
{
	struct run_head head = {.state = (uint8_t)runner_state(r),
		.started_at = runner_started_at(r) == INSTANT_NONE ? 0 : runner_started_at(r)};
	struct run_actions actions = {0};
	struct run *copy = NULL;
	size_t n;
	struct run_row *rows = rows_of(r, &n);
	int status = rows == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
				  : run_restore(&runner_edition(r)->plan->run, 1, &head, rows, n,
					    ev->now, &copy, &actions, e);

	actions.n = 0;
	if (status == 0)
		status = run_step(copy, ev, &actions, e);
	status = status > 0 ? 0 : status;
	for (size_t i = 0; i < actions.n && status == 0; i++) {
		const struct run_action *a = &actions.list[i];

		if (a->kind == RUN_ACT_TASK_CHANGED && is_cleared(a))
			status = listed_add(
				k, r, &a->task_changed.row, a->task_changed.old_state, e);
	}
	run_actions_free(&actions);
	run_destroy(copy);
	free(rows);
	return status;
}

static int clear_run(struct clearing *k, struct runner *r, struct err *e)
{
	const struct request *q = k->request;
	uint64_t before = k->n_cleared;
	struct runner_clear clear = {.downstream = q->downstream,
		.upstream = q->upstream,
		.only_failed = q->only_failed};
	struct run_event ev = {.kind = RUN_EV_CLEAR,
		.now = clock_wall_ms(),
		.task = RUN_NO_TASK,
		.instance = RUN_NO_INSTANCE,
		.clear = {.downstream = q->downstream,
			.upstream = q->upstream,
			.only_failed = q->only_failed}};
	uint32_t *tasks = NULL;
	int status = tasks_find(k, runner_edition(r)->dag, &tasks, &clear.n_tasks, e);

	if (status != 0 || clear.n_tasks == 0)
		return status;
	clear.tasks = ev.clear.tasks = tasks;
	ev.clear.n_tasks = clear.n_tasks;
	ev.task = tasks[0];
	status = clear_copy(k, r, &ev, e);
	k->n_runs += k->n_cleared > before;
	if (status == 0 && k->n_cleared > before && !q->dry_run)
		status = runner_clear(r, &clear);
	return status;
}

static int clear_runs(struct clearing *k, struct err *e)
{
	struct requests *q = k->call->requests;
	struct store_run *runs;
	struct runner *r;
	size_t n;
	int status = runs_find(k, &runs, &n, e);

	/* The oldest stands in line first. */
	for (const struct store_run *run = runs + n; run > runs && status == 0;) {
		run--;
		status = conductor_run_load(q->o.conductor, run->dag_id, run->run_id, &r, e);
		if (status != 0)
			break;
		status = clear_run(k, r, e);
		runner_let_go(r);
	}
	return status;
}

int requests_clear(struct call *c, const struct request *r, struct err *e)
{
	struct clearing k = {.call = c, .request = r};
	struct fields f = {.arena = c->arena};
	const struct bag_dag *d = bag_find(c->requests->o.bag, r->dag_id);
	int status = 0;

	if (r->task_regex != NULL)
		status = pattern_create(r->task_regex, &k.pattern, e);
	if (status != 0)
		return err_context(e, "the pattern %s", r->task_regex);
	status = clear_runs(&k, e);
	pattern_destroy(k.pattern);
	fields_text(&f, "dag_id", r->dag_id);
	fields_int(&f, "n_runs", (int64_t)k.n_runs);
	fields_int(&f, "n_tasks", (int64_t)k.n_cleared);
	fields_value(&f, "tasks",
		(struct value){.type = VALUE_LIST, .len = k.n_tasks, .u.items = k.tasks});
	fields_bool(&f, "is_paused", d != NULL && d->is_paused);
	fields_bool(&f, "is_offline", c->requests->o.is_offline);
	if (status == 0)
		status = fields_end(&f, &c->answer, e);
	return status == 0 && r->dry_run ? ANSWER_NOW : status;
}
