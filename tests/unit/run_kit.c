/* See run_kit.h. */
#include "tests/unit/run_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct run_edges edges(struct kit *k, uint32_t n, const bool *edge, bool down)
{
	uint32_t *offset = arena_array(k->arena, n + 1, sizeof(*offset));
	uint32_t *list = arena_array(k->arena, (size_t)n * n + 1, sizeof(*list));
	uint32_t m = 0;

	for (uint32_t i = 0; i < n; i++) {
		for (uint32_t j = 0; j < n; j++)
			if (down ? edge[i * n + j] : edge[j * n + i])
				list[m++] = j;
		offset[i + 1] = m;
	}
	return (struct run_edges){offset, list};
}

void kit_plan(struct kit *k, uint32_t n, const char *text)
{
	bool edge[KIT_TASKS_MAX * KIT_TASKS_MAX] = {false};
	unsigned from, to;
	int used;

	memset(k, 0, sizeof(*k));
	k->arena = arena_create(0);
	k->now = 1000;
	for (; sscanf(text, " %u>%u%n", &from, &to, &used) == 2; text += used)
		edge[from * n + to] = true;
	k->plan.n_tasks = n;
	k->plan.tasks = k->tasks;
	k->plan.up = edges(k, n, edge, false);
	k->plan.down = edges(k, n, edge, true);
}

void kit_create(struct kit *k)
{
	if (run_plan_prepare(&k->plan, k->arena, &k->err) != 0 ||
		run_create(&k->plan, 7, &k->run) != 0)
		abort();
}

void kit_start(struct kit *k)
{
	kit_create(k);
	kit_go(k);
}

int kit_go(struct kit *k)
{
	return kit_event(k, &(struct run_event){.kind = RUN_EV_STARTED, .task = RUN_NO_TASK});
}

void kit_free(struct kit *k)
{
	run_destroy(k->run);
	run_actions_free(&k->actions);
	arena_destroy(k->arena);
}

int kit_event(struct kit *k, const struct run_event *ev)
{
	struct run_event now = *ev;

	now.now = k->now;
	k->actions.n = 0;
	k->err.text[0] = '\0';
	return run_step(k->run, &now, &k->actions, &k->err);
}

struct run_row kit_row(struct kit *k, uint32_t task, uint32_t instance)
{
	struct run_row row = {0};

	if (run_row_get(k->run, task, instance, &row) != 0)
		row.state = TASK_STATE_COUNT;
	return row;
}

int kit_old(struct kit *k, enum run_event_kind kind, uint32_t task, uint32_t instance,
	uint32_t try_number)
{
	return kit_event(k,
		&(struct run_event){.kind = kind,
			.task = task,
			.instance = instance,
			.try_number = try_number});
}

int kit_task(struct kit *k, enum run_event_kind kind, uint32_t task, uint32_t instance)
{
	return kit_old(k, kind, task, instance, kit_row(k, task, instance).try_number);
}

int kit_end(struct kit *k, uint32_t task, uint32_t instance, enum run_exit exit)
{
	struct run_event ev = {.kind = RUN_EV_TASK_FINISHED,
		.task = task,
		.instance = instance,
		.try_number = kit_row(k, task, instance).try_number};

	ev.finished.exit = exit;
	return kit_event(k, &ev);
}

int kit_decide(struct kit *k, uint32_t task, enum run_verdict verdict, uint32_t n_items)
{
	const struct run_action *a = kit_action(k, RUN_ACT_DECIDE, 0);
	struct run_event ev = {.kind = RUN_EV_DECIDED, .task = task, .instance = ONE};

	for (size_t i = 0; a != NULL && a->task != task; i++)
		a = kit_action(k, RUN_ACT_DECIDE, i);
	ev.decided.round = a != NULL ? a->round : 0;
	ev.decided.verdict = verdict;
	ev.decided.n_items = n_items;
	return kit_event(k, &ev);
}

int kit_timer(struct kit *k, enum run_timer timer, uint32_t task, uint32_t instance)
{
	struct run_event ev = {
		.kind = RUN_EV_TIMER, .task = task, .instance = instance, .timer = timer};

	if (task != RUN_NO_TASK)
		ev.try_number = kit_row(k, task, instance).try_number;
	return kit_event(k, &ev);
}

int kit_cancel(struct kit *k, bool teardowns_too)
{
	struct run_event ev = {.kind = RUN_EV_CANCEL, .task = RUN_NO_TASK};

	ev.cancel.teardowns_too = teardowns_too;
	return kit_event(k, &ev);
}

/* There is room at once for a run that the event has put in line. */
static int event_and_go(struct kit *k, const struct run_event *ev)
{
	int r = kit_event(k, ev);

	if (r == RUN_APPLIED && run_head_get(k->run).state == RUN_QUEUED)
		(void)kit_go(k);
	return r;
}

int kit_clear(struct kit *k, uint32_t task, bool downstream, bool only_failed)
{
	struct run_event ev = {.kind = RUN_EV_CLEAR, .task = task, .instance = ONE};

	ev.clear.downstream = downstream;
	ev.clear.only_failed = only_failed;
	return event_and_go(k, &ev);
}

int kit_mark(struct kit *k, uint32_t task, uint32_t instance, enum run_mark mark)
{
	struct run_event ev = {.kind = RUN_EV_MARK, .task = task, .instance = instance};

	ev.mark = mark;
	return event_and_go(k, &ev);
}

void kit_begin(struct kit *k, uint32_t task, uint32_t instance)
{
	kit_task(k, RUN_EV_CAPACITY, task, instance);
	kit_task(k, RUN_EV_TASK_STARTED, task, instance);
}

void kit_do(struct kit *k, uint32_t task, uint32_t instance, enum run_exit exit)
{
	kit_begin(k, task, instance);
	kit_end(k, task, instance, exit);
}

const char *kit_states(struct kit *k)
{
	static char text[512];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t t = 0; t < k->plan.n_tasks; t++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", t > 0 ? " " : "",
			task_state_name(kit_row(k, t, ONE).state));
	return text;
}

const char *kit_instances(struct kit *k, uint32_t task)
{
	static char text[512];
	struct run_row row;
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; run_row_get(k->run, task, i, &row) == 0; i++)
		used += (size_t)snprintf(text + used, sizeof(text) - used, "%s%s", i > 0 ? " " : "",
			task_state_name(row.state));
	return text;
}

const char *kit_run_state(struct kit *k)
{
	return run_state_name(run_head_get(k->run).state);
}

const struct run_action *kit_action(struct kit *k, enum run_action_kind kind, size_t n)
{
	for (size_t i = 0; i < k->actions.n; i++)
		if (k->actions.list[i].kind == kind && n-- == 0)
			return &k->actions.list[i];
	return NULL;
}

size_t kit_count(struct kit *k, enum run_action_kind kind)
{
	size_t n = 0;

	while (kit_action(k, kind, n) != NULL)
		n++;
	return n;
}

int kit_restore(struct kit *k)
{
	struct run_row rows[256];
	struct run_head head = run_head_get(k->run);
	struct run *old = k->run;
	size_t n = 0;
	int rc;

	for (uint32_t t = 0; t < k->plan.n_tasks; t++) {
		rows[n++] = kit_row(k, t, ONE);
		for (uint32_t i = 0; run_row_get(old, t, i, &rows[n]) == 0; i++)
			n++;
	}
	k->actions.n = 0;
	rc = run_restore(&k->plan, 7, &head, rows, n, k->now, &k->run, &k->actions, &k->err);
	if (rc == 0)
		run_destroy(old);
	return rc;
}
