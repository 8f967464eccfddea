/*
 * A local execution's claim and result, as they lie on disk. What is taken is what could have been
 * written: a process that a signal may be sent to, a status that a process can end with; and it is
 * the same when it is written anew. In a folder they are what was written there; and a sweep takes
 * those that are over, and never one that somebody looks after. The first byte chooses.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/census.h"
#include "operators/execution.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FOLDERS_FROM 192 /* of the first byte: a folder and its files */
#define LATER (INT64_MAX / 2) /* when anything that is over has been for long */
#define ID "1-2-fuzz"

static void check_claim(const char *text)
{
	struct execution_claim c, again;
	char anew[EXECUTION_CLAIM_MAX];
	int r = execution_claim_parse(text, &c), n;

	if (r != 0 && r != ERR_CORRUPT)
		abort();
	if (r != 0)
		return;
	if (c.owner.launcher < 1 || c.owner.boot_id[0] == '\0' || (c.group != 0 && c.group < 2))
		abort();
	n = snprintf(anew, sizeof(anew), "launcher %ld %" PRIu64 " %s\n", (long)c.owner.launcher,
		c.owner.started, c.owner.boot_id);
	if (c.group != 0)
		(void)snprintf(anew + n, sizeof(anew) - (size_t)n, "group %ld\n", (long)c.group);
	if (execution_claim_parse(anew, &again) != 0 || again.group != c.group ||
		again.owner.launcher != c.owner.launcher ||
		again.owner.started != c.owner.started ||
		strcmp(again.owner.boot_id, c.owner.boot_id) != 0)
		abort();
}

static void check_result(const char *text)
{
	struct execution_result out, again;
	char anew[EXECUTION_RESULT_MAX + 1];
	int r = execution_result_parse(text, &out);

	if (r != 0 && r != ERR_NOTFOUND && r != ERR_CORRUPT)
		abort();
	if (r != 0)
		return;
	if (out.number < (out.end == EXECUTION_EXITED ? 0 : 1) || out.number > 255)
		abort();
	(void)snprintf(anew, sizeof(anew), "%s%s %d", out.is_timed_out ? "timeout " : "",
		out.end == EXECUTION_EXITED ? "exit" : "signal", out.number);
	if (execution_result_parse(anew, &again) != 0 || again.end != out.end ||
		again.number != out.number || again.is_timed_out != out.is_timed_out)
		abort();
}

/* ---- who runs on this machine: groups of even numbers ---- */

struct census {
	int n;
};

struct census *census_take(void)
{
	return calloc(1, sizeof(struct census));
}

void census_free(struct census *c)
{
	free(c);
}

size_t census_signal(const struct census *c, pid_t group, const char *execution_id, int signal)
{
	if (c == NULL || strcmp(execution_id, ID) != 0 || signal != 0)
		abort();
	return group != 0 && group % 2 == 0;
}

/* ---- folders ---- */

static char executions[64];
static char folder[sizeof(executions) + sizeof("/" ID)];

static void leave(void)
{
	execution_discard(folder);
	(void)rmdir(executions);
}

static void prepare(void)
{
	/* In memory, where that is possible: a disk is slow. */
	(void)snprintf(executions, sizeof(executions), "/dev/shm/windrow-fuzz-XXXXXX");
	if (mkdtemp(executions) == NULL)
		(void)snprintf(executions, sizeof(executions), "/tmp/windrow-fuzz-XXXXXX");
	if ((access(executions, W_OK) != 0 && mkdtemp(executions) == NULL) || atexit(leave) != 0)
		abort();
	(void)snprintf(folder, sizeof(folder), "%s/" ID, executions);
}

/* Whether an execution's folder is still there, with all that stood in it. */
static int is_there(void)
{
	static const char *const names[] = {"script", "stdout", "stderr", "claim", "result"};
	char path[sizeof(folder) + 16];
	size_t n = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		n += access(path, F_OK) == 0;
	}
	if (n != 0 && n != sizeof(names) / sizeof(names[0]))
		abort();
	return n != 0;
}

static int same_owner(const struct execution_owner *a, const struct execution_owner *b)
{
	return a->launcher == b->launcher && a->started == b->started &&
		strcmp(a->boot_id, b->boot_id) == 0;
}

