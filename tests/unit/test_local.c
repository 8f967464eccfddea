/* The local operator against real processes: what a script finds, what comes back, and how it is
 * ended. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "operators/execution.h"
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
	char path[256];

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

	rig_try_init(&t, &rig, "[ \"$(pwd)\" = \"$HOME\" ] || pwd", true);
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

/* Whether a process is there and no zombie. */
static bool is_running(pid_t pid)
{
	char path[64], text[256] = "";
	FILE *f;
	const char *p;

	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
	f = fopen(path, "r");
	if (f == NULL)
		return false;
	(void)!fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	p = strrchr(text, ')');
	return p != NULL && p[2] != 'Z' && p[2] != 'X';
}

static void test_background(void)
{
	struct rig_try t;
	pid_t left;

	/* The background child holds both streams, and would for ever. */
	rig_try_init(&t, &rig, "sleep 1000 & echo $!", true);
	rig_run(&t);
	left = (pid_t)atol(buf_str(&t.out));
	IS_INT(t.verdict, OP_EXITED, "a task ends with its script");
	OK(left > 1 && is_running(left), "and what it left in the background goes on");
	if (left > 1)
		(void)kill(left, SIGKILL);
	rig_try_free(&t);
}

static void kill_now(struct rig_try *t)
{
	if (t->handle != NULL && strchr(buf_str(&t->out), '\n') != NULL)
		operator_local.kill(t->handle, OP_KILL_CANCEL, t->job.kill_grace_ms);
}

static void test_kill(void)
{
	struct rig_try t;
	pid_t child;

	rig_try_init(&t, &rig, "sleep 1000 & echo $!; wait", true);
	t.on_output = kill_now;
	rig_run(&t);
	child = (pid_t)atol(buf_str(&t.out));
	IS_INT(t.verdict, OP_KILLED, "a task that is killed says so");
	IS_INT(t.exit_code, 143, "with 128 + the signal");
	OK(!t.completed, "and did not complete");
	OK(child > 1 && !is_running(child), "its children are gone");
	OK(strstr(buf_str(&t.log), "Sent SIGTERM to process group") != NULL, "the log says it");
	rig_try_free(&t);

	rig_try_init(&t, &rig,
		"trap '' TERM; (trap '' TERM; while :; do sleep 1000; done) & echo $!; "
		"while :; do sleep 1000; done",
		true);
	t.job.kill_grace_ms = 50;
	t.on_output = kill_now;
	rig_run(&t);
	child = (pid_t)atol(buf_str(&t.out));
	IS_INT(t.exit_code, 137, "who ignores TERM is killed when the grace is over");
	OK(child > 1 && !is_running(child), "children that ignore it too");
	OK(strstr(buf_str(&t.log), "did not end within 50ms") != NULL &&
			strstr(buf_str(&t.log), "Sent SIGKILL") != NULL,
		"the log says both");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "setsid sleep 1000 & echo $!; wait", true);
	t.on_output = kill_now;
	rig_run(&t);
	child = (pid_t)atol(buf_str(&t.out));
	OK(child > 1 && !is_running(child), "who left the group is found all the same");
	rig_try_free(&t);

	rig_try_init(
		&t, &rig, "trap 'exit 0' TERM; echo ready; while :; do sleep 0.01; done", true);
	t.on_output = kill_now;
	rig_run(&t);
	IS_INT(t.verdict, OP_KILLED, "an orderly end at our signal is no success");
	IS_INT(t.exit_code, 0, "though its status is told");
	rig_try_free(&t);
}

static void test_timeout(void)
{
	struct rig_try t;

	rig_try_init(&t, &rig, "trap '' TERM; sleep 1000 & while :; do wait; done", true);
	t.job.timeout_ms = 60;
	t.job.kill_grace_ms = 40;
	rig_run(&t);
	IS_INT(t.verdict, OP_TIMED_OUT, "a task is ended at its timeout");
	IS_INT(t.exit_code, 137, "with all means");
	IS_STR(buf_str(&t.message), "it was ended at its execution_timeout of 60ms", "and says so");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "kill -SEGV $$", true);
	rig_run(&t);
	IS_INT(t.verdict, OP_SIGNALLED, "a signal from elsewhere is told apart");
	IS_INT(t.exit_code, 128 + SIGSEGV, "with 128 + the signal");
	IS_STR(buf_str(&t.message), "signal 11 (SIGSEGV) ended the script", "and its name");
	OK(!t.completed, "it did not complete");
	rig_try_free(&t);
}

