/*
 * Who has which DAG. A DAG is its file's: that which has had it, as long as it still has it, else
 * the first by name. A file that claims a DAG of another's is broken as a whole, and says so.
 *
 * All is worked out anew whenever anything has changed: it costs a millisecond for ten thousand
 * DAGs, and nothing can be forgotten. What is told to others has been stored.
 */
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "engine/timetable.h"
#include "scheduler/bag_impl.h"
#include "store/clock.h"
#include "store/journal.h"

#define NOTES_MAX 100 /* DAGs that are named in the log when many change at once */

/* What is told once a batch is stored. */
struct telling {
	struct bag *bag; /* NULL: it was closed meanwhile */
	struct telling *next; /* of the bag */
	size_t n;
	struct change {
		struct bag_entry *entry;
		const char *news;
	} changes[];
};

static bool is_good(const struct folder_file *f)
{
	return f->source != NULL && f->source->faults.n == 0;
}

void bag_claims_again(struct bag *b)
{
	b->must_settle = true;
	b->again_ms = FOLDER_SETTLE_MS;
}

/* ---- claims ---- */

/* Lets each DAG be claimed by the file that has had it. False: no memory. */
static bool claim_own(struct bag *b, struct folder_file *f)
{
	for (size_t i = 0; i < f->source->n_dags; i++) {
		struct dag_facts *facts = &f->source->dags[i];
		struct bag_entry *entry = facts->entry;

		if (entry == NULL)
			facts->entry = entry = bag_entry_get(b, facts->dag_id);
		if (entry == NULL)
			return false;
		if (strcmp(entry->dag.file, f->path) == 0) {
			entry->claim = f;
			entry->facts = facts;
		}
	}
	return true;
}

/* A file that has not been whole since the start keeps what it had. */
static void claim_unread(struct bag *b, struct folder_file *const *files, size_t n)
{
	size_t n_unread = 0;

	for (size_t i = 0; i < n; i++)
		n_unread += files[i]->source == NULL;
	if (n_unread == 0)
		return;
	for (size_t i = 0; i < b->n_entries; i++) {
		struct bag_entry *entry = b->entries[i];
		struct folder_file *f = folder_look_find(b->look, entry->dag.file);

		if (f != NULL && f->source == NULL && entry->dag.version > 0)
			entry->claim = f;
	}
}

/* And then by the first that has it. */
static void claim_rest(struct folder_file *f)
{
	for (size_t i = 0; i < f->source->n_dags; i++) {
		struct bag_entry *entry = f->source->dags[i].entry;

		if (entry->claim != NULL)
			continue;
		entry->claim = f;
		entry->facts = &f->source->dags[i];
	}
}

/* What is wrong with a file: its own faults, and the DAGs that are another's. */
static int find_faults(const struct folder_file *f, struct dag_faults *out)
{
	const struct dag_source *s = f->source;
	char text[1024];
	int r = 0;

	for (size_t i = 0; i < s->faults.n && r == 0; i++)
		r = dag_faults_add(out, s->faults.list[i].pos, s->faults.list[i].text);
	for (size_t i = 0; i < s->n_dags && r == 0; i++) {
		const struct bag_entry *entry = s->dags[i].entry;

		if (entry->claim == f)
			continue;
		(void)snprintf(text, sizeof(text),
			"the dag_id \"%s\" is that of %s already; each DAG needs its own",
			entry->dag.dag_id, entry->claim->path);
		r = dag_faults_add(out, s->dags[i].pos, text);
	}
	return r;
}

static void judge_file(struct bag *b, struct folder_file *f)
{
	struct dag_faults faults = {0};

	f->has_fault = true;
	if (f->source == NULL)
		return;
	if (find_faults(f, &faults) != 0) {
		dag_faults_free(&faults);
		bag_claims_again(b);
		return;
	}
	f->has_fault = faults.n > 0;
	bag_faults_store(b, f, &faults);
}

