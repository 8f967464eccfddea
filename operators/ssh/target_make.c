/*
 * From a connection to a target. All that is a secret lives in memory for secrets, and goes with
 * the target; its identity is a digest of everything, files included, so that a connection that was
 * changed is never served by what was opened for the old one.
 */
#include "operators/ssh/target_make.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/duration.h"
#include "engine/err.h"
#include "engine/hex.h"
#include "operators/ssh/algorithms.h"
#include "operators/ssh/target_impl.h"
#include "store/secret.h"

#define CONN_TIMEOUT_MS 10000
#define KEEPALIVE_S 30
#define JUMPS_MAX 8

static void made_destroy(struct ssh_target *t)
{
	struct made *m = (struct made *)t;

	ssh_target_release(t->jump);
	known_hosts_destroy(m->known);
	EVP_MD_CTX_free(m->digest);
	arena_destroy(m->arena);
	free(m);
}

static struct made *made_create(void)
{
	struct made *m = calloc(1, sizeof(*m));

	if (m == NULL)
		return NULL;
	m->target.references = 1;
	m->target.destroy = made_destroy;
	m->target.keys = m->keys;
	m->arena = secret_arena_create(0);
	m->known = known_hosts_create();
	m->digest = EVP_MD_CTX_new();
	if (m->arena == NULL || m->known == NULL || m->digest == NULL ||
		EVP_DigestInit_ex(m->digest, EVP_sha256(), NULL) != 1) {
		made_destroy(&m->target);
		return NULL;
	}
	return m;
}

/* --- what the other files of targets need --- */

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

int target_file_read(struct made *m, const char *path, size_t max, char **out, size_t *len,
	struct stat *st, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), r = ERR_IO;
	ssize_t n = 0;
	char *bytes;

	if (fd < 0)
		return err_set(e, errno == ENOENT ? ERR_NOTFOUND : ERR_DENIED,
			"%s cannot be read: %s", path, strerror(errno));
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
		r = n < 0 ? err_set(e, ERR_IO, "%s cannot be read: %s", path, strerror(errno)) : 0;
	}
	(void)close(fd);
	return r;
}

/* --- the connection --- */

/* A time in seconds, or as the language spells durations. */
static int time_read(struct made *m, const struct connection *c, const char *key, int64_t dflt_ms,
	int64_t *ms, struct err *e)
{
	const char *text = connection_extra_text(m->arena, c, key);

	*ms = dflt_ms;
	if (text != NULL && duration_parse(text, strlen(text), ms, e) != 0)
		return err_context(e, "connection %s: %s", c->id, key);
	return 0;
}

static int times_read(
	struct made *m, const struct connection *c, int64_t conn_timeout_ms, struct err *e)
{
	const char *sessions = connection_extra_text(m->arena, c, "max_sessions");
	int64_t old, timeout, keepalive;
	int r;

	if ((r = time_read(m, c, "timeout", CONN_TIMEOUT_MS, &old, e)) != 0 ||
		(r = time_read(m, c, "conn_timeout", old, &timeout, e)) != 0 ||
		(r = time_read(m, c, "cmd_timeout", 0, &m->target.cmd_timeout_ms, e)) != 0 ||
		(r = time_read(m, c, "keepalive_interval", KEEPALIVE_S * 1000, &keepalive, e)) != 0)
		return r;
	if (conn_timeout_ms > 0)
		timeout = conn_timeout_ms;
	if (timeout == 0)
		timeout = CONN_TIMEOUT_MS;
	m->target.conn_timeout_ms = timeout > INT_MAX ? INT_MAX : (unsigned)timeout;
	m->target.keepalive_s = (unsigned)((keepalive + 999) / 1000);
	m->target.max_sessions = sessions == NULL ? 0 : (unsigned)strtoul(sessions, NULL, 10);
	return 0;
}

/* Who and where. */
static int place_read(
	struct made *m, const struct connection *c, const char *remote_host, struct err *e)
{
	struct ssh_target *t = &m->target;
	const struct passwd *pw;

