/* Host keys, for commands. N.B. the host is asked without anything that could log in there. */
#include "cli/host_key.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/command.h"
#include "cli/connection_variant.h"
#include "cli/lookup.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "operators/ssh/known_hosts.h"
#include "operators/ssh/target_make.h"

static bool has_text(struct host_key *k, struct buf *b, const char **out)
{
	*out = buf_status(b) == 0 ? arena_strdup(k->arena, buf_str(b)) : NULL;
	buf_free(b);
	return *out != NULL;
}

/* The key in the spellings in which people meet it. */
static bool spell(struct host_key *k)
{
	const struct buf *blob = &k->call.key.blob;
	const unsigned char *key = (const unsigned char *)blob->data;
	const char *type, *space, *line;
	struct buf b;
	size_t n;

	type = host_key_type(key, blob->len, &n);
	k->type = type == NULL ? NULL : arena_memdup(k->arena, type, n);
	buf_init(&b, 0);
	host_key_fingerprint(&b, key, blob->len);
	if (!has_text(k, &b, &k->fingerprint))
		return false;
	buf_init(&b, 0);
	known_hosts_line(&b, "x", 22, key, blob->len);
	if (!has_text(k, &b, &line))
		return false;
	space = strchr(line, ' ');
	k->line =
		space == NULL ? NULL : arena_memdup(k->arena, space + 1, strcspn(space + 1, "\n"));
	return k->type != NULL && k->line != NULL;
}

int host_key_ask(struct host_key *k, const struct lookup *l)
{
	struct connection_variant bare = {.all = lookup_connections(l), .id = k->id};
	const struct connection_source source = connection_variant_source(&bare);
	struct ssh_target *t;
	struct connection c;
	struct err e;
	int r = bare.all->find(bare.all->ctx, k->arena, k->id, &c, &e);

	if (r != 0)
		return stores_report(&e);
	r = ssh_target_make(&source, k->id, NULL, 0, &t, &e);
	if (r != 0) {
		report_error("%s", e.text);
		return EXIT_FAILED;
	}
	k->is_stored = c.is_stored;
	k->host = arena_strdup(k->arena, t->host);
	k->port = t->port;
	r = ssh_call_run(t, "true", "", 0, true, &k->call, &e);
	ssh_target_release(t);
	if (r == 0 && k->call.key.blob.len == 0)
		r = err_set(&e, ERR_UNAVAILABLE, "%s", k->call.end.err.text);
	if (r == 0 && !spell(k))
		r = err_set(&e, ERR_INVALID, "%s:%d shows a host key that cannot be read", k->host,
			k->port);
	if (r != 0)
		report_error("%s", e.text);
	return r == 0 ? EXIT_DONE : EXIT_FAILED;
}

/* ---- recording ---- */

static int record_stored(const struct host_key *k)
{
	struct connection c;
	struct value_pair *pairs;
	int status, r;
	struct store *s = stores_open(&status);
	struct err e;
	size_t n;

	if (s == NULL)
		return status;
	r = store_connection_get(s, k->arena, k->id, &c, &e);
	n = r == 0 && c.extra.type == VALUE_MAP ? c.extra.len : 0;
	pairs = arena_array(k->arena, n + 1, sizeof(*pairs));
	if (r == 0 && pairs == NULL)
		r = err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	if (r == 0) {
		if (n > 0)
			memcpy(pairs, c.extra.u.pairs, n * sizeof(*pairs));
		pairs[n] =
			(struct value_pair){"host_key", 8, value_string(k->line, strlen(k->line))};
		if (value_map(k->arena, pairs, n + 1, &c.extra) != 0)
			r = err_set(&e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	if (r == 0)
		r = store_connection_put(s, &c, true, &e);
	stores_close(s);
	if (r != 0)
		return stores_report(&e);
	report_note("recorded as the host_key of connection %s", k->id);
	return EXIT_DONE;
}

static int record_known(const struct host_key *k)
{
	const char *path = ssh_known_hosts_path(k->arena);
	const struct buf *blob = &k->call.key.blob;
	struct err e;

	if (path == NULL ||
		ssh_known_host_record(path, k->host, k->port, (const unsigned char *)blob->data,
			blob->len, &e) != 0) {
		report_error("%s", path == NULL ? err_text(ERR_NOMEM) : e.text);
		return EXIT_FAILED;
	}
	report_note("recorded in %s", path);
	return EXIT_DONE;
}

/* Whether a person says that this is the key. */
static bool is_trusted(const struct host_key *k, const struct args *args)
{
	char answer[16] = "";

	if (args_has(args, "yes") || args_has(args, "fingerprint"))
		return true;
	if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
		report_note("not recorded: compare it with the host's own (`ssh-keygen -lf` on its "
			    "key), then say --fingerprint %s",
			k->fingerprint);
		return false;
	}
	(void)fprintf(
		stderr, "Is this the host's own key? Record it for connection %s? [y/N] ", k->id);
	(void)fflush(stderr);
	return fgets(answer, sizeof(answer), stdin) != NULL &&
		(answer[0] == 'y' || answer[0] == 'Y');
}

/* Whether recording the key would let windrow trust it. */
static bool can_record(const struct host_key *k)
{
	enum ssh_host_finding f = k->call.key.verdict.finding;

	return f != SSH_HOST_REVOKED && (f != SSH_HOST_NOT_PINNED || k->is_stored);
}

/* What the check of the key found. What it advises is told where that is not being done. */
static void tell_check(const struct host_key *k)
{
	const struct ssh_host_verdict *v = &k->call.key.verdict;

	if (!can_record(k))
		report_error("%s%s%s; nothing was recorded", v->text,
			v->advice[0] == '\0' ? "" : "; ", v->advice);
	else if (v->is_warning)
		report_warning("%s", v->text);
	else if (v->finding == SSH_HOST_CHANGED)
		report_note("%s; %s", v->text, v->advice);
	else
		report_note("%s", v->text);
}

int host_key_settle(const struct host_key *k, const struct args *args, bool *is_known)
{
	const char *wanted = args_text(args, "fingerprint", k->fingerprint);
	int status;

	*is_known = k->call.key.code == 0;
	if (strcmp(wanted, k->fingerprint) != 0) {
		report_error(
			"the host shows %s, not %s; nothing was recorded", k->fingerprint, wanted);
		return EXIT_FAILED;
	}
	tell_check(k);
	if (!can_record(k))
		return EXIT_FAILED;
	if (*is_known || !is_trusted(k, args))
		return EXIT_DONE;
	status = k->is_stored ? record_stored(k) : record_known(k);
	*is_known = status == EXIT_DONE;
	return status;
}

void host_key_free(struct host_key *k)
{
	ssh_call_free(&k->call);
}
