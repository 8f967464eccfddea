/* What a person asks of whole DAGs: to pause, to unpause, to delete, to look for them again. */
#include <string.h>

#include "engine/dag.h"
#include "engine/hint.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/requests_impl.h"
#include "store/journal.h"
#include "store/store_run.h"

static int not_found(const struct requests *q, const char *dag_id, struct err *e)
{
	const char *folder, *fault = bag_folder_fault(q->o.bag, &folder);
	const struct bag_dag *d;
	struct hint h;
	size_t at = 0;

	hint_begin(&h, dag_id, strlen(dag_id));
	while ((d = bag_next(q->o.bag, &at)) != NULL)
		if (d->version != 0)
			hint_offer(&h, d->dag_id, strlen(d->dag_id));
	if (h.best != NULL)
		return err_set(
			e, ERR_NOTFOUND, "there is no DAG %s; did you mean %s?", dag_id, h.best);
	if (fault != NULL)
		return err_set(e, ERR_NOTFOUND,
			"there is no DAG %s in the store, and the dags folder %s cannot be read: "
			"%s",
			dag_id, folder, fault);
	return err_set(e, ERR_NOTFOUND,
		"there is no DAG %s; `windrow dags list` shows those that there are, and `windrow "
		"dags test "
		"FILE` runs one that is not in the dags folder",
		dag_id);
}

/* A DAG that there is or was. */
static int dag_known(struct requests *q, const char *dag_id, struct bag_dag **out, struct err *e)
{
	*out = bag_find(q->o.bag, dag_id);
	return *out != NULL && (*out)->version != 0 ? 0 : not_found(q, dag_id, e);
}

int requests_dag_get(struct requests *q, const char *dag_id, struct bag_dag **out, struct err *e)
{
	int status = dag_known(q, dag_id, out, e);

	if (status != 0)
		return status;
	if ((*out)->is_retired)
		return err_set(
			e, ERR_ILLEGAL, "%s is retired: %s has it no more", dag_id, (*out)->file);
	return 0;
}

int requests_edition_get(
	struct requests *q, const char *dag_id, struct edition **out, struct err *e)
{
	struct bag_dag *d;
	int status = dag_known(q, dag_id, &d, e);

	return status == 0 ? bag_edition(q->o.bag, dag_id, 0, out, e) : status;
}

int requests_dates_take(const char *start, const char *end, const struct dag *d, int64_t *since,
	int64_t *until, struct err *e)
{
	int status = 0;

	*since = *until = INSTANT_NONE;
	if (start != NULL)
		status = instant_parse(start, strlen(start), d->zone, since, NULL, e);
	if (status == 0 && end != NULL)
		status = instant_parse_end(end, strlen(end), d->zone, until, e);
	return status;
}

static int pause_set(struct call *c, const struct request *r, bool is_paused, struct err *e)
{
	struct requests *q = c->requests;
	struct fields f = {.arena = c->arena};
	struct bag_dag *d;
	int status = dag_known(q, r->dag_id, &d, e);

	if (status != 0)
		return status;
	fields_text(&f, "dag_id", d->dag_id);
	fields_bool(&f, "was_paused", d->is_paused);
	fields_bool(&f, "is_paused", is_paused);
	status = fields_end(&f, &c->answer, e);
	if (status == 0 && d->is_paused != is_paused) {
		status = bag_pause(q->o.bag, d, is_paused);
		if (status != 0)
			(void)err_set(e, status, "%s", err_text(status));
	}
	return status;
}

int requests_pause(struct call *c, const struct request *r, struct err *e)
{
	return pause_set(c, r, true, e);
}

int requests_unpause(struct call *c, const struct request *r, struct err *e)
{
	return pause_set(c, r, false, e);
}

/* ---- delete ---- */

static int under_way(const char *dag_id, const char *run_id, struct err *e)
{
	return err_set(e, ERR_ILLEGAL,
		"%s has the run %s under way; `windrow runs cancel %s/%s` ends it", dag_id, run_id,
		dag_id, run_id);
}

/* Refused while a run of it may still do something: in memory, where it may be ahead of the disk,
 * or in the store, where one may be that could not be taken up. */
static int runs_check(struct call *c, const char *dag_id, struct err *e)
{
	struct conductor *conductor = c->requests->o.conductor;
	struct store_run *runs;
	size_t n = 0;
	int status;

	for (struct runner *r = conductor_run_first(conductor); r != NULL;
		r = conductor_run_next(r))
		if (strcmp(runner_dag_id(r), dag_id) == 0 && runner_is_busy(r))
			return under_way(dag_id, runner_run_id(r), e);
	status = store_runs_unfinished(c->requests->o.store, c->arena, &runs, &n, e);
	for (size_t i = 0; i < n && status == 0; i++)
		if (strcmp(runs[i].dag_id, dag_id) == 0)
			return under_way(dag_id, runs[i].run_id, e);
	return status;
}

int requests_delete(struct call *c, const struct request *r, struct err *e)
{
	struct requests *q = c->requests;
	struct store_run_filter filter = {
		.dag_id = r->dag_id, .since = INSTANT_NONE, .until = INSTANT_NONE};
	struct fields f = {.arena = c->arena};
	struct store_run *runs;
	struct bag_dag *d;
	size_t n = 0;
	int status = dag_known(q, r->dag_id, &d, e);

	if (status == 0)
		status = runs_check(c, r->dag_id, e);
	if (status == 0)
		status = store_runs_list(q->o.store, c->arena, &filter, &runs, &n, e);
	fields_text(&f, "dag_id", r->dag_id);
	fields_int(&f, "n_runs", (int64_t)n);
	fields_text(&f, "file", status == 0 && !d->is_retired ? d->file : NULL);
	if (status == 0)
		status = fields_end(&f, &c->answer, e);
	if (status != 0 || r->dry_run)
		return status == 0 ? ANSWER_NOW : status;
	status = journal_dag_delete(q->o.journal, r->dag_id);
	if (status != 0)
		return err_set(e, status, "%s", err_text(status));
	bag_delete(q->o.bag, d);
	return ANSWER_STORED;
}

/* ---- reparse ---- */

int requests_reparse(struct call *c, const struct request *r, struct err *e)
{
	struct fields f = {.arena = c->arena};

	(void)r;
	return c->has_looked ? fields_end(&f, &c->answer, e) : ANSWER_LOOKED;
}
