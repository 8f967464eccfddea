/*
 * The simulator: sim [SEEDS | soak | --seed N [--trace]]
 *
 * One seed makes a world: up to three runs of random DAGs that share pools, a scheduler made of the
 * real machine and the real dispatch, a store, hosts and people. Time jumps from one thing that
 * happens to the next. The scheduler works in turns as the daemon does (step, commit, act), and may
 * crash before the commit, after it, or between any two actions; then it starts from what was
 * stored. The model looks at everything. Nothing here depends on real time.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "tests/sim/sim.h"

#define STEPS_MAX 200000 /* of one world; more means that it goes round in circles */
#define SEEDS_DEFAULT 3000

void sim_broken(const struct sim *s, const char *fmt, ...)
{
	va_list ap;

	printf("not ok - seed %" PRIu64 ", at %" PRId64 " ms: ", s->seed, s->now);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n# replay: tests/sim/sim --seed %" PRIu64 " --trace\n", s->seed);
	exit(1);
}

void sim_trace(const struct sim *s, const char *fmt, ...)
{
	va_list ap;

	if (!s->is_traced)
		return;
	printf("%8" PRId64 "  ", s->now);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

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

static void step(struct sim *s, struct sim_run *r, const struct run_event *ev)
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

static void commit(struct sim *s)
{
	for (uint32_t i = 0; i < s->n_runs; i++)
		s->runs[i].stored = s->runs[i].now;
}

static size_t count_actions(const struct sim *s)
{
	size_t n = 0;

	for (uint32_t i = 0; i < s->n_runs; i++)
		n += s->runs[i].actions.n;
	return n;
}

/* Performs what was committed, or the first few of it where a crash comes between. */
static void act_all(struct sim *s, size_t n, bool restoring)
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

static void grant(struct sim *s)
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

static void release_past(struct sim *s, struct sim_run *r)
{
	for (uint32_t t = 0; t < r->plan.n_tasks; t++) {
		struct run_event ev = {
			.kind = RUN_EV_PAST_RELEASED, .task = t, .instance = RUN_NO_INSTANCE};

		if (r->tasks[t].depends_on_past && !r->now.tasks[t].row.is_released)
			sim_send(s, r->number, rng_below(&s->rng, 2000), &ev);
	}
}

static void make_dispatch(struct sim *s)
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

static void crash(struct sim *s)
{
	sim_trace(s, "CRASH");
	s->n_crashes++;
	s->n_messages = 0;
	dispatch_destroy(s->dispatch);
	make_dispatch(s);
	for (uint32_t i = 0; i < s->n_runs; i++)
		restore(s, &s->runs[i]);
	commit(s);
	act_all(s, SIZE_MAX, true);
	for (uint32_t i = 0; i < s->n_runs; i++) {
		model_check_acted(s, &s->runs[i]);
		release_past(s, &s->runs[i]);
	}
}

/* People. */

static bool is_expanded(const struct run_row *row)
{
	if (row->n_items == 0)
		return false;
	return row->state == TASK_RUNNING || (row->is_decided && task_state_is_over(row->state));
}

static void meddle(struct sim *s, struct sim_run *r)
{
	struct rng *g = &s->rng;
	uint32_t n = r->plan.n_tasks, tasks[3];
	struct run_event ev = {.task = rng_below(g, n), .instance = RUN_NO_INSTANCE};
	uint32_t what = rng_below(g, 100);

	if (what < 25) {
		ev.kind = RUN_EV_CANCEL;
		ev.cancel.teardowns_too = rng_percent(g, 30);
	} else if (what < 70) {
		ev.kind = RUN_EV_CLEAR;
		ev.clear.downstream = rng_percent(g, 60);
		ev.clear.upstream = rng_percent(g, 15);
		ev.clear.only_failed = rng_percent(g, 30);
		if (rng_percent(g, 30)) {
			for (uint32_t i = 0; i < 3; i++)
				tasks[i] = rng_below(g, n);
			ev.clear.tasks = tasks;
			ev.clear.n_tasks = 3;
		}
	} else if (what < 95) {
		ev.kind = RUN_EV_MARK;
		ev.mark = rng_percent(g, 50) ? RUN_MARK_SUCCESS : RUN_MARK_FAILED;
		if (rng_percent(g, 50) && is_expanded(&r->now.tasks[ev.task].row))
			ev.instance = rng_below(g, r->now.tasks[ev.task].row.n_items);
		else if (rng_percent(g, 20))
			ev.task = RUN_NO_TASK;
	} else {
		uint32_t pool = rng_below(g, SIM_POOLS);

		s->pool_slots[pool] = 1 + rng_below(g, 4);
		(void)dispatch_pool_set(s->dispatch, pool, s->pool_slots[pool]);
		sim_trace(s, "pool %u now has %u slots", pool, s->pool_slots[pool]);
		return;
	}
	step(s, r, &ev);
}

static void trigger(struct sim *s, struct sim_run *r)
{
	struct run_event ev = {.kind = RUN_EV_STARTED, .task = RUN_NO_TASK};

	if (r->now.head.state == RUN_QUEUED)
		step(s, r, &ev);
}

/* Time. */

static bool take_message(struct sim *s, struct message *out)
{
	size_t best = SIZE_MAX;

	for (size_t i = 0; i < s->n_messages; i++)
		if (s->messages[i].at <= s->now &&
			(best == SIZE_MAX || s->messages[i].at < s->messages[best].at ||
				(s->messages[i].at == s->messages[best].at &&
					s->messages[i].order < s->messages[best].order)))
			best = i;
	if (best == SIZE_MAX)
		return false;
	*out = s->messages[best];
	s->messages[best] = s->messages[--s->n_messages];
	return true;
}

static int64_t next_time(const struct sim *s)
{
	int64_t next = hosts_next(s);

	for (size_t i = 0; i < s->n_messages; i++)
		if (s->messages[i].at < next)
			next = s->messages[i].at;
	return next;
}

/* Nothing is under way. Either all is over, or people must start or end something, or it is stuck:
 * whether anything was done. */
static bool wake(struct sim *s)
{
	struct run_event cancel = {.kind = RUN_EV_CANCEL, .task = RUN_NO_TASK};

	cancel.cancel.teardowns_too = true;
	for (uint32_t i = 0; i < s->n_runs; i++) {
		struct sim_run *r = &s->runs[i];

		if (r->now.head.state > RUN_RUNNING)
			continue;
		if (r->now.head.state == RUN_QUEUED)
			trigger(s, r);
		else if (hosts_have_hung(s, i))
			step(s, r, &cancel);
		else
			continue;
		return true;
	}
	for (uint32_t i = 0; i < s->n_runs; i++)
		if (s->runs[i].now.head.state <= RUN_RUNNING)
			sim_broken(s, "run %u is stuck", i);
	if (s->n_people_left == 0)
		return false;
	s->n_people_left--;
	meddle(s, &s->runs[rng_below(&s->rng, s->n_runs)]);
	return true;
}

/* One turn of the scheduler. Whether the world goes on. */
static bool turn(struct sim *s)
{
	uint32_t most = 1 + rng_below(&s->rng, 6);
	int64_t next = next_time(s);
	struct message m;
	bool any = false;
	size_t n;

	if (next != SIM_HANG && next > s->now)
		s->now = next;
	hosts_advance(s);
	while (most-- > 0 && take_message(s, &m)) {
		step(s, &s->runs[m.run], &m.ev);
		any = true;
	}
	if (s->n_people_left > 0 && rng_percent(&s->rng, 4)) {
		s->n_people_left--;
		meddle(s, &s->runs[rng_below(&s->rng, s->n_runs)]);
		any = true;
	}
	if (!any && next == SIM_HANG && !wake(s))
		return false;
	n = count_actions(s);
	if (s->has_crashes && rng_percent(&s->rng, 4)) {
		if (rng_percent(&s->rng, 70)) {
			commit(s);
			act_all(s, rng_below(&s->rng, (uint32_t)n + 1), false);
		}
		crash(s);
	} else {
		commit(s);
		act_all(s, SIZE_MAX, false);
		for (uint32_t i = 0; i < s->n_runs; i++)
			model_check_acted(s, &s->runs[i]);
	}
	grant(s);
	return true;
}

static void world_make(struct sim *s, uint64_t seed, bool is_traced)
{
	*s = (struct sim){.seed = seed, .rng = {seed * 2 + 1}, .is_traced = is_traced};
	s->now = 1000;
	s->is_calm = rng_percent(&s->rng, 20);
	s->has_crashes = rng_percent(&s->rng, 60);
	s->n_people_left = rng_percent(&s->rng, 50) ? rng_below(&s->rng, 8) : 0;
	s->n_runs = 1 + rng_below(&s->rng, SIM_RUNS_MAX);
	for (uint32_t p = 0; p < SIM_POOLS; p++)
		s->pool_slots[p] = 1 + rng_below(&s->rng, 6);
	for (uint32_t i = 0; i < s->n_runs; i++) {
		struct sim_run *r = &s->runs[i];

		r->number = i;
		sim_plan_make(s, r);
		if (run_create(&r->plan, seed + i, &r->machine) != 0)
			abort();
		r->now.head.state = r->stored.head.state = RUN_QUEUED;
	}
	make_dispatch(s);
	for (uint32_t i = 0; i < s->n_runs; i++)
		release_past(s, &s->runs[i]);
}

static void world_free(struct sim *s)
{
	for (uint32_t i = 0; i < s->n_runs; i++) {
		run_destroy(s->runs[i].machine);
		run_actions_free(&s->runs[i].actions);
		arena_destroy(s->runs[i].arena);
	}
	dispatch_destroy(s->dispatch);
	free(s->attempts);
	free(s->messages);
}

/* A crash of the program itself names its seed, too, and then takes its course. */
static char last_words[128];
static struct sigaction before_us;

static void on_signal(int sig)
{
	ssize_t n = write(STDOUT_FILENO, last_words, strlen(last_words));

	(void)n;
	(void)sigaction(sig, &before_us, NULL);
}

static void simulate(uint64_t seed, bool is_traced, struct sim *total)
{
	static struct sim s;

	(void)snprintf(last_words, sizeof(last_words),
		"not ok - crashed\n# replay: tests/sim/sim --seed %" PRIu64 " --trace\n", seed);
	world_make(&s, seed, is_traced);
	while (turn(&s))
		;
	for (uint32_t i = 0; i < s.n_runs; i++)
		model_check_end(&s, &s.runs[i]);
	total->n_steps += s.n_steps;
	total->n_ignored += s.n_ignored;
	total->n_crashes += s.n_crashes;
	for (int from = 0; from < TASK_STATE_COUNT; from++)
		for (int to = 0; to < TASK_STATE_COUNT; to++)
			total->moved[from][to] |= s.moved[from][to];
	world_free(&s);
}

/* Whether each move that the table allows was made: else the seeds do not try enough. */
static bool all_moved(const struct sim *total)
{
	bool all = true;

	for (unsigned from = 0; from < TASK_STATE_COUNT; from++)
		for (unsigned to = 0; to < TASK_STATE_COUNT; to++)
			if (task_state_may_become(from, to) && !total->moved[from][to]) {
				printf("# nobody went from %s to %s\n", task_state_name(from),
					task_state_name(to));
				all = false;
			}
	return all;
}

int main(int argc, char **argv)
{
	static struct sim total;
	uint64_t seeds = SEEDS_DEFAULT, seed;
	struct sigaction sa = {.sa_handler = on_signal};
	bool is_soak = argc > 1 && strcmp(argv[1], "soak") == 0, is_thorough;

	(void)sigaction(SIGSEGV, &sa, &before_us);
	if (argc > 2 && strcmp(argv[1], "--seed") == 0) {
		seed = strtoull(argv[2], NULL, 10);
		simulate(seed, argc > 3 && strcmp(argv[3], "--trace") == 0, &total);
		printf("ok - seed %" PRIu64 "\n", seed);
		return 0;
	}
	if (argc > 1 && !is_soak)
		seeds = strtoull(argv[1], NULL, 10);
	for (seed = 1; is_soak || seed <= seeds; seed++) {
		simulate(seed, false, &total);
		if (is_soak && seed % 100000 == 0) {
			printf("# %" PRIu64 " seeds\n", seed);
			(void)fflush(stdout);
		}
	}
	printf("ok 1 - %" PRIu64 " seeds: %" PRIu64 " events, %" PRIu64 " of them ignored, %" PRIu64
	       " crashes\n",
		seeds, total.n_steps, total.n_ignored, total.n_crashes);
	is_thorough = all_moved(&total);
	printf("%s 2 - every move that the table allows was made\n1..2\n",
		is_thorough ? "ok" : "not ok");
	return is_thorough ? 0 : 1;
}
