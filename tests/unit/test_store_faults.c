/*
 * The store where memory is short or the disk is full: each allocation of a session fails in turn,
 * and so does each write past a limit. Each time the call says so, nothing is left behind, and what
 * was kept before is there afterwards. The linker puts the functions here in the place of malloc's.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "store/connection_file.h"
#include "store/secret.h"
#include "store/store_run.h"
#include "tests/unit/nomem_kit.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

void *__real_mmap(void *p, size_t len, int prot, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t offset);

static long left = -1; /* allocations until one fails; below 0: none does */

bool nomem_fails(void)
{
	return left >= 0 && left-- == 0;
}

void *__wrap_mmap(void *p, size_t len, int prot, int flags, int fd, off_t offset)
{
	return nomem_fails() ? MAP_FAILED : __real_mmap(p, len, prot, flags, fd, offset);
}

static struct store_kit k;

static const char text[] =
	"{\"box\": {\"conn_type\": \"ssh\", \"host\": \"h\", \"password\": \"pw\", "
	"\"extra\": {\"private_key\": \"-----BEGIN\"}}}";

static const struct store_try try = {
	.run = 1, .execution_id = "x", .state = TASK_SUCCESS, .outputs = "{\"response\": 1}"};

/* Puts a new keypair in the place of the old one, or leaves that. */
static int replace_keypair(struct store *s)
{
	const struct store_keypair pair = {
		.name = "nightly", .type = "t", .public_line = "p", .fingerprint = "f"};
	int r = store_begin(s, &k.e);

	if (r != 0)
		return r;
	r = store_keypair_delete(s, "nightly", &k.e);
	if (r == 0)
		r = store_keypair_add(s, &pair, "-----BEGIN", 10, &k.e);
	if (r == 0)
		return store_commit(s, &k.e);
	store_rollback(s);
	return r;
}

/* Changes things, so that the next session can do the same. */
static int change(struct store *s, struct arena *a)
{
	const struct store_variable v = {.name = "token", .value = "hunter2", .is_secret = true};
	struct connection_entry *list;
	struct store_rotation done;
	size_t n;
	int r = store_variable_set(s, &v, &k.e);

	if (r == 0)
		r = connection_file_read(
			a, "c", CONNECTION_YAML, text, strlen(text), &list, &n, &k.e);
	if (r == 0)
		r = store_connection_put(s, &list[0].said, true, &k.e);
	if (r == 0)
		r = replace_keypair(s);
	return r == 0 ? store_rotate(s, NULL, &done, &k.e) : r;
}

/* Keeps what a try has left. N.B. not with the other changes: behind each rotation that makes a
 * key, and so each session would have one more to seal anew. */
static int leave(struct store *s, struct arena *a)
{
	(void)a;
	return store_try_put(s, &try, &k.e);
}

/* Reads all there is. */
static int look(struct store *s, struct arena *a)
{
	struct connection *list, one;
	struct store_keypair *pairs;
	struct store_variable v;
	struct store_try *tries;
	const char *key, **ids;
	struct buf out;
	size_t n;
	int r = store_variable_get(s, a, "token", &v, &k.e);

	if (r == 0 && strcmp(v.value, "hunter2") != 0)
		abort();
	if (r == 0)
		r = store_connection_get(s, a, "box", &one, &k.e);
	if (r == 0)
		r = store_connection_list(s, a, &list, &n, &k.e);
	if (r == 0)
		r = store_keypair_private(s, a, "nightly", &key, &n, &k.e);
	if (r == 0)
		r = store_keypair_list(s, a, &pairs, &n, &k.e);
	if (r == 0)
		r = store_keypair_users(s, a, "nightly", &ids, &n, &k.e);
	if (r == 0)
		r = store_tries_of(s, a, 1, &tries, &n, &k.e);
	if (r == 0 && (n != 1 || strcmp(tries[0].outputs, try.outputs) != 0))
		abort();
	buf_init(&out, 0);
	if (r == 0)
		r = connection_file_write(a, CONNECTION_YAML, &one, 1, &out);
	buf_free(&out);
	return r;
}

static int session(int (*work)(struct store *s, struct arena *a), long n)
{
	struct store *s = NULL;
	struct arena *a;
	int r;

	left = n;
	a = secret_arena_create(0);
	r = a == NULL ? ERR_NOMEM : store_open(&k.options, &s, &k.e);
	if (r == 0)
		r = work(s, a);
	store_close(s);
	arena_destroy(a);
	return r;
}

/* Every allocation of a session fails once. */
static void test_memory(int (*work)(struct store *s, struct arena *a), const char *what)
{
	long n, told = 0, odd = 0, lost = 0;
	int r, failed;

	for (n = 0;; n++) {
		r = session(work, n);
		failed = left < 0;
		left = -1;
		if (!failed)
			break;
		told += r == ERR_NOMEM;
		odd += r != 0 && r != ERR_NOMEM;
		if (r != 0 && r != ERR_NOMEM)
			tap_note("allocation %ld: %s: %s", n, err_name(r), k.e.text);
		lost += session(look, -1) != 0;
	}
	IS_INT(r, 0, "%s: it works where memory is there", what);
	OK(told > 10, "%s: where it is short that is said (%ld of %ld times)", what, told, n);
	IS_INT(odd, 0, "%s: and nothing else", what);
	IS_INT(lost, 0, "%s: and all that was kept is there afterwards", what);
}

/* No file may grow past this. */
static int change_within(rlim_t bytes)
{
	const struct rlimit limit = {bytes, bytes};
	pid_t child = fork();
	int status;

	if (child == 0) {
		int r;

		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &limit);
		r = session(change, -1);
		_exit(r == 0 ? 0 : k.e.text[0] == '\0' ? 3 : r == ERR_IO ? 1 : 2);
	}
	(void)waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void test_disk(void)
{
	int full = 0, odd = 0, lost = 0, status;

	for (rlim_t bytes = 0; bytes < 200000; bytes += bytes < 64 ? 16 : 4096) {
		status = change_within(bytes);
		full += status == 1;
		odd += status != 0 && status != 1;
		lost += session(look, -1) != 0;
		if (status > 1)
			tap_note("%ld bytes: %d", (long)bytes, status);
	}
	OK(full > 5, "a disk that is full is told (%d times)", full);
	IS_INT(odd, 0, "as that and nothing else");
	IS_INT(lost, 0, "and all that was kept is there afterwards");
}

int main(void)
{
	const struct store_keypair pair = {
		.name = "nightly", .type = "t", .public_line = "p", .fingerprint = "f"};
	struct store *s;

	kit_begin(&k);
	s = kit_open(&k);
	(void)store_keypair_add(s, &pair, "-----BEGIN", 10, &k.e);
	store_close(s);
	IS_INT(session(change, -1), 0, "a store is filled");
	IS_INT(session(leave, -1), 0, "and with what a try has left");
	IS_INT(session(look, -1), 0, "and read");
	test_memory(look, "reading");
	test_memory(leave, "leaving");
	test_memory(change, "changing");
	test_disk();
	kit_end(&k);
	return tap_done();
}
