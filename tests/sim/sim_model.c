/*
 * The model: what must be true, found out the slow way.
 *
 * It believes nothing that the machine computes. It keeps the states that the actions tell, and
 * judges each change, in the order of the actions: tasks by what sim_judge.c makes of the states
 * above them, tries by what the hosts know.
 */
#include <string.h>

#include "tests/sim/sim.h"

struct cell *model_cell(struct shadow *w, uint32_t task, uint32_t instance)
{
	return instance == RUN_NO_INSTANCE ? &w->tasks[task] : &w->items[task][instance];
}

bool *model_hold(struct sim_run *r, uint32_t task, uint32_t instance)
{
	return &r->holds[task][instance == RUN_NO_INSTANCE ? 0 : instance + 1];
}

static bool is_early_end(const struct sim_run *r, const struct run_action *a)
{
	uint8_t cause = a->task_changed.cause;

	if (r->now.head.stop == RUN_KILL_NONE)
		return false;
	if (cause != RUN_CAUSE_CANCEL && cause != RUN_CAUSE_RUN_TIMEOUT && cause != RUN_CAUSE_MARK)
		return false;
	return !r->tasks[a->task].is_teardown || r->cuts_teardowns ||
		r->now.head.state == RUN_QUEUED;
}

static void check_first(struct sim *s, const struct sim_run *r, const struct run_action *a)
{
	enum verdict v = model_judge(r, a->task);
	uint8_t to = a->task_changed.row.state;

	if (r->now.head.state != RUN_RUNNING && to == TASK_SCHEDULED)
		sim_broken(s, "task %u is due in a run that is not running", a->task);
	if (to == TASK_SCHEDULED && v != GO)
		sim_broken(s, "task %u is due before its dependencies allow it", a->task);
	if (to == TASK_SCHEDULED && r->tasks[a->task].depends_on_past &&
		!r->now.tasks[a->task].row.is_released)
		sim_broken(s, "task %u is due before its past released it", a->task);
	if (to == TASK_UPSTREAM_FAILED && v != UPSTREAM_FAILED)
		sim_broken(s, "task %u is upstream_failed against its rule", a->task);
	if (to == TASK_SKIPPED && v != SKIP && !is_early_end(r, a))
		sim_broken(s, "task %u is skipped against its rule", a->task);
}

/* What the end of a try must lead to. */
static void check_ended(
	struct sim *s, const struct sim_run *r, const struct cell *c, const struct run_action *a)
{
	const struct run_row *row = &a->task_changed.row;
	const struct run_task_plan *p = &r->tasks[a->task];
	const struct attempt *h = hosts_find(s, r->number, a->task, a->instance, row->try_number);
	uint8_t cause = a->task_changed.cause, to = row->state;
	uint32_t used = row->try_number - c->base;

	if (h == NULL)
		sim_broken(s, "task %u: try %u ended, but was never started", a->task,
			row->try_number);
	if (cause == RUN_CAUSE_MARK || cause == RUN_CAUSE_CLEAR) {
		if (c->row.kill == RUN_KILL_NONE)
			sim_broken(s, "task %u changed under its running try", a->task);
		return;
	}
	if (cause != RUN_CAUSE_LOST && cause != RUN_CAUSE_CANCEL &&
		cause != RUN_CAUSE_RUN_TIMEOUT && !h->has_ended)
		sim_broken(s, "task %u: try %u has not ended", a->task, row->try_number);
	if (to == TASK_SUCCESS && h->exit != RUN_EXIT_SUCCESS)
		sim_broken(s, "task %u is success; its try was not", a->task);
	if (to == TASK_SKIPPED && h->exit != RUN_EXIT_SKIPPED)
		sim_broken(s, "task %u is skipped; its try was not", a->task);
	if (to != TASK_SUCCESS && h->exit == RUN_EXIT_SUCCESS && cause == RUN_CAUSE_EXIT)
		sim_broken(s, "task %u: a success was lost", a->task);
	if (to == TASK_UP_FOR_RETRY && (used > p->retries || c->row.kill > RUN_KILL_TIMEOUT))
		sim_broken(s, "task %u retries, but must not", a->task);
	if (to == TASK_FAILED && used <= p->retries && c->row.kill <= RUN_KILL_TIMEOUT &&
		!(h->no_retry && cause != RUN_CAUSE_LOST))
		sim_broken(s, "task %u failed with tries left", a->task);
	if (to == TASK_UP_FOR_RETRY && !p->retry_exponential_backoff &&
		row->at != s->now + p->retry_delay_ms)
		sim_broken(s, "task %u retries at the wrong time", a->task);
}

