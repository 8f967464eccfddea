/*
 * From a connection to a target. All that is a secret lives in memory for secrets, and goes with
 * the target; its identity is a digest of everything, files included, so that a connection that was
 * changed is never served by what was opened for the old one.
 */
#include "operators/ssh/target_make.h"

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
#define SAID_ROOM ((size_t)1 << 16) /* bytes of an extra that are never moved about */

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

	if (c->type[0] != '\0' && !connection_is_ssh(c))
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
	t->place = strchr(t->host, ':') == NULL
		? arena_printf(m->arena, "%s:%d", t->host, t->port)
		: arena_printf(m->arena, "[%s]:%d", t->host, t->port);
	t->password = c->password;
	return t->login == NULL || t->place == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* Adds all that the connection says, and who and where that is, to the digest, and tells it. */
static int said_digest(struct made *m, const struct connection *c, struct err *e)
{
	const struct ssh_target *t = &m->target;
	EVP_MD_CTX *copy = EVP_MD_CTX_new();
	struct buf text;
	int r;

	buf_init(&text, 0);
	(void)buf_room(&text, SAID_ROOM);
	buf_addf(&text, "%s@%s:%d %s %u ", t->login, t->host, t->port, c->id, t->conn_timeout_ms);
	if (c->password != NULL)
		target_digest_add(m, c->password, strlen(c->password));
	if (m->keypair != NULL)
		target_digest_add(m, m->keypair, m->keypair_len);
	if (c->extra.type == VALUE_MAP)
		value_json(&c->extra, &text);
	target_digest_add(m, buf_str(&text), text.len);
	if (text.data != NULL)
		explicit_bzero(text.data, text.cap);
	r = buf_status(&text);
	buf_free(&text);
	if (r != 0 || copy == NULL || EVP_MD_CTX_copy_ex(copy, m->digest) != 1 ||
		EVP_DigestFinal_ex(copy, m->said, NULL) != 1)
		r = err_set(e, ERR_NOMEM, "out of memory");
	EVP_MD_CTX_free(copy);
	return r;
}

/* The digest of all there is, as text. */
static int identity_make(struct made *m, struct err *e)
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	char digits[2 * EVP_MAX_MD_SIZE + 1];
	unsigned n = 0;

	(void)EVP_DigestFinal_ex(m->digest, bytes, &n);
	EVP_MD_CTX_free(m->digest);
	m->digest = NULL;
	(void)hex_write(digits, bytes, n);
	m->target.identity = arena_strdup(m->arena, digits);
	return m->target.identity == NULL ? err_set(e, ERR_NOMEM, "out of memory") : 0;
}

/* What is asked for: a connection, and what the task says instead of it. */
struct asked {
	const struct connection_source *source;
	const char *id, *remote_host;
	int64_t conn_timeout_ms;
	int depth; /* of jumps */
};

/* Makes it, or takes it from n that were made before. */
static int make(const struct asked *a, struct ssh_target *const *kept, size_t n,
	struct ssh_target **out, struct err *e);

/* Whether the way through another connection is what it was. */
static bool is_same_jump(const struct asked *a, const struct ssh_target *t)
{
	struct asked jump = {.source = a->source, .depth = a->depth + 1};
	struct ssh_target *now;
	struct err e;
	bool is_same;

	if (t->jump == NULL)
		return true;
	jump.id = t->jump->conn_id;
	if (make(&jump, &t->jump, 1, &now, &e) != 0)
		return false;
	is_same = now == t->jump;
	ssh_target_release(now);
	return is_same;
}

/* The way there: straight, through a command, or through another connection. */
static int way_read(
	struct made *m, const struct connection *c, const struct asked *a, struct err *e)
{
	struct asked jump = {.source = a->source, .depth = a->depth + 1};
	int r;

	jump.id = connection_extra_text(m->arena, c, "jump");
	m->target.proxy_command = connection_extra_text(m->arena, c, "host_proxy_cmd");
	if (jump.id == NULL)
		return 0;
	if (m->target.proxy_command != NULL)
		return err_set(e, ERR_INVALID,
			"connection %s: jump and host_proxy_cmd do not go together", c->id);
	if (a->depth == JUMPS_MAX)
		return err_set(e, ERR_INVALID,
			"connection %s: more than %d jumps; they may go round in a circle", c->id,
			JUMPS_MAX);
	r = make(&jump, NULL, 0, &m->target.jump, e);
	if (r != 0)
		return a->depth > 0 ? r : err_context(e, "connection %s: jump", c->id);
	target_digest_add(m, m->target.jump->identity, strlen(m->target.jump->identity));
	return 0;
}

