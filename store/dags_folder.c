/*
 * Walks the folder of DAG files. Depth and number are bounded; a folder that is its own ancestor by
 * way of a link is passed over. Reads names, and the ignore files, and nothing else.
 */
#include "store/dags_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "store/ignore.h"
#include "store/system_error.h"

struct level {
	size_t path_len; /* of the folder, in walk.path */
	dev_t dev;
	ino_t ino;
	char *ignore; /* its ignore file, or NULL */
	size_t ignore_len;
	int mark; /* the visitor's */
};

struct walk {
	const struct dags_folder_visit *visit;
	struct buf path;
	struct level levels[DAGS_FOLDER_DEPTH_MAX];
	size_t n_levels;
	size_t n_files;
	struct err *e;
};

static int code_of(int error)
{
	if (error == EMFILE || error == ENFILE)
		return ERR_UNAVAILABLE;
	return error == ENOENT || error == ENOTDIR ? ERR_NOTFOUND
						   : system_error_code(error, ERR_IO);
}

bool dags_folder_is_dag_name(const char *name)
{
	const char *dot = strrchr(name, '.');

	return name[0] != '.' && dot != NULL && dot != name &&
		(strcmp(dot, ".yaml") == 0 || strcmp(dot, ".yml") == 0);
}

static int read_all(int fd, size_t max, struct buf *b, struct err *e)
{
	for (;;) {
		size_t want = 65536;
		char *room = buf_room(b, want);
		ssize_t got = room == NULL ? 0 : read(fd, room, want);

		if (room == NULL)
			return err_set(e, ERR_NOMEM, "out of memory");
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return err_set(e, errno == EISDIR ? ERR_INVALID : code_of(errno), "%s",
				errno == EISDIR ? "is a folder, not a file" : strerror(errno));
		if (got == 0)
			return 0;
		b->len += (size_t)got;
		b->data[b->len] = '\0';
		if (b->len > max)
			return err_set(e, ERR_LIMIT,
				"is larger than %zu KiB, the most that is read", max >> 10);
	}
}

/* What can be read; a folder cannot, and elsewhere than on standard input nor can, unless it may be
 * anything, what one might wait for: a pipe, a device. */
static int check_kind(int fd, bool may_be_any, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0)
		return err_set(e, code_of(errno), "%s", strerror(errno));
	if (S_ISDIR(st.st_mode))
		return err_set(e, ERR_INVALID, "is a folder, not a file");
	if (!may_be_any && !S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "is no regular file");
	return 0;
}

static int read_fd(int fd, size_t max, char **text, size_t *len, struct err *e)
{
	struct buf b;
	int r;

	buf_init(&b, 0);
	r = read_all(fd, max, &b, e);
	if (r == 0) {
		*len = b.len;
		*text = buf_steal(&b);
		if (*text == NULL)
			r = err_set(e, ERR_NOMEM, "out of memory");
	}
	buf_free(&b);
	return r;
}

int dags_folder_read(const char *path, size_t max, char **text, size_t *len, struct err *e)
{
	bool is_stdin = strcmp(path, "-") == 0;
	int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return err_set(e, code_of(errno), "%s", strerror(errno));
	r = is_stdin ? 0 : check_kind(fd, true, e);
	if (r == 0)
		r = read_fd(fd, max, text, len, e);
	if (!is_stdin)
		(void)close(fd);
	return r;
}

int dags_folder_read_regular(const char *path, size_t max, char **text, size_t *len, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int r;

	if (fd < 0 && errno == ENXIO) /* a socket */
		return err_set(e, ERR_INVALID, "is no regular file");
	if (fd < 0)
		return err_set(e, code_of(errno), "%s", strerror(errno));
	r = check_kind(fd, false, e);
	if (r == 0)
		r = read_fd(fd, max, text, len, e);
	(void)close(fd);
	return r;
}

static void tell(struct walk *w, const char *sentence)
{
	if (w->visit->on_problem != NULL)
		w->visit->on_problem(w->visit->ctx, buf_str(&w->path), sentence);
}

/* Of a folder, or what a link leads to, w->e tells why it cannot be read. */
static int tell_unread(struct walk *w)
{
	struct buf b;
	int r;

	buf_init(&b, 0);
	buf_addf(&b,
		"cannot be read (%s), so that what DAGs it has is not known; where it is to have "
		"none, name it in " IGNORE_FILE_NAME,
		w->e->text);
	r = buf_status(&b);
	if (r == 0 && w->visit->on_unread != NULL)
		r = w->visit->on_unread(w->visit->ctx, buf_str(&w->path), buf_str(&b));
	buf_free(&b);
	return r == 0 ? 0 : err_set(w->e, r, "%s", err_text(r));
}

/* Whether an ignore file on the way down leaves the path out; the innermost that says something
 * decides. */
