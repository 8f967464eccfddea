/*
 * How many events a second the run state machine takes, and whether that depends on the run's size.
 *
 * For each shape of DAG and each size, whole runs are driven from start to end; each task takes
 * three events (capacity, started, finished). Only run_step() is measured, with a shell around it
 * that does nothing but answer. Sizes are compared with the smallest: flat is 1.0, and what is
 * less than that the processor's caches take.
 *
 * Then the same for dispatch: n requests of 100 runs in 10 pools, each queued, granted and
 * released; its cost may grow with the logarithm of n.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/bench.h"
#include "engine/arena.h"
#include "engine/dispatch.h"
#include "engine/run.h"

#define FLAT_MIN 0.5 /* of the rate with 1,000 tasks, which fit into the processor's caches */

struct shape {
	const char *name;
	/* The i-th upstream of a task of n, or RUN_NO_TASK where it has no more. */
	uint32_t (*up)(uint32_t task, uint32_t i, uint32_t n);
};

static uint32_t chain_up(uint32_t task, uint32_t i, uint32_t n)
{
	(void)n;
	return i == 0 && task > 0 ? task - 1 : RUN_NO_TASK;
}

/* One task, then all, then one. */
static uint32_t fan_up(uint32_t task, uint32_t i, uint32_t n)
{
	if (task == 0)
		return RUN_NO_TASK;
	if (task < n - 1)
		return i == 0 ? 0 : RUN_NO_TASK;
	return i < n - 2 ? i + 1 : RUN_NO_TASK;
}

/* Three upstream tasks each, from the 1,000 before it. */
static uint32_t random_up(uint32_t task, uint32_t i, uint32_t n)
{
	uint32_t span = task < 1000 ? task : 1000, third = span / 3, h;

	(void)n;
	if (task < 3 || i >= 3)
		return RUN_NO_TASK;
	h = (task * 2654435761u) ^ (i * 40503u);
	return task - span + i * third + (third > 0 ? h % third : 0);
}

static const struct shape shapes[] = {{"chain", chain_up}, {"fan", fan_up}, {"random", random_up}};
static const uint32_t sizes[] = {1000, 10000, 100000, 1000000};

static uint32_t *numbers(size_t n)
{
	uint32_t *p = calloc(n + 1, sizeof(*p));

	if (p == NULL)
		exit(1);
	return p;
}

static size_t count_edges(const struct shape *s, uint32_t n)
{
	size_t m = 0;

	for (uint32_t t = 0; t < n; t++)
		for (uint32_t i = 0; s->up(t, i, n) != RUN_NO_TASK; i++)
			m++;
	return m;
}

static void make_plan(struct run_plan *p, const struct shape *s, uint32_t n)
{
	size_t m = count_edges(s, n);
	uint32_t *up_offset = numbers(n + 1), *up = numbers(m), *down_offset = numbers(n + 2),
		 *down = numbers(m);
	struct run_task_plan *tasks = calloc(n, sizeof(*tasks));
	uint32_t k = 0;

	if (tasks == NULL)
		exit(1);
	for (uint32_t t = 0; t < n; t++) {
		for (uint32_t i = 0, u; (u = s->up(t, i, n)) != RUN_NO_TASK; i++) {
			up[k++] = u;
			down_offset[u + 2]++;
		}
		up_offset[t + 1] = k;
	}
	for (uint32_t t = 0; t < n; t++)
		down_offset[t + 2] += down_offset[t + 1];
	for (uint32_t t = 0; t < n; t++)
		for (uint32_t i = up_offset[t]; i < up_offset[t + 1]; i++)
			down[down_offset[up[i] + 1]++] = t;
	*p = (struct run_plan){
		.n_tasks = n, .tasks = tasks, .up = {up_offset, up}, .down = {down_offset, down}};
}

static void free_plan(struct run_plan *p)
{
	free((void *)p->up.offset);
	free((void *)p->up.list);
	free((void *)p->down.offset);
	free((void *)p->down.list);
	free((void *)p->tasks);
}

static void step(struct run *r, struct run_actions *a, enum run_event_kind kind, uint32_t task)
{
	struct run_event ev = {.kind = kind,
		.now = 1000,
		.task = task,
		.instance = RUN_NO_INSTANCE,
		.try_number = 1};
	struct err e;

	if (run_step(r, &ev, a, &e) != RUN_APPLIED) {
		fprintf(stderr, "bench_machine: %s\n", e.text);
		exit(1);
	}
}

