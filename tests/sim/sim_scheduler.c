/*
 * The simulated scheduler: the real machine and the real dispatch in turns as the daemon has them.
 * It keeps in `now` what it was told, in `stored` what was committed, and starts from that after a
 * crash.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define STEPS_MAX 200000 /* of one world; more means that it goes round in circles */

static void trace_action(const struct sim *s, const struct sim_run *r, const struct run_action *a)
{
	char at[32] = "";

	if (!s->is_traced)
		return;
	if (a->instance != RUN_NO_INSTANCE)
		(void)snprintf(at, sizeof(at), "[%u]", a->instance);
	if (a->kind == RUN_ACT_TASK_CHANGED)
		sim_trace(s, "    run %u: task %u%s: %s -> %s, try %u, kill %s: %s", r->number,
			a->task, at, task_state_name(a->task_changed.old_state),
			task_state_name(a->task_changed.row.state), a->try_number,
			run_kill_name(a->task_changed.row.kill),
			run_cause_text(a->task_changed.cause));
	else if (a->kind == RUN_ACT_RUN_CHANGED)
		sim_trace(s, "    run %u: %s -> %s, stop %s: %s", r->number,
			run_state_name(a->run_changed.old_state),
			run_state_name(a->run_changed.head.state),
			run_kill_name(a->run_changed.head.stop),
			run_cause_text(a->run_changed.cause));
	else
		sim_trace(s, "    run %u: task %d%s: %s, try %u", r->number, (int)a->task, at,
			run_action_name(a->kind), a->try_number);
}

void sim_send(struct sim *s, uint32_t run, int64_t delay, const struct run_event *ev)
{
	if (s->n_messages == s->cap_messages) {
		s->cap_messages = s->cap_messages == 0 ? 64 : s->cap_messages * 2;
		s->messages = realloc(s->messages, s->cap_messages * sizeof(*s->messages));
		if (s->messages == NULL)
			abort();
	}
	s->messages[s->n_messages++] =
		(struct message){.at = s->now + delay, .order = s->orders++, .run = run, .ev = *ev};
}

/* The scheduler. */

static struct dispatch_key key_of(const struct sim_run *r, const struct run_action *a)
{
	return (struct dispatch_key){r->number, a->task, a->instance};
}

static struct dispatch_request request_of(const struct sim_run *r, const struct run_action *a)
{
	const struct run_task_plan *t = &r->tasks[a->task];

	return (struct dispatch_request){.key = key_of(r, a),
		.pool = t->pool,
		.slots = t->pool_slots,
		.priority = t->priority_weight};
}

static void answer_decide(struct sim *s, struct sim_run *r, const struct run_action *a)
{
	uint32_t luck = rng_below(&s->rng, 100);
	struct run_event ev = {
		.kind = RUN_EV_DECIDED, .task = a->task, .instance = RUN_NO_INSTANCE};

	ev.decided.round = a->round;
	ev.decided.verdict = luck < 80 ? RUN_VERDICT_RUN
		: luck < 95	       ? RUN_VERDICT_SKIP
				       : RUN_VERDICT_FAIL;
	ev.decided.n_items = rng_below(&s->rng, SIM_ITEMS_MAX + 1);
	sim_send(s, r->number, rng_below(&s->rng, 30), &ev);
	if (rng_percent(&s->rng, 5))
		sim_send(s, r->number, rng_below(&s->rng, 100), &ev);
}

static void release_later(struct sim *s, struct sim_run *r, uint32_t task)
{
	struct run_event ev = {
		.kind = RUN_EV_PAST_RELEASED, .task = task, .instance = RUN_NO_INSTANCE};

	sim_send(s, r->number, rng_below(&s->rng, 2000), &ev);
}

/* What is cleared is held again, until it is released once more. */
static void see_change(struct sim *s, struct sim_run *r, const struct run_action *a)
{
	const struct run_row *row = &a->task_changed.row;

	if (a->instance == RUN_NO_INSTANCE && row->state == TASK_NONE &&
		a->task_changed.cause == RUN_CAUSE_CLEAR && r->tasks[a->task].depends_on_past &&
		!row->is_released)
		release_later(s, r, a->task);
}

