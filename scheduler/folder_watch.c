/*
 * inotify. libuv's own watcher is not used: it tells neither that a file was closed nor that events
 * were lost.
 *
 * Events only make a look due. What they say besides is kept for one question alone: whether a file
 * that has changed was closed, or moved in. The set of these is handed to a look when it begins,
 * and a new one is filled meanwhile, so that the two threads share nothing that changes.
 */
#include "scheduler/folder_watch.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/strmap.h"
#include "store/dags_folder.h"
#include "store/ignore.h"

#define EVENTS                                                                                     \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_DELETE_SELF |   \
		IN_MOVE_SELF | IN_ATTRIB | IN_ONLYDIR)
#define READ_SIZE 65536
#define KEY_MAX 320 /* a mark, a slash and a name */

/* Files that have arrived, by "MARK/NAME". */
struct arrivals {
	struct arena *keys;
	struct strmap *map; /* to enum folder_arrival; one that was moved in has two keys */
	size_t n;
};

struct folder_watch {
	uv_poll_t poll;
	int fd;
	void (*on_event)(void *ctx);
	void *ctx;
	struct arrivals arriving, arrived; /* since the look began; before it */
	int *marks, *old_marks; /* of this look, sorted at its end; of the last */
	size_t n_marks, cap_marks, n_old;
	bool is_whole;
};

static void arrivals_free(struct arrivals *a)
{
	strmap_destroy(a->map);
	arena_destroy(a->keys);
	*a = (struct arrivals){0};
}

/* Where memory is short, it is not known how a file came, and it has to settle. */
static void arrivals_add(struct arrivals *a, int mark, const char *name, enum folder_arrival how)
{
	char *key;

	if (a->keys == NULL)
		a->keys = arena_create(0);
	if (a->map == NULL)
		a->map = strmap_create(16);
	if (a->keys == NULL || a->map == NULL || a->n == FOLDER_WATCH_ARRIVALS_MAX)
		return;
	key = arena_printf(a->keys, "%d%c%s", mark, how == FOLDER_ARRIVAL_MOVED ? '>' : '/', name);
	if (key != NULL && strmap_add(a->map, key, strlen(key), (uint32_t)how) == 0)
		a->n++;
}

/* N.B. what is made, moved or deleted under a name that is no DAG's may be a folder, or a link to
 * one. */
static bool is_of_interest(uint32_t mask, const char *name)
{
	if ((mask & (IN_Q_OVERFLOW | IN_DELETE_SELF | IN_MOVE_SELF | IN_UNMOUNT)) != 0)
		return true;
	if (name == NULL) /* the folder itself */
		return (mask & IN_ATTRIB) != 0;
	if (strcmp(name, IGNORE_FILE_NAME) == 0 || dags_folder_is_dag_name(name))
		return true;
	return name[0] != '.' && (mask & (IN_CREATE | IN_MOVE | IN_DELETE | IN_ISDIR)) != 0;
}

/* Whether one of the events makes a look due. */
static bool take_events(struct folder_watch *w, const char *bytes, size_t len)
{
	bool is_due = false;

	for (size_t at = 0; at + sizeof(struct inotify_event) <= len;) {
		struct inotify_event ev;
		const char *name = bytes + at + sizeof(ev);

		memcpy(&ev, bytes + at, sizeof(ev));
		at += sizeof(ev) + ev.len;
		is_due |= is_of_interest(ev.mask, ev.len == 0 ? NULL : name);
		if (ev.len == 0 || (ev.mask & IN_ISDIR) != 0 || !dags_folder_is_dag_name(name))
			continue;
		if ((ev.mask & IN_CLOSE_WRITE) != 0)
			arrivals_add(&w->arriving, ev.wd, name, FOLDER_ARRIVAL_CLOSED);
		if ((ev.mask & IN_MOVED_TO) != 0)
			arrivals_add(&w->arriving, ev.wd, name, FOLDER_ARRIVAL_MOVED);
	}
	return is_due;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct folder_watch *w = poll->data;
	_Alignas(struct inotify_event) char bytes[READ_SIZE];
	bool is_due = status < 0;
	ssize_t n;

	(void)events;
	while ((n = read(w->fd, bytes, sizeof(bytes))) > 0)
		is_due |= take_events(w, bytes, (size_t)n);
	if (is_due)
		w->on_event(w->ctx);
}

int folder_watch_open(uv_loop_t *loop, void (*on_event)(void *ctx), void *ctx,
	struct folder_watch **out, struct err *e)
{
	struct folder_watch *w = calloc(1, sizeof(*w));
	int r;

