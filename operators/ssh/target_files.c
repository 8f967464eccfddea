/*
 * The files that a target is made of. As they are read it is noted how they were, so that the next
 * who wants the same target need not read them again.
 */
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "operators/ssh/target_impl.h"

static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home != NULL && *home != '\0')
		return home;
	pw = getpwuid(getuid());
	return pw == NULL ? "/" : pw->pw_dir;
}

const char *target_path(struct arena *a, const char *path)
{
	return path[0] == '~' && path[1] == '/' ? arena_printf(a, "%s%s", home_folder(), path + 1)
						: path;
}

void target_digest_add(struct made *m, const void *bytes, size_t len)
{
	uint64_t size = len;

	(void)EVP_DigestUpdate(m->digest, &size, sizeof(size));
	(void)EVP_DigestUpdate(m->digest, bytes, len);
}

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
	f->stamp = file_stamp_of(st);
	if (!file_stamp_has_settled_bytes(&f->stamp, FILE_STAMP_COARSE_MS))
		m->is_unsettled = true;
}

void target_stamp_digest(struct made *m, const char *path)
{
	for (size_t i = 0; i < m->n_files; i++) {
		const struct target_file *f = &m->files[i];
		int64_t stamp[] = {f->is_there, (int64_t)f->stamp.dev, (int64_t)f->stamp.ino,
			f->stamp.size, f->stamp.mtime_ns, f->stamp.ctime_ns};

		if (strcmp(f->path, path) == 0)
			target_digest_add(m, stamp, sizeof(stamp));
	}
}

static bool is_same_file(const struct target_file *f)
{
	struct file_stamp now;
	int why = file_stamp_look(f->path, &now);

	return f->is_there ? why == 0 && file_stamp_is_same(&f->stamp, &now) : why == ENOENT;
}

bool target_files_are_same(const struct made *m)
{
	for (size_t i = 0; i < m->n_files; i++)
		if (!is_same_file(&m->files[i]))
			return false;
	return !m->is_unsettled;
}

int target_file_read(struct made *m, struct arena *a, const char *path, size_t max, char **out,
	size_t *len, struct stat *st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK), r = ERR_IO;
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
	} else if ((bytes = arena_alloc(a, (size_t)st->st_size + 1)) == NULL) {
		r = err_set(e, ERR_NOMEM, "out of memory");
	} else {
		*len = 0;
		while (*len < (size_t)st->st_size &&
			(n = read(fd, bytes + *len, (size_t)st->st_size - *len)) > 0)
			*len += (size_t)n;
		*out = bytes;
		file_note(m, path, st);
		r = n < 0 ? err_set(e, ERR_IO, "%s cannot be read: %s", path, strerror(errno)) : 0;
	}
	(void)close(fd);
	return r;
}
