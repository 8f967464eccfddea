/* Lines held back until their task is known to run. Few are, and not for long: they are looked
 * through one after the other. */
#include "cli/run_lines.h"

#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

/* Which of a task's instances run; the first place is its own. */
struct run_lines_task {
	bool *runs;
	uint32_t n;
};

struct held {
	uint32_t task, instance;
	size_t len;
};

int run_lines_init(struct run_lines *l, uint32_t n_tasks)
{
	buf_init(&l->held, 0);
	l->n_tasks = n_tasks;
	l->tasks = calloc(n_tasks, sizeof(*l->tasks));
	return l->tasks == NULL ? ERR_NOMEM : 0;
}

void run_lines_free(struct run_lines *l)
{
	for (uint32_t i = 0; l->tasks != NULL && i < l->n_tasks; i++)
		free(l->tasks[i].runs);
	free(l->tasks);
	buf_free(&l->held);
	memset(l, 0, sizeof(*l));
}

static uint32_t place_of(uint32_t instance)
{
	return instance == RUN_NO_INSTANCE ? 0 : instance + 1;
}

bool run_lines_hold(
	struct run_lines *l, uint32_t task, uint32_t instance, const char *text, size_t len)
{
	const struct run_lines_task *t = &l->tasks[task];
	struct held h = {task, instance, len};
	size_t before = l->held.len;

	if (place_of(instance) < t->n && t->runs[place_of(instance)])
		return false;
	buf_add(&l->held, &h, sizeof(h));
	buf_add(&l->held, text, len);
	if (buf_status(&l->held) == 0)
		return true;
	l->held.status = 0;
	l->held.len = before;
	return false;
}

void run_lines_change(struct run_lines *l, const struct runner_change *c)
{
	struct run_lines_task *t = &l->tasks[c->task];
	uint32_t place = place_of(c->instance), n = place < 2 ? 2 : place * 2;
	bool *runs;

	if (place >= t->n) {
		runs = realloc(t->runs, n * sizeof(*runs));
		if (runs == NULL)
			return;
		memset(runs + t->n, 0, (n - t->n) * sizeof(*runs));
		t->runs = runs;
		t->n = n;
	}
	t->runs[place] = c->state == TASK_RUNNING;
}

void run_lines_take(struct run_lines *l, uint32_t task, uint32_t instance, bool every,
	void (*show)(void *ctx, uint32_t task, uint32_t instance, const char *text, size_t len),
	void *ctx)
{
	size_t kept = 0, size;
	struct held h;

	for (size_t at = 0; at < l->held.len; at += size) {
		memcpy(&h, l->held.data + at, sizeof(h));
		size = sizeof(h) + h.len;
		if (every || (h.task == task && h.instance == instance)) {
			show(ctx, h.task, h.instance, l->held.data + at + sizeof(h), h.len);
		} else {
			memmove(l->held.data + kept, l->held.data + at, size);
			kept += size;
		}
	}
	l->held.len = kept;
}
