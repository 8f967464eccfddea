/*
 * From a connection to a target.
 *
 * The host key policy is decided here and carried out by host_check(), which runs on a transport
 * thread and reads nothing but what was loaded before. Jump hosts are targets of their own.
 */
#include "operators/ssh/target_make.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/duration.h"
#include "operators/ssh/known_hosts.h"

#define JUMPS_MAX 8
#define KEY_FILE_MAX ((size_t)64 << 10)
#define CONN_TIMEOUT_MS 10000
#define KEEPALIVE_S 30
#define KEYS_MAX 8

struct made {
	struct ssh_target target; /* first: the two are freed as one */
	struct arena *arena;
	struct known_hosts *known;
	struct ssh_target_key keys[KEYS_MAX];
	bool is_unchecked; /* no_host_key_check */
	const char *pinned; /* host_key of the connection: base64 or SHA256:... */
};

static void wipe(char *p, size_t len)
{
	volatile char *v = p;

	while (len-- > 0)
		*v++ = '\0';
}

static void made_destroy(struct ssh_target *t)
{
	struct made *m = (struct made *)t;

	for (size_t i = 0; i < t->n_keys; i++)
		wipe((char *)(uintptr_t)m->keys[i].bytes, m->keys[i].len);
	if (t->password != NULL)
		wipe((char *)(uintptr_t)t->password, strlen(t->password));
	ssh_target_release(t->jump);
	known_hosts_destroy(m->known);
	arena_destroy(m->arena);
	free(m);
}

/* --- files --- */

static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	const struct passwd *pw;

	if (home != NULL && *home != '\0')
		return home;
	pw = getpwuid(getuid());
	return pw == NULL ? "/" : pw->pw_dir;
}

/* `~/x` as people write it. */
static const char *path_expand(struct arena *a, const char *path)
{
	return path[0] == '~' && path[1] == '/' ? arena_printf(a, "%s%s", home_folder(), path + 1)
						: path;
}

/* The whole file into the arena. ERR_NOTFOUND where it is not there. */
static int file_read(struct arena *a, const char *path, size_t max, char **out, size_t *len,
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
		err_set(e, ERR_LIMIT, "%s is larger than %zu bytes", path, max);
	} else if ((bytes = arena_alloc(a, (size_t)st->st_size + 1)) == NULL) {
		r = err_set(e, ERR_NOMEM, "out of memory");
	} else {
		*len = 0;
		while (*len < (size_t)st->st_size &&
			(n = read(fd, bytes + *len, (size_t)st->st_size - *len)) > 0)
			*len += (size_t)n;
		*out = bytes;
		r = n < 0 ? err_set(e, ERR_IO, "%s cannot be read: %s", path, strerror(errno)) : 0;
	}
	(void)close(fd);
	return r;
}

/* --- keys --- */

static void key_add(
	struct made *m, const char *bytes, size_t len, const char *passphrase, const char *what)
{
	if (m->target.n_keys == KEYS_MAX)
		return;
	m->keys[m->target.n_keys++] = (struct ssh_target_key){bytes, len, passphrase, what};
}

static int key_look(const char *what, const char *bytes, size_t len, struct err *e)
{
	if (len == 0)
		return err_set(e, ERR_INVALID, "%s is empty", what);
	if (strncmp(bytes, "ssh-", 4) == 0 || strncmp(bytes, "ecdsa-", 6) == 0 ||
		strstr(bytes, "PUBLIC KEY") != NULL)
		return err_set(
			e, ERR_INVALID, "%s holds a public key; the private key is wanted", what);
	if (strstr(bytes, "PRIVATE KEY-----") == NULL)
		return err_set(
			e, ERR_INVALID, "%s holds no private key in PEM or OpenSSH format", what);
	if (strstr(bytes, "-----END") == NULL)
		return err_set(e, ERR_INVALID, "%s is cut off: its -----END line is missing", what);
	return 0;
}

/* N.B. a key that others may read is refused, as ssh does: it is no secret any more. */
static int key_file_add(
	struct made *m, const char *path, const char *passphrase, bool is_wanted, struct err *e)
{
	struct stat st;
	char *bytes;
	size_t len;
	int r;

