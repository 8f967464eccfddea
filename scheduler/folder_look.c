/*
 * A look has three parts: a worker walks the folder and compares; some workers load what changed,
 * each taking the next file; the loop takes over what came out.
 *
 * While a look is on, the loop touches neither table, and the workers share nothing that changes
 * but the number of the next file.
 */
#include "scheduler/folder_look.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/scan.h"
#include "scheduler/folder_watch.h"
#include "store/dags_folder.h"

#define LOADERS 3 /* at once: others want uv's threads, too */
#define HEARD_MS 30000 /* between looks at a file whose closing should be heard of */
#define FILES_A_LOADER 32 /* for fewer it is not worth another */

struct table {
	struct folder_file **files;
	size_t n, cap;
};

struct loader {
	struct folder_look *look;
	uv_work_t work;
	struct scan *scan;
};

struct folder_look {
	struct folder_look_options o;
	struct table now, next; /* as the last look found it; as this one does */
	size_t n_unread; /* of now */
	struct folder_file **changed; /* those of next that are to be loaded */
	size_t n_changed;
	uv_work_t walk;
	struct loader loaders[LOADERS];
	size_t n_loading;
	atomic_size_t next_file;
	struct buf problems, last_problems;
	struct err failure;
	bool has_failed, has_links, is_looking;
};

static void table_free(struct table *t)
{
	for (size_t i = 0; i < t->n; i++)
		folder_file_destroy(t->files[i]);
	free(t->files);
	*t = (struct table){0};
}

/* ---- the walk ---- */

static int on_folder(void *ctx, const char *path)
{
	const struct folder_look *l = ctx;

	return l->o.watch == NULL ? FOLDER_WATCH_NONE : folder_watch_add(l->o.watch, path);
}

/* Takes the file, which may be NULL: no memory. */
static int add(struct table *t, struct folder_file *f)
{
	if (f != NULL && t->n == t->cap) {
		size_t cap = t->cap == 0 ? 64 : t->cap * 2;
		struct folder_file **grown = reallocarray(t->files, cap, sizeof(*grown));

		if (grown == NULL) {
			folder_file_destroy(f);
			return ERR_NOMEM;
		}
		t->files = grown;
		t->cap = cap;
	}
	if (f == NULL)
		return ERR_NOMEM;
	t->files[t->n++] = f;
	return 0;
}

static int on_file(void *ctx, const char *path, const struct stat *st, int mark)
{
	struct folder_look *l = ctx;

	return add(&l->next, folder_file_create(path, st, mark));
}

static int on_unread(void *ctx, const char *path, const char *sentence)
{
	struct folder_look *l = ctx;

	return add(&l->next, folder_file_create_unread(path, sentence));
}

static void on_link(void *ctx)
{
	struct folder_look *l = ctx;

	l->has_links = true;
}

static void on_problem(void *ctx, const char *path, const char *sentence)
{
	struct folder_look *l = ctx;

	buf_addf(&l->problems, "%s: %s\n", path, sentence);
}

static int by_path(const void *a, const void *b)
{
	const struct folder_file *const *left = a, *const *right = b;

	return strcmp((*left)->path, (*right)->path);
}

/* Takes what has not changed from the table before, and notes what has. */
static int compare(struct folder_look *l)
{
	struct table *now = &l->now, *next = &l->next;
	size_t k = 0;

	free(l->changed);
	l->n_changed = 0;
	l->changed = calloc(next->n + 1, sizeof(struct folder_file *));
	if (l->changed == NULL)
		return ERR_NOMEM;
	if (next->n > 1)
		qsort(next->files, next->n, sizeof(struct folder_file *), by_path);
	for (size_t i = 0; i < next->n; i++) {
		struct folder_file *f = next->files[i], *old = NULL;

		while (k < now->n && strcmp(now->files[k]->path, f->path) < 0)
			k++;
		if (k < now->n && strcmp(now->files[k]->path, f->path) == 0)
			old = now->files[k];
		if (old != NULL && !old->is_unsettled && folder_file_is_same(old, f)) {
			old->is_kept = true;
			next->files[i] = old;
			folder_file_destroy(f);
		} else {
			f->before = old;
			l->changed[l->n_changed++] = f;
		}
	}
	return 0;
}

