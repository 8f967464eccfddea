/*
 * Targets that are taken again: one that was made before serves for as long as neither its
 * connection nor one of its files has changed.
 */
#include "operators/ssh/target_make.h"

#include <fcntl.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "operators/ssh/transport_internal.h"
#include "tests/unit/tap.h"

static char folder[] = "/tmp/windrow-target.XXXXXX";

/* ---- memory that is given back ---- */

#define SECRET "hunter2hunter2"

static unsigned n_left; /* pieces of it that held the secret */

void __real_free(void *p);
void __wrap_free(void *p);
void *__real_realloc(void *p, size_t size);
void *__wrap_realloc(void *p, size_t size);

static void look_for_secret(const void *p)
{
	n_left += p != NULL &&
		memmem(p, malloc_usable_size((void *)(uintptr_t)p), SECRET, strlen(SECRET)) != NULL;
}

void __wrap_free(void *p)
{
	look_for_secret(p);
	__real_free(p);
}

/* N.B. what is moved leaves its bytes where they were. */
void *__wrap_realloc(void *p, size_t size)
{
	look_for_secret(p);
	return __real_realloc(p, size);
}

/* ---- where connections come from ---- */

static const char *far = "ssh://anna@far/?key_file=~/key&jump=near";
static const char *near = "ssh://anna@near/?keypair=deploy";
static const char *deploy = "one";

static int find(void *ctx, struct arena *a, const char *id, struct connection *out, struct err *e)
{
	const char *text = strcmp(id, "far") == 0 ? far : near;

	(void)ctx;
	return connection_parse(a, id, text, strlen(text), out, e);
}

static int keypair(
	void *ctx, struct arena *a, const char *name, const char **key, size_t *len, struct err *e)
{
	(void)ctx, (void)a, (void)name, (void)e;
	*key = deploy;
	*len = strlen(deploy);
	return 0;
}

static const struct connection_source source = {.find = find, .keypair = keypair};

/* ---- files ---- */

/* Puts a file into a place, which was last changed long ago, or just now. N.B. just now is an hour
 * ahead: however long this takes, the file is young. */
static void file_write(const char *name, const char *text, bool is_old)
{
	struct timespec times[2] = {{1000000000, 0}};
	FILE *f = fopen("new", "w");

	if (!is_old) {
		(void)clock_gettime(CLOCK_REALTIME, &times[0]);
		times[0].tv_sec += 3600;
	}
	times[1] = times[0];
	if (f == NULL || fputs(text, f) < 0 || fclose(f) != 0 || chmod("new", 0600) != 0 ||
		utimensat(AT_FDCWD, "new", times, 0) != 0 || rename("new", name) != 0)
		abort();
}

static struct ssh_target *kept[2];

/* Takes far, and keeps what comes. Whether it was kept already. */
static bool is_taken(void)
{
	struct ssh_target *t = NULL;
	struct err e;
	bool is_same;

	if (ssh_target_take(&source, "far", NULL, 0, kept, 2, &t, &e) != 0) {
		tap_note("%s", e.text);
		return false;
	}
	is_same = t == kept[1];
	ssh_target_release(kept[1]);
	kept[1] = t;
	return is_same;
}

static void test_files(void)
{
	OK(!is_taken(), "a target is made");
	OK(is_taken(), "and taken again");
	file_write("key", "two", true);
	OK(!is_taken(), "another key of the same size and age makes another");
	IS_MEM(kept[1]->keys[0].bytes, kept[1]->keys[0].len, "two", 3, "which has that key");
	OK(is_taken(), "which is taken");
	file_write("key-cert.pub", "cert", true);
	OK(!is_taken(), "so does a certificate where there was none");
	OK(is_taken(), "which is taken too");
	file_write(".ssh/known_hosts", "", true);
	OK(!is_taken(), "and a host that is known now");
	if (unlink("key-cert.pub") != 0)
		abort();
	OK(!is_taken(), "and a file that is gone");
}

static void test_young(void)
{
	file_write("key", "new", false);
	OK(!is_taken(), "a file that was changed just now");
	OK(!is_taken(), "is read each time");
}

static void test_said(void)
{
	struct ssh_target *t = NULL;
	struct err e;

	OK(is_taken(), "nothing has changed");
	far = "ssh://bob@far/?key_file=~/key&jump=near";
	OK(!is_taken() && strcmp(kept[1]->login, "bob") == 0, "another login makes another");
	near = "ssh://anna@nearer/?keypair=deploy";
	OK(!is_taken() && strcmp(kept[1]->jump->host, "nearer") == 0, "and another way there");
	deploy = "two";
	OK(!is_taken() && strcmp(kept[1]->jump->keys[0].bytes, "two") == 0,
		"and another keypair of that");
	OK(is_taken(), "which is taken");
	if (ssh_target_take(&source, "far", "elsewhere", 0, kept, 2, &t, &e) == 0)
		IS_STR(t->host, "elsewhere", "a task's own host makes another");
	ssh_target_release(t);
}