static uint8_t outcome(const struct sim_run *r, uint32_t task)
{
	const struct run_row *row = &r->now.tasks[task].row;
	uint32_t failed = 0, success = 0;

	for (uint32_t i = 0; i < row->n_items; i++) {
		failed += r->now.items[task][i].row.state == TASK_FAILED;
		success += r->now.items[task][i].row.state == TASK_SUCCESS;
	}
	if (row->kill == RUN_KILL_MARK_SUCCESS)
		return TASK_SUCCESS;
	if (row->kill == RUN_KILL_MARK_FAILED)
		return TASK_FAILED;
	if (row->kill == RUN_KILL_CANCEL || row->kill == RUN_KILL_RUN_TIMEOUT)
		return success == row->n_items ? TASK_SUCCESS : TASK_FAILED;
	return failed > 0 ? TASK_FAILED : success > 0 ? TASK_SUCCESS : TASK_SKIPPED;
}

static void check_for_each_end(struct sim *s, const struct sim_run *r, const struct run_action *a)
{
	const struct run_row *row = &r->now.tasks[a->task].row;

	if (a->task_changed.row.state == TASK_NONE) {
		for (uint32_t i = 0; i < SIM_ITEMS_MAX; i++)
			if (model_is_active(r->now.items[a->task][i].row.state))
				sim_broken(
					s, "task %u starts anew under a running instance", a->task);
		return;
	}
	for (uint32_t i = 0; i < row->n_items; i++)
		if (!model_is_over(r->now.items[a->task][i].row.state))
			sim_broken(s, "task %u ended before its instance %u", a->task, i);
	if (a->task_changed.row.state != outcome(r, a->task))
		sim_broken(s, "task %u came out otherwise than its instances", a->task);
}

static void check_queued(
	struct sim *s, struct sim_run *r, const struct cell *c, const struct run_action *a)
{
	const struct run_row *row = &a->task_changed.row;

	if (row->try_number != c->row.try_number + 1)
		sim_broken(s, "task %u: try %u follows try %u", a->task, row->try_number,
			c->row.try_number);
	if (!*model_hold(r, a->task, a->instance))
		sim_broken(s, "task %u starts without capacity", a->task);
	if (r->tasks[a->task].has_when && !c->row.is_decided && a->instance == RUN_NO_INSTANCE)
		sim_broken(s, "task %u starts before it was decided", a->task);
	if (r->tasks[a->task].is_for_each && a->instance == RUN_NO_INSTANCE)
		sim_broken(s, "for_each task %u starts itself", a->task);
}

static void check_instances(struct sim *s, const struct sim_run *r, uint32_t task)
{
	uint32_t max = r->tasks[task].max_active_tis, n = 0;

	for (uint32_t i = 0; i < SIM_ITEMS_MAX; i++)
		n += model_is_active(r->now.items[task][i].row.state) ||
			r->now.items[task][i].row.state == TASK_SCHEDULED;
	if (max > 0 && n > max)
		sim_broken(
			s, "task %u has %u active instances; max_active_tis is %u", task, n, max);
}

static void check_change(
	struct sim *s, struct sim_run *r, const struct cell *c, const struct run_action *a)
{
	uint8_t from = c->row.state, to = a->task_changed.row.state, cause = a->task_changed.cause;
	bool is_task = a->instance == RUN_NO_INSTANCE;