static void walk(uv_work_t *work)
{
	struct folder_look *l = work->data;
	const struct dags_folder_visit visit = {.ctx = l,
		.on_folder = on_folder,
		.on_file = on_file,
		.on_link = on_link,
		.on_problem = on_problem,
		.on_unread = on_unread};
	int r;

	l->has_links = false;
	r = dags_folder_walk(l->o.folder, &visit, &l->failure);

	if (r == 0 && (r = compare(l)) != 0)
		(void)err_set(&l->failure, r, "%s", err_text(r));
	l->has_failed = r != 0;
}

/* ---- loading ---- */

static void load(uv_work_t *work)
{
	const struct loader *loader = work->data;
	struct folder_look *l = loader->look;
	size_t i;

	while ((i = atomic_fetch_add(&l->next_file, 1)) < l->n_changed)
		folder_file_load(l->changed[i], l->o.watch, l->o.reader, loader->scan);
}

/* ---- the loop's side ---- */

/* When a file that is being written is to be looked at again. N.B. its closing is heard of only
 * where it is written by this name. */
static uint64_t again_ms(const struct folder_look *l, const struct folder_file *f)
{
	bool is_heard =
		f->is_open && f->mark != FOLDER_WATCH_NONE && folder_watch_is_whole(l->o.watch);

	return is_heard ? HEARD_MS : FOLDER_SETTLE_MS;
}

/* The files that stay take over what their old selves hold; the others are gone. */
static void take_over(struct folder_look *l, struct folder_looked *out)
{
	for (size_t i = 0; i < l->n_changed; i++) {
		struct folder_file *f = l->changed[i], *old = f->before;

		f->before = NULL;
		out->has_changed |= f->is_fresh;
		if (f->is_short)
			on_problem(l, f->path,
				"memory or descriptors are short: it is read as soon as they are "
				"not");
		if (f->is_unsettled && (out->again_ms == 0 || again_ms(l, f) < out->again_ms))
			out->again_ms = again_ms(l, f);
		if (old == NULL)
			continue;
		if (f->source == NULL) {
			f->source = old->source;
			old->source = NULL;
		}
		f->told = old->told;
		old->told = (struct dag_faults){0};
		old->is_kept = true; /* in its new self */
	}
	for (size_t i = 0; i < l->now.n; i++) {
		struct folder_file *f = l->now.files[i];

		if (!f->is_kept) {
			out->has_changed = true;
			l->o.on_gone(l->o.ctx, f);
		}
	}
}

/* Frees the old table but for what the new one has. */
static void tables_swap(struct folder_look *l)
{
	size_t k = 0;

	for (size_t i = 0; i < l->now.n; i++) {
		struct folder_file *f = l->now.files[i];

		while (k < l->next.n && strcmp(l->next.files[k]->path, f->path) < 0)
			k++;
		if (k == l->next.n || l->next.files[k] != f)
			folder_file_destroy(f);
	}
	free(l->now.files);
	l->now = l->next;
	l->next = (struct table){0};
	l->n_unread = 0;
	for (size_t i = 0; i < l->now.n; i++) {
		l->now.files[i]->is_kept = false;
		l->n_unread += l->now.files[i]->is_unread;
	}
}

/* Drops what a walk that failed has found. */
static void drop(struct folder_look *l)
{
	for (size_t i = 0; i < l->now.n; i++)
		l->now.files[i]->is_kept = false;
	table_free(&l->next);
}

static void finish(struct folder_look *l)
{
	struct folder_looked out = {.failure = l->has_failed ? &l->failure : NULL};

	if (l->has_failed) {
		drop(l);
	} else {
		take_over(l, &out);
		tables_swap(l);
		out.has_blind_spots = l->has_links || l->n_unread > 0;
	}
	if (l->o.watch != NULL)
		folder_watch_end(l->o.watch);
	if (strcmp(buf_str(&l->problems), buf_str(&l->last_problems)) != 0)
		out.problems = buf_str(&l->problems);
	l->is_looking = false;
	l->o.on_looked(l->o.ctx, &out);
}