/* An execution of ours from its beginning to its end, with a group and a result of the bytes. */
static void live(const struct execution_owner *self, const uint8_t *data, size_t size)
{
	struct execution_result r = {.end = EXECUTION_EXITED}, again;
	struct execution_files f;
	struct execution_claim c;
	int32_t group = 0;
	struct err e;

	memcpy(&group, data, size < sizeof(group) ? size : sizeof(group));
	group = 2 + (group & 0x3fffffff);
	if (size > 4)
		r = (struct execution_result){
			.end = data[4] & 1 ? EXECUTION_SIGNALLED : EXECUTION_EXITED,
			.number = 1 + data[size - 1] % 255,
			.is_timed_out = data[4] & 2};
	if (execution_prepare(folder, self, &f, &e) != 0 ||
		execution_prepare(folder, self, &f, &e) != ERR_EXISTS ||
		execution_script_write(&f, (const char *)data, size, &e) != 0 ||
		execution_claim_read(folder, &c) != 0 || !same_owner(&c.owner, self) ||
		c.group != 0)
		abort();
	execution_group_record(f.claim, group);
	if (execution_claim_read(folder, &c) != 0 || !same_owner(&c.owner, self) ||
		c.group != group || execution_is_of_another_boot(&c) ||
		!execution_owner_is_alive(&c.owner) ||
		execution_result_read(folder, &again) != ERR_NOTFOUND)
		abort();
	execution_files_close(&f);
	execution_sweep(executions, 0, LATER);
	if (!is_there())
		abort();
	if (execution_result_write(folder, &r) != 0 || execution_result_read(folder, &again) != 0 ||
		again.end != r.end || again.number != r.number ||
		again.is_timed_out != r.is_timed_out)
		abort();
	execution_sweep(executions, 0, 0);
	if (!is_there())
		abort();
	execution_sweep(executions, 0, LATER);
	if (is_there())
		abort();
}

static void file_write(const char *name, const char *bytes, size_t len)
{
	char path[sizeof(folder) + 16];
	int fd;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len || close(fd) != 0)
		abort();
}

/* The claim of the bytes up to the first 2, in which 1 stands for our own and 4 for the boot: its
 * length. */
static size_t claim_expand(const struct execution_owner *self, const uint8_t *data, size_t size,
	char *out, size_t *used)
{
	size_t n = 0, i = 0;

	for (; i < size && data[i] != 2 && n < EXECUTION_CLAIM_MAX; i++) {
		if (data[i] == 1)
			n += (size_t)snprintf(out + n, EXECUTION_CLAIM_MAX,
				"launcher %ld %" PRIu64 " %s\n", (long)self->launcher,
				self->started, self->boot_id);
		else if (data[i] == 4)
			n += (size_t)snprintf(out + n, EXECUTION_CLAIM_MAX, "%s\n", self->boot_id);
		else
			out[n++] = (char)data[i];
	}
	*used = i < size ? i + 1 : i;
	return n;
}

/* Whether nobody looks after it any more, and nothing of it runs. */
static int is_left(void)
{
	struct execution_claim c;

	if (execution_claim_read(folder, &c) != 0)
		return 1;
	return execution_is_of_another_boot(&c) ||
		(!execution_owner_is_alive(&c.owner) && (c.group == 0 || c.group % 2 != 0));
}

/* A folder that somebody has left, whose files hold anything. */
static void find(const struct execution_owner *self, const uint8_t *data, size_t size)
{
	char claim[2 * EXECUTION_CLAIM_MAX];
	size_t used, n = claim_expand(self, data, size, claim, &used);
	struct execution_result r = {.number = 0};
	struct execution_files f;
	struct err e;
	int is_over;

	if (execution_prepare(folder, self, &f, &e) != 0)
		abort();
	execution_files_close(&f);
	file_write("claim", claim, n);
	file_write("result", (const char *)data + used, size - used);
	is_over = execution_result_read(folder, &r) == 0 || is_left();
	if (r.number < 0 || r.number > 255)
		abort();
	execution_sweep(executions, 0, LATER);
	if (is_there() == is_over)
		abort();
	execution_discard(folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct execution_owner self;
	char *text;

	if (size == 0)
		return 0;
	if (data[0] >= FOLDERS_FROM) {
		if (self.launcher == 0) {
			prepare();
			execution_owner_self(&self);
		}
		(data[0] % 2 == 0 ? live : find)(&self, data + 1, size - 1);
		return 0;
	}
	text = strndup((const char *)data + 1, size - 1);
	if (text == NULL)
		abort();
	(data[0] % 2 == 0 ? check_claim : check_result)(text);
	free(text);
	return 0;
}
