/*
 * Logs of tries. Bytes of output go into the file as they are; whoever shows them to a person makes
 * them harmless. A log that cannot be written is told once and does not fail its task; it goes on
 * when it can be, and says where something is missing.
 */
#include "scheduler/task_log.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "engine/mask.h"
#include "engine/run.h"
#include "scheduler/log_file.h"
#include "scheduler/log_name.h"
#include "scheduler/task_log_mark.h"

/* How far a stream of output has come. */
struct progress {
	int64_t fed; /* bytes that came */
	int64_t line_at; /* where the line begins that is not whole yet */
	size_t n_in, n_out; /* newlines that came, and that the mask has let through */
	bool is_broken; /* that line was too long, and a piece of it is in the log */
};

struct task_log {
	struct log_file file; /* its path "": none */
	char mark_path[PATH_MAX]; /* "": none */
	int mark_fd; /* -1: not open */
	int64_t size; /* of the file, as far as it is ours */
	int64_t cut_at; /* to be cut off here when output comes; -1: not */
	struct progress progress[2];
	bool has_no_file; /* its name is too long */
	bool is_failing; /* what has gathered could not be written */
	bool is_torn; /* the file ends within a line */
	int error; /* of the system, why it is failing; 0: it is not, or that was told */
	bool is_resumed; /* another process began it */
	struct buf gathered;
	struct buf partial[2]; /* lines of output without their end yet */
	const struct mask *mask;
	struct mask_stream *masked[2]; /* NULL: no output has had to pass the mask yet */
	struct buf clean; /* what has passed it */
	bool is_cut[2]; /* the rest of the line that comes is not shown */
	struct task_log_listener listener;
	int64_t stamp_time;
	char stamp[INSTANT_TEXT_MAX];
	struct buf head[2]; /* what a line of each stream begins with at head_time */
	int64_t head_time[2];
};

bool task_log_path_make(const struct task_log_place *place, char *path, size_t size)
{
	char instance[32] = "", dag[LOG_NAME_SIZE], run[LOG_NAME_SIZE], task[LOG_NAME_SIZE];
	int n;

	if (place->instance != RUN_NO_INSTANCE)
		(void)snprintf(instance, sizeof(instance), "map_index=%u/", place->instance);
	n = snprintf(path, size, "%s/%s/%s/%s/%sattempt=%u.log", place->folder,
		log_name_make("dag_id", place->dag_id, dag),
		log_name_make("run_id", place->run_id, run),
		log_name_make("task_id", place->task_id, task), instance, place->try_number);
	return n >= 0 && (size_t)n < size;
}

int task_log_open(const struct task_log_place *place, const struct task_log_listener *listener,
	struct task_log **out)
{
	struct task_log *l = malloc(sizeof(*l));

	if (l == NULL)
		return ERR_NOMEM;
	log_file_init(&l->file);
	l->mark_path[0] = '\0';
	l->mark_fd = -1;
	l->size = 0;
	l->cut_at = -1;
	memset(l->progress, 0, sizeof(l->progress));
	l->is_failing = l->is_torn = false;
	l->error = 0;
	l->has_no_file = place->folder != NULL &&
		!task_log_path_make(place, l->file.path, sizeof(l->file.path) - sizeof(".mark"));
	if (place->has_mark && place->folder != NULL && !l->has_no_file)
		l->has_no_file =
			!task_log_mark_path_make(l->file.path, l->mark_path, sizeof(l->mark_path));
	l->is_resumed = false;
	buf_init(&l->gathered, 0);
	buf_init(&l->partial[0], 0);
	buf_init(&l->partial[1], 0);
	buf_init(&l->clean, 0);
	buf_init(&l->head[0], 0);
	buf_init(&l->head[1], 0);
	l->head_time[0] = l->head_time[1] = INSTANT_NONE;
	l->mask = place->mask;
	l->masked[0] = l->masked[1] = NULL;
	l->is_cut[0] = l->is_cut[1] = false;
	l->listener = *listener;
	l->stamp_time = INSTANT_NONE;
	*out = l;
	return 0;
}

