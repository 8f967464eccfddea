/* `windrow connections import` and `export`: Airflow's files, JSON, YAML or env. */
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/connection_view.h"
#include "cli/exchange_file.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/connection_file.h"

static const char *const formats[] = {
	[CONNECTION_JSON] = "json",
	[CONNECTION_YAML] = "yaml",
	[CONNECTION_ENV] = "env",
	NULL,
};

/* ---- import ---- */

struct import {
	const char *path;
	struct connection_entry *list;
	size_t n, n_put, n_left_out;
	bool may_replace;
};

/* Tells of a connection that cannot be taken over. */
static void leave_out(struct import *m, const struct connection_entry *x, const char *why)
{
	const char *name = strcmp(m->path, "-") == 0 ? "standard input" : m->path;

	m->n_left_out++;
	if (x->line > 0)
		report_note("%s:%zu: left out: %s", name, x->line, why);
	else
		report_note("%s: left out: %s", name, why);
}

/* Tells of all that cannot be taken over; they have a fault then. */
static int check_all(struct import *m, struct arena *a, struct err *e)
{
	for (size_t i = 0; i < m->n; i++) {
		struct connection_entry *x = &m->list[i];
		int r = x->fault != NULL ? 0 : store_connection_check(&x->said, e);

		r = connection_entry_refuse(a, x, r, e);
		if (r != 0)
			return r;
		if (x->fault != NULL)
			leave_out(m, x, x->fault);
	}
	return 0;
}

static int put_one(struct import *m, struct store *s, const struct connection *c, struct err *e)
{
	bool is_there = false;
	int r = m->may_replace ? 0 : store_connection_has(s, c->id, &is_there, e);

	if (r == 0 && is_there) {
		report_note("connection %s is there already; --overwrite replaces it", c->id);
		return 0;
	}
	if (r == 0)
		r = store_connection_put(s, c, true, e);
	m->n_put += r == 0;
	return r;
}

