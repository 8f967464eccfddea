/*
 * The launcher's process: its fork, its loop and its list of jobs.
 *
 * It never waits for the engine: what the engine does not read is kept. Nothing but the end of the
 * engine and of all jobs ends it; signals from terminals and service managers are for others.
 *
 * N.B. it is a copy of the program without its exec: it must not touch what it inherited but the
 * socket, and it leaves by _exit().
 */
#include "operators/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/census.h"
#include "operators/execution_spare.h"
#include "operators/launcher_job.h"
#include "operators/spawn.h"
#include "operators/wire.h"
#include "store/clock.h"
#include "store/secret.h"

#define READ_SIZE ((size_t)64 << 10)
#define KEEP_MAX ((size_t)1 << 20) /* a buffer that grew past this is given back when empty */

struct launcher {
	int fd; /* -1: the engine is gone */
	struct buf in, out;
	size_t in_at, out_at; /* how much of each is dealt with */
	struct launcher_job **jobs;
	size_t n, cap;
	struct execution_owner self;
	struct execution_spare spare;
	struct launcher_turn turn;
};

static void turn_begin(struct launcher *l)
{
	l->turn.now = clock_steady_ms();
}

static void turn_end(struct launcher *l)
{
	census_free(l->turn.census);
	l->turn.census = NULL;
	l->turn.has_census = false;
}

static struct launcher_job *job_find(const struct launcher *l, uint64_t number)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->jobs[i]->number == number && !l->jobs[i]->is_silent)
			return l->jobs[i];
	return NULL;
}

/* Room in the list, made before the script is started. */
static int room_make(struct launcher *l)
{
	struct launcher_job **jobs;
	size_t cap = l->cap == 0 ? 64 : l->cap * 2;

	if (l->n < l->cap)
		return 0;
	jobs = realloc(l->jobs, cap * sizeof(struct launcher_job *));
	if (jobs == NULL)
		return ERR_NOMEM;
	l->jobs = jobs;
	l->cap = cap;
	return 0;
}

/* Sweeps in a process of its own, lest a start wait for it. */
static void sweep(struct launcher *l, struct wire_reader *r)
{
	const char *folder = wire_string_next(r, NULL);

	if (folder == NULL || fork() != 0)
		return;
	(void)close(l->fd);
	if (nice(19) == -1)
		errno = 0;
	execution_sweep(folder, r->m.n[0], clock_wall_ms());
	_exit(0);
}

static void request(struct launcher *l, struct wire_reader *r)
{
	struct launcher_job *j;

	switch (r->m.kind) {
	case LAUNCHER_START:
	case LAUNCHER_ATTACH:
		if (room_make(l) != 0)
			_exit(1); /* the engine attaches to what runs through another one */
		j = launcher_job_begin(&l->turn, r);
		if (j != NULL)
			l->jobs[l->n++] = j;
		break;
	case LAUNCHER_KILL:
		j = job_find(l, r->m.job);
		if (j != NULL)
			launcher_job_kill(&l->turn, j, r->m.n[0] != 0, r->m.n[1]);
		break;
	case LAUNCHER_ABANDON:
		j = job_find(l, r->m.job);
		if (j != NULL)
			j->is_silent = true;
		break;
	case LAUNCHER_SWEEP:
		sweep(l, r);
		break;
	}
}

/* Nobody is left to report to. */
static void engine_is_gone(struct launcher *l)
{
	(void)close(l->fd);
	l->fd = -1;
	for (size_t i = 0; i < l->n; i++) {
		l->jobs[i]->is_silent = true;
		if (l->jobs[i]->dies_with_engine)
			launcher_job_kill(&l->turn, l->jobs[i], false, l->jobs[i]->grace_ms);
	}
	buf_free(&l->in);
	buf_free(&l->out);
	l->in_at = l->out_at = 0;
}

static void buffer_done(struct buf *b, size_t *at)
{
	if (*at < b->len)
		return;
	if (b->cap > KEEP_MAX)
		buf_free(b);
	else
		buf_reset(b);
	*at = 0;
}

static void receive(struct launcher *l)
{
	char *room;
	ssize_t n;

	if (l->in_at > 0) {
		memmove(l->in.data, l->in.data + l->in_at, l->in.len - l->in_at);
		l->in.len -= l->in_at;
		l->in_at = 0;
	}
	room = buf_room(&l->in, READ_SIZE);
	if (room == NULL)
		_exit(1);
	n = recv(l->fd, room, READ_SIZE, MSG_DONTWAIT);
	if (n > 0)
		l->in.len += (size_t)n;
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		engine_is_gone(l);
}

/* Deals with one request; whether there may be another. */
static bool request_next(struct launcher *l)
{
	struct wire_reader r;
	int64_t n;

	if (l->in.len == l->in_at)
		return false;
	n = wire_read(l->in.data + l->in_at, l->in.len - l->in_at, &r);
	if (n < 0)
		_exit(1);
	if (n == 0)
		return false;
	request(l, &r);
	l->in_at += (size_t)n;
	buffer_done(&l->in, &l->in_at);
	return l->in.len > l->in_at;
}

static void flush(struct launcher *l)
{
	while (l->fd >= 0 && l->out_at < l->out.len) {
		ssize_t n = send(l->fd, l->out.data + l->out_at, l->out.len - l->out_at,
			MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno != EAGAIN)
			engine_is_gone(l);
		if (n < 0)
			return;
		l->out_at += (size_t)n;
	}
	if (l->fd < 0)
		buf_reset(&l->out);
	buffer_done(&l->out, &l->out_at);
}