/* What was kept serves for what was made later, where that came to the same. */
static void test_settle(void)
{
	struct ssh_target *young, *old;
	struct err e;

	file_write("key", "sam", false);
	file_write(".ssh/known_hosts", "", false);
	if (ssh_target_make(&source, "far", NULL, 0, &young, &e) != 0)
		abort();
	file_write("key", "sam", true);
	file_write(".ssh/known_hosts", "", true);
	if (ssh_target_make(&source, "far", NULL, 0, &old, &e) != 0)
		abort();
	ssh_target_release(kept[1]);
	kept[1] = young;
	ssh_target_settle(young, old);
	OK(is_taken(),
		"one that was too young to be sure of is taken once a later one is old enough");
	ssh_target_release(old);
}

/* A key's blob, of nothing but a type and this byte. */
static void blob_make(unsigned char blob[51], unsigned char byte)
{
	memset(blob, byte, 51);
	memcpy(blob, "\0\0\0\013ssh-ed25519\0\0\0\040", 19);
}

/* What is to be run where a host's key has changed names the host as ssh-keygen finds it. */
static void test_changed(void)
{
	unsigned char known[51], shown[51];
	struct ssh_host_verdict v;
	struct ssh_target *t;
	struct err e;

	blob_make(known, 1);
	blob_make(shown, 2);
	if (ssh_known_host_record(".ssh/known_hosts", "far", 22, known, 51, &e) != 0 ||
		ssh_known_host_record(".ssh/known_hosts", "far", 2222, known, 51, &e) != 0 ||
		ssh_target_make(&source, "far", NULL, 0, &t, &e) != 0)
		abort();
	OK(t->host_check(t->host_ctx, "far", 22, shown, 51, &v) != 0 &&
			v.finding == SSH_HOST_CHANGED,
		"a key that has changed");
	OK(strstr(v.advice, "/.ssh/known_hosts -R 'far', and") != NULL,
		"is taken away by its name");
	ssh_target_release(t);
	far = "ssh://bob@far:2222/?key_file=~/key&jump=near";
	if (ssh_target_make(&source, "far", NULL, 0, &t, &e) != 0)
		abort();
	(void)t->host_check(t->host_ctx, "far", 2222, shown, 51, &v);
	OK(strstr(v.advice, "/.ssh/known_hosts -R '[far]:2222', and") != NULL,
		"and of another port by that too");
	ssh_target_release(t);
}

/* All that a connection may keep secret. */
static void test_secrets(void)
{
	static const char hidden[] =
		"{\"conn_type\": \"ssh\", \"host\": \"near\", \"password\": \"" SECRET "\", "
		"\"extra\": {\"private_key\": \"-\\n" SECRET "\\n\", "
		"\"private_key_passphrase\": \"" SECRET "\"}}";
	const char *before = near;
	struct ssh_target *t = NULL;
	struct err e;

	near = hidden;
	n_left = 0;
	if (OK(ssh_target_make(&source, "near", NULL, 0, &t, &e) == 0,
		    "a target is made of a password, a private key and its passphrase"))
		IS_STR(t->password, SECRET, "which it has");
	ssh_target_release(t);
	IS_INT((int)n_left, 0, "and of these nothing is left in memory that was given back");
	near = before;
}

/* What libssh2 is told of them. */
static void test_told_secrets(void)
{
	static struct session s;
	void *abstract = &s;
	char *p;

	link_init(&s.memory);
	p = session_alloc(64, &abstract);
	if (p == NULL)
		abort();
	(void)strcpy(p, SECRET);
	n_left = 0;
	session_free(session_realloc(p, 128, &abstract), &abstract);
	IS_INT((int)n_left, 0, "nor of what libssh2 was told");
}

int main(void)
{
	char command[64];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0 || mkdir(".ssh", 0700) != 0 ||
		setenv("HOME", folder, 1) != 0)
		return 99;
	file_write("key", "one", true);
	test_files();
	test_said();
	test_young();
	test_settle();
	test_changed();
	test_secrets();
	test_told_secrets();
	ssh_target_release(kept[1]);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (chdir("/") != 0 || system(command) != 0)
		return 99;
	return tap_done();
}
