/*
 * The master key and its rotation: where the key comes from, what is said where it is wrong, and
 * that a rotation killed before any of its system calls leaves a store that opens.
 */
#include "store/vault.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/arena.h"
#include "store/secret.h"
#include "store/store_run.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define CALLS_MAX 5000 /* system calls of one rotation: many fewer are expected */

static struct store_kit k;
static struct arena *arena;

/* ---- chance ---- */

int __real_seal_random(void *p, size_t len, struct err *e);
int __wrap_seal_random(void *p, size_t len, struct err *e);

static bool is_unlucky; /* the next key that is drawn has the number of the one before */
static uint32_t number_before;

int __wrap_seal_random(void *p, size_t len, struct err *e)
{
	struct seal_key *key = p;
	int r = __real_seal_random(p, len, e);

	if (len != sizeof(*key))
		return r;
	if (is_unlucky)
		key->number = number_before;
	is_unlucky = false;
	number_before = key->number;
	return r;
}

/* Opens the store and says what the variable "token" is, or why not. */
static const char *look(void)
{
	struct store *s = NULL;
	const char *text = k.e.text;

	if (store_open(&k.options, &s, &k.e) == 0)
		text = kit_secret_get(&k, s, arena, "token");
	store_close(s);
	return text;
}

static const struct store_keypair keypair = {
	.name = "nightly", .type = "t", .public_line = "p", .fingerprint = "f"};

static const struct store_try try = {
	.run = 1, .execution_id = "x", .state = TASK_SUCCESS, .outputs = "{\"response\": 1}"};

/* A store with secrets in each table that has them. */
static void fill(void)
{
	struct store *s = kit_open(&k);

	(void)kit_secret_set(&k, s, "token", "hunter2");
	(void)kit_secret_set(&k, s, "other", "swordfish");
	(void)store_keypair_add(s, &keypair, "-----BEGIN", 10, &k.e);
	(void)store_try_put(s, &try, &k.e);
	store_close(s);
}

/* Whether all that fill() kept can be read. */
static bool is_whole(struct store *s)
{
	const char *key = NULL;
	struct store_try *tries;
	size_t len = 0, n = 0;

	return store_tries_of(s, arena, 1, &tries, &n, &k.e) == 0 && n == 1 &&
		strcmp(tries[0].outputs, try.outputs) == 0 &&
		strcmp(kit_secret_get(&k, s, arena, "token"), "hunter2") == 0 &&
		strcmp(kit_secret_get(&k, s, arena, "other"), "swordfish") == 0 &&
		store_keypair_private(s, arena, "nightly", &key, &len, &k.e) == 0 && len == 10 &&
		strcmp(key, "-----BEGIN") == 0;
}

static bool rotates(struct store *s)
{
	struct store_rotation done;

	return store_rotate(s, NULL, &done, &k.e) == 0 && done.n_sealed == 3;
}

/* ---- messages ---- */

static void test_key_file(void)
{
	size_t len;
	char *key = kit_read(kit_path(&k, "master.key"), &len);
	char wanted[1024], more[400];

	(void)chmod(k.path, 0644);
	(void)snprintf(wanted, sizeof(wanted),
		"the master key %s can be read or changed by others (mode 0644): chmod 600 it; and "
		"where somebody may have seen it, `windrow secrets rotate` makes a new one",
		k.path);
	IS_STR(look(), wanted, "a master key that others may read is refused");
	(void)chmod(k.path, 0600);
	IS_STR(look(), "hunter2", "and taken once they may not");
	kit_write(k.path, "nonsense\n", 9);
	(void)snprintf(wanted, sizeof(wanted),
		"%s holds no master key: that is 32 bytes in base64, as `openssl rand -base64 32` "
		"prints them",
		k.path);
	IS_STR(look(), wanted, "a file that holds none is told");
	kit_write(k.path, key, len - 3);
	IS_STR(look(), wanted, "so is one that is cut");
	memset(more, ' ', sizeof(more));
	memcpy(more, key, len);
	more[len] = '\0';
	kit_write(k.path, more, len + 2);
	IS_STR(look(), wanted, "and one that goes on behind a NUL");
	more[len] = ' ';
	memcpy(more + sizeof(more) - len, key, len);
	kit_write(k.path, more, sizeof(more));
	IS_STR(look(), wanted, "or far behind its first line");
	key[0] = key[0] == 'A' ? 'B' : 'A';
	kit_write(k.path, key, len);
	OK(strstr(look(), "wrong master key: ") != NULL &&
			strstr(k.e.text, " holds key ") != NULL &&
			strstr(k.e.text, "are sealed under key ") != NULL,
		"another key is told as a wrong one");
	tap_note("%s", k.e.text);
	(void)unlink(k.path);
	OK(strstr(look(), "the master key is missing: ") != NULL, "a missing one as missing");
	OK(access(k.path, F_OK) != 0, "and none is made in its place");
	free(key);
	tap_note("%s", k.e.text);
}