static void reap(struct launcher *l)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < l->n; i++)
			if (l->jobs[i]->is_child && l->jobs[i]->group == pid &&
				!l->jobs[i]->has_result)
				launcher_job_reaped(&l->turn, l->jobs[i], status);
}

/* Looks after all jobs, lets go of those that are over, and returns for how long to wait; -1: until
 * something happens. */
static int64_t look(struct launcher *l)
{
	int64_t next = 0;
	size_t kept = 0;

	for (size_t i = 0; i < l->n; i++) {
		struct launcher_job *j = l->jobs[i];
		int64_t at = j->phase == PHASE_OVER ? 0 : launcher_job_look(&l->turn, j);

		if (j->phase == PHASE_OVER) {
			launcher_job_free(j);
			continue;
		}
		l->jobs[kept++] = j;
		if (at != 0 && (next == 0 || at < next))
			next = at;
	}
	l->n = kept;
	if (next == 0)
		return -1;
	return next > l->turn.now ? next - l->turn.now : 0;
}

static void wait_for_news(struct launcher *l, int64_t wait_ms, const sigset_t *unblocked)
{
	struct pollfd p = {.fd = l->fd, .events = POLLIN};
	struct timespec t = {.tv_sec = wait_ms / 1000, .tv_nsec = (long)(wait_ms % 1000) * 1000000};

	if (l->out_at < l->out.len)
		p.events |= POLLOUT;
	if (ppoll(&p, 1, wait_ms < 0 ? NULL : &t, unblocked) <= 0)
		return;
	if ((p.revents & (POLLIN | POLLHUP | POLLERR)) != 0)
		receive(l);
}

/* The launcher's life, on its end of the socket. Returns when there is nothing left to look after.
 */
static void live(int fd)
{
	struct launcher l = {.fd = fd};
	sigset_t blocked, unblocked;
	bool has_more = false;
	int64_t wait_ms;

	execution_owner_self(&l.self);
	buf_init(&l.in, 0);
	buf_init(&l.out, 0);
	l.turn.self = &l.self;
	l.turn.spare = &l.spare;
	l.turn.out = &l.out;
	(void)sigemptyset(&blocked);
	(void)sigaddset(&blocked, SIGCHLD);
	(void)sigprocmask(SIG_BLOCK, &blocked, &unblocked);
	for (;;) {
		turn_begin(&l);
		has_more = request_next(&l);
		reap(&l);
		wait_ms = look(&l);
		flush(&l);
		turn_end(&l);
		if (l.fd < 0 && l.n == 0)
			break;
		if (!has_more)
			execution_spare_make(&l.spare, &l.self);
		wait_for_news(&l, has_more ? 0 : wait_ms, &unblocked);
	}
	execution_spare_drop(&l.spare);
	free(l.jobs);
	buf_free(&l.in);
	buf_free(&l.out);
}

static void on_child(int signal)
{
	(void)signal; /* only ends the waiting */
}

/* N.B. scripts inherit it: what select()s would trip over larger numbers than it expects. */
static void files_limit(uint64_t max_files)
{
	struct rlimit files;

	if (max_files == 0 || getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur <= max_files)
		return;
	files.rlim_cur = (rlim_t)max_files;
	(void)setrlimit(RLIMIT_NOFILE, &files);
}

/* The engine's environment may hold keys and connections, and /proc shows it to every script that
 * runs here: nothing of it is needed. */
static void environment_forget(void)
{
	for (char **entry = environ; *entry != NULL; entry++)
		explicit_bzero(*entry, strlen(*entry));
}

/* Makes this copy of the program a process of its own kind. */
static _Noreturn void become_launcher(int fd, uint64_t max_files)
{
	static const int ignored[] = SPAWN_SIGNALS_IGNORED;
	struct sigaction child = {.sa_handler = on_child};
	sigset_t none;
	int null;

	(void)setsid();
	for (int s = 1; s < NSIG; s++)
		(void)signal(s, SIG_DFL);
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		(void)signal(ignored[i], SIG_IGN);
	(void)sigaction(SIGCHLD, &child, NULL);
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	/* N.B. scripts have the first of these as their standard input. */
	for (int i = 0; i <= 2; i++)
		if ((null = open("/dev/null", i == 0 ? O_RDONLY : O_WRONLY)) >= 0)
			(void)dup2(null, i);
	if (dup2(fd, 3) < 0)
		_exit(1);
	(void)close_range(4, ~0U, 0);
	(void)fcntl(3, F_SETFD, FD_CLOEXEC);
	if (chdir("/") != 0)
		_exit(1);
	files_limit(max_files);
	environment_forget();
	secret_dumps_forbid(); /* what tasks are given; the next engine looks for this process */
	(void)prctl(PR_SET_NAME, "windrow-launch");
	live(3);
	_exit(0);
}

int launcher_fork(uint64_t max_files, int *fd, struct err *e)
{
	int pair[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return err_set(e, ERR_IO, "cannot make a socket: %s", strerror(errno));
	pid = fork();
	if (pid == 0) {
		pid = fork(); /* so that it is nobody's child to wait for */
		if (pid == 0)
			become_launcher(pair[1], max_files);
		_exit(pid < 0 ? 1 : 0);
	}
	(void)close(pair[1]);
	while (pid > 0 && waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (pid < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0 ||
		fcntl(pair[0], F_SETFL, O_NONBLOCK) != 0) {
		(void)close(pair[0]);
		return err_set(e, ERR_IO, "cannot start the launcher of local tasks: %s",
			pid < 0 ? strerror(errno) : "no process to be had");
	}
	*fd = pair[0];
	return 0;
}
