/*
 * Followed runs. A follower has a cursor over the run's tasks: how those before it stand has been
 * told, and changes of them are told as they come; what lies behind it is told when it gets there.
 * Where a client does not read, and too much waits for it, the cursor goes back to the beginning:
 * so what waits has a maximum, and the last state of everything is told for sure.
 *
 * N.B. what the cursor tells may be a moment ahead of the disk; it is told again once it is stored.
 */
#include <stdlib.h>
#include <string.h>

#include "engine/dag.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/control_impl.h"
#include "scheduler/edition.h"
#include "scheduler/outputs.h"
#include "scheduler/requests.h"

#define CHUNK ((size_t)64 << 10) /* bytes of present states that are made at once */
#define LINES_ROOM ((size_t)256 << 10) /* output is left out where more than this waits */

/* ---- what is told ---- */

static void add_text(struct buf *b, const char *key, const char *text, size_t len)
{
	struct value v = value_string(text, len);

	buf_addf(b, ",\"%s\":", key);
	value_json(&v, b);
}

static void add_time(struct buf *b, const char *key, int64_t at)
{
	if (at != 0 && at != INSTANT_NONE)
		buf_addf(b, ",\"%s\":%lld", key, (long long)at);
}

static void begin_task(
	struct buf *b, const char *kind, const struct follow *f, uint32_t task, uint32_t instance)
{
	const char *id = runner_edition(f->runner)->dag->tasks[task].id;
	struct value v = value_string(id, strlen(id));

	buf_addf(b, "{\"%s\":{\"task_id\":", kind);
	value_json(&v, b);
	if (instance != RUN_NO_INSTANCE)
		buf_addf(b, ",\"map_index\":%u", instance);
}

static void tell_task(struct follow *f, const struct runner_change *c, int64_t ended_at)
{
	struct buf *b = &f->client->out;

	begin_task(b, "task", f, c->task, c->instance);
	add_text(b, "state", task_state_name(c->state), strlen(task_state_name(c->state)));
	buf_addf(b, ",\"try_number\":%u,\"n_items\":%u", c->try_number, c->n_items);
	add_time(b, "at", c->now);
	add_time(b, "started_at", c->started_at);
	add_time(b, "ended_at", ended_at);
	add_time(b, "retry_at", c->retry_at);
	if (c->message[0] != '\0')
		add_text(b, "message", c->message, strlen(c->message));
	buf_adds(b, "}}\n");
}

static void tell_run(struct follow *f, enum run_state state, enum run_cause cause, int64_t at)
{
	struct buf *b = &f->client->out;

	buf_addf(b, "{\"run\":{\"state\":\"%s\"", run_state_name(state));
	if (cause == RUN_CAUSE_CANCEL || cause == RUN_CAUSE_RUN_TIMEOUT)
		add_text(b, "cause", run_cause_text(cause), strlen(run_cause_text(cause)));
	add_time(b, "at", at);
	add_time(b, "started_at", runner_started_at(f->runner));
	add_time(b, "ended_at", runner_ended_at(f->runner));
	buf_adds(b, "}}\n");
	f->is_run_told = true;
}

/* How one stands that the cursor has come to, where it has begun anything. */
static void tell_row(struct follow *f, uint32_t task, uint32_t instance, const struct run_row *row)
{
	struct value message = value_string("", 0);
	struct runner_change c = {.task = task,
		.instance = instance,
		.state = (enum task_state)row->state,
		.try_number = row->try_number,
		.n_items = row->n_items,
		.retry_at = row->state == TASK_UP_FOR_RETRY ? row->at : 0};
	int64_t ended_at;

	if (row->state == TASK_NONE && row->try_number == 0)
		return;
	runner_times(f->runner, task, instance, &c.started_at, &ended_at);
	c.now = ended_at == INSTANT_NONE ? c.started_at : ended_at;
	if (outputs_get_one(runner_outputs(f->runner), task, instance, OUTPUT_ERROR_MESSAGE,
		    &message, NULL) != 0 ||
		message.type != VALUE_STRING)
		message = value_string("", 0);
	c.message = message.u.text;
	tell_task(f, &c, ended_at);
}

