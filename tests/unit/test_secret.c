/* Memory for secrets: locked, wiped, in no core dump. */
#include "store/secret.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/arena.h"
#include "tests/unit/tap.h"

/* AddressSanitizer makes mlock() do nothing. */
#if defined(__SANITIZE_ADDRESS__)
#define MLOCK_IS_REAL false
#else
#define MLOCK_IS_REAL true
#endif

/* KiB that the process holds locked, or -1 where the system does not tell. */
static long locked_kib(void)
{
	FILE *f = fopen("/proc/self/status", "r");
	char line[256];
	long kib = -1;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		if (sscanf(line, "VmLck: %ld", &kib) == 1)
			break;
	if (f != NULL)
		(void)fclose(f);
	return kib;
}

static void test_locked(void)
{
	char refusal[SECRET_REFUSAL_MAX];
	long before = locked_kib();
	char *p = secret_alloc(100);

	if (!OK(p != NULL, "there is memory for a secret"))
		return;
	OK(p[0] == 0 && p[99] == 0, "it is zeroed");
	(void)strcpy(p, "hunter2");
	if (!MLOCK_IS_REAL || before < 0 || secret_lock_refusal(refusal))
		tap_skip(1, "this system lets no memory be locked, or does not tell");
	else
		OK(locked_kib() > before, "it is locked while it is held");
	secret_free(p, 100);
	if (before < 0)
		tap_skip(1, "this system does not tell what is locked");
	else
		IS_INT(locked_kib(), before, "and given back");
	secret_free(NULL, 0);
}

static void test_forked(void)
{
	char *p = secret_alloc(100);
	int status = 0;
	pid_t child;

	if (p == NULL)
		return;
	(void)strcpy(p, "hunter2");
	child = fork();
	if (child == 0)
		_exit(p[0] == '\0' ? 0 : 1);
	(void)waitpid(child, &status, 0);
	OK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a forked process has no copy of it");
	IS_STR(p, "hunter2", "and it is still held here");
	secret_free(p, 100);
}

static void test_no_dumps(void)
{
	struct rlimit core;

	IS_INT(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), 0, "a process with secrets leaves no core dump");
	(void)getrlimit(RLIMIT_CORE, &core);
	OK(core.rlim_cur == 0, "nor by its limit");
}

/* N.B. before anything here is hardened, and in a process of its own: there is no way back. */
static void test_no_dumps_but_seen(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		struct rlimit before, began, now;

		(void)getrlimit(RLIMIT_CORE, &before);
		secret_harden();
		secret_dumps_forbid();
		secret_core_limit(&began);
		(void)getrlimit(RLIMIT_CORE, &now);
		_exit(prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 1	    ? 1
				: now.rlim_cur > 1		    ? 2
				: began.rlim_cur != before.rlim_cur ? 3
								    : 0);
	}
	(void)waitpid(child, &status, 0);
	IS_INT(WIFEXITED(status) ? WEXITSTATUS(status) : -1, 0,
		"a process may be seen, leave no core dump and know what limit it began with");
}

static void test_arena(void)
{
	struct arena *a = secret_arena_create(0);
	char *p = a == NULL ? NULL : arena_strdup(a, "hunter2");

	OK(p != NULL && strcmp(p, "hunter2") == 0, "an arena for secrets holds them");
	arena_destroy(a);
	OK(msync((void *)((size_t)p & ~(size_t)4095), 4096, MS_ASYNC) != 0,
		"and its pages are gone with it");
}

/* N.B. root's memory is locked whatever the limit says. */
static void test_refused(void)
{
	const struct rlimit none = {0, 0};
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		char refusal[SECRET_REFUSAL_MAX] = "";
		void *p;

		(void)setrlimit(RLIMIT_MEMLOCK, &none);
		if (geteuid() == 0 && setuid(65534) != 0)
			_exit(2);
		p = secret_alloc(1);
		_exit(p == NULL						? 1
				: !secret_lock_refusal(refusal)		? 2
				: strstr(refusal, "only 0 KiB") != NULL ? 0
									: 3);
	}
	(void)waitpid(child, &status, 0);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 2)
		tap_skip(1, "memory is locked here whatever the limit");
	else
		OK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
			"where nothing may be locked, a secret is held all the same, and it is "
			"told");
}

int main(void)
{
	test_refused();
	test_no_dumps_but_seen();
	test_locked();
	test_forked();
	test_no_dumps();
	test_arena();
	return tap_done();
}
