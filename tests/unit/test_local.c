/* The local operator against real processes: what a script finds, and what comes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "operators/local.h"
#include "tests/unit/local_rig.h"
#include "tests/unit/tap.h"

static struct rig rig;

static void test_streams(void)
{
	struct rig_try t;
	struct stat st;

	rig_try_init(&t, &rig, "printf out; printf err >&2; exit 3", true);
	rig_run(&t);
	IS_INT(t.n_started, 1, "a script starts once");
	IS_INT(t.verdict, OP_EXITED, "and runs to its end");
	IS_INT(t.exit_code, 3, "its exit status is kept");
	OK(t.completed, "whatever the status, it completed");
	IS_STR(buf_str(&t.out), "out", "standard output comes as output");
	IS_STR(buf_str(&t.err), "err", "standard error apart from it");
	IS_STR(buf_str(&t.logs), "out", "the end of standard output is in the result");
	IS_STR(buf_str(&t.error), "err", "that of standard error too");
	IS_STR(buf_str(&t.message), "", "an exit status needs no message");
	OK(stat(t.log_path, &st) == 0 && st.st_size == 3, "the output stays in its file");
	OK(stat(t.response_path, &st) != 0, "no response was written");
	rig_try_free(&t);
}

static void test_binary(void)
{
	struct rig_try t;

	rig_try_init(&t, &rig, "printf 'a\\000b\\377\\n\\n'; printf '\\001\\n' >&2", true);
	rig_run(&t);
	IS_MEM(t.out.data, t.out.len, "a\0b\xff\n\n", 6, "output is exact to the byte");
	IS_MEM(t.err.data, t.err.len, "\x01\n", 2, "standard error too");
	rig_try_free(&t);
}

static void test_environment(void)
{
	static const char script[] =
		"printf '%s|' \"$WINDROW_DAG_ID\" \"$WINDROW_TASK_ID\" \"$WINDROW_RUN_ID\" "
		"\"$WINDROW_TRY_NUMBER\" \"$MINE\" \"${WINDROW_CONN_DB-unset}\" "
		"\"${SECRET-unset}\"; [ \"$WINDROW_SCRIPT_EXECUTION_ID\" = \"$ID\" ] && "
		"[ -n \"$PATH\" ] && [ -n \"$HOME\" ] && [ -n \"$USER$LOGNAME\" ] && printf good; "
		"printf '%s' \"$MINE\" > \"$SCRIPT_RESPONSE_FILE\"";
	struct rig_try t;

	rig_try_init(&t, &rig, script, false);
	rig_add_variable(&t, "MINE", "it's $(mine)", 12);
	rig_add_variable(&t, "ID", t.id, strlen(t.id));
	rig_add_variable(&t, "WINDROW_TASK_ID", "forged", 6);
	rig_run(&t);
	IS_STR(buf_str(&t.out), "dag|Stage.task|run 1|3|it's $(mine)|unset|unset|good",
		"a script finds the contract's variables, its own, and no other");
	IS_STR(buf_str(&t.response), "it's $(mine)", "and writes a response");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "true", true);
	rig_add_variable(&t, "BAD", "a\0b", 3);
	rig_run(&t);
	IS_INT(t.verdict, OP_REFUSED, "a NUL byte in the environment is refused");
	IS_STR(buf_str(&t.message),
		"the value of BAD in its environment holds a NUL byte, which no environment can",
		"and named");
	rig_try_free(&t);
}

static void test_large_environment(void)
{
	struct rig_try t;
	size_t len = (size_t)4 << 20;
	char *large = malloc(len + 1);

	if (large == NULL)
		return;
	memset(large, 'x', len);
	large[len] = '\0';
	rig_try_init(&t, &rig, "true", true);
	rig_add_variable(&t, "LARGE", large, len);
	rig_run(&t);
	IS_INT(t.verdict, OP_REFUSED, "an environment that no system takes does not run");
	OK(strstr(buf_str(&t.message), "environment and arguments are larger") != NULL,
		"and is told: %s", buf_str(&t.message));
	OK(t.no_retry, "trying again is useless");
	rig_try_free(&t);
	free(large);
}

static void test_interpreters(void)
{
	struct rig_try t;

	rig_try_init(&t, &rig, "#!/bin/sh -e\nfalse\necho never\n", false);
	rig_run(&t);
	IS_INT(t.exit_code, 1, "the shebang's argument counts");
	IS_STR(buf_str(&t.out), "", "as in a script that is run directly");
	rig_try_free(&t);

	rig_try_init(
		&t, &rig, "#!/usr/bin/env   python3\nimport sys\nprint(sys.argv[1:])\n", false);
	rig_add_argument(&t, "one word");
	rig_add_argument(&t, "");
	rig_add_argument(&t, "$(x)");
	rig_run(&t);
	if (t.exit_code == 127)
		tap_skip(1, "no python3 here");
	else
		IS_STR(buf_str(&t.out), "['one word', '', '$(x)']\n",
			"python by its shebang, each argument a word");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "#!/bin/false\necho \"$1\"", false);
	rig_set(&t, "interpreter", "sh -u");
	rig_add_argument(&t, "x y");
	rig_run(&t);
	IS_STR(buf_str(&t.out), "x y\n", "interpreter wins over the shebang, and is found in PATH");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "true", false);
	rig_set(&t, "interpreter", "no-such-shell -x");
	rig_run(&t);
	IS_INT(t.verdict, OP_REFUSED, "a missing interpreter does not run");
	OK(strncmp(buf_str(&t.message), "cannot run \"no-such-shell\": there is no such program",
		   52) == 0,
		"and is named: %s", buf_str(&t.message));
	rig_try_free(&t);

	rig_try_init(&t, &rig, "#!/no/such/thing\n", false);
	rig_run(&t);
	IS_STR(buf_str(&t.message), "cannot run \"/no/such/thing\": No such file or directory",
		"a missing shebang too");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "#!/etc/passwd\n", false);
	rig_run(&t);
	IS_STR(buf_str(&t.message), "cannot run \"/etc/passwd\": Permission denied",
		"and one that cannot be executed");
	OK(t.no_retry, "trying again is useless");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "#!  \n", false);
	rig_run(&t);
	IS_STR(buf_str(&t.message), "the script's first line, #!, names no interpreter",
		"an empty shebang is refused");
	rig_try_free(&t);
}

static void test_directories(void)
{
	struct rig_try t;
	char path[RIG_PATH_MAX];

	rig_try_init(&t, &rig, "pwd -P", true);
	rig_set(&t, "working_directory", "/");
	rig_run(&t);
	IS_STR(buf_str(&t.out), "/\n", "the working directory is gone to");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "true", true);
	rig_set(&t, "working_directory", "/no/such");
	rig_run(&t);
	IS_INT(t.verdict, OP_REFUSED, "a missing one does not run");
	IS_STR(buf_str(&t.message),
		"cannot go to its working_directory \"/no/such\": No such file or directory",
		"and is named");
	(void)snprintf(path, sizeof(path), "%s/%s", rig.folder, t.id);
	OK(access(path, F_OK) != 0, "and leaves nothing behind");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "[ \"$(pwd -P)\" = \"$(cd \"$HOME\" && pwd -P)\" ] || pwd", true);
	rig_run(&t);
	IS_STR(buf_str(&t.out), "", "home, where nothing is said");
	rig_try_free(&t);
}

static void test_response(void)
{
	struct rig_try t;

	rig_try_init(&t, &rig, "printf 12345 > \"$SCRIPT_RESPONSE_FILE\"", true);
	rig_set_number(&t, "response_limit", 5);
	rig_run(&t);
	IS_STR(buf_str(&t.response), "12345", "a response may have response_limit bytes");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "printf 123456 > \"$SCRIPT_RESPONSE_FILE\"", true);
	rig_set_number(&t, "response_limit", 5);
	rig_run(&t);
	IS_STR(buf_str(&t.message), "the response has 6 bytes; its response_limit is 5",
		"but no more");
	IS_INT(t.exit_code, 0, "which the exit status does not tell");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "mkfifo \"$SCRIPT_RESPONSE_FILE\"", true);
	rig_run(&t);
	OK(strncmp(buf_str(&t.message), "the response is no regular file", 31) == 0,
		"a response that would never end is not read: %s", buf_str(&t.message));
	rig_try_free(&t);
}

static void test_large_output(void)
{
	struct rig_try t;
	struct rusage before, after;
	struct statvfs fs;

	if (statvfs(rig.folder, &fs) != 0 || fs.f_bavail * fs.f_frsize < 150000000) {
		tap_skip(4, "there is no room for 100 MiB here");
		return;
	}
	(void)getrusage(RUSAGE_SELF, &before);
	rig_try_init(&t, &rig, "head -c 104857600 /dev/zero", true);
	rig_run(&t);
	(void)getrusage(RUSAGE_SELF, &after);
	IS_INT((long long)t.out_len, 104857600, "100 MiB of output come whole");
	OK(t.largest <= (size_t)256 << 10, "in pieces of at most 256 KiB");
	OK(after.ru_maxrss - before.ru_maxrss < 16 << 10, "through flat memory (%ld KiB more)",
		after.ru_maxrss - before.ru_maxrss);
	IS_INT((long long)t.logs.len, (long long)OP_TAIL_MAX, "the result has the last 64 KiB");
	rig_try_free(&t);
}

static void test_log_limit(void)
{
	struct rig_try t;

	rig_try_init(&t, &rig,
		"i=0; while [ $i -lt 1000 ]; do printf '%09d\\n' $i; i=$((i+1)); done", true);
	rig_set_number(&t, "log_limit", 1000);
	rig_run(&t);
	IS_INT((long long)t.out_len, 1000, "log_limit bytes are logged");
	OK(strncmp(buf_str(&t.out), "000000000\n", 10) == 0 &&
			strcmp(buf_str(&t.out) + 990, "000000999\n") == 0,
		"the beginning and the end of them");
	OK(strstr(buf_str(&t.log), "9000 bytes of standard output were cut here") != NULL,
		"and the log says that the middle is missing");
	IS_INT((long long)t.logs.len, 10000, "the result's end is not cut by it");
	rig_try_free(&t);
}

#define MANY 500

/* As many, unless an ordinary user may not have so many processes. */
static size_t many(void)
{
	struct rlimit most;

	if (geteuid() == 0 || getrlimit(RLIMIT_NPROC, &most) != 0 || most.rlim_cur / 2 >= MANY)
		return MANY;
	return (size_t)most.rlim_cur / 4;
}

