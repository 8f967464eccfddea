/*
 * The runner. A turn is taken before the loop waits again, if something has come:
 *
 *	step     every event through run_step(), into one list of actions
 *	act      perform them: decide, queue, start, kill, timers
 *	grant    let dispatch give out the capacity there is
 *
 * and again, until no event is left; then logs are closed. Callbacks only record what came.
 * A store would commit between step and act.
 */
#include <stdlib.h>
#include <time.h>

#include "engine/dag.h"
#include "scheduler/runner_impl.h"

int64_t runner_now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* The run cannot go on. */
void runner_fail(struct runner *r, int code, const char *text)
{
	if (!r->is_broken)
		(void)err_set(&r->broken, code, "%s", text);
	r->is_broken = true;
}

void runner_record(struct runner *r, const struct run_event *ev)
{
	struct events *in = &r->incoming;
	size_t cap = in->cap == 0 ? 64 : in->cap * 2;
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
}

struct run_event runner_event(
	enum run_event_kind kind, uint32_t task, uint32_t instance, uint32_t try_number)
{
	return (struct run_event){.kind = kind,
		.now = runner_now(),
		.task = task,
		.instance = instance,
		.try_number = try_number};
}

/* ---- the turn ---- */

static void due_timers(struct runner *r)
{
	struct run_event ev;
	int64_t now = runner_now();

	while (cells_timer_due(r->cells, now, &ev))
		runner_record(r, &ev);
	r->is_timer_due = false;
}

static void step_all(struct runner *r)
{
	struct events swap = r->current;
	struct err e;

	r->current = r->incoming;
	r->incoming = swap;
	r->incoming.n = 0;
	r->actions.n = 0;
	for (size_t i = 0; i < r->current.n && !r->is_broken; i++) {
		int status = run_step(r->run, &r->current.list[i], &r->actions, &e);

		if (status < 0)
			runner_fail(r, status, e.text);
	}
}

static void act_all(struct runner *r)
{
	for (size_t i = 0; i < r->actions.n && !r->is_broken; i++)
		runner_act(r, &r->actions.list[i]);
}

static void grant(struct runner *r)
{
	struct dispatch_key key;
	enum dispatch_answer answer;

	while ((answer = dispatch_next(r->dispatch, &key)) != DISPATCH_NOTHING) {
		struct run_event ev =
			runner_event(answer == DISPATCH_GRANTED ? RUN_EV_CAPACITY : RUN_EV_REFUSED,
				key.task, key.instance, 0);

		runner_record(r, &ev);
	}
}

static void on_timer(uv_timer_t *timer)
{
	struct runner *r = timer->data;

	r->is_timer_due = true;
}

static void timers_arm(struct runner *r)
{
	int64_t at = cells_timer_next(r->cells), now = runner_now();

	if (at == INT64_MAX)
		(void)uv_timer_stop(&r->timer);
	else
		(void)uv_timer_start(&r->timer, on_timer, at > now ? (uint64_t)(at - now) : 0, 0);
}

static void tell_broken(struct runner *r)
{
	const struct runner_observer *o = r->o.observer;

	cells_kill_all(r->cells, OP_KILL_CANCEL, r->o.kill_grace_ms);
	(void)uv_prepare_stop(&r->prepare);
	o->on_broken(o->ctx, &r->broken);
}

static void turn(struct runner *r)
{
	const struct runner_observer *o = r->o.observer;

	due_timers(r);
	while (r->incoming.n > 0 && !r->is_broken) {
		step_all(r);
		act_all(r);
		grant(r);
	}
	runner_logs_close(r);
	timers_arm(r);
	if (r->is_broken) {
		tell_broken(r);
	} else if (r->has_finish_to_tell && r->n_running == 0) {
		r->has_finish_to_tell = false;
		o->on_finished(o->ctx, (enum run_state)run_head_get(r->run).state);
	}
}

static void on_prepare(uv_prepare_t *prepare)
{
	struct runner *r = prepare->data;

	if (r->incoming.n > 0 || r->is_timer_due || r->is_broken)
		turn(r);
}

/* ---- life ---- */

static int dispatch_fill(struct runner *r)
{
	int status = 0;

	for (uint32_t i = 0; i < r->o.plan->n_pools && status == 0; i++)
		status = dispatch_pool_set(r->dispatch, i, r->o.pool_slots);
	if (status == 0)
		status = dispatch_run_set(r->dispatch, RUN_NUMBER, r->o.plan->run.max_active_tasks);
	return status;
}

static void runner_free(struct runner *r)
{
	for (size_t i = 0; i < r->n_ended; i++)
		(void)try_close(r->ended[i].try, NULL);
	free(r->ended);
	cells_destroy(r->cells);
	run_destroy(r->run);
	dispatch_destroy(r->dispatch);
	outputs_destroy(r->outputs);
	run_actions_free(&r->actions);
	free(r->incoming.list);
	free(r->current.list);
	free(r);
}

int runner_create(const struct runner_options *o, struct runner **out, struct err *e)
{
	struct runner *r = calloc(1, sizeof(*r));
	int status = r == NULL ? ERR_NOMEM : 0;

	if (status == 0) {
		r->o = *o;
		r->dispatch = dispatch_create();
		r->outputs = outputs_create(o->dag);
		r->cells = cells_create(o->dag->n_tasks);
		status = r->dispatch == NULL || r->outputs == NULL || r->cells == NULL
			? ERR_NOMEM
			: dispatch_fill(r);
	}
	if (status == 0)
		status = run_create(&o->plan->run, o->seed, &r->run);
	if (status != 0) {
		if (r != NULL)
			runner_free(r);
		return err_set(e, status, "%s", err_text(status));
	}
	(void)uv_prepare_init(o->loop, &r->prepare);
	(void)uv_timer_init(o->loop, &r->timer);
	(void)uv_timer_init(o->loop, &r->log_timer);
	r->prepare.data = r->timer.data = r->log_timer.data = r;
	r->handles = 3;
	*out = r;
	return 0;
}

void runner_start(struct runner *r)
{
	struct run_event ev = runner_event(RUN_EV_STARTED, RUN_NO_TASK, RUN_NO_INSTANCE, 0);

	(void)uv_prepare_start(&r->prepare, on_prepare);
	runner_record(r, &ev);
}

void runner_cancel(struct runner *r, bool teardowns_too)
{
	struct run_event ev = runner_event(RUN_EV_CANCEL, RUN_NO_TASK, RUN_NO_INSTANCE, 0);

	ev.cancel.teardowns_too = teardowns_too;
	runner_record(r, &ev);
}

void runner_kill_now(struct runner *r)
{
	cells_kill_all(r->cells, OP_KILL_CANCEL, 0);
}

const struct outputs *runner_outputs(const struct runner *r)
{
	return r->outputs;
}

static void on_closed(uv_handle_t *handle)
{
	struct runner *r = handle->data;

	if (--r->handles == 0)
		runner_free(r);
}

void runner_destroy(struct runner *r)
{
	if (r == NULL || r->is_destroyed)
		return;
	r->is_destroyed = true;
	cells_close_all(r->cells);
	uv_close((uv_handle_t *)&r->prepare, on_closed);
	uv_close((uv_handle_t *)&r->timer, on_closed);
	uv_close((uv_handle_t *)&r->log_timer, on_closed);
}
