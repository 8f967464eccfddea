/* `windrow connections`: list, get, delete. No secret is shown, whatever is asked for. */
#include <string.h>
#include <unistd.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/connection_view.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "engine/hint.h"
#include "store/connections.h"
#include "store/secret.h"
#include "store/stored.h"

/* ---- list ---- */

static const char *const brief[] = {"conn_id", "conn_type", "description"};
static const char *const full[] = {"conn_id", "conn_type", "description", "host", "port", "login",
	"schema", "password", "extra"};

static int add_values(struct store *s, struct arena *a, struct table *t, const char *id)
{
	struct connection c;
	struct value extra;
	struct err e;

	if (store_connection_get(s, a, id, &c, &e) != 0)
		return stores_report(&e);
	if (connection_view_extra(a, &c, &extra) != 0)
		return report_no_memory();
	table_text(t, c.host);
	if (c.port == 0)
		table_text(t, NULL);
	else
		table_int(t, c.port);
	table_text(t, c.login);
	table_text(t, c.schema);
	table_text(t, connection_view_password(&c));
	table_value(t, &extra);
	return EXIT_DONE;
}

static int list_print(struct store *s, struct arena *a, const struct args *args)
{
	bool shows = args_has(args, "show-values");
	struct connection *list = NULL;
	size_t n = 0;
	struct table *t;
	struct err e;
	int status = EXIT_DONE;

	if (s != NULL && store_connection_list(s, a, &list, &n, &e) != 0)
		return stores_report(&e);
	t = shows ? table_create(full, sizeof(full) / sizeof(full[0]))
		  : table_create(brief, sizeof(brief) / sizeof(brief[0]));
	for (size_t i = 0; i < n && status == EXIT_DONE; i++) {
		table_text(t, list[i].id);
		table_text(t, list[i].type);
		table_text(t, list[i].description);
		if (shows)
			status = add_values(s, a, t, list[i].id);
	}
	if (status == EXIT_DONE)
		status = table_show(t, args);
	table_destroy(t);
	return status;
}

static int list_exec(const struct args *args)
{
	return stores_look(args, list_print);
}

static const struct flag list_flags[] = {
	{"show-values", 0, FLAG_SWITCH, NULL, "hosts, logins and extra too; secrets as ***"},
	OUTPUT_FLAG,
};

const struct command command_connections_list = {
	.group = "connections",
	.verb = "list",
	.summary = "the stored connections",
	.details = "Those of the environment (WINDROW_CONN_<ID>, which win) and of "
		   "connections.yaml are not listed; `connections get` finds them too.",
	.flags = list_flags,
	.n_flags = sizeof(list_flags) / sizeof(list_flags[0]),
	.example = "windrow connections list --show-values",
	.exec = list_exec,
};

/* ---- get ---- */

static int get_print(struct arena *a, const struct connection *c, const struct args *args)
{
	struct value extra, map;
	struct value_pair pairs[10];

	if (connection_view_extra(a, c, &extra) != 0)
		return report_no_memory();
	pairs[0] = value_pair_of("conn_id", value_cstring(c->id));
	pairs[1] = value_pair_of("conn_type", value_cstring(c->type));
	pairs[2] = value_pair_of("description", value_cstring(c->description));
	pairs[3] = value_pair_of("host", value_cstring(c->host));
	pairs[4] = value_pair_of("port", c->port == 0 ? value_null() : value_int(a, c->port));
	pairs[5] = value_pair_of("login", value_cstring(c->login));
	pairs[6] = value_pair_of("schema", value_cstring(c->schema));
	pairs[7] = value_pair_of("password", value_cstring(connection_view_password(c)));
	pairs[8] = value_pair_of("extra", extra);
	pairs[9] = value_pair_of("origin", value_cstring(c->origin));
	map = (struct value){
		.type = VALUE_MAP, .len = sizeof(pairs) / sizeof(pairs[0]), .u.pairs = pairs};
	return table_show_object(&map, args);
}

static int get_in(
	struct stores_options *o, struct stored *stored, struct arena *a, const struct args *args)
{
	struct connections *chain;
	const struct connection_source *source;
	struct connection c;
	struct err e;
	int status;

	if (connections_create(environ, o->home, stored_connections(stored), &chain, &e) != 0)
		return stores_report(&e);
	source = connections_source(chain);
	if (source->find(source->ctx, a, args_word(args, 0), &c, &e) != 0)
		status = stores_report(&e);
	else
		status = get_print(a, &c, args);
	connections_destroy(chain);
	return status;
}

static int get_exec(const struct args *args)
{
	struct arena *a = secret_arena_create(0);
	struct stored *stored = NULL;
	struct stores_options o;
	int status = EXIT_FAILED;

	if (a == NULL) {
		(void)report_no_memory();
	} else if (stores_options_or_report(&o)) {
		stored = stored_create(o.home, environ);
		status = stored == NULL ? report_no_memory() : get_in(&o, stored, a, args);
		stored_destroy(stored);
		stores_options_free(&o);
	}
	arena_destroy(a);
	return status;
}

static const struct flag get_flags[] = {OUTPUT_FLAG};

const struct command command_connections_get = {
	.group = "connections",
	.verb = "get",
	.words = "ID",
	.summary = "one connection, and where it was found; secrets as ***",
	.details = "Looked for in the environment (WINDROW_CONN_<ID>), the store, and "
		   "connections.yaml in home, as tasks do.",
	.flags = get_flags,
	.n_flags = sizeof(get_flags) / sizeof(get_flags[0]),
	.example = "windrow connections get web",
	.exec = get_exec,
};

/* ---- delete ---- */

/* Names the nearest that is there. */
static int not_there(struct store *s, struct arena *a, const char *id)
{
	struct connection *list = NULL;
	size_t n = 0;
	struct hint h;

	hint_begin(&h, id, strlen(id));
	if (s != NULL && store_connection_list(s, a, &list, &n, NULL) == 0)
		for (size_t i = 0; i < n; i++)
			hint_offer(&h, list[i].id, strlen(list[i].id));
	report_error("there is no connection %s in the store%s%s%s", id,
		h.best == NULL ? "" : "; did you mean ", h.best == NULL ? "" : h.best,
		h.best == NULL ? "" : "?");
	return EXIT_FAILED;
}

static int delete_exec(const struct args *args)
{
	const char *id = args_word(args, 0);
	struct arena *a = arena_create(0);
	int status, r = ERR_NOTFOUND;
	struct store *s = stores_open_to_read(&status);
	struct err e;

	if (status == EXIT_DONE && a == NULL) {
		status = report_no_memory();
	} else if (status == EXIT_DONE) {
		if (s != NULL)
			r = store_connection_delete(s, id, &e);
		if (r == ERR_NOTFOUND)
			status = not_there(s, a, id);
		else if (r != 0)
			status = stores_report(&e);
	}
	arena_destroy(a);
	stores_close(s);
	return status;
}

const struct command command_connections_delete = {
	.group = "connections",
	.verb = "delete",
	.words = "ID",
	.summary = "delete a stored connection",
	.example = "windrow connections delete web",
	.exec = delete_exec,
};
