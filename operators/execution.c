/*
 * Folders of local executions on disk. Used by the launcher, which may block; the engine's loop
 * never calls this.
 *
 * N.B. a claim is written before its script is started, and its group by the child itself before it
 * becomes the script: whoever finds a claim without a group knows that nothing has run.
 */
#include "operators/execution.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/census.h"
#include "operators/execution_spare.h"
#include "operators/fdio.h"

#define HIGH_FD 32

/* Reads a small file whole. Its length, or -1. N.B. a script may have put a pipe in its place. */
static ssize_t read_small(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n;

	if (fd < 0)
		return -1;
	n = fdio_read_all(fd, text, size - 1);
	(void)close(fd);
	if (n >= 0)
		text[n] = '\0';
	return n;
}

static int join(char path[PATH_MAX], const char *folder, const char *name)
{
	int n = snprintf(path, PATH_MAX, "%s/%s", folder, name);

	return n < 0 || n >= PATH_MAX ? ERR_LIMIT : 0;
}

/* The start of a process in ticks since boot; 0: it is gone, is a zombie, or cannot be seen. */
static uint64_t process_started(pid_t pid)
{
	char path[64], text[1024];
	const char *p;
	uint64_t started = 0;
	char state;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	if (read_small(path, text, sizeof(text)) <= 0)
		return 0;
	p = strrchr(text, ')'); /* the name before it may hold anything */
	if (p == NULL || sscanf(p, ") %c", &state) != 1 || state == 'Z' || state == 'X')
		return 0;
	if (sscanf(p,
		    ") %*c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s "
		    "%*s %" SCNu64,
		    &started) != 1)
		return 0;
	return started;
}

static void boot_id_read(char id[64])
{
	ssize_t n = read_small("/proc/sys/kernel/random/boot_id", id, 64);

	if (n <= 0)
		memcpy(id, "-", 2);
	id[strcspn(id, "\n ")] = '\0';
}

void execution_owner_self(struct execution_owner *o)
{
	o->launcher = getpid();
	o->started = process_started(o->launcher);
	boot_id_read(o->boot_id);
}

bool execution_owner_is_alive(const struct execution_owner *o)
{
	if (o->started != 0)
		return process_started(o->launcher) == o->started;
	return o->launcher > 0 && (kill(o->launcher, 0) == 0 || errno == EPERM);
}

bool execution_is_of_another_boot(const struct execution_claim *c)
{
	char now[64];

	boot_id_read(now);
	return strcmp(now, "-") != 0 && strcmp(now, c->owner.boot_id) != 0;
}

/* N.B. what forks (a vfork() is a fork() to some tools) runs libuv's handler, which closes two low
 * numbers in the child: those of a pipe that the launcher has not had for long. */
static int above_pipes(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, HIGH_FD);

	if (high < 0)
		return fd;
	(void)close(fd);
	return high;
}

/* Makes a file of our own with these bytes, which stays open. */
static int file_make(const char *folder, const char *name, int flags, const void *bytes, size_t len,
	int *fd, struct err *e)
{
	char path[PATH_MAX];

	if (join(path, folder, name) != 0)
		return err_set(e, ERR_LIMIT, "the path %s/%s is too long", folder, name);
	*fd = above_pipes(
		open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW | flags, 0600));
	if (*fd < 0)
		return err_set(e, ERR_IO, "cannot make %s: %s", path, strerror(errno));
	if (fdio_write_all(*fd, bytes, len) != 0)
		return err_set(e, ERR_IO, "cannot write %s: %s", path, strerror(errno));
	return 0;
}

static void close_one(int *fd)
{
	if (*fd >= 0)
		(void)close(*fd);
	*fd = -1;
}

void execution_files_close(struct execution_files *f)
{
	close_one(&f->script);
	close_one(&f->claim);
	close_one(&f->out);
	close_one(&f->err);
}

void execution_discard(const char *folder)
{
	static const char *const names[] = {"script", "result", "claim", "stdout", "stderr"};
	char path[PATH_MAX];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (join(path, folder, names[i]) == 0)
			(void)unlink(path);
	(void)rmdir(folder);
}

/* Room for the result, and the claim. */
static int claim_make(const char *folder, const struct execution_owner *o, int *fd, struct err *e)
{
	char blanks[EXECUTION_RESULT_MAX], claim[EXECUTION_CLAIM_MAX];
	int result = -1, n, r;

	memset(blanks, ' ', sizeof(blanks));
	blanks[sizeof(blanks) - 1] = '\n';
	r = file_make(folder, "result", 0, blanks, sizeof(blanks), &result, e);
	close_one(&result);
	if (r != 0)
		return r;
	n = snprintf(claim, sizeof(claim), "launcher %ld %" PRIu64 " %s\n", (long)o->launcher,
		o->started, o->boot_id);
	return file_make(folder, "claim", 0, claim, (size_t)n, fd, e);
}

