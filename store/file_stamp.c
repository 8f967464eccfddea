/* How a file looked. What it holds is none of its concern. */
#include "store/file_stamp.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>

#define NS ((int64_t)1000000000) /* of a second */

static int64_t nanoseconds(const struct timespec *t)
{
	return (int64_t)t->tv_sec * NS + t->tv_nsec;
}

struct file_stamp file_stamp_of(const struct stat *st)
{
	return (struct file_stamp){
		.dev = st->st_dev,
		.ino = st->st_ino,
		.mode = st->st_mode,
		.size = st->st_size,
		.mtime_ns = nanoseconds(&st->st_mtim),
		.ctime_ns = nanoseconds(&st->st_ctim),
	};
}

int file_stamp_look(const char *path, struct file_stamp *out)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno;
	*out = file_stamp_of(&st);
	return 0;
}

bool file_stamp_is_same(const struct file_stamp *a, const struct file_stamp *b)
{
	return file_stamp_has_same_bytes(a, b) && a->mode == b->mode && a->ctime_ns == b->ctime_ns;
}

bool file_stamp_has_same_bytes(const struct file_stamp *a, const struct file_stamp *b)
{
	return a->dev == b->dev && a->ino == b->ino && a->size == b->size &&
		a->mtime_ns == b->mtime_ns;
}

/* Whether a time lies that far back. */
static bool is_past(int64_t ns, uint64_t ms)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	return ns < nanoseconds(&now) - (int64_t)ms * 1000000;
}

bool file_stamp_is_settled(const struct file_stamp *s, uint64_t ms)
{
	return is_past(s->mtime_ns, ms) && is_past(s->ctime_ns, ms);
}

bool file_stamp_has_settled_bytes(const struct file_stamp *s, uint64_t ms)
{
	return is_past(s->mtime_ns, ms);
}

bool file_stamp_is_of_this_moment(const struct file_stamp *s)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return s->ctime_ns == nanoseconds(&now);
}