	path = path_expand(m->arena, path);
	if (path == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	r = file_read(m->arena, path, KEY_FILE_MAX, &bytes, &len, &st, e);
	if (r != 0)
		return !is_wanted
			? 0
			: err_context(e, "the key_file of connection %s", m->target.conn_id);
	if ((st.st_mode & 077) != 0)
		return !is_wanted ? 0
				  : err_set(e, ERR_DENIED,
					    "the key file %s can be read by others (mode %03o); "
					    "run chmod 600 on it",
					    path, st.st_mode & 0777);
	if ((r = key_look(path, bytes, len, e)) != 0)
		return is_wanted ? r : 0;
	key_add(m, bytes, len, passphrase, arena_strdup(m->arena, path));
	return 0;
}

static int keys_find(struct made *m, const struct connection *c, struct err *e)
{
	static const char *const usual[] = {
		"~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa"};
	const char *passphrase = connection_extra_text(m->arena, c, "private_key_passphrase");
	const char *text = connection_extra_text(m->arena, c, "private_key");
	const char *file = connection_extra_text(m->arena, c, "key_file");
	const char *look = connection_extra_text(m->arena, c, "look_for_keys");
	int r;

	if (text != NULL) {
		if ((r = key_look("private_key", text, strlen(text), e)) != 0)
			return err_context(e, "connection %s", c->id);
		key_add(m, text, strlen(text), passphrase, "private_key of the connection");
	}
	if (file != NULL && (r = key_file_add(m, file, passphrase, true, e)) != 0)
		return r;
	if (m->target.n_keys > 0 || c->password != NULL)
		return 0;
	if (look != NULL && !connection_extra_bool(c, "look_for_keys"))
		return 0;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		(void)key_file_add(m, usual[i], passphrase, false, NULL);
	return 0;
}

/* --- host keys --- */

static int known_file_add(struct made *m, const char *path, struct err *e)
{
	struct stat st;
	char *bytes;
	size_t len;
	int r = file_read(m->arena, path, KNOWN_HOSTS_FILE_MAX, &bytes, &len, &st, e);

	if (r == ERR_NOTFOUND)
		return 0;
	return r != 0 ? r : known_hosts_add(m->known, path, bytes, len, e);
}

static int changed(const struct made *m, const char *host, int port, const char *known,
	const char *shown, const char *where, unsigned line, struct err *e)
{
	return err_set(e, ERR_DENIED,
		"the host key of %s:%d has CHANGED: %s, line %u, knows %s, but the host shows %s. "
		"Somebody may be "
		"listening in. If the host was really set up anew, run: ssh-keygen -f %s -R "
		"'[%s]:%d', and make the new "
		"key known (connection %s)",
		host, port, where, line, known, shown, where, host, port, m->target.conn_id);
}

static bool is_pinned(
	const struct made *m, const unsigned char *key, size_t len, const char *fingerprint)
{
	struct buf line;
	bool is_same = strcmp(m->pinned, fingerprint) == 0;
	const char *base64;

	buf_init(&line, 0);
	known_hosts_line(&line, "x", 22, key, len);
	base64 = strrchr(buf_str(&line), ' ');
	if (!is_same && base64 != NULL) {
		const char *want = strrchr(m->pinned, ' ');
		size_t n = strcspn(++base64, "\n");

		want = want == NULL ? m->pinned : want + 1;
		is_same = strlen(want) == n && memcmp(want, base64, n) == 0;
	}
	buf_free(&line);
	return is_same;
}

static int host_check(void *ctx, const char *host, int port, const unsigned char *key, size_t len,
	char *note, size_t note_size, struct err *e)
{
	struct made *m = ctx;
	struct known_hosts_result r;
	struct buf shown, known;
	int code = 0;

	buf_init(&shown, 0);
	buf_init(&known, 0);
	host_key_fingerprint(&shown, key, len);
	r = known_hosts_check(m->known, host, port, key, len);
	if (r.key != NULL)
		host_key_fingerprint(&known, r.key, r.key_len);
	if (m->is_unchecked)
		(void)snprintf(note, note_size,
			"WARNING: the host key (%s) is NOT checked: no_host_key_check is set. "
			"Anybody between here and "
			"the host can read and change everything",
			buf_str(&shown));
	else if (r.verdict == KNOWN_HOSTS_REVOKED)
		code = err_set(e, ERR_DENIED,
			"the host key of %s:%d (%s) is revoked by %s, line %u", host, port,
			buf_str(&shown), r.file, r.line);
	else if (m->pinned != NULL && !is_pinned(m, key, len, buf_str(&shown)))
		code = err_set(e, ERR_DENIED,
			"the host key of %s:%d is %s, which is not the host_key of connection %s; "
			"if the host was really "
			"set up anew, change host_key there",
			host, port, buf_str(&shown), m->target.conn_id);
	else if (m->pinned != NULL)
		(void)snprintf(note, note_size, "Host key %s is the connection's host_key",
			buf_str(&shown));
	else if (r.verdict == KNOWN_HOSTS_MATCH)
		(void)snprintf(note, note_size, "Host key %s is known (%s, line %u)",
			buf_str(&shown), r.file, r.line);
	else if (r.verdict == KNOWN_HOSTS_UNKNOWN)
		code = err_set(e, ERR_DENIED,
			"the host key of %s:%d (%s) is not known; compare it with the host's own, "
			"then make it known: "
			"ssh-keyscan -p %d %s >> ~/.ssh/known_hosts",
			host, port, buf_str(&shown), port, host);
	else
		code = changed(m, host, port, buf_str(&known), buf_str(&shown), r.file, r.line, e);
	buf_free(&shown);
	buf_free(&known);
	return code;
}

static int host_keys_load(struct made *m, const struct connection *c, struct err *e)
{
	struct buf types;
	int r;

	m->is_unchecked = connection_extra_bool(c, "no_host_key_check");
	m->pinned = connection_extra_text(m->arena, c, "host_key");
	m->target.host_check = host_check;
	m->target.host_ctx = m;
	r = known_file_add(m, path_expand(m->arena, "~/.ssh/known_hosts"), e);
	if (r == 0)
		r = known_file_add(m, "/etc/ssh/ssh_known_hosts", e);
	if (r != 0)
		return r;
	buf_init(&types, 0);
	known_hosts_algorithms(m->known, m->target.host, m->target.port, &types);
	if (types.len > 0 && m->pinned == NULL && !m->is_unchecked)
		m->target.host_key_types = arena_strdup(m->arena, types.data);
	r = buf_status(&types);
	buf_free(&types);
	return r;
}

/* --- all of it --- */

static int seconds(struct made *m, const struct connection *c, const char *key, int64_t dflt_ms,
	int64_t *ms, struct err *e)
{
	const char *text = connection_extra_text(m->arena, c, key);

	*ms = dflt_ms;
	if (text != NULL && duration_parse(text, strlen(text), ms, e) != 0)
		return err_context(e, "connection %s: %s", c->id, key);
	return 0;
}

static int fill(struct made *m, const struct connection *c, const char *remote_host,
	int64_t conn_timeout_ms, struct err *e)
{
	struct ssh_target *t = &m->target;
	int64_t timeout, keepalive;
	const char *sessions = connection_extra_text(m->arena, c, "max_sessions");
	int r;

	if (c->type[0] != '\0' && strcmp(c->type, "ssh") != 0 && strcmp(c->type, "sftp") != 0)
		return err_set(
			e, ERR_INVALID, "connection %s is of type %s, not ssh", c->id, c->type);
	if ((r = connection_check(c, e)) != 0)
		return r;
	t->host = remote_host != NULL ? arena_strdup(m->arena, remote_host) : c->host;
	if (t->host == NULL)
		return err_set(e, ERR_INVALID, "connection %s names no host", c->id);
	t->port = c->port == 0 ? 22 : c->port;
	t->login = c->login;
	if (t->login == NULL) {
		const struct passwd *pw = getpwuid(getuid());

		t->login = arena_strdup(m->arena, pw == NULL ? "root" : pw->pw_name);
	}
	t->password = c->password;
	t->compress = connection_extra_bool(c, "compress");
	t->ciphers = connection_extra_text(m->arena, c, "ciphers");
	t->max_sessions = sessions == NULL ? 0 : (unsigned)strtoul(sessions, NULL, 10);
	if ((r = seconds(m, c, "conn_timeout", CONN_TIMEOUT_MS, &timeout, e)) != 0 ||
		(r = seconds(m, c, "keepalive_interval", KEEPALIVE_S * 1000, &keepalive, e)) != 0)
		return r;
	t->conn_timeout_ms = (unsigned)(conn_timeout_ms > 0 ? conn_timeout_ms : timeout);
	t->keepalive_s = (unsigned)(keepalive / 1000);
	t->keys = m->keys;
	if ((r = keys_find(m, c, e)) != 0 || (r = host_keys_load(m, c, e)) != 0)
		return r;
	t->identity = arena_printf(m->arena, "%s@%s:%d %s %s", t->login, t->host, t->port, c->id,
		t->n_keys > 0 ? t->keys[0].what : "");
	return t->identity == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

int ssh_target_make(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target **out, struct err *e)
{
	struct made *m = calloc(1, sizeof(*m));
	struct connection c;
	int r = ERR_NOMEM;

	if (m == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	m->target.references = 1;
	m->target.destroy = made_destroy;
	m->arena = arena_create(0);
	m->known = known_hosts_create();
	if (m->arena == NULL || m->known == NULL ||
		(m->target.conn_id = arena_strdup(m->arena, id)) == NULL) {
		err_set(e, ERR_NOMEM, "out of memory");
		goto out;
	}
	r = source->find(source->ctx, m->arena, m->target.conn_id, &c, e);
	if (r == 0)
		r = fill(m, &c, remote_host, conn_timeout_ms, e);
out:
	if (r == 0)
		*out = &m->target;
	else if (m->arena != NULL)
		made_destroy(&m->target);
	else
		free(m);
	return r;
}
