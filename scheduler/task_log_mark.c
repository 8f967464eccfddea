/* A mark is one line of three numbers of 20 digits, so that it is always written whole, in its
 * place. */
#include "scheduler/task_log_mark.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "operators/fdio.h"

#define MARK_DIGITS 20
#define MARK_LEN (3 * (MARK_DIGITS + 1)) /* bytes */
#define MARK_MAX (INT64_MAX / 2) /* bytes of a file or a stream */

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

/* Reads a mark; what was not written so is none. */
static void parse(const char *text, struct task_log_mark *out)
{
	int64_t n[3];

	for (int i = 0; i < 3; i++) {
		n[i] = 0;
		for (int k = 0; k < MARK_DIGITS; k++, text++) {
			if (*text < '0' || *text > '9' || n[i] > MARK_MAX / 10)
				return;
			n[i] = n[i] * 10 + *text - '0';
		}
		if (*text++ != (i < 2 ? ' ' : '\n'))
			return;
	}
	*out = (struct task_log_mark){.size = n[0], .output_at = {n[1], n[2]}};
}

void task_log_mark_read(const char *path, struct task_log_mark *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[MARK_LEN];

	memset(out, 0, sizeof(*out));
	if (fd < 0)
		return;
	if (fdio_read_all(fd, text, MARK_LEN) == MARK_LEN)
		parse(text, out);
	(void)close(fd);
}
