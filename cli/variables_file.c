/*
 * `windrow variables import` and `export`: Airflow's JSON, an object of values by their keys.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/exchange_file.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/variable_value.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/value.h"

#define FILE_MAX ((size_t)16 << 20) /* bytes of a file */

static void wipe(struct buf *b)
{
	if (b->data != NULL)
		explicit_bzero(b->data, b->cap);
	buf_free(b);
}

/* ---- import ---- */

static const char *const actions[] = {"overwrite", "skip", "fail", NULL};

static const struct store_variable *find(
	const struct store_variable *list, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
	return NULL;
}

/* One of the file. 1: set, 0: skipped. */
static int import_one(struct store *s, struct arena *a, const struct value_pair *p,
	const char *action, const struct store_variable *there, struct err *e)
{
	struct store_variable v;
	int r;

	if (there != NULL && strcmp(action, "skip") == 0)
		return 0;
	if (there != NULL && strcmp(action, "fail") == 0)
		return err_set(e, ERR_EXISTS, "variable %s is there already", p->key);
	r = variable_from_value(a, p, &v, e);
	if (r == 0) {
		v.is_secret = v.is_secret || (there != NULL && there->is_secret);
		r = store_variable_set(s, &v, e);
	}
	return r == 0 ? 1 : r;
}

static int import_all(struct store *s, struct arena *a, const struct value *map, const char *action,
	size_t *n_set, struct err *e)
{
	struct store_variable *there;
	size_t n;
	int r = store_begin(s, e);

	if (r != 0)
		return r;
	*n_set = 0;
	r = store_variable_list(s, a, &there, &n, e);
	for (size_t i = 0; i < map->len && r >= 0; i++) {
		r = import_one(
			s, a, &map->u.pairs[i], action, find(there, n, map->u.pairs[i].key), e);
		*n_set += r == 1;
	}
	if (r >= 0)
		return store_commit(s, e);
	store_rollback(s);
	return r;
}

static int import_text(
	struct arena *a, const char *path, const char *text, size_t len, const struct args *args)
{
	struct value map;
	struct store *s;
	size_t n = 0;
	struct err e;
	int status;

	if (value_parse_json(a, text, len, &map, &e) != 0) {
		report_error("%s: %s", path, e.text);
		return EXIT_FAILED;
	}
	if (map.type != VALUE_MAP) {
		report_error("%s: variables are given by their keys, as in {\"region\": \"eu\"}; "
			     "this is a %s",
			path, value_type_name(map.type));
		return EXIT_FAILED;
	}
	s = stores_open(&status);
	if (s == NULL)
		return status;
	if (import_all(s, a, &map, args_text(args, "action-on-existing-key", "overwrite"), &n,
		    &e) != 0) {
		(void)err_context(&e, "%s: nothing was imported", path);
		status = stores_report(&e);
	} else {
		report_note("%zu of %zu variables imported", n, map.len);
	}
	stores_close(s);
	return status;
}

static int import_exec(const struct args *args)
{
	return exchange_file_read(args, FILE_MAX, import_text);
}

static const struct flag import_flags[] = {
	{"action-on-existing-key", 'a', FLAG_ENUM, "ACTION",
		"overwrite (unless said), skip, or fail where a key is there already",
		.choices = actions},
};

const struct command command_variables_import = {
	.group = "variables",
	.verb = "import",
	.words = "FILE",
	.summary = "set variables from a JSON file, as Airflow exports them",
	.details = "All of them or, where one is wrong, none. `-` is standard input.",
	.flags = import_flags,
	.n_flags = sizeof(import_flags) / sizeof(import_flags[0]),
	.example = "windrow variables import variables.json",
	.exec = import_exec,
};

/* ---- export ---- */

/* All that is to be written; *n_left: secrets that are not. */
static int gather(struct store *s, struct arena *a, bool with_secrets, struct buf *out,
	size_t *n_written, size_t *n_left, struct err *e)
{
	struct store_variable *list = NULL, one;
	struct value_pair *pairs;
	struct value map;
	size_t n = 0;
	int r = s == NULL ? 0 : store_variable_list(s, a, &list, &n, e);

	*n_written = *n_left = 0;
	pairs = r == 0 ? arena_array(a, n + 1, sizeof(*pairs)) : NULL;
	if (r == 0 && pairs == NULL)
		r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	for (size_t i = 0; i < n && r == 0; i++) {
		one = list[i];
		if (one.is_secret && !with_secrets) {
			(*n_left)++;
			continue;
		}
		if (one.is_secret)
			r = store_variable_get(s, a, list[i].name, &one, e);
		if (r == 0 && variable_to_value(a, &one, &pairs[(*n_written)++]) != 0)
			r = err_set(e, ERR_NOMEM, "%s", err_text(ERR_NOMEM));
	}
	if (r != 0)
		return r;
	map = (struct value){.type = VALUE_MAP, .len = *n_written, .u.pairs = pairs};
	value_json_pretty(&map, out);
	buf_addc(out, '\n');
	r = buf_status(out);
	return r == 0 ? 0 : err_set(e, r, "%s", err_text(r));
}

static int export_all(struct store *s, struct arena *a, const struct args *args)
{
	bool with_secrets = args_has(args, "with-secrets");
	const char *path = args_word(args, 0);
	size_t n, n_left;
	struct buf out;
	struct err e;
	int status;

	buf_init(&out, 0);
	if (gather(s, a, with_secrets, &out, &n, &n_left, &e) != 0)
		status = stores_report(&e);
	else
		status = exchange_file_write(path, &out, with_secrets);
	wipe(&out);
	if (status == EXIT_DONE && n_left > 0)
		report_note("%zu exported; secret variables left out: %zu; "
			    "--with-secrets takes them too",
			n, n_left);
	else if (status == EXIT_DONE)
		report_note("%zu variable%s exported", n, n == 1 ? "" : "s");
	return status;
}

static int export_exec(const struct args *args)
{
	return stores_look(args, export_all);
}

static const struct flag export_flags[] = {
	{"with-secrets", 0, FLAG_SWITCH, NULL, "secret variables too, as plain text"},
};

const struct command command_variables_export = {
	.group = "variables",
	.verb = "export",
	.words = "FILE",
	.summary = "write all variables to a JSON file, as Airflow does",
	.details = "The file can be read by its owner alone. `-` is standard output.",
	.flags = export_flags,
	.n_flags = sizeof(export_flags) / sizeof(export_flags[0]),
	.example = "windrow variables export variables.json",
	.exec = export_exec,
};
