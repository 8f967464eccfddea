/* What a person asks of single runs: to make one, to end one, to count one as it is said. */
#include <stdio.h>
#include <string.h>

#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/params.h"
#include "scheduler/requests_impl.h"
#include "store/clock.h"
#include "store/store_run.h"

#define NAMED_MAX 5 /* runs that a message names */

/* ---- runs ---- */

/* Answers with what the run is. */
static int run_fields(struct call *c, const struct runner *r, struct err *e)
{
	const struct bag_dag *d = bag_find(c->requests->o.bag, runner_dag_id(r));
	struct fields f = {.arena = c->arena};

	fields_text(&f, "dag_id", runner_dag_id(r));
	fields_text(&f, "run_id", runner_run_id(r));
	fields_time(&f, "logical_date", runner_facts(r)->logical_date);
	fields_text(&f, "state", run_state_name(runner_state(r)));
	fields_bool(&f, "is_paused", d != NULL && d->is_paused);
	fields_bool(&f, "is_broken", d != NULL && d->is_broken);
	fields_bool(&f, "is_offline", c->requests->o.is_offline);
	return fields_end(&f, &c->answer, e);
}

int requests_run_exists(
	struct call *c, const char *dag_id, const char *run_id, bool *exists, struct err *e)
{
	struct requests *q = c->requests;
	struct store_run run;
	int status;

	*exists = conductor_run_find(q->o.conductor, dag_id, run_id) != NULL;
	if (*exists)
		return 0;
	status = store_run_find(q->o.store, c->arena, dag_id, run_id, &run, e);
	*exists = status == 0;
	return status == ERR_NOTFOUND ? 0 : status;
}

/* ---- trigger ---- */

/* A run id that nobody gave: manual__ and the logical date. Where that is now, and a run has it
 * already, the next millisecond will do. */
static int run_id_make(struct call *c, const struct request *r, const struct dag *d,
	struct run_facts *f, struct err *e)
{
	bool exists = true;
	char text[INSTANT_TEXT_MAX];
	int64_t now = clock_wall_ms();
	int status = 0;

	for (; exists && status == 0; now++) {
		status = params_dates_set(d, r->logical_date, now, f, e);
		if (status != 0)
			return status;
		f->run_id = r->run_id != NULL ? arena_strdup(c->arena, r->run_id)
					      : arena_printf(c->arena, "manual__%s",
							instant_format(f->logical_date, text));
		if (f->run_id == NULL)
			return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
		status = requests_run_exists(c, d->dag_id, f->run_id, &exists, e);
		if (exists && (r->run_id != NULL || r->logical_date != NULL))
			return err_set(
				e, ERR_EXISTS, "%s has a run %s already", d->dag_id, f->run_id);
	}
	return status;
}

static int facts_make(struct call *c, const struct request *r, const struct dag *d,
	struct run_facts *f, struct err *e)
{
	int status = r->run_id == NULL ? 0 : request_run_id_check(r->run_id, e);

	if (status == 0)
		status = run_id_make(c, r, d, f, e);
	f->conf = r->conf.type == VALUE_MAP ? r->conf : (struct value){.type = VALUE_MAP};
	if (status == 0)
		status = params_resolve(d, &f->conf, c->arena, &f->params, e);
	return status;
}

int requests_trigger(struct call *c, const struct request *r, struct err *e)
{
	struct requests *q = c->requests;
	struct run_spec spec = {.run_type = "manual", .actor = r->actor};
	struct run_facts facts = {.run_id = NULL};
	struct runner *runner;
	struct bag_dag *d;
	int status = requests_dag_get(q, r->dag_id, &d, e);

	/* It may have been mended this moment. */
	if (status == 0 && d->is_broken && !c->has_looked && !q->o.is_offline)
		return ANSWER_LOOKED;
	if (status == 0)
		status = bag_edition(q->o.bag, r->dag_id, 0, &spec.edition, e);
	if (status == 0)
		status = facts_make(c, r, spec.edition->dag, &facts, e);
	spec.facts = &facts;
	if (status == 0)
		status = conductor_run_add(q->o.conductor, &spec, &runner, e);
	edition_unref(spec.edition);
	return status == 0 ? run_fields(c, runner, e) : status;
}

/* ---- follow ---- */

