/*
 * A disk in memory: of each file what is surely kept, and in their order the changes since. A file
 * is known by its inode, as a name may move to it from elsewhere; one that was deleted is
 * remembered until its folder was kept.
 */
#include "tests/vfs/faulty_disk.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECTOR 512
#define SHM "-shm"

/* A write, or (bytes is NULL) a cut to `at` bytes. */
struct change {
	uint8_t *bytes;
	size_t len;
	uint64_t at;
	struct change *next;
};

struct disk_file {
	char *path;
	int fd; /* keeps the inode from being another's */
	ino_t inode;
	uint8_t *kept;
	size_t size;
	struct change *first, **last;
	bool is_new, is_deleted; /* and its folder not kept since */
	bool is_stray; /* the disk never had it */
	struct disk_file *next;
};

static struct disk_file *files; /* the newest first */

static void *must(void *p)
{
	if (p == NULL)
		abort();
	return p;
}

static void file_read(struct disk_file *f)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0)
		abort();
	f->inode = st.st_ino;
	f->size = (size_t)st.st_size;
	f->kept = must(malloc(f->size + 1));
	if (pread(f->fd, f->kept, f->size, 0) != st.st_size)
		abort();
}

struct disk_file *disk_open(const char *path, bool is_new)
{
	struct disk_file *f;
	struct stat st;

	if (stat(path, &st) != 0)
		abort();
	for (f = files; f != NULL; f = f->next)
		if (f->inode == st.st_ino && !f->is_deleted) {
			free(f->path);
			f->path = must(strdup(path));
			return f;
		}
	f = must(calloc(1, sizeof(*f)));
	f->path = must(strdup(path));
	f->fd = open(path, O_RDWR | O_CLOEXEC);
	if (f->fd < 0)
		abort();
	file_read(f);
	f->last = &f->first;
	f->is_new = is_new;
	f->next = files;
	files = f;
	return f;
}

void disk_stray(const char *path)
{
	disk_open(path, true)->is_stray = true;
}

/* ---- changes ---- */

static void change_add(struct disk_file *f, const void *bytes, size_t len, uint64_t at)
{
	struct change *c = must(calloc(1, sizeof(*c)));

	c->at = at;
	c->len = len;
	if (bytes != NULL) {
		c->bytes = must(malloc(len + 1));
		memcpy(c->bytes, bytes, len);
	}
	*f->last = c;
	f->last = &c->next;
}

void disk_write(struct disk_file *f, const void *bytes, size_t len, uint64_t at)
{
	change_add(f, bytes, len, at);
}

void disk_truncate(struct disk_file *f, uint64_t size)
{
	change_add(f, NULL, 0, size);
}

/* Makes the kept bytes that many, with zeros where there were none. */
static void resize(struct disk_file *f, size_t size)
{
	if (size > f->size) {
		f->kept = must(realloc(f->kept, size + 1));
		memset(f->kept + f->size, 0, size - f->size);
	}
	f->size = size;
}

/* Keeps a part of a write. */
static void keep(struct disk_file *f, const uint8_t *bytes, size_t len, size_t at)
{
	if (at + len > f->size)
		resize(f, at + len);
	memcpy(f->kept + at, bytes, len);
}

static void change_keep(struct disk_file *f, const struct change *c)
{
	if (c->bytes == NULL)
		resize(f, (size_t)c->at);
	else
		keep(f, c->bytes, c->len, (size_t)c->at);
}

static void changes_free(struct disk_file *f)
{
	while (f->first != NULL) {
		struct change *next = f->first->next;

		free(f->first->bytes);
		free(f->first);
		f->first = next;
	}
	f->last = &f->first;
}

static void file_free(struct disk_file *f)
{
	changes_free(f);
	(void)close(f->fd);
	free(f->path);
	free(f->kept);
	free(f);
}

/* ---- what is lost ---- */

/* splitmix64 */
static uint64_t mix(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* One write, sector by sector: kept, lost, or garbage. of is how many of 8 are kept. */
static void tear(struct disk_file *f, const struct change *c, unsigned of, uint64_t *dice)
{
	uint8_t garbage[SECTOR];

	for (size_t from = 0, len; from < c->len; from += len) {
		uint64_t n = mix(dice);

		len = SECTOR - (size_t)(c->at + from) % SECTOR;
		if (len > c->len - from)
			len = c->len - from;
		if (n % 64 == 63) {
			for (size_t i = 0; i < len; i++)
				garbage[i] = (uint8_t)mix(dice);
			keep(f, garbage, len, (size_t)c->at + from);
		} else if (n % 8 < of) {
			keep(f, c->bytes + from, len, (size_t)c->at + from);
		}
	}
}

static void tear_all(struct disk_file *f, uint64_t *dice)
{
	unsigned of = (unsigned)(mix(dice) % 9); /* few cuts lose half of everything */

	for (const struct change *c = f->first; c != NULL; c = c->next) {
		if (c->bytes != NULL)
			tear(f, c, of, dice);
		else if (mix(dice) % 8 < of)
			change_keep(f, c);
	}
}

/* ---- syncs ---- */

/* The folder as it is now is kept. There is one only. */
static void folder_sync(void)
{
	struct disk_file **at = &files;

	while (*at != NULL) {
		struct disk_file *f = *at;

		f->is_new = false;
		if (f->is_deleted) {
			*at = f->next;
			file_free(f);
		} else {
			at = &f->next;
		}
	}
}

void disk_sync(struct disk_file *f)
{
	for (const struct change *c = f->first; c != NULL; c = c->next)
		change_keep(f, c);
	changes_free(f);
	if (f->is_new)
		folder_sync();
}

void disk_sync_lost(struct disk_file *f)
{
	static uint64_t dice;

	tear_all(f, &dice);
	changes_free(f);
}

void disk_delete(const char *path, bool is_kept)
{
	for (struct disk_file *f = files; f != NULL; f = f->next)
		if (!f->is_deleted && strcmp(f->path, path) == 0)
			f->is_deleted = true;
	if (is_kept)
		folder_sync();
}

/* ---- the power is back ---- */

/* Writes the file, whose name something else may have by now, or nothing. N.B. a file that is cut
 * to nothing and written is one that some file systems sync. */
static void put_back(const struct disk_file *f)
{
	int fd = open(f->path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0 || pwrite(fd, f->kept, f->size, 0) != (ssize_t)f->size ||
		ftruncate(fd, (off_t)f->size) != 0)
		abort();
	(void)close(fd);
}

/* The memory that is shared is no file of the disk. */
static void shm_forget(const struct disk_file *f)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s" SHM, f->path);
	(void)unlink(path);
}

/* What the disk has of a file. */
static void restart(struct disk_file *f, uint64_t *dice)
{
	tear_all(f, dice);
	shm_forget(f);
	if (f->is_deleted && (mix(dice) % 2 == 0 || access(f->path, F_OK) == 0))
		return;
	if (f->is_new && mix(dice) % 2 == 0)
		(void)unlink(f->path);
	else
		put_back(f);
}

void disk_restart(uint64_t seed)
{
	for (const struct disk_file *f = files; f != NULL; f = f->next)
		if (f->is_stray)
			(void)unlink(f->path);
	while (files != NULL) {
		struct disk_file *f = files;

		if (!f->is_stray)
			restart(f, &seed);
		files = f->next;
		file_free(f);
	}
}
