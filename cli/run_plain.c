/* A run as plain lines. What comes from outside is made harmless, here as on a terminal: such lines
 * are often looked at on one. */
#include "cli/run_plain.h"

#include <string.h>

#include "cli/text.h"
#include "engine/duration.h"
#include "engine/instant.h"

static void quoted(FILE *f, const char *key, const char *text)
{
	(void)fprintf(f, " %s=\"", key);
	for (const char *at = text; *at != '\0';) {
		size_t n = strcspn(at, "\"\\");

		text_write_shown(f, at, n);
		at += n;
		if (*at != '\0')
			(void)fprintf(f, "\\%c", *at++);
	}
	(void)fputc('"', f);
}

static void tail(FILE *f, const struct run_tail *t, uint32_t instance)
{
	const char *text;
	size_t i = 0, len;

	while ((text = run_tail_line_of(t, instance, &i, &len)) != NULL) {
		(void)fputs("  | ", f);
		text_write_shown(f, text, len);
		(void)fputc('\n', f);
	}
}

/* When, and who. */
static void begin(FILE *f, const struct run_view *v, uint32_t task, uint32_t instance, int64_t now)
{
	char time[INSTANT_TEXT_MAX];

	(void)fprintf(f, "%s %s", instant_format(now, time), v->dag->tasks[task].id);
	if (instance != RUN_NO_INSTANCE)
		(void)fprintf(f, "[%u]", instance);
}

void run_plain_line(FILE *f, const struct run_view *v, uint32_t task, uint32_t instance,
	int64_t now, const char *text, size_t len)
{
	begin(f, v, task, instance, now);
	(void)fputs(" | ", f);
	text_write_shown(f, text, len);
	(void)fputc('\n', f);
}

void run_plain_change(FILE *f, const struct run_view *v, const struct runner_change *c)
{
	char duration[DURATION_TEXT_MAX];
	/* A for_each has no try of its own, but it began. */
	int64_t started_at = c->n_items > 0 ? v->tasks[c->task].started_at : c->started_at;
	bool is_over = task_state_is_over(c->state);
	bool is_bad = c->state == TASK_FAILED || c->state == TASK_UP_FOR_RETRY;

	if (c->state == c->old_state || (!is_over && !is_bad && c->state != TASK_RUNNING))
		return;
	begin(f, v, c->task, c->instance, c->now);
	(void)fprintf(f, " %s", task_state_name(c->state));
	if (c->n_items > 0 && c->state == TASK_RUNNING)
		(void)fprintf(f, " items=%u", c->n_items);
	if (c->try_number > 0)
		(void)fprintf(f, " try=%u", c->try_number);
	if ((is_over || is_bad) && started_at != 0)
		(void)fprintf(f, " duration=%s", duration_format(c->now - started_at, duration));
	if (c->retry_at > c->now)
		(void)fprintf(f, " retry_in=%s", duration_format(c->retry_at - c->now, duration));
	if (is_bad && c->log_path[0] != '\0')
		(void)fprintf(f, " log=%s", c->log_path);
	if (is_bad && c->message[0] != '\0')
		quoted(f, "message", c->message);
	(void)fputc('\n', f);
	if (is_bad && c->n_items == 0)
		tail(f, v->tasks[c->task].tail, c->instance);
}

void run_plain_run(FILE *f, const struct run_view *v, int64_t now, const char *why)
{
	char time[INSTANT_TEXT_MAX], duration[DURATION_TEXT_MAX];

	(void)fprintf(f, "%s run %s dag_id=%s run_id=%s", instant_format(now, time),
		run_state_name(v->state), v->dag->dag_id, v->run_id);
	if (run_state_is_over(v->state))
		(void)fprintf(f, " duration=%s", duration_format(now - v->started_at, duration));
	if (why != NULL)
		quoted(f, "message", why);
	(void)fputc('\n', f);
}
