/* Connections: what is read of URIs, JSON and Airflow's files, and how they are kept. */
#include "store/connection_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "store/secret.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static struct store_kit k;
static struct arena *arena;

/* A connection in one line: type login password host port schema extra. */
static const char *shown(const struct connection *c)
{
	struct buf b;
	const char *text;

	buf_init(&b, 0);
	buf_addf(&b, "%s %s %s %s %d %s ", c->type, c->login == NULL ? "-" : c->login,
		c->password == NULL ? "-" : c->password, c->host == NULL ? "-" : c->host, c->port,
		c->schema == NULL ? "-" : c->schema);
	value_json(&c->extra, &b);
	text = arena_strdup(arena, buf_str(&b));
	buf_free(&b);
	return text;
}

static void parses(const char *text, const char *wanted)
{
	struct connection c;

	if (OK(connection_parse(arena, "web", text, strlen(text), &c, &k.e) == 0, "%s is read",
		    text))
		IS_STR(shown(&c), wanted, "%s", text);
	else
		tap_note("%s", k.e.text);
}

static void refuses(const char *text, const char *sentence)
{
	struct connection c;

	OK(connection_parse(arena, "web", text, strlen(text), &c, &k.e) != 0, "%s is refused",
		text);
	IS_STR(k.e.text, sentence, "%s: and told", text);
}

static void test_parse(void)
{
	parses("ssh://web1", "ssh - - web1 0 - null");
	parses(" \n SSH://Web1\n", "ssh - - Web1 0 - null");
	parses("\n {\"conn_type\": \"ssh\", \"port\": 0}\n", "ssh - - - 0 - null");
	parses("ssh://h?a=1&&a=2&", "ssh - - h 0 - {\"a\":\"2\"}");
	parses("ssh://anna:s3cret@web1:2222/x?key_file=%2Fa%20b&compress=true",
		"ssh anna s3cret web1 2222 x {\"key_file\":\"/a b\",\"compress\":\"true\"}");
	parses("ssh://a%40b:p%3Aw%2F@h", "ssh a@b p:w/ h 0 - null");
	parses("ssh://[fe80::1]:22", "ssh - - fe80::1 22 - null");
	parses("ssh://anna@fe80%3A%3A1", "ssh anna - fe80::1 0 - null");
	parses("http://https://anna:p@api:443/?a=b", "http anna p https://api 443 - {\"a\":\"b\"}");
	parses("google-cloud-platform://", "google_cloud_platform - - - 0 - null");
	parses("postgresql://h", "postgres - - h 0 - null");
	parses("aws://key:a%2Fb%25@/?region_name=eu",
		"aws key a/b% - 0 - {\"region_name\":\"eu\"}");
	parses("//h:22", " - - h 22 - null");
	parses("{\"extra\": \"null\", \"login\": \"\"}", " - - - 0 - null");
	parses("ssh://h?__extra__=%7B%22port%22%3A+1%7D", "ssh - - h 0 - {\"port\":1}");
	parses("{\"conn_type\": \"ssh\", \"host\": \"h\", \"port\": \"22\"}",
		"ssh - - h 22 - null");
	parses("{\"conn_type\": \"ssh\", \"port\": null, \"extra\": \"{\\\"a\\\": 1}\"}",
		"ssh - - - 0 - {\"a\":1}");
	parses("{\"conn_type\": \"ssh\", \"extra\": {\"a\": true}}\n",
		"ssh - - - 0 - {\"a\":true}");
	refuses("web1",
		"connection web is neither JSON nor a URI such as "
		"ssh://login@host:22/?key_file=...");
	refuses("ssh://h:0", "connection web: the port must be a number from 1 to 65535");
	refuses("ssh://h:22x", "connection web: the port must be a number from 1 to 65535");
	refuses("ssh://a:b/c@h",
		"connection web: a / ends the host and its port; in a password it is written %2F");
	refuses("ssh://a:hunter2%zz@h",
		"connection web: a % in the URI is not followed by two hexadecimal digits; a % "
		"itself is written %25");
	refuses("ssh://a:hunter2%00@h", "connection web: a URI cannot hold a NUL character");
	refuses("{\"password\": hunter2",
		"connection web looks like JSON, but it is not: byte 14: no JSON value begins like "
		"this");
	refuses("{\"password\": [\"hunter2\"]}",
		"connection web: password must be a string, not a list");
	refuses("{\"password\": \"hunter2\\u0000x\"}",
		"connection web: password cannot hold a NUL character");
	refuses("{\"extra\": \"hunter2\"}",
		"connection web: extra must be a JSON object, as in {\"timeout\": 10}; this is no "
		"JSON");
	refuses("{\"extra\": \"[1]\"}", "connection web: extra must be an object, not a list");
	refuses("{\"port\": true}", "connection web: the port must be a number from 1 to 65535");
	refuses("{\"hots\": \"h\"}",
		"connection web: unknown key \"hots\"; did you mean \"host\"?");
	refuses("{\"key_file\": \"/k\"}", "connection web: key_file belongs into extra");
}