	if (c->type[0] != '\0' && strcmp(c->type, "ssh") != 0 && strcmp(c->type, "sftp") != 0)
		return err_set(
			e, ERR_INVALID, "connection %s is of type %s, not ssh", c->id, c->type);
	t->host = remote_host != NULL ? arena_strdup(m->arena, remote_host) : c->host;
	if (t->host == NULL)
		return err_set(e, ERR_INVALID, "connection %s names no host", c->id);
	t->port = c->port == 0 ? 22 : c->port;
	t->login = c->login;
	if (t->login == NULL) {
		pw = getpwuid(getuid());
		t->login = arena_strdup(m->arena, pw == NULL ? "root" : pw->pw_name);
	}
	t->password = c->password;
	return t->login == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* The digest of all there is, as text. */
static int identity_make(struct made *m, const struct connection *c, struct err *e)
{
	const struct ssh_target *t = &m->target;
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char digits[2 * EVP_MAX_MD_SIZE + 1];
	struct buf text;
	unsigned n = 0;
	int r;

	buf_init(&text, 0);
	buf_addf(&text, "%s@%s:%d %s %u ", t->login, t->host, t->port, c->id, t->conn_timeout_ms);
	if (c->password != NULL)
		target_digest_add(m, c->password, strlen(c->password));
	if (c->extra.type == VALUE_MAP)
		value_json(&c->extra, &text);
	target_digest_add(m, buf_str(&text), text.len);
	if (text.data != NULL)
		explicit_bzero(text.data, text.len);
	(void)EVP_DigestFinal_ex(m->digest, bytes, &n);
	EVP_MD_CTX_free(m->digest);
	m->digest = NULL;
	(void)hex_write(digits, bytes, n);
	m->target.identity = arena_strdup(m->arena, digits);
	r = buf_status(&text);
	buf_free(&text);
	return r != 0 || t->identity == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

static int make(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, int depth, struct ssh_target **out, struct err *e);

/* The way there: straight, through a command, or through another connection. */
static int way_read(struct made *m, const struct connection *c, int depth, struct err *e)
{
	const char *jump = connection_extra_text(m->arena, c, "jump");
	int r;

	m->target.proxy_command = connection_extra_text(m->arena, c, "host_proxy_cmd");
	if (jump == NULL)
		return 0;
	if (m->target.proxy_command != NULL)
		return err_set(e, ERR_INVALID,
			"connection %s: jump and host_proxy_cmd do not go together", c->id);
	if (depth == JUMPS_MAX)
		return err_set(e, ERR_INVALID,
			"connection %s: more than %d jumps; they may go round in a circle", c->id,
			JUMPS_MAX);
	r = make(m->source, jump, NULL, 0, depth + 1, &m->target.jump, e);
	if (r != 0)
		return depth > 0 ? r : err_context(e, "connection %s: jump", c->id);
	target_digest_add(m, m->target.jump->identity, strlen(m->target.jump->identity));
	return 0;
}

static int fill(struct made *m, const struct connection *c, const char *remote_host,
	int64_t conn_timeout_ms, int depth, struct err *e)
{
	int r;

	if ((r = connection_check(c, e)) != 0 ||
		(r = algorithms_read(m->arena, c, &m->target, e)) != 0 ||
		(r = place_read(m, c, remote_host, e)) != 0 ||
		(r = times_read(m, c, conn_timeout_ms, e)) != 0)
		return r;
	if (connection_extra_bool(c, "agent")) {
		m->target.agent_path = getenv("SSH_AUTH_SOCK");
		if (m->target.agent_path == NULL)
			return err_set(e, ERR_INVALID,
				"connection %s: agent is set, but $SSH_AUTH_SOCK is not", c->id);
	}
	if ((r = way_read(m, c, depth, e)) != 0)
		return r;
	m->target.compress = connection_extra_bool(c, "compress");
	if ((r = target_keys_find(m, c, e)) != 0 || (r = target_host_load(m, c, e)) != 0)
		return r;
	return identity_make(m, c, e);
}

static int make(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, int depth, struct ssh_target **out, struct err *e)
{
	struct made *m = made_create();
	struct connection c;
	int r;

	if (m == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	m->source = source;
	m->target.conn_id = arena_strdup(m->arena, id);
	r = m->target.conn_id == NULL
		? err_set(e, ERR_NOMEM, "out of memory")
		: source->find(source->ctx, m->arena, m->target.conn_id, &c, e);
	if (r == 0)
		r = fill(m, &c, remote_host, conn_timeout_ms, depth, e);
	if (r == 0)
		*out = &m->target;
	else
		made_destroy(&m->target);
	return r;
}

int ssh_target_make(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target **out, struct err *e)
{
	return make(source, id, remote_host, conn_timeout_ms, 0, out, e);
}
