/*
 * A disk that fails, for tests: a layer under SQLite, between it and its own file system. A chosen
 * call fails, or the power is cut at one: then nothing works any more until faulty_restart(), which
 * leaves of each file what a disk would have. What was synced is there; of what was not, each
 * sector is as it was, as it was to be, or garbage where it was being written. The same goes for
 * the making and deleting of files.
 *
 * A sync that fails loses what it was to save: no later one brings that to the disk, though it is
 * read back, as on Linux.
 *
 * Of one process; any thread may call it. Locks and shared memory are the real ones.
 */
#ifndef TESTS_VFS_FAULTY_H
#define TESTS_VFS_FAULTY_H

#include <stdbool.h>
#include <stdint.h>

enum faulty_call {
	FAULTY_OPEN = 1 << 0,
	FAULTY_READ = 1 << 1,
	FAULTY_WRITE = 1 << 2,
	FAULTY_TRUNCATE = 1 << 3,
	FAULTY_SYNC = 1 << 4,
	FAULTY_DELETE = 1 << 5,
	FAULTY_MAP = 1 << 6, /* of shared memory */
	FAULTY_ROOM = 1 << 7, /* a write, as no room is left */
	FAULTY_CHANGES = FAULTY_WRITE | FAULTY_TRUNCATE | FAULTY_SYNC | FAULTY_DELETE
};

/* What every database that is opened from now on stands on; once, before the first. abort() where
 * that cannot be. */
void faulty_install(void);

/* Of the calls of these kinds, counted from now, the first-th (from 1) and n - 1 more fail. */
void faulty_fail(unsigned calls, uint64_t first, uint64_t n);

/* Nothing fails any more. */
void faulty_mend(void);

/* How many calls have failed since then. */
uint64_t faulty_failed(void);

/* The power is cut at the first-th call that changes something, counted from now; 0: now. */
void faulty_cut(uint64_t first);
bool faulty_is_cut(void);

/* For a program that would wait for ever: what it does from now on succeeds, and is lost. */
void faulty_pretend(void);

/* The power is back: the files become what the dice leave of them. All databases must be closed.
 * Files may be changed behind SQLite's back after this, until one is opened. */
void faulty_restart(uint64_t seed);

#endif
