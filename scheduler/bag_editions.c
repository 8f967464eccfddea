/*
 * Editions: loaded from the store when they are wanted, and a few kept, as the same DAG is often
 * wanted again.
 */
#include <string.h>

#include "engine/arena.h"
#include "engine/dag.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "scheduler/bag_impl.h"
#include "scheduler/edition.h"
#include "store/store_run.h"

/* A source that is to be loaded. */
struct wanted {
	const char *name, *hash, *text;
	size_t len;
};

static struct edition *find_kept(struct bag *b, const struct bag_entry *entry, uint32_t version)
{
	for (size_t i = 0; i < BAG_EDITIONS_KEPT; i++) {
		struct kept_edition *k = &b->kept[i];

		if (k->entry == entry && k->edition->number == version) {
			k->used_at = ++b->n_uses;
			return edition_ref(k->edition);
		}
	}
	return NULL;
}

static void let_go(struct kept_edition *k)
{
	edition_unref(k->edition);
	*k = (struct kept_edition){0};
}

/* N.B. what a run holds costs nothing more for being kept, and spares the next run a copy. */
void bag_editions_trim(struct bag *b)
{
	for (;;) {
		struct kept_edition *oldest = NULL;
		uint64_t n_tasks = 0;

		for (size_t i = 0; i < BAG_EDITIONS_KEPT; i++) {
			struct kept_edition *k = &b->kept[i];

			if (k->edition == NULL || edition_is_shared(k->edition))
				continue;
			n_tasks += k->edition->dag->n_tasks;
			if (oldest == NULL || k->used_at < oldest->used_at)
				oldest = k;
		}
		if (n_tasks <= BAG_TASKS_KEPT)
			return;
		let_go(oldest);
	}
}

/* Keeps one in the place of that which was longest not wanted. */
static void keep(struct bag *b, struct bag_entry *entry, struct edition *ed)
{
	struct kept_edition *k = &b->kept[0];

	for (size_t i = 1; i < BAG_EDITIONS_KEPT; i++)
		if (b->kept[i].used_at < k->used_at)
			k = &b->kept[i];
	let_go(k);
	*k = (struct kept_edition){edition_ref(ed), entry, ++b->n_uses};
	bag_editions_trim(b);
}

void bag_editions_drop(struct bag *b, const struct bag_entry *entry)
{
	for (size_t i = 0; i < BAG_EDITIONS_KEPT; i++)
		if (b->kept[i].entry == entry)
			let_go(&b->kept[i]);
}

void bag_editions_free(struct bag *b)
{
	for (size_t i = 0; i < BAG_EDITIONS_KEPT; i++)
		edition_unref(b->kept[i].edition);
}

/* A text that is on its way into the store. */
static bool find_text(
	struct bag *b, const struct bag_entry *entry, uint32_t version, struct wanted *out)
{
	const struct folder_file *f =
		version == entry->dag.version ? folder_look_find(b->look, entry->dag.file) : NULL;

	if (f == NULL || f->source == NULL || f->source->text == NULL ||
		strcmp(f->source->hash, entry->hash) != 0)
		return false;
	*out = (struct wanted){
		dag_source_name(f->path), f->source->hash, f->source->text, f->source->len};
	return true;
}

static int read_source(struct bag *b, struct arena *a, const char *dag_id, uint32_t version,
	struct wanted *out, struct err *e)
{
	struct store_dag_version row;
	struct store_source source;
	int r = store_dag_version_get(b->o.store, a, dag_id, version, &row, e);

	if (r == 0)
		r = store_source_get(b->o.store, a, row.source_hash, &source, e);
	if (r == ERR_NOTFOUND)
		return err_set(
			e, r, "version %u of the DAG %s is not in the store", version, dag_id);
	if (r == 0)
		*out = (struct wanted){
			source.file_name, row.source_hash, source.text, strlen(source.text)};
	return r;
}

static int load(struct bag *b, struct bag_entry *entry, uint32_t version, struct arena *a,
	struct edition **out, struct err *e)
{
	struct wanted w = {0};
	int r = 0;

	if (!find_text(b, entry, version, &w))
		r = read_source(b, a, entry->dag.dag_id, version, &w, e);
	if (r != 0)
		return r;
	return edition_load(w.text, w.len, version == entry->dag.version ? entry->dag.file : w.name,
		entry->dag.dag_id, version, w.hash, dag_reader_options(b->reader), out, e);
}

int bag_edition(
	void *ctx, const char *dag_id, uint32_t version, struct edition **out, struct err *e)
{
	struct bag *b = ctx;
	uint32_t number = strmap_find(b->ids, dag_id, strlen(dag_id));
	struct bag_entry *entry = number == STRMAP_NONE ? NULL : b->entries[number];
	struct arena *a;
	int r;

	if (entry == NULL || (version == 0 && entry->dag.version == 0))
		return err_set(e, ERR_NOTFOUND, "there is no DAG %s", dag_id);
	if (version == 0)
		version = entry->dag.version;
	*out = find_kept(b, entry, version);
	if (*out != NULL)
		return 0;
	a = arena_create(0);
	if (a == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	r = load(b, entry, version, a, out, e);
	arena_destroy(a);
	if (r != 0)
		return r;
	if (entry->timetable == NULL && version == entry->dag.version)
		entry->dag.max_active_runs = (*out)->dag->max_active_runs;
	keep(b, entry, *out);
	return 0;
}
