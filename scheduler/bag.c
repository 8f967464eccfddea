/*
 * The bag: the table of DAGs, and its life. DAGs are never taken out of the table: pointers to them
 * stay good.
 */
#include "scheduler/bag_impl.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/strmap.h"
#include "scheduler/folder_watch.h"
#include "store/journal.h"
#include "store/store_run.h"

#define MAX_ACTIVE_RUNS_UNKNOWN 16 /* of a DAG that did not load since the start: the default */

/* ---- observers ---- */

void bag_observe(struct bag *b, struct bag_observer *o)
{
	o->next = b->observers;
	b->observers = o;
}

void bag_unobserve(struct bag *b, struct bag_observer *o)
{
	struct bag_observer **at = &b->observers;

	while (*at != NULL && *at != o)
		at = &(*at)->next;
	if (*at != NULL)
		*at = o->next;
}

void bag_note(struct bag *b, enum op_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (struct bag_observer *o = b->observers; o != NULL; o = o->next)
		if (o->on_note != NULL)
			o->on_note(o->ctx, level, text);
}

void bag_tell(struct bag *b, struct bag_entry *entry)
{
	for (struct bag_observer *o = b->observers; o != NULL; o = o->next)
		if (o->on_dag != NULL)
			o->on_dag(o->ctx, &entry->dag);
}

void bag_be_ready(struct bag *b)
{
	b->is_ready = true;
	for (struct bag_observer *o = b->observers; o != NULL; o = o->next)
		if (o->on_ready != NULL)
			o->on_ready(o->ctx);
}

void bag_looked(struct bag *b)
{
	struct bag_observer *next;

	if (b->tellings != NULL || b->must_settle)
		return;
	for (struct bag_observer *o = b->observers; o != NULL; o = next) {
		next = o->next;
		if (o->on_looked != NULL)
			o->on_looked(o->ctx, b->n_looks);
	}
}

/* ---- the table ---- */

static int entries_grow(struct bag *b)
{
	size_t cap = b->cap_entries == 0 ? 64 : b->cap_entries * 2;
	struct bag_entry **grown;

	if (b->n_entries < b->cap_entries)
		return 0;
	grown = reallocarray(b->entries, cap, sizeof(*grown));
	if (grown == NULL)
		return ERR_NOMEM;
	b->entries = grown;
	b->cap_entries = cap;
	return 0;
}

struct bag_entry *bag_entry_get(struct bag *b, const char *dag_id)
{
	size_t len = strlen(dag_id);
	uint32_t number = strmap_find(b->ids, dag_id, len);
	struct bag_entry *entry;
	char *id;

	if (number != STRMAP_NONE)
		return b->entries[number];
	entry = entries_grow(b) != 0 ? NULL : calloc(1, sizeof(*entry) + len + 1);
	if (entry == NULL)
		return NULL;
	id = (char *)(entry + 1);
	memcpy(id, dag_id, len);
	if (strmap_add(b->ids, id, len, (uint32_t)b->n_entries) != 0) {
		free(entry);
		return NULL;
	}
	entry->dag = (struct bag_dag){.dag_id = id,
		.file = "",
		.last_interval_start = INSTANT_NONE,
		.last_interval_end = INSTANT_NONE,
		.max_active_runs = MAX_ACTIVE_RUNS_UNKNOWN};
	b->entries[b->n_entries++] = entry;
	return entry;
}

struct bag_dag *bag_find(struct bag *b, const char *dag_id)
{
	uint32_t number = strmap_find(b->ids, dag_id, strlen(dag_id));

	if (number == STRMAP_NONE || b->entries[number]->dag.version == 0)
		return NULL;
	return &b->entries[number]->dag;
}

struct bag_dag *bag_next(const struct bag *b, size_t *at)
{
	while (*at < b->n_entries) {
		struct bag_entry *entry = b->entries[(*at)++];

		if (entry->dag.version > 0)
			return &entry->dag;
	}
	return NULL;
}

void bag_entry_store(struct bag *b, struct bag_entry *entry)
{
	const struct bag_dag *d = &entry->dag;
	const struct store_dag row = {
		.dag_id = d->dag_id,
		.file = d->file,
		.version = d->version,
		.is_paused = d->is_paused,
		.is_retired = d->is_retired,
		.first_seen = d->first_seen,
		.last_interval_start = d->last_interval_start,
		.last_interval_end = d->last_interval_end,
	};

	entry->must_store = journal_dag(b->o.journal, &row) != 0;
	if (entry->must_store)
		bag_claims_again(b);
}

int bag_pause(struct bag *b, struct bag_dag *d, bool is_paused)
{
	struct bag_entry *entry = (struct bag_entry *)d;

	if (d->is_paused == is_paused)
		return 0;
	d->is_paused = is_paused;
	bag_entry_store(b, entry);
	if (entry->must_store) {
		d->is_paused = !is_paused;
		return ERR_NOMEM;
	}
	bag_tell(b, entry);
	return 0;
}

