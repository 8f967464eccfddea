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
#include <sys/vfs.h>
#include <unistd.h>
#include <uv.h>

#include "scheduler/folder_watch.h"

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
	return file_stamp_is_same(&a->stamp, &b->stamp);
}

enum openness { OPEN_NO, OPEN_YES, OPEN_UNKNOWN };

/* Whether the file lies where leases are this machine's own matter. N.B. NFS and SMB refuse a lease
 * whenever their server has not granted one, with the very error that tells of a writer. */
static bool has_own_leases(int fd)
{
	static const uint32_t local[] = {
		0xef53, /* ext2, ext3, ext4 */
		0x58465342, /* XFS */
		0x9123683e, /* Btrfs */
		0x01021994, /* tmpfs */
		0x858458f6, /* ramfs */
		0x794c7630, /* overlayfs */
		0xf2f52010, /* F2FS */
		0x2fc12fc1, /* ZFS */
		0xca451a4e, /* bcachefs */
		0x3153464a, /* JFS */
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(local) / sizeof(local[0]); i++)
		if ((uint32_t)fs.f_type == local[i])
			return true;
	return false;
}

/* Whether somebody has the file open for writing: then it cannot be leased. N.B. who opens it in
 * this moment waits until the lease is given back, and we are told of that by a signal, which must
 * be one that is ignored unless somebody wants it. */
static enum openness is_being_written(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum openness is_open = OPEN_UNKNOWN;

	if (fd < 0)
		return OPEN_UNKNOWN;
	if (has_own_leases(fd) && fcntl(fd, F_SETSIG, SIGURG) == 0) {
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
	switch (is_being_written(f->path)) {
	case OPEN_NO:
		return true;
	case OPEN_YES:
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