static void set_timer(struct sim *s, struct sim_run *r, const struct run_action *a)
{
	int64_t delay = a->timer.at > s->now ? a->timer.at - s->now : 0;
	struct run_event ev = {.kind = RUN_EV_TIMER,
		.task = a->task,
		.instance = a->instance,
		.try_number = a->try_number,
		.timer = a->timer.timer};

	sim_send(s, r->number, delay, &ev);
	if (!s->is_calm && delay > 1 && rng_percent(&s->rng, 5))
		sim_send(s, r->number, delay - 1, &ev);
}

static void cancel_timer(struct sim *s, struct sim_run *r, const struct run_action *a)
{
	if (rng_percent(&s->rng, 20))
		return; /* it is on its way already */
	for (size_t i = 0; i < s->n_messages; i++) {
		const struct message *m = &s->messages[i];

		if (m->run == r->number && m->ev.kind == RUN_EV_TIMER && m->ev.task == a->task &&
			m->ev.instance == a->instance && m->ev.timer == a->timer.timer)
			s->messages[i--] = s->messages[--s->n_messages];
	}
}

/* N.B. a second request while a grant is on its way is refused, and the grant serves it. */
static void act(struct sim *s, struct sim_run *r, const struct run_action *a, bool restoring)
{
	struct dispatch_request q;
	struct dispatch_key key;
	struct err e;

	switch (a->kind) {
	case RUN_ACT_TASK_CHANGED:
		see_change(s, r, a);
		break;
	case RUN_ACT_DECIDE:
		answer_decide(s, r, a);
		break;
	case RUN_ACT_QUEUE:
		q = request_of(r, a);
		if (dispatch_queue(s->dispatch, &q, &e) == ERR_EXISTS &&
			!*model_hold(r, a->task, a->instance))
			sim_broken(s, "task %u is in line twice", a->task);
		break;
	case RUN_ACT_UNQUEUE:
		key = key_of(r, a);
		dispatch_unqueue(s->dispatch, &key);
		break;
	case RUN_ACT_RELEASE:
		key = key_of(r, a);
		dispatch_release(s->dispatch, &key);
		*model_hold(r, a->task, a->instance) = false;
		break;
	case RUN_ACT_START:
		if (!restoring && hosts_find(s, r->number, a->task, a->instance, a->try_number))
			sim_broken(s, "task %u: try %u executes twice", a->task, a->try_number);
		/* fall through */
	case RUN_ACT_ATTACH:
		if (restoring) {
			q = request_of(r, a);
			(void)dispatch_hold(s->dispatch, &q, &e);
			*model_hold(r, a->task, a->instance) = true;
		}
		hosts_start(s, r->number, a->task, a->instance, a->try_number);
		break;
	case RUN_ACT_KILL:
		hosts_kill(s, r->number, a->task, a->instance, a->try_number);
		break;
	case RUN_ACT_SET_TIMER:
		set_timer(s, r, a);
		break;
	case RUN_ACT_CANCEL_TIMER:
		cancel_timer(s, r, a);
		break;
	default:
		break;
	}
}

static void look(struct sim *s, struct sim_run *r)
{
	for (; r->n_seen < r->actions.n; r->n_seen++) {
		trace_action(s, r, &r->actions.list[r->n_seen]);
		model_see(s, r, &r->actions.list[r->n_seen]);
	}
	model_check(s, r);
}

void sim_step(struct sim *s, struct sim_run *r, const struct run_event *ev)
{
	struct run_event now = *ev;
	struct err e = {0};
	int rc;

	now.now = s->now;
	sim_trace(s, "run %u: %s, task %d[%d], try %u", r->number, run_event_name(ev->kind),
		(int)ev->task, (int)ev->instance, ev->try_number);
	if (++s->n_steps > STEPS_MAX)
		sim_broken(s, "it never ends");
	r->cuts_teardowns = ev->kind == RUN_EV_CANCEL && ev->cancel.teardowns_too;
	rc = run_step(r->machine, &now, &r->actions, &e);
	if (rc < 0)
		sim_broken(s, "%s was refused: %s", run_event_name(ev->kind), e.text);
	if (rc == RUN_IGNORED) {
		s->n_ignored++;
		sim_trace(s, "    ignored: %s", e.text);
	}
	look(s, r);
}

