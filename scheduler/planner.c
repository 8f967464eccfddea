/*
 * Which DAG is due when, and the making of its run.
 *
 * Invariant: a DAG is in the heap exactly where a run of it will be made one day as things stand.
 * What is in the heap is only when to look: what run is made is asked of the timetable then, with
 * the clock as it is then.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/timetable.h"
#include "scheduler/edition.h"
#include "scheduler/params.h"
#include "scheduler/planner_impl.h"
#include "scheduler/render.h"
#include "scheduler/runner.h"
#include "scheduler/wall_timer.h"
#include "store/clock.h"
#include "store/store_run.h"

#define MAKE_AT_ONCE 50 /* runs made before the loop goes on with other things */
#define RETRY_MS 10000 /* behind a run that could not be made */

static int64_t time_now(const struct planner *p)
{
	return p->o.now != NULL ? p->o.now() : clock_wall_ms();
}

void planner_note(const struct planner *p, enum op_level level, const char *fmt, ...)
{
	char text[1280];
	va_list ap;

	if (p->o.on_note == NULL)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	p->o.on_note(p->o.ctx, level, text);
}

/* ---- the heap ---- */

static int64_t due_of(const struct planned *of)
{
	return (int64_t)of->node.arrival;
}

static struct planned *first_due(const struct planner *p)
{
	return (struct planned *)rank_heap_top(&p->heap);
}

static void arm(struct planner *p)
{
	const struct planned *of = p->is_stopped ? NULL : first_due(p);

	if (p->timer != NULL)
		wall_timer_set(p->timer, of == NULL ? INT64_MAX : due_of(of));
}

static void unplan(struct planner *p, struct planned *of)
{
	if (of->node.place != RANK_NOWHERE)
		rank_heap_remove(&p->heap, &of->node);
}

static void plan_at(struct planner *p, struct planned *of, int64_t due)
{
	of->node.arrival = due < 0 ? 0 : (uint64_t)due;
	rank_heap_add(&p->heap, &of->node);
}

struct planned *planner_of(struct planner *p, struct bag_dag *d)
{
	struct planned *of = d->plan;

	if (of != NULL)
		return of;
	of = calloc(1, sizeof(*of));
	if (of == NULL || rank_heap_reserve(&p->heap, p->n + 1) != 0) {
		free(of);
		return NULL;
	}
	of->node.place = RANK_NOWHERE;
	of->dag = d;
	of->next = p->all;
	p->all = of;
	p->n++;
	d->plan = of;
	return of;
}

/* ---- what is due ---- */

static bool next_run(const struct bag_dag *d, int64_t now, struct timetable_run *out)
{
	const struct timetable_state state = {.first_seen = d->first_seen,
		.last_start = d->last_interval_start,
		.last_end = d->last_interval_end,
		.now = now};

	if (d->version == 0 || d->is_paused || d->is_retired || d->is_broken ||
		d->timetable == NULL)
		return false;
	return timetable_next_run(d->timetable, &state, out);
}

/* How many scheduled runs there may be that are not over: a DAG that falls behind makes no more
 * than can run. */
static size_t limit_of(const struct bag_dag *d)
{
	if (timetable_kind(d->timetable) == TIMETABLE_CONTINUOUS)
		return 1;
	return d->max_active_runs;
}

static void plan(struct planner *p, struct planned *of)
{
	struct timetable_run run;

	unplan(p, of);
	if (next_run(of->dag, time_now(p), &run) && of->n_scheduled < limit_of(of->dag))
		plan_at(p, of, run.due);
}

void planner_plan(struct planner *p, struct planned *of)
{
	plan(p, of);
	arm(p);
}

/* ---- making runs ---- */

static const char *run_id_of(const struct timetable_run *run, struct arena *a)
{
	char at[INSTANT_TEXT_MAX];

	return arena_printf(a, "scheduled__%s", instant_format(run->logical_date, at));
}

static bool is_of(const char *run_type, int64_t date, const struct timetable_run *run)
{
	return date == run->logical_date && strcmp(run_type, "manual") != 0;
}

/* *has: whether the interval has its run, made before or by a backfill, or the store has a run of
 * the same id. */
static int has_run(const struct planner *p, const struct planned *of,
	const struct timetable_run *run, const char *run_id, struct arena *a, bool *has,
	struct err *e)
{
	const struct store_run_filter filter = {
		.dag_id = of->dag->dag_id, .since = run->logical_date, .until = run->logical_date};
	struct store_run *rows = NULL, found;
	size_t n = 0;
	int r = 0;

	*has = false;
	for (const struct planned_run *one = of->first; one != NULL; one = one->next)
		*has |= is_of(
			runner_run_type(one->runner), runner_facts(one->runner)->logical_date, run);
	if (!*has && p->o.store != NULL)
		r = store_runs_list(p->o.store, a, &filter, &rows, &n, e);
	for (size_t i = 0; i < n; i++)
		*has |= is_of(rows[i].run_type, rows[i].logical_date, run);
	if (r != 0 || *has || p->o.store == NULL)
		return r;
	r = store_run_find(p->o.store, a, of->dag->dag_id, run_id, &found, e);
	*has = r == 0;
	return r == ERR_NOTFOUND ? 0 : r;
}

