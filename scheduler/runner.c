/*
 * A runner's life, and what is asked of it. Everything that is asked is an event, which the
 * conductor's next turn steps.
 */
#include "scheduler/runner.h"

#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/callbacks.h"
#include "scheduler/conductor_impl.h"
#include "scheduler/edition.h"
#include "store/clock.h"
#include "store/journal.h"

/* ---- events ---- */

void runner_leave(struct runner *r)
{
	if (r->is_leaving)
		return;
	r->is_leaving = true;
	r->next_leaving = r->conductor->leaving;
	r->conductor->leaving = r;
}

void runner_hold(struct runner *r)
{
	r->n_holds++;
}

void runner_unhold(struct runner *r)
{
	if (--r->n_holds == 0)
		runner_leave(r);
}

void runner_fail(struct runner *r, int code, const char *text)
{
	if (!r->is_broken)
		(void)err_set(&r->broken, code, "%s", text);
	r->is_broken = true;
	/* Half of its turn must not be stored. */
	if (r->conductor->o.journal != NULL) {
		journal_forget_run(
			r->conductor->o.journal, r->number, r->made_in == r->conductor->n_batches);
		callbacks_forget(r);
	}
	runner_leave(r);
}

struct run_event runner_event(
	enum run_event_kind kind, uint32_t task, uint32_t instance, uint32_t try_number)
{
	return (struct run_event){.kind = kind,
		.now = clock_wall_ms(),
		.task = task,
		.instance = instance,
		.try_number = try_number};
}

static void ready_add(struct conductor *c, struct runner *r)
{
	if (r->is_ready)
		return;
	r->is_ready = true;
	r->next_ready = NULL;
	*(c->last_ready == NULL ? &c->ready : &c->last_ready->next_ready) = r;
	c->last_ready = r;
}

void runner_record(struct runner *r, const struct run_event *ev)
{
	struct events *in = &r->incoming;
	size_t cap = in->cap == 0 ? 4 : in->cap * 2;
	struct run_event *list;

	if (in->n == in->cap) {
		list = realloc(in->list, cap * sizeof(*list));
		if (list == NULL) {
			runner_fail(r, ERR_NOMEM, err_text(ERR_NOMEM));
			return;
		}
		in->list = list;
		in->cap = cap;
	}
	in->list[in->n++] = *ev;
	ready_add(r->conductor, r);
}

/* ---- life ---- */

static int facts_copy(struct runner *r, const struct run_spec *spec)
{
	const struct run_facts *from = spec->facts;
	char *run_id;

	r->arena = arena_create(0);
	if (r->arena == NULL)
		return ERR_NOMEM;
	r->facts = *from;
	run_id = arena_strdup(r->arena, from->run_id);
	r->facts.run_id = run_id;
	r->run_type = arena_strdup(r->arena, spec->run_type);
	r->actor = spec->actor == NULL ? "" : arena_strdup(r->arena, spec->actor);
	if (run_id == NULL || r->run_type == NULL || r->actor == NULL ||
		value_copy(r->arena, &from->conf, &r->facts.conf) != 0 ||
		value_copy(r->arena, &from->params, &r->facts.params) != 0)
		return ERR_NOMEM;
	return 0;
}

static int pools_number(struct runner *r)
{
	const struct plan *p = r->edition->plan;
	int status = 0;

	r->pools = arena_array(r->arena, p->n_pools, sizeof(*r->pools));
	if (r->pools == NULL)
		return ERR_NOMEM;
	for (uint32_t i = 0; i < p->n_pools && status == 0; i++)
		status = conductor_pool_number(r->conductor, p->pools[i], &r->pools[i]);
	return status;
}

int runner_create(
	struct conductor *c, const struct run_spec *spec, struct runner **out, struct err *e)
{
	struct runner *r = calloc(1, sizeof(*r));
	int status = r == NULL ? ERR_NOMEM : 0;

	if (status == 0) {
		r->conductor = c;
		r->edition = edition_ref(spec->edition);
		r->max_active = spec->max_active;
		r->seed = spec->seed == 0 ? (uint64_t)clock_wall_ms() : spec->seed;
		r->outputs = outputs_create(r->edition->dag);
		r->cells = cells_create(r->edition->dag->n_tasks, r, &c->timers);
		status = r->outputs == NULL || r->cells == NULL ? ERR_NOMEM : facts_copy(r, spec);
	}
	if (status == 0)
		status = pools_number(r);
	if (status == 0)
		status = run_create(&r->edition->plan->run, r->seed, &r->run);
	if (status != 0) {
		runner_free(r);
		return err_set(e, status, "%s", err_text(status));
	}
	*out = r;
	return 0;
}