/* ---- the cursor ---- */

static bool is_at_end(const struct follow *f)
{
	return f->task == runner_edition(f->runner)->dag->n_tasks;
}

/* Whether the cursor has passed it. */
static bool is_told(const struct follow *f, uint32_t task, uint32_t instance)
{
	return task < f->task ||
		(task == f->task && instance != RUN_NO_INSTANCE && instance < f->instance);
}

/* A task first, then its instances. */
static void advance(struct follow *f)
{
	struct run_row row, item;

	if (runner_row(f->runner, f->task, RUN_NO_INSTANCE, &row) != 0)
		row = (struct run_row){.state = TASK_NONE};
	if (f->instance == 0)
		tell_row(f, f->task, RUN_NO_INSTANCE, &row);
	for (; f->instance < row.n_items && f->client->out.len < CHUNK; f->instance++)
		if (runner_row(f->runner, f->task, f->instance, &item) == 0)
			tell_row(f, f->task, f->instance, &item);
	if (f->instance < row.n_items)
		return;
	f->task++;
	f->instance = 0;
}

/* The follower is behind: all is told anew when there is room. */
static void start_anew(struct follow *f)
{
	f->task = f->instance = 0;
	f->is_run_told = false;
}

static void finish(struct follow *f)
{
	struct client *k = f->client;

	buf_addf(
		&k->out, "{\"end\":{\"state\":\"%s\"}}\n", run_state_name(runner_state(f->runner)));
	control_follow_end(f);
	control_client_next(k);
}

void control_follow_pump(struct follow *f)
{
	struct client *k = f->client;

	if (!f->has_begun)
		return;
	if (f->runner == NULL) {
		buf_adds(&k->out,
			"{\"error\":{\"code\":\"ERR_BUG\",\"message\":"
			"\"the run cannot go on\"}}\n");
		control_follow_end(f);
		control_client_next(k);
		return;
	}
	if (!f->is_run_told && k->out.len < CHUNK)
		tell_run(f, runner_state(f->runner), RUN_CAUSE_DUE,
			run_state_is_over(runner_state(f->runner)) ? runner_ended_at(f->runner)
								   : runner_started_at(f->runner));
	while (!is_at_end(f) && k->out.len < CHUNK)
		advance(f);
	if (f->is_over && is_at_end(f) && f->is_run_told)
		finish(f);
	else
		control_client_send(k);
}

/* ---- what happens ---- */

static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct control *control = ctx;

	for (struct follow *f = control->follows, *next; f != NULL; f = next) {
		next = f->next;
		if (f->runner != r || !f->has_begun || !is_told(f, c->task, c->instance))
			continue;
		if (f->client->out.len > CONTROL_BEHIND)
			start_anew(f);
		else
			tell_task(f, c, task_state_is_over(c->state) ? c->now : 0);
		control_client_send(f->client);
	}
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct control *control = ctx;

	for (struct follow *f = control->follows, *next; f != NULL; f = next) {
		next = f->next;
		if (f->runner != r || !f->has_begun || !f->is_run_told)
			continue;
		tell_run(f, c->state, c->cause, c->now);
		control_client_send(f->client);
	}
}

static void on_line(void *ctx, struct runner *r, uint32_t task, uint32_t instance,
	enum op_stream stream, const char *text, size_t len)
{
	struct control *control = ctx;

	(void)stream;
	for (struct follow *f = control->follows, *next; f != NULL; f = next) {
		next = f->next;
		if (f->runner != r || !f->has_lines || !f->has_begun ||
			f->client->out.len > LINES_ROOM)
			continue;
		begin_task(&f->client->out, "line", f, task, instance);
		add_text(&f->client->out, "text", text, len);
		buf_adds(&f->client->out, "}}\n");
		control_client_send(f->client);
	}
}

