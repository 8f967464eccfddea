/*
 * Files with what the store holds. An export is written whole or not at all, since it may take the
 * place of an older one.
 */
#include "cli/exchange_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/report.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/dags_folder.h"
#include "store/secret.h"

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
	return fsync(fd) == 0 || errno == EINVAL || errno == EROFS ? 0 : -1;
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

/* Writes into what is there, where that is no plain file: a pipe, a terminal. */
static int write_into(const char *path, const struct buf *bytes, bool has_secrets)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY), r = EXIT_DONE;

	if (fd >= 0 && has_secrets && isatty(fd) == 1) {
		report_error("no secret is printed on a terminal: name a file");
		r = EXIT_FAILED;
	} else if (fd < 0 || write_all(fd, buf_str(bytes), bytes->len) != 0) {
		report_error("cannot write %s: %s", path, strerror(errno));
		r = EXIT_FAILED;
	}
	if (fd >= 0)
		(void)close(fd);
	return r;
}

/* Puts a new file in the place of an older one, or where there is none. */
static int write_anew(const char *path, const struct buf *bytes)
{
	char *whole = realpath(path, NULL); /* a symbolic link stays */
	struct buf made;
	int r = -1;

	buf_init(&made, 0);
	buf_addf(&made, "%s.XXXXXX", whole == NULL ? path : whole);
	if (buf_status(&made) != 0)
		errno = ENOMEM;
	else
		r = write_beside(made.data, whole == NULL ? path : whole, bytes);
	if (r != 0)
		report_error("cannot write %s: %s", path, strerror(errno));
	buf_free(&made);
	free(whole);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* Whether the path is where standard output goes. N.B. /dev/stdout may be a plain file with more in
 * it: one put in its place would lose that. */
static bool is_stdout(const char *path)
{
	struct stat st, out;

	if (strcmp(path, "-") == 0)
		return true;
	/* N.B. one that was closed is a /dev/null to read from. */
	return (fcntl(STDOUT_FILENO, F_GETFL) & O_ACCMODE) != O_RDONLY && stat(path, &st) == 0 &&
		fstat(STDOUT_FILENO, &out) == 0 && st.st_dev == out.st_dev &&
		st.st_ino == out.st_ino;
}

int exchange_file_write(const char *path, const struct buf *bytes, bool has_secrets)
{
	struct stat st;

	if (is_stdout(path)) {
		if (has_secrets && isatty(STDOUT_FILENO) == 1) {
			report_error("no secret is printed on a terminal: name a file");
			return EXIT_FAILED;
		}
		/* Whoever names the file may count on its being for the owner alone. */
		if (has_secrets && strcmp(path, "-") != 0 && fstat(STDOUT_FILENO, &st) == 0 &&
			S_ISREG(st.st_mode))
			(void)fchmod(STDOUT_FILENO, 0600);
		(void)fwrite(buf_str(bytes), 1, bytes->len, stdout);
		return EXIT_DONE;
	}
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode))
		return write_into(path, bytes, has_secrets);
	return write_anew(path, bytes);
}

int exchange_file_read(const struct args *args, size_t max,
	int (*take)(struct arena *a, const char *path, const char *text, size_t len,
		const struct args *args))
{
	const char *path = args_word(args, 0);
	struct arena *a = secret_arena_create(0);
	size_t len;
	char *text;
	struct err e;
	int status;

	if (a == NULL)
		return report_no_memory();
	if (dags_folder_read(path, max, &text, &len, &e) != 0) {
		report_error("%s: %s", path, e.text);
		status = EXIT_FAILED;
	} else {
		status = take(a, path, text, len, args);
		explicit_bzero(text, len);
		free(text);
	}
	arena_destroy(a);
	return status;
}
