/*
 * How a file looked: by what one that was read is known again, so that it need not be read anew.
 *
 * N.B. a file that was changed twice within one step of its file system's clock may look as it did
 * in between. One that was read just after a change is to be read again, until it is settled.
 */
#ifndef STORE_FILE_STAMP_H
#define STORE_FILE_STAMP_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct stat;

#define FILE_STAMP_COARSE_MS 3000 /* no file system counts its times more coarsely */

struct file_stamp {
	dev_t dev;
	ino_t ino;
	mode_t mode;
	off_t size;
	int64_t mtime_ns, ctime_ns;
};

/* The stamp of a file that was looked at already. */
struct file_stamp file_stamp_of(const struct stat *st);

/* Looks at a file; links are followed. 0, or what errno says. */
int file_stamp_look(const char *path, struct file_stamp *out);

/* Whether nothing says that the file has changed. */
bool file_stamp_is_same(const struct file_stamp *a, const struct file_stamp *b);

/* Whether nothing says that its bytes have; its rights and owner may. */
bool file_stamp_has_same_bytes(const struct file_stamp *a, const struct file_stamp *b);

/* Whether the file has been left alone for so long, by the wall clock; whether its bytes have. */
bool file_stamp_is_settled(const struct file_stamp *s, uint64_t ms);
bool file_stamp_has_settled_bytes(const struct file_stamp *s, uint64_t ms);

/* Whether the file was changed in this very step of the clock by which files are dated: who writes
 * as many bytes once more before the next step leaves the same stamp. */
bool file_stamp_is_of_this_moment(const struct file_stamp *s);

#endif