static void head_add(struct task_log *l, int64_t now, enum op_level level, const char *file,
	int line, struct buf *out)
{
	static const char *const words[] = {"INFO", "WARNING", "ERROR"};

	if (now != l->stamp_time)
		(void)instant_format_log(now, l->stamp);
	l->stamp_time = now;
	buf_addf(out, "[%s] {%s:%d} %s - ", l->stamp, file, line, words[level]);
}

static bool has_secrets(const struct task_log *l)
{
	return l->mask != NULL && !mask_is_empty(l->mask);
}

static void line_add(struct task_log *l, int64_t now, enum op_level level, const char *file,
	int line, const char *text, size_t len)
{
	if (l->file.path[0] == '\0')
		return;
	head_add(l, now, level, file, line, &l->gathered);
	buf_add(&l->gathered, text, len);
	buf_addc(&l->gathered, '\n');
}

void task_log_line(struct task_log *l, int64_t now, enum op_level level, const char *file, int line,
	const char *text, size_t len)
{
	struct buf clean;

	if (!has_secrets(l)) {
		line_add(l, now, level, file, line, text, len);
		return;
	}
	buf_init(&clean, 0);
	mask_sentence(l->mask, text, len, &clean);
	line_add(l, now, level, file, line, buf_str(&clean), clean.len);
	buf_free(&clean);
}

static void output_line(
	struct task_log *l, int64_t now, enum op_stream stream, const char *text, size_t len)
{
	struct buf *head = &l->head[stream];
	char *to;

	/* Lines come by the thousand in a millisecond: what they have in common is made once. */
	if (now != l->head_time[stream]) {
		buf_reset(head);
		head_add(l, now, stream == OP_STDOUT ? OP_INFO : OP_WARNING, "task_log.c", __LINE__,
			head);
		l->head_time[stream] = now;
	}
	to = l->file.path[0] == '\0' ? NULL : buf_room(&l->gathered, head->len + len + 1);
	if (to != NULL) {
		memcpy(to, buf_str(head), head->len);
		memcpy(to + head->len, text, len);
		memcpy(to + head->len + len, "\n", 2);
		l->gathered.len += head->len + len + 1;
	}
	if (l->listener.on_line != NULL)
		l->listener.on_line(l->listener.ctx, stream, text, len);
}

/* Output has come as it is, before the mask. */
static void feed(struct task_log *l, enum op_stream stream, const char *bytes, size_t len)
{
	struct progress *p = &l->progress[stream];
	const char *at = bytes, *end = bytes + len;

	if (l->mark_path[0] == '\0')
		return;
	for (; (at = memchr(at, '\n', (size_t)(end - at))) != NULL; at++) {
		p->n_in++;
		p->line_at = p->fed + (at + 1 - bytes);
	}
	p->fed += (int64_t)len;
}

/* Ends the line that waits. */
static void partial_end(struct task_log *l, int64_t now, enum op_stream stream)
{
	struct buf *b = &l->partial[stream];

	output_line(l, now, stream, buf_str(b), b->len);
	buf_reset(b);
}

static void flush(struct task_log *l);

/* Output that may be seen, line by line. */
static void add_output(
	struct task_log *l, int64_t now, enum op_stream stream, const char *bytes, size_t len)
{
	struct buf *b = &l->partial[stream];

