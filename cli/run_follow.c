/*
 * A run that is followed over the daemon's socket. What is shown is made of what the daemon tells;
 * where it goes away, it is asked again when it is back, and tells how all stands then.
 */
#include "cli/run_follow.h"

#include <stdlib.h>
#include <string.h>

#include "cli/client.h"
#include "cli/interrupts.h"
#include "cli/report.h"
#include "cli/run_stored.h"
#include "cli/settings.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/dag.h"
#include "scheduler/task_log.h"

#define AGAIN_MS 200 /* between two tries to reach a daemon that went away */
#define AGAIN_MAX 300 /* tries */
#define READER_MS 200 /* between two looks whether somebody still reads */

/* The last states of a for_each's instances. */
struct instances {
	uint8_t *states;
	uint32_t n;
};

struct following {
	struct run_stored stored;
	uv_loop_t loop;
	struct run_show show;
	struct runner_run_change ended; /* where has_ended; shown when all else is */
	struct instances *instances; /* by task */
	struct client *client; /* NULL: the daemon is away */
	uv_poll_t poll;
	uv_timer_t again, reader;
	struct interrupts interrupts;
	unsigned n_tries;
	bool has_poll, has_ended, is_over, is_stalled; /* is_stalled: nothing can be stored */
	char why[sizeof(((struct err *)NULL)->text) + 80];
	char *home, *logs;
	int status;
};

/* ---- the end ---- */

static void close_handle(void *handle)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void hang_up(struct following *f)
{
	if (f->has_poll)
		close_handle(&f->poll);
	f->has_poll = false;
	client_close(f->client);
	f->client = NULL;
}

static void leave(struct following *f, int status)
{
	f->status = status;
	f->is_over = true;
	hang_up(f);
	run_show_close(&f->show);
	close_handle(&f->again);
	close_handle(&f->reader);
	interrupts_close(&f->interrupts);
}

static void on_interrupt(void *ctx, unsigned n)
{
	struct following *f = ctx;

	(void)n;
	report_note("the run goes on; `windrow runs cancel %s/%s` ends it", f->stored.run.dag_id,
		f->stored.run.run_id);
	leave(f, EXIT_FAILED);
}

/* N.B. a run may have nothing to tell for hours, and the pipe would not be written to. */
static void on_reader_look(uv_timer_t *timer)
{
	if (report_is_deserted())
		leave(timer->data, EXIT_FAILED);
}

/* ---- what is told ---- */

static int64_t number_of(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	return v == NULL || v->type != VALUE_NUMBER ? 0 : strtoll(v->u.text, NULL, 10);
}

/* Where the state of an instance is kept; NULL: no memory. */
static uint8_t *instance_state(struct instances *i, uint32_t at)
{
	uint32_t n = at < 16 ? 32 : at * 2;
	uint8_t *states;

	if (at < i->n)
		return &i->states[at];
	states = realloc(i->states, n);
	if (states == NULL)
		return NULL;
	memset(states + i->n, TASK_NONE, n - i->n);
	i->states = states;
	i->n = n;
	return &i->states[at];
}

/* Takes the place of a task out of what is told; false: it has none that we know. */
static bool place_read(
	const struct following *f, const struct value *v, uint32_t *task, uint32_t *instance)
{
	const char *id = client_text(v, "task_id");
	const struct value *index = value_member(v, "map_index", 9);
	const struct task *t = dag_task_find(f->stored.dag, id, strlen(id));

	*task = t == NULL ? 0 : t->number;
	*instance = index == NULL ? RUN_NO_INSTANCE : (uint32_t)number_of(v, "map_index");
	return t != NULL && (index == NULL || *instance < RUN_ITEMS_MAX);
}

static void log_path_make(
	const struct following *f, const struct runner_change *c, char *path, size_t size)
{
	struct task_log_place place = {.folder = f->logs,
		.dag_id = f->stored.run.dag_id,
		.run_id = f->stored.run.run_id,
		.task_id = f->stored.dag->tasks[c->task].id,
		.instance = c->instance,
		.try_number = c->try_number};

	path[0] = '\0';
	if (c->try_number > 0 && !task_log_path_make(&place, path, size))
		path[0] = '\0';
}