static bool work_out(struct bag *b, struct folder_file *const *files, size_t n)
{
	for (size_t i = 0; i < b->n_entries; i++)
		b->entries[i]->claim = NULL;
	for (size_t i = 0; i < n; i++)
		if (is_good(files[i]) && !claim_own(b, files[i]))
			return false;
	claim_unread(b, files, n);
	for (size_t i = 0; i < n; i++)
		if (is_good(files[i]))
			claim_rest(files[i]);
	for (size_t i = 0; i < n; i++)
		judge_file(b, files[i]);
	return true;
}

/* ---- what becomes of a DAG ---- */

/* A new version, of a new DAG or an old one. */
static int make_version(struct bag *b, struct bag_entry *entry)
{
	const struct dag_source *s = entry->claim->source;
	struct bag_dag *d = &entry->dag;
	int r;

	if (s->text == NULL) {
		folder_file_forget(entry->claim);
		return ERR_AGAIN;
	}
	r = journal_source(
		b->o.journal, s->hash, dag_source_name(entry->claim->path), s->text, s->len);
	if (r == 0)
		r = journal_dag_version(b->o.journal, d->dag_id, d->version + 1, s->hash);
	if (r != 0)
		return r;
	if (d->version == 0) {
		d->first_seen = clock_wall_ms();
		d->is_paused = entry->facts->is_paused_upon_creation;
	}
	d->version++;
	(void)snprintf(entry->hash, sizeof(entry->hash), "%s", s->hash);
	bag_editions_drop(b, entry);
	return 0;
}

/* Takes what the planner needs from the file. */
static int take_facts(struct bag_entry *entry)
{
	struct timetable *copy = timetable_copy(entry->facts->timetable);

	if (copy == NULL)
		return ERR_NOMEM;
	free(entry->timetable);
	entry->dag.timetable = entry->timetable = copy;
	entry->dag.max_active_runs = entry->facts->max_active_runs;
	entry->must_tell = true;
	return 0;
}

static int move_to(struct bag_entry *entry, const char *path)
{
	char *copy;

	if (strcmp(entry->dag.file, path) == 0)
		return 0;
	copy = strdup(path);
	if (copy == NULL)
		return ERR_NOMEM;
	free(entry->file);
	entry->dag.file = entry->file = copy;
	return 0;
}

static int be_alive(struct bag *b, struct bag_entry *entry)
{
	int r = 0;

	if (entry->dag.version == 0 || strcmp(entry->hash, entry->claim->source->hash) != 0)
		r = make_version(b, entry);
	if (r == 0 &&
		(entry->claim->is_fresh || entry->timetable == NULL ||
			strcmp(entry->dag.file, entry->claim->path) != 0))
		r = take_facts(entry);
	if (r == 0)
		r = move_to(entry, entry->claim->path);
	if (r == 0)
		entry->dag.is_retired = entry->dag.is_broken = false;
	return r;
}

static void be_broken(struct bag_entry *entry)
{
	entry->dag.is_broken = true;
	free(entry->timetable);
	entry->dag.timetable = entry->timetable = NULL;
}

static void be_retired(struct bag_entry *entry)
{
	entry->dag.is_retired = true;
	entry->dag.is_broken = false;
	free(entry->timetable);
	entry->dag.timetable = entry->timetable = NULL;
}

static bool is_file_broken(const struct bag *b, const char *path)
{
	const struct folder_file *f = folder_look_find(b->look, path);

	return f != NULL ? !is_good(f) : folder_look_is_unread(b->look, path);
}

/* N.B. a file that is still being written, or does not load, or cannot be reached, keeps its DAGs.
 */