static void test_sources(void)
{
	static char text[] = "WINDROW_MASTER_KEY="
			     "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	static char base64[] = "WINDROW_MASTER_KEY=ABEiM0RVZneImaq7zN3u/wARIjNEVWZ3iJmqu8zd7v8=";
	char file[KIT_PATH_MAX + 64], credentials[KIT_PATH_MAX + 32];
	char path[KIT_PATH_MAX + 32];

	(void)snprintf(path, sizeof(path), "%s/windrow-master-key", k.folder);
	(void)snprintf(file, sizeof(file), "WINDROW_MASTER_KEY_FILE=%s", path);
	(void)snprintf(credentials, sizeof(credentials), "CREDENTIALS_DIRECTORY=%s", k.folder);
	k.env[0] = text;
	fill();
	OK(access(kit_path(&k, "master.key"), F_OK) != 0, "a key of the environment makes no file");
	IS_STR(look(), "hunter2", "and opens what it sealed");
	k.env[0] = base64;
	IS_STR(look(), "hunter2", "in base64 it is the same key");
	kit_write(path, strchr(base64, '=') + 1, 44);
	k.env[0] = file;
	IS_STR(look(), "hunter2", "and in a file");
	k.env[0] = credentials;
	(void)chmod(path, 0440);
	IS_STR(look(), "hunter2", "and among systemd's credentials, whatever their mode");
	k.env[0] = NULL;
	OK(strstr(look(), "the master key is missing") != NULL, "without it nothing opens");
	(void)unlink(path);
}

static void test_rotate_outside(void)
{
	static char old[] = "WINDROW_MASTER_KEY="
			    "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	static char new[] = "WINDROW_MASTER_KEY="
			    "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
	struct store_rotation done;
	char path[KIT_PATH_MAX + 8];
	struct store *s;

	k.env[0] = old;
	s = kit_open(&k);
	IS_INT(store_rotate(s, NULL, &done, &k.e), ERR_UNSUPPORTED,
		"a key that windrow does not keep is not made anew by it");
	IS_STR(k.e.text,
		"the master key comes from WINDROW_MASTER_KEY, which windrow does not write: make "
		"a new one (`openssl rand -base64 32`), and give it by --new-key-file",
		"and the way is told");
	(void)snprintf(path, sizeof(path), "%s/new", k.folder);
	kit_write(path, strchr(old, '=') + 1, 64);
	IS_INT(store_rotate(s, path, &done, &k.e), ERR_EXISTS, "the key in use is no new one");
	OK(is_whole(s), "and nothing was changed");
	kit_write(path, strchr(new, '=') + 1, 64);
	IS_INT(store_rotate(s, path, &done, &k.e), 0, "a new one is taken from a file");
	OK(!done.is_kept_by_us && strcmp(done.key_name, "WINDROW_MASTER_KEY") == 0,
		"which the person has to put in its place");
	store_close(s);
	OK(strstr(look(), "wrong master key: WINDROW_MASTER_KEY holds") != NULL,
		"the old one opens nothing more");
	k.env[0] = new;
	IS_STR(look(), "hunter2", "the new one does");
	k.env[0] = NULL;
}

/* A rotation to a key that was given ended while that was written beside the old one. */
static void test_half_given(void)
{
	char kept[KIT_PATH_MAX + 8], path[KIT_PATH_MAX + 8], name[64], *id;
	struct store_rotation done;
	struct store *s;

	(void)snprintf(kept, sizeof(kept), "%s/half", k.folder);
	(void)snprintf(path, sizeof(path), "%s/given", k.folder);
	kit_write(path, "aa112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", 64);
	kit_copy(k.home, kept);
	s = kit_open(&k);
	IS_INT(store_rotate(s, path, &done, &k.e), 0, "a rotation to a key that is given");
	store_close(s);
	id = kit_sql(&k, "SELECT master_id FROM vault_keys");
	(void)snprintf(name, sizeof(name), "master.key.%s", id);
	for (size_t len = 0; len <= 64; len += 64) {
		kit_remove(k.home);
		kit_copy(kept, k.home);
		kit_write(kit_path(&k, name),
			"aa112233445566778899aabbccddeeff00112233445566778899aabbccddeeff", len);
		s = kit_open(&k);
		IS_INT(store_rotate(s, path, &done, &k.e), 0, "it is done again over %zu bytes",
			len);
		store_close(s);
		IS_STR(look(), "hunter2", "and the key is whole");
		OK(access(kit_path(&k, name), F_OK) != 0, "and in its place");
	}
	kit_remove(kept);
	(void)unlink(path);
	free(id);
}

