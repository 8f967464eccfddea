/*
 * Whether a host is the one that it says it is. Decided by what was loaded beforehand; the check
 * itself runs on a transport thread.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "operators/ssh/target_impl.h"
#include "operators/ssh/target_make.h"

/* N.B. a list of a thousand hosts is one of a thousand targets, each of which keeps its own lines.
 */
static int known_file_add(struct made *m, const char *path, struct err *e)
{
	struct arena *a = arena_create(0);
	struct stat st;
	char *bytes;
	size_t len;
	int r = a == NULL
		? err_set(e, ERR_NOMEM, "out of memory")
		: target_file_read(m, a, path, KNOWN_HOSTS_FILE_MAX, &bytes, &len, &st, e);

	if (r == 0)
		r = known_hosts_add(m->known, path, bytes, len, e);
	arena_destroy(a);
	return r == ERR_NOTFOUND ? 0 : r;
}

/* Loads what is known of the host, by the user and by the system. */
static int known_load(struct made *m, struct err *e)
{
	struct buf told;
	int r;

	known_hosts_narrow(m->known, m->target.host, m->target.port);
	r = known_file_add(m, m->known_path, e);
	if (r == 0)
		r = known_file_add(m, "/etc/ssh/ssh_known_hosts", e);
	if (r != 0)
		return r;
	buf_init(&told, 0);
	known_hosts_tell(m->known, &told);
	target_digest_add(m, buf_str(&told), told.len);
	/* N.B. a host whose line was taken away is not the new one that it was before: what was
	 * accepted then counts no more. */
	if (m->is_accepting && told.len == 0)
		target_stamp_digest(m, m->known_path);
	r = buf_status(&told) != 0 ? err_set(e, ERR_NOMEM, "out of memory") : 0;
	buf_free(&told);
	return r;
}

static bool is_pinned(
	const struct made *m, const unsigned char *key, size_t len, const char *fingerprint)
{
	if (m->pinned_key == NULL)
		return strcmp(m->pinned, fingerprint) == 0;
	return m->pinned_len == len && memcmp(m->pinned_key, key, len) == 0;
}

/* Opens the file of known hosts, making it and its folder as ssh would. */
static int known_open(const char *path)
{
	int flags = O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, fd = open(path, flags, 0600);
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];

	if (fd >= 0 || errno != ENOENT || slash == NULL || (size_t)(slash - path) >= sizeof(folder))
		return fd;
	(void)snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
	return mkdir(folder, 0700) == 0 || errno == EEXIST ? open(path, flags, 0600) : -1;
}

/* Whether the file ends within a line, as one written by hand may. */
static bool is_within_line(int fd)
{
	off_t end = lseek(fd, 0, SEEK_END);
	char last = '\n';

	return end > 0 && pread(fd, &last, 1, end - 1) == 1 && last != '\n';
}

int ssh_known_host_record(const char *path, const char *host, int port, const unsigned char *key,
	size_t len, struct err *e)
{
	int fd = known_open(path);
	bool is_written = false;
	struct buf line;

	buf_init(&line, 0);
	if (fd >= 0 && is_within_line(fd))
		buf_addc(&line, '\n');
	known_hosts_line(&line, host, port, key, len);
	if (fd >= 0 && buf_status(&line) == 0)
		is_written = write(fd, line.data, line.len) == (ssize_t)line.len;
	if (!is_written)
		err_set(e, ERR_IO, "the host key of %s:%d cannot be recorded in %s: %s", host, port,
			path, strerror(errno));
	if (fd >= 0)
		(void)close(fd);
	buf_free(&line);
	return is_written ? 0 : ERR_IO;
}

/* ---- the check ---- */

/* What is said of the key that is looked at. */
struct shown {
	const char *host;
	int port;
	const unsigned char *key;
	size_t len;
	const char *print; /* its fingerprint */
	struct known_hosts_result known;
};

#define SAY(room, ...) (void)snprintf(room, sizeof(room), __VA_ARGS__)

