/*
 * The files that a target is made of. As they are read it is noted how they were, so that the next
 * who wants the same target need not read them again.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/ssh/target_impl.h"

/* How long a file must have been left alone before its times tell whether it changes: no file
 * system counts them more coarsely. */
#define SETTLED_S 3

/* Notes a file as it is now; st is NULL where it is not there. */
static void file_note(struct made *m, const char *path, const struct stat *st)
{
	struct target_file *f = &m->files[m->n_files];

	if (m->n_files == TARGET_FILES_MAX) {
		m->is_unsettled = true;
		return;
	}
	m->n_files++;
	f->path = path;
	f->is_there = st != NULL;
	if (st == NULL)
		return;
	f->st = *st;
	if (st->st_mtim.tv_sec + SETTLED_S > time(NULL))
		m->is_unsettled = true;
}

static bool is_same_file(const struct target_file *f)
{
	struct stat st;

	if (stat(f->path, &st) != 0)
		return errno == ENOENT && !f->is_there;
	return f->is_there && st.st_dev == f->st.st_dev && st.st_ino == f->st.st_ino &&
		st.st_size == f->st.st_size && st.st_mode == f->st.st_mode &&
		st.st_mtim.tv_sec == f->st.st_mtim.tv_sec &&
		st.st_mtim.tv_nsec == f->st.st_mtim.tv_nsec &&
		st.st_ctim.tv_sec == f->st.st_ctim.tv_sec &&
		st.st_ctim.tv_nsec == f->st.st_ctim.tv_nsec;
}

bool target_files_are_same(const struct made *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (!is_same_file(&m->files[i]))
			return false;
	return !m->is_unsettled;
}

int target_file_read(struct made *m, const char *path, size_t max, char **out, size_t *len,
	struct stat *st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = ERR_IO;
	ssize_t n = 0;
	char *bytes;

	if (fd < 0) {
		r = errno == ENOENT ? ERR_NOTFOUND : ERR_DENIED;
		err_set(e, r, "%s cannot be read: %s", path, strerror(errno));
		if (r == ERR_NOTFOUND)
			file_note(m, path, NULL);
		else
			m->is_unsettled = true;
		return r;
	}
	if (fstat(fd, st) != 0 || !S_ISREG(st->st_mode)) {
		err_set(e, ERR_IO, "%s is not a file", path);
	} else if ((size_t)st->st_size > max) {
		r = err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
	} else if ((bytes = arena_alloc(m->arena, (size_t)st->st_size + 1)) == NULL) {
		r = err_set(e, ERR_NOMEM, "out of memory");
	} else {
		*len = 0;
		while (*len < (size_t)st->st_size &&
			(n = read(fd, bytes + *len, (size_t)st->st_size - *len)) > 0)
			*len += (size_t)n;
		*out = bytes;
		target_digest_add(m, bytes, *len);
		file_note(m, path, st);
		r = n < 0 ? err_set(e, ERR_IO, "%s cannot be read: %s", path, strerror(errno)) : 0;
	}
	(void)close(fd);
	return r;
}
