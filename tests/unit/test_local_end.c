/* The local operator against real processes: how a script is ended, and what outlives whom. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/duration.h"
#include "operators/execution.h"
#include "operators/local.h"
#include "tests/unit/local_rig.h"
#include "tests/unit/tap.h"

static struct rig rig;

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

static void test_gone(bool dies_with_engine)
{
	struct rig_try t;

	rig_try_init(&t, &rig, "rm -rf \"${SCRIPT_RESPONSE_FILE%/*}\"", false);
	t.job.dies_with_engine = dies_with_engine;
	rig_run(&t);
	IS_INT(t.verdict, OP_EXITED, "a script ends whose folder is taken away");
	OK(strstr(buf_str(&t.message), "was taken away while the script ran") != NULL,
		"and why nothing of it is left is told: %s", buf_str(&t.message));
	rig_try_free(&t);
}

/* N.B. a link is never followed: it stands for all that cannot be opened. */
static void test_unreadable(void)
{
	struct rig_try t;

	rig_try_init(&t, &rig,
		"cd \"${SCRIPT_RESPONSE_FILE%/*}\"; printf hello >other; ln -sf other stdout",
		false);
	rig_run(&t);
	IS_STR(buf_str(&t.out), "", "output that cannot be read");
	OK(strstr(buf_str(&t.log), "5 bytes of standard output cannot be read: ") != NULL,
		"is told in the log");
	rig_try_free(&t);
}

/* What a script puts into its folder does not hold up the launcher, who has other jobs. */
static void test_pipes(void)
{
	static const struct execution_result exited = {.end = EXECUTION_EXITED};
	struct execution_result result;
	struct execution_claim claim;
	char folder[sizeof(rig.folder) + 8], path[sizeof(folder) + 8];

	(void)snprintf(folder, sizeof(folder), "%s/pipes", rig.folder);
	(void)mkdir(folder, 0700);
	(void)snprintf(path, sizeof(path), "%s/result", folder);
	(void)mkfifo(path, 0600);
	(void)snprintf(path, sizeof(path), "%s/claim", folder);
	(void)mkfifo(path, 0600);
	(void)alarm(60); /* N.B. a pipe would be waited for without an end */
	IS_INT(execution_result_write(folder, &exited), ERR_IO,
		"a result is not written to a pipe");
	OK(execution_result_read(folder, &result) != 0, "nor read of one");
	OK(execution_claim_read(folder, &claim) != 0, "and no claim is");
	(void)alarm(0);
}

static enum op_kill kill_why;

static void kill_now(struct rig_try *t)
{
	if (t->handle != NULL && strchr(buf_str(&t->out), '\n') != NULL)
		operator_local.kill(t->handle, kill_why, t->job.kill_grace_ms);
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

	for (unsigned why = 0; why < OP_KILL_COUNT; why++) {
		if (why == OP_KILL_TIMEOUT) /* has a sentence with its length */
			continue;
		kill_why = (enum op_kill)why;
		rig_try_init(&t, &rig, "echo ready; sleep 1000", true);
		t.on_output = kill_now;
		rig_run(&t);
		IS_INT(t.verdict, OP_KILLED, "an end by force has its verdict");
		IS_STR(buf_str(&t.message), op_kill_text(kill_why), "and says why it came");
		rig_try_free(&t);
	}
	kill_why = OP_KILL_CANCEL;
}

static void test_timeout(void)
{
	char message[128], time[DURATION_TEXT_MAX];
	struct rig_try t;

	/* N.B. on a machine with much to do the script may not have come to its trap by then. */
	for (int64_t ms = 60;; ms *= 2) {
		rig_try_init(&t, &rig, "trap '' TERM; sleep 1000 & while :; do wait; done", true);
		t.job.timeout_ms = ms;
		t.job.kill_grace_ms = 40;
		rig_run(&t);
		(void)snprintf(message, sizeof(message),
			"it was ended at its execution_timeout of %s", duration_format(ms, time));
		if (t.exit_code != 143 || ms > 60000)
			break;
		rig_try_free(&t);
	}
	IS_INT(t.verdict, OP_TIMED_OUT, "a task is ended at its timeout");
	IS_INT(t.exit_code, 137, "with all means");
	IS_STR(buf_str(&t.message), message, "and says so");
	rig_try_free(&t);

	rig_try_init(&t, &rig, "kill -SEGV $$", true);
	rig_run(&t);
	IS_INT(t.verdict, OP_SIGNALLED, "a signal from elsewhere is told apart");
	IS_INT(t.exit_code, 128 + SIGSEGV, "with 128 + the signal");
	IS_STR(buf_str(&t.message), "signal 11 (SIGSEGV) ended the script", "and its name");
	OK(!t.completed, "it did not complete");
	rig_try_free(&t);
}

/* Waits until the file is there and not empty, and reads a number from it; 0: who was to write it
 * has ended. */
static long number_in(const char *path, pid_t writer)
{
	long n = 0;

	while (n == 0 && waitpid(writer, NULL, WNOHANG) == 0) {
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
	char path[RIG_PATH_MAX];
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
	char id[OP_EXECUTION_ID_MAX + 1], fifo[RIG_PATH_MAX], script[RIG_PATH_MAX + 128];
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
	char path[RIG_PATH_MAX], script[RIG_PATH_MAX + 128];
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
	child = number_in(path, engine);
	if (!OK(child > 1, "a task of another engine runs"))
		return;
	(void)kill(engine, SIGKILL);
	(void)waitpid(engine, NULL, 0);
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
	char path[RIG_PATH_MAX];

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
	char path[RIG_PATH_MAX];

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
	(void)setenv("HOME", "/tmp", 1); /* the user may have none */
	rig_open(&rig);
	test_background();
	test_gone(true);
	test_gone(false);
	test_unreadable();
	test_pipes();
	test_kill();
	test_timeout();
	test_survival();
	test_dead_engine(true);
	test_dead_engine(false);
	test_sweep();
	test_sweeps_go_on();
	rig_close(&rig);
	return tap_done();
}
