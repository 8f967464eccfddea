/*
 * The calls of SQLite's that fail, counted; what the files become is faulty_disk.c's. One lock is
 * held around each call, so that what the disk is told is what the real file got, in that order.
 */
#include "tests/vfs/faulty.h"

#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/vfs/faulty_disk.h"

/* A file of SQLite's; the real one's lies behind it. */
struct file {
	sqlite3_file base;
	struct disk_file *disk; /* NULL: a temporary one, which is none of ours */
	sqlite3_file *real;
};

static sqlite3_vfs *real_vfs, vfs;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* Guarded by the mutex. */
static unsigned fail_calls;
static uint64_t fail_first, fail_n, n_calls, n_failed, cut_at, n_changes;
static bool may_be_cut, is_cut, is_pretending;

static struct file *file_of(sqlite3_file *base)
{
	return (struct file *)(void *)base;
}

/* The disk's side of a file; NULL: it has none, or the disk is not there any more. */
static struct disk_file *disk_of(const struct file *f)
{
	return is_cut ? NULL : f->disk;
}

/* Whether this call fails; the lock is held. */
static bool fails(unsigned calls)
{
	if (!is_cut && may_be_cut && (calls & FAULTY_CHANGES) != 0 && ++n_changes >= cut_at)
		is_cut = true;
	if (is_cut)
		return !is_pretending;
	if ((fail_calls & calls) == 0)
		return false;
	n_calls++;
	if (n_calls < fail_first || n_calls - fail_first >= fail_n)
		return false;
	n_failed++;
	return true;
}

/* ---- one file ---- */

static int on_close(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xClose(file_of(base)->real);
}

static int on_read(sqlite3_file *base, void *to, int n, sqlite3_int64 at)
{
	struct file *f = file_of(base);
	bool is_bad;

	pthread_mutex_lock(&mutex);
	is_bad = fails(FAULTY_READ);
	pthread_mutex_unlock(&mutex);
	return is_bad ? SQLITE_IOERR_READ : f->real->pMethods->xRead(f->real, to, n, at);
}

/* N.B. a write that fails has written its first half, and so has one at which power is cut. */
static int on_write(sqlite3_file *base, const void *from, int n, sqlite3_int64 at)
{
	struct file *f = file_of(base);
	struct disk_file *disk;
	bool is_bad, has_room;
	int r = SQLITE_OK;

	pthread_mutex_lock(&mutex);
	disk = disk_of(f);
	is_bad = fails(FAULTY_WRITE | FAULTY_ROOM);
	has_room = is_cut || (fail_calls & FAULTY_ROOM) == 0;
	if (is_bad)
		n /= 2;
	if (disk != NULL || !is_bad)
		r = f->real->pMethods->xWrite(f->real, from, n, at);
	if (disk != NULL && r == SQLITE_OK)
		disk_write(disk, from, (size_t)n, (uint64_t)at);
	pthread_mutex_unlock(&mutex);
	return !is_bad ? r : has_room ? SQLITE_IOERR_WRITE : SQLITE_FULL;
}

static int on_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct file *f = file_of(base);
	int r = SQLITE_IOERR_TRUNCATE;

	pthread_mutex_lock(&mutex);
	if (!fails(FAULTY_TRUNCATE)) {
		r = f->real->pMethods->xTruncate(f->real, size);
		if (r == SQLITE_OK && disk_of(f) != NULL)
			disk_truncate(disk_of(f), (uint64_t)size);
	}
	pthread_mutex_unlock(&mutex);
	return r;
}