/* Makes the folder, and the one of all executions, should that have been taken away. 0, or -1 and
 * errno. */
static int folder_make(const char *folder)
{
	const char *slash = strrchr(folder, '/');
	char above[PATH_MAX];

	if (mkdir(folder, 0700) == 0)
		return 0;
	if (errno != ENOENT || slash == NULL || (size_t)(slash - folder) >= sizeof(above))
		return -1;
	memcpy(above, folder, (size_t)(slash - folder));
	above[slash - folder] = '\0';
	if (mkdir(above, 0700) != 0 && errno != EEXIST)
		return -1;
	return mkdir(folder, 0700);
}

int execution_prepare(const char *folder, const struct execution_owner *o,
	struct execution_files *out, struct err *e)
{
	struct execution_files f = {-1, -1, -1, -1};
	int r;

	if (folder_make(folder) != 0)
		return err_set(e, errno == EEXIST ? ERR_EXISTS : ERR_IO, "cannot make %s: %s",
			folder, strerror(errno));
	r = file_make(folder, "script", 0, "", 0, &f.script, e);
	if (r == 0 && o != NULL)
		r = claim_make(folder, o, &f.claim, e);
	if (r == 0)
		r = file_make(folder, "stdout", O_APPEND, "", 0, &f.out, e);
	if (r == 0)
		r = file_make(folder, "stderr", O_APPEND, "", 0, &f.err, e);
	if (r != 0) {
		execution_files_close(&f);
		execution_discard(folder);
		return r;
	}
	*out = f;
	return 0;
}

int execution_script_write(struct execution_files *f, const char *script, size_t len, struct err *e)
{
	int error = fdio_write_all(f->script, script, len) == 0 ? 0 : errno;

	if (close(f->script) != 0 && error == 0)
		error = errno;
	f->script = -1;
	return error == 0 ? 0 : err_set(e, ERR_IO, "cannot write the script: %s", strerror(error));
}

void execution_group_record(int claim_fd, pid_t group)
{
	char line[32] = "group ";
	char digits[16];
	size_t n = 6, d = 0;

	for (long p = group; p > 0; p /= 10)
		digits[d++] = (char)('0' + p % 10);
	while (d > 0)
		line[n++] = digits[--d];
	line[n++] = '\n';
	(void)fdio_write_all(claim_fd, line, n);
}

int execution_result_write(const char *folder, const struct execution_result *r)
{
	char path[PATH_MAX];
	char text[EXECUTION_RESULT_MAX + 1];
	int fd, n, error;

	if (join(path, folder, "result") != 0)
		return ERR_LIMIT;
	n = snprintf(text, sizeof(text), "%s%s %d", r->is_timed_out ? "timeout " : "",
		r->end == EXECUTION_EXITED ? "exit" : "signal", r->number);
	fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return ERR_IO;
	error = fdio_write_all(fd, text, (size_t)n);
	return close(fd) == 0 && error == 0 ? 0 : ERR_IO;
}

/* Takes a whole number from min to max, and the character behind it, unless that is the end. */
static bool number_take(const char **at, const char *ends, int64_t min, int64_t max, int64_t *out)
{
	size_t digits = strspn(*at, "0123456789");
	int64_t n = 0;

	if (digits == 0 || digits > 18 || strchr(ends, (*at)[digits]) == NULL)
		return false;
	for (size_t i = 0; i < digits; i++)
		n = n * 10 + (*at)[i] - '0';
	*at += digits + ((*at)[digits] != '\0');
	*out = n;
	return n >= min && n <= max;
}

/* Takes a word that the text begins with. */
static bool word_take(const char **at, const char *word)
{
	size_t len = strlen(word);

	if (strncmp(*at, word, len) != 0)
		return false;
	*at += len;
	return true;
}