void sim_commit(struct sim *s)
{
	for (uint32_t i = 0; i < s->n_runs; i++)
		s->runs[i].stored = s->runs[i].now;
}

size_t sim_count_actions(const struct sim *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->n_runs; i++)
		n += s->runs[i].actions.n;
	return n;
}

/* Performs what was committed, or the first few of it where a crash comes between. */
void sim_act_all(struct sim *s, size_t n, bool restoring)
{
	for (uint32_t i = 0; i < s->n_runs; i++) {
		struct sim_run *r = &s->runs[i];

		for (size_t k = 0; k < r->actions.n && n > 0; k++, n--) {
			struct run_action a = r->actions.list[k];

			act(s, r, &a, restoring);
		}
		r->actions.n = r->n_seen = 0;
	}
}

void sim_grant(struct sim *s)
{
	struct run_event ev = {0};
	struct dispatch_key key;
	enum dispatch_answer what;

	while ((what = dispatch_next(s->dispatch, &key)) != DISPATCH_NOTHING) {
		ev.kind = what == DISPATCH_GRANTED ? RUN_EV_CAPACITY : RUN_EV_REFUSED;
		ev.task = key.task;
		ev.instance = key.instance;
		if (what == DISPATCH_GRANTED) {
			*model_hold(&s->runs[key.run], key.task, key.instance) = true;
			model_check_grant(s, &key);
		}
		sim_send(s, key.run, rng_percent(&s->rng, 10) ? 5 : 0, &ev);
	}
}

void sim_release_past(struct sim *s, struct sim_run *r)
{
	for (uint32_t t = 0; t < r->plan.n_tasks; t++)
		if (r->tasks[t].depends_on_past && !r->now.tasks[t].row.is_released)
			release_later(s, r, t);
}

void sim_make_dispatch(struct sim *s)
{
	s->dispatch = dispatch_create();
	if (s->dispatch == NULL)
		abort();
	for (uint32_t p = 0; p < SIM_POOLS; p++)
		(void)dispatch_pool_set(s->dispatch, p, s->pool_slots[p]);
	for (uint32_t i = 0; i < s->n_runs; i++)
		(void)dispatch_run_set(s->dispatch, i, s->runs[i].plan.max_active_tasks);
}

static size_t list_rows(const struct sim_run *r, struct run_row *rows)
{
	size_t n = 0;

	for (uint32_t t = 0; t < r->plan.n_tasks; t++) {
		if (r->stored.tasks[t].exists)
			rows[n++] = r->stored.tasks[t].row;
		for (uint32_t i = 0; i < SIM_ITEMS_MAX; i++)
			if (r->stored.items[t][i].exists)
				rows[n++] = r->stored.items[t][i].row;
	}
	return n;
}

static void restore(struct sim *s, struct sim_run *r)
{
	struct run_row rows[SIM_TASKS_MAX * (SIM_ITEMS_MAX + 1)];
	size_t n = list_rows(r, rows);
	struct err e;

	run_destroy(r->machine);
	r->machine = NULL;
	r->now = r->stored;
	r->actions.n = r->n_seen = 0;
	memset(r->holds, 0, sizeof(r->holds));
	if (run_restore(&r->plan, s->seed + r->number, &r->stored.head, rows, n, s->now,
		    &r->machine, &r->actions, &e) != 0)
		sim_broken(s, "the run could not be restored: %s", e.text);
	look(s, r);
}

void sim_crash(struct sim *s)
{
	sim_trace(s, "CRASH");
	s->n_crashes++;
	s->n_messages = 0;
	dispatch_destroy(s->dispatch);
	sim_make_dispatch(s);
	for (uint32_t i = 0; i < s->n_runs; i++)
		restore(s, &s->runs[i]);
	sim_commit(s);
	sim_act_all(s, SIZE_MAX, true);
	for (uint32_t i = 0; i < s->n_runs; i++) {
		model_check_acted(s, &s->runs[i]);
		sim_release_past(s, &s->runs[i]);
	}
}