static void on_task(struct following *f, const struct value *v)
{
	const char *word = client_text(v, "state");
	int state = task_state_find(word, strlen(word));
	char path[4096];
	struct runner_change c = {.state = (enum task_state)state,
		.try_number = (uint32_t)number_of(v, "try_number"),
		.n_items = (uint32_t)number_of(v, "n_items"),
		.now = number_of(v, "at"),
		.started_at = number_of(v, "started_at"),
		.retry_at = number_of(v, "retry_at"),
		.message = client_text(v, "message"),
		.log_path = path};
	uint8_t *kept;

	if (state < 0 || !place_read(f, v, &c.task, &c.instance))
		return;
	log_path_make(f, &c, path, sizeof(path));
	if (c.instance == RUN_NO_INSTANCE) {
		c.old_state = f->show.view.tasks[c.task].state;
		if (c.started_at != 0)
			f->show.view.tasks[c.task].started_at = c.started_at;
	} else {
		kept = instance_state(&f->instances[c.task], c.instance);
		if (kept == NULL)
			return;
		c.old_state = (enum task_state) * kept;
		*kept = (uint8_t)state;
	}
	run_show_task(&f->show, &c);
}

static void on_run(struct following *f, const struct value *v)
{
	const char *word = client_text(v, "state"), *cause = client_text(v, "cause");
	int state = run_state_find(word, strlen(word));
	struct runner_run_change c = {.state = (enum run_state)state,
		.cause = strcmp(cause, run_cause_text(RUN_CAUSE_CANCEL)) == 0 ? RUN_CAUSE_CANCEL
			: cause[0] != '\0' ? RUN_CAUSE_RUN_TIMEOUT
					   : RUN_CAUSE_DUE,
		.now = number_of(v, "at")};

	if (state < 0)
		return;
	if (number_of(v, "started_at") != 0)
		f->show.view.started_at = number_of(v, "started_at");
	f->has_ended = run_state_is_over(c.state);
	if (f->has_ended)
		f->ended = c;
	else
		run_show_run(&f->show, &c);
}

static void on_line(struct following *f, const struct value *v)
{
	const char *text = client_text(v, "text");
	uint32_t task, instance;

	if (place_read(f, v, &task, &instance))
		run_show_line(&f->show, task, instance, text, strlen(text));
}

static void on_stall(struct following *f, const struct value *v)
{
	if (v->type == VALUE_STRING)
		(void)snprintf(
			f->why, sizeof(f->why), "the scheduler can store nothing: %s", v->u.text);
	f->is_stalled = v->type == VALUE_STRING;
	run_show_note(&f->show, f->is_stalled ? f->why : "the scheduler goes on");
}

/* One line of the daemon's. */
static void take(struct following *f, const struct value *line)
{
	const struct value *v;
	int status;

	if ((v = value_member(line, "task", 4)) != NULL) {
		on_task(f, v);
	} else if ((v = value_member(line, "line", 4)) != NULL) {
		on_line(f, v);
	} else if ((v = value_member(line, "run", 3)) != NULL) {
		on_run(f, v);
	} else if ((v = value_member(line, "stall", 5)) != NULL) {
		on_stall(f, v);
	} else if ((v = value_member(line, "end", 3)) != NULL) {
		if (f->has_ended)
			run_show_run(&f->show, &f->ended);
		run_show_end(&f->show, f->logs);
		leave(f,
			strcmp(client_text(v, "state"), run_state_name(RUN_SUCCESS)) == 0
				? EXIT_DONE
				: EXIT_FAILED);
	} else if ((status = client_answer(line, &v)) != EXIT_DONE) {
		leave(f, status);
	}
}

/* ---- the daemon ---- */

static void connect_again(uv_timer_t *timer);

