/*
 * for_each: one task that runs as many instances, each with its state and its tries.
 *
 * The task is `running` from its expansion until the last instance is over, and holds no capacity
 * itself. At most max_active_tis instances are scheduled, queued or running at once; one that waits
 * for its retry gives up its place, and takes precedence over a fresh one when it is due.
 *
 * A clear drops no instance: they go back to none, and the next expansion takes up as many as there
 * are items then. Those beyond are removed, and remembered, so that no try number is used twice.
 */
#include "engine/run_impl.h"

#include <stdlib.h>

static bool is_active(enum task_state s)
{
	return s == TASK_SCHEDULED || s == TASK_QUEUED || s == TASK_RUNNING;
}

void run_foreach_count(struct run_expansion *x, uint32_t instance, enum task_state s, int by)
{
	uint32_t n = (uint32_t)by;

	if (is_active(s))
		x->n_active += n;
	if (instance >= x->n_items)
		return;
	if (s == TASK_SUCCESS)
		x->n_success += n;
	else if (s == TASK_FAILED)
		x->n_failed += n;
	else if (s == TASK_SKIPPED)
		x->n_skipped += n;
}

int run_foreach_reserve(struct run *r, uint32_t task, uint32_t n)
{
	struct run_task *t = &r->tasks[task];
	struct run_expansion *x = t->expansion;
	struct run_cell *cells;

	if (x == NULL) {
		if ((x = calloc(1, sizeof(*x))) == NULL)
			return ERR_NOMEM;
		x->waiting_first = x->waiting_last = RUN_NO_INSTANCE;
		t->expansion = x;
	}
	if (n <= x->n_cells)
		return 0;
	cells = realloc(x->cells, n * sizeof(*cells));
	if (cells == NULL)
		return ERR_NOMEM;
	for (uint32_t i = x->n_cells; i < n; i++)
		cells[i] = (struct run_cell){
			.try_limit = r->plan->tasks[task].retries + 1,
			.next = RUN_NO_INSTANCE,
			.state = TASK_NONE,
			.is_decided = true,
		};
	x->cells = cells;
	x->n_cells = n;
	return 0;
}

static bool has_room(const struct run *r, uint32_t task)
{
	uint32_t max = r->plan->tasks[task].max_active_tis;

	return max == 0 || r->tasks[task].expansion->n_active < max;
}

/* The next one whose retry is due. N.B. one that was marked meanwhile waits no longer. */
static bool take_waiting(struct run_expansion *x, uint32_t *instance)
{
	while (x->waiting_first != RUN_NO_INSTANCE) {
		*instance = x->waiting_first;
		x->waiting_first = x->cells[*instance].next;
		if (x->waiting_first == RUN_NO_INSTANCE)
			x->waiting_last = RUN_NO_INSTANCE;
		x->cells[*instance].is_waiting = false;
		if (x->cells[*instance].state == TASK_UP_FOR_RETRY)
			return true;
	}
	return false;
}

static bool take_fresh(struct run_expansion *x, uint32_t *instance)
{
	while (x->fresh < x->n_items) {
		*instance = x->fresh++;
		if (x->cells[*instance].state == TASK_NONE)
			return true;
	}
	return false;
}

static void admit(struct run *r, uint32_t task)
{
	struct run_expansion *x = r->tasks[task].expansion;
	struct run_who w;
	uint32_t i;

	while (has_room(r, task)) {
		if (take_waiting(x, &i)) {
			w = run_who_instance(r, task, i);
			w.cell->at = 0;
			run_try_queue(r, &w, RUN_CAUSE_RETRY);
		} else if (take_fresh(x, &i)) {
			w = run_who_instance(r, task, i);
			run_try_queue(r, &w, RUN_CAUSE_DUE);
		} else {
			return;
		}
	}
}

static void forget_lists(struct run_expansion *x)
{
	x->fresh = 0;
	for (uint32_t i = 0; i < x->n_cells; i++)
		x->cells[i].is_waiting = false;
	x->waiting_first = x->waiting_last = RUN_NO_INSTANCE;
}