int requests_follow(struct call *c, const struct request *r, struct err *e)
{
	struct runner *runner;
	int status = conductor_run_load(c->requests->o.conductor, r->dag_id, r->run_id, &runner, e);

	if (status != 0)
		return status;
	status = run_fields(c, runner, e);
	runner_let_go(runner);
	return status;
}

/* ---- the run of an id, where the DAG was not said ---- */

static int ambiguous(const struct store_run *runs, const size_t *found, size_t n, struct err *e)
{
	char names[512] = "";
	size_t len = 0;

	for (size_t i = 0; i < n && i < NAMED_MAX && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s/%s",
			i == 0 ? "" : ", ", runs[found[i]].dag_id, runs[found[i]].run_id);
	return err_set(e, ERR_INVALID, "%zu DAGs have a run %s: say which, as DAG/RUN: %s%s", n,
		runs[found[0]].run_id, names, n > NAMED_MAX ? ", ..." : "");
}

/* Finds it among the runs that are not over. */
static int dag_of_run(struct call *c, const char *run_id, const char **out, struct err *e)
{
	struct store_run *runs;
	size_t n, n_found = 0;
	size_t found[NAMED_MAX];
	int status = store_runs_unfinished(c->requests->o.store, c->arena, &runs, &n, e);

	if (status != 0)
		return status;
	for (size_t i = 0; i < n; i++) {
		if (strcmp(runs[i].run_id, run_id) != 0)
			continue;
		if (n_found < NAMED_MAX)
			found[n_found] = i;
		n_found++;
	}
	if (n_found == 0)
		return err_set(e, ERR_NOTFOUND,
			"no run %s is under way; a run that is over is named as DAG/RUN", run_id);
	if (n_found > 1)
		return ambiguous(runs, found, n_found, e);
	*out = runs[found[0]].dag_id;
	return 0;
}

/* ---- cancel and mark ---- */

int requests_cancel(struct call *c, const struct request *r, struct err *e)
{
	const char *dag_id = r->dag_id;
	struct runner *runner;
	int status = dag_id == NULL ? dag_of_run(c, r->run_id, &dag_id, e) : 0;

	if (status == 0)
		status =
			conductor_run_load(c->requests->o.conductor, dag_id, r->run_id, &runner, e);
	if (status != 0)
		return status;
	if (run_state_is_over(runner_state(runner))) {
		status = err_set(e, ERR_ILLEGAL, "the run %s of %s is over: %s", r->run_id, dag_id,
			run_state_name(runner_state(runner)));
	} else {
		runner_cancel(runner, r->teardowns_too);
		status = run_fields(c, runner, e);
	}
	runner_let_go(runner);
	return status;
}

/* Which task, and instance, a mark is for; without a task it is for the run. */
static int mark_place(const struct request *r, const struct runner *runner, uint32_t *task,
	uint32_t *instance, struct err *e)
{
	const struct task *t;
	int status;

	*task = RUN_NO_TASK;
	*instance = r->map_index < 0 ? RUN_NO_INSTANCE : (uint32_t)r->map_index;
	if (r->task_id == NULL)
		return 0;
	status = dag_task_meant(runner_edition(runner)->dag, r->task_id, &t, e);
	if (status != 0)
		return status;
	*task = t->number;
	if (r->map_index >= 0 && !runner_has_instance(runner, *task, *instance))
		return err_set(e, ERR_NOTFOUND, "%s has no instance %lld in this run now", t->id,
			(long long)r->map_index);
	return 0;
}

int requests_mark(struct call *c, const struct request *r, struct err *e)
{
	bool is_success = strcmp(r->state, "success") == 0;
	struct runner *runner;
	uint32_t task, instance;
	int status;

	if (!is_success && strcmp(r->state, "failed") != 0)
		return err_set(
			e, ERR_INVALID, "a mark is success or failed, and not \"%s\"", r->state);
	status = conductor_run_load(c->requests->o.conductor, r->dag_id, r->run_id, &runner, e);
	if (status != 0)
		return status;
	status = mark_place(r, runner, &task, &instance, e);
	if (status == 0) {
		runner_mark(
			runner, task, instance, is_success ? RUN_MARK_SUCCESS : RUN_MARK_FAILED);
		status = run_fields(c, runner, e);
	}
	runner_let_go(runner);
	return status;
}
