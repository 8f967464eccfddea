/*
 * The cleaner looks at the folder once: of each run it notes how large its logs are, when the last
 * one was written, and whether a try is open (its mark lies beside the log). Then it removes runs,
 * the oldest first, while a rule says so.
 *
 * N.B. a run may begin again meanwhile. So a file is removed only if it is as old as was seen, and
 * a folder only where nothing is left in it.
 */
#include "scheduler/log_cleaner.h"

#include <errno.h>
#include <fts.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "scheduler/conductor.h"
#include "scheduler/log_name.h"
#include "store/clock.h"
#include "store/settings.h"

#define DAY_MS ((int64_t)24 * 60 * 60 * 1000)
#define RUN_LEVEL 2 /* of a run's folder below that of logs: dag_id=D/run_id=R */

struct old_run {
	const char *path; /* whole */
	const char *name; /* dag_id=D/run_id=R, within path */
	uint64_t bytes;
	int64_t written_at; /* the last */
	bool is_open; /* a try may be running */
};

struct look {
	struct arena *arena;
	struct old_run *runs;
	size_t n, cap;
	uint64_t bytes;
	int status;
	struct err *e;
};

static void fail(struct look *l, const char *what, const char *path, int why)
{
	if (l->status == 0)
		l->status = err_set(l->e, ERR_IO, "cannot %s %s: %s", what, path, strerror(why));
}

static struct old_run *run_add(struct look *l, const FTSENT *at, size_t root)
{
	size_t cap = l->cap == 0 ? 64 : l->cap * 2;
	struct old_run *list = l->runs;
	char *path = arena_strdup(l->arena, at->fts_path);

	if (path != NULL && l->n == l->cap) {
		list = realloc(l->runs, cap * sizeof(*list));
		if (list != NULL) {
			l->runs = list;
			l->cap = cap;
		}
	}
	if (path == NULL || list == NULL)
		return NULL;
	l->runs[l->n] = (struct old_run){.path = path, .name = path + root + 1, .written_at = 0};
	return &l->runs[l->n++];
}

static int64_t time_of(const struct stat *s)
{
	return (int64_t)s->st_mtim.tv_sec * 1000 + s->st_mtim.tv_nsec / 1000000;
}

static void file_note(struct look *l, const FTSENT *at)
{
	struct old_run *run = at->fts_level > RUN_LEVEL && l->n > 0 ? &l->runs[l->n - 1] : NULL;
	const char *end = strrchr(at->fts_name, '.');

	l->bytes += (uint64_t)at->fts_statp->st_size;
	if (run == NULL)
		return;
	run->bytes += (uint64_t)at->fts_statp->st_size;
	if (time_of(at->fts_statp) > run->written_at)
		run->written_at = time_of(at->fts_statp);
	run->is_open = run->is_open || (end != NULL && strcmp(end, ".mark") == 0);
}

/* Notes every run that has logs. */
static int look(struct look *l, const char *folder)
{
	union {
		const char *in;
		char *out; /* fts_open() leaves it as it is */
	} name = {folder};
	char *const paths[] = {name.out, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	int status = tree == NULL ? ERR_NOMEM : 0;
	FTSENT *at;

	while (status == 0 && (at = fts_read(tree)) != NULL) {
		if (at->fts_info == FTS_D && at->fts_level == RUN_LEVEL)
			status = run_add(l, at, strlen(folder)) == NULL ? ERR_NOMEM : 0;
		else if (at->fts_info == FTS_F)
			file_note(l, at);
		else if ((at->fts_info == FTS_DNR || at->fts_info == FTS_ERR) &&
			at->fts_errno != ENOENT)
			fail(l, "read", at->fts_path, at->fts_errno);
	}
	if (tree != NULL)
		(void)fts_close(tree);
	return status == 0 ? 0 : err_set(l->e, status, "%s", err_text(status));
}

static void run_remove(struct look *l, const struct old_run *run)
{
	union {
		const char *in;
		char *out; /* as above */
	} name = {run->path};
	char *const paths[] = {name.out, NULL};
	FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *at;

	while (tree != NULL && (at = fts_read(tree)) != NULL) {
		if (at->fts_info == FTS_DP) {
			(void)rmdir(at->fts_accpath);
		} else if (at->fts_info == FTS_F || at->fts_info == FTS_SL) {
			if (time_of(at->fts_statp) <= run->written_at &&
				unlink(at->fts_accpath) != 0 && errno != ENOENT)
				fail(l, "remove", at->fts_path, errno);
		}
	}
	if (tree != NULL)
		(void)fts_close(tree);
}

/* The DAG's folder goes with its last run. */
static void parent_remove(const struct old_run *run)
{
	const char *slash = strrchr(run->path, '/');
	char path[4096];

	if (slash == NULL || (size_t)(slash - run->path) >= sizeof(path))
		return;
	(void)snprintf(path, sizeof(path), "%.*s", (int)(slash - run->path), run->path);
	(void)rmdir(path);
}

static int by_age(const void *a, const void *b)
{
	const struct old_run *x = a, *y = b;

	return (x->written_at > y->written_at) - (x->written_at < y->written_at);
}

/* N.B. a folder without a file may have been made this moment. */
static bool may_go(const struct old_run *run, const struct log_clean_rules *rules)
{
	return !run->is_open && run->written_at > 0 &&
		(rules->kept == NULL ||
			strmap_find(rules->kept, run->name, strlen(run->name)) == STRMAP_NONE);
}

int log_clean(const char *folder, const struct log_clean_rules *rules, struct log_cleaned *out,
	struct err *e)
{
	struct look l = {.arena = arena_create(0), .e = e};
	struct log_cleaned done = {0};
	int status = l.arena == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM)) : 0;

	if (status == 0 && access(folder, F_OK) == 0)
		status = look(&l, folder);
	if (status == 0 && l.n > 0)
		qsort(l.runs, l.n, sizeof(*l.runs), by_age);
	for (size_t i = 0; i < l.n && status == 0; i++) {
		const struct old_run *run = &l.runs[i];
		bool is_old = rules->now - run->written_at > rules->max_age_ms;

		if (!is_old && l.bytes - done.bytes <= rules->max_bytes)
			break; /* those behind it are younger */
		if (!may_go(run, rules))
			continue;
		run_remove(&l, run);
		parent_remove(run);
		done.runs++;
		done.bytes += run->bytes;
	}
	done.bytes_left = l.bytes - done.bytes;
	free(l.runs);
	arena_destroy(l.arena);
	*out = done;
	return status == 0 ? l.status : status;
}

