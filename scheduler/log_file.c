/*
 * The file of a log. It is opened for appending, by the first write, and again by the next one
 * where that failed: a folder that could not be made may be there by then. One that somebody took
 * away is made anew.
 */
#include "scheduler/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void log_file_init(struct log_file *f)
{
	f->path[0] = '\0';
	f->fd = -1;
}

/* Why the folder cannot be made; 0: it is there. */
static int folder_make(const char *path)
{
	return mkdir(path, 0755) == 0 || errno == EEXIST ? 0 : errno;
}

/* The same, with all that are missing above it: why the first could not be made. N.B. the last
 * alone is missing, as a rule. */
static int folders_make(char *path)
{
	int status = folder_make(path), first = 0;

	if (status != ENOENT)
		return status;
	for (char *at = path; (at = strchr(at + 1, '/')) != NULL; *at = '/') {
		*at = '\0';
		status = folder_make(path);
		first = first == 0 ? status : first;
	}
	status = folder_make(path);
	return status == 0 || first == 0 ? status : first;
}

static int file_open(struct log_file *f)
{
	const int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
	char *slash;
	int status;

	f->fd = open(f->path, flags, 0644);
	if (f->fd >= 0 || errno != ENOENT)
		return f->fd >= 0 ? 0 : -1;
	slash = strrchr(f->path, '/');
	*slash = '\0';
	status = folders_make(f->path);
	*slash = '/';
	f->fd = open(f->path, flags, 0644);
	if (f->fd < 0 && status != 0)
		errno = status;
	return f->fd >= 0 ? 0 : -1;
}

static bool is_taken_away(const struct log_file *f)
{
	struct stat st;

	return fstat(f->fd, &st) == 0 && st.st_nlink == 0;
}

size_t log_file_append(struct log_file *f, const char *bytes, size_t len)
{
	size_t done = 0;

	if (f->fd >= 0 && is_taken_away(f))
		log_file_close(f);
	if (f->fd < 0 && file_open(f) != 0)
		return 0;
	while (done < len) {
		ssize_t n = write(f->fd, bytes + done, len - done);

		if (n == 0 || (n < 0 && errno != EINTR))
			break;
		done += n < 0 ? 0 : (size_t)n;
	}
	return done;
}

void log_file_close(struct log_file *f)
{
	if (f->fd >= 0)
		(void)close(f->fd);
	f->fd = -1;
}