/* The real one need not sync: this disk forgets what it was not told to keep. */
static int on_sync(sqlite3_file *base, int flags)
{
	struct file *f = file_of(base);
	bool is_bad;

	(void)flags;
	pthread_mutex_lock(&mutex);
	is_bad = fails(FAULTY_SYNC);
	if (disk_of(f) != NULL && !is_bad)
		disk_sync(disk_of(f));
	else if (disk_of(f) != NULL)
		disk_sync_lost(disk_of(f));
	pthread_mutex_unlock(&mutex);
	return is_bad ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int on_file_size(sqlite3_file *base, sqlite3_int64 *size)
{
	return file_of(base)->real->pMethods->xFileSize(file_of(base)->real, size);
}

static int on_lock(sqlite3_file *base, int level)
{
	return file_of(base)->real->pMethods->xLock(file_of(base)->real, level);
}

static int on_unlock(sqlite3_file *base, int level)
{
	return file_of(base)->real->pMethods->xUnlock(file_of(base)->real, level);
}

static int on_check_reserved_lock(sqlite3_file *base, int *is_held)
{
	return file_of(base)->real->pMethods->xCheckReservedLock(file_of(base)->real, is_held);
}

static int on_file_control(sqlite3_file *base, int op, void *arg)
{
	/* N.B. these would write to the real file behind our back. */
	if (op == SQLITE_FCNTL_SIZE_HINT || op == SQLITE_FCNTL_CHUNK_SIZE)
		return SQLITE_OK;
	return file_of(base)->real->pMethods->xFileControl(file_of(base)->real, op, arg);
}

static int on_sector_size(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xSectorSize(file_of(base)->real);
}

static int on_device(sqlite3_file *base)
{
	return file_of(base)->real->pMethods->xDeviceCharacteristics(file_of(base)->real);
}

static int on_shm_map(sqlite3_file *base, int page, int size, int may_grow, void volatile **out)
{
	struct file *f = file_of(base);
	bool is_bad;

	pthread_mutex_lock(&mutex);
	is_bad = fails(FAULTY_MAP);
	pthread_mutex_unlock(&mutex);
	return is_bad ? SQLITE_IOERR_SHMMAP
		      : f->real->pMethods->xShmMap(f->real, page, size, may_grow, out);
}

static int on_shm_lock(sqlite3_file *base, int offset, int n, int flags)
{
	return file_of(base)->real->pMethods->xShmLock(file_of(base)->real, offset, n, flags);
}

static void on_shm_barrier(sqlite3_file *base)
{
	file_of(base)->real->pMethods->xShmBarrier(file_of(base)->real);
}

static int on_shm_unmap(sqlite3_file *base, int is_deleted)
{
	return file_of(base)->real->pMethods->xShmUnmap(file_of(base)->real, is_deleted);
}

/* Version 2: without mapped files, whose changes nobody would see. */
static const sqlite3_io_methods methods = {.iVersion = 2,
	.xClose = on_close,
	.xRead = on_read,
	.xWrite = on_write,
	.xTruncate = on_truncate,
	.xSync = on_sync,
	.xFileSize = on_file_size,
	.xLock = on_lock,
	.xUnlock = on_unlock,
	.xCheckReservedLock = on_check_reserved_lock,
	.xFileControl = on_file_control,
	.xSectorSize = on_sector_size,
	.xDeviceCharacteristics = on_device,
	.xShmMap = on_shm_map,
	.xShmLock = on_shm_lock,
	.xShmBarrier = on_shm_barrier,
	.xShmUnmap = on_shm_unmap};

/* ---- files and their names ---- */

static void open_disk(struct file *f, const char *name, int is_there)
{
	if (!is_cut)
		f->disk = disk_open(name, !is_there);
	else if (!is_there)
		disk_stray(name);
}

static int on_open(sqlite3_vfs *v, const char *name, sqlite3_file *base, int flags, int *out_flags)
{
	const int lasting = SQLITE_OPEN_MAIN_DB | SQLITE_OPEN_WAL | SQLITE_OPEN_MAIN_JOURNAL;
	struct file *f = file_of(base);
	int r = SQLITE_CANTOPEN, is_there = 0;

	(void)v;
	memset(f, 0, sizeof(*f));
	f->real = (sqlite3_file *)(void *)(f + 1);
	pthread_mutex_lock(&mutex);
	if (!fails(FAULTY_OPEN)) {
		if (name != NULL)
			(void)real_vfs->xAccess(real_vfs, name, SQLITE_ACCESS_EXISTS, &is_there);
		r = real_vfs->xOpen(real_vfs, name, f->real, flags, out_flags);
	}
	if (r == SQLITE_OK) {
		f->base.pMethods = &methods;
		if (name != NULL && (flags & lasting) != 0)
			open_disk(f, name, is_there);
	}
	pthread_mutex_unlock(&mutex);
	return r;
}

static int on_delete(sqlite3_vfs *v, const char *name, int wants_sync)
{
	int r = SQLITE_IOERR_DELETE;

	(void)v;
	pthread_mutex_lock(&mutex);
	if (!fails(FAULTY_DELETE)) {
		r = real_vfs->xDelete(real_vfs, name, 0);
		if (r == SQLITE_OK && !is_cut)
			disk_delete(name, wants_sync != 0);
	}
	pthread_mutex_unlock(&mutex);
	return r;
}

void faulty_install(void)
{
	real_vfs = sqlite3_vfs_find(NULL);
	if (real_vfs == NULL)
		abort();
	vfs = *real_vfs;
	vfs.zName = "faulty";
	vfs.pNext = NULL;
	vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
	vfs.xOpen = on_open;
	vfs.xDelete = on_delete;
	if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
		abort();
}

/* ---- what is to fail ---- */

void faulty_fail(unsigned calls, uint64_t first, uint64_t n)
{
	pthread_mutex_lock(&mutex);
	fail_calls = calls;
	fail_first = first;
	fail_n = n;
	n_calls = n_failed = 0;
	pthread_mutex_unlock(&mutex);
}

void faulty_mend(void)
{
	pthread_mutex_lock(&mutex);
	fail_calls = 0;
	pthread_mutex_unlock(&mutex);
}

uint64_t faulty_failed(void)
{
	uint64_t n;

	pthread_mutex_lock(&mutex);
	n = n_failed;
	pthread_mutex_unlock(&mutex);
	return n;
}

void faulty_cut(uint64_t first)
{
	pthread_mutex_lock(&mutex);
	cut_at = first;
	n_changes = 0;
	may_be_cut = true;
	is_cut = first == 0;
	pthread_mutex_unlock(&mutex);
}

bool faulty_is_cut(void)
{
	bool is;

	pthread_mutex_lock(&mutex);
	is = is_cut;
	pthread_mutex_unlock(&mutex);
	return is;
}

void faulty_pretend(void)
{
	pthread_mutex_lock(&mutex);
	is_cut = is_pretending = true;
	pthread_mutex_unlock(&mutex);
}

void faulty_restart(uint64_t seed)
{
	pthread_mutex_lock(&mutex);
	disk_restart(seed);
	may_be_cut = is_cut = is_pretending = false;
	pthread_mutex_unlock(&mutex);
}
