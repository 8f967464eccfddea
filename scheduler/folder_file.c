/*
 * Files of the watched folder. That a file is whole is asked of the system, by asking for a lease;
 * where it cannot tell, by how the file came, and by time.
 */
#include "scheduler/folder_file.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include "scheduler/folder_watch.h"

static struct folder_identity identity(const struct stat *st)
{
	return (struct folder_identity){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.size = st->st_size,
		.mtime_ns = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec,
		.ctime_ns = (int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec,
	};
}

static bool identity_is_same(const struct folder_identity *a, const struct folder_identity *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
		a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

struct folder_file *folder_file_create(const char *path, const struct stat *st, int mark)
{
	struct folder_file *f = calloc(1, sizeof(*f));

	if (f == NULL || (f->path = strdup(path)) == NULL) {
		free(f);
		return NULL;
	}
	f->id = identity(st);
	f->mark = mark;
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
	return identity_is_same(&a->id, &b->id);
}

enum openness { OPEN_NO, OPEN_YES, OPEN_UNKNOWN };

/* Whether somebody has the file open for writing: then it cannot be leased. N.B. who opens it in
 * this moment waits until the lease is given back, and we are told of that by a signal, which must
 * be one that is ignored unless somebody wants it. */
static enum openness is_being_written(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum openness is_open = OPEN_UNKNOWN;

	if (fd < 0)
		return OPEN_UNKNOWN;
	if (fcntl(fd, F_SETSIG, SIGURG) == 0) {
		if (fcntl(fd, F_SETLEASE, F_RDLCK) == 0) {
			is_open = OPEN_NO;
			(void)fcntl(fd, F_SETLEASE, F_UNLCK);
		} else if (errno == EAGAIN) {
			is_open = OPEN_YES;
		}
	}
	(void)close(fd);
	return is_open;
}

static bool is_old(const struct folder_identity *id)
{
	struct timespec t;
	int64_t limit;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	limit = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec - (int64_t)FOLDER_SETTLE_MS * 1000000;
	return id->mtime_ns < limit && id->ctime_ns < limit;
}

/* Whether the file is whole, as far as can be known. */
static bool is_settled(struct folder_file *f, const struct folder_watch *watch)
{
	enum folder_arrival how = folder_watch_arrival(watch, f->mark, dag_source_name(f->path));
	uint64_t now = uv_hrtime();
	bool has_stayed =
		f->before != NULL && f->before->is_unsettled && folder_file_is_same(f->before, f);

	f->unsettled_since = has_stayed ? f->before->unsettled_since : now;
	if (how == FOLDER_ARRIVAL_MOVED)
		return true;
	switch (is_being_written(f->path)) {
	case OPEN_NO:
		return true;
	case OPEN_YES:
		f->is_open = true;
		return false;
	default:
		return how == FOLDER_ARRIVAL_CLOSED || is_old(&f->id) ||
			now - f->unsettled_since >= (uint64_t)FOLDER_SETTLE_MS * 1000000;
	}
}

void folder_file_load(struct folder_file *f, const struct folder_watch *watch,
	struct dag_reader *reader, struct scan *scan)
{
	const struct dag_source *known = f->before == NULL ? NULL : f->before->source;
	struct folder_identity after;
	struct stat st;
	int r;

	if (!is_settled(f, watch)) {
		f->is_unsettled = true;
		return;
	}
	r = dag_source_read(reader, scan, f->path, known == NULL ? NULL : known->hash, &f->source);
	if (r == 0 && stat(f->path, &st) == 0)
		after = identity(&st);
	else
		after = (struct folder_identity){0};
	if (!identity_is_same(&after, &f->id)) {
		/* It changes under our hands, or there is no memory: another look will tell. */
		dag_source_destroy(f->source);
		f->source = NULL;
		f->is_unsettled = true;
	}
	f->is_fresh = f->source != NULL;
}