static void test_swapped(void)
{
	struct store *s;

	free(kit_sql(&k,
		"UPDATE variables SET sealed = (SELECT sealed FROM variables WHERE name = "
		"'other') WHERE name = 'token'"));
	IS_STR(look(),
		"the sealed value of \"token\" in variables belongs to another row: somebody has "
		"swapped rows; set it anew, or bring back a backup of the store",
		"a swapped row is told");
	s = kit_open(&k);
	OK(!rotates(s), "and is not sealed anew as if it were right");
	IS_STR(kit_secret_get(&k, s, arena, "other"), "swordfish", "and the rest stays as it was");
	(void)kit_secret_set(&k, s, "token", "hunter2");
	OK(is_whole(s), "set anew all is well");
	store_close(s);
	free(kit_sql(&k,
		"UPDATE variables SET sealed = substr(sealed, 1, 60) || x'0000000000' || "
		"substr(sealed, 66) WHERE name = 'token'"));
	free(kit_sql(&k, "UPDATE variables SET sealed = CAST(sealed AS BLOB)"));
	OK(strstr(look(), "was tampered with or damaged") != NULL, "a damaged row is told");
	s = kit_open(&k);
	(void)kit_secret_set(&k, s, "token", "hunter2");
	store_close(s);
}

/* ---- rotation ---- */

static void test_rotate(void)
{
	size_t len;
	char *before = kit_read(kit_path(&k, "master.key"), &len), *after, *old, *new;
	struct store *s = kit_open(&k), *other = kit_open(&k);
	struct store_rotation done;

	OK(is_whole(other), "another process has read its key");
	old = kit_sql(&k, "SELECT hex(sealed) FROM variables WHERE name = 'token'");
	IS_INT(store_rotate(s, NULL, &done, &k.e), 0, "the keys are rotated");
	OK(done.n_sealed == 3 && done.is_kept_by_us, "all secrets are sealed anew");
	after = kit_read(kit_path(&k, "master.key"), &len);
	new = kit_sql(&k, "SELECT hex(sealed) FROM variables WHERE name = 'token'");
	OK(memcmp(before, after, len) != 0, "under a new master key");
	OK(strcmp(old, new) != 0, "and look different");
	OK(is_whole(s), "they open");
	OK(is_whole(other), "for a process that read its key before, too");
	IS_INT(kit_secret_set(&k, other, "late", "x"), 0, "which can keep new ones");
	IS_STR(kit_secret_get(&k, s, arena, "late"), "x", "that others can read");
	(void)store_variable_delete(s, "late", &k.e);
	store_close(other);
	OK(rotates(s) && rotates(s) && is_whole(s), "rotation can be done again and again");
	store_close(s);
	OK(strcmp(look(), "hunter2") == 0, "and all is found afterwards");
	free(after);
	after = kit_read(kit_path(&k, "master.key"), &len);
	kit_write(k.path, before, len);
	OK(strstr(look(), "wrong master key") != NULL, "the old master key opens nothing more");
	kit_write(kit_path(&k, "master.key"), after, len);
	free(before);
	free(after);
	free(old);
	free(new);
}

/* Once in 2^32 times. */
static void test_same_number(void)
{
	struct store *s = kit_open(&k), *other = kit_open(&k);

	OK(is_whole(other) && rotates(s), "a rotation, which others do not know of");
	OK(is_whole(other), "they read the new key");
	is_unlucky = true;
	OK(rotates(s) && !is_unlucky, "another, whose key would have the number of the one before");
	OK(is_whole(other), "they see that it is another all the same");
	store_close(other);
	store_close(s);
}

/* The child that rotates. N.B. it leaves without ado, since its parent counts what it does. */
static void rotate_traced(void)
{
	struct store *s = NULL;
	struct store_rotation done;

	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		_exit(77);
	if (store_open(&k.options, &s, &k.e) != 0)
		_exit(1);
	(void)raise(SIGSTOP);
	if (store_rotate(s, NULL, &done, &k.e) != 0)
		_exit(1);
	_exit(0);
}

