/*
 * What a disk would have of the files of a machine whose power is cut: told of each call that
 * changes one, behind the real file. Not for two threads at once. abort() where the world fails.
 */
#ifndef TESTS_VFS_FAULTY_DISK_H
#define TESTS_VFS_FAULTY_DISK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct disk_file;

/* The file of this name, which is there; is_new: it was made this moment. The disk's until
 * disk_restart(). */
struct disk_file *disk_open(const char *path, bool is_new);

/* This file was made when the disk was not there any more. */
void disk_stray(const char *path);

void disk_write(struct disk_file *f, const void *bytes, size_t len, uint64_t at);
void disk_truncate(struct disk_file *f, uint64_t size);

/* All that was done to the file is kept. The first one of a new file keeps its folder too. */
void disk_sync(struct disk_file *f);

/* A sync that failed: some of what was done to the file is kept, and no later sync knows of the
 * rest. */
void disk_sync_lost(struct disk_file *f);

/* The file was deleted, and its folder kept or not. */
void disk_delete(const char *path, bool is_kept);

/* Makes of the real files what the disk has, and forgets them all. */
void disk_restart(uint64_t seed);

#endif