/* host_key of the connection goes before all that is known. */
static void check_pinned(const struct made *m, const struct shown *s, struct ssh_host_verdict *out)
{
	if (is_pinned(m, s->key, s->len, s->print)) {
		SAY(out->text, "Host key %s is the connection's host_key", s->print);
		return;
	}
	out->finding = SSH_HOST_NOT_PINNED;
	SAY(out->text, "the host key of %s is %s, which is not the host_key of connection %s",
		m->target.place, s->print, m->target.conn_id);
	SAY(out->advice, "if the host was really set up anew, change host_key there");
}

/* Records the key that accept-new trusts. */
static int record(struct made *m, const struct shown *s, struct err *e)
{
	int r = ssh_known_host_record(m->known_path, s->host, s->port, s->key, s->len, e);

	if (r != 0)
		return r;
	m->accepted = arena_memdup(m->arena, s->key, s->len);
	m->accepted_len = s->len;
	return m->accepted == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* accept-new: what was not known is from now on. N.B. several connections may meet the host at
 * once: the first decides. */
static int accept_new(struct made *m, const struct shown *s, struct ssh_host_verdict *out)
{
	bool is_first = m->accepted == NULL;
	struct err e;

	if (is_first && record(m, s, &e) != 0) {
		out->finding = SSH_HOST_UNKNOWN;
		SAY(out->text, "%.*s", (int)sizeof(out->text) - 1, e.text);
		return e.code;
	}
	if (is_first) {
		out->is_warning = true;
		SAY(out->text, "host key %s was not known; it is now, in %s", s->print,
			m->known_path);
		return 0;
	}
	if (m->accepted_len == s->len && memcmp(m->accepted, s->key, s->len) == 0) {
		SAY(out->text, "Host key %s is known (%s)", s->print, m->known_path);
		return 0;
	}
	out->finding = SSH_HOST_CHANGED;
	SAY(out->text,
		"the host key of %s is %s, and was another when it was recorded a moment ago",
		m->target.place, s->print);
	return ERR_DENIED;
}

static int check_unknown(struct made *m, const struct shown *s, struct ssh_host_verdict *out)
{
	if (m->is_accepting)
		return accept_new(m, s, out);
	out->finding = SSH_HOST_UNKNOWN;
	SAY(out->text, "the host key of %s (%s) is not known", m->target.place, s->print);
	SAY(out->advice,
		"compare it with the host's own, then make it known: "
		"windrow connections discover-host-key %s --fingerprint %s",
		m->target.conn_id, s->print);
	return ERR_DENIED;
}

static void check_changed(const struct made *m, const struct shown *s, struct ssh_host_verdict *out)
{
	const struct known_hosts_result *r = &s->known;
	struct buf print, name; /* name: as the host stands in the file */

	buf_init(&print, 0);
	buf_init(&name, 0);
	if (s->port == 22)
		buf_adds(&name, s->host);
	else
		buf_addf(&name, "[%s]:%d", s->host, s->port);
	host_key_fingerprint(&print, r->key, r->key_len);
	if (m->is_changeable) {
		out->is_warning = true;
		SAY(out->text,
			"host key %s is not the one that %s, line %u, knows (%s): "
			"allow_host_key_change is set",
			s->print, r->file, r->line, buf_str(&print));
	} else {
		out->finding = SSH_HOST_CHANGED;
		SAY(out->text,
			"the host key of %s has CHANGED: %s, line %u, knows %s, but the host "
			"shows %s. Somebody may be listening in",
			m->target.place, r->file, r->line, buf_str(&print), s->print);
		SAY(out->advice,
			"if the host was really set up anew, run: ssh-keygen -f %s -R '%s', and "
			"make the new key known (connection %s)",
			r->file, buf_str(&name), m->target.conn_id);
	}
	buf_free(&name);
	buf_free(&print);
}

static int check(struct made *m, const struct shown *s, struct ssh_host_verdict *out)
{
	const struct known_hosts_result *r = &s->known;

	if (m->is_unchecked) {
		out->is_warning = true;
		SAY(out->text,
			"the host key (%s) is NOT checked: no_host_key_check is set. Anybody "
			"between here and the host can read and change everything",
			s->print);
	} else if (r->verdict == KNOWN_HOSTS_REVOKED) {
		out->finding = SSH_HOST_REVOKED;
		SAY(out->text, "the host key of %s (%s) is revoked by %s, line %u", m->target.place,
			s->print, r->file, r->line);
	} else if (m->pinned != NULL) {
		check_pinned(m, s, out);
	} else if (r->verdict == KNOWN_HOSTS_MATCH) {
		SAY(out->text, "Host key %s is known (%s, line %u)", s->print, r->file, r->line);
	} else if (r->verdict == KNOWN_HOSTS_UNKNOWN) {
		return check_unknown(m, s, out);
	} else {
		check_changed(m, s, out);
	}
	return out->finding == SSH_HOST_TRUSTED ? 0 : ERR_DENIED;
}

static int host_check(void *ctx, const char *host, int port, const unsigned char *key, size_t len,
	struct ssh_host_verdict *out)
{
	struct made *m = ctx;
	struct buf print;
	int r;

	buf_init(&print, 0);
	host_key_fingerprint(&print, key, len);
	*out = (struct ssh_host_verdict){.finding = SSH_HOST_TRUSTED};
	r = check(m,
		&(struct shown){host, port, key, len, buf_str(&print),
			known_hosts_check(m->known, host, port, key, len)},
		out);
	buf_free(&print);
	return r;
}

/* The host key algorithms to ask for: those of the keys that are known first, for a host that has
 * several keys shows one. */
static int types_find(struct made *m, struct err *e)
{
	struct buf types;
	const char *type;
	size_t len;
	int r;

	buf_init(&types, 0);
	if (m->pinned_key != NULL &&
		(type = host_key_type(m->pinned_key, m->pinned_len, &len)) != NULL)
		host_key_algorithms(&types, type, len);
	else if (m->pinned == NULL)
		known_hosts_algorithms(m->known, m->target.host, m->target.port, &types);
	known_hosts_algorithms_complete(&types);
	m->target.host_key_types = arena_strdup(m->arena, buf_str(&types));
	r = buf_status(&types) != 0 || m->target.host_key_types == NULL
		? err_set(e, ERR_NOMEM, "out of memory")
		: 0;
	buf_free(&types);
	return r;
}

static void policy_read(struct made *m, const struct connection *c)
{
	const char *policy = connection_extra_text(m->arena, c, "host_key_policy");

	m->is_accepting = policy != NULL && strcmp(policy, "accept-new") == 0;
}

const char *ssh_known_hosts_path(struct arena *a)
{
	return target_path(a, "~/.ssh/known_hosts");
}

int target_host_load(struct made *m, const struct connection *c, struct err *e)
{
	int r;

	m->is_unchecked = connection_extra_bool(c, "no_host_key_check");
	m->pinned = connection_extra_text(m->arena, c, "host_key");
	if (m->pinned != NULL && m->is_unchecked)
		return err_set(e, ERR_INVALID,
			"connection %s: host_key and no_host_key_check do not go together", c->id);
	if (m->pinned != NULL)
		m->pinned_key = host_key_read(m->arena, m->pinned, &m->pinned_len);
	if (m->pinned != NULL && m->pinned_key == NULL && strncmp(m->pinned, "SHA256:", 7) != 0)
		return err_set(e, ERR_INVALID,
			"connection %s: host_key is neither a key, as a .pub file or known_hosts "
			"has it, nor its SHA256:... fingerprint",
			c->id);
	m->target.host_check = host_check;
	m->target.host_ctx = m;
	m->is_changeable = connection_extra_bool(c, "allow_host_key_change");
	m->known_path = ssh_known_hosts_path(m->arena);
	if (m->known_path == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	policy_read(m, c);
	r = known_load(m, e);
	return r != 0 ? err_context(e, "the host keys for connection %s", c->id) : types_find(m, e);
}
