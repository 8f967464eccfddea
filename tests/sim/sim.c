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
	sim_step(s, r, &ev);
}

static void trigger(struct sim *s, struct sim_run *r)
{
	struct run_event ev = {.kind = RUN_EV_STARTED, .task = RUN_NO_TASK};

	if (r->now.head.state == RUN_QUEUED)
		sim_step(s, r, &ev);
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
			sim_step(s, r, &cancel);
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
		sim_step(s, &s->runs[m.run], &m.ev);
		any = true;
	}
	if (s->n_people_left > 0 && rng_percent(&s->rng, 4)) {
		s->n_people_left--;
		meddle(s, &s->runs[rng_below(&s->rng, s->n_runs)]);
		any = true;
	}
	if (!any && next == SIM_HANG && !wake(s))
		return false;
	n = sim_count_actions(s);
	if (s->has_crashes && rng_percent(&s->rng, 4)) {
		if (rng_percent(&s->rng, 70)) {
			sim_commit(s);
			sim_act_all(s, rng_below(&s->rng, (uint32_t)n + 1), false);
		}
		sim_crash(s);
	} else {
		sim_commit(s);
		sim_act_all(s, SIZE_MAX, false);
		for (uint32_t i = 0; i < s->n_runs; i++)
			model_check_acted(s, &s->runs[i]);
	}
	sim_grant(s);
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
	sim_make_dispatch(s);
	for (uint32_t i = 0; i < s->n_runs; i++)
		sim_release_past(s, &s->runs[i]);
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