	while (len > 0) {
		const char *end = memchr(bytes, '\n', len);
		size_t n = end == NULL ? len : (size_t)(end - bytes);
		size_t room = TASK_LOG_LINE_MAX - b->len;
		size_t take = n < room ? n : room;
		bool is_ended = end != NULL && take == n;
		bool is_whole = is_ended || take == room;

		if (is_whole && b->len == 0) {
			/* N.B. all of a line may be in the log when its end comes. */
			if (take > 0 || !l->progress[stream].is_broken)
				output_line(l, now, stream, bytes, take);
		} else {
			buf_add(b, bytes, take);
			if (is_whole)
				partial_end(l, now, stream);
		}
		l->progress[stream].is_broken =
			!is_ended && (is_whole || l->progress[stream].is_broken);
		if (is_ended) {
			l->progress[stream].n_out++;
			take++;
		}
		bytes += take;
		len -= take;
		if (l->gathered.len >= (l->is_failing ? TASK_LOG_KEPT_MAX : TASK_LOG_GATHER))
			flush(l);
	}
}

/* Cuts off what an earlier process wrote behind its mark, as it comes again. */
static void cut(struct task_log *l)
{
	if (l->cut_at < 0)
		return;
	if (truncate(l->file.path, (off_t)l->cut_at) == 0)
		l->size = l->cut_at;
	l->cut_at = -1;
}

/* What is left of output behind a gap once the line in which it begins is taken away. */
static size_t line_skip(struct task_log *l, enum op_stream stream, const char **bytes, size_t len)
{
	const char *end = memchr(*bytes, '\n', len);
	size_t n = end == NULL ? len : (size_t)(end - *bytes) + 1;

	l->is_cut[stream] = end == NULL;
	l->progress[stream].is_broken = end == NULL;
	*bytes += n;
	return len - n;
}

/* N.B. where memory is too short for masking, output is left out rather than shown. */
void task_log_output(
	struct task_log *l, int64_t now, enum op_stream stream, const char *bytes, size_t len)
{
	cut(l);
	feed(l, stream, bytes, len);
	if (l->is_cut[stream])
		len = line_skip(l, stream, &bytes, len);
	if (l->masked[stream] == NULL && !has_secrets(l)) {
		add_output(l, now, stream, bytes, len);
		return;
	}
	if (l->masked[stream] == NULL)
		l->masked[stream] = mask_stream_create(l->mask);
	if (l->masked[stream] == NULL)
		return;
	mask_stream_feed(l->masked[stream], bytes, len, &l->clean);
	if (buf_status(&l->clean) == 0)
		add_output(l, now, stream, buf_str(&l->clean), l->clean.len);
	buf_reset(&l->clean);
}

/* What the mask held back, since it may have been the beginning of a secret, was none. */
static void mask_end(struct task_log *l, int64_t now, enum op_stream stream)
{
	if (l->masked[stream] == NULL)
		return;
	mask_stream_flush(l->masked[stream], &l->clean);
	if (buf_status(&l->clean) == 0)
		add_output(l, now, stream, buf_str(&l->clean), l->clean.len);
	buf_reset(&l->clean);
}

void task_log_output_gap(struct task_log *l, int64_t now, enum op_stream stream)
{
	if (l->masked[stream] != NULL) {
		mask_stream_cut(l->masked[stream], &l->clean);
		if (buf_status(&l->clean) == 0)
			add_output(l, now, stream, buf_str(&l->clean), l->clean.len);
		buf_reset(&l->clean);
	}
	if (l->partial[stream].len > 0) {
		partial_end(l, now, stream);
		l->progress[stream].is_broken = true;
	}
	l->is_cut[stream] = has_secrets(l);
}

void task_log_output_end(struct task_log *l, int64_t now)
{
	mask_end(l, now, OP_STDOUT);
	mask_end(l, now, OP_STDERR);
	if (l->partial[OP_STDOUT].len > 0)
		partial_end(l, now, OP_STDOUT);
	if (l->partial[OP_STDERR].len > 0)
		partial_end(l, now, OP_STDERR);
}

/* Where the file and the streams stand, if that can be told: N.B. what the mask holds back, or has
 * put other bytes in the place of, may make it untold for a while. The last mark counts on then. */
