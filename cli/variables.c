/* `windrow variables`: list, get, set, delete. */
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/secret_input.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "store/secret.h"

/* ---- list ---- */

static int list_print(struct store *s, struct arena *a, const struct args *args)
{
	static const char *const columns[] = {"key", "value", "is_secret", "description"};
	bool shows = args_has(args, "show-values");
	struct store_variable *list = NULL;
	size_t n = 0;
	struct table *t;
	struct err e;
	int status;

	if (s != NULL && store_variable_list(s, a, &list, &n, &e) != 0)
		return stores_report(&e);
	t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	for (size_t i = 0; i < n; i++) {
		table_text(t, list[i].name);
		table_text(t, shows ? list[i].value : NULL);
		table_bool(t, list[i].is_secret);
		table_text(t, list[i].description);
	}
	status = table_show(t, args);
	table_destroy(t);
	return status;
}

static int list_exec(const struct args *args)
{
	return stores_look(args, list_print);
}

static const struct flag list_flags[] = {
	{"show-values", 0, FLAG_SWITCH, NULL, "show values, but for those of secret variables"},
	OUTPUT_FLAG,
};

const struct command command_variables_list = {
	.group = "variables",
	.verb = "list",
	.summary = "the stored variables",
	.details = "A value that is not shown is null. Variables of the environment, "
		   "WINDROW_VAR_<NAME>, win over stored ones and are not listed.",
	.flags = list_flags,
	.n_flags = sizeof(list_flags) / sizeof(list_flags[0]),
	.example = "windrow variables list --show-values",
	.exec = list_exec,
};

/* ---- get ---- */

/* Finds one without opening it; NULL where it is not there, and the nearest name in *h. */
static const struct store_variable *find(
	const struct store_variable *list, size_t n, const char *name, struct hint *h)
{
	hint_begin(h, name, strlen(name));
	for (size_t i = 0; i < n; i++) {
		if (strcmp(list[i].name, name) == 0)
			return &list[i];
		hint_offer(h, list[i].name, strlen(list[i].name));
	}
	return NULL;
}

static int not_there(const char *name, const struct hint *h)
{
	report_error("there is no variable %s%s%s%s", name,
		h->best == NULL ? "" : "; did you mean ", h->best == NULL ? "" : h->best,
		h->best == NULL ? "" : "?");
	return EXIT_FAILED;
}

static int get_print(struct store *s, struct arena *a, const struct args *args)
{
	const char *name = args_word(args, 0), *dflt = args_text(args, "default", NULL);
	const struct store_variable *v;
	struct store_variable *list = NULL;
	struct hint h;
	size_t n = 0;
	struct err e;

	if (s != NULL && store_variable_list(s, a, &list, &n, &e) != 0)
		return stores_report(&e);
	v = find(list, n, name, &h);
	if (v != NULL && v->is_secret) {
		report_error("variable %s is secret, and no secret is printed; `windrow variables "
			     "export --with-secrets FILE` writes them to a file",
			name);
		return EXIT_FAILED;
	}
	if (v == NULL && dflt == NULL)
		return not_there(name, &h);
	(void)puts(v == NULL ? dflt : v->value);
	return EXIT_DONE;
}

static int get_exec(const struct args *args)
{
	return stores_look(args, get_print);
}

static const struct flag get_flags[] = {
	{"default", 'd', FLAG_TEXT, "VALUE", "what to print where there is no such variable"},
};

const struct command command_variables_get = {
	.group = "variables",
	.verb = "get",
	.words = "KEY",
	.summary = "the value of one variable, alone",
	.details = "A secret one is not printed.",
	.flags = get_flags,
	.n_flags = sizeof(get_flags) / sizeof(get_flags[0]),
	.example = "windrow variables get region --default eu",
	.exec = get_exec,
};

/* ---- set ---- */

/* What the store has of it already: a secret stays secret, and a description stays. */
static int set_one(struct store *s, struct arena *a, struct store_variable *v, struct err *e)
{
	const struct store_variable *before;
	struct store_variable *list;
	struct hint h;
	size_t n;
	int r = store_variable_list(s, a, &list, &n, e);

	if (r != 0)
		return r;
	before = find(list, n, v->name, &h);
	if (before != NULL) {
		v->is_secret = v->is_secret || before->is_secret;
		if (v->description == NULL)
			v->description = before->description;
	}
	return store_variable_set(s, v, e);
}

static int set_value(struct store *s, struct arena *a, const struct args *args)
{
	struct store_variable v = {.name = args_word(args, 0),
		.value = args_word(args, 1),
		.description = args_text(args, "description", NULL),
		.is_secret = args_has(args, "secret")};
	struct err e;

	if (v.value != NULL && v.is_secret)
		report_note("note: others can see a command line; without VALUE it is asked for");
	if (v.value == NULL)
		v.value = secret_input(a, "the value");
	if (v.value == NULL)
		return EXIT_FAILED;
	return set_one(s, a, &v, &e) == 0 ? EXIT_DONE : stores_report(&e);
}

static int set_exec(const struct args *args)
{
	struct arena *a = secret_arena_create(0);
	int status;
	struct store *s = stores_open(&status);

	if (s != NULL)
		status = a == NULL ? report_no_memory() : set_value(s, a, args);
	arena_destroy(a);
	stores_close(s);
	return status;
}

static const struct flag set_flags[] = {
	{"secret", 0, FLAG_SWITCH, NULL, "keep it sealed; it is never shown"},
	{"description", 0, FLAG_TEXT, "TEXT", "what it is for"},
};

const struct command command_variables_set = {
	.group = "variables",
	.verb = "set",
	.words = "KEY [VALUE]",
	.summary = "set a variable, old or new",
	.details = "Without VALUE it is read from standard input, unseen on a terminal: others can "
		   "see a command line. A secret variable stays secret until it is deleted.",
	.flags = set_flags,
	.n_flags = sizeof(set_flags) / sizeof(set_flags[0]),
	.example = "windrow variables set region eu\n"
		   "pass show api | windrow variables set api_token --secret",
	.exec = set_exec,
};

/* ---- delete ---- */

static int delete_exec(const struct args *args)
{
	const char *name = args_word(args, 0);
	struct store_variable *list = NULL;
	struct arena *a = arena_create(0);
	struct hint h;
	size_t n = 0;
	int status;
	struct store *s = stores_open_to_read(&status);
	struct err e;

	if (status == EXIT_DONE && a == NULL)
		status = report_no_memory();
	else if (status == EXIT_DONE && s != NULL && store_variable_list(s, a, &list, &n, &e) != 0)
		status = stores_report(&e);
	else if (status == EXIT_DONE && find(list, n, name, &h) == NULL)
		status = not_there(name, &h);
	else if (status == EXIT_DONE && store_variable_delete(s, name, &e) != 0)
		status = stores_report(&e);
	arena_destroy(a);
	stores_close(s);
	return status;
}

const struct command command_variables_delete = {
	.group = "variables",
	.verb = "delete",
	.words = "KEY",
	.summary = "delete a variable",
	.example = "windrow variables delete region",
	.exec = delete_exec,
};
