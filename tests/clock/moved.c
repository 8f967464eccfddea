/*
 * Clocks that can be moved, for tests: a library that is loaded before the C library, into one
 * process and what it forks, not into what that executes.
 *
 * $MOVED_CLOCK_MS is how far the clock is ahead at first. Where $MOVED_CLOCK names a folder, its
 * pipe `move` takes lines, and each is answered with one on the pipe `moved`:
 *
 *	set MS   somebody set it: timers that want to hear of that are told
 *	slept MS the machine slept as long: what is due by now fires, and nothing else is told
 *	stood MS the process was stopped as long: the clock that counts from a start went on too
 *
 * N.B. of the timers only timerfd's are moved, set to a time of the day: the others count from a
 * start, and are late by what a process stood still.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 1024

/* A timer of the real-time clock, and what it was set to, by the clock as it is shown. */
struct timer {
	bool is_open, is_set;
	int flags;
	struct itimerspec spec;
	bool is_told; /* the next read says that the clock was set */
};

static struct timer timers[FDS_MAX];
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct {
	_Atomic int64_t wall_ms, start_ms;
} * ahead; /* shared with what is forked */

static int (*real_clock_gettime)(clockid_t, struct timespec *);
static int (*real_timerfd_create)(int, int);
static int (*real_timerfd_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static ssize_t (*real_read)(int, void *, size_t);
static int (*real_close)(int);

static void *real(const char *name)
{
	void *f = dlsym(RTLD_NEXT, name);

	if (f == NULL)
		abort();
	return f;
}

static void real_init(void)
{
	/* N.B. on a machine of 32 bits there are two of what takes a time, and the program calls
	 * these. */
	bool is_wide = sizeof(time_t) > sizeof(long);

	if (real_close != NULL)
		return;
	*(void **)&real_clock_gettime = real(is_wide ? "__clock_gettime64" : "clock_gettime");
	*(void **)&real_timerfd_create = real("timerfd_create");
	*(void **)&real_timerfd_settime = real(is_wide ? "__timerfd_settime64" : "timerfd_settime");
	*(void **)&real_read = real("read");
	*(void **)&real_close = real("close");
}

static void add_ms(struct timespec *t, int64_t ms)
{
	int64_t ns = t->tv_nsec + ms % 1000 * 1000000;

	t->tv_sec += ms / 1000 + (ns >= 1000000000) - (ns < 0);
	t->tv_nsec = ns + (ns < 0) * 1000000000 - (ns >= 1000000000) * 1000000000;
}

static int64_t ahead_of(clockid_t clock)
{
	if (ahead == NULL)
		return 0;
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return atomic_load(&ahead->wall_ms);
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_COARSE:
		return atomic_load(&ahead->start_ms);
	default:
		return 0;
	}
}

int clock_gettime(clockid_t clock, struct timespec *t)
{
	int r;

	real_init();
	r = real_clock_gettime(clock, t);
	if (r == 0)
		add_ms(t, ahead_of(clock));
	return r;
}

/* ---- timers ---- */

static struct timer *timer_of(int fd)
{
	return fd >= 0 && fd < FDS_MAX && timers[fd].is_open ? &timers[fd] : NULL;
}

/* Sets the real one to when the moved clock will show the time. The lock is held. */
static int arm(int fd, const struct timer *t)
{
	struct itimerspec spec = t->spec;

	add_ms(&spec.it_value, -ahead_of(CLOCK_REALTIME));
	if (spec.it_value.tv_sec < 0)
		spec.it_value = (struct timespec){.tv_nsec = 1};
	return real_timerfd_settime(fd, t->flags, &spec, NULL);
}

int timerfd_create(int clock, int flags)
{
	int fd;

	real_init();
	fd = real_timerfd_create(clock, flags);
	pthread_mutex_lock(&mutex);
	if (fd >= 0 && fd < FDS_MAX)
		timers[fd] = (struct timer){.is_open = clock == CLOCK_REALTIME};
	pthread_mutex_unlock(&mutex);
	return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *spec, struct itimerspec *old)
{
	struct timer *t;
	int r;

	real_init();
	pthread_mutex_lock(&mutex);
	t = timer_of(fd);
	if (t == NULL || (flags & TFD_TIMER_ABSTIME) == 0) {
		r = real_timerfd_settime(fd, flags, spec, old);
	} else {
		t->flags = flags;
		t->spec = *spec;
		t->is_set = spec->it_value.tv_sec != 0 || spec->it_value.tv_nsec != 0;
		r = t->is_set ? arm(fd, t) : real_timerfd_settime(fd, flags, spec, NULL);
	}
	pthread_mutex_unlock(&mutex);
	return r;
}

