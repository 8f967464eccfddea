/* A list of those that wait, and one timer for all of them. */
#include "scheduler/broken_runs.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "scheduler/conductor.h"

struct broken_run {
	char *dag_id, *run_id;
	struct broken_run *next;
};

struct broken_runs {
	struct broken_runs_options o;
	struct conductor_observer observer;
	uv_timer_t timer;
	struct broken_run *list;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

static void note(struct broken_runs *b, enum op_level level, const struct broken_run *r,
	const char *what, const char *why)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "%s: run %s %s%s%s", r->dag_id, r->run_id, what,
		*why == '\0' ? "" : ": ", why);
	b->o.on_note(b->o.ctx, level, text);
}

static void free_one(struct broken_run *r)
{
	free(r->dag_id);
	free(r->run_id);
	free(r);
}

static void on_timer(uv_timer_t *timer);

/* Waits; without the memory for that, until the next start. */
static void wait_for(struct broken_runs *b, struct broken_run *r)
{
	r->next = b->list;
	b->list = r;
	if (!uv_is_active((uv_handle_t *)&b->timer))
		(void)uv_timer_start(&b->timer, on_timer, b->o.wait_ms, 0);
}

static void take_up(struct broken_runs *b, struct broken_run *r)
{
	struct runner *runner;
	struct err e;

	if (conductor_run_load(b->o.conductor, r->dag_id, r->run_id, &runner, &e) != 0) {
		if (e.code == ERR_NOMEM) {
			wait_for(b, r);
			return;
		}
		note(b, OP_ERROR, r, "cannot be taken up again, and is left as it is stored",
			e.text);
	} else {
		runner_let_go(runner);
		note(b, OP_INFO, r, "was taken up again", "");
	}
	free_one(r);
}

static void on_timer(uv_timer_t *timer)
{
	struct broken_runs *b = timer->data;
	struct broken_run *list = b->list, *next;

	b->list = NULL;
	for (; list != NULL; list = next) {
		next = list->next;
		take_up(b, list);
	}
}

static void on_broken(void *ctx, struct runner *runner, const struct err *e)
{
	struct broken_runs *b = ctx;
	struct broken_run *r = runner == NULL ? NULL : calloc(1, sizeof(*r));

	if (r == NULL)
		return;
	r->dag_id = strdup(runner_dag_id(runner));
	r->run_id = strdup(runner_run_id(runner));
	if (r->dag_id == NULL || r->run_id == NULL) {
		free_one(r);
		return;
	}
	note(b, OP_ERROR, r, "broke, and is taken up again from what is stored", e->text);
	wait_for(b, r);
}

int broken_runs_open(const struct broken_runs_options *o, struct broken_runs **out, struct err *e)
{
	struct broken_runs *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	b->o = *o;
	(void)uv_timer_init(o->loop, &b->timer);
	b->timer.data = b;
	b->observer = (struct conductor_observer){.ctx = b, .on_broken = on_broken};
	conductor_observe(o->conductor, &b->observer);
	*out = b;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct broken_runs *b = handle->data;

	if (b->on_closed != NULL)
		b->on_closed(b->closed_ctx);
	free(b);
}

void broken_runs_close(struct broken_runs *b, void (*on_closed)(void *ctx), void *ctx)
{
	struct broken_run *next;

	conductor_unobserve(b->o.conductor, &b->observer);
	for (; b->list != NULL; b->list = next) {
		next = b->list->next;
		free_one(b->list);
	}
	b->on_closed = on_closed;
	b->closed_ctx = ctx;
	uv_close((uv_handle_t *)&b->timer, on_timer_closed);
}