static void checks(const char *extra, const char *sentence)
{
	struct connection c = {.id = "web"};

	if (value_parse_json(arena, extra, strlen(extra), &c.extra, &k.e) != 0)
		abort();
	IS_INT(connection_check(&c, &k.e), sentence == NULL ? 0 : ERR_INVALID, "extra %s", extra);
	if (sentence != NULL)
		IS_STR(k.e.text, sentence, "and told");
}

static void test_check(void)
{
	checks("{\"key_file\": \"/k\", \"conn_timeout\": 10, \"compress\": \"true\"}", NULL);
	checks("{\"keyfile\": \"/k\"}",
		"connection web: unknown key \"keyfile\" in extra; did you mean \"key_file\"?");
	checks("{\"zzzzzzzz\": 1}",
		"connection web: unknown key \"zzzzzzzz\" in extra, which may say key_file, "
		"private_key, private_key_passphrase, conn_timeout, timeout, cmd_timeout, "
		"keepalive_interval, compress, no_host_key_check, allow_host_key_change, host_key, "
		"look_for_keys, disabled_algorithms, ciphers, host_proxy_cmd, keypair, agent, "
		"jump, "
		"max_sessions, host_key_policy");
	checks("{\"key_file\": \"/k\\u0000x\"}",
		"connection web: key_file in extra cannot hold a NUL character");
	checks("{\"key_file\": \"\", \"conn_timeout\": \"\", \"host_key_policy\": \"\"}", NULL);
	checks("{\"key_file\": 1}", "connection web: key_file in extra must be a string");
	checks("{\"conn_timeout\": \"2m\", \"compress\": \"No\", \"max_sessions\": \"3\", "
	       "\"host_key_policy\": \"accept-new\"}",
		NULL);
	checks("{\"conn_timeout\": \"soon\"}",
		"connection web: conn_timeout in extra must be a number of seconds, or a time such "
		"as 90s or 5m");
	checks("{\"no_host_key_check\": \"flase\"}",
		"connection web: no_host_key_check in extra must be true or false");
	checks("{\"max_sessions\": 0}",
		"connection web: max_sessions in extra must be a whole number from 1 on");
	checks("{\"host_key_policy\": \"maybe\"}",
		"connection web: host_key_policy in extra must be strict or accept-new");
}

/* ---- files ---- */

/* Reads a file of this format; a line for each connection or why it is none, or the error. */
static const char *read_file(const char *name, const char *text)
{
	struct connection_entry *list = NULL;
	struct buf b;
	const char *all;
	size_t n = 0;

	if (connection_file_read(arena, name, connection_format_of(name, text, strlen(text)), text,
		    strlen(text), &list, &n, &k.e) != 0)
		return k.e.text;
	buf_init(&b, 0);
	for (size_t i = 0; i < n; i++) {
		const struct connection *c = &list[i].said;

		if (list[i].fault != NULL)
			buf_addf(&b, "%s, %zu: %s\n", c->id, list[i].line, list[i].fault);
		else
			buf_addf(&b, "%s(%s): %s\n", c->id,
				c->description == NULL ? "" : c->description, shown(c));
	}
	all = arena_strdup(arena, buf_str(&b));
	buf_free(&b);
	return all;
}