	if (a->task_changed.old_state != from)
		sim_broken(s, "task %u is said to change from %s, but was %s", a->task,
			task_state_name(a->task_changed.old_state), task_state_name(from));
	if (from == to)
		return;
	s->moved[from][to] = true;
	if (model_is_over(from) && cause != RUN_CAUSE_CLEAR && cause != RUN_CAUSE_MARK &&
		!(from == TASK_REMOVED && cause == RUN_CAUSE_EXPANDED))
		sim_broken(s, "task %u was over (%s) and became %s", a->task, task_state_name(from),
			task_state_name(to));
	if (model_is_over(to) && a->task_changed.row.kill != RUN_KILL_NONE)
		sim_broken(s, "task %u is over and still to be killed", a->task);
	if (from == TASK_NONE && is_task && cause != RUN_CAUSE_MARK)
		check_first(s, r, a);
	if (to == TASK_QUEUED)
		check_queued(s, r, c, a);
	if (from == TASK_UP_FOR_RETRY && to == TASK_SCHEDULED && s->now < c->row.at)
		sim_broken(s, "task %u retries %d ms early", a->task, (int)(c->row.at - s->now));
	if (is_task && r->tasks[a->task].is_for_each && from == TASK_RUNNING)
		check_for_each_end(s, r, a);
	else if (model_is_active(from) && to != TASK_RUNNING)
		check_ended(s, r, c, a);
}

/* Whether this is the clear itself, not the end of the try that it killed. */
static bool is_cleared(const struct cell *c, const struct run_action *a)
{
	return c->row.kill != RUN_KILL_CLEAR &&
		(a->task_changed.cause == RUN_CAUSE_CLEAR ||
			a->task_changed.row.kill == RUN_KILL_CLEAR);
}

static void see_task(struct sim *s, struct sim_run *r, const struct run_action *a)
{
	struct cell *c;

	if (a->instance != RUN_NO_INSTANCE && a->instance >= SIM_ITEMS_MAX)
		sim_broken(s, "task %u has an instance %u", a->task, a->instance);
	c = model_cell(&r->now, a->task, a->instance);
	check_change(s, r, c, a);
	if (is_cleared(c, a) && a->instance == RUN_NO_INSTANCE &&
		r->tasks[a->task].depends_on_past && a->task_changed.row.is_released)
		sim_broken(s, "task %u is cleared, and its past holds it no longer", a->task);
	if (a->task_changed.cause == RUN_CAUSE_CLEAR || is_cleared(c, a))
		c->base = a->task_changed.row.try_number;
	if (a->task_changed.cause == RUN_CAUSE_LOST)
		c->lost = a->task_changed.row.try_number;
	c->row = a->task_changed.row;
	c->cause = a->task_changed.cause;
	c->exists = true;
	if (a->instance != RUN_NO_INSTANCE)
		check_instances(s, r, a->task);
}

static bool is_leaf(const struct sim_run *r, uint32_t task)
{
	for (uint32_t d = task + 1; d < r->plan.n_tasks; d++)
		if (r->edge[task][d] && !r->tasks[d].is_teardown)
			return false;
	return !r->tasks[task].is_teardown;
}

static uint8_t run_outcome(const struct sim_run *r)
{
	bool any = false;

	if (r->now.head.stop != RUN_KILL_NONE)
		return r->now.head.stop == RUN_KILL_MARK_SUCCESS ? RUN_SUCCESS : RUN_FAILED;
	for (uint32_t t = 0; t < r->plan.n_tasks; t++)
		any |= is_leaf(r, t);
	for (uint32_t t = 0; t < r->plan.n_tasks; t++) {
		bool counts = is_leaf(r, t);

		if (!any) {
			counts = true;
			for (uint32_t d = t + 1; d < r->plan.n_tasks; d++)
				counts &= !r->edge[t][d];
		}
		if (counts &&
			(model_seen(r, t) == TASK_FAILED ||
				model_seen(r, t) == TASK_UPSTREAM_FAILED))
			return RUN_FAILED;
	}
	return RUN_SUCCESS;
}

