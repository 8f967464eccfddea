/* The model of a run under way. One change costs the same however large the run is. */
#include "cli/run_view.h"

#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

int run_view_init(struct run_view *v, const struct dag *d, const char *run_id)
{
	memset(v, 0, sizeof(*v));
	v->dag = d;
	v->run_id = run_id;
	v->tasks = calloc(d->n_tasks, sizeof(*v->tasks));
	v->stage_counts = calloc(d->n_stages, sizeof(*v->stage_counts));
	if (v->tasks == NULL || v->stage_counts == NULL) {
		run_view_free(v);
		return ERR_NOMEM;
	}
	v->counts[TASK_NONE] = d->n_tasks;
	for (uint32_t i = 0; i < d->n_stages; i++)
		v->stage_counts[i][TASK_NONE] = d->stages[i].n_tasks;
	return 0;
}

void run_view_free(struct run_view *v)
{
	/* N.B. a view that was never made has no DAG. */
	for (uint32_t i = 0; v->tasks != NULL && i < v->dag->n_tasks; i++) {
		free(v->tasks[i].message);
		free(v->tasks[i].log_path);
		free(v->tasks[i].tail);
	}
	free(v->tasks);
	free(v->stage_counts);
	memset(v, 0, sizeof(*v));
}

static void keep_text(char **place, const char *text)
{
	free(*place);
	*place = text[0] == '\0' ? NULL : strdup(text);
}

/* An instance of a for_each: counted, and its failure kept. */
static void change_instance(struct run_view_task *t, const struct runner_change *c)
{
	bool was_over = task_state_is_over(c->old_state), is_over = task_state_is_over(c->state);

	if (c->state == c->old_state)
		return;
	t->n_over += (uint32_t)is_over - (uint32_t)was_over;
	t->n_failed += (uint32_t)(c->state == TASK_FAILED) - (c->old_state == TASK_FAILED);
	if (c->state != TASK_FAILED)
		return;
	keep_text(&t->message, c->message);
	keep_text(&t->log_path, c->log_path);
}

void run_view_change(struct run_view *v, const struct runner_change *c)
{
	struct run_view_task *t = &v->tasks[c->task];
	uint32_t stage = v->dag->tasks[c->task].stage;

	if (c->instance != RUN_NO_INSTANCE) {
		change_instance(t, c);
		return;
	}
	v->counts[t->state]--;
	v->stage_counts[stage][t->state]--;
	t->state = c->state;
	v->counts[t->state]++;
	v->stage_counts[stage][t->state]++;
	t->try_number = c->try_number;
	t->n_items = c->n_items;
	t->retry_at = c->retry_at;
	if (c->state == c->old_state)
		return;
	if (c->state == TASK_RUNNING && (t->started_at == 0 || c->try_number > 0))
		t->started_at = c->now;
	t->ended_at = task_state_is_over(c->state) || c->state == TASK_UP_FOR_RETRY ? c->now : 0;
	if (t->ended_at != 0 && c->log_path[0] != '\0')
		keep_text(&t->log_path, c->log_path);
	if (c->state == TASK_FAILED || c->state == TASK_UP_FOR_RETRY) {
		if (c->message[0] != '\0' && (t->message == NULL || c->n_items == 0))
			keep_text(&t->message, c->message);
	} else if (task_state_is_over(c->state) || c->state == TASK_QUEUED) {
		keep_text(&t->message, "");
		free(t->tail);
		t->tail = NULL;
	}
}

void run_view_line(
	struct run_view *v, uint32_t task, uint32_t instance, const char *text, size_t len)
{
	struct run_view_task *t = &v->tasks[task];
	size_t at;

	if (t->tail == NULL)
		t->tail = calloc(1, sizeof(*t->tail));
	if (t->tail == NULL)
		return;
	at = t->tail->n++ % RUN_VIEW_TAIL;
	t->tail->len[at] = len < RUN_VIEW_LINE_MAX ? len : RUN_VIEW_LINE_MAX;
	t->tail->instance[at] = instance;
	memcpy(t->tail->lines[at], text, t->tail->len[at]);
}

uint32_t run_view_over(const struct run_view *v, uint32_t stage)
{
	const uint32_t *counts = stage == UINT32_MAX ? v->counts : v->stage_counts[stage];
	uint32_t n = 0;

	for (int s = 0; s < TASK_STATE_COUNT; s++)
		if (task_state_is_over((enum task_state)s))
			n += counts[s];
	return n;
}

const char *run_tail_line_of(const struct run_tail *t, uint32_t instance, size_t *i, size_t *len)
{
	const char *text;

	while ((text = run_tail_line(t, RUN_VIEW_TAIL, *i, len)) != NULL) {
		size_t at = (size_t)(text - t->lines[0]) / RUN_VIEW_LINE_MAX;

		++*i;
		if (t->instance[at] == instance)
			return text;
	}
	return NULL;
}

const char *run_tail_line(const struct run_tail *t, size_t n, size_t i, size_t *len)
{
	size_t kept = t == NULL ? 0 : t->n < RUN_VIEW_TAIL ? t->n : RUN_VIEW_TAIL;
	size_t at;

	if (n > kept)
		n = kept;
	if (i >= n)
		return NULL;
	at = (t->n - n + i) % RUN_VIEW_TAIL;
	*len = t->len[at];
	return t->lines[at];
}
