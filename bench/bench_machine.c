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
#include "bench/shapes.h"
#include "engine/arena.h"
#include "engine/dispatch.h"
#include "engine/run.h"

#define FLAT_MIN 0.5 /* of the rate with 1,000 tasks, which fit into the processor's caches */

static const uint32_t sizes[] = {1000, 10000, 100000, 1000000};

/* One whole run; how many events it took, and *seconds more. Making the run is not counted. */
static uint64_t drive(
	const struct run_plan *p, struct run_actions *a, uint32_t *ready, double *seconds)
{
	struct run *r;
	uint64_t events;
	double begin;

	if (run_create(p, 1, &r) != 0)
		exit(1);
	begin = bench_now();
	events = shape_drive(r, a, ready);
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
	uint32_t *ready = calloc(p->n_tasks, sizeof(*ready));
	double best = 0;

	if (ready == NULL)
		exit(1);

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
		double rate;

		shape_plan(&p, s, sizes[i], arena);
		rate = measure(&p);
		first = i == 0 ? rate : first;
		slowest = i == 0 || rate < slowest ? rate : slowest;
		printf("%-8s %9" PRIu32 " %12.0f %8.2f\n", s->name, sizes[i], rate, rate / first);
		arena_destroy(arena);
		shape_plan_free(&p);
	}
	*flat = slowest / first;
	return slowest;
}

int main(void)
{
	double slowest = 0, flattest = 1, first = 0;

	printf("%-8s %9s %12s %8s\n", "shape", "tasks", "events/s", "ratio");
	for (size_t s = 0; s < SHAPES; s++) {
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