#define MANY 500

static void test_many(void)
{
	struct rig_try *t = calloc(MANY, sizeof(*t));
	struct rlimit old, few;
	size_t good = 0;

	if (t == NULL)
		return;
	(void)getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	few.rlim_cur = 40;
	(void)setrlimit(RLIMIT_NOFILE, &few);
	for (size_t i = 0; i < MANY; i++) {
		rig_try_init(&t[i], &rig, "echo \"$NUMBER\"; echo e >&2", true);
		rig_add_variable(&t[i], "NUMBER", t[i].id, strlen(t[i].id));
		rig_start(&t[i]);
	}
	for (size_t i = 0; i < MANY; i++) {
		rig_wait(&t[i]);
		good += t[i].exit_code == 0 && t[i].verdict == OP_EXITED &&
			strncmp(buf_str(&t[i].out), t[i].id, strlen(t[i].id)) == 0 &&
			t[i].err_len == 2;
		rig_try_free(&t[i]);
	}
	(void)setrlimit(RLIMIT_NOFILE, &old);
	IS_INT((long long)good, MANY, "%d tasks at once with 40 descriptors, each with its output",
		MANY);
	free(t);
}

/* Waits until the file is there and not empty, and reads a number from it. */
static long number_in(const char *path)
{
	long n = 0;

	while (n == 0) {
		FILE *f = fopen(path, "r");

		if (f != NULL) {
			if (fscanf(f, "%ld", &n) != 1)
				n = 0;
			(void)fclose(f);
		}
	}
	return n;
}

static pid_t launcher_of(const char *id)
{
	char path[256];
	struct execution_claim c = {.owner = {.launcher = 0}};

	(void)snprintf(path, sizeof(path), "%s/%s", rig.folder, id);
	while (execution_claim_read(path, &c) != 0 || c.group == 0)
		;
	return c.owner.launcher;
}

static void kill_launcher(struct rig_try *t)
{
	if (strchr(buf_str(&t->out), '\n') != NULL && t->out.len == 2)
		(void)kill(launcher_of(t->id), SIGKILL);
}

static void test_survival(void)
{
	struct rig_try t, again;
	char id[OP_EXECUTION_ID_MAX + 1], fifo[256], script[512];
	int fd;

	(void)snprintf(fifo, sizeof(fifo), "%s/.go", rig.folder);
	(void)snprintf(script, sizeof(script),
		"echo a; read x < '%s'; echo b; printf late > $SCRIPT_RESPONSE_FILE; exit 5", fifo);
	if (mkfifo(fifo, 0600) != 0)
		return;

	/* The engine goes; another one comes. */
	rig_try_init(&t, &rig, script, false);
	t.job.dies_with_engine = false;
	rig_start(&t);
	(void)launcher_of(t.id);
	memcpy(id, t.id, sizeof(id));
	operator_local.abandon(t.handle);
	IS_INT(t.n_finished, 0, "who abandons a try hears no more of it");
	rig_try_init(&again, &rig, script, false);
	again.job.execution_id = id;
	rig_attach(&again);
	fd = open(fifo, O_WRONLY);
	(void)!write(fd, "\n", 1);
	(void)close(fd);
	rig_wait(&again);
	IS_INT(again.verdict, OP_EXITED, "who attaches learns of the end");
	IS_INT(again.exit_code, 5, "with the exit status");
	IS_STR(buf_str(&again.out), "a\nb\n", "and all of the output");
	IS_STR(buf_str(&again.response), "late", "and the response");
	rig_try_free(&again);
	rig_try_init(&again, &rig, script, false);
	again.job.execution_id = id;
	rig_run(&again);
	IS_INT(again.exit_code, 5, "a second start of an execution attaches to the first");
	rig_try_free(&again);
	rig_try_free(&t);

	/* The launcher is killed while the script runs. */
	rig_try_init(&t, &rig, script, false);
	t.job.dies_with_engine = false;
	t.on_output = kill_launcher;
	rig_start(&t);
	while (t.out.len < 2)
		(void)uv_run(&rig.loop, UV_RUN_ONCE);
	fd = open(fifo, O_WRONLY);
	(void)!write(fd, "\n", 1);
	(void)close(fd);
	rig_wait(&t);
	IS_INT(t.verdict, OP_LOST,
		"a task whose launcher was killed is watched to its end, and lost");
	OK(strstr(buf_str(&t.message), "nobody saw how") != NULL, "and says why: %s",
		buf_str(&t.message));
	rig_try_free(&t);
	rig_try_init(&t, &rig, "echo back", true);
	rig_run(&t);
	IS_STR(buf_str(&t.out), "back\n", "further tasks run");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "true", true);
	rig_attach(&t);
	rig_wait(&t);
	IS_INT(t.verdict, OP_LOST, "an execution that never was is lost");
	rig_try_free(&t);
}

