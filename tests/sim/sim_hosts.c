/*
 * The hosts: tries run here, whether the scheduler lives or not. They fail, hang, answer late or
 * twice, are believed lost and come back. A start of what was started only answers again.
 */
#include <stdlib.h>

#include "tests/sim/sim.h"

struct attempt *hosts_find(
	struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number)
{
	for (size_t i = 0; i < s->n_attempts; i++) {
		struct attempt *a = &s->attempts[i];

		if (a->run == run && a->task == task && a->instance == instance &&
			a->try_number == try_number)
			return a;
	}
	return NULL;
}

static struct run_event event_of(const struct attempt *a, enum run_event_kind kind)
{
	return (struct run_event){.kind = kind,
		.task = a->task,
		.instance = a->instance,
		.try_number = a->try_number};
}

/* Answers, mostly once and soon, sometimes late and again. */
static void answer(struct sim *s, const struct attempt *a, const struct run_event *ev)
{
	int64_t delay = rng_below(&s->rng, 20);

	if (!s->is_calm && rng_percent(&s->rng, 10))
		delay += rng_below(&s->rng, 3000);
	sim_send(s, a->run, delay, ev);
	if (!s->is_calm && rng_percent(&s->rng, 10))
		sim_send(s, a->run, delay + rng_below(&s->rng, 2000), ev);
}

static void answer_started(struct sim *s, const struct attempt *a)
{
	struct run_event ev = event_of(a, RUN_EV_TASK_STARTED);

	answer(s, a, &ev);
}

static void answer_ended(struct sim *s, const struct attempt *a)
{
	struct run_event ev = event_of(a, RUN_EV_TASK_FINISHED);

	ev.finished.exit = a->exit;
	ev.finished.no_retry = a->no_retry;
	answer(s, a, &ev);
}

static struct attempt *begin(
	struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number)
{
	struct rng *g = &s->rng;
	uint32_t luck = rng_below(g, 100);
	struct attempt *a;

	if (s->n_attempts == s->cap_attempts) {
		s->cap_attempts = s->cap_attempts == 0 ? 64 : s->cap_attempts * 2;
		s->attempts = realloc(s->attempts, s->cap_attempts * sizeof(*s->attempts));
		if (s->attempts == NULL)
			abort();
	}
	a = &s->attempts[s->n_attempts++];
	*a = (struct attempt){.run = run,
		.task = task,
		.instance = instance,
		.try_number = try_number,
		.begun = s->now,
		.ends = s->now + rng_below(g, 800),
		.n_executions = 1};
	a->exit = luck < 65 ? RUN_EXIT_SUCCESS : luck < 93 ? RUN_EXIT_FAILED : RUN_EXIT_SKIPPED;
	a->no_retry = a->exit == RUN_EXIT_FAILED && rng_percent(g, 10);
	if (!s->is_calm && rng_percent(g, 5))
		a->ends = SIM_HANG;
	return a;
}

void hosts_start(struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number)
{
	struct attempt *a = hosts_find(s, run, task, instance, try_number);
	struct run_event lost;

	if (a == NULL)
		a = begin(s, run, task, instance, try_number);
	answer_started(s, a);
	if (a->has_ended)
		answer_ended(s, a);
	if (!s->is_calm && rng_percent(&s->rng, 3)) {
		lost = event_of(a, RUN_EV_TASK_LOST);
		answer(s, a, &lost);
	}
}

void hosts_kill(struct sim *s, uint32_t run, uint32_t task, uint32_t instance, uint32_t try_number)
{
	struct attempt *a = hosts_find(s, run, task, instance, try_number);

	if (a == NULL)
		sim_broken(s, "run %u task %u[%d] try %u is killed, but was never started", run,
			task, (int)instance, try_number);
	if (a->has_ended) {
		answer_ended(s, a);
		return;
	}
	a->is_killed = true;
	if (a->ends > s->now + 50)
		a->ends = s->now + rng_below(&s->rng, 50);
	if (a->exit != RUN_EXIT_SUCCESS || rng_percent(&s->rng, 80))
		a->exit = rng_percent(&s->rng, 50) ? RUN_EXIT_FAILED : RUN_EXIT_TIMED_OUT;
}

void hosts_advance(struct sim *s)
{
	for (size_t i = 0; i < s->n_attempts; i++) {
		struct attempt *a = &s->attempts[i];

		if (a->has_ended || a->ends > s->now)
			continue;
		a->has_ended = true;
		answer_ended(s, a);
	}
}

int64_t hosts_next(const struct sim *s)
{
	int64_t next = SIM_HANG;

	for (size_t i = 0; i < s->n_attempts; i++)
		if (!s->attempts[i].has_ended && s->attempts[i].ends < next)
			next = s->attempts[i].ends;
	return next;
}

bool hosts_have_hung(const struct sim *s, uint32_t run)
{
	for (size_t i = 0; i < s->n_attempts; i++)
		if (s->attempts[i].run == run && s->attempts[i].ends == SIM_HANG)
			return true;
	return false;
}
