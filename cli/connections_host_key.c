/*
 * `windrow connections discover-host-key`: asks a host for its key, and records it where a person
 * says that it is the right one: with a stored connection as its host_key, else in known_hosts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/lookup.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "operators/ssh/call.h"
#include "operators/ssh/known_hosts.h"
#include "operators/ssh/target_make.h"
#include "store/secret.h"

/* A connection without what it would log in with: its host is only looked at. */
struct bare {
	const struct connection_source *all;
};

static bool is_login(const char *key)
{
	static const char *const keys[] = {
		"key_file", "private_key", "private_key_passphrase", "keypair", "look_for_keys"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

static int find_bare(
	void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	struct bare *b = ctx;
	int r = b->all->find(b->all->ctx, a, id, out, e);
	struct value_pair *pairs;
	size_t n = 0;

	if (r != 0)
		return r;
	out->password = NULL;
	pairs = arena_array(a, out->extra.len + 1, sizeof(*pairs));
	if (pairs == NULL)
		return err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; out->extra.type == VALUE_MAP && i < out->extra.len; i++)
		if (!is_login(out->extra.u.pairs[i].key))
			pairs[n++] = out->extra.u.pairs[i];
	pairs[n++] = (struct value_pair){"look_for_keys", 13, value_bool(false)};
	out->extra = (struct value){.type = VALUE_MAP, .len = n, .u.pairs = pairs};
	return 0;
}

/* What was found out of a host. */
struct found {
	struct arena *arena;
	const char *id, *origin, *host;
	int port;
	const char *type, *fingerprint, *line; /* line: `type base64` */
	struct ssh_call call;
};

static bool has_text(struct found *f, struct buf *b, const char **out)
{
	*out = buf_status(b) == 0 ? arena_strdup(f->arena, buf_str(b)) : NULL;
	buf_free(b);
	return *out != NULL;
}

/* The key in the spellings in which people meet it. */
static bool spell(struct found *f)
{
	const struct buf *blob = &f->call.key.blob;
	const unsigned char *key = (const unsigned char *)blob->data;
	const char *type, *space, *line;
	struct buf b;
	size_t n;

	type = host_key_type(key, blob->len, &n);
	f->type = type == NULL ? NULL : arena_memdup(f->arena, type, n);
	buf_init(&b, 0);
	host_key_fingerprint(&b, key, blob->len);
	if (!has_text(f, &b, &f->fingerprint))
		return false;
	buf_init(&b, 0);
	known_hosts_line(&b, "x", 22, key, blob->len);
	if (!has_text(f, &b, &line))
		return false;
	space = strchr(line, ' ');
	f->line =
		space == NULL ? NULL : arena_memdup(f->arena, space + 1, strcspn(space + 1, "\n"));
	return f->type != NULL && f->line != NULL;
}

/* Asks the host. Reports what goes wrong. */
static int ask_host(struct found *f, const struct lookup *l)
{
	struct bare bare = {.all = lookup_connections(l)};
	const struct connection_source source = {.ctx = &bare, .find = find_bare};
	struct ssh_target *t;
	struct connection c;
	struct err e;
	int r = bare.all->find(bare.all->ctx, f->arena, f->id, &c, &e);

	if (r == 0)
		r = ssh_target_make(&source, f->id, NULL, 0, &t, &e);
	if (r != 0) {
		report_error("%s", e.text);
		return EXIT_FAILED;
	}
	f->origin = c.origin;
	f->host = arena_strdup(f->arena, t->host);
	f->port = t->port;
	r = ssh_call_run(t, "true", "", 0, true, &f->call, &e);
	ssh_target_release(t);
	if (r == 0 && f->call.key.blob.len == 0)
		r = err_set(&e, ERR_UNAVAILABLE, "%s", f->call.end.err.text);
	if (r == 0 && !spell(f))
		r = err_set(&e, ERR_INVALID, "the host shows a key that cannot be read");
	if (r != 0)
		report_error("connection %s: %s", f->id, e.text);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ---- recording ---- */

static bool is_stored(const struct found *f)
{
	return strcmp(f->origin, "the store") == 0;
}

static int record_stored(const struct found *f)
{
	struct store_connection c;
	struct value_pair *pairs;
	int status, r;
	struct store *s = stores_open(&status);
	struct err e;
	size_t n;

	if (s == NULL)
		return status;
	r = store_connection_get(s, f->arena, f->id, &c, &e);
	n = r == 0 && c.connection.extra.type == VALUE_MAP ? c.connection.extra.len : 0;
	pairs = arena_array(f->arena, n + 1, sizeof(*pairs));
	if (r == 0 && pairs == NULL)
		r = err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0) {
		if (n > 0)
			memcpy(pairs, c.connection.extra.u.pairs, n * sizeof(*pairs));
		pairs[n] =
			(struct value_pair){"host_key", 8, value_string(f->line, strlen(f->line))};
		r = value_map(f->arena, pairs, n + 1, &c.connection.extra);
	}
	if (r == 0)
		r = store_connection_put(s, &c, true, &e);
	stores_close(s);
	if (r != 0)
		return stores_report(&e);
	report_note("recorded as the host_key of connection %s", f->id);
	return EXIT_DONE;
}

static int record_known(const struct found *f)
{
	const char *path = ssh_known_hosts_path(f->arena);
	const struct buf *blob = &f->call.key.blob;
	struct err e;

	if (path == NULL ||
		ssh_known_host_record(path, f->host, f->port, (const unsigned char *)blob->data,
			blob->len, &e) != 0) {
		report_error("%s", path == NULL ? err_text(ERR_NOMEM) : e.text);
		return EXIT_FAILED;
	}
	report_note("recorded in %s", path);
	return EXIT_DONE;
}

/* Whether a person says that this is the key. */
static bool is_trusted(const struct found *f, const struct args *args)
{
	char answer[16] = "";

	if (args_has(args, "yes") || args_has(args, "fingerprint"))
		return true;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
		report_note("not recorded: compare it with the host's own (`ssh-keygen -lf` on its "
			    "key), then say --fingerprint %s",
			f->fingerprint);
		return false;
	}
	(void)fprintf(
		stderr, "Is this the host's own key? Record it for connection %s? [y/N] ", f->id);
	(void)fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) != NULL &&
		(answer[0] == 'y' || answer[0] == 'Y');
}