/* ---- now and then ---- */

struct log_cleaner {
	struct log_cleaner_options o;
	uv_timer_t timer;
	uv_work_t work;
	bool is_working, is_closing;
	int64_t max_age_ms;
	uint64_t max_bytes;
	struct log_clean_rules rules; /* of the work */
	struct strmap *kept; /* NULL: no work is under way */
	struct arena *names; /* of its keys */
	struct log_cleaned cleaned;
	int status;
	struct err e;
	void (*on_closed)(void *ctx);
	void *ctx;
};

static void kept_free(struct log_cleaner *c)
{
	strmap_destroy(c->kept);
	arena_destroy(c->names);
	c->kept = NULL;
	c->names = NULL;
}

static int kept_add(struct log_cleaner *c, const struct runner *r, uint32_t n)
{
	char dag[LOG_NAME_SIZE], run[LOG_NAME_SIZE];
	const char *name =
		arena_printf(c->names, "%s/%s", log_name_make("dag_id", runner_dag_id(r), dag),
			log_name_make("run_id", runner_run_id(r), run));

	return name == NULL ? ERR_NOMEM : strmap_add(c->kept, name, strlen(name), n);
}

/* Notes the names of all runs in memory: the other thread must not look at those themselves. */
static int kept_make(struct log_cleaner *c)
{
	uint32_t n = 0;
	int status = 0;

	c->kept = strmap_create(64);
	c->names = arena_create(0);
	if (c->kept == NULL || c->names == NULL)
		status = ERR_NOMEM;
	for (struct runner *r = conductor_run_first(c->o.conductor); r != NULL && status == 0;
		r = conductor_run_next(r))
		status = kept_add(c, r, n++);
	if (status != 0)
		kept_free(c);
	return status;
}

static void on_work(uv_work_t *work)
{
	struct log_cleaner *c = work->data;

	c->status = log_clean(c->o.folder, &c->rules, &c->cleaned, &c->e);
}

static void on_handle_closed(uv_handle_t *handle)
{
	struct log_cleaner *c = handle->data;
	void (*closed)(void *ctx) = c->on_closed;
	void *ctx = c->ctx;

	free(c);
	closed(ctx);
}

static void on_worked(uv_work_t *work, int status)
{
	struct log_cleaner *c = work->data;
	char text[160];

	c->is_working = false;
	kept_free(c);
	if (c->is_closing) {
		uv_close((uv_handle_t *)&c->timer, on_handle_closed);
		return;
	}
	if (status == 0 && c->status != 0)
		c->o.on_note(c->o.ctx, OP_WARNING, c->e.text);
	if (status != 0 || c->cleaned.runs == 0)
		return;
	(void)snprintf(text, sizeof(text),
		"the logs of %llu old run%s were removed, %llu KiB; %llu KiB are left",
		(unsigned long long)c->cleaned.runs, c->cleaned.runs == 1 ? "" : "s",
		(unsigned long long)(c->cleaned.bytes / 1024),
		(unsigned long long)(c->cleaned.bytes_left / 1024));
	c->o.on_note(c->o.ctx, OP_INFO, text);
}

static void on_timer(uv_timer_t *timer)
{
	struct log_cleaner *c = timer->data;

	if (c->is_working)
		return;
	if (kept_make(c) != 0)
		return; /* another time */
	c->rules = (struct log_clean_rules){.now = clock_wall_ms(),
		.max_age_ms = c->max_age_ms,
		.max_bytes = c->max_bytes,
		.kept = c->kept};
	c->is_working = uv_queue_work(c->o.loop, &c->work, on_work, on_worked) == 0;
	if (!c->is_working)
		kept_free(c);
}

int log_cleaner_open(const struct log_cleaner_options *o, struct log_cleaner **out, struct err *e)
{
	struct log_cleaner *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	c->o = *o;
	log_cleaner_set(c, o->settings);
	(void)uv_timer_init(o->loop, &c->timer);
	c->timer.data = c->work.data = c;
	(void)uv_timer_start(&c->timer, on_timer, 0, LOG_CLEANER_EVERY_MS);
	*out = c;
	return 0;
}

void log_cleaner_set(struct log_cleaner *c, const struct settings *s)
{
	c->max_age_ms = (int64_t)settings_number(s, SETTING_LOG_MAX_AGE_DAYS) * DAY_MS;
	c->max_bytes = (uint64_t)settings_number(s, SETTING_LOG_MAX_SIZE_MB) << 20;
}

void log_cleaner_close(struct log_cleaner *c, void (*on_closed)(void *ctx), void *ctx)
{
	c->is_closing = true;
	c->on_closed = on_closed;
	c->ctx = ctx;
	(void)uv_timer_stop(&c->timer);
	if (!c->is_working)
		uv_close((uv_handle_t *)&c->timer, on_handle_closed);
}