/* Lets the task have n items: those beyond are removed, those that come back are none again. */
static void resize(struct run *r, uint32_t task, uint32_t n_items)
{
	struct run_expansion *x = r->tasks[task].expansion;

	for (uint32_t i = 0; i < x->n_cells; i++) {
		struct run_who w = run_who_instance(r, task, i);

		if (i < n_items && w.cell->state == TASK_REMOVED)
			run_cell_change(r, &w, TASK_NONE, RUN_CAUSE_EXPANDED);
		else if (i >= n_items && w.cell->state == TASK_NONE)
			run_cell_change(r, &w, TASK_REMOVED, RUN_CAUSE_EXPANDED);
	}
	x->n_items = n_items;
}

void run_foreach_expand(struct run *r, uint32_t task, uint32_t n_items)
{
	struct run_who w = run_who_task(r, task);

	if (run_foreach_reserve(r, task, n_items) != 0) {
		r->failure = ERR_NOMEM;
		return;
	}
	resize(r, task, n_items);
	forget_lists(r->tasks[task].expansion);
	if (n_items == 0) {
		run_cell_change(r, &w, TASK_SKIPPED, RUN_CAUSE_EMPTY);
		return;
	}
	run_cell_change(r, &w, TASK_RUNNING, RUN_CAUSE_EXPANDED);
	admit(r, task);
}

void run_foreach_resume(struct run *r, uint32_t task)
{
	struct run_who w = run_who_task(r, task);

	forget_lists(r->tasks[task].expansion);
	run_cell_change(r, &w, TASK_RUNNING, RUN_CAUSE_EXPANDED);
	run_foreach_after(r, task);
}

void run_foreach_retry(struct run *r, const struct run_who *w)
{
	struct run_expansion *x = r->tasks[w->task].expansion;

	if (x->waiting_last == RUN_NO_INSTANCE)
		x->waiting_first = w->instance;
	else
		x->cells[x->waiting_last].next = w->instance;
	x->waiting_last = w->instance;
	w->cell->next = RUN_NO_INSTANCE;
	w->cell->is_waiting = true;
	admit(r, w->task);
}

void run_foreach_kill(struct run *r, uint32_t task, enum run_kill why)
{
	struct run_who w = run_who_task(r, task);

	if (!run_kill_overrules(why, w.cell->kill))
		return;
	w.cell->kill = (uint8_t)why;
	run_cell_save(r, &w, RUN_CAUSE_KILLED);
}

bool run_foreach_is_over(const struct run_expansion *x)
{
	return x->n_success + x->n_failed + x->n_skipped == x->n_items;
}

enum task_state run_foreach_outcome(const struct run_expansion *x, enum run_kill kill)
{
	switch (kill) {
	case RUN_KILL_MARK_SUCCESS:
		return TASK_SUCCESS;
	case RUN_KILL_MARK_FAILED:
		return TASK_FAILED;
	case RUN_KILL_CANCEL:
	case RUN_KILL_RUN_TIMEOUT:
		return x->n_success == x->n_items ? TASK_SUCCESS : TASK_FAILED;
	default:
		if (x->n_failed > 0)
			return TASK_FAILED;
		return x->n_success > 0 ? TASK_SUCCESS : TASK_SKIPPED;
	}
}

static enum run_cause cause_of(enum run_kill kill)
{
	if (kill == RUN_KILL_NONE)
		return RUN_CAUSE_INSTANCES;
	return kill == RUN_KILL_CANCEL ? RUN_CAUSE_KILLED : run_kill_cause(kill);
}

void run_foreach_after(struct run *r, uint32_t task)
{
	struct run_who w = run_who_task(r, task);
	struct run_expansion *x = r->tasks[task].expansion;
	enum run_kill kill = w.cell->kill;

	if (w.cell->state != TASK_RUNNING)
		return;
	if (kill == RUN_KILL_NONE)
		admit(r, task);
	if (kill == RUN_KILL_CLEAR) {
		if (x->n_active > 0)
			return;
		w.cell->kill = RUN_KILL_NONE;
		run_cell_change(r, &w, TASK_NONE, RUN_CAUSE_CLEAR);
		run_list_add(r, task);
	} else if (run_foreach_is_over(x)) {
		w.cell->kill = RUN_KILL_NONE;
		run_cell_change(r, &w, run_foreach_outcome(x, kill), cause_of(kill));
	}
}
