#include "store/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int new_file_settle(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL ? strdup(".")
		: slash == path	     ? strdup("/")
				     : strndup(path, (size_t)(slash - path));
	int fd = folder == NULL ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int r = fd < 0 ? -1 : fsync(fd);

	if (fd >= 0)
		(void)close(fd);
	free(folder);
	return r;
}

int new_file_name(const char *made, const char *path)
{
	if (link(made, path) == 0) {
		(void)unlink(made);
	} else if (errno == EPERM || errno == ENOTSUP || errno == ENOSYS || errno == EMLINK) {
		/* A file system without links. */
		if (access(path, F_OK) == 0)
			return EEXIST;
		if (rename(made, path) != 0)
			return errno;
	} else {
		return errno;
	}
	/* Where a folder cannot be synced, the file is there all the same. */
	(void)new_file_settle(path);
	return 0;
}
