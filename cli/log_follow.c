/*
 * Following a log. inotify says that something happened in its folder; what there is to read is
 * found by reading. A mark stands beside a log for as long as it is open, so whoever sees it need
 * not ask anybody whether more may come.
 */
#include "cli/log_follow.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/text.h"
#include "engine/err.h"
#include "scheduler/task_log.h"

#define LOOK_MS 200 /* between looks while nothing happens: a folder may come, a try may end */
#define SOON_MS 20 /* the same while its folder is not there */
#define LAST_MS 100 /* a log may be closed a moment after its try is over */
#define READ_SIZE ((size_t)64 << 10)
#define LOG_EVENTS (IN_CREATE | IN_MODIFY | IN_DELETE | IN_MOVED_TO | IN_CLOSE_WRITE)

struct log {
	const char *path;
	char folder[PATH_MAX], mark[PATH_MAX];
	int fd; /* -1: not there yet */
	int watch; /* inotify; -1: there is none */
	bool is_watched;
	bool is_terminal;
};

/* On a terminal line for line, made harmless. */
static void put(const struct log *l, const char *text, size_t len)
{
	const char *end = text + len;

	if (!l->is_terminal) {
		(void)fwrite(text, 1, len, stdout);
		return;
	}
	for (const char *at = text, *stop; at < end; at = stop + 1) {
		stop = memchr(at, '\n', (size_t)(end - at));
		text_write_shown(stdout, at, (size_t)((stop == NULL ? end : stop) - at));
		if (stop == NULL)
			return;
		(void)putchar('\n');
	}
}

/* Writes what has come. False: it cannot be read, which has been reported. */
static bool drain(struct log *l)
{
	char bytes[READ_SIZE];
	struct stat st;
	ssize_t n = 0;

	if (l->fd < 0)
		l->fd = open(l->path, O_RDONLY | O_CLOEXEC);
	if (l->fd < 0 && errno == ENOENT)
		return true;
	/* N.B. a log that is taken up again may be cut back first. */
	if (l->fd >= 0 && fstat(l->fd, &st) == 0 && lseek(l->fd, 0, SEEK_CUR) > st.st_size)
		(void)lseek(l->fd, st.st_size, SEEK_SET);
	while (l->fd >= 0 && (n = read(l->fd, bytes, sizeof(bytes))) != 0) {
		if (n > 0)
			put(l, bytes, (size_t)n);
		else if (errno != EINTR)
			break;
	}
	if (l->fd < 0 || n < 0) {
		report_error("%s: %s", l->path, strerror(errno));
		return false;
	}
	(void)fflush(stdout);
	return true;
}

/* Lets go of a log that was taken away, for it is made anew. */
static void leave_gone(struct log *l)
{
	struct stat st;

	if (l->fd < 0 || fstat(l->fd, &st) != 0 || st.st_nlink > 0)
		return;
	(void)close(l->fd);
	l->fd = -1;
}

/* Waits for something to happen, or for a while. */
static void wait_change(struct log *l, int ms)
{
	char events[4096];
	struct pollfd p = {.fd = l->watch, .events = POLLIN};

	leave_gone(l);
	if (!l->is_watched && l->watch >= 0)
		l->is_watched = inotify_add_watch(l->watch, l->folder, LOG_EVENTS) >= 0;
	if (poll(&p, 1, ms) > 0)
		(void)!read(l->watch, events, sizeof(events));
}

static int follow(struct log *l, log_is_over *is_over, void *ctx)
{
	struct err e;
	int over = 0;

	while (over == 0) {
		if (!drain(l))
			return EXIT_FAILED;
		if (ferror(stdout) || report_is_deserted())
			return EXIT_FAILED;
		wait_change(l, l->is_watched ? LOOK_MS : SOON_MS);
		over = access(l->mark, F_OK) == 0 ? 0 : is_over(ctx, &e);
	}
	if (over < 0)
		return stores_report(&e);
	if (!drain(l))
		return EXIT_FAILED;
	wait_change(l, LAST_MS);
	return drain(l) ? EXIT_DONE : EXIT_FAILED;
}

int log_follow(const char *path, log_is_over *is_over, void *ctx)
{
	struct log l = {.path = path, .fd = -1, .watch = -1, .is_terminal = isatty(STDOUT_FILENO)};
	const char *slash = strrchr(path, '/');
	int status;

	(void)snprintf(l.folder, sizeof(l.folder), "%.*s", (int)(slash - path), path);
	if (!task_log_mark_path_make(path, l.mark, sizeof(l.mark)))
		l.mark[0] = '\0';
	if (is_over != NULL) {
		l.watch = inotify_init1(IN_CLOEXEC);
		wait_change(&l, 0);
		status = follow(&l, is_over, ctx);
	} else {
		status = drain(&l) ? EXIT_DONE : EXIT_FAILED;
		if (status == EXIT_DONE && l.fd < 0) {
			report_error("there is no log at %s", path);
			status = EXIT_FAILED;
		}
	}
	if (l.fd >= 0)
		(void)close(l.fd);
	if (l.watch >= 0)
		(void)close(l.watch);
	return status;
}