static void update(struct bag *b, struct bag_entry *entry)
{
	const struct bag_dag before = entry->dag;
	const char *what = NULL;
	int r = 0;

	if (entry->claim != NULL && !entry->claim->has_fault)
		r = be_alive(b, entry);
	else if (before.version == 0)
		return;
	else if (entry->claim != NULL || is_file_broken(b, before.file))
		be_broken(entry);
	else
		be_retired(entry);
	if (r != 0)
		bag_claims_again(b);
	if (r == ERR_AGAIN)
		bag_look_due(b);
	if (r == ERR_NOMEM)
		bag_note(b, OP_ERROR, "%s: %s", entry->dag.dag_id, err_text(r));
	if (before.version == 0)
		what = "is new";
	else if (entry->dag.version != before.version)
		what = "has changed";
	else if (entry->dag.is_retired != before.is_retired)
		what = before.is_retired ? "has come back" : "is retired: no file has it any more";
	if (what != NULL && entry->dag.version > 0)
		entry->news = what;
	if (what != NULL || before.file != entry->dag.file || entry->must_store)
		bag_entry_store(b, entry);
	entry->must_tell |= what != NULL || before.is_broken != entry->dag.is_broken ||
		before.timetable != entry->dag.timetable;
}

/* ---- telling ---- */

/* Texts are kept until they are stored. */
static void drop_texts(struct bag *b)
{
	size_t n;
	struct folder_file *const *files = folder_look_files(b->look, &n);

	for (size_t i = 0; i < n; i++)
		if (files[i]->source != NULL) {
			free(files[i]->source->text);
			files[i]->source->text = NULL;
		}
}

static void unlink_telling(struct bag *b, const struct telling *t)
{
	struct telling **at = &b->tellings;

	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

static void note_news(struct bag *b, const struct telling *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n; i++) {
		const struct bag_dag *d = &t->changes[i].entry->dag;

		if (t->changes[i].news != NULL && ++n <= NOTES_MAX)
			bag_note(b, OP_INFO, "DAG %s %s (%s)", d->dag_id, t->changes[i].news,
				d->file);
	}
	if (n > NOTES_MAX)
		bag_note(b, OP_INFO, "and %zu more DAGs", n - NOTES_MAX);
}

static void on_stored(void *ctx)
{
	struct telling *t = ctx;
	struct bag *b = t->bag;
	bool is_first = b != NULL && !b->is_ready;

	if (b != NULL) {
		unlink_telling(b, t);
		note_news(b, t);
		for (size_t i = 0; i < t->n; i++)
			bag_tell(b, t->changes[i].entry);
	}
	free(t);
	if (is_first)
		bag_be_ready(b);
	if (b != NULL && b->tellings == NULL && !b->must_settle &&
		!folder_look_is_looking(b->look)) {
		drop_texts(b);
		if (is_first)
			(void)malloc_trim(0);
		bag_looked(b);
	}
}

void bag_claims_close(struct bag *b)
{
	for (struct telling *t = b->tellings; t != NULL; t = t->next)
		t->bag = NULL;
}

static void hand_in(struct bag *b)
{
	struct telling *t = calloc(1, sizeof(*t) + b->n_entries * sizeof(t->changes[0]));

	if (t == NULL) {
		bag_claims_again(b);
		return;
	}
	t->bag = b;
	for (size_t i = 0; i < b->n_entries; i++) {
		struct bag_entry *entry = b->entries[i];

		if (entry->must_tell)
			t->changes[t->n++] = (struct change){entry, entry->news};
		entry->must_tell = false;
		entry->news = NULL;
	}
	if (journal_commit(b->o.journal, on_stored, t) == 0) {
		t->next = b->tellings;
		b->tellings = t;
		return;
	}
	for (size_t i = 0; i < t->n; i++) {
		t->changes[i].entry->must_tell = true;
		t->changes[i].entry->news = t->changes[i].news;
	}
	bag_claims_again(b);
	free(t);
}

void bag_claims_settle(struct bag *b)
{
	size_t n;
	struct folder_file *const *files = folder_look_files(b->look, &n);

	b->must_settle = false;
	bag_faults_take(b);
	if (!work_out(b, files, n)) {
		bag_note(b, OP_ERROR, "the dags folder: %s", err_text(ERR_NOMEM));
		bag_claims_again(b);
		return;
	}
	for (size_t i = 0; i < b->n_entries; i++)
		update(b, b->entries[i]);
	hand_in(b);
}
