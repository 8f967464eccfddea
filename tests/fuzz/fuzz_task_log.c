/*
 * Logs of tries. Output comes in pieces (the first byte is their length); the process may be killed
 * at any place and another takes its log up. All the same every line of output is in the file once,
 * each stream's in its order, as if it had come whole; no line is longer than the maximum; and no
 * secret is in it. Of the other bytes 1 stands for the secret, 2 for the other stream from here on,
 * 3 for many bytes, 4 for a flush, 5 for a process that is killed; where the first byte is 255 the
 * rest is what stands in a mark.
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "engine/mask.h"
#include "engine/run.h"
#include "scheduler/task_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define SECRET "hunter2000"
#define MANY (TASK_LOG_LINE_MAX / 2)
#define SIZE_MOST 400 /* of an input */
#define KILLS_MOST 4
#define MANIES_MOST 4 /* masking them takes a while */
#define NOW INT64_C(1700000000000)

static char folder[] = "/tmp/windrow-fuzz-XXXXXX";
static char path[400], mark_path[400];
static struct mask *mask;
static struct task_log_place place = {.folder = folder,
	.dag_id = "d",
	.run_id = "r",
	.task_id = "t",
	.instance = RUN_NO_INSTANCE,
	.try_number = 1,
	.has_mark = true};

/* The file's folder and those above it, up to ours. */
static void leave(void)
{
	(void)unlink(path);
	(void)unlink(mark_path);
	for (char *slash; (slash = strrchr(path, '/')) != NULL && strlen(path) > strlen(folder);) {
		*slash = '\0';
		(void)rmdir(path);
	}
}

static void prepare(void)
{
	mask = mask_create();
	if (mkdtemp(folder) == NULL || mask == NULL || mask_add(mask, SECRET, strlen(SECRET)) != 0)
		abort();
	place.mask = mask;
	if (!task_log_path_make(&place, path, sizeof(path)) ||
		!task_log_mark_path_make(path, mark_path, sizeof(mark_path)) || atexit(leave) != 0)
		abort();
}

/* ---- files ---- */

