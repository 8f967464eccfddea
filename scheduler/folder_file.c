/*
 * Files of the watched folder. That a file is whole is asked of the system, by asking for a lease;
 * where it cannot tell, by how the file came, and by time.
 */
#include "scheduler/folder_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uv.h>

#include "scheduler/folder_watch.h"
#include "store/file_writer.h"

struct folder_file *folder_file_create(const char *path, const struct stat *st, int mark)
{
	struct folder_file *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->path = strdup(path)) == NULL) {
		free(f);
		return NULL;
	}
	f->stamp = file_stamp_of(st);
	f->mark = mark;
	return f;
}

struct folder_file *folder_file_create_unread(const char *path, const char *sentence)
{
	const struct stat none = {0};
	struct folder_file *f = folder_file_create(path, &none, FOLDER_WATCH_NONE);

	if (f == NULL)
		return NULL;
	f->is_unread = f->is_fresh = true;
	f->source = calloc(1, sizeof(*f->source));
	if (f->source == NULL ||
		dag_faults_add(&f->source->faults, (struct pos){0, 0}, sentence) != 0) {
		folder_file_destroy(f);
		return NULL;
	}
	return f;
}

void folder_file_destroy(struct folder_file *f)
{
	if (f == NULL)
		return;
	dag_source_destroy(f->source);
	dag_faults_free(&f->told);
	free(f->path);
	free(f);
}

void folder_file_forget(struct folder_file *f)
{
	if (f->source != NULL)
		f->source->hash[0] = '\0';
	f->is_unsettled = true;
}

bool folder_file_is_same(const struct folder_file *a, const struct folder_file *b)
{
	if (a->is_unread && b->is_unread)
		return dag_faults_are_equal(&a->source->faults, &b->source->faults);
	return a->is_unread == b->is_unread && file_stamp_is_same(&a->stamp, &b->stamp);
}

/* Whether a file has other rights or owners, and the bytes that it had. */
static bool has_same_bytes(const struct folder_file *f)
{
	const struct folder_file *old = f->before;

	return old != NULL && !old->is_unsettled &&
		file_stamp_has_same_bytes(&old->stamp, &f->stamp);
}

/* By how long it has not changed: where the system does not tell whether somebody writes it. */
static bool has_stayed(struct folder_file *f, const struct folder_watch *watch)
{
	uint64_t now = uv_hrtime();
	const struct folder_file *old = f->before;

	if (old != NULL && old->settle_ms > 0 && folder_file_is_same(old, f)) {
		f->unsettled_since = old->unsettled_since;
		f->settle_ms = old->settle_ms;
	} else {
		f->unsettled_since = now;
		f->settle_ms = folder_watch_is_seasoned(watch, f->mark) ? FOLDER_UNHEARD_MS
									: FOLDER_SETTLE_MS;
	}
	return file_stamp_is_settled(&f->stamp, f->settle_ms) ||
		now - f->unsettled_since >= f->settle_ms * 1000000;
}

/* Whether the file is whole, as far as can be known. */
static bool is_settled(struct folder_file *f, const struct folder_watch *watch)
{
	enum folder_arrival how = folder_watch_arrival(watch, f->mark, dag_source_name(f->path));

	if (how == FOLDER_ARRIVAL_MOVED)
		return true;
	switch (file_writer_ask(f->path)) {
	case FILE_WRITER_NONE:
		return true;
	case FILE_WRITER_THERE:
		f->is_open = true;
		return false;
	default:
		return how == FOLDER_ARRIVAL_CLOSED || has_same_bytes(f) || has_stayed(f, watch);
	}
}

void folder_file_load(struct folder_file *f, const struct folder_watch *watch,
	struct dag_reader *reader, struct scan *scan)
{
	const struct dag_source *known = f->before == NULL ? NULL : f->before->source;
	struct file_stamp after = {0};
	bool is_young;
	int r;

	if (f->is_unread)
		return;
	if (!is_settled(f, watch)) {
		f->is_unsettled = true;
		return;
	}
	is_young = file_stamp_is_of_this_moment(&f->stamp);
	r = dag_source_read(reader, scan, f->path, known == NULL ? NULL : known->hash, &f->source);
	f->is_short = r != 0;
	if (r != 0 || file_stamp_look(f->path, &after) != 0 ||
		!file_stamp_is_same(&after, &f->stamp)) {
		/* It changes under our hands, or there is no memory: another look will tell. */
		dag_source_destroy(f->source);
		f->source = NULL;
		f->is_unsettled = true;
	} else if (is_young) {
		f->is_unsettled = true; /* it is read once more */
	}
	f->is_fresh = f->source != NULL;
}