static int add_run(struct planner *p, struct edition *ed, const struct timetable_run *run,
	const char *run_id, struct arena *a, struct err *e)
{
	struct value conf = {.type = VALUE_MAP};
	struct run_facts facts = {.run_id = run_id,
		.logical_date = run->logical_date,
		.interval_start = run->interval_start,
		.interval_end = run->interval_end,
		.conf = conf};
	struct run_spec spec = {.edition = ed, .facts = &facts, .run_type = "scheduled"};
	int r = params_resolve(ed->dag, &conf, a, &facts.params, e);

	return r == 0 ? conductor_run_add(p->o.conductor, &spec, NULL, e) : r;
}

/* Makes the run, and remembers that it was made. N.B. somebody may have called another run so: that
 * counts as its, too. */
static int make_run(
	struct planner *p, const struct planned *of, const struct timetable_run *run, struct err *e)
{
	struct arena *a = arena_create(0);
	struct edition *ed = NULL;
	const char *run_id = a == NULL ? NULL : run_id_of(run, a);
	bool has = false;
	int r = run_id == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			       : has_run(p, of, run, run_id, a, &has, e);

	if (r == 0 && !has)
		r = bag_edition(p->o.bag, of->dag->dag_id, 0, &ed, e);
	if (r == 0 && !has)
		r = add_run(p, ed, run, run_id, a, e);
	edition_unref(ed);
	arena_destroy(a);
	if (r != 0 && r != ERR_EXISTS)
		return r;
	r = bag_interval_made(p->o.bag, of->dag, run->interval_start, run->interval_end);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

/* Looks at a DAG whose time has come. */
static void serve(struct planner *p, struct planned *of, int64_t now)
{
	struct timetable_run run;
	struct err e;

	unplan(p, of);
	if (next_run(of->dag, now, &run) && run.due <= now && of->n_scheduled < limit_of(of->dag) &&
		make_run(p, of, &run, &e) != 0) {
		planner_note(p, OP_ERROR, "no run of %s could be made: %s; the next try is in %d s",
			of->dag->dag_id, e.text, RETRY_MS / 1000);
		plan_at(p, of, now + RETRY_MS);
		return;
	}
	plan(p, of);
}

void planner_tick(struct planner *p)
{
	int64_t now = time_now(p);
	struct planned *of;

	for (int i = 0; i < MAKE_AT_ONCE && !p->is_stopped; i++) {
		of = first_due(p);
		if (of == NULL || due_of(of) > now)
			break;
		serve(p, of, now);
	}
	arm(p);
}

static void on_time(void *ctx)
{
	planner_tick(ctx);
}

/* ---- life ---- */

static void on_dag(void *ctx, struct bag_dag *d)
{
	struct planner *p = ctx;
	struct planned *of = d->plan;

	if (d->version == 0 && of != NULL) { /* deleted: its runs are nobody's */
		planner_runs_free(p, of);
		planner_plan(p, of);
		return;
	}
	/* Most DAGs of a large folder may have no schedule: they cost nothing here. */
	if (of == NULL && (d->timetable == NULL || timetable_kind(d->timetable) == TIMETABLE_NONE))
		return;
	of = planner_of(p, d);
	if (of == NULL) {
		planner_note(p, OP_ERROR, "%s is not planned: %s", d->dag_id, err_text(ERR_NOMEM));
		return;
	}
	planner_plan(p, of);
	planner_start(p, of);
}

int planner_create(const struct planner_options *o, struct planner **out, struct err *e)
{
	struct planner *p = calloc(1, sizeof(*p));
	size_t at = 0;
	struct bag_dag *d;
	int r;

	if (p == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	p->o = *o;
	if (o->now == NULL && (r = wall_timer_open(o->loop, on_time, p, &p->timer, e)) != 0) {
		free(p);
		return r;
	}
	p->bag_observer = (struct bag_observer){.ctx = p, .on_dag = on_dag};
	p->conductor_observer = planner_runs_observer(p);
	bag_observe(o->bag, &p->bag_observer);
	conductor_observe(o->conductor, &p->conductor_observer);
	while ((d = bag_next(o->bag, &at)) != NULL)
		on_dag(p, d);
	*out = p;
	return 0;
}

void planner_stop(struct planner *p)
{
	p->is_stopped = true;
	arm(p);
}

static void free_all(void *ctx)
{
	struct planner *p = ctx;
	struct planned *next;

	for (struct planned *of = p->all; of != NULL; of = next) {
		next = of->next;
		planner_runs_free(p, of);
		free(of);
	}
	rank_heap_free(&p->heap);
	if (p->on_closed != NULL)
		p->on_closed(p->closed_ctx);
	free(p);
}

void planner_close(struct planner *p, void (*on_closed)(void *ctx), void *ctx)
{
	p->on_closed = on_closed;
	p->closed_ctx = ctx;
	bag_unobserve(p->o.bag, &p->bag_observer);
	conductor_unobserve(p->o.conductor, &p->conductor_observer);
	for (struct planned *of = p->all; of != NULL; of = of->next)
		of->dag->plan = NULL;
	if (p->timer != NULL)
		wall_timer_close(p->timer, free_all, p);
	else
		free_all(p);
}