static bool mark_get(const struct task_log *l, struct task_log_mark *out)
{
	out->size = l->size;
	for (int i = 0; i < 2; i++) {
		const struct progress *p = &l->progress[i];

		if (p->is_broken || p->n_in != p->n_out)
			return false;
		out->output_at[i] = p->line_at;
	}
	return true;
}

static void mark_write(struct task_log *l)
{
	struct task_log_mark m;

	if (l->mark_path[0] != '\0' && mark_get(l, &m))
		task_log_mark_write(l->mark_path, &l->mark_fd, &m);
}

void task_log_resume(struct task_log *l, struct task_log_mark *out)
{
	struct stat st;

	memset(out, 0, sizeof(*out));
	if (l->mark_path[0] == '\0' || stat(l->file.path, &st) != 0)
		return;
	task_log_mark_read(l->mark_path, out);
	if (out->size > st.st_size)
		memset(out, 0, sizeof(*out));
	l->size = st.st_size;
	if (out->size < st.st_size)
		l->cut_at = out->size;
	l->is_resumed = true;
	for (int i = 0; i < 2; i++)
		l->progress[i].fed = l->progress[i].line_at = out->output_at[i];
}

static void gathered_drop(struct task_log *l)
{
	static const char text[] = "what was printed here is missing: the log could not be written";

	buf_reset(&l->gathered);
	if (l->is_torn)
		buf_addc(&l->gathered, '\n');
	line_add(l, l->stamp_time, OP_WARNING, "task_log.c", __LINE__, text, sizeof(text) - 1);
}

/* What cannot be written waits, up to a limit. */
static bool write_gathered(struct task_log *l)
{
	struct buf *b = &l->gathered;
	size_t done = log_file_append(&l->file, b->data, b->len);
	int error = errno;

	l->size += (int64_t)done;
	if (done == b->len) {
		l->is_failing = l->is_torn = false;
		l->error = 0;
		buf_reset(b);
		return true;
	}
	if (done > 0) {
		l->is_torn = b->data[done - 1] != '\n';
		b->len -= done;
		memmove(b->data, b->data + done, b->len + 1);
	}
	if (b->len >= TASK_LOG_KEPT_MAX)
		gathered_drop(l);
	if (!l->is_failing)
		l->error = error;
	l->is_failing = true;
	return false;
}

/* Writes what has gathered, and the mark; that it cannot is told later. */
static void flush(struct task_log *l)
{
	/* What is to be cut off may be all that there will ever be. */
	if (l->cut_at >= 0 && l->gathered.len < TASK_LOG_GATHER)
		return;
	if (l->has_no_file || l->gathered.len == 0 || l->file.path[0] == '\0')
		buf_reset(&l->gathered);
	else if (write_gathered(l))
		mark_write(l);
}

int task_log_flush(struct task_log *l, struct err *e)
{
	int error;

	flush(l);
	error = l->error;
	l->error = 0;
	return error == 0
		? 0
		: err_set(e, ERR_IO, "cannot %s the log %s: %s", l->file.fd < 0 ? "make" : "write",
			  l->file.path, strerror(error));
}

int task_log_close(struct task_log *l, bool is_over, struct err *e)
{
	int r = 0;

	if (l == NULL)
		return 0;
	l->cut_at = -1;
	if (is_over && (l->mark_fd >= 0 || l->is_resumed) && l->mark_path[0] != '\0')
		(void)unlink(l->mark_path);
	if (is_over)
		l->mark_path[0] = '\0';
	r = task_log_flush(l, e);
	log_file_close(&l->file);
	if (l->mark_fd >= 0)
		(void)close(l->mark_fd);
	buf_free(&l->gathered);
	buf_free(&l->partial[0]);
	buf_free(&l->partial[1]);
	buf_free(&l->clean);
	buf_free(&l->head[0]);
	buf_free(&l->head[1]);
	mask_stream_destroy(l->masked[0]);
	mask_stream_destroy(l->masked[1]);
	free(l);
	return r;
}

const char *task_log_path(const struct task_log *l)
{
	return l->file.path;
}
