/*
 * The output of local scripts. It goes to files, so that it neither holds up a script nor is lost
 * with the engine; here the files are followed while the script runs, and read out at its end.
 *
 * A log takes log_limit bytes: the first half as they come, and the last half at the end; what lies
 * between is named in the log and stays in the files. A read never waits: these are plain files
 * that have just been written.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/local_impl.h"

static const char *const stream_names[] = {"standard output", "standard error"};

/* At most len bytes at offset into buffer. How many; where there are none, *error says why, unless
 * it is 0: the file ends there. It may be that no descriptor is to be had just now. */
static size_t read_at(const char *path, int64_t offset, char *buffer, size_t len, int *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	ssize_t n = fd < 0 ? -1 : pread(fd, buffer, len, (off_t)offset);

	*error = n < 0 ? errno : 0;
	if (fd >= 0)
		(void)close(fd);
	return n > 0 ? (size_t)n : 0;
}

static int64_t file_size(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? (int64_t)st.st_size : 0;
}

/* How many bytes of this stream may be handed on now: of the first half of the limit until the
 * sizes are known and the middle is cut. */
static int64_t allowed(const struct local_try *t, int i)
{
	const struct local_stream *s = &t->streams[i];
	int64_t size = t->has_ended ? s->size : file_size(s->path);
	int64_t room = (t->is_cut ? t->log_limit : t->log_limit / 2) - t->logged;
	int64_t left = size - s->offset;

	return left < room ? left : room;
}

/* Once the sizes are known: leaves out the middle of what is too much. */
static void cut(struct local_try *t)
{
	int64_t left[2], room = t->log_limit - t->logged;
	char text[1024];

	t->is_cut = true;
	for (int i = 0; i < 2; i++)
		left[i] = t->streams[i].size - t->streams[i].offset;
	if (left[0] + left[1] <= room)
		return;
	for (int i = 0; i < 2; i++) {
		int64_t share = left[1 - i] < room / 2 ? room - left[1 - i] : room / 2;

		if (left[i] <= share)
			continue;
		t->streams[i].offset += left[i] - share;
		t->events->on_gap(t->ctx, i == 0 ? OP_STDOUT : OP_STDERR);
		(void)snprintf(text, sizeof(text),
			"%lld bytes of %s were cut here: log_limit is %lld bytes; all of it is in "
			"%s",
			(long long)(left[i] - share), stream_names[i], (long long)t->log_limit,
			t->streams[i].path);
		t->events->on_log(t->ctx, OP_WARNING, "local.c", __LINE__, text);
	}
}

/* There is no more of a stream than was read: it is shorter than it was, as the script cut it, or
 * it cannot be read. */
static void give_up(struct local_try *t, int i, int error)
{
	struct local_stream *s = &t->streams[i];
	char text[1024];

	if (error != 0 && error != ENOENT) {
		(void)snprintf(text, sizeof(text),
			"%lld bytes of %s cannot be read: %s; they are in %s",
			(long long)(s->size - s->offset), stream_names[i], strerror(error),
			s->path);
		t->events->on_log(t->ctx, OP_WARNING, "local.c", __LINE__, text);
	}
	s->size = s->offset;
}

/* Hands on what may be of one stream, at most *slice bytes, which it lessens. */
static void follow_one(struct local_try *t, int i, int64_t *slice)
{
	struct local_stream *s = &t->streams[i];

	for (int64_t n = allowed(t, i); n > 0 && *slice > 0; n = allowed(t, i)) {
		int error;
		size_t got = read_at(s->path, s->offset, t->owner->slice,
			(size_t)(n < *slice ? n : *slice), &error);

		if (got == 0 && t->has_ended)
			give_up(t, i, error);
		if (got == 0)
			return;
		s->offset += (int64_t)got;
		t->logged += (int64_t)got;
		*slice -= (int64_t)got;
		t->events->on_output(t->ctx, i == 0 ? OP_STDOUT : OP_STDERR, t->owner->slice, got);
	}
}

bool local_stream_follow(struct local_try *t)
{
	int64_t slice = (int64_t)LOCAL_SLICE;

	for (int i = 0; i < 2; i++)
		follow_one(t, i, &slice);
	if (!t->has_ended || slice <= 0)
		return slice <= 0;
	if (!t->is_cut)
		cut(t);
	for (int i = 0; i < 2; i++)
		follow_one(t, i, &slice);
	return slice <= 0;
}

static struct op_bytes read_tail(const struct local_stream *s)
{
	size_t len = s->size > (int64_t)OP_TAIL_MAX ? OP_TAIL_MAX : (size_t)s->size;
	char *data = s->size > 0 ? malloc(len + 1) : NULL;
	int error;

	if (data == NULL)
		return (struct op_bytes){.data = NULL, .len = 0};
	len = read_at(s->path, s->size - (int64_t)len, data, len, &error);
	data[len] = '\0';
	return (struct op_bytes){.data = data, .len = len};
}

/* The response, or why it cannot be taken. */
static int read_response(const struct local_try *t, struct op_bytes *out, struct err *e)
{
	int fd = open(t->response_path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *data = NULL;
	ssize_t n = -1;

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0)
		return err_set(e, ERR_IO, "cannot read the response: %s", strerror(errno));
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		(void)close(fd);
		return err_set(
			e, ERR_INVALID, "the response is no regular file: %s", t->response_path);
	}
	if (st.st_size > t->response_limit) {
		(void)close(fd);
		return err_set(e, ERR_LIMIT,
			"the response has %lld bytes; its response_limit is %lld",
			(long long)st.st_size, (long long)t->response_limit);
	}
	data = malloc((size_t)st.st_size + 1);
	if (data != NULL)
		n = pread(fd, data, (size_t)st.st_size, 0);
	(void)close(fd);
	if (n < 0) {
		free(data);
		return err_set(e, ERR_IO, "cannot read the response: %s", strerror(errno));
	}
	data[n] = '\0';
	*out = (struct op_bytes){.data = data, .len = (size_t)n};
	return 0;
}

void local_stream_collect(struct local_try *t)
{
	struct err e;

	t->result.logs = read_tail(&t->streams[0]);
	t->result.error = read_tail(&t->streams[1]);
	if (!t->has_response)
		return;
	if (read_response(t, &t->result.response, &e) == 0 || t->result.message[0] != '\0')
		return;
	free(t->message);
	t->message = strdup(e.text);
	t->result.message = t->message == NULL ? "the response cannot be taken" : t->message;
}

void local_stream_release(struct local_try *t)
{
	union {
		const char *in;
		char *out;
	} data[] = {{t->result.logs.data}, {t->result.error.data}, {t->result.response.data}};

	for (size_t i = 0; i < sizeof(data) / sizeof(data[0]); i++)
		free(data[i].out);
}
