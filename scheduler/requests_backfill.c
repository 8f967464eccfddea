/*
 * Backfill: a run for each interval of a DAG's schedule that begins between two dates and is over.
 * Which exist already stay as they are, or are cleared where that is asked for.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/intervals.h"
#include "scheduler/params.h"
#include "scheduler/requests_impl.h"
#include "store/clock.h"
#include "store/store_run.h"

struct backfill {
	struct call *call;
	const struct request *request;
	struct edition *edition;
	struct value params;
	struct value *runs; /* of the answer */
	size_t n_runs;
};

/* What becomes of an interval. */
enum fate { FATE_NEW, FATE_CLEARED, FATE_EXISTS, FATE_UNDER_WAY };

static const char *const fates[] = {
	[FATE_NEW] = "new",
	[FATE_CLEARED] = "cleared",
	[FATE_EXISTS] = "exists",
	[FATE_UNDER_WAY] = "under way",
};

/* Runs of the DAG between the dates, but for those by hand, by their dates: an interval has one at
 * most. */
struct known {
	struct store_run *runs;
	size_t n;
};

static int by_date(const void *a, const void *b)
{
	const struct store_run *one = a, *other = b;

	return (one->logical_date > other->logical_date) -
		(one->logical_date < other->logical_date);
}

static const struct store_run *known_find(const struct known *k, int64_t logical_date)
{
	const struct store_run wanted = {.logical_date = logical_date};

	return k->n == 0 ? NULL : bsearch(&wanted, k->runs, k->n, sizeof(*k->runs), by_date);
}

/* One that is in memory, as it stands there: the disk may not have it yet. */
static struct store_run live_run(const struct runner *r)
{
	return (struct store_run){.dag_id = runner_dag_id(r),
		.run_id = runner_run_id(r),
		.run_type = runner_run_type(r),
		.state = (uint8_t)runner_state(r),
		.logical_date = runner_facts(r)->logical_date};
}

static void known_add(
	struct known *k, const struct store_run_filter *f, const struct store_run *run)
{
	if (run->logical_date >= f->since && run->logical_date <= f->until &&
		strcmp(run->run_type, "manual") != 0)
		k->runs[k->n++] = *run;
}

static int known_read(
	struct call *c, const struct store_run_filter *f, struct known *k, struct err *e)
{
	struct conductor *conductor = c->requests->o.conductor;
	struct store_run *stored, live;
	size_t n = 0, n_live = 0;
	int status = store_runs_list(c->requests->o.store, c->arena, f, &stored, &n, e);

	if (status != 0)
		return status;
	for (struct runner *r = conductor_run_first(conductor); r != NULL;
		r = conductor_run_next(r))
		n_live++;
	k->n = 0;
	k->runs = arena_array(c->arena, n + n_live + 1, sizeof(*k->runs));
	if (k->runs == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (struct runner *r = conductor_run_first(conductor); r != NULL;
		r = conductor_run_next(r)) {
		live = live_run(r);
		if (strcmp(live.dag_id, f->dag_id) == 0)
			known_add(k, f, &live);
	}
	for (size_t i = 0; i < n; i++)
		if (conductor_run_find(conductor, f->dag_id, stored[i].run_id) == NULL)
			known_add(k, f, &stored[i]);
	qsort(k->runs, k->n, sizeof(*k->runs), by_date);
	return 0;
}

static uint32_t max_active(const struct backfill *b)
{
	return b->request->max_active_runs < 0 ? 0 : (uint32_t)b->request->max_active_runs;
}

static int run_make(
	struct backfill *b, const struct timetable_run *t, const char *run_id, struct err *e)
{
	struct run_facts facts = {.run_id = run_id,
		.logical_date = t->logical_date,
		.interval_start = t->interval_start,
		.interval_end = t->interval_end,
		.conf = {.type = VALUE_MAP},
		.params = b->params};
	struct run_spec spec = {.edition = b->edition,
		.facts = &facts,
		.run_type = "backfill",
		.max_active = max_active(b),
		.actor = b->request->actor};

