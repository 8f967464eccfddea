/* Graphs for measurements, and runs of them. What goes wrong ends the program. */
#include "bench/shapes.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/run.h"

static uint32_t chain_up(uint32_t task, uint32_t i, uint32_t n)
{
	(void)n;
	return i == 0 && task > 0 ? task - 1 : RUN_NO_TASK;
}

static uint32_t fan_up(uint32_t task, uint32_t i, uint32_t n)
{
	if (task == 0)
		return RUN_NO_TASK;
	if (task < n - 1)
		return i == 0 ? 0 : RUN_NO_TASK;
	return i < n - 2 ? i + 1 : RUN_NO_TASK;
}

static uint32_t random_up(uint32_t task, uint32_t i, uint32_t n)
{
	uint32_t span = task < 1000 ? task : 1000, third = span / 3, h;

	(void)n;
	if (task < 3 || i >= 3)
		return RUN_NO_TASK;
	h = (task * 2654435761u) ^ (i * 40503u);
	return task - span + i * third + (third > 0 ? h % third : 0);
}

const struct shape shapes[SHAPES] = {[SHAPE_CHAIN] = {"chain", chain_up},
	[SHAPE_FAN] = {"fan", fan_up},
	[SHAPE_RANDOM] = {"random", random_up}};

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

void shape_plan(struct run_plan *p, const struct shape *s, uint32_t n, struct arena *a)
{
	size_t m = count_edges(s, n);
	uint32_t *up_offset = numbers(n + 1), *up = numbers(m), *down_offset = numbers(n + 2),
		 *down = numbers(m);
	struct run_task_plan *tasks = calloc(n, sizeof(*tasks));
	uint32_t k = 0;
	struct err e;

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
	if (run_plan_prepare(p, a, &e) != 0) {
		(void)fprintf(stderr, "%s: %s\n", s->name, e.text);
		exit(1);
	}
}

void shape_plan_free(struct run_plan *p)
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
		(void)fprintf(stderr, "run_step: %s\n", e.text);
		exit(1);
	}
}

uint64_t shape_drive(struct run *r, struct run_actions *a, uint32_t *ready)
{
	uint64_t events = 1;
	uint32_t first = 0, last = 0;

	a->n = 0;
	step(r, a, RUN_EV_STARTED, RUN_NO_TASK);
	for (;;) {
		for (size_t i = 0; i < a->n; i++)
			if (a->list[i].kind == RUN_ACT_QUEUE)
				ready[last++] = a->list[i].task;
		a->n = 0;
		if (first == last)
			return events;
		step(r, a, RUN_EV_CAPACITY, ready[first]);
		step(r, a, RUN_EV_TASK_STARTED, ready[first]);
		step(r, a, RUN_EV_TASK_FINISHED, ready[first++]);
		events += 3;
	}
}
