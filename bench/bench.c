/* What the measurements share: a clock, medians, and how a goal is told. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double bench_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double bench_median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

bool bench_goal(const char *what, double ratio, enum bench_bound bound, double goal)
{
	bool is_met = bound == BENCH_AT_LEAST ? ratio >= goal : ratio <= goal;

	printf("goal: %-60s %6.2f  %s %-5.4g %s\n", what, ratio,
		bound == BENCH_AT_LEAST ? "at least" : "at most ", goal, is_met ? "met" : "MISSED");
	return is_met;
}
