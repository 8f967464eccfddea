/* How a file looked: what is noticed of a change, and when it is left alone. */
#include "store/file_stamp.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define DAY_NS ((int64_t)86400 * 1000000000)

static struct store_kit k;

/* The stamp of a file in the kit's folder, which must be there. */
static struct file_stamp look(const char *path)
{
	struct file_stamp s = {0};

	IS_INT(file_stamp_look(path, &s), 0, "a file is looked at");
	return s;
}

static void test_changes(const char *path)
{
	const struct timespec old[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
	struct file_stamp first, now;

	kit_write(path, "a", 1);
	(void)utimensat(AT_FDCWD, path, old, 0);
	first = look(path);
	now = look(path);
	OK(file_stamp_is_same(&first, &now), "nothing has changed");
	(void)chmod(path, 0640);
	now = look(path);
	OK(!file_stamp_is_same(&first, &now), "other rights are noticed");
	OK(file_stamp_has_same_bytes(&first, &now), "and are no other bytes");
	kit_write(path, "b", 1);
	now = look(path);
	OK(!file_stamp_has_same_bytes(&first, &now), "other bytes are, of as many too");
	kit_write(path, "ab", 2);
	(void)utimensat(AT_FDCWD, path, old, 0);
	now = look(path);
	OK(!file_stamp_has_same_bytes(&first, &now), "and so is another size behind a set clock");
}

static void test_places(const char *path, const char *other)
{
	struct file_stamp first, now = {.size = 7};

	kit_write(path, "a", 1);
	first = look(path);
	kit_write(other, "a", 1);
	(void)rename(other, path);
	now = look(path);
	OK(!file_stamp_has_same_bytes(&first, &now), "another file in its place is another");
	(void)symlink(path, other);
	first = look(other);
	OK(file_stamp_is_same(&first, &now), "a link is what it leads to");
	(void)unlink(other);
	now.size = 7;
	IS_INT(file_stamp_look(other, &now), ENOENT, "one that is not there is told");
	IS_INT(now.size, 7, "and its stamp left as it was");
	(void)unlink(path);
}

static void test_settled(void)
{
	struct timespec t;
	struct file_stamp s;
	int64_t now;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	now = (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
	s = (struct file_stamp){.mtime_ns = now - DAY_NS, .ctime_ns = now - DAY_NS};
	OK(file_stamp_is_settled(&s, FILE_STAMP_COARSE_MS), "a file of yesterday is settled");
	OK(!file_stamp_is_settled(&s, 2 * 86400000), "but not where two days are asked for");
	s.ctime_ns = now + DAY_NS;
	OK(!file_stamp_is_settled(&s, FILE_STAMP_COARSE_MS), "nor where its rights are newer");
	OK(file_stamp_has_settled_bytes(&s, FILE_STAMP_COARSE_MS), "though its bytes are settled");
	s = (struct file_stamp){.mtime_ns = now + DAY_NS, .ctime_ns = now - DAY_NS};
	OK(!file_stamp_is_settled(&s, FILE_STAMP_COARSE_MS), "nor is one of tomorrow");
}

int main(void)
{
	char path[KIT_PATH_MAX * 2], other[KIT_PATH_MAX * 2];

	kit_begin(&k);
	(void)snprintf(path, sizeof(path), "%s/file", k.folder);
	(void)snprintf(other, sizeof(other), "%s/other", k.folder);
	test_changes(path);
	test_places(path, other);
	test_settled();
	kit_end(&k);
	return tap_done();
}