static void test_many(void)
{
	struct rig_try *t = calloc(MANY, sizeof(*t));
	struct rlimit old, few;
	size_t n = many(), good = 0;

	if (t == NULL)
		return;
	(void)getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = 40;
	(void)setrlimit(RLIMIT_NOFILE, &few);
	for (size_t i = 0; i < n; i++) {
		rig_try_init(&t[i], &rig, "echo \"$NUMBER\"; echo e >&2", true);
		rig_add_variable(&t[i], "NUMBER", t[i].id, strlen(t[i].id));
		rig_start(&t[i]);
	}
	for (size_t i = 0; i < n; i++) {
		rig_wait(&t[i]);
		good += t[i].exit_code == 0 && t[i].verdict == OP_EXITED &&
			strncmp(buf_str(&t[i].out), t[i].id, strlen(t[i].id)) == 0 &&
			t[i].err_len == 2;
		rig_try_free(&t[i]);
	}
	(void)setrlimit(RLIMIT_NOFILE, &old);
	IS_INT((long long)good, (long long)n,
		"%zu tasks at once with 40 descriptors, each with its output", n);
	free(t);
}

int main(void)
{
	(void)setenv("WINDROW_CONN_DB", "ssh://secret@db", 1);
	(void)setenv("SECRET", "secret", 1);
	(void)setenv("HOME", "/tmp", 1); /* the user may have none */
	(void)setenv("USER", "anna", 1); /* and no name */
	rig_open(&rig);
	test_streams();
	test_binary();
	test_environment();
	test_large_environment();
	test_interpreters();
	test_directories();
	test_response();
	test_large_output();
	test_log_limit();
	test_many();
	rig_close(&rig);
	return tap_done();
}
