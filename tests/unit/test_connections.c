/* Where connections are found, and in which order: the environment, the store, connections.yaml. */
#include "store/connections.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "store/secret.h"
#include "store/stored.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static struct store_kit k;
static struct arena *arena;

static const char *find(char *const *env, const char *id)
{
	struct stored *stored = stored_create(k.home, k.env);
	const struct connection_source *source;
	struct connections *chain;
	struct connection c;
	const char *text = k.e.text;

	(void)connections_create(env, k.home, stored_connections(stored), &chain, &k.e);
	source = connections_source(chain);
	if (source->find(source->ctx, arena, id, &c, &k.e) == 0)
		text = arena_printf(arena, "%s from %s", c.host, c.origin);
	connections_destroy(chain);
	stored_destroy(stored);
	return text;
}

static void test_keypairs(void)
{
	const struct store_keypair pair = {
		.name = "nightly", .type = "t", .public_line = "p", .fingerprint = "f"};
	char *none[] = {NULL};
	struct stored *stored = stored_create(k.home, k.env);
	const struct connection_source *source;
	struct connections *chain;
	struct store *s;
	const char *key;
	size_t len;

	(void)connections_create(none, k.home, stored_connections(stored), &chain, &k.e);
	source = connections_source(chain);
	IS_INT(source->keypair(source->ctx, arena, "nightly", &key, &len, &k.e), ERR_NOTFOUND,
		"without a store there are no keypairs");
	IS_STR(k.e.text, "there is no keypair nightly: nothing is stored yet", "which is told");
	s = kit_open(&k);
	(void)store_keypair_add(s, &pair, "-----BEGIN", 10, &k.e);
	store_close(s);
	IS_INT(source->keypair(source->ctx, arena, "nightly", &key, &len, &k.e), 0,
		"a connection finds the keypair that it names");
	IS_MEM(key, len, "-----BEGIN", 10, "with its private key");
	connections_destroy(chain);
	stored_destroy(stored);
}

static void test_chain(void)
{
	static char variable[] = "WINDROW_CONN_MY_WEB=ssh://env";
	char *none[] = {NULL}, *env[] = {variable, NULL};
	static const char file[] = "my-web: ssh://file\nother: {host: file2}\n";
	struct connection c;
	char wanted[KIT_PATH_MAX * 3];
	struct store *s;

	if (connection_parse(arena, "my-web", "ssh://store", 11, &c, &k.e) != 0)
		abort();
	(void)snprintf(wanted, sizeof(wanted),
		"there is no connection \"my-web\": neither the environment, nor the store, nor "
		"%s/connections.yaml says what it is; `windrow connections add my-web` does",
		k.home);
	IS_STR(find(none, "my-web"), wanted, "a connection that is nowhere is told");
	OK(access(k.home, F_OK) != 0, "and no store is made by looking");
	s = kit_open(&k);
	kit_write(kit_path(&k, "connections.yaml"), file, strlen(file));
	(void)snprintf(wanted, sizeof(wanted), "file from %s/connections.yaml", k.home);
	IS_STR(find(none, "my-web"), wanted, "the file says what it is");
	(void)store_connection_put(s, &c, false, &k.e);
	IS_STR(find(none, "my-web"), "store from the store", "the store wins over it");
	IS_STR(find(env, "my-web"), "env from the environment", "the environment over both");
	(void)snprintf(wanted, sizeof(wanted), "file2 from %s/connections.yaml", k.home);
	IS_STR(find(env, "other"), wanted, "what is only in the file is found there");
	kit_write(kit_path(&k, "connections.yaml"), "db: {port: no}\nx: {host: x}\n", 28);
	(void)snprintf(wanted, sizeof(wanted), "x from %s/connections.yaml", k.home);
	IS_STR(find(none, "x"), wanted, "beside one that is wrong too");
	OK(strstr(find(none, "db"), "connections.yaml: connection db: the port must be") != NULL,
		"which is told where it is wanted");
	kit_write(kit_path(&k, "connections.yaml"), "a: [", 4);
	OK(strstr(find(none, "x"), "connections.yaml:") != NULL, "a broken file is told");
	store_close(s);
}

/* Puts connections.yaml into place as one that was last changed long ago. */
static void file_put(const char *text)
{
	struct timespec old[2] = {{1000000000, 0}, {1000000000, 0}};
	const char *path = kit_path(&k, "connections.yaml");

	kit_write(path, text, strlen(text));
	if (utimensat(AT_FDCWD, path, old, 0) != 0)
		abort();
}

/* A file that looks as it did is not read again; what is changed counts at once. */
static void test_file_is_kept(void)
{
	char *none[] = {NULL};
	const struct connection_source *source;
	struct connections *chain;
	struct connection c;
	bool was_new;

	(void)mkdir(k.home, 0700);
	file_put("web: {host: one, password: p1, extra: {keepalive_interval: 7}}\n");
	(void)connections_create(none, k.home, NULL, &chain, &k.e);
	source = connections_source(chain);
	for (int i = 0; i < 2; i++) {
		if (source->find(source->ctx, arena, "web", &c, &k.e) != 0)
			abort();
		IS_STR(c.host, "one", "a connection is found%s", i == 0 ? "" : " once more");
		IS_STR(c.password, "p1", "with its password");
		IS_STR(connection_extra_text(arena, &c, "keepalive_interval"), "7",
			"and its extra");
	}
	file_put("web: {host: two, password: p2, extra: {keepalive_interval: 7}}\n");
	was_new = source->find(source->ctx, arena, "web", &c, &k.e) == 0 &&
		strcmp(c.host, "two") == 0;
	OK(was_new, "what is changed counts, though size and time are the same");
	(void)chmod(kit_path(&k, "connections.yaml"), 0644);
	IS_INT(source->find(source->ctx, arena, "web", &c, &k.e), ERR_DENIED,
		"so does who may read it");
	(void)unlink(kit_path(&k, "connections.yaml"));
	IS_INT(source->find(source->ctx, arena, "web", &c, &k.e), ERR_NOTFOUND,
		"and that it is gone");
	connections_destroy(chain);
}

int main(void)
{
	arena = secret_arena_create(0);
	kit_begin(&k);
	test_keypairs();
	kit_end(&k);
	kit_begin(&k);
	test_chain();
	kit_end(&k);
	kit_begin(&k);
	test_file_is_kept();
	kit_end(&k);
	arena_destroy(arena);
	return tap_done();
}