/* An engine in a process of its own that dies without a word. */
static void test_dead_engine(bool dies_too)
{
	struct rig_try t;
	char path[256], script[512];
	long child;
	pid_t engine;

	(void)snprintf(path, sizeof(path), "%s/.pid-%d", rig.folder, dies_too);
	(void)snprintf(script, sizeof(script), "echo $$ > '%s'; sleep 1000 & wait", path);
	(void)fflush(stdout);
	engine = fork();
	if (engine == 0) {
		struct rig own;

		(void)setenv("TMPDIR", rig.folder, 1); /* what it leaves goes with ours */
		rig_open(&own);
		rig_try_init(&t, &own, script, false);
		t.job.dies_with_engine = dies_too;
		rig_start(&t);
		for (;;)
			(void)uv_run(&own.loop, UV_RUN_ONCE);
	}
	child = number_in(path);
	(void)kill(engine, SIGKILL);
	if (dies_too) {
		while (is_running((pid_t)child))
			;
		OK(true, "with kill -9 of the engine its tasks end too, where nobody comes back");
	} else {
		OK(is_running((pid_t)child), "else they go on");
		(void)kill((pid_t)-child, SIGKILL);
	}
}

static void test_sweep(void)
{
	struct rig_try t;
	char path[256];

	rig_try_init(&t, &rig, "mkdir \"$(dirname \"$SCRIPT_RESPONSE_FILE\")/deep\"", true);
	rig_run(&t);
	(void)snprintf(path, sizeof(path), "%s/%s", rig.folder, t.id);
	execution_sweep(rig.folder, 86400000, INT64_C(1000));
	OK(access(path, F_OK) == 0, "a young execution is not swept");
	execution_sweep(rig.folder, 0, INT64_C(253402300799000));
	OK(access(path, F_OK) != 0, "an old one is, with all in it");
	rig_try_free(&t);
}

/* N.B. others end meanwhile, and may be swept before they are looked at. */
static void test_sweeps_go_on(void)
{
	struct rig_try old, t;
	char path[256];

	rig_try_init(&old, &rig, "true", true);
	rig_run(&old);
	(void)snprintf(path, sizeof(path), "%s/%s", rig.folder, old.id);
	rig.host.retention_ms = 24;
	while (access(path, F_OK) == 0) {
		rig_try_init(&t, &rig, "true", true);
		rig_run(&t);
		rig_try_free(&t);
	}
	OK(true, "what is over is swept while tasks go on");
	rig_try_free(&old);
}

int main(void)
{
	(void)setenv("WINDROW_CONN_DB", "ssh://secret@db", 1);
	(void)setenv("SECRET", "secret", 1);
	(void)setenv("HOME", "/tmp", 1); /* the user may have none */
	rig_open(&rig);
	test_streams();
	test_binary();
	test_environment();
	test_large_environment();
	test_interpreters();
	test_directories();
	test_response();
	test_large_output();
	test_background();
	test_kill();
	test_timeout();
	test_many();
	test_survival();
	test_dead_engine(true);
	test_dead_engine(false);
	test_sweep();
	test_sweeps_go_on();
	rig_close(&rig);
	return tap_done();
}