/* What the connection says itself. */
static int read_said(
	struct made *m, const struct connection *c, const struct asked *a, struct err *e)
{
	int r;

	if ((r = connection_check(c, e)) != 0 ||
		(r = algorithms_read(m->arena, c, &m->target, e)) != 0 ||
		(r = place_read(m, c, a->remote_host, e)) != 0 ||
		(r = times_read(m, c, a->conn_timeout_ms, e)) != 0 ||
		(r = target_keypair_read(m, c, e)) != 0)
		return r;
	if (connection_extra_bool(c, "agent")) {
		m->target.agent_path = getenv("SSH_AUTH_SOCK");
		if (m->target.agent_path == NULL)
			return err_set(e, ERR_INVALID,
				"connection %s: agent is set, but $SSH_AUTH_SOCK is not", c->id);
	}
	m->target.compress = connection_extra_bool(c, "compress");
	return said_digest(m, c, e);
}

/* What it names: other connections, and files. */
static int read_named(
	struct made *m, const struct connection *c, const struct asked *a, struct err *e)
{
	int r;

	if ((r = way_read(m, c, a, e)) != 0 || (r = target_keys_find(m, c, e)) != 0 ||
		(r = target_host_load(m, c, e)) != 0)
		return r;
	return identity_make(m, e);
}

static struct ssh_target *kept_find(
	const struct made *m, const struct asked *a, struct ssh_target *const *kept, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct made *k = (const struct made *)kept[i];

		if (k != NULL && memcmp(k->said, m->said, sizeof(k->said)) == 0 &&
			target_files_are_same(k) && is_same_jump(a, kept[i]))
			return kept[i];
	}
	return NULL;
}

static int make(const struct asked *a, struct ssh_target *const *kept, size_t n,
	struct ssh_target **out, struct err *e)
{
	struct made *m = made_create();
	struct ssh_target *old = NULL;
	struct connection c;
	int r;

	if (m == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	m->source = a->source;
	m->target.conn_id = arena_strdup(m->arena, a->id);
	r = m->target.conn_id == NULL
		? err_set(e, ERR_NOMEM, "out of memory")
		: a->source->find(a->source->ctx, m->arena, m->target.conn_id, &c, e);
	if (r == 0)
		r = read_said(m, &c, a, e);
	if (r == 0 && (old = kept_find(m, a, kept, n)) == NULL)
		r = read_named(m, &c, a, e);
	if (arena_is_short(m->arena)) /* N.B. what found no room seems not to be said */
		r = err_set(e, ERR_NOMEM, "out of memory");
	if (r == 0 && old != NULL)
		ssh_target_hold(old);
	if (r == 0)
		*out = old != NULL ? old : &m->target;
	if (r != 0 || old != NULL)
		made_destroy(&m->target);
	return r;
}

int ssh_target_make(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target **out, struct err *e)
{
	return ssh_target_take(source, id, remote_host, conn_timeout_ms, NULL, 0, out, e);
}

int ssh_target_take(const struct connection_source *source, const char *id, const char *remote_host,
	int64_t conn_timeout_ms, struct ssh_target *const *kept, size_t n, struct ssh_target **out,
	struct err *e)
{
	return make(&(struct asked){source, id, remote_host, conn_timeout_ms, 0}, kept, n, out, e);
}

void ssh_target_settle(struct ssh_target *of, const struct ssh_target *by)
{
	struct made *to = (struct made *)of;
	const struct made *from = (const struct made *)by;

	to->is_unsettled = from->is_unsettled || from->n_files != to->n_files;
	for (size_t i = 0; i < to->n_files && !to->is_unsettled; i++) {
		to->files[i].is_there = from->files[i].is_there;
		to->files[i].stamp = from->files[i].stamp;
	}
	if (of->jump != NULL && of->jump != by->jump)
		ssh_target_settle(of->jump, by->jump);
}