static bool all_tasks_over(const struct sim_run *r)
{
	for (uint32_t t = 0; t < r->plan.n_tasks; t++)
		if (!model_is_over(r->now.tasks[t].row.state))
			return false;
	return true;
}

void model_see(struct sim *s, struct sim_run *r, const struct run_action *a)
{
	switch (a->kind) {
	case RUN_ACT_TASK_CHANGED:
		see_task(s, r, a);
		break;
	case RUN_ACT_RUN_CHANGED:
		r->now.head = a->run_changed.head;
		break;
	case RUN_ACT_FINISH_RUN:
		if (!all_tasks_over(r))
			sim_broken(s, "the run finished before its tasks");
		if (r->now.head.state != run_outcome(r))
			sim_broken(s, "the run is %s, against its leaves",
				run_state_name(r->now.head.state));
		break;
	default:
		break;
	}
}

static void check_row(struct sim *s, struct sim_run *r, uint32_t task, uint32_t instance)
{
	const struct cell *c = model_cell(&r->now, task, instance);
	struct run_row row;

	if (!c->exists)
		return;
	if (run_row_get(r->machine, task, instance, &row) != 0)
		sim_broken(
			s, "task %u[%d] is stored, but the machine has none", task, (int)instance);
	if (row.state != c->row.state || row.try_number != c->row.try_number ||
		row.try_limit != c->row.try_limit || row.kill != c->row.kill ||
		row.at != c->row.at || row.is_decided != c->row.is_decided ||
		row.is_released != c->row.is_released || row.n_items != c->row.n_items)
		sim_broken(s, "task %u[%d]: the machine says %s, try %u; it has told %s, try %u",
			task, (int)instance, task_state_name(row.state), row.try_number,
			task_state_name(c->row.state), c->row.try_number);
}

static void check_for_each(struct sim *s, const struct sim_run *r, uint32_t task)
{
	const struct run_row *row = &r->now.tasks[task].row;
	uint32_t fresh = 0, active = 0, over = 0, max = r->tasks[task].max_active_tis;

	if (!r->tasks[task].is_for_each || row->state != TASK_RUNNING)
		return;
	for (uint32_t i = 0; i < row->n_items; i++) {
		uint8_t state = r->now.items[task][i].row.state;

		fresh += state == TASK_NONE;
		active += model_is_active(state) || state == TASK_SCHEDULED;
		over += model_is_over(state);
	}
	if (row->kill == RUN_KILL_NONE && fresh > 0 && (max == 0 || active < max))
		sim_broken(s, "task %u lets no instance in, though it could", task);
	if (over == row->n_items)
		sim_broken(s, "task %u goes on after its last instance", task);
	if (row->kill == RUN_KILL_CLEAR && active == 0)
		sim_broken(s, "task %u waits for nobody to be cleared", task);
}

void model_check(struct sim *s, struct sim_run *r)
{
	const struct run_head head = run_head_get(r->machine);

	if (memcmp(&head, &r->now.head, sizeof(head)) != 0 &&
		(head.state != r->now.head.state || head.stop != r->now.head.stop ||
			head.started_at != r->now.head.started_at))
		sim_broken(s, "the machine's run is %s; it has told %s", run_state_name(head.state),
			run_state_name(r->now.head.state));
	for (uint32_t t = 0; t < r->plan.n_tasks; t++) {
		check_row(s, r, t, RUN_NO_INSTANCE);
		for (uint32_t i = 0; i < SIM_ITEMS_MAX; i++)
			check_row(s, r, t, i);
		check_for_each(s, r, t);
		if (head.state == RUN_RUNNING && r->now.tasks[t].row.state == TASK_NONE &&
			model_judge(r, t) != WAIT &&
			!(model_judge(r, t) == GO && r->tasks[t].depends_on_past &&
				!r->now.tasks[t].row.is_released))
			sim_broken(s, "task %u could move, but is left waiting", t);
	}
	if (head.state == RUN_RUNNING && all_tasks_over(r))
		sim_broken(s, "all tasks are over, but the run is not");
	if (head.state > RUN_RUNNING && !all_tasks_over(r))
		sim_broken(s, "the run is over, but not its tasks");
}

