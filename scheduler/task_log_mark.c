/* A mark is one line of three numbers of 20 digits, so that it is always written whole, in its
 * place. */
#include "scheduler/task_log_mark.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "operators/fdio.h"

#define MARK_LEN 63 /* bytes */

/* Beside the log, and hidden: .attempt=1.mark */
bool task_log_mark_path_make(const char *log, char *path, size_t size)
{
	const char *slash = strrchr(log, '/'), *dot = strrchr(log, '.');
	int n;

	if (slash == NULL || dot == NULL || dot < slash)
		return false;
	n = snprintf(path, size, "%.*s/.%.*s.mark", (int)(slash - log), log, (int)(dot - slash - 1),
		slash + 1);
	return n >= 0 && (size_t)n < size;
}

void task_log_mark_write(const char *path, int *fd, const struct task_log_mark *m)
{
	char text[MARK_LEN + 1];

	if (*fd < 0)
		*fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	(void)snprintf(text, sizeof(text), "%020lld %020lld %020lld\n", (long long)m->size,
		(long long)m->output_at[0], (long long)m->output_at[1]);
	if (*fd >= 0 && pwrite(*fd, text, MARK_LEN, 0) != MARK_LEN)
		(void)unlink(path);
}

void task_log_mark_read(const char *path, struct task_log_mark *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[MARK_LEN + 1];
	long long n[3];

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return;
	if (fdio_read_all(fd, text, MARK_LEN) == MARK_LEN) {
		text[MARK_LEN] = '\0';
		if (sscanf(text, "%20lld %20lld %20lld", &n[0], &n[1], &n[2]) == 3 && n[0] >= 0 &&
			n[1] >= 0 && n[2] >= 0)
			*out = (struct task_log_mark){.size = n[0], .output_at = {n[1], n[2]}};
	}
	(void)close(fd);
}