static void on_loaded(uv_work_t *work, int status)
{
	struct loader *loader = work->data;
	struct folder_look *l = loader->look;

	(void)status;
	if (--l->n_loading == 0)
		finish(l);
}

static void on_walked(uv_work_t *work, int status)
{
	struct folder_look *l = work->data;
	size_t wanted = (l->n_changed + FILES_A_LOADER - 1) / FILES_A_LOADER;

	(void)status;
	atomic_store(&l->next_file, 0);
	if (l->has_failed)
		wanted = 0;
	for (size_t i = 0; i < wanted && i < LOADERS; i++) {
		struct loader *loader = &l->loaders[i];

		loader->work.data = loader;
		if (uv_queue_work(l->o.loop, &loader->work, load, on_loaded) == 0)
			l->n_loading++;
	}
	if (l->n_loading == 0)
		finish(l);
}

int folder_look_create(const struct folder_look_options *o, struct folder_look **out)
{
	struct folder_look *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return ERR_NOMEM;
	l->o = *o;
	buf_init(&l->problems, 0);
	buf_init(&l->last_problems, 0);
	for (size_t i = 0; i < LOADERS; i++) {
		l->loaders[i].look = l;
		l->loaders[i].scan = scan_create();
		if (l->loaders[i].scan == NULL) {
			folder_look_destroy(l);
			return ERR_NOMEM;
		}
	}
	*out = l;
	return 0;
}

void folder_look_destroy(struct folder_look *l)
{
	if (l == NULL)
		return;
	for (size_t i = 0; i < LOADERS; i++)
		scan_destroy(l->loaders[i].scan);
	table_free(&l->now);
	free(l->changed);
	buf_free(&l->problems);
	buf_free(&l->last_problems);
	free(l);
}

int folder_look_start(struct folder_look *l)
{
	struct buf problems = l->last_problems;

	l->last_problems = l->problems;
	l->problems = problems;
	buf_reset(&l->problems);
	l->n_changed = 0;
	for (size_t i = 0; i < l->now.n; i++)
		l->now.files[i]->is_fresh = false;
	if (l->o.watch != NULL)
		folder_watch_begin(l->o.watch);
	l->walk.data = l;
	if (uv_queue_work(l->o.loop, &l->walk, walk, on_walked) != 0)
		return ERR_IO;
	l->is_looking = true;
	return 0;
}

bool folder_look_is_looking(const struct folder_look *l)
{
	return l->is_looking;
}

struct folder_file *const *folder_look_files(const struct folder_look *l, size_t *n)
{
	*n = l->now.n;
	return l->now.files;
}

struct folder_file *folder_look_find(const struct folder_look *l, const char *path)
{
	struct folder_file key = {.path = (char *)path}, *wanted = &key, **found;

	if (l->now.n == 0)
		return NULL;
	found = bsearch(&wanted, l->now.files, l->now.n, sizeof(wanted), by_path);
	return found == NULL ? NULL : *found;
}

/* The beginning of a path. */
struct beginning {
	const char *path;
	size_t len;
};

static int by_beginning(const void *key, const void *file)
{
	const struct beginning *b = key;
	const struct folder_file *const *f = file;
	int order = strncmp(b->path, (*f)->path, b->len);

	return order != 0 || (*f)->path[b->len] == '\0' ? order : -1;
}

bool folder_look_is_unread(const struct folder_look *l, const char *path)
{
	struct beginning b = {.path = path};
	struct folder_file **f;

	for (; l->n_unread > 0 && path[b.len] != '\0'; b.len++) {
		f = path[b.len] != '/' ? NULL
				       : bsearch(&b, l->now.files, l->now.n,
						 sizeof(struct folder_file *), by_beginning);
		if (f != NULL && (*f)->is_unread)
			return true;
	}
	return false;
}