static uint32_t slots_of(const struct sim_run *r, uint32_t task)
{
	return r->tasks[task].pool_slots == 0 ? 1 : r->tasks[task].pool_slots;
}

void model_check_grant(struct sim *s, const struct dispatch_key *key)
{
	const struct sim_run *mine = &s->runs[key->run];
	uint32_t pool = mine->tasks[key->task].pool, slots = 0, active = 0;

	for (uint32_t i = 0; i < s->n_runs; i++)
		for (uint32_t t = 0; t < s->runs[i].plan.n_tasks; t++)
			for (uint32_t k = 0; k <= SIM_ITEMS_MAX; k++) {
				if (!s->runs[i].holds[t][k])
					continue;
				active += i == key->run;
				if (s->runs[i].tasks[t].pool == pool)
					slots += slots_of(&s->runs[i], t);
			}
	if (slots > s->pool_slots[pool])
		sim_broken(s, "pool %u has %u slots, and %u are held", pool, s->pool_slots[pool],
			slots);
	if (mine->plan.max_active_tasks > 0 && active > mine->plan.max_active_tasks)
		sim_broken(s, "run %u has %u active tasks; its maximum is %u", key->run, active,
			mine->plan.max_active_tasks);
}

static void check_acted(struct sim *s, struct sim_run *r, uint32_t task, uint32_t instance)
{
	const struct run_row *row = &model_cell(&r->now, task, instance)->row;
	const struct attempt *a;

	if (!model_is_active(row->state))
		return;
	if (!*model_hold(r, task, instance))
		sim_broken(s, "task %u[%d] has a try without capacity", task, (int)instance);
	a = hosts_find(s, r->number, task, instance, row->try_number);
	if (a == NULL)
		sim_broken(s, "task %u[%d]: try %u was not started", task, (int)instance,
			row->try_number);
	if (row->kill != RUN_KILL_NONE && !a->is_killed && !a->has_ended)
		sim_broken(s, "task %u[%d]: nobody killed try %u", task, (int)instance,
			row->try_number);
}

void model_check_acted(struct sim *s, struct sim_run *r)
{
	for (uint32_t t = 0; t < r->plan.n_tasks; t++) {
		if (!r->tasks[t].is_for_each)
			check_acted(s, r, t, RUN_NO_INSTANCE);
		for (uint32_t i = 0; i < SIM_ITEMS_MAX; i++)
			check_acted(s, r, t, i);
	}
}

static void check_kept(struct sim *s, struct sim_run *r, uint32_t task, uint32_t instance)
{
	const struct cell *c = model_cell(&r->now, task, instance);
	const struct attempt *a = hosts_find(s, r->number, task, instance, c->row.try_number);

	if (*model_hold(r, task, instance))
		sim_broken(s, "task %u is over and holds capacity", task);
	if (a == NULL || !a->has_ended || a->exit != RUN_EXIT_SUCCESS || c->base >= a->try_number)
		return;
	if (c->row.state != TASK_SUCCESS && c->cause != RUN_CAUSE_MARK && c->lost != a->try_number)
		sim_broken(s, "task %u: the success of try %u was lost", task, a->try_number);
}

void model_check_end(struct sim *s, struct sim_run *r)
{
	for (uint32_t t = 0; t < r->plan.n_tasks; t++) {
		check_kept(s, r, t, RUN_NO_INSTANCE);
		for (uint32_t i = 0; i < SIM_ITEMS_MAX; i++)
			check_kept(s, r, t, i);
	}
}