static void on_finished(void *ctx, struct runner *r, enum run_state state)
{
	struct control *control = ctx;

	(void)state;
	for (struct follow *f = control->follows, *next; f != NULL; f = next) {
		next = f->next;
		if (f->runner != r)
			continue;
		f->is_over = true;
		control_follow_pump(f);
	}
}

static void on_broken(void *ctx, struct runner *r, const struct err *e)
{
	struct control *control = ctx;

	(void)e;
	for (struct follow *f = control->follows, *next; f != NULL; f = next) {
		next = f->next;
		if (r != NULL && f->runner != r)
			continue;
		f->runner = NULL;
		control_follow_pump(f);
	}
}

void control_follow_listen(struct control *c)
{
	c->observer = (struct conductor_observer){.ctx = c,
		.on_task = on_task,
		.on_run = on_run,
		.on_line = on_line,
		.on_finished = on_finished,
		.on_broken = on_broken};
	c->conductor = requests_conductor(c->o.requests);
	conductor_observe(c->conductor, &c->observer);
}

void control_follow_stop(struct control *c)
{
	if (c->conductor != NULL)
		conductor_unobserve(c->conductor, &c->observer);
}

/* ---- beginning and ending ---- */

void control_follow_end(struct follow *f)
{
	struct control *c = f->client->control;

	if (f->prev != NULL)
		f->prev->next = f->next;
	else
		c->follows = f->next;
	if (f->next != NULL)
		f->next->prev = f->prev;
	f->client->follow = NULL;
	if (f->runner != NULL)
		runner_let_go(f->runner);
	free(f);
}

void control_tell_stall(struct control *c, const struct err *why)
{
	struct value text = why == NULL ? value_null() : value_string(why->text, strlen(why->text));
	struct follow *next;

	for (struct follow *f = c->follows; f != NULL; f = next) {
		next = f->next;
		if (!f->has_begun)
			continue;
		buf_adds(&f->client->out, "{\"stall\":");
		value_json(&text, &f->client->out);
		buf_adds(&f->client->out, "}\n");
		control_client_send(f->client);
	}
}

/* N.B. who has asked to follow and was not answered is among those who wait for an answer. */
void control_give_up(struct control *c, const struct err *why)
{
	struct follow *next;
	struct err e;

	requests_give_up(c->o.requests, why);
	(void)err_set(&e, ERR_UNAVAILABLE, "the run cannot go on: %s", why->text);
	for (struct follow *f = c->follows; f != NULL; f = next) {
		struct client *k = f->client;

		next = f->next;
		control_follow_end(f);
		control_client_answer(k, NULL, &e);
	}
}

/* All that was known when it was asked for is stored. */
static void on_answer(void *ctx, const struct value *answer, const struct err *e)
{
	struct client *k = ctx;
	struct follow *f = k->follow;

	if (e != NULL && f != NULL)
		control_follow_end(f);
	control_client_answer(k, answer, e);
	if (e != NULL || f == NULL)
		return;
	f->has_begun = true;
	if (f->runner != NULL)
		f->is_over = f->is_over || run_state_is_over(runner_state(f->runner));
	control_follow_pump(f);
}

void control_follow_begin(struct client *k, const struct request *r)
{
	struct control *c = k->control;
	struct follow *f = calloc(1, sizeof(*f));
	struct err e;
	int status = f == NULL
		? err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
		: conductor_run_load(c->conductor, r->dag_id, r->run_id, &f->runner, &e);

	if (status != 0) {
		free(f);
		control_client_answer(k, NULL, &e);
		return;
	}
	f->client = k;
	f->has_lines = r->lines;
	f->next = c->follows;
	if (c->follows != NULL)
		c->follows->prev = f;
	c->follows = f;
	k->follow = f;
	requests_do(c->o.requests, r, on_answer, k);
}