	return conductor_run_add(b->call->requests->o.conductor, &spec, NULL, e);
}

/* All of a run is to run again. */
static int run_clear(struct backfill *b, const struct store_run *run, struct err *e)
{
	struct runner_clear clear = {0};
	struct runner *r;
	uint32_t *tasks;
	int status =
		conductor_run_load(b->call->requests->o.conductor, run->dag_id, run->run_id, &r, e);

	if (status != 0)
		return status;
	clear.n_tasks = runner_edition(r)->dag->n_tasks;
	tasks = arena_array(b->call->arena, clear.n_tasks + 1, sizeof(*tasks));
	for (uint32_t i = 0; tasks != NULL && i < clear.n_tasks; i++)
		tasks[i] = i;
	clear.tasks = tasks;
	runner_max_active_set(r, max_active(b));
	status = tasks == NULL ? ERR_NOMEM : runner_clear(r, &clear);
	runner_let_go(r);
	return status == 0 ? 0 : err_set(e, status, "%s", err_text(status));
}

/* N.B. somebody may have called another run so: that counts as the interval's, and stays. */
static enum fate fate_of(const struct backfill *b, const struct store_run *run, bool is_taken)
{
	if (run == NULL)
		return is_taken ? FATE_EXISTS : FATE_NEW;
	if (!run_state_is_over((enum run_state)run->state))
		return FATE_UNDER_WAY;
	return b->request->reset_dagruns ? FATE_CLEARED : FATE_EXISTS;
}

static int interval_do(
	struct backfill *b, const struct known *known, const struct timetable_run *t, struct err *e)
{
	const struct store_run *run = known_find(known, t->logical_date);
	enum fate fate;
	bool is_taken = false;
	struct fields f = {.arena = b->call->arena};
	char text[INSTANT_TEXT_MAX];
	const char *run_id = run != NULL ? run->run_id
					 : arena_printf(b->call->arena, "backfill__%s",
						   instant_format(t->logical_date, text));
	int status = run_id == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;

	if (status == 0 && run == NULL)
		status = requests_run_exists(b->call, b->request->dag_id, run_id, &is_taken, e);
	fate = fate_of(b, run, is_taken);
	if (status == 0 && !b->request->dry_run && fate == FATE_NEW)
		status = run_make(b, t, run_id, e);
	if (status == 0 && !b->request->dry_run && fate == FATE_CLEARED)
		status = run_clear(b, run, e);
	if (status != 0)
		return status;
	fields_text(&f, "run_id", run_id);
	fields_time(&f, "logical_date", t->logical_date);
	fields_time(&f, "data_interval_start", t->interval_start);
	fields_time(&f, "data_interval_end", t->interval_end);
	fields_text(&f, "action", fates[fate]);
	return fields_end(&f, &b->runs[b->n_runs++], e);
}

/* N.B. an interval that has a run gets no other: one that was made before its interval's end would
 * take the place of that which the schedule makes then. */
static int intervals_find(
	struct backfill *b, struct known *known, struct interval_list *list, struct err *e)
{
	const struct request *r = b->request;
	struct requests *q = b->call->requests;
	struct interval_span span = {.now = clock_wall_ms()};
	struct store_run_filter filter = {.dag_id = r->dag_id};
	const struct dag *d = b->edition->dag;
	const struct bag_dag *bd = bag_find(q->o.bag, r->dag_id);
	int status = requests_dates_take(r->start_date, r->end_date, d, &span.from, &span.to, e);

	if (status == 0 && span.to < span.from)
		status = err_set(e, ERR_INVALID, "the end date lies before the start date");
	if (status == 0)
		status = intervals_list(
			d->timetable, bd->first_seen, &span, b->call->arena, list, e);
	filter.since = span.from;
	filter.until = span.to;
	if (status == 0)
		status = known_read(b->call, &filter, known, e);
	if (status == 0) {
		b->runs = arena_array(b->call->arena, list->n + 1, sizeof(*b->runs));
		if (b->runs == NULL)
			status = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	return status;
}

int requests_backfill(struct call *c, const struct request *r, struct err *e)
{
	struct backfill b = {.call = c, .request = r};
	struct value conf = {.type = VALUE_MAP};
	struct fields f = {.arena = c->arena};
	struct interval_list list = {0};
	struct known known;
	struct bag_dag *d;
	int status = requests_dag_get(c->requests, r->dag_id, &d, e);

	if (status == 0)
		status = bag_edition(c->requests->o.bag, r->dag_id, 0, &b.edition, e);
	if (status == 0)
		status = params_resolve(b.edition->dag, &conf, c->arena, &b.params, e);
	if (status == 0)
		status = intervals_find(&b, &known, &list, e);
	for (size_t i = 0; i < list.n && status == 0; i++)
		status = interval_do(&b, &known, &list.runs[i], e);
	fields_text(&f, "dag_id", r->dag_id);
	fields_bool(&f, "is_paused", status == 0 && d->is_paused);
	fields_bool(&f, "is_offline", c->requests->o.is_offline);
	fields_bool(&f, "is_cut_short", list.is_cut_short);
	fields_value(
		&f, "runs", (struct value){.type = VALUE_LIST, .len = b.n_runs, .u.items = b.runs});
	edition_unref(b.edition);
	if (status == 0)
		status = fields_end(&f, &c->answer, e);
	return status == 0 && r->dry_run ? ANSWER_NOW : status;
}