static void went_away(struct following *f)
{
	if (f->n_tries == 0)
		run_show_note(&f->show, "the scheduler went away; waiting for it");
	f->is_stalled = false;
	hang_up(f);
	(void)uv_timer_start(&f->again, connect_again, AGAIN_MS, 0);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct following *f = poll->data;
	struct arena *a = arena_create(0);
	struct value line;
	int has = 0;

	(void)status;
	(void)events;
	while (a != NULL && f->client != NULL && (has = client_has_line(f->client)) > 0) {
		f->n_tries = 0;
		f->show.view.note = f->is_stalled ? f->why : NULL;
		if (client_receive(f->client, a, &line) == EXIT_DONE)
			take(f, &line);
		else
			leave(f, EXIT_UNREACHABLE);
	}
	arena_destroy(a);
	if (has < 0 && !f->is_over)
		went_away(f);
}

static int ask(struct following *f)
{
	struct request r = client_request(REQUEST_FOLLOW);
	int status = client_open(f->home, &f->client);

	if (status != EXIT_DONE || f->client == NULL)
		return status;
	r.dag_id = f->stored.run.dag_id;
	r.run_id = f->stored.run.run_id;
	r.lines = true;
	status = client_send(f->client, &r);
	if (status != EXIT_DONE)
		return status;
	(void)uv_poll_init(&f->loop, &f->poll, client_fd(f->client));
	f->poll.data = f;
	f->has_poll = true;
	(void)uv_poll_start(&f->poll, UV_READABLE, on_readable);
	return EXIT_DONE;
}

static void connect_again(uv_timer_t *timer)
{
	struct following *f = timer->data;
	int status = ask(f);

	if (status != EXIT_DONE) {
		leave(f, status);
	} else if (f->client == NULL && f->n_tries++ < AGAIN_MAX) {
		(void)uv_timer_start(&f->again, connect_again, AGAIN_MS, 0);
	} else if (f->client == NULL) {
		report_error("no scheduler runs any more; the run %s of %s goes on when one does",
			f->stored.run.run_id, f->stored.run.dag_id);
		leave(f, EXIT_UNREACHABLE);
	}
}

/* ---- the whole ---- */

static int folders_read(struct following *f)
{
	struct settings *s = settings_or_report();
	struct buf b;

	if (s == NULL)
		return EXIT_FAILED;
	buf_init(&b, 0);
	buf_addf(&b, "%s/logs", settings_home_path(s));
	f->logs = buf_steal(&b);
	f->home = strdup(settings_home_path(s));
	settings_destroy(s);
	return f->logs == NULL || f->home == NULL ? report_no_memory() : EXIT_DONE;
}

static int follow(struct following *f, const struct args *args)
{
	int status;

	if (uv_loop_init(&f->loop) != 0)
		return report_no_memory();
	status = run_show_open(&f->show, &f->loop, f->stored.dag, f->stored.run.run_id,
		f->stored.run.logical_date, args);
	if (status != EXIT_DONE) {
		(void)uv_loop_close(&f->loop);
		return status;
	}
	(void)uv_timer_init(&f->loop, &f->again);
	f->again.data = f;
	(void)uv_timer_init(&f->loop, &f->reader);
	f->reader.data = f;
	(void)uv_timer_start(&f->reader, on_reader_look, READER_MS, READER_MS);
	uv_unref((uv_handle_t *)&f->reader);
	interrupts_open(&f->interrupts, &f->loop, on_interrupt, f);
	connect_again(&f->again);
	(void)uv_run(&f->loop, UV_RUN_DEFAULT);
	(void)uv_loop_close(&f->loop);
	return f->status;
}

int run_follow(const char *dag_id, const char *run_id, const struct args *args)
{
	struct following f = {.status = EXIT_FAILED};
	int status = run_stored_open(dag_id, run_id, &f.stored);

	if (status != EXIT_DONE)
		report_note("the run %s of %s is stored all the same, and goes on; it cannot be "
			    "waited for here",
			run_id, dag_id);
	if (status == EXIT_DONE) {
		f.instances = calloc(f.stored.dag->n_tasks, sizeof(*f.instances));
		status = f.instances == NULL ? report_no_memory() : folders_read(&f);
	}
	if (status == EXIT_DONE)
		status = follow(&f, args);
	for (uint32_t i = 0; f.instances != NULL && i < f.stored.dag->n_tasks; i++)
		free(f.instances[i].states);
	free(f.instances);
	free(f.home);
	free(f.logs);
	run_show_free(&f.show);
	run_stored_close(&f.stored);
	return status;
}
