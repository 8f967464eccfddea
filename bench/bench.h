/*
 * What the measurements share: a clock, medians, and how a goal is told.
 *
 * Peers are measured in the same process and round by round in turn, so that what else the machine
 * does falls on both. What is told is the median of the rounds.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>

/* The seconds that this process has computed, the kernel's for it included: what other processes
 * take is not counted. */
double bench_now(void);

/* The median of the values, which are sorted. */
double bench_median(double *values, size_t n);

enum bench_bound { BENCH_AT_LEAST, BENCH_AT_MOST };

/* Prints the line of a goal, which bench/run.sh gathers into its report. Returns whether it is
 * met. */
bool bench_goal(const char *what, double ratio, enum bench_bound bound, double goal);

#endif
