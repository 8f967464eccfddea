/*
 * Whether a task costs the same however many there are: a DAG of 100 to 100,000 tasks side by side
 * is loaded, planned and run, its tasks ending as soon as they start, so that all that is measured
 * is the engine's own work. Without arguments; bench_growth.sh measures the whole program.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/bench.h"
#include "bench/swift.h"
#include "bench/texts.h"
#include "engine/buf.h"
#include "tests/unit/dag_kit.h"

#define FLAT_MAX 1.6 /* 100,000 tasks have 200 MiB, which no cache holds */
#define TASKS_MAX 100000 /* and as many in all of one round's runs */
#define ROUNDS 7

static const int sizes[] = {100, 1000, 10000, TASKS_MAX};

#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Microseconds a task, of as many runs of n tasks as make TASKS_MAX. */
static double measure(const struct buf *text, int n)
{
	double from = bench_now();

	for (int i = 0; i < TASKS_MAX / n; i++) {
		struct swift *s = swift_create(dag_kit_load(buf_str(text)));

		swift_run(s);
		swift_destroy(s);
	}
	return (bench_now() - from) / TASKS_MAX * 1e6;
}

int main(void)
{
	static double took[SIZES][ROUNDS];
	double least = 0, most = 0;

	for (int round = 0; round < ROUNDS; round++)
		for (size_t i = 0; i < SIZES; i++) {
			struct buf text;

			buf_init(&text, 0);
			text_make(&text, &texts[TEXT_WIDE], sizes[i]);
			took[i][round] = measure(&text, sizes[i]);
			buf_free(&text);
		}
	for (size_t i = 0; i < SIZES; i++) {
		double median = bench_median(took[i], ROUNDS);

		least = i == 0 || median < least ? median : least;
		most = median > most ? median : most;
		printf("%6d tasks: %.2f us a task\n", sizes[i], median);
	}
	return bench_goal("growth, the engine's work for a task: dearest to cheapest", most / least,
		       BENCH_AT_MOST, FLAT_MAX)
		? 0
		: 1;
}