static bool is_ignored(const struct walk *w, bool is_folder)
{
	for (size_t i = w->n_levels; i-- > 0;) {
		const struct level *l = &w->levels[i];
		int verdict = l->ignore == NULL
			? -1
			: ignore_match(l->ignore, l->ignore_len, w->path.data + l->path_len + 1,
				  is_folder);

		if (verdict >= 0)
			return verdict == 1;
	}
	return false;
}

static int tell_file(struct walk *w, const struct stat *st)
{
	const struct dags_folder_visit *v = w->visit;
	int r;

	if (w->n_files == DAGS_FOLDER_FILES_MAX)
		return err_set(w->e, ERR_LIMIT, "more than %d DAG files", DAGS_FOLDER_FILES_MAX);
	w->n_files++;
	r = v->on_file == NULL
		? 0
		: v->on_file(v->ctx, buf_str(&w->path), st, w->levels[w->n_levels - 1].mark);
	return r == 0 ? 0 : err_set(w->e, r, "%s", err_text(r));
}

static void cut_path(struct walk *w, size_t len)
{
	w->path.len = len;
	w->path.data[len] = '\0';
}

/* Whether memory or descriptors are short. N.B. that ends a walk: what lies in a folder that cannot
 * be read for that would seem to be gone, or to count though it is to be ignored. */
static bool is_shortage(int code)
{
	return code == ERR_NOMEM || code == ERR_UNAVAILABLE;
}

/* Whether what stands there is not known, though it could be read. */
static bool is_unread(int code)
{
	return code == ERR_DENIED || code == ERR_IO;
}

/* Reads the ignore file of the folder at w->path, if it has one. N.B. one that cannot be read stops
 * it: what is to be ignored would count. */
static int read_ignore(struct walk *w, struct level *l)
{
	struct err e;
	int r;

	buf_adds(&w->path, "/" IGNORE_FILE_NAME);
	if (buf_status(&w->path) != 0)
		return err_set(w->e, ERR_NOMEM, "out of memory");
	r = dags_folder_read_regular(
		buf_str(&w->path), IGNORE_FILE_MAX, &l->ignore, &l->ignore_len, &e);
	if (r != 0 && r != ERR_NOTFOUND && !is_unread(r) && !is_shortage(r))
		tell(w, e.text);
	cut_path(w, l->path_len);
	if (r == ERR_DENIED && faccessat(AT_FDCWD, buf_str(&w->path), X_OK, AT_EACCESS) != 0)
		r = err_set(w->e, r, "it may not be entered");
	else if (is_unread(r) || is_shortage(r))
		r = err_set(w->e, r, IGNORE_FILE_NAME ": %s", e.text);
	return is_unread(r) || is_shortage(r) ? r : 0;
}

/* Enters the folder at w->path, but not one that is its own ancestor, or too deep. */
static int enter(struct walk *w, const struct stat *st, bool *is_entered)
{
	struct level *l = &w->levels[w->n_levels];

	*is_entered = false;
	for (size_t i = 0; i < w->n_levels; i++)
		if (w->levels[i].dev == st->st_dev && w->levels[i].ino == st->st_ino)
			return 0;
	if (w->n_levels == DAGS_FOLDER_DEPTH_MAX) {
		tell(w, "folders nest too deep; what is in this one does not count");
		return 0;
	}
	*l = (struct level){.path_len = w->path.len, .dev = st->st_dev, .ino = st->st_ino};
	if (w->visit->on_folder != NULL)
		l->mark = w->visit->on_folder(w->visit->ctx, buf_str(&w->path));
	w->n_levels++;
	*is_entered = true;
	return read_ignore(w, l);
}

static int walk_folder(struct walk *w, const struct stat *st);

static void tell_link(const struct walk *w)
{
	if (w->visit->on_link != NULL)
		w->visit->on_link(w->visit->ctx);
}

/* N.B. not every file system tells a name's kind with the name. */
static bool is_link(const struct walk *w, unsigned char kind)
{
	struct stat st;

	return kind == DT_LNK ||
		(kind == DT_UNKNOWN && lstat(buf_str(&w->path), &st) == 0 && S_ISLNK(st.st_mode));
}

/* Whether the name is left out whatever it is: nobody knows. */
static bool is_ignored_anyway(const struct walk *w, const char *name)
{
	return is_ignored(w, true) && (!dags_folder_is_dag_name(name) || is_ignored(w, false));
}

/* What a name leads to cannot be looked at, for the error. */
static int tell_unseen(struct walk *w, const char *name, unsigned char kind, int error)
{
	int r = code_of(error);

	if (r == ERR_NOTFOUND || error == ELOOP) {
		if (dags_folder_is_dag_name(name))
			tell(w, strerror(error));
		return 0;
	}
	(void)err_set(w->e, r, "%s", strerror(error));
	if (is_shortage(r))
		return r;
	if (is_ignored_anyway(w, name) || (kind == DT_REG && !dags_folder_is_dag_name(name)))
		return 0;
	return tell_unread(w);
}

