/* The metrics as Prometheus reads them. Private to scheduler/metrics*.c. */
#ifndef SCHEDULER_METRICS_TEXT_H
#define SCHEDULER_METRICS_TEXT_H

#include <stdint.h>

#include "engine/run.h"

#define METRICS_BUCKETS 12

struct bag;
struct buf;
struct conductor;
struct journal;
struct op_instance;

/* How long something took. */
struct histogram {
	uint64_t buckets[METRICS_BUCKETS + 1]; /* the last: longer than all */
	uint64_t sum_ns;
};

struct metrics_counts {
	uint64_t tasks[TASK_STATE_COUNT], runs[RUN_STATE_COUNT]; /* that came into a state */
	uint64_t callbacks[2]; /* done, failed */
	struct histogram loop, commit;
};

struct metrics_sources {
	struct conductor *conductor;
	struct bag *bag;
	struct journal *journal;
	struct op_instance *const *instances;
	const struct metrics_counts *counts;
};

void metrics_observe(struct histogram *h, uint64_t ns);

/* All of them. Failure sticks in out. */
void metrics_text(const struct metrics_sources *s, struct buf *out);

#endif