	if (w == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		r = err_set(e, ERR_LIMIT, "%s%s", strerror(errno),
			errno == EMFILE ? "; fs.inotify.max_user_instances is the limit" : "");
		free(w);
		return r;
	}
	r = uv_poll_init(loop, &w->poll, w->fd);
	if (r != 0) {
		(void)close(w->fd);
		free(w);
		return err_set(e, ERR_IO, "%s", uv_strerror(r));
	}
	w->poll.data = w;
	w->on_event = on_event;
	w->ctx = ctx;
	(void)uv_poll_start(&w->poll, UV_READABLE, on_readable);
	*out = w;
	return 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
	struct folder_watch *w = handle->data;

	(void)close(w->fd);
	arrivals_free(&w->arriving);
	arrivals_free(&w->arrived);
	free(w->marks);
	free(w->old_marks);
	free(w);
}

void folder_watch_close(struct folder_watch *w)
{
	if (w != NULL)
		uv_close((uv_handle_t *)&w->poll, on_poll_closed);
}

void folder_watch_begin(struct folder_watch *w)
{
	arrivals_free(&w->arrived);
	w->arrived = w->arriving;
	w->arriving = (struct arrivals){0};
	w->n_marks = 0;
	w->is_whole = true;
}

static int by_number(const void *a, const void *b)
{
	const int *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

void folder_watch_end(struct folder_watch *w)
{
	size_t k = 0;

	if (w->n_marks > 1)
		qsort(w->marks, w->n_marks, sizeof(*w->marks), by_number);
	for (size_t i = 0; i < w->n_old; i++) {
		while (k < w->n_marks && w->marks[k] < w->old_marks[i])
			k++;
		if (k == w->n_marks || w->marks[k] != w->old_marks[i])
			(void)inotify_rm_watch(w->fd, w->old_marks[i]);
	}
	free(w->old_marks);
	w->old_marks = w->marks;
	w->n_old = w->n_marks;
	w->marks = NULL;
	w->n_marks = w->cap_marks = 0;
	arrivals_free(&w->arrived);
}

/* Whether other machines may change the folder without this one's kernel hearing of it. */
static bool is_remote(const char *path)
{
	static const uint32_t remote[] = {
		0x6969, /* NFS */
		0x517b, 0xff534d42, 0xfe534d42, /* SMB, CIFS, SMB2 */
		0x65735546, /* FUSE */
		0x01021997, /* 9P */
		0x00c36400, /* Ceph */
		0x5346414f, /* AFS */
		0x0bd00bd0, /* Lustre */
		0x01161970, /* GFS2 */
		0x7461636f, /* OCFS2 */
	};
	struct statfs fs;

	if (statfs(path, &fs) != 0)
		return false;
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++)
		if ((uint32_t)fs.f_type == remote[i])
			return true;
	return false;
}

int folder_watch_add(struct folder_watch *w, const char *path)
{
	int mark;

	if (w->n_marks == w->cap_marks) {
		size_t cap = w->cap_marks == 0 ? 16 : w->cap_marks * 2;
		int *grown = reallocarray(w->marks, cap, sizeof(*grown));

		if (grown == NULL) {
			w->is_whole = false;
			return FOLDER_WATCH_NONE;
		}
		w->marks = grown;
		w->cap_marks = cap;
	}
	mark = inotify_add_watch(w->fd, path, EVENTS);
	if (mark < 0) {
		w->is_whole = false;
		return FOLDER_WATCH_NONE;
	}
	w->marks[w->n_marks++] = mark;
	if (!is_remote(path))
		return mark;
	w->is_whole = false; /* what this machine does there is heard of all the same */
	return FOLDER_WATCH_NONE;
}

enum folder_arrival folder_watch_arrival(const struct folder_watch *w, int mark, const char *name)
{
	char key[KEY_MAX];
	int len;

	if (w == NULL || w->arrived.map == NULL || mark == FOLDER_WATCH_NONE)
		return FOLDER_ARRIVAL_NONE;
	len = snprintf(key, sizeof(key), "%d>%s", mark, name);
	if (len < 0 || (size_t)len >= sizeof(key))
		return FOLDER_ARRIVAL_NONE;
	if (strmap_find(w->arrived.map, key, (size_t)len) != STRMAP_NONE)
		return FOLDER_ARRIVAL_MOVED;
	key[len - (int)strlen(name) - 1] = '/';
	return strmap_find(w->arrived.map, key, (size_t)len) != STRMAP_NONE ? FOLDER_ARRIVAL_CLOSED
									    : FOLDER_ARRIVAL_NONE;
}

bool folder_watch_is_seasoned(const struct folder_watch *w, int mark)
{
	return w != NULL && mark != FOLDER_WATCH_NONE && w->n_old > 0 &&
		bsearch(&mark, w->old_marks, w->n_old, sizeof(mark), by_number) != NULL;
}

bool folder_watch_is_whole(const struct folder_watch *w)
{
	return w->is_whole;
}