/* One name of a folder: a file that counts is added, a folder is walked. */
static int walk_name(struct walk *w, const char *name, unsigned char kind)
{
	size_t len = w->path.len;
	struct stat st;
	int r = 0;

	if (name[0] == '.')
		return 0;
	buf_addf(&w->path, "/%s", name);
	if (buf_status(&w->path) != 0)
		return err_set(w->e, ERR_NOMEM, "out of memory");
	if (is_link(w, kind))
		tell_link(w);
	if (stat(buf_str(&w->path), &st) != 0) {
		r = tell_unseen(w, name, kind, errno);
	} else if (S_ISDIR(st.st_mode)) {
		if (!is_ignored(w, true))
			r = walk_folder(w, &st);
	} else if (S_ISREG(st.st_mode) && dags_folder_is_dag_name(name) && !is_ignored(w, false)) {
		r = tell_file(w, &st);
	}
	cut_path(w, len);
	return r;
}

static int walk_names(struct walk *w, DIR *dir)
{
	const struct dirent *entry;
	int r = 0;

	while (r == 0 && (errno = 0, entry = readdir(dir)) != NULL)
		r = walk_name(w, entry->d_name, entry->d_type);
	return r != 0 || errno == 0 ? r : err_set(w->e, code_of(errno), "%s", strerror(errno));
}

static int walk_opened(struct walk *w, DIR *dir, const struct stat *st)
{
	bool is_entered;
	int r = enter(w, st, &is_entered);

	if (is_entered) {
		r = r == 0 ? walk_names(w, dir) : r;
		w->n_levels--;
		free(w->levels[w->n_levels].ignore);
	}
	return r;
}

/* The folder at w->path. One that is gone meanwhile has nothing. */
static int walk_folder(struct walk *w, const struct stat *st)
{
	DIR *dir = opendir(buf_str(&w->path));
	int r = dir == NULL ? err_set(w->e, code_of(errno), "%s", strerror(errno))
			    : walk_opened(w, dir, st);

	if (dir != NULL)
		(void)closedir(dir);
	if (w->n_levels > 0 && is_unread(r))
		return tell_unread(w);
	return w->n_levels > 0 && r == ERR_NOTFOUND ? 0 : r;
}

/* Whether the way to the folder at w->path has a link in it, as far as can be told. */
static bool is_way_linked(const struct walk *w)
{
	char *real = realpath(buf_str(&w->path), NULL);
	bool is_linked = real == NULL || strcmp(real, buf_str(&w->path)) != 0;

	free(real);
	return is_linked;
}

int dags_folder_walk(const char *folder, const struct dags_folder_visit *visit, struct err *e)
{
	struct walk w = {.visit = visit, .e = e};
	struct stat st;
	size_t len = strlen(folder);
	int r;

	while (len > 1 && folder[len - 1] == '/')
		len--;
	if (stat(folder, &st) != 0)
		return err_set(e, code_of(errno), "%s", strerror(errno));
	buf_init(&w.path, 0);
	buf_add(&w.path, folder, len);
	if (buf_status(&w.path) == 0 && is_way_linked(&w))
		tell_link(&w);
	r = buf_status(&w.path) != 0 ? err_set(e, ERR_NOMEM, "out of memory")
				     : walk_folder(&w, &st);
	buf_free(&w.path);
	return r;
}

/* The files of a walk. */
struct list {
	const struct dags_folder_report *report;
	char **paths;
	size_t n, room;
};

static int list_add(void *ctx, const char *path, const struct stat *st, int mark)
{
	struct list *l = ctx;
	char **grown;

	(void)st;
	(void)mark;
	if (l->n == l->room) {
		size_t room = l->room == 0 ? 64 : l->room * 2;

		grown = reallocarray(l->paths, room, sizeof(*grown));
		if (grown == NULL)
			return ERR_NOMEM;
		l->paths = grown;
		l->room = room;
	}
	l->paths[l->n] = strdup(path);
	if (l->paths[l->n] == NULL)
		return ERR_NOMEM;
	l->n++;
	return 0;
}

static int list_unread(void *ctx, const char *path, const char *sentence)
{
	const struct list *l = ctx;

	return l->report == NULL ? 0 : l->report->on_unread(l->report->ctx, path, sentence);
}

static void list_problem(void *ctx, const char *path, const char *sentence)
{
	const struct list *l = ctx;

	if (l->report != NULL)
		l->report->on_problem(l->report->ctx, path, sentence);
}

static int by_bytes(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int dags_folder_list(const char *folder, const struct dags_folder_report *report, char ***paths,
	size_t *n, struct err *e)
{
	struct list l = {.report = report};
	const struct dags_folder_visit visit = {.ctx = &l,
		.on_file = list_add,
		.on_problem = list_problem,
		.on_unread = list_unread};
	int r = dags_folder_walk(folder, &visit, e);

	if (r != 0) {
		dags_folder_free(l.paths, l.n);
		return r;
	}
	if (l.n > 0)
		qsort(l.paths, l.n, sizeof(*l.paths), by_bytes);
	*paths = l.paths;
	*n = l.n;
	return 0;
}

void dags_folder_free(char **paths, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(paths[i]);
	free(paths);
}