/* Secrets that YAML takes for something else, as they lack quotes. */
static void test_quotes(void)
{
	IS_STR(read_file("c.yaml", "web:\n  password: *hunter2\n"),
		"c.yaml:2:13: there is no anchor before this alias; a text that begins with * "
		"stands in quotes",
		"a password that looks like an alias is not shown");
	IS_STR(read_file("c.yaml", "web: &hunter2\n  password: *hunter2\n"),
		"c.yaml:2:13: the alias stands inside of what it stands for; a text that begins "
		"with * stands in quotes",
		"nor one that is one");
	IS_STR(read_file("c.yaml", "web:\n  password: !hunter2\n"),
		"c.yaml:2:13: this tag is not known here; a text that begins with ! stands in "
		"quotes",
		"nor one that looks like a tag");
	IS_STR(read_file("c.yaml", "web:\n  password: !!int hunter2\n"),
		"c.yaml:2:13: the text does not fit its tag", "nor one that has a tag");
}

static void test_files(void)
{
	static const char json[] =
		"{\n  \"web\": {\"conn_type\": \"ssh\", \"description\": \"the front\", "
		"\"login\": \"anna\", \"password\": \"s3cret\", \"host\": \"web1\", \"port\": "
		"2222, \"schema\": \"\", \"extra\": \"{\\\"key_file\\\": \\\"/k\\\"}\"},\n"
		"  \"db\": \"postgres://u:p@db/x\",\n"
		"  \"old\": {\"conn_id\": \"old\", \"conn_type\": \"ssh\", \"extra_dejson\": "
		"{\"agent\": true}}\n}\n";
	static const char yaml[] =
		"web:\n  conn_type: ssh\n  description: the front\n  login: anna\n  password: "
		"s3cret\n  host: web1\n  port: 2222\n  schema: ''\n  extra: '{\"key_file\": "
		"\"/k\"}'\ndb: postgres://u:p@db/x\nold: [{conn_type: ssh, extra_dejson: {agent: "
		"true}}]\n";
	static const char env[] =
		"# exported\n\nweb={\"conn_type\": \"ssh\", \"description\": \"the front\", "
		"\"login\": \"anna\", \"password\": \"s3cret\", \"host\": \"web1\", \"port\": "
		"2222, \"extra\": {\"key_file\": \"/k\"}}\r\n  db=postgres://u:p@db/x\n"
		"old=ssh://?__extra__=%7B%22agent%22%3A+true%7D";
	static const char wanted[] =
		"web(the front): ssh anna s3cret web1 2222 - {\"key_file\":\"/k\"}\n"
		"db(): postgres u p db 0 x null\nold(): ssh - - - 0 - {\"agent\":true}\n";

	IS_STR(read_file("c.json", json), wanted, "Airflow's JSON is read");
	IS_STR(read_file("c.yaml", yaml), wanted, "and YAML");
	IS_STR(read_file("c.env", env), wanted, "and env");
	IS_STR(read_file("-", json), wanted, "JSON without a name is known by its looks");
	IS_STR(read_file("-", yaml), wanted, "so is YAML");
	IS_STR(read_file("-", env), wanted, "and env");
	IS_STR(read_file("-", "# mine\n{web: ssh://a}\n"), "web(): ssh - - a 0 - null\n",
		"with a comment it is no JSON");
	IS_STR(read_file("c.yaml", "# nothing\n"), "", "an empty file holds none");
	IS_STR(read_file("c.json", "[1]"),
		"c.json: connections are given by their ids, as in `web: {conn_type: ssh, host: "
		"web1}`; this is a list",
		"a list is told");
	IS_STR(read_file("c.json", "{\"web\": 1}"),
		"web, 0: connection web must be a URI or an object, not a number\n",
		"a number too");
	IS_STR(read_file("c.yaml", "web: ['ssh://a', 'ssh://b']"),
		"web, 0: connection web is given 2 times: it must be given once\n",
		"one that is given twice");
	IS_STR(read_file("c.yaml", "web: ssh://a\nweb: ssh://b\n"),
		"c.yaml:2:1: the key \"web\" stands here twice; the first is at 1:1",
		"in YAML too");
	IS_STR(read_file("c.json",
		       "{\"a\": {\"host\\u0000\": \"h\"}, \"b\": {\"port\": \"22\\u00002\"}, "
		       "\"c\": {\"conn_id\": \"c\\u0000d\"}, \"d\": {\"conn_id\": \"e\"}}"),
		"a, 0: connection a: a key cannot hold a NUL character\n"
		"b, 0: connection b: the port must be a number from 1 to 65535\n"
		"c, 0: connection c: conn_id cannot hold a NUL character\n"
		"d, 0: connection d: its conn_id is another; they must be the same\n",
		"what only begins as it should is refused");
	IS_STR(read_file("c.json", "{\"web\": \"ssh://a\", \"web\": \"ssh://b\"}"),
		"web(): ssh - - b 0 - null\n", "in JSON the last counts");
	IS_STR(read_file("c.env", "web=ssh://a\ndb=ssh://d\nweb=ssh://b\n"),
		"web, 1: connection web stands in line 3 too: leave one of the two\n"
		"db(): ssh - - d 0 - null\n"
		"web, 3: connection web stands in line 1 too: leave one of the two\n",
		"in env neither, and the others are read");
	IS_STR(read_file("c.env", "web=ssh://a\nhunter2\n"),
		"web(): ssh - - a 0 - null\n, 2: a line is ID=URI or ID=JSON\n",
		"a line that is none");
	IS_STR(read_file("c.env", "web=hunter2\n"),
		"web, 1: connection web is neither JSON nor a URI such as "
		"ssh://login@host:22/?key_file=...\n",
		"one that is no connection");
	IS_STR(read_file("c.env",
		       "a=\"{\\\"host\\\": \\\"h\\\", \\\"login\\\": \\\"\\$x\\\"}\"\n"
		       "b=\"{\"host\": \"h\", \"login\": \"x\\\"y\"}\"\nc='ssh://u:a\\\\b@h'\n"),
		"a():  $x - h 0 - null\nb():  x\"y - h 0 - null\n"
		"c(): ssh u a\\\\b h 0 - null\n",
		"quotes are undone as a shell undoes them, where a shell wrote them");
	IS_STR(read_file("c.yaml",
		       "web: {conn_type: ssh, password: [hunter2]}\ndb: {extra: '[1]'}\nok: "
		       "ssh://h\npin: {password: 4711}\n"),
		"web, 0: connection web: password must be a string, not a list\n"
		"db, 0: connection db: extra must be an object, not a list\n"
		"ok(): ssh - - h 0 - null\n"
		"pin, 0: connection pin: password must be a string, not a number: put it in "
		"quotes\n",
		"no message shows a value, and one that is wrong does not harm the others");
	test_quotes();
}

