/*
 * A census from /proc. A process that left its group, by a session of its own, is still known by
 * WINDROW_SCRIPT_EXECUTION_ID in its environment, which its children inherit.
 */
#include "operators/census.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/buf.h"
#include "operators/fdio.h"
#include "operators/operator.h"

#define MARKER "WINDROW_SCRIPT_EXECUTION_ID="
#define ENVIRON_MAX ((size_t)4 << 20) /* bytes of an environment that are looked at */

struct person {
	pid_t pid, group;
	char execution_id[OP_EXECUTION_ID_MAX + 1]; /* "" where it has none */
};

struct census {
	struct person *list;
	size_t n, cap;
};

/* Reads /proc/PID/NAME to its end into b. */
static int read_proc(const char *pid, const char *name, struct buf *b)
{
	char path[64];
	int fd;
	ssize_t n;

	buf_reset(b);
	(void)snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	do {
		char *room = buf_room(b, 4096);

		n = room == NULL ? -1 : fdio_read_all(fd, room, 4096);
		if (n > 0)
			b->len += (size_t)n;
	} while (n == 4096);
	(void)close(fd);
	return b->len > 0 ? 0 : -1;
}

/* The value of the marker in an environment. */
static void find_marker(const struct buf *b, char id[OP_EXECUTION_ID_MAX + 1])
{
	const char *at = b->data, *end = b->data + b->len;

	while (at < end) {
		size_t len = strnlen(at, (size_t)(end - at));

		if (len > sizeof(MARKER) - 1 && len - (sizeof(MARKER) - 1) <= OP_EXECUTION_ID_MAX &&
			memcmp(at, MARKER, sizeof(MARKER) - 1) == 0) {
			memcpy(id, at + sizeof(MARKER) - 1, len - (sizeof(MARKER) - 1));
			id[len - (sizeof(MARKER) - 1)] = '\0';
			return;
		}
		at += len + 1;
	}
}

static int count_one(struct census *c, const char *pid, struct buf *b)
{
	struct person p = {.pid = (pid_t)atol(pid)};
	const char *close_paren;
	long group;
	char state;

	if (read_proc(pid, "stat", b) != 0)
		return 0;
	buf_addc(b, '\0');
	close_paren = memrchr(b->data, ')', b->len);
	if (close_paren == NULL || sscanf(close_paren, ") %c %*d %ld", &state, &group) != 2)
		return 0;
	if (state == 'Z' || state == 'X')
		return 0;
	p.group = (pid_t)group;
	if (read_proc(pid, "environ", b) == 0)
		find_marker(b, p.execution_id);
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 256 : c->cap * 2;
		struct person *list = realloc(c->list, cap * sizeof(*list));

		if (list == NULL)
			return -1;
		c->list = list;
		c->cap = cap;
	}
	c->list[c->n++] = p;
	return 0;
}

struct census *census_take(void)
{
	struct census *c = calloc(1, sizeof(*c));
	DIR *d = opendir("/proc");
	const struct dirent *entry;
	struct buf b;
	int r = 0;

	buf_init(&b, ENVIRON_MAX);
	while (c != NULL && d != NULL && r == 0 && (entry = readdir(d)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			r = count_one(c, entry->d_name, &b);
	buf_free(&b);
	if (d != NULL)
		(void)closedir(d);
	if (c != NULL && c->n > 0 && r == 0)
		return c;
	census_free(c);
	return NULL;
}

void census_free(struct census *c)
{
	if (c != NULL)
		free(c->list);
	free(c);
}

size_t census_signal(const struct census *c, pid_t group, const char *execution_id, int signal)
{
	size_t n = 0;

	/* The group first, all at once: nobody in it can fork away from under the signal. */
	if (group > 1 && kill(-group, signal) == 0 && c == NULL)
		return 1;
	for (size_t i = 0; c != NULL && i < c->n; i++) {
		const struct person *p = &c->list[i];
		bool is_member = group > 1 && p->group == group;

		if (!is_member && strcmp(p->execution_id, execution_id) != 0)
			continue;
		if (!is_member && kill(p->pid, signal) != 0 && errno == ESRCH)
			continue;
		n++;
	}
	return n;
}