static void file_read(const char *name, struct buf *out)
{
	FILE *f = fopen(name, "rb");
	char bytes[4096];
	size_t n;

	buf_reset(out);
	while (f != NULL && (n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(out, bytes, n);
	if (f != NULL)
		(void)fclose(f);
}

static void file_write(const char *name, const struct buf *bytes, bool is_there)
{
	FILE *f;

	(void)unlink(name);
	f = is_there ? fopen(name, "wb") : NULL;
	if (f == NULL)
		return;
	(void)fwrite(buf_str(bytes), 1, bytes->len, f);
	(void)fclose(f);
}

/* ---- what is to be written ---- */

static struct buf streams[2];

static void many_add(struct buf *b)
{
	char *room = buf_room(b, MANY);

	if (room == NULL)
		abort();
	memset(room, 'x', MANY);
	b->len += MANY;
	b->data[b->len] = '\0';
}

static void streams_make(const uint8_t *data, size_t size)
{
	int to = 0;

	for (size_t i = 0; i < size; i++) {
		if (data[i] == 1)
			buf_adds(&streams[to], SECRET);
		else if (data[i] == 2)
			to = !to;
		else if (data[i] == 3)
			many_add(&streams[to]);
		else if (data[i] > 5)
			buf_addc(&streams[to], (char)data[i]);
	}
}

/* Hears lines: each as its stream's digit, the line and a newline. */
static void on_line(void *ctx, enum op_stream stream, const char *text, size_t len)
{
	struct buf *b = ctx;

	if (len > TASK_LOG_LINE_MAX || memmem(text, len, SECRET, strlen(SECRET)) != NULL)
		abort();
	buf_add(&b[stream], text, len);
	buf_addc(&b[stream], '\n');
}

static struct task_log *log_open(struct buf *heard)
{
	const struct task_log_listener listener = {
		.ctx = heard, .on_line = heard == NULL ? NULL : on_line};
	struct task_log *l;

	if (task_log_open(&place, &listener, &l) != 0)
		abort();
	return l;
}

/* The lines of both streams, as they are when all comes at once. */
static void lines_make(struct buf *lines)
{
	const char *kept = place.folder;
	struct task_log *l;

	place.folder = NULL;
	l = log_open(lines);
	for (int i = 0; i < 2; i++)
		task_log_output(l, NOW, (enum op_stream)i, buf_str(&streams[i]), streams[i].len);
	task_log_output_end(l, NOW);
	(void)task_log_close(l, true, NULL);
	place.folder = kept;
}

/* ---- writing ---- */

struct writing {
	struct task_log *log;
	size_t at[2]; /* how much of each stream came */
};

static void give(struct writing *w, int stream, size_t len, size_t piece)
{
	size_t left = streams[stream].len - w->at[stream];

	len = len < left ? len : left;
	if (len > MANY / 32)
		piece *= 256; /* a byte at a time would take too long */
	while (len > 0) {
		size_t n = len < piece ? len : piece;

		task_log_output(w->log, NOW, (enum op_stream)stream,
			buf_str(&streams[stream]) + w->at[stream], n);
		w->at[stream] += n;
		len -= n;
	}
}

/* What is in memory is lost with a process that is killed; what it wrote is not. */
static void kill_and_go_on(struct writing *w)
{
	struct buf log, mark;
	struct task_log_mark m;
	bool has_log = access(path, F_OK) == 0, has_mark = access(mark_path, F_OK) == 0;

	buf_init(&log, 0);
	buf_init(&mark, 0);
	file_read(path, &log);
	file_read(mark_path, &mark);
	(void)task_log_close(w->log, false, NULL);
	file_write(path, &log, has_log);
	file_write(mark_path, &mark, has_mark);
	buf_free(&log);
	buf_free(&mark);
	w->log = log_open(NULL);
	task_log_resume(w->log, &m);
	for (int i = 0; i < 2; i++) {
		if (m.output_at[i] < 0 || (size_t)m.output_at[i] > w->at[i])
			abort();
		w->at[i] = (size_t)m.output_at[i];
	}
}

static void write_all(const uint8_t *data, size_t size, size_t piece)
{
	struct writing w = {.log = log_open(NULL)};
	size_t kills = 0;
	int to = 0;

	for (size_t i = 0; i < size; i++) {
		if (data[i] == 2)
			to = !to;
		else if (data[i] == 4)
			(void)task_log_flush(w.log, NULL);
		else if (data[i] == 5 && kills++ < KILLS_MOST)
			kill_and_go_on(&w);
		else if (data[i] != 5)
			give(&w, to,
				data[i] == 1	       ? strlen(SECRET)
					: data[i] == 3 ? MANY
						       : 1,
				piece);
	}
	give(&w, 0, SIZE_MAX, piece);
	give(&w, 1, SIZE_MAX, piece);
	task_log_output_end(w.log, NOW);
	if (task_log_close(w.log, true, NULL) != 0)
		abort();
}

/* The file's lines without what stands before them, each stream's to its own. */
static void lines_read(struct buf *lines)
{
	struct buf file;

	buf_init(&file, 0);
	file_read(path, &file);
	for (const char *at = buf_str(&file), *end = at + file.len, *stop; at < end;
		at = stop + 1) {
		const char *text;

		stop = memchr(at, '\n', (size_t)(end - at));
		if (stop == NULL || *at != '[')
			abort();
		text = memmem(at, (size_t)(stop - at), " - ", 3);
		if (text == NULL)
			abort();
		buf_add(&lines[memmem(at, (size_t)(text - at), " WARNING", 8) != NULL], text + 3,
			(size_t)(stop - text) - 3);
		buf_addc(&lines[memmem(at, (size_t)(text - at), " WARNING", 8) != NULL], '\n');
	}
	buf_free(&file);
}

/* A mark that says whatever it says: the log goes on. */
static void damaged_mark(const uint8_t *data, size_t size)
{
	struct task_log_mark m;
	struct buf bytes;
	struct task_log *l = log_open(NULL);

	task_log_output(l, NOW, OP_STDOUT, "one line\n", 9);
	(void)task_log_close(l, false, NULL);
	buf_init(&bytes, 0);
	buf_add(&bytes, data, size);
	file_write(mark_path, &bytes, true);
	buf_free(&bytes);
	l = log_open(NULL);
	task_log_resume(l, &m);
	if (m.size < 0 || m.output_at[0] < 0 || m.output_at[1] < 0)
		abort();
	task_log_output(l, NOW, OP_STDERR, "another line\n", 13);
	(void)task_log_close(l, true, NULL);
	if (access(mark_path, F_OK) == 0)
		abort();
}

static size_t count(const uint8_t *data, size_t size, uint8_t wanted)
{
	size_t n = 0;

	for (size_t i = 0; i < size; i++)
		n += data[i] == wanted;
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf want[2], found[2];

	if (mask == NULL)
		prepare();
	if (size == 0 || size > SIZE_MOST || count(data, size, 3) > MANIES_MOST)
		return 0;
	(void)unlink(path);
	(void)unlink(mark_path);
	if (data[0] == 255) {
		damaged_mark(data + 1, size - 1);
		return 0;
	}
	for (int i = 0; i < 2; i++) {
		buf_init(&streams[i], 0);
		buf_init(&want[i], 0);
		buf_init(&found[i], 0);
	}
	streams_make(data + 1, size - 1);
	lines_make(want);
	write_all(data + 1, size - 1, (size_t)data[0] + 1);
	lines_read(found);
	for (int i = 0; i < 2; i++) {
		if (want[i].len != found[i].len ||
			memcmp(buf_str(&want[i]), buf_str(&found[i]), want[i].len) != 0)
			abort();
		buf_free(&streams[i]);
		buf_free(&want[i]);
		buf_free(&found[i]);
	}
	return 0;
}