/* Rotates in a child that is killed before its n-th system call. 1: killed; 0: it had come to its
 * end before; -1: it failed; -2: processes cannot be traced here. */
static int rotate_killed(int n)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		rotate_traced();
	(void)waitpid(child, &status, 0);
	if (WIFEXITED(status))
		return WEXITSTATUS(status) == 77 ? -2 : -1;
	/* Each call stops it twice: at its beginning and at its end. */
	for (int i = 0; i < 2 * n - 1; i++) {
		(void)ptrace(PTRACE_SYSCALL, child, NULL, NULL);
		(void)waitpid(child, &status, 0);
		if (WIFEXITED(status))
			return WEXITSTATUS(status) == 0 ? 0 : -1;
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, 0);
	return 1;
}

/* What is in home after a kill is a store with all its secrets, which can be rotated. */
static bool survives(void)
{
	struct store *s = NULL;
	bool is_fine =
		store_open(&k.options, &s, &k.e) == 0 && is_whole(s) && rotates(s) && is_whole(s);

	store_close(s);
	return is_fine && strcmp(look(), "hunter2") == 0;
}

/* A rotation whose commit failed has left its key beside the old one: it is what the next one uses,
 * as the store may yet turn out to have kept that commit. What was written by half is taken away.
 */
static void test_waiting(void)
{
	char kept[KIT_PATH_MAX + 8], name[64], *id, *key, *got;
	size_t len;
	struct store *s;

	(void)snprintf(kept, sizeof(kept), "%s/before", k.folder);
	kit_copy(k.home, kept);
	s = kit_open(&k);
	OK(rotates(s), "a rotation");
	store_close(s);
	id = kit_sql(&k, "SELECT master_id FROM vault_keys");
	key = kit_read(kit_path(&k, "master.key"), &len);
	kit_remove(k.home);
	kit_copy(kept, k.home);
	(void)snprintf(name, sizeof(name), "master.key.%s", id);
	kit_write(kit_path(&k, name), key, len);
	kit_write(kit_path(&k, "master.key.0123456789abcdef"), "half", 4);
	s = kit_open(&k);
	OK(rotates(s) && is_whole(s), "that the store forgot is done again");
	store_close(s);
	got = kit_sql(&k, "SELECT master_id FROM vault_keys");
	IS_STR(got, id, "with the key that it left");
	OK(access(kit_path(&k, name), F_OK) != 0, "which waits no longer");
	s = kit_open(&k);
	OK(rotates(s) && access(kit_path(&k, "master.key.0123456789abcdef"), F_OK) != 0,
		"half a key is no key");
	store_close(s);
	free(got);
	free(id);
	free(key);
}

static void test_killed(void)
{
	char kept[KIT_PATH_MAX + 8];
	int killed = 0, survived = 0, outcome = 1;

	(void)snprintf(kept, sizeof(kept), "%s/kept", k.folder);
	kit_copy(k.home, kept);
	for (int n = 1; n < CALLS_MAX && outcome == 1; n++) {
		kit_remove(k.home);
		kit_copy(kept, k.home);
		outcome = rotate_killed(n);
		killed += outcome == 1;
		if (outcome == 1 && survives())
			survived++;
		else if (outcome == 1)
			tap_note("killed before system call %d: %s", n, k.e.text);
	}
	if (outcome == -2) {
		tap_skip(3, "processes cannot be traced here");
		return;
	}
	IS_INT(outcome, 0, "at last the rotation comes to its end");
	OK(killed > 20, "it was killed before each of its system calls (%d)", killed);
	IS_INT(survived, killed, "and each time all secrets were there, and could be rotated");
}

static void begin(void)
{
	kit_begin(&k);
	fill();
}

int main(void)
{
	struct store_rotation done;
	struct store *s;

	arena = secret_arena_create(0);
	begin();
	test_rotate();
	test_same_number();
	test_swapped();
	test_waiting();
	test_half_given();
	test_killed();
	test_key_file();
	kit_end(&k);
	kit_begin(&k);
	test_sources();
	test_rotate_outside();
	kit_end(&k);
	kit_begin(&k);
	s = kit_open(&k);
	IS_INT(store_rotate(s, NULL, &done, &k.e), ERR_NOTFOUND,
		"where nothing was ever sealed there is nothing to rotate");
	store_close(s);
	kit_end(&k);
	arena_destroy(arena);
	return tap_done();
}