int bag_interval_made(struct bag *b, struct bag_dag *d, int64_t start, int64_t end)
{
	struct bag_entry *entry = (struct bag_entry *)d;

	d->last_interval_start = start;
	d->last_interval_end = end;
	bag_entry_store(b, entry);
	return entry->must_store ? ERR_NOMEM : 0;
}

void bag_delete(struct bag *b, struct bag_dag *d)
{
	struct bag_entry *entry = (struct bag_entry *)d;

	bag_editions_drop(b, entry);
	d->version = 0;
	d->is_retired = true;
	d->last_interval_start = d->last_interval_end = INSTANT_NONE;
	entry->hash[0] = '\0';
	bag_tell(b, entry);
	b->must_settle = true;
	bag_scan_now(b);
}

/* ---- opening and closing ---- */

static char *copy_or_empty(const char *s)
{
	return strdup(s == NULL ? "" : s);
}

static int take_row(struct bag *b, const struct store_dag *row)
{
	struct bag_entry *entry = bag_entry_get(b, row->dag_id);

	if (entry == NULL || (entry->file = copy_or_empty(row->file)) == NULL)
		return ERR_NOMEM;
	entry->dag.file = entry->file;
	entry->dag.version = row->version;
	entry->dag.is_paused = row->is_paused;
	entry->dag.is_retired = row->is_retired;
	entry->dag.first_seen = row->first_seen;
	entry->dag.last_interval_start = row->last_interval_start;
	entry->dag.last_interval_end = row->last_interval_end;
	if (row->source_hash != NULL)
		(void)snprintf(entry->hash, sizeof(entry->hash), "%s", row->source_hash);
	return 0;
}

static int read_store(struct bag *b, struct err *e)
{
	struct arena *a = arena_create(0);
	struct store_dag *rows;
	size_t n = 0;
	int r;

	if (a == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = store_dags(b->o.store, a, &rows, &n, e);
	for (size_t i = 0; i < n && r == 0; i++)
		if ((r = take_row(b, &rows[i])) != 0)
			(void)err_set(e, r, "%s", err_text(r));
	if (r == 0)
		r = bag_faults_open(b, a, e);
	arena_destroy(a);
	return r;
}

/* A daemon makes the folder where it is missing, so that a first start needs nothing. N.B. a
 * command does not: one with a mistyped folder would find it empty, and retire every DAG. */
static void make_folder(struct bag *b)
{
	if (!b->o.is_once && mkdir(b->folder, 0755) == 0)
		bag_note(b, OP_INFO, "made the dags folder %s", b->folder);
}

static void free_all(struct bag *b)
{
	bag_editions_free(b);
	folder_look_destroy(b->look);
	for (size_t i = 0; i < b->n_entries; i++) {
		free(b->entries[i]->file);
		free(b->entries[i]->timetable);
		free(b->entries[i]);
	}
	free(b->entries);
	strmap_destroy(b->ids);
	dag_reader_destroy(b->reader);
	bag_faults_close(b);
	free(b->folder);
	free(b);
}

static int prepare(struct bag *b, struct err *e)
{
	int r = bag_look_create(b);

	return r == 0 ? read_store(b, e) : err_set(e, r, "%s", err_text(r));
}

int bag_open(const struct bag_options *o, struct bag **out, struct err *e)
{
	struct bag *b = calloc(1, sizeof(*b));
	struct err why;
	int r = ERR_NOMEM;

	if (b != NULL) {
		b->o = *o;
		b->folder = strdup(o->folder);
		b->reader = dag_reader_create();
		b->ids = strmap_create(64);
	}
	if (b == NULL || b->folder == NULL || b->reader == NULL || b->ids == NULL) {
		if (b != NULL)
			free_all(b);
		return err_set(e, r, "%s", err_text(r));
	}
	b->observers = o->observer;
	make_folder(b);
	if (!o->is_once && !o->has_no_watch &&
		folder_watch_open(o->loop, bag_look_due, b, &b->watch, &why) != 0)
		bag_note(b, OP_WARNING,
			"the dags folder cannot be watched (%s): it is looked at every %d s",
			why.text, BAG_POLL_MS / 1000);
	r = prepare(b, e);
	if (r != 0) {
		folder_watch_close(b->watch);
		free_all(b);
		return r;
	}
	(void)uv_timer_init(o->loop, &b->timer);
	b->timer.data = b;
	bag_look(b);
	*out = b;
	return 0;
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct bag *b = handle->data;

	b->is_timer_closed = true;
	bag_close_finish(b);
}

void bag_close_finish(struct bag *b)
{
	void (*on_closed)(void *ctx) = b->on_closed;
	void *ctx = b->closed_ctx;

	if (!b->is_timer_closed || folder_look_is_looking(b->look))
		return;
	free_all(b);
	if (on_closed != NULL)
		on_closed(ctx);
}

void bag_close(struct bag *b, void (*on_closed)(void *ctx), void *ctx)
{
	b->is_closing = true;
	bag_claims_close(b);
	b->on_closed = on_closed;
	b->closed_ctx = ctx;
	if (!folder_look_is_looking(b->look))
		folder_watch_close(b->watch);
	uv_close((uv_handle_t *)&b->timer, on_timer_closed);
}