static int settle(const struct found *f, const struct args *args)
{
	const char *wanted = args_text(args, "fingerprint", f->fingerprint);

	if (strcmp(wanted, f->fingerprint) != 0) {
		report_error(
			"the host shows %s, not %s; nothing was recorded", f->fingerprint, wanted);
		return EXIT_FAILED;
	}
	if (f->call.key.code == 0) {
		report_note("%s", f->call.key.text);
		return EXIT_DONE;
	}
	report_note("%s", f->call.key.text);
	if (!is_trusted(f, args))
		return EXIT_DONE;
	return is_stored(f) ? record_stored(f) : record_known(f);
}

static struct value_pair pair(const char *key, const char *text)
{
	return (struct value_pair){key, strlen(key), value_string(text, strlen(text))};
}

static int show(const struct found *f, const struct args *args)
{
	struct value_pair pairs[7];
	struct value map = {
		.type = VALUE_MAP, .len = sizeof(pairs) / sizeof(pairs[0]), .u.pairs = pairs};

	pairs[0] = pair("conn_id", f->id);
	pairs[1] = pair("host", f->host);
	pairs[2] = (struct value_pair){"port", 4, value_int(f->arena, f->port)};
	pairs[3] = pair("key_type", f->type);
	pairs[4] = pair("fingerprint", f->fingerprint);
	pairs[5] = pair("host_key", f->line);
	pairs[6] = (struct value_pair){"is_known", 8, value_bool(f->call.key.code == 0)};
	return table_show_object(&map, args);
}

static int discover_exec(const struct args *args)
{
	struct found f = {.arena = secret_arena_create(0), .id = args_word(args, 0)};
	struct lookup l;
	int status = EXIT_FAILED;

	if (f.arena == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	if (lookup_home(&l))
		status = ask_host(&f, &l);
	if (status == EXIT_DONE)
		status = show(&f, args);
	if (status == EXIT_DONE) {
		(void)fflush(stdout);
		status = settle(&f, args);
	}
	ssh_call_free(&f.call);
	lookup_close(&l);
	arena_destroy(f.arena);
	return status;
}

static const struct flag discover_flags[] = {
	{"fingerprint", 0, FLAG_TEXT, "SHA256:...", "record the key if it is this one"},
	{"yes", 'y', FLAG_SWITCH, NULL, "record whatever key the host shows"},
	OUTPUT_FLAG,
};

const struct command command_connections_discover_host_key = {
	.group = "connections",
	.verb = "discover-host-key",
	.words = "ID",
	.summary = "ask a host for its key, and record it",
	.details = "Asks on a terminal whether it is the right one; elsewhere it records nothing "
		   "without --fingerprint or --yes. It goes to the stored connection as its "
		   "host_key; for connections from elsewhere to ~/.ssh/known_hosts.",
	.flags = discover_flags,
	.n_flags = sizeof(discover_flags) / sizeof(discover_flags[0]),
	.example = "windrow connections discover-host-key web",
	.exec = discover_exec,
};
