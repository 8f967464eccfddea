/*
 * Spare folders. N.B. the rename replaces nothing: two launchers that start the same execution are
 * told apart by who comes first, as they are by mkdir(2). Where the file system cannot do that,
 * each folder is made when it is needed.
 */
#include "operators/execution_spare.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/err.h"

static void forget(struct execution_spare *s)
{
	free(s->folder);
	s->folder = NULL;
}

void execution_spare_drop(struct execution_spare *s)
{
	if (s->folder != NULL) {
		execution_files_close(&s->files);
		execution_discard(s->folder);
	}
	forget(s);
	free(s->executions);
	s->executions = NULL;
}

/* What the next job will probably be like. */
static void expect(struct execution_spare *s, const char *folder, bool has_owner)
{
	const char *slash = strrchr(folder, '/');

	if (s->folder != NULL && s->has_owner != has_owner)
		execution_spare_drop(s);
	s->has_owner = has_owner;
	s->n_starts++;
	if (s->executions == NULL && slash != NULL)
		s->executions = strndup(folder, (size_t)(slash - folder));
}

int execution_take(struct execution_spare *s, const char *folder, const struct execution_owner *o,
	struct execution_files *out, struct err *e)
{
	expect(s, folder, o != NULL);
	if (s->folder == NULL)
		return execution_prepare(folder, o, out, e);
	if (renameat2(AT_FDCWD, s->folder, AT_FDCWD, folder, RENAME_NOREPLACE) == 0) {
		*out = s->files;
		forget(s);
		return 0;
	}
	if (errno == EEXIST)
		return err_set(e, ERR_EXISTS, "cannot make %s: %s", folder, strerror(errno));
	s->is_useless = true;
	execution_spare_drop(s);
	return execution_prepare(folder, o, out, e);
}

void execution_spare_make(struct execution_spare *s, const struct execution_owner *self)
{
	const struct execution_owner *o = s->has_owner ? self : NULL;
	struct err e;
	int r;

	if (s->folder != NULL || s->executions == NULL || s->is_useless ||
		s->n_starts < EXECUTION_SPARE_FROM)
		return;
	if (asprintf(&s->folder, "%s/" EXECUTION_SPARE_PREFIX "%ld", s->executions,
		    (long)getpid()) < 0) {
		s->folder = NULL;
		return;
	}
	r = execution_prepare(s->folder, o, &s->files, &e);
	if (r == ERR_EXISTS) { /* of somebody who is dead and had our number */
		execution_discard(s->folder);
		r = execution_prepare(s->folder, o, &s->files, &e);
	}
	if (r != 0)
		forget(s);
}

bool execution_spare_is_left(const char *name)
{
	long pid;

	if (strncmp(name, EXECUTION_SPARE_PREFIX, strlen(EXECUTION_SPARE_PREFIX)) != 0)
		return false;
	pid = strtol(name + strlen(EXECUTION_SPARE_PREFIX), NULL, 10);
	return pid > 0 && kill((pid_t)pid, 0) != 0 && errno == ESRCH;
}