/* One whole run; how many events it took, and *seconds more. Making the run is not counted. */
static uint64_t drive(
	const struct run_plan *p, struct run_actions *a, uint32_t *ready, double *seconds)
{
	struct run *r;
	uint64_t events = 1;
	uint32_t first = 0, last = 0;
	double begin;

	if (run_create(p, 1, &r) != 0)
		exit(1);
	begin = bench_now();
	a->n = 0;
	step(r, a, RUN_EV_STARTED, RUN_NO_TASK);
	for (;;) {
		for (size_t i = 0; i < a->n; i++)
			if (a->list[i].kind == RUN_ACT_QUEUE)
				ready[last++] = a->list[i].task;
		a->n = 0;
		if (first == last)
			break;
		step(r, a, RUN_EV_CAPACITY, ready[first]);
		step(r, a, RUN_EV_TASK_STARTED, ready[first]);
		step(r, a, RUN_EV_TASK_FINISHED, ready[first++]);
		events += 3;
	}
	*seconds += bench_now() - begin;
	if (run_head_get(r).state != RUN_SUCCESS)
		exit(1);
	run_destroy(r);
	return events;
}

/* Events a second: of at least three million events, the best of three. */
static double measure(const struct run_plan *p)
{
	struct run_actions a = {0};
	uint32_t *ready = numbers(p->n_tasks);
	double best = 0;

	for (int round = 0; round < 3; round++) {
		double seconds = 0, rate;
		uint64_t events = 0;

		while (events < 3000000)
			events += drive(p, &a, ready, &seconds);
		rate = (double)events / seconds;
		best = rate > best ? rate : best;
	}
	free(ready);
	run_actions_free(&a);
	return best;
}

/* Requests, grants and releases a second, with n in line. */
static double measure_dispatch(uint32_t n)
{
	struct dispatch *d = dispatch_create();
	struct dispatch_key key;
	struct err e;
	double begin;

	if (d == NULL)
		exit(1);
	for (uint32_t i = 0; i < 10; i++)
		(void)dispatch_pool_set(d, i, 16);
	for (uint32_t i = 0; i < 100; i++)
		(void)dispatch_run_set(d, i, 4);
	begin = bench_now();
	for (uint32_t i = 0; i < n; i++) {
		struct dispatch_request q = {{i % 100, i, 0}, i * 7 % 10, 1, (int32_t)(i % 5)};

		if (dispatch_queue(d, &q, &e) != 0)
			exit(1);
	}
	while (dispatch_next(d, &key) == DISPATCH_GRANTED)
		dispatch_release(d, &key);
	begin = bench_now() - begin;
	dispatch_destroy(d);
	return 3.0 * n / begin;
}

/* Measures all sizes of a shape. Returns the rate of the slowest; *flat is its part of the first.
 */
static double measure_shape(const struct shape *s, double *flat)
{
	double first = 0, slowest = 0;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct run_plan p;
		struct arena *arena = arena_create(0);
		struct err e;
		double rate;

		make_plan(&p, s, sizes[i]);
		if (run_plan_prepare(&p, arena, &e) != 0) {
			fprintf(stderr, "bench_machine: %s\n", e.text);
			exit(1);
		}
		rate = measure(&p);
		first = i == 0 ? rate : first;
		slowest = i == 0 || rate < slowest ? rate : slowest;
		printf("%-8s %9" PRIu32 " %12.0f %8.2f\n", s->name, sizes[i], rate, rate / first);
		arena_destroy(arena);
		free_plan(&p);
	}
	*flat = slowest / first;
	return slowest;
}

int main(void)
{
	double slowest = 0, flattest = 1, first = 0;

	printf("%-8s %9s %12s %8s\n", "shape", "tasks", "events/s", "ratio");
	for (size_t s = 0; s < sizeof(shapes) / sizeof(shapes[0]); s++) {
		double flat, rate = measure_shape(&shapes[s], &flat);

		slowest = s == 0 || rate < slowest ? rate : slowest;
		flattest = flat < flattest ? flat : flattest;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		double rate = measure_dispatch(sizes[i]);

		first = i == 0 ? rate : first;
		printf("%-8s %9" PRIu32 " %12.0f %8.2f\n", "dispatch", sizes[i], rate,
			rate / first);
	}
	(void)bench_goal("state machine, slowest: million events a second", slowest / 1e6,
		BENCH_AT_LEAST, 1);
	(void)bench_goal("state machine, least flat: 1,000 to 1,000,000 tasks", flattest,
		BENCH_AT_LEAST, FLAT_MIN);
	return 0;
}