static int put_all(struct import *m, struct store *s, struct err *e)
{
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	for (size_t i = 0; i < m->n && r == 0; i++)
		if (m->list[i].fault == NULL)
			r = put_one(m, s, &m->list[i].said, e);
	if (r == 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

/* Stores what is right; where there is nothing, no store is made. */
static int store_all(struct import *m)
{
	struct err e;
	int status;
	struct store *s;

	if (m->n == m->n_left_out)
		return EXIT_DONE;
	s = stores_open(&status);
	if (s != NULL && put_all(m, s, &e) != 0) {
		(void)err_context(&e, "%s: nothing was imported", m->path);
		status = stores_report(&e);
	}
	stores_close(s);
	return status;
}

static int import_all(struct import *m)
{
	int status = store_all(m);

	if (status != EXIT_DONE)
		return status;
	if (m->n_left_out == 0) {
		report_note("%zu of %zu connections imported", m->n_put, m->n);
		return EXIT_DONE;
	}
	report_note(
		"%zu of %zu connections imported; left out: %zu", m->n_put, m->n, m->n_left_out);
	return EXIT_FAILED;
}

static int import_text(
	struct arena *a, const char *path, const char *text, size_t len, const struct args *args)
{
	struct import m = {.path = path, .may_replace = args_has(args, "overwrite")};
	struct err e;
	int r = connection_file_read(
		a, path, connection_format_of(path, text, len), text, len, &m.list, &m.n, &e);

	if (r == 0)
		r = check_all(&m, a, &e);
	if (r == 0)
		return import_all(&m);
	report_error("%s", e.text);
	return EXIT_FAILED;
}

static int import_exec(const struct args *args)
{
	return exchange_file_read(args, CONNECTION_FILE_MAX, import_text);
}

static const struct flag import_flags[] = {
	{"overwrite", 0, FLAG_SWITCH, NULL, "replace connections that are there already"},
};

const struct command command_connections_import = {
	.group = "connections",
	.verb = "import",
	.words = "FILE",
	.summary = "store the connections of a file, as Airflow exports them",
	.details =
		"FILE is JSON, YAML (objects or URIs by their ids), or lines ID=URI (.env); `-` "
		"is standard input. What cannot be taken over is told, and the exit status is 1; "
		"the rest is stored.",
	.flags = import_flags,
	.n_flags = sizeof(import_flags) / sizeof(import_flags[0]),
	.example = "airflow connections export c.json && windrow connections import c.json",
	.exec = import_exec,
};

const struct command command_import_airflow_connections = {
	.group = "import",
	.verb = "airflow-connections",
	.words = "FILE",
	.summary = "store the connections that Airflow exports",
	.details = "The same as `connections import`. FILE is what `airflow connections export` "
		   "writes, JSON, YAML or .env; `-` is standard input. Connections of types that "
		   "windrow has no operator for are kept too. What cannot be taken over is told, "
		   "and the exit status is 1; the rest is stored.",
	.flags = import_flags,
	.n_flags = sizeof(import_flags) / sizeof(import_flags[0]),
	.example = "airflow connections export c.json\nwindrow import airflow-connections c.json",
	.exec = import_exec,
};

/* ---- export ---- */

/* Takes the secrets out of a value, however deep they stand in it; *had becomes true where there
 * are any. */
static int value_leave_out(struct arena *a, struct value *v, bool *had)
{
	struct value_pair *pairs;
	struct value *items;
	size_t n = 0;
	int r = 0;

	if (v->type == VALUE_LIST) {
		items = arena_array(a, v->len + 1, sizeof(*items));
		for (; items != NULL && n < v->len && r == 0; n++) {
			items[n] = v->u.items[n];
			r = value_leave_out(a, &items[n], had);
		}
		v->u.items = items;
		return items == NULL ? ERR_NOMEM : r;
	}
	if (v->type != VALUE_MAP)
		return 0;
	pairs = arena_array(a, v->len + 1, sizeof(*pairs));
	for (size_t i = 0; pairs != NULL && i < v->len && r == 0; i++) {
		if (connection_view_is_secret(v->u.pairs[i].key)) {
			*had = true;
			continue;
		}
		pairs[n] = v->u.pairs[i];
		r = value_leave_out(a, &pairs[n++].value, had);
	}
	v->u.pairs = pairs;
	v->len = n;
	return pairs == NULL ? ERR_NOMEM : r;
}

/* Takes the secrets out of a connection; whether it had any. */
static int secrets_leave_out(struct arena *a, struct connection *c, bool *had)
{
	*had = c->password != NULL;
	c->password = NULL;
	return value_leave_out(a, &c->extra, had);
}

static int gather(struct store *s, struct arena *a, bool with_secrets, struct connection **out,
	size_t *n, size_t *n_without, struct err *e)
{
	bool had;
	int r;

	*out = NULL;
	*n = *n_without = 0;
	r = s == NULL ? 0 : store_connection_list(s, a, out, n, e);
	for (size_t i = 0; i < *n && r == 0; i++) {
		r = store_connection_get(s, a, (*out)[i].id, &(*out)[i], e);
		if (r != 0 || with_secrets)
			continue;
		r = secrets_leave_out(a, &(*out)[i], &had);
		*n_without += had;
		if (r != 0)
			(void)err_set(e, r, "%s", err_text(r));
	}
	return r;
}

/* What --file-format says, else the file's name, else JSON. */
static enum connection_format format_of(const struct args *args)
{
	const char *said = args_text(args, "file-format", NULL);

	for (int i = 0; said != NULL && formats[i] != NULL; i++)
		if (strcmp(formats[i], said) == 0)
			return (enum connection_format)i;
	return connection_format_of(args_word(args, 0), "{", 1);
}

static int export_all(struct store *s, struct arena *a, const struct args *args)
{
	bool with_secrets = args_has(args, "with-secrets");
	struct connection *list;
	size_t n, n_without;
	struct buf out;
	struct err e;
	int status;

	if (gather(s, a, with_secrets, &list, &n, &n_without, &e) != 0)
		return stores_report(&e);
	buf_init(&out, 0);
	if (connection_file_write(a, format_of(args), list, n, &out) != 0)
		status = report_no_memory();
	else
		status = exchange_file_write(args_word(args, 0), &out, with_secrets);
	if (out.data != NULL)
		explicit_bzero(out.data, out.cap);
	buf_free(&out);
	if (status == EXIT_DONE && n_without > 0)
		report_note("%zu exported, %zu without secrets; "
			    "--with-secrets takes those too",
			n, n_without);
	else if (status == EXIT_DONE)
		report_note("%zu connection%s exported", n, n == 1 ? "" : "s");
	return status;
}

static int export_exec(const struct args *args)
{
	return stores_look(args, export_all);
}

static const struct flag export_flags[] = {
	{"file-format", 0, FLAG_ENUM, "FORMAT", "json, yaml or env; by the file's name unless said",
		.choices = formats},
	{"with-secrets", 0, FLAG_SWITCH, NULL, "passwords and keys too, as plain text"},
};

const struct command command_connections_export = {
	.group = "connections",
	.verb = "export",
	.words = "FILE",
	.summary = "write the stored connections to a file, as Airflow does",
	.details = "The file can be read by its owner alone. `-` is standard output.",
	.flags = export_flags,
	.n_flags = sizeof(export_flags) / sizeof(export_flags[0]),
	.example = "windrow connections export connections.yaml --with-secrets",
	.exec = export_exec,
};
