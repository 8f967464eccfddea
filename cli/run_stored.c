/* Runs of the store, for commands that look at one. */
#include "cli/run_stored.h"

#include <string.h>

#include "cli/command.h"
#include "cli/dag_files.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "scheduler/edition.h"
#include "scheduler/outputs.h"
#include "scheduler/plan.h"
#include "scheduler/render.h"

static int edition_read(struct run_stored *r, struct err *e)
{
	struct store_dag_version version;
	struct store_source source;
	int status = store_dag_version_get(
		r->store, r->arena, r->run.dag_id, r->run.version, &version, e);

	if (status == 0)
		status = store_source_get(r->store, r->arena, version.source_hash, &source, e);
	if (status != 0)
		return status;
	status = edition_load(source.text, strlen(source.text), source.file_name, r->run.dag_id,
		r->run.version, source.hash, dag_loader_options(r->loader), &r->edition, e);
	if (status == 0)
		r->dag = r->edition->dag;
	return status;
}

int run_stored_open(const char *dag_id, const char *run_id, struct run_stored *out)
{
	struct err e;
	int status, r;

	memset(out, 0, sizeof(*out));
	out->arena = arena_create(0);
	if (out->arena == NULL)
		return report_no_memory();
	out->store = stores_open_to_read(&status);
	if (status != EXIT_DONE)
		return status;
	if (out->store == NULL) {
		report_error("there is no run yet: nothing was ever stored");
		return EXIT_FAILED;
	}
	r = store_run_find(out->store, out->arena, dag_id, run_id, &out->run, &e);
	if (r == 0) {
		out->loader = dag_loader_or_report();
		if (out->loader == NULL)
			return EXIT_FAILED;
		r = edition_read(out, &e);
	}
	return r == 0 ? EXIT_DONE : stores_report(&e);
}

int run_stored_row_find(const struct task *t, uint32_t instance, const struct store_task *tasks,
	size_t n, const struct store_task **out, struct err *e)
{
	const struct run_row *whole = NULL;
	const struct store_task *found = NULL;

	for (size_t i = 0; i < n && found == NULL; i++) {
		if (tasks[i].row.task != t->number)
			continue;
		if (tasks[i].row.instance == RUN_NO_INSTANCE)
			whole = &tasks[i].row;
		if (tasks[i].row.instance == instance)
			found = &tasks[i];
	}
	if (!t->is_for_each && instance != RUN_NO_INSTANCE)
		return err_set(e, ERR_NOTFOUND, "%s is no for_each, and has no instances", t->id);
	/* N.B. before it runs a for_each has none, and it is not known how many there will be. */
	if (found == NULL && whole != NULL && instance >= whole->n_items &&
		instance != RUN_NO_INSTANCE &&
		(whole->state == TASK_RUNNING || task_state_is_over((enum task_state)whole->state)))
		return err_set(e, ERR_NOTFOUND, "%s has no instance %u in this run, but %u of them",
			t->id, instance, whole->n_items);
	*out = found;
	return 0;
}

int run_stored_facts(const struct run_stored *r, struct run_facts *out, struct err *e)
{
	const struct store_run *s = &r->run;
	int status;

	*out = (struct run_facts){.run_id = s->run_id,
		.logical_date = s->logical_date,
		.interval_start = s->interval_start,
		.interval_end = s->interval_end};
	status = value_parse_json(r->arena, s->conf, strlen(s->conf), &out->conf, e);
	if (status == 0)
		status = value_parse_json(r->arena, s->params, strlen(s->params), &out->params, e);
	return status;
}

/* Room for the instances of a row, and of one that an earlier and longer list had. */
static int row_expand(struct outputs *o, const struct run_row *row)
{
	uint32_t n = row->instance == RUN_NO_INSTANCE ? row->n_items : row->instance + 1;

	return n == 0 ? 0 : outputs_expand(o, row->task, n);
}

/* Room for instances first, then how each stands. */
static int rows_take(const struct run_stored *r, struct outputs *o, const struct store_task *tasks,
	size_t n, struct err *e)
{
	for (size_t i = 0; i < n; i++) {
		const struct run_row *row = &tasks[i].row;

		if (row->task >= r->dag->n_tasks)
			return err_set(e, ERR_CORRUPT,
				"a task of the run is stored that %s has not", r->dag->dag_id);
		if (row_expand(o, row) != 0)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	for (size_t i = 0; i < n; i++) {
		const struct run_row *row = &tasks[i].row;

		if (row->instance != RUN_NO_INSTANCE)
			continue;
		if (row_expand(o, row) != 0)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		if (!run_row_has_list(row))
			outputs_collapse(o, row->task);
	}
	for (size_t i = 0; i < n; i++)
		outputs_state_set(o, tasks[i].row.task, tasks[i].row.instance,
			(enum task_state)tasks[i].row.state);
	return 0;
}

/* Whether this try is the last one of a row, in the life that it has now: what it has left is what
 * counts. */
static bool is_last(const struct run_stored *r, const struct store_try *t,
	const struct store_task *tasks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (tasks[i].row.task == t->task && tasks[i].row.instance == t->instance)
			return tasks[i].row.try_number == t->try_number &&
				!run_row_is_untried(&tasks[i].row,
					r->edition->plan->run.tasks[t->task].retries);
	return false;
}

int run_stored_outputs(struct run_stored *r, struct outputs *o, struct store_task **tasks,
	size_t *n, struct err *e)
{
	struct store_try *tries;
	size_t n_tries = 0;
	int status = store_tasks_of(r->store, r->arena, r->run.number, tasks, n, e);

	if (status == 0)
		status = store_tries_of(r->store, r->arena, r->run.number, &tries, &n_tries, e);
	if (status == 0)
		status = rows_take(r, o, *tasks, *n, e);
	for (size_t i = 0; i < n_tries && status == 0; i++)
		if (tries[i].outputs != NULL && is_last(r, &tries[i], *tasks, *n))
			status = outputs_restore(
				o, tries[i].task, tries[i].instance, tries[i].outputs, e);
	return status;
}

void run_stored_close(struct run_stored *r)
{
	edition_unref(r->edition);
	dag_loader_destroy(r->loader);
	stores_close(r->store);
	arena_destroy(r->arena);
}
