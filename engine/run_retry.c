/*
 * How long a task waits between two tries. As in Airflow: retry_delay as it is; or, with
 * exponential backoff, doubled with each try and spread evenly over [d, 2d), up to max_retry_delay.
 *
 * The spread comes from the run's seed, the task and the try: the same question always has the same
 * answer, so a scheduler that restarts does not move a retry.
 */
#include "engine/run_impl.h"

#define BACKOFF_MIN_MS 1000 /* Airflow's smallest doubled delay is a second */

static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static int64_t doubled(int64_t delay, uint32_t times)
{
	while (times-- > 0 && delay < RUN_DELAY_MAX_MS)
		delay *= 2;
	return delay < RUN_DELAY_MAX_MS ? delay : RUN_DELAY_MAX_MS;
}

int64_t run_retry_delay(const struct run_task_plan *p, uint64_t seed, uint32_t task,
	uint32_t instance, uint32_t try_number)
{
	int64_t max = RUN_DELAY_MAX_MS, delay = p->retry_delay_ms;
	uint64_t hash;

	if (!p->retry_exponential_backoff)
		return delay;
	delay = doubled(delay < BACKOFF_MIN_MS ? BACKOFF_MIN_MS : delay, try_number - 1);
	hash = mix(mix(mix(seed ^ task) ^ instance) ^ try_number);
	delay += (int64_t)(hash % (uint64_t)delay);
	if (p->max_retry_delay_ms > 0 && p->max_retry_delay_ms < max)
		max = p->max_retry_delay_ms;
	return delay < max ? delay : max;
}
