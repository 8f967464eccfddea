/* `windrow connections add` and `edit`, with Airflow's flags. */
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/secret_input.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/secret.h"

static const char *const parts[] = {"conn-type", "conn-host", "conn-port", "conn-login",
	"conn-password", "conn-schema", "conn-extra"};

/* The flags that may say `-`, to be read from standard input. */
static const char *const readable[] = {"conn-password", "conn-extra", "conn-uri", "conn-json"};

/* Whether a flag's value is read from standard input. */
static bool is_read(const struct args *args, const char *flag)
{
	return strcmp(args_text(args, flag, ""), "-") == 0;
}

/* What the flags say cannot all be at once. */
static bool is_clear(const struct args *args)
{
	bool is_whole = args_has(args, "conn-uri") || args_has(args, "conn-json");
	int n_read = 0;

	if (args_has(args, "conn-uri") && args_has(args, "conn-json")) {
		report_error("--conn-uri and --conn-json both say all of the connection: give one");
		return false;
	}
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (is_whole && args_has(args, parts[i])) {
			report_error("--conn-%s says all of the connection: --%s does not go with "
				     "it",
				args_has(args, "conn-uri") ? "uri" : "json", parts[i]);
			return false;
		}
	}
	for (size_t i = 0; i < sizeof(readable) / sizeof(readable[0]); i++)
		n_read += is_read(args, readable[i]);
	if (n_read > 1)
		report_error("only one value can be read from standard input");
	return n_read <= 1;
}

/* A flag's value, read where it is `-`. False: reported. *out stays where the flag was not given.
 */
static bool value_of(struct arena *a, const struct args *args, const char *flag, const char *what,
	const char **out)
{
	const char *value = args_text(args, flag, NULL);

	if (value != NULL && strcmp(value, "-") == 0)
		value = secret_input(a, what);
	else if (value == NULL)
		return true;
	if (value == NULL)
		return false;
	*out = value;
	return true;
}

/* Puts the members of a JSON object into extra; null takes one away. */
static bool merge_extra(struct arena *a, struct connection *c, const char *text)
{
	size_t n = 0, n_old = c->extra.type == VALUE_MAP ? c->extra.len : 0;
	struct value_pair *pairs;
	struct value said, merged;

	if (value_parse_json(a, text, strlen(text), &said, NULL) != 0 || said.type != VALUE_MAP) {
		report_error("--conn-extra wants a JSON object, as in '{\"key_file\": "
			     "\"/home/anna/.ssh/id_ed25519\"}'");
		return false;
	}
	pairs = arena_array(a, n_old + said.len + 1, sizeof(*pairs));
	if (pairs == NULL)
		return report_no_memory() == EXIT_DONE;
	if (n_old > 0)
		memcpy(pairs, c->extra.u.pairs, n_old * sizeof(*pairs));
	memcpy(pairs + n_old, said.u.pairs, said.len * sizeof(*pairs));
	if (value_map(a, pairs, n_old + said.len, &merged) != 0)
		return report_no_memory() == EXIT_DONE;
	for (size_t i = 0; i < merged.len; i++)
		if (merged.u.pairs[i].value.type != VALUE_NULL)
			pairs[n++] = merged.u.pairs[i];
	if (value_map(a, pairs, n, &c->extra) != 0)
		return report_no_memory() == EXIT_DONE;
	if (n == 0)
		c->extra = value_null();
	return true;
}

/* An empty text takes a part away. */
static void set_part(const struct args *args, const char *flag, const char **part)
{
	const char *value = args_text(args, flag, *part);

	*part = value == NULL || *value == '\0' ? NULL : value;
}

static bool take_parts(struct arena *a, const struct args *args, struct connection *c)
{
	const char *extra = NULL, *password = NULL;

	c->type = args_text(args, "conn-type", c->type);
	if (args_has(args, "conn-type") && *c->type == '\0')
		c->type = "ssh";
	set_part(args, "conn-host", &c->host);
	set_part(args, "conn-login", &c->login);
	set_part(args, "conn-schema", &c->schema);
	c->port = (int)args_int(args, "conn-port", c->port);
	if (!value_of(a, args, "conn-password", "the password", &password) ||
		!value_of(a, args, "conn-extra", "extra", &extra))
		return false;
	if (password != NULL)
		c->password = *password == '\0' ? NULL : password;
	if (password != NULL && *password != '\0' && !is_read(args, "conn-password"))
		report_note("note: others can see a command line; `--conn-password -` asks for the "
			    "password instead");
	if (extra != NULL && *extra == '\0' && !is_read(args, "conn-extra")) {
		c->extra = value_null();
		return true;
	}
	return extra == NULL || merge_extra(a, c, extra);
}

