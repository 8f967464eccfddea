/*
 * An engine whose tasks end as soon as they are started. Nothing is stored, and no log written.
 *
 * N.B. a try may not end from within its start: those that were started wait in a list, which an
 * idle handle empties in the loop's next round.
 */
#include "bench/swift.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/value.h"
#include "operators/registry.h"
#include "scheduler/conductor.h"
#include "scheduler/edition.h"
#include "scheduler/env_source.h"
#include "scheduler/params.h"

#define OPERATORS_MAX 16

struct swift_try {
	struct op_try base;
	const struct op_events *events;
	void *ctx;
	struct swift_try *next;
};

struct swift {
	struct op_instance instance; /* first: the operator is handed this alone */
	struct op_instance *instances[OPERATORS_MAX];
	uv_loop_t loop;
	uv_idle_t idle;
	struct swift_try *first, **last; /* what was started and has not ended */
	struct edition *edition;
	struct conductor *conductor;
	struct conductor_observer observer;
	struct render_source source;
	bool is_over, is_closed;
};

static void fail(const char *why)
{
	(void)fprintf(stderr, "the measured engine: %s\n", why);
	exit(1);
}

static int start(struct op_instance *i, const struct op_job *job, const struct op_events *events,
	void *ctx, struct op_try **out, struct err *e)
{
	struct swift *s = (struct swift *)i;
	struct swift_try *t = malloc(sizeof(*t));

	(void)job;
	if (t == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	*t = (struct swift_try){.base = {.op = i->op}, .events = events, .ctx = ctx};
	*s->last = t;
	s->last = &t->next;
	*out = &t->base;
	return 0;
}

static void kill_try(struct op_try *t, enum op_kill why, int64_t grace_ms)
{
	(void)t, (void)why, (void)grace_ms;
	fail("nothing is ever killed");
}

static void abandon(struct op_try *t)
{
	(void)t;
	fail("nothing is ever abandoned");
}

static const struct operator swift_operator = {
	.start = start, .attach = start, .kill = kill_try, .abandon = abandon};

static void on_idle(uv_idle_t *idle)
{
	static const char response[] = "{\"file\": \"/srv/dump.gz\"}";
	static const struct op_result result = {.verdict = OP_EXITED,
		.completed = true,
		.message = "",
		.response = {.data = response, .len = sizeof(response) - 1},
		.logs = {.data = ""},
		.error = {.data = ""},
		.response_path = "",
		.log_path = "",
		.error_path = "",
		.user_folder = ""};
	struct swift *s = idle->data;
	struct swift_try *t = s->first;

	s->first = NULL;
	s->last = &s->first;
	for (struct swift_try *next; t != NULL; t = next) {
		next = t->next;
		t->events->on_started(t->ctx);
		t->events->on_finished(t->ctx, &result);
		free(t);
	}
}

static void on_finished(void *ctx, struct runner *r, enum run_state state)
{
	(void)r;
	if (state != RUN_SUCCESS)
		fail("a run failed");
	((struct swift *)ctx)->is_over = true;
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	(void)ctx, (void)r;
	fail(e->text);
}

struct swift *swift_create(struct dag *dag)
{
	static char *env[] = {NULL};
	struct swift *s = calloc(1, sizeof(*s));
	struct conductor_options o = {
		.default_pool_slots = 128, .kill_grace_ms = 1000, .dies_with_engine = true};
	struct err e;

	if (s == NULL || uv_loop_init(&s->loop) != 0)
		fail("no memory");
	(void)uv_idle_init(&s->loop, &s->idle);
	s->idle.data = s;
	s->last = &s->first;
	s->instance.op = &swift_operator;
	for (size_t i = 0; i < operators_count; i++)
		s->instances[i] = &s->instance;
	s->source = env_source(env);
	if (edition_create(dag, 1, NULL, &s->edition, &e) != 0)
		fail(e.text);
	o.loop = &s->loop;
	o.instances = s->instances;
	o.source = &s->source;
	if (conductor_create(&o, &s->conductor, &e) != 0)
		fail(e.text);
	s->observer = (struct conductor_observer){
		.ctx = s, .on_finished = on_finished, .on_broken = on_broken};
	conductor_observe(s->conductor, &s->observer);
	return s;
}

void swift_run(struct swift *s)
{
	struct run_facts facts = {.run_id = "r", .conf = {.type = VALUE_MAP}};
	struct arena *a = arena_create(0);
	struct run_spec spec = {
		.edition = s->edition, .facts = &facts, .run_type = "manual", .seed = 1};
	struct runner *r = NULL;
	struct err e;

	s->is_over = false;
	if (a == NULL)
		fail("no memory");
	if (params_resolve(s->edition->dag, &facts.conf, a, &facts.params, &e) != 0 ||
		conductor_run_add(s->conductor, &spec, &r, &e) != 0)
		fail(e.text);
	runner_start(r);
	(void)uv_idle_start(&s->idle, on_idle);
	while (!s->is_over)
		(void)uv_run(&s->loop, UV_RUN_NOWAIT);
	(void)uv_idle_stop(&s->idle);
	arena_destroy(a);
}

static void on_closed(void *ctx)
{
	((struct swift *)ctx)->is_closed = true;
}

void swift_destroy(struct swift *s)
{
	conductor_close(s->conductor, on_closed, s);
	while (!s->is_closed)
		(void)uv_run(&s->loop, UV_RUN_ONCE);
	uv_close((uv_handle_t *)&s->idle, NULL);
	(void)uv_run(&s->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&s->loop);
	edition_unref(s->edition);
	free(s);
}