static void test_round(void)
{
	static const char *const names[] = {"c.json", "c.yaml", "c.env"};
	static const char text[] =
		"{\"web\": {\"conn_type\": \"ssh\", \"description\": \"x: y\", "
		"\"password\": \"a'\\\"#: \\n\\u00e9\\u007f\\u2028\", \"host\": \"h\", "
		"\"extra\": {\"private_key\": \"-----BEGIN\\nX\\n\"}}, \"a b\": "
		"\"ssh://h\"}";
	const char *before = read_file("c.json", text);
	struct connection list[2];
	struct connection_entry *entries;
	struct buf out;
	size_t n;

	for (int i = 0; i < 3; i++) {
		(void)connection_file_read(
			arena, "c.json", CONNECTION_JSON, text, strlen(text), &entries, &n, &k.e);
		list[0] = entries[0].said;
		list[1] = entries[1].said;
		buf_init(&out, 0);
		IS_INT(connection_file_write(arena, (enum connection_format)i, list, n, &out), 0,
			"%s is written", names[i]);
		IS_STR(read_file(names[i], buf_str(&out)), before, "and read again");
		buf_free(&out);
	}
}

/* However much memory there is, it is written, or said to be short. */
static void test_short(void)
{
	struct connection list[50];
	int odd = 0, told = 0;

	memset(list, 0, sizeof(list));
	for (size_t i = 0; i < 50; i++) {
		list[i].id = arena_printf(arena, "c%zu", i);
		list[i].type = "ssh";
		list[i].host = "h";
		list[i].extra = value_null();
	}
	for (size_t limit = 1; limit < 60000; limit += 40) {
		struct arena *a = arena_create(limit);
		struct buf out;
		int r;

		buf_init(&out, 0);
		r = connection_file_write(a, CONNECTION_JSON, list, 50, &out);
		odd += r == 0 ? strstr(buf_str(&out), "\"c49\"") == NULL : r != ERR_NOMEM;
		told += r != 0;
		buf_free(&out);
		arena_destroy(a);
	}
	IS_INT(odd, 0, "a file is written whole, or not");
	OK(told > 10, "which is said (%d times)", told);
}