int execution_result_parse(const char *text, struct execution_result *r)
{
	struct execution_result out = {0};
	int64_t number;

	if (text[strspn(text, " \n")] == '\0')
		return ERR_NOTFOUND;
	out.is_timed_out = word_take(&text, "timeout ");
	out.end = word_take(&text, "exit ") ? EXECUTION_EXITED : EXECUTION_SIGNALLED;
	if (out.end == EXECUTION_SIGNALLED && !word_take(&text, "signal "))
		return ERR_CORRUPT;
	if (!number_take(&text, " \n", out.end == EXECUTION_EXITED ? 0 : 1, 255, &number) ||
		text[strspn(text, " \n")] != '\0')
		return ERR_CORRUPT;
	out.number = (int)number;
	*r = out;
	return 0;
}

int execution_result_read(const char *folder, struct execution_result *r)
{
	char path[PATH_MAX], text[EXECUTION_RESULT_MAX + 1];

	if (join(path, folder, "result") != 0 || read_small(path, text, sizeof(text)) < 0)
		return ERR_NOTFOUND;
	return execution_result_parse(text, r);
}

int execution_claim_parse(const char *text, struct execution_claim *c)
{
	struct execution_claim out = {.group = 0};
	int64_t launcher, started, group = 0;
	size_t n;

	if (!word_take(&text, "launcher ") || !number_take(&text, " ", 1, INT32_MAX, &launcher) ||
		!number_take(&text, " ", 0, INT64_MAX, &started))
		return ERR_CORRUPT;
	n = strcspn(text, " \n");
	if (n == 0 || n >= sizeof(out.owner.boot_id) || text[n] != '\n')
		return ERR_CORRUPT;
	memcpy(out.owner.boot_id, text, n);
	text += n + 1;
	/* N.B. a line that did not become whole says nothing. */
	if (strchr(text, '\n') != NULL &&
		(!word_take(&text, "group ") || !number_take(&text, "\n", 2, INT32_MAX, &group)))
		return ERR_CORRUPT;
	out.owner.launcher = (pid_t)launcher;
	out.owner.started = (uint64_t)started;
	out.group = (pid_t)group;
	*c = out;
	return 0;
}

int execution_claim_read(const char *folder, struct execution_claim *c)
{
	char path[PATH_MAX], text[EXECUTION_CLAIM_MAX];

	if (join(path, folder, "claim") != 0 || read_small(path, text, sizeof(text)) < 0)
		return ERR_NOTFOUND;
	return execution_claim_parse(text, c);
}

/* Removes what lies in the folder that fd is, which is closed. */
static void empty_folder(int fd, int depth)
{
	DIR *d = fdopendir(fd);
	const struct dirent *entry;

	if (d == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(d)) != NULL) {
		int child;

		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(dirfd(d), entry->d_name, 0) == 0 || depth == 0)
			continue;
		child = openat(
			dirfd(d), entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (child >= 0)
			empty_folder(child, depth - 1);
		(void)unlinkat(dirfd(d), entry->d_name, AT_REMOVEDIR);
	}
	(void)closedir(d);
}

/* Whether an execution is over: it has a result, or nobody looks after it and nothing of it runs.
 */
static bool is_over(const struct census *c, const char *folder, const char *id)
{
	struct execution_result result;
	struct execution_claim claim;

	if (execution_result_read(folder, &result) == 0)
		return true;
	if (execution_claim_read(folder, &claim) != 0)
		claim = (struct execution_claim){.group = 0};
	else if (execution_is_of_another_boot(&claim))
		return true;
	else if (execution_owner_is_alive(&claim.owner))
		return false;
	return census_signal(c, claim.group, id, 0) == 0;
}

void execution_sweep(const char *executions, int64_t retention_ms, int64_t now_ms)
{
	struct census *census = NULL;
	DIR *d = opendir(executions);
	const struct dirent *entry;
	char folder[PATH_MAX], result[PATH_MAX];
	struct stat st;

	while (d != NULL && (entry = readdir(d)) != NULL) {
		int fd;

		if (join(folder, executions, entry->d_name) != 0 ||
			join(result, folder, "result") != 0)
			continue;
		if (entry->d_name[0] == '.') {
			if (execution_spare_is_left(entry->d_name))
				execution_discard(folder);
			continue;
		}
		/* The result's file is written at the beginning and at the end. */
		if (stat(result, &st) != 0 && lstat(folder, &st) != 0)
			continue;
		if ((int64_t)st.st_mtime * 1000 > now_ms - retention_ms)
			continue;
		if (census == NULL)
			census = census_take();
		if (!is_over(census, folder, entry->d_name))
			continue;
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			continue;
		empty_folder(fd, EXECUTION_SWEEP_DEPTH_MAX);
		(void)rmdir(folder);
	}
	census_free(census);
	if (d != NULL)
		(void)closedir(d);
}
