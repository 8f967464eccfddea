/* Nothing is noted of a run that broke, as there may be no memory for that: what is missing in the
 * conductor the store knows. One timer for all. */
#include "scheduler/broken_runs.h"

#include <stdio.h>
#include <stdlib.h>

#include "engine/err.h"
#include "scheduler/conductor.h"

struct broken_runs {
	struct broken_runs_options o;
	struct conductor_observer observer;
	uv_timer_t timer;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

static void note(struct broken_runs *b, enum op_level level, const struct runner *r,
	const char *what, const char *why)
{
	char text[2048];

	(void)snprintf(text, sizeof(text), "%s: run %s %s%s%s", runner_dag_id(r), runner_run_id(r),
		what, *why == '\0' ? "" : ": ", why);
	b->o.on_note(b->o.ctx, level, text);
}

static void on_taken(void *ctx, struct runner *r)
{
	note(ctx, OP_INFO, r, "was taken up again", "");
}

static void on_timer(uv_timer_t *timer);

static void wait_for_them(struct broken_runs *b)
{
	if (!uv_is_active((uv_handle_t *)&b->timer))
		(void)uv_timer_start(&b->timer, on_timer, b->o.wait_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
	struct broken_runs *b = timer->data;
	struct err e;

	if (conductor_restore_missing(b->o.conductor, on_taken, b, &e) != 0)
		wait_for_them(b);
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	if (r == NULL)
		return;
	note(ctx, OP_ERROR, r, "broke, and is taken up again from what is stored", e->text);
	wait_for_them(ctx);
}

static void on_left_out(void *ctx, const char *dag_id, const char *run_id, const struct err *e)
{
	(void)dag_id;
	(void)run_id;
	if (e->code == ERR_NOMEM)
		wait_for_them(ctx);
}

int broken_runs_open(const struct broken_runs_options *o, struct broken_runs **out, struct err *e)
{
	struct broken_runs *b = calloc(1, sizeof(*b));

	if (b == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	b->o = *o;
	(void)uv_timer_init(o->loop, &b->timer);
	b->timer.data = b;
	b->observer = (struct conductor_observer){
		.ctx = b, .on_broken = on_broken, .on_left_out = on_left_out};
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
	conductor_unobserve(b->o.conductor, &b->observer);
	b->on_closed = on_closed;
	b->closed_ctx = ctx;
	uv_close((uv_handle_t *)&b->timer, on_timer_closed);
}