/* ---- the store ---- */

static struct connection made(const char *id, const char *text)
{
	struct connection c;

	if (connection_parse(arena, id, text, strlen(text), &c, &k.e) != 0)
		abort();
	c.description = "d";
	return c;
}

static void test_store(void)
{
	struct store *s = kit_open(&k);
	struct connection
		c = made("web",
			"ssh://anna:s3cret@web1:2222/?private_key=-----BEGIN&keypair=nightly"),
		got, *list;
	const char *before = shown(&c), **ids;
	bool has = false;
	char *text;
	size_t n;

	IS_INT(store_connection_put(s, &c, false, &k.e), 0, "a connection is kept");
	IS_INT(store_connection_put(s, &c, false, &k.e), ERR_EXISTS, "only once");
	IS_INT(store_connection_put(s, &c, true, &k.e), 0, "unless it may replace one");
	IS_INT(store_connection_get(s, arena, "web", &got, &k.e), 0, "it is found");
	IS_STR(shown(&got), before, "as it was");
	IS_STR(got.description, "d", "with what it is for");
	text = kit_sql(&k,
		"SELECT instr(password, 's3cret') + instr(extra, 'BEGIN') FROM "
		"connections");
	IS_STR(text, "0", "its secrets do not lie there as they are");
	free(text);
	IS_INT(store_connection_list(s, arena, &list, &n, &k.e), 0, "it is listed");
	OK(n == 1 && list[0].password == NULL, "without its secrets");
	(void)store_keypair_users(s, arena, "nightly", &ids, &n, &k.e);
	OK(n == 1 && strcmp(ids[0], "web") == 0, "the keypair that it names knows it");
	c = made("web", "ssh://h?keyfile=x");
	IS_INT(store_connection_put(s, &c, true, &k.e), ERR_INVALID, "a wrong extra is refused");
	c = made("web", "{\"conn_type\": \"SSH\", \"extra\": {\"keyfile\": \"x\"}}");
	IS_INT(store_connection_put(s, &c, true, &k.e), ERR_INVALID, "of type SSH too");
	c = made("pg", "postgres://u:p@h/x?sslmode=on");
	IS_INT(store_connection_put(s, &c, true, &k.e), 0, "of another type anything goes");
	(void)store_connection_has(s, "pg", &has, &k.e);
	OK(has, "it is there");
	c = made("pg", "postgres://u:%FF@h");
	IS_INT(store_connection_put(s, &c, true, &k.e), ERR_INVALID, "but UTF-8 it must be");
	c = made("pg", "postgres://h?a=%FF");
	IS_INT(store_connection_put(s, &c, true, &k.e), ERR_INVALID, "in extra too");
	IS_STR(k.e.text, "connection pg: extra holds bytes that are no UTF-8", "which is told");
	c = made("p=g", "postgres://h");
	IS_INT(store_connection_put(s, &c, true, &k.e), ERR_INVALID, "an id has its letters");
	IS_STR(k.e.text,
		"\"p=g\" cannot be a connection's id: it takes letters, digits and _-.:/\\#!(), "
		"and "
		"does not begin with #",
		"which are told");
	IS_INT(store_connection_delete(s, "pg", &k.e), 0, "and deleted");
	(void)store_connection_has(s, "pg", &has, &k.e);
	OK(!has, "it is not");
	IS_INT(store_connection_delete(s, "pg", &k.e), ERR_NOTFOUND, "twice it cannot be");
	store_close(s);
	free(kit_sql(&k, "UPDATE connections SET password = extra"));
	s = kit_open(&k);
	IS_INT(store_connection_get(s, arena, "web", &got, &k.e), ERR_CORRUPT,
		"secrets cannot be swapped between columns");
	store_close(s);
}

int main(void)
{
	arena = secret_arena_create(0);
	kit_begin(&k);
	test_parse();
	test_check();
	test_files();
	test_round();
	test_short();
	test_store();
	kit_end(&k);
	arena_destroy(arena);
	return tap_done();
}