/* N.B. the kernel tells of a clock that was set once, by an error in the place of a count. */
ssize_t read(int fd, void *to, size_t len)
{
	struct timer *t;
	bool is_told = false;
	ssize_t n;

	real_init();
	n = real_read(fd, to, len);
	if (fd < 0 || fd >= FDS_MAX || !timers[fd].is_open)
		return n;
	pthread_mutex_lock(&mutex);
	t = timer_of(fd);
	if (t != NULL) {
		is_told = t->is_told;
		t->is_told = false;
	}
	pthread_mutex_unlock(&mutex);
	if (is_told)
		errno = ECANCELED;
	return is_told ? -1 : n;
}

int close(int fd)
{
	real_init();
	pthread_mutex_lock(&mutex);
	if (fd >= 0 && fd < FDS_MAX)
		timers[fd] = (struct timer){0};
	pthread_mutex_unlock(&mutex);
	return real_close(fd);
}

/* ---- moving it ---- */

/* Timers that want to hear of it fire at once. */
static void move(int64_t ms, const char *how)
{
	const struct itimerspec now = {.it_value = {.tv_nsec = 1}};
	bool was_set = strcmp(how, "set") == 0;

	pthread_mutex_lock(&mutex);
	atomic_store(&ahead->wall_ms, was_set ? ms : ahead_of(CLOCK_REALTIME) + ms);
	if (strcmp(how, "stood") == 0)
		atomic_store(&ahead->start_ms, ahead_of(CLOCK_MONOTONIC) + ms);
	for (int fd = 0; fd < FDS_MAX; fd++) {
		struct timer *t = timer_of(fd);

		if (t == NULL || t->flags == 0)
			continue;
		t->is_told = was_set && (t->flags & TFD_TIMER_CANCEL_ON_SET) != 0;
		if (t->is_told)
			(void)real_timerfd_settime(fd, TFD_TIMER_ABSTIME, &now, NULL);
		else if (t->is_set)
			(void)arm(fd, t);
	}
	pthread_mutex_unlock(&mutex);
}

static int pipe_open(const char *folder, const char *name)
{
	char path[512];

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	return open(path, O_RDWR | O_CLOEXEC);
}

/* N.B. no stream: exit() waits for one that somebody reads from. */
static bool line_read(int fd, char *line, size_t size)
{
	size_t len = 0;

	while (len + 1 < size && real_read(fd, line + len, 1) == 1) {
		if (line[len] == '\n') {
			line[len] = '\0';
			return true;
		}
		len++;
	}
	return false;
}

static sem_t is_up;

static void *mover(void *folder)
{
	static const char answer[] = "moved\n";
	int in, out;
	char line[64], how[16];
	long long ms;

	(void)sem_post(&is_up);
	in = pipe_open(folder, "move");
	out = pipe_open(folder, "moved");
	while (in >= 0 && out >= 0 && line_read(in, line, sizeof(line)) &&
		sscanf(line, "%15s %lld", how, &ms) == 2) {
		move(ms, how);
		if (write(out, answer, sizeof(answer) - 1) < 0)
			break;
	}
	return NULL;
}

__attribute__((constructor)) static void begin(void)
{
	const char *ms = getenv("MOVED_CLOCK_MS"), *folder = getenv("MOVED_CLOCK");
	pthread_t thread;

	real_init();
	ahead = mmap(
		NULL, sizeof(*ahead), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ahead == MAP_FAILED)
		abort();
	atomic_store(&ahead->wall_ms, ms == NULL ? 0 : strtoll(ms, NULL, 10));
	if (folder != NULL) {
		char *copy = strdup(folder);

		/* N.B. a thread that is just beginning has locks of a sanitizer's, which a process
		 * that is forked meanwhile would never see free. */
		if (copy == NULL || sem_init(&is_up, 0, 0) != 0 ||
			pthread_create(&thread, NULL, mover, copy) != 0)
			abort();
		while (sem_wait(&is_up) != 0)
			;
		(void)pthread_detach(thread);
	}
	(void)unsetenv("LD_PRELOAD");
	(void)unsetenv("MOVED_CLOCK");
	(void)unsetenv("MOVED_CLOCK_MS");
}
