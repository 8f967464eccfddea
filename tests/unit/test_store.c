/* The store: its file, its schema, and what is kept in it. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "store/migrations.h"
#include "store/secret.h"
#include "tests/unit/nobody_kit.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

static struct store_kit k;
static struct arena *arena;
static int64_t began; /* before anything was kept; a clock may be set back a bit meanwhile */

static int set(struct store *s, const char *name, const char *value, bool is_secret)
{
	const struct store_variable v = {.name = name, .value = value, .is_secret = is_secret};

	return store_variable_set(s, &v, &k.e);
}

/* A variable's value, or the error's sentence. */
static const char *get(struct store *s, const char *name)
{
	struct store_variable v;

	return store_variable_get(s, arena, name, &v, &k.e) == 0 ? v.value : k.e.text;
}

/* The first value of a statement is this. */
static void is_sql(const char *sql, const char *wanted, const char *what)
{
	char *got = kit_sql(&k, sql);

	IS_STR(got, wanted, "%s", what);
	free(got);
}

/* N.B. a folder may have its group's bit from the one that it is in. */
static mode_t mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

static int64_t now_ms(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void test_making(void)
{
	struct store_options looking = k.options;
	struct store *s = NULL;
	int from = -1, to = -1;

	looking.may_create = false;
	IS_INT(store_open(&looking, &s, &k.e), ERR_NOTFOUND, "there is no store before it is made");
	OK(access(k.home, F_OK) != 0, "and looking for it makes no home");
	IS_INT(store_check(&k.options, &from, &k.e), ERR_NOTFOUND, "nor does checking it");
	s = kit_open(&k);
	store_close(s);
	IS_INT(mode_of(k.home), 0700, "home is its owner's alone");
	IS_INT(mode_of(kit_path(&k, "windrow.db")), 0600, "so is the store");
	OK(access(kit_path(&k, "windrow.db-wal"), F_OK) != 0, "nothing is left beside it");
	OK(access(kit_path(&k, "master.key"), F_OK) != 0, "a master key is not needed yet");
	IS_INT(store_open(&looking, &s, &k.e), 0, "it opens again");
	store_close(s);
	IS_INT(store_migrate(&k.options, &from, &to, &k.e), 0, "migrating it does nothing");
	OK(from == migrations_count && to == migrations_count, "since it is the newest");
	IS_INT(store_check(&k.options, &from, &k.e), 0, "it is found sound");
	IS_INT(from, migrations_count, "and of the newest schema");
}

static void test_variables(void)
{
	struct store *s = kit_open(&k);
	struct store_variable v = {.name = "region", .value = "eu", .description = "where"};
	struct store_variable *list;
	char *name = malloc(STORE_NAME_MAX + 2);
	size_t n;

	IS_INT(store_variable_set(s, &v, &k.e), 0, "a variable is set");
	OK(access(kit_path(&k, "master.key"), F_OK) != 0, "a plain one needs no master key");
	IS_STR(get(s, "region"), "eu", "and read");
	IS_INT(set(s, "region", "us\n\"\u00ff", false), 0, "it can be set anew, to any text");
	IS_STR(get(s, "region"), "us\n\"\u00ff", "which comes back");
	IS_INT(set(s, "token", "hunter2", true), 0, "a secret one is set");
	IS_INT(mode_of(kit_path(&k, "master.key")), 0600, "with a master key of its own");
	IS_STR(get(s, "token"), "hunter2", "and read");
	IS_INT(set(s, "empty", "", true), 0, "a secret may be empty");
	IS_STR(get(s, "empty"), "", "and stays so");
	IS_STR(get(s, "nothing"), "there is no variable nothing", "what is not there is told");
	IS_INT(store_variable_list(s, arena, &list, &n, &k.e), 0, "they are listed");
	OK(n == 3, "all of them");
	OK(n == 3 && strcmp(list[1].name, "region") == 0 && strcmp(list[2].name, "token") == 0,
		"by name");
	OK(n == 3 && list[2].is_secret && list[2].value == NULL, "secrets without their value");
	IS_INT(set(s, "token", "seen", false), 0, "a secret one can be made plain");
	is_sql("SELECT sealed IS NULL FROM variables WHERE name = 'token'", "1",
		"then nothing sealed is left");
	IS_INT(store_variable_delete(s, "token", &k.e), 0, "one is deleted");
	IS_INT(store_variable_delete(s, "token", &k.e), ERR_NOTFOUND, "only once");
	IS_INT(set(s, "bytes", "hunter\xff", true), ERR_INVALID, "a value must be UTF-8");
	IS_STR(k.e.text, "variable bytes: the value holds bytes that are no UTF-8",
		"which is told");
	IS_INT(set(s, "", "x", false), ERR_INVALID, "a name cannot be empty");
	IS_INT(set(s, "a\nb", "x", false), ERR_INVALID, "nor of two lines");
	memset(name, 'a', STORE_NAME_MAX + 1);
	name[STORE_NAME_MAX + 1] = '\0';
	IS_INT(set(s, name, "x", false), ERR_INVALID, "nor endless");
	IS_INT(set(s, name + 1, "x", false), 0, "but long");
	IS_INT(store_variable_delete(s, name + 1, &k.e), 0, "and be found again");
	free(name);
	store_close(s);
}

static void test_audit(void)
{
	char at[96];

	is_sql("SELECT group_concat(actor || ' ' || action || ' ' || name) FROM (SELECT * FROM "
	       "audit_log ORDER BY rowid LIMIT 3)",
		"test:anna variable.set region,test:anna variable.set region,test:anna "
		"variable.set token",
		"who did what is logged");
	is_sql("SELECT count(*) FROM audit_log WHERE action = 'variable.delete'", "2",
		"what failed is not");
	(void)snprintf(
		at, sizeof(at), "SELECT count(*) FROM audit_log WHERE at < %lld", (long long)began);
	is_sql(at, "0", "with its time");
}

static void test_transactions(void)
{
	struct store *s = kit_open(&k);

	IS_INT(store_begin(s, &k.e), 0, "several changes begin");
	IS_INT(set(s, "one", "1", true), 0, "one is made");
	IS_INT(set(s, "two", "2", true), 0, "and another");
	store_rollback(s);
	IS_STR(get(s, "one"), "there is no variable one", "undone, neither happened");
	IS_INT(store_begin(s, &k.e), 0, "again");
	(void)set(s, "one", "1", true);
	(void)set(s, "", "2", true);
	(void)store_variable_delete(s, "nothing", &k.e);
	IS_INT(store_commit(s, &k.e), ERR_ILLEGAL, "where one failed, they cannot be committed");
	IS_STR(get(s, "one"), "there is no variable one", "and none was made");
	IS_INT(store_begin(s, &k.e), 0, "again");
	(void)set(s, "one", "1", true);
	(void)set(s, "two", "2", true);
	IS_STR(get(s, "two"), "2", "a change is seen before it is committed");
	IS_INT(store_commit(s, &k.e), 0, "all are committed");
	store_rollback(s);
	IS_STR(get(s, "one"), "1", "and a rollback behind that does nothing");
	store_close(s);
}

static void test_keypairs(void)
{
	struct store *s = kit_open(&k);
	const struct store_keypair nightly = {.name = "nightly",
		.type = "ssh-ed25519",
		.public_line = "ssh-ed25519 AAAA nightly",
		.fingerprint = "SHA256:abc"};
	struct store_keypair got, *list;
	const char *private_key, **ids;
	char *sealed;
	size_t n;

	IS_INT(store_keypair_add(s, &nightly, "nul\0in the key", 14, &k.e), 0,
		"a keypair is added");
	IS_INT(store_keypair_add(s, &nightly, "c", 1, &k.e), ERR_EXISTS, "only once");
	IS_STR(k.e.text,
		"there is a keypair nightly already; delete it first, or give another name",
		"which is told");
	IS_INT(store_keypair_get(s, arena, "nightly", &got, &k.e), 0, "it is found");
	OK(strcmp(got.type, nightly.type) == 0 && got.created_at >= began &&
			strcmp(got.public_line, nightly.public_line) == 0 &&
			strcmp(got.fingerprint, nightly.fingerprint) == 0,
		"as it was");
	IS_INT(store_keypair_private(s, arena, "nightly", &private_key, &n, &k.e), 0,
		"its private key can be had");
	IS_MEM(private_key, n, "nul\0in the key", 14, "byte for byte");
	sealed = kit_sql(&k, "SELECT instr(private_key, CAST('in the key' AS BLOB)) FROM keypairs");
	IS_STR(sealed, "0", "but does not lie there as it is");
	free(sealed);
	IS_INT(store_keypair_private(s, arena, "none", &private_key, &n, &k.e), ERR_NOTFOUND,
		"one that is not there has none");
	IS_STR(k.e.text, "there is no keypair none; `windrow keypairs list` shows those that are",
		"which is told");
	IS_INT(store_keypair_list(s, arena, &list, &n, &k.e), 0, "they are listed");
	OK(n == 1, "all");
	IS_INT(store_keypair_users(s, arena, "nightly", &ids, &n, &k.e), 0, "who uses it is known");
	OK(n == 0, "nobody yet");
	free(kit_sql(&k,
		"INSERT INTO connections (id, conn_type, keypair, updated_at) VALUES "
		"('web', 'ssh', 'nightly', 0), ('db', 'ssh', 'nightly', 0), ('x', 'ssh', "
		"'other', 0)"));
	(void)store_keypair_users(s, arena, "nightly", &ids, &n, &k.e);
	OK(n == 2 && strcmp(ids[0], "db") == 0 && strcmp(ids[1], "web") == 0,
		"the connections that name it do");
	IS_INT(store_keypair_delete(s, "nightly", &k.e), 0, "it is deleted");
	IS_INT(store_keypair_delete(s, "nightly", &k.e), ERR_NOTFOUND, "only once");
	store_close(s);
}

static void test_backup(void)
{
	struct store *s = kit_open(&k);
	struct store_options copy = k.options;
	char home[KIT_PATH_MAX + 8], path[KIT_PATH_MAX + 24];
	size_t len;
	char *key;
	struct store *t;

	(void)set(s, "secret", "in the backup", true);
	(void)snprintf(home, sizeof(home), "%s/copy", k.folder);
	(void)mkdir(home, 0700);
	(void)snprintf(path, sizeof(path), "%s/windrow.db", home);
	IS_INT(store_backup(s, path, &k.e), 0, "a backup is made");
	IS_INT(mode_of(path), 0600, "for its owner alone");
	IS_INT(store_backup(s, path, &k.e), ERR_EXISTS, "not over a file that is there");
	store_close(s);
	copy.home = home;
	copy.may_create = false;
	IS_INT(store_open(&copy, &t, &k.e), 0, "it is a store");
	OK(strstr(get(t, "secret"), "the master key is missing") != NULL,
		"whose secrets need the master key");
	key = kit_read(kit_path(&k, "master.key"), &len);
	(void)snprintf(path, sizeof(path), "%s/master.key", home);
	kit_write(path, key, len);
	free(key);
	IS_STR(get(t, "secret"), "in the backup", "and with it open");
	store_close(t);
}

/* Opening the store fails so (@ in the sentence is its file), and file stays byte for byte. */
static void is_refused(int code, const char *sentence, const char *what)
{
	char wanted[1024];
	size_t len, len_after;
	char *before = kit_read(kit_path(&k, "windrow.db"), &len), *after;
	struct store *s = NULL;
	const char *gap = strchr(sentence, '@');
	int version, from, to;

	(void)snprintf(wanted, sizeof(wanted), "%.*s%s%s", (int)(gap - sentence), sentence, k.path,
		gap + 1);
	IS_INT(store_open(&k.options, &s, &k.e), code, "%s: refused", what);
	IS_STR(k.e.text, wanted, "%s: and told", what);
	IS_INT(store_check(&k.options, &version, &k.e), code, "%s: checking it tells too", what);
	if (code != ERR_ILLEGAL)
		IS_INT(store_migrate(&k.options, &from, &to, &k.e), code,
			"%s: migrating is refused", what);
	after = kit_read(kit_path(&k, "windrow.db"), &len_after);
	IS_MEM(after, len_after, before, len, "%s: nothing was written", what);
	free(before);
	free(after);
}

static void test_refused(void)
{
	size_t len;
	int version, from, to;
	char *bytes, sentence[256];

	(void)snprintf(sentence, sizeof(sentence),
		"the store @ was made by a newer windrow (its schema is number 9999, this one "
		"knows up to %d): use that windrow; nothing was changed",
		migrations_count);
	free(kit_sql(&k, "INSERT INTO schema_migrations VALUES (9999, 'x', 0)"));
	is_refused(ERR_UNSUPPORTED, sentence, "a newer one");
	free(kit_sql(&k, "DELETE FROM schema_migrations WHERE number = 9999"));
	bytes = kit_read(kit_path(&k, "windrow.db"), &len);
	memset(bytes, 'x', 16);
	kit_write(k.path, bytes, len);
	is_refused(ERR_CORRUPT,
		"the store @ is damaged (file is not a database), and nothing is written to it: "
		"stop what uses it, keep a copy, and put a backup in its place",
		"a damaged head");
	memcpy(bytes, "SQLite format 3", 16);
	memset(bytes + 68, 0, 4);
	kit_write(k.path, bytes, len);
	is_refused(ERR_CORRUPT,
		"@ is no store of windrow: another program made it, or it is damaged",
		"another program's");
	memcpy(bytes + 68, "wdrw", 4);
	memset(bytes + 4096 * 3, 0xaa, 4096);
	kit_write(k.path, bytes, len);
	IS_INT(store_check(&k.options, &version, &k.e), ERR_CORRUPT, "a damaged page is found");
	OK(strstr(k.e.text, "is damaged (") != NULL, "and told");
	free(bytes);
	(void)unlink(k.path);
	free(kit_sql(&k, "PRAGMA journal_mode = WAL"));
	free(kit_sql(&k, "PRAGMA application_id = 0x77647277"));
	(void)snprintf(sentence, sizeof(sentence),
		"the store @ is of an older windrow (its schema is number 0, this one needs %d): "
		"`windrow db backup FILE`, then `windrow db migrate`",
		migrations_count);
	is_refused(ERR_ILLEGAL, sentence, "an older one");
	IS_INT(store_migrate(&k.options, &from, &to, &k.e), 0, "but it can be migrated");
	OK(from == 0 && to == migrations_count, "to the newest");
	IS_INT(store_check(&k.options, &version, &k.e), 0, "and is sound then");
	kit_write(kit_path(&k, "windrow.db"), "", 0);
	is_refused(ERR_CORRUPT,
		"@ is no store of windrow: another program made it, or it is damaged",
		"an empty file");
}

/* N.B. root may write to any file: the store is another's then, and so are we. A root that may not
 * become another, or whose folder of temporary files is its own alone, cannot try it. */
static bool become_another(void)
{
	return chown(k.folder, NOBODY, 0) == 0 && chown(k.home, NOBODY, 0) == 0 &&
		chown(k.path, NOBODY, 0) == 0 && nobody_become();
}

static void test_read_only(void)
{
	struct store_options look;
	struct store *s = kit_open(&k);
	struct store_variable v, set = {.name = "x", .value = "y"};
	bool is_root = geteuid() == 0;
	int r;

	store_close(s);
	(void)chmod(kit_path(&k, "windrow.db"), 0400);
	if (is_root && !become_another()) {
		tap_skip(4, "root cannot be another here");
		return;
	}
	IS_INT(store_open(&k.options, &s, &k.e), ERR_DENIED,
		"a store that may only be read is refused to whoever writes");
	OK(strstr(k.e.text, "windrow.db cannot be written to: look whose it is") != NULL,
		"and told: %s", k.e.text);
	look = k.options;
	look.may_create = false;
	if (OK(store_open(&look, &s, &k.e) == 0, "it can be looked at")) {
		(void)store_variable_get(s, arena, "token", &v, &k.e);
		store_close(s);
	}
	(void)chmod(kit_path(&k, "windrow.db"), 0600);
	r = store_open(&k.options, &s, &k.e);
	if (r == 0) {
		r = store_variable_set(s, &set, &k.e);
		store_close(s);
	}
	OK(r == ERR_DENIED && strstr(k.e.text, "windrow.db-shm beside it") != NULL,
		"what lies beside it is told where it alone may not be changed: %s", k.e.text);
	nobody_end();
}

/* A store that was taken away, and its log was not. */
static void test_log_alone(void)
{
	struct store *s = NULL;

	kit_write(kit_path(&k, "windrow.db-wal"), "x", 1);
	IS_INT(store_open(&k.options, &s, &k.e), ERR_UNAVAILABLE,
		"none is made beside the log of another");
	OK(strstr(k.e.text,
		   "/windrow.db-wal is: put the store back, or take the log away to begin with a "
		   "new one") != NULL,
		"which says what to do: %s", k.e.text);
	OK(access(kit_path(&k, "windrow.db"), F_OK) != 0, "and nothing is made");
	(void)unlink(kit_path(&k, "windrow.db-wal"));
}

int main(void)
{
	kit_begin(&k);
	began = now_ms() - 3600000;
	arena = secret_arena_create(0);
	test_making();
	test_variables();
	test_audit();
	test_transactions();
	test_keypairs();
	test_backup();
	test_refused();
	(void)unlink(kit_path(&k, "windrow.db"));
	test_log_alone();
	test_read_only();
	arena_destroy(arena);
	kit_end(&k);
	return tap_done();
}