/* What the flags make of *c. Reports what is wrong and returns an exit status. */
static int take_flags(struct arena *a, const struct args *args, struct connection *c)
{
	const char *id = c->id, *description = c->description, *whole = NULL;
	struct err e;

	if (!is_clear(args))
		return EXIT_USAGE;
	if (!value_of(a, args, "conn-uri", "the URI", &whole) ||
		!value_of(a, args, "conn-json", "the JSON", &whole))
		return EXIT_FAILED;
	if (whole != NULL) {
		if (connection_parse(a, id, whole, strlen(whole), c, &e) != 0) {
			report_error("%s", e.text);
			return EXIT_FAILED;
		}
		if (c->password != NULL && !is_read(args, "conn-uri") &&
			!is_read(args, "conn-json"))
			report_note("note: others can see a command line; `-` in its place reads "
				    "standard input instead");
	} else if (!take_parts(a, args, c)) {
		return EXIT_FAILED;
	}
	/* N.B. a URI cannot say it. */
	if (c->description == NULL)
		c->description = description;
	c->description = args_text(args, "conn-description", c->description);
	return EXIT_DONE;
}

/* Stores it. A keypair that it names may be made later, but a name that is mistyped never is. */
static int put(struct store *s, struct arena *a, const struct connection *c, bool may_replace)
{
	const char *name = connection_extra_text(a, c, "keypair");
	struct store_keypair k;
	struct err e;

	if (store_connection_put(s, c, may_replace, &e) != 0)
		return stores_report(&e);
	if (name != NULL && store_keypair_get(s, a, name, &k, &e) == ERR_NOTFOUND)
		report_warning("there is no keypair %s yet: `windrow keypairs generate %s` makes "
			       "it, `windrow keypairs list` shows those that there are",
			name, name);
	return EXIT_DONE;
}

/* ---- add ---- */

static int add(struct arena *a, const struct args *args)
{
	struct connection c = {.id = args_word(args, 0), .extra = value_null()};
	int status;
	struct store *s;

	status = take_flags(a, args, &c);
	if (status != EXIT_DONE)
		return status;
	if (c.type == NULL || c.type[0] == '\0')
		c.type = "ssh";
	s = stores_open(&status);
	if (s != NULL)
		status = put(s, a, &c, false);
	stores_close(s);
	return status;
}

static int add_exec(const struct args *args)
{
	struct arena *a = secret_arena_create(0);
	int status = a == NULL ? report_no_memory() : add(a, args);

	arena_destroy(a);
	return status;
}

static const struct flag flags[] = {
	{"conn-type", 0, FLAG_TEXT, "TYPE", "of a new connection ssh, unless said"},
	{"conn-host", 0, FLAG_TEXT, "HOST", "name or address"},
	{"conn-port", 0, FLAG_INT, "PORT", "22 where none is said", 1, 65535, .may_be_empty = true},
	{"conn-login", 0, FLAG_TEXT, "USER", "who to log in as"},
	{"conn-password", 0, FLAG_TEXT, "PASSWORD", "- asks for it, or reads standard input"},
	{"conn-schema", 0, FLAG_TEXT, "SCHEMA", "unused by ssh"},
	{"conn-extra", 0, FLAG_TEXT, "JSON", "keys, host key and more: see docs/ssh.md"},
	{"conn-description", 0, FLAG_TEXT, "TEXT", "what it is for"},
	{"conn-uri", 0, FLAG_TEXT, "URI", "all of it, as ssh://anna@web1:22/?key_file=..."},
	{"conn-json", 0, FLAG_TEXT, "JSON", "all of it, as {\"conn_type\": \"ssh\", ...}"},
};

const struct command command_connections_add = {
	.group = "connections",
	.verb = "add",
	.words = "ID",
	.summary = "store a connection",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow connections add web --conn-host web1",
	.exec = add_exec,
};

/* ---- edit ---- */

static int edit_in(struct store *s, struct arena *a, const struct args *args)
{
	struct connection c;
	struct err e;
	int status;

	if (store_connection_get(s, a, args_word(args, 0), &c, &e) != 0)
		return stores_report(&e);
	status = take_flags(a, args, &c);
	return status == EXIT_DONE ? put(s, a, &c, true) : status;
}

static int edit_exec(const struct args *args)
{
	struct arena *a = secret_arena_create(0);
	int status;
	struct store *s;

	if (args->n_given == 0) {
		report_error("connections edit: nothing is to be changed; `windrow connections "
			     "edit --help` lists what can be");
		arena_destroy(a);
		return EXIT_USAGE;
	}
	s = stores_open_to_read(&status);
	if (status == EXIT_DONE && s == NULL) {
		report_error("there is no connection %s in the store", args_word(args, 0));
		status = EXIT_FAILED;
	} else if (status == EXIT_DONE) {
		status = a == NULL ? report_no_memory() : edit_in(s, a, args);
	}
	arena_destroy(a);
	stores_close(s);
	return status;
}

const struct command command_connections_edit = {
	.group = "connections",
	.verb = "edit",
	.words = "ID",
	.summary = "change a stored connection: what is said changes, the rest stays",
	.details = "An empty value takes a part away, as null does to a member of extra.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow connections edit web --conn-extra '{\"compress\": true}'",
	.exec = edit_exec,
};
