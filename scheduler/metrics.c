/*
 * Counters are counted as things happen; everything else is looked at when the file is made. The
 * loop makes the text, another thread writes it.
 */
#include "scheduler/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "scheduler/bag.h"
#include "scheduler/conductor.h"
#include "scheduler/metrics_text.h"
#include "store/journal.h"
#include "store/settings.h"

struct metrics {
	struct metrics_options o;
	struct conductor_observer observer;
	uv_prepare_t prepare;
	uv_timer_t timer;
	int handles; /* open */
	struct metrics_counts counts;
	uint64_t busy_at, idle_at; /* ns: when the last turn of the loop ended; idle until then */
	uint64_t commit_ns; /* the last that was seen */
	uint64_t every_ms;
	char *path, *new_path;
	char *next_path; /* from the next writing on; NULL: the same */
	uv_work_t work;
	struct buf text; /* being written */
	bool is_writing, is_closing, is_told;
	int why; /* errno */
	void (*on_closed)(void *ctx);
	void *ctx;
};

/* ---- counting ---- */

static void on_task(void *ctx, struct runner *r, const struct runner_change *c)
{
	struct metrics *m = ctx;

	(void)r;
	if (c->state != c->old_state)
		m->counts.tasks[c->state]++;
}

static void on_run(void *ctx, struct runner *r, const struct runner_run_change *c)
{
	struct metrics *m = ctx;

	(void)r;
	if (c->state != c->old_state)
		m->counts.runs[c->state]++;
}

static void on_callback(void *ctx, struct runner *r, enum op_level level, const char *text)
{
	struct metrics *m = ctx;

	(void)r;
	(void)text;
	m->counts.callbacks[level != OP_INFO]++;
}

/* Before the loop waits again: how long it was busy since it last did. */
static void on_prepare(uv_prepare_t *prepare)
{
	struct metrics *m = prepare->data;
	uint64_t now = uv_hrtime(), idle = uv_metrics_idle_time(m->o.loop);
	uint64_t passed = now - m->busy_at, waited = idle - m->idle_at;
	uint64_t commit = journal_last_ns(m->o.journal);

	metrics_observe(&m->counts.loop, passed > waited ? passed - waited : 0);
	m->busy_at = now;
	m->idle_at = idle;
	if (commit != m->commit_ns)
		metrics_observe(&m->counts.commit, commit);
	m->commit_ns = commit;
}

/* ---- writing ---- */

static void on_work(uv_work_t *work)
{
	struct metrics *m = work->data;
	ssize_t n;
	int fd;

	/* N.B. the folder may be others' too, who could have left a link there. */
	(void)unlink(m->new_path);
	fd = open(m->new_path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	n = fd < 0 ? -1 : write(fd, buf_str(&m->text), m->text.len);
	m->why = n < 0 ? errno : (size_t)n != m->text.len ? ENOSPC : 0;
	if (fd >= 0)
		(void)close(fd);
	if (m->why == 0 && rename(m->new_path, m->path) != 0)
		m->why = errno;
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct metrics *m = handle->data;
	void (*closed)(void *ctx) = m->on_closed;
	void *ctx = m->ctx;

	if (--m->handles > 0)
		return;
	free(m->path);
	free(m->new_path);
	free(m->next_path);
	free(m);
	closed(ctx);
}

static void close_handles(struct metrics *m)
{
	uv_close((uv_handle_t *)&m->prepare, on_handle_closed);
	uv_close((uv_handle_t *)&m->timer, on_handle_closed);
}

static void on_written(uv_work_t *work, int status)
{
	struct metrics *m = work->data;
	struct err e;

	m->is_writing = false;
	buf_free(&m->text);
	if (m->is_closing) {
		close_handles(m);
		return;
	}
	if (status == 0 && m->why != 0 && !m->is_told) {
		(void)err_set(&e, ERR_IO, "the metrics cannot be written to %s: %s", m->path,
			strerror(m->why));
		m->o.on_note(m->o.ctx, OP_WARNING, e.text);
	}
	m->is_told = m->why != 0;
}

static int paths_make(struct metrics *m, const char *path)
{
	size_t size = strlen(path) + sizeof(".new");

	m->path = strdup(path);
	m->new_path = malloc(size);
	if (m->path == NULL || m->new_path == NULL)
		return ERR_NOMEM;
	(void)snprintf(m->new_path, size, "%s.new", path);
	return 0;
}

/* N.B. the other thread reads the paths while it writes. */
static void next_path_take(struct metrics *m)
{
	char *path = m->path, *new_path = m->new_path;

	if (m->next_path == NULL)
		return;
	if (paths_make(m, m->next_path) == 0) {
		free(path);
		free(new_path);
	} else {
		free(m->path);
		free(m->new_path);
		m->path = path;
		m->new_path = new_path;
	}
	free(m->next_path);
	m->next_path = NULL;
}

static void on_timer(uv_timer_t *timer)
{
	struct metrics *m = timer->data;
	struct metrics_sources s = {.conductor = m->o.conductor,
		.bag = m->o.bag,
		.journal = m->o.journal,
		.instances = m->o.instances,
		.counts = &m->counts};

	if (m->is_writing)
		return;
	next_path_take(m);
	buf_init(&m->text, 0);
	metrics_text(&s, &m->text);
	if (buf_status(&m->text) == 0)
		m->is_writing = uv_queue_work(m->o.loop, &m->work, on_work, on_written) == 0;
	if (!m->is_writing)
		buf_free(&m->text); /* the next time */
}

/* ---- life ---- */

int metrics_open(const struct metrics_options *o, struct metrics **out, struct err *e)
{
	struct metrics *m = calloc(1, sizeof(*m));

	if (m == NULL || paths_make(m, settings_text(o->settings, SETTING_METRICS_FILE)) != 0) {
		if (m != NULL) {
			free(m->path);
			free(m->new_path);
		}
		free(m);
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	m->o = *o;
	m->every_ms = (uint64_t)settings_number(o->settings, SETTING_METRICS_INTERVAL) * 1000;
	m->busy_at = uv_hrtime();
	m->idle_at = uv_metrics_idle_time(o->loop);
	m->observer = (struct conductor_observer){
		.ctx = m, .on_task = on_task, .on_run = on_run, .on_callback = on_callback};
	conductor_observe(o->conductor, &m->observer);
	(void)uv_prepare_init(o->loop, &m->prepare);
	(void)uv_timer_init(o->loop, &m->timer);
	m->prepare.data = m->timer.data = m->work.data = m;
	m->handles = 2;
	(void)uv_prepare_start(&m->prepare, on_prepare);
	(void)uv_timer_start(&m->timer, on_timer, 0, m->every_ms);
	*out = m;
	return 0;
}

void metrics_set(struct metrics *m, const struct settings *s)
{
	free(m->next_path);
	m->next_path = strdup(settings_text(s, SETTING_METRICS_FILE));
	m->every_ms = (uint64_t)settings_number(s, SETTING_METRICS_INTERVAL) * 1000;
	(void)uv_timer_start(&m->timer, on_timer, 0, m->every_ms);
}

void metrics_close(struct metrics *m, void (*on_closed)(void *ctx), void *ctx)
{
	m->is_closing = true;
	m->on_closed = on_closed;
	m->ctx = ctx;
	conductor_unobserve(m->o.conductor, &m->observer);
	(void)uv_prepare_stop(&m->prepare);
	(void)uv_timer_stop(&m->timer);
	if (!m->is_writing)
		close_handles(m);
}