static void events_free(struct events *e)
{
	for (size_t i = 0; i < e->n; i++)
		if (e->list[i].kind == RUN_EV_CLEAR)
			free((void *)e->list[i].clear.tasks);
	free(e->list);
}

void runner_free(struct runner *r)
{
	if (r == NULL)
		return;
	cells_destroy(r->cells);
	run_destroy(r->run);
	outputs_destroy(r->outputs);
	events_free(&r->incoming);
	free(r->current.list);
	arena_destroy(r->arena);
	edition_unref(r->edition);
	free(r);
}

void runner_keep(struct runner *r)
{
	r->n_keeps++;
}

void runner_let_go(struct runner *r)
{
	if (--r->n_keeps == 0)
		runner_leave(r);
}

/* ---- what is asked ---- */

void runner_start(struct runner *r)
{
	struct run_event ev = runner_event(RUN_EV_STARTED, RUN_NO_TASK, RUN_NO_INSTANCE, 0);

	runner_record(r, &ev);
}

void runner_cancel(struct runner *r, bool teardowns_too)
{
	struct run_event ev = runner_event(RUN_EV_CANCEL, RUN_NO_TASK, RUN_NO_INSTANCE, 0);

	ev.cancel.teardowns_too = teardowns_too;
	runner_record(r, &ev);
}

int runner_clear(struct runner *r, const struct runner_clear *c)
{
	struct run_event ev = runner_event(RUN_EV_CLEAR, RUN_NO_TASK, RUN_NO_INSTANCE, 0);
	uint32_t *tasks = malloc((c->n_tasks + 1) * sizeof(*tasks));

	if (tasks == NULL)
		return ERR_NOMEM;
	if (c->n_tasks > 0)
		memcpy(tasks, c->tasks, c->n_tasks * sizeof(*tasks));
	ev.clear.tasks = tasks;
	ev.clear.n_tasks = c->n_tasks;
	ev.clear.downstream = c->downstream;
	ev.clear.upstream = c->upstream;
	ev.clear.only_failed = c->only_failed;
	runner_record(r, &ev);
	return 0;
}

void runner_mark(struct runner *r, uint32_t task, uint32_t instance, enum run_mark mark)
{
	struct run_event ev = runner_event(RUN_EV_MARK, task, instance, 0);

	ev.mark = mark;
	runner_record(r, &ev);
}

void runner_past_release(struct runner *r, uint32_t task)
{
	struct run_event ev = runner_event(RUN_EV_PAST_RELEASED, task, RUN_NO_INSTANCE, 0);

	runner_record(r, &ev);
}

void runner_kill_now(struct runner *r)
{
	cells_kill_all(r->cells, OP_KILL_CANCEL, 0);
	callbacks_kill(r);
}

/* ---- what it is ---- */

const struct edition *runner_edition(const struct runner *r)
{
	return r->edition;
}

const struct run_facts *runner_facts(const struct runner *r)
{
	return &r->facts;
}

const char *runner_dag_id(const struct runner *r)
{
	return r->edition->dag->dag_id;
}

const char *runner_run_id(const struct runner *r)
{
	return r->facts.run_id;
}

void runner_max_active_set(struct runner *r, uint32_t max)
{
	r->max_active = max;
}

uint32_t runner_max_active(const struct runner *r)
{
	return r->max_active;
}

const char *runner_run_type(const struct runner *r)
{
	return r->run_type;
}

enum run_state runner_state(const struct runner *r)
{
	return (enum run_state)run_head_get(r->run).state;
}

bool runner_is_busy(const struct runner *r)
{
	return r->is_ready || !run_state_is_over(runner_state(r));
}

int runner_row(const struct runner *r, uint32_t task, uint32_t instance, struct run_row *out)
{
	return run_row_get(r->run, task, instance, out);
}

uint64_t runner_n_steps(const struct runner *r)
{
	return r->n_steps;
}

bool runner_has_instance(const struct runner *r, uint32_t task, uint32_t instance)
{
	return run_has_instance(r->run, task, instance);
}

void runner_times(const struct runner *r, uint32_t task, uint32_t instance, int64_t *started_at,
	int64_t *ended_at)
{
	const struct cell *c = cells_find(r->cells, task, instance);
	bool is_known = c != NULL && c->kept != NULL;

	*started_at = is_known ? c->kept->started_at : INSTANT_NONE;
	*ended_at = is_known ? c->kept->ended_at : INSTANT_NONE;
}

int64_t runner_started_at(const struct runner *r)
{
	return r->started_at;
}

int64_t runner_ended_at(const struct runner *r)
{
	return r->ended_at;
}

const struct outputs *runner_outputs(const struct runner *r)
{
	return r->outputs;
}
