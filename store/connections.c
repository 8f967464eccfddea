/*
 * The chain of sources of connections. Each is asked anew each time, so that what a person changes
 * counts for the next task; but connections.yaml is read again only where it looks as though it has
 * changed, since all of it is read for one connection.
 */
#include "store/connections.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "store/connection_file.h"
#include "store/dags_folder.h"
#include "store/file_stamp.h"
#include "store/secret.h"

#define ENV_PREFIX "WINDROW_CONN_"

/* connections.yaml, as it was read. */
struct connections_file {
	struct arena *arena; /* of memory for secrets; NULL: it was not read */
	struct file_stamp stamp;
	bool is_settled; /* while it looks like its stamp it says the same */
	struct connection_entry *list;
	size_t n;
};

struct connections {
	struct connection_source source;
	const struct connection_source *stored;
	char *const *env;
	const char *home;
	struct connections_file file;
};

/* The letter of a variable's name that stands for one of an id: no shell can export a variable with
 * a - or a dot in its name. */
static char env_letter(char c)
{
	if (c >= 'a' && c <= 'z')
		return (char)(c - 'a' + 'A');
	return c == '-' || c == '.' ? '_' : c;
}

static char as_it_is(char c)
{
	return c;
}

/* The value of the variable that is called as `letter` spells the id, or NULL. */
static const char *env_find_spelled(char *const *env, const char *id, char (*letter)(char c))
{
	size_t prefix = strlen(ENV_PREFIX), n = strlen(id), i;

	for (; *env != NULL; env++) {
		if (strncmp(*env, ENV_PREFIX, prefix) != 0)
			continue;
		for (i = 0; i < n && (*env)[prefix + i] == letter(id[i]); i++)
			;
		if (i == n && (*env)[prefix + n] == '=')
			return *env + prefix + n + 1;
	}
	return NULL;
}

/* The value of $WINDROW_CONN_<ID>, or NULL: in capitals, as Airflow has it, or just as the id is.
 */
static const char *env_find(char *const *env, const char *id)
{
	const char *value = env_find_spelled(env, id, env_letter);

	return value != NULL ? value : env_find_spelled(env, id, as_it_is);
}

/* It may hold passwords: nobody else may read it, nor say where tasks run. */
static int file_check(const char *path, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return errno == ENOENT
			? ERR_NOTFOUND
			: err_set(e, ERR_DENIED, "%s cannot be read: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_INVALID, "%s is no regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_DENIED, "%s belongs to another user; run chown on it", path);
	if ((st.st_mode & 077) != 0)
		return err_set(e, ERR_DENIED,
			"%s may hold secrets, and others can read it (mode %03o); run chmod 600 on "
			"it",
			path, st.st_mode & 0777);
	return 0;
}

static void file_forget(struct connections_file *f)
{
	arena_destroy(f->arena);
	memset(f, 0, sizeof(*f));
}

/* N.B. its stamp is older than its bytes: what is changed meanwhile is seen the next time. Whose it
 * is and who may read it is looked at each time. */
static int file_read(struct connections_file *f, const char *path, struct err *e)
{
	char *text;
	size_t len;
	int r;

	file_forget(f);
	f->is_settled = file_stamp_look(path, &f->stamp) == 0 &&
		file_stamp_has_settled_bytes(&f->stamp, FILE_STAMP_COARSE_MS);
	r = dags_folder_read(path, CONNECTION_FILE_MAX, &text, &len, e);
	if (r != 0)
		return r == ERR_NOTFOUND ? r : err_context(e, "%s", path);
	f->arena = secret_arena_create(0);
	r = f->arena == NULL ? err_set(e, ERR_NOMEM, "out of memory")
			     : connection_file_read(f->arena, path, CONNECTION_YAML, text, len,
				       &f->list, &f->n, e);
	explicit_bzero(text, len);
	free(text);
	if (r != 0)
		file_forget(f);
	return r;
}

static bool file_is_read(const struct connections_file *f, const char *path)
{
	struct file_stamp now;

	return f->arena != NULL && f->is_settled && file_stamp_look(path, &now) == 0 &&
		file_stamp_is_same(&f->stamp, &now);
}

/* Looks it up in connections.yaml. ERR_NOTFOUND: it is not there, or no such file is. */
static int file_find(struct connections *c, struct arena *a, const char *id, struct connection *out,
	struct err *e)
{
	char *path = arena_printf(a, "%s/" CONNECTIONS_FILE_NAME, c->home);
	const struct connections_file *f = &c->file;
	int r;

	if (path == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	r = file_check(path, e);
	if (r != 0)
		file_forget(&c->file);
	else if (!file_is_read(f, path))
		r = file_read(&c->file, path, e);
	if (r != 0)
		return r;
	for (size_t i = 0; i < f->n; i++) {
		if (strcmp(f->list[i].said.id, id) != 0)
			continue;
		if (f->list[i].fault != NULL)
			return err_set(e, ERR_INVALID, "%s: %s", path, f->list[i].fault);
		if (connection_copy(a, &f->list[i].said, out) != 0)
			return err_set(e, ERR_NOMEM, "out of memory");
		out->origin = path;
		return 0;
	}
	return ERR_NOTFOUND;
}

static int find(void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	struct connections *c = ctx;
	const char *text = env_find(c->env, id);
	int r;

	if (text != NULL) {
		r = connection_parse(a, id, text, strlen(text), out, e);
		out->origin = "the environment";
		return r;
	}
	if (c->stored != NULL) {
		r = c->stored->find(c->stored->ctx, a, id, out, e);
		if (r != ERR_NOTFOUND)
			return r;
	}
	r = file_find(c, a, id, out, e);
	if (r != ERR_NOTFOUND)
		return r;
	return err_set(e, ERR_NOTFOUND,
		"there is no connection \"%s\": neither the environment, nor the store, nor "
		"%s/" CONNECTIONS_FILE_NAME " says what it is; `windrow connections add %s` does",
		id, c->home, id);
}

static int keypair(
	void *ctx, struct arena *a, const char *name, const char **key, size_t *len, struct err *e)
{
	const struct connection_source *stored = ((const struct connections *)ctx)->stored;

	if (stored == NULL || stored->keypair == NULL)
		return err_set(e, ERR_NOTFOUND, "there is no store, and so no keypair %s", name);
	return stored->keypair(stored->ctx, a, name, key, len, e);
}

int connections_create(char *const *env, const char *home, const struct connection_source *stored,
	struct connections **out, struct err *e)
{
	struct connections *c = calloc(1, sizeof(*c));

	if (c == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	c->source = (struct connection_source){.ctx = c, .find = find, .keypair = keypair};
	c->stored = stored;
	c->env = env;
	c->home = home;
	*out = c;
	return 0;
}

void connections_destroy(struct connections *c)
{
	if (c != NULL)
		file_forget(&c->file);
	free(c);
}

const struct connection_source *connections_source(const struct connections *c)
{
	return &c->source;
}
