/* Writing an export: whole or not at all, since it may take the place of an older one. */
#include "cli/export_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "engine/buf.h"
#include "engine/err.h"

static int write_all(int fd, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno != EINTR)
			return -1;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return fsync(fd) == 0 || errno == EINVAL ? 0 : -1;
}

static int write_beside(char *made, const char *path, const struct buf *bytes)
{
	int fd = mkstemp(made);
	int r = -1, why;

	if (fd < 0)
		return -1;
	r = write_all(fd, buf_str(bytes), bytes->len);
	if (close(fd) != 0)
		r = -1;
	if (r == 0)
		r = rename(made, path);
	why = errno;
	if (r != 0)
		(void)unlink(made);
	errno = why;
	return r;
}

int export_file_write(const char *path, const struct buf *bytes, bool has_secrets)
{
	struct buf made;
	int r;

	if (strcmp(path, "-") == 0) {
		if (has_secrets && isatty(STDOUT_FILENO) == 1) {
			report_error("no secret is printed on a terminal: name a file");
			return EXIT_FAILED;
		}
		(void)fwrite(buf_str(bytes), 1, bytes->len, stdout);
		return EXIT_DONE;
	}
	buf_init(&made, 0);
	buf_addf(&made, "%s.XXXXXX", path);
	if (buf_status(&made) != 0) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	r = write_beside(made.data, path, bytes);
	if (r != 0)
		report_error("cannot write %s: %s", path, strerror(errno));
	buf_free(&made);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}
