/*
 * The lock: flock() on a file that is never taken away, in which the holder writes who it is. What
 * is written is for people; the lock alone counts.
 */
#include "scheduler/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "engine/err.h"
#include "engine/instant.h"
#include "store/clock.h"
#include "store/store.h"
#include "store/system_error.h"

#define WAIT_STEP_MS 10
#define TEXT_MAX 256 /* bytes of what the holder writes */

static const char *const kinds[] = {[LOCK_DAEMON] = "scheduler", [LOCK_COMMAND] = "command"};

struct lock {
	int fd;
};

static int file_open(const char *home, int *fd, struct err *e)
{
	char *path;
	int error = 0;

	if (asprintf(&path, "%s/%s", home, LOCK_NAME) < 0)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*fd < 0 && errno == ENOENT) {
		error = store_home_make(home, e);
		if (error == 0)
			*fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	}
	if (*fd < 0 && error == 0)
		error = err_set(e, system_error_code(errno, ERR_IO), "cannot open %s: %s", path,
			strerror(errno));
	free(path);
	return error;
}

static void write_holder(int fd, enum lock_kind kind)
{
	char text[TEXT_MAX], host[LOCK_HOST_MAX + 1] = "";
	int n;

	if (gethostname(host, sizeof(host) - 1) != 0)
		(void)snprintf(host, sizeof(host), "?");
	n = snprintf(text, sizeof(text), "%s %lld %s %lld\n", kinds[kind], (long long)getpid(),
		host, (long long)clock_wall_ms());
	if (ftruncate(fd, 0) != 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return; /* Nobody is told who holds it, and all the same one does. */
}

static void read_holder(int fd, struct lock_holder *out)
{
	char text[TEXT_MAX] = "", kind[16];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long long pid, since;

	memset(out, 0, sizeof(*out));
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%15s %lld %64s %lld", kind, &pid, out->host, &since) != 4)
		return;
	out->kind = strcmp(kind, kinds[LOCK_COMMAND]) == 0 ? LOCK_COMMAND : LOCK_DAEMON;
	out->pid = pid;
	out->since = since;
}

static int tell_holder(const char *home, const struct lock_holder *h, struct err *e)
{
	char since[INSTANT_TEXT_MAX];

	if (h->pid == 0)
		return err_set(e, ERR_EXISTS, "another windrow uses %s", home);
	return err_set(e, ERR_EXISTS,
		h->kind == LOCK_DAEMON
			? "a scheduler runs on %s already: process %lld on %s, since %s"
			: "a command is changing %s just now: process %lld on %s, since %s",
		home, (long long)h->pid, h->host, instant_format(h->since, since));
}

int lock_take(const char *home, enum lock_kind kind, struct lock **out, struct lock_holder *holder,
	struct err *e)
{
	struct lock *l = malloc(sizeof(*l));
	int fd = -1;
	int r = l == NULL ? err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM))
			  : file_open(home, &fd, e);

	if (r == 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno == EWOULDBLOCK) {
			read_holder(fd, holder);
			r = tell_holder(home, holder, e);
		} else {
			r = err_set(e, ERR_IO, "cannot lock %s/%s: %s", home, LOCK_NAME,
				strerror(errno));
		}
	}
	if (r != 0) {
		if (fd >= 0)
			(void)close(fd);
		free(l);
		return r;
	}
	write_holder(fd, kind);
	l->fd = fd;
	*out = l;
	return 0;
}

int lock_wait(const char *home, enum lock_kind kind, int64_t wait_ms, struct lock **out,
	struct lock_holder *holder, struct err *e)
{
	static const struct timespec step = {.tv_nsec = WAIT_STEP_MS * 1000000};
	int64_t until = clock_steady_ms() + wait_ms;
	int r;

	while ((r = lock_take(home, kind, out, holder, e)) == ERR_EXISTS &&
		(holder->kind == LOCK_COMMAND || holder->pid == 0) && clock_steady_ms() < until)
		(void)nanosleep(&step, NULL);
	return r;
}

/* N.B. the file stays: who opened it before it went would hold a lock of nothing. */
void lock_release(struct lock *l)
{
	if (l == NULL)
		return;
	(void)close(l->fd);
	free(l);
}
