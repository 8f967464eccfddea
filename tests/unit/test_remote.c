/*
 * The remote protocol: what is heard, cut at any byte; and the programs, run by each shell that
 * there is, as the host's /bin/sh and as the login shell that hands them on.
 */
#include "operators/ssh/remote.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/buf.h"
#include "tests/unit/tap.h"

#define NONCE "0123456789abcdef0123456789abcdef"

static char folder[] = "/tmp/windrow-remote.XXXXXX";

/* --- hearing --- */

struct heard {
	struct buf data[2], response, words, noise;
};

static void on_data(void *ctx, bool is_stderr, const char *bytes, size_t len)
{
	buf_add(&((struct heard *)ctx)->data[is_stderr], bytes, len);
}

static void on_response(void *ctx, const char *bytes, size_t len)
{
	buf_add(&((struct heard *)ctx)->response, bytes, len);
}

static void on_word(void *ctx, bool is_stderr, const char *word)
{
	(void)is_stderr;
	buf_addf(&((struct heard *)ctx)->words, "%s|", word);
}

static void on_noise(void *ctx, const char *bytes, size_t len)
{
	buf_add(&((struct heard *)ctx)->noise, bytes, len);
}

static void heard_free(struct heard *h)
{
	buf_free(&h->data[0]);
	buf_free(&h->data[1]);
	buf_free(&h->response);
	buf_free(&h->words);
	buf_free(&h->noise);
}

static void ear_open(struct remote_ear *ear, struct heard *h)
{
	struct remote_events events = {.ctx = h,
		.on_data = on_data,
		.on_response = on_response,
		.on_word = on_word,
		.on_noise = on_noise};

	buf_init(&h->data[0], 0);
	buf_init(&h->data[1], 0);
	buf_init(&h->response, 0);
	buf_init(&h->words, 0);
	buf_init(&h->noise, 0);
	remote_ear_init(ear, NONCE, &events);
}

/* The stream cut into pieces of n bytes says the same, whatever n is. */
static void test_ear(void)
{
	static const char stream[] =
		"motd\n" NONCE " begin\none 0123456789abcdef0123 two" NONCE
		" start /x y\nthree\n" NONCE " response\n{\"a\": 1}\n" NONCE " end\nrest 01234567";
	struct remote_ear ear;
	struct heard h;
	size_t bad = 0;

	for (size_t n = 1; n < sizeof(stream); n++) {
		ear_open(&ear, &h);
		for (size_t at = 0; at < sizeof(stream) - 1; at += n)
			(void)remote_ear_feed(&ear, false, stream + at,
				at + n < sizeof(stream) ? n : sizeof(stream) - 1 - at);
		remote_ear_end(&ear, false);
		if (strcmp(buf_str(&h.data[0]),
			    "one 0123456789abcdef0123 twothree\nrest 01234567") != 0 ||
			strcmp(buf_str(&h.response), "{\"a\": 1}\n") != 0 ||
			strcmp(buf_str(&h.words), "begin|start /x y|response|end|") != 0 ||
			strcmp(buf_str(&h.noise), "motd\n") != 0)
			bad++;
		remote_ear_free(&ear);
		heard_free(&h);
	}
	IS_INT((int)bad, 0, "a stream in pieces of any size is taken apart alike");
}

/* --- the programs --- */

static void file_write(const char *name, const struct buf *b)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd < 0 || write(fd, b->data, b->len) != (ssize_t)b->len)
		abort();
	(void)close(fd);
}

static void file_hear(struct remote_ear *ear, bool is_stderr, const char *name)
{
	int fd = open(name, O_RDONLY);
	char bytes[4096];
	ssize_t n;

	while (fd >= 0 && (n = read(fd, bytes, sizeof(bytes))) > 0)
		(void)remote_ear_feed(ear, is_stderr, bytes, (size_t)n);
	remote_ear_end(ear, is_stderr);
	if (fd >= 0)
		(void)close(fd);
}

/* Whether the input has no end before the shell's, as a channel that stays open. Where it has one a
 * script on the channel itself is ended with it. */
static bool is_held;

/* Runs SHELL -c COMMAND with this input, which a pipe has room for; what it says is heard. */
static void run(const char *const *shell, const char *path, const struct buf *command,
	const struct buf *input, struct heard *h)
{
	const char *argv[8];
	struct remote_ear ear;
	int n = 0, status, in[2];
	pid_t pid;

	while (shell[n] != NULL) {
		argv[n] = shell[n];
		n++;
	}
	argv[n++] = "-c";
	argv[n++] = buf_str((struct buf *)(uintptr_t)command);
	argv[n] = NULL;
	if (pipe(in) != 0 || write(in[1], input->data, input->len) != (ssize_t)input->len)
		abort();
	if (!is_held) {
		(void)close(in[1]);
		in[1] = -1;
	}
	pid = fork();
	if (pid == 0) {
		if (dup2(in[0], 0) != 0 || freopen("out", "w", stdout) == NULL ||
			freopen("err", "w", stderr) == NULL)
			_exit(99);
		(void)close(in[0]);
		if (in[1] >= 0)
			(void)close(in[1]);
		(void)setenv("HOME", folder, 1);
		if (path != NULL)
			(void)setenv("PATH", path, 1);
		(void)execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(98);
	}
	(void)close(in[0]);
	(void)waitpid(pid, &status, 0);
	if (in[1] >= 0)
		(void)close(in[1]);
	ear_open(&ear, h);
	file_hear(&ear, false, "out");
	file_hear(&ear, true, "err");
	remote_ear_free(&ear);
}

static bool is_there(const char *program)
{
	char command[256];

	(void)snprintf(command, sizeof(command), "command -v %s >/dev/null 2>&1", program);
	return system(command) == 0;
}

/* The command with another shell in /bin/sh's place. */
static void shell_replace(struct buf *command, const char *shell)
{
	struct buf b;

	buf_init(&b, 0);
	buf_addf(&b, "exec %s%s", shell, command->data + strlen("exec /bin/sh"));
	buf_reset(command);
	buf_add(command, b.data, b.len);
	buf_free(&b);
}

/* What starts are told that others will start soon. */
static char ahead[64] = ",";

/* The command as text. */
static void command_text(struct ssh_command *c, bool is_sh, const char *as_sh, struct buf *out)
{
	buf_reset(out);
	ssh_command_text(out, c, ahead, is_sh);
	buf_reset(&c->arguments);
	if (as_sh != NULL)
		shell_replace(out, as_sh);
}

static const char script[] = "echo out \"$GREETING\" \"$1\"\necho err \"$FACT\" >&2\n"
			     "printf '[1]' > \"$SCRIPT_RESPONSE_FILE\"\n"
			     "echo ran >> ledger\nexit 7\n";

/* What the input that was made last holds. */
static struct remote_sending sent;

static void launch_input(struct buf *input, size_t len, bool is_plain)
{
	struct remote_launch launch;

	remote_launch_init(&launch);
	launch.is_plain = is_plain;
	buf_adds(&launch.environment, "export GREETING='it'\\''s'\n");
	buf_adds(&launch.interpreter, "'/bin/sh'");
	buf_adds(&launch.arguments, "'a  b'");
	buf_init(input, 0);
	remote_start_input(input, NONCE, &launch, script, len, &sent);
	remote_launch_free(&launch);
}

static int ledger_lines(void)
{
	FILE *f = fopen("ledger", "r");
	int n = 0, c;

	while (f != NULL && (c = getc(f)) != EOF)
		n += c == '\n';
	if (f != NULL)
		(void)fclose(f);
	return n;
}

/* Three starts, one behind the other in one shell. */
static void next_check(const char *name, const char *as_sh, const char *const *login,
	const char *path, const char *id)
{
	struct ssh_command c;
	struct buf command, input, all;
	struct heard h;
	int before = ledger_lines();
	char other[64];

	launch_input(&input, sizeof(script) - 1, false);
	ssh_command_init(&c);
	buf_init(&command, 0);
	buf_init(&all, 0);
	(void)snprintf(ahead, sizeof(ahead), ",");
	buf_add(&all, input.data, input.len);
	for (int i = 1; i <= 2; i++) {
		(void)snprintf(other, sizeof(other), "%s-%d", id, i);
		remote_start_command(&c, other, NONCE, &sent, 0, 1, 0);
		ssh_command_next(&all, &c, ahead);
		buf_reset(&c.arguments);
		buf_add(&all, input.data, input.len);
	}
	(void)snprintf(other, sizeof(other), "%s-0", id);
	remote_start_command(&c, other, NONCE, &sent, 60, 1, 0);
	command_text(&c, false, as_sh, &command);
	run(login, path, &command, &all, &h);
	IS_STR(buf_str(&h.data[0]), "out it's a  b\nout it's a  b\nout it's a  b\n",
		"%s: three in one shell: their standard output", name);
	IS_STR(buf_str(&h.data[1]), "err 1.2\nerr 1.2\nerr 1.2\n",
		"%s: three in one shell: their standard error", name);
	IS_STR(buf_str(&h.response), "[1][1][1]", "%s: three in one shell: their responses", name);
	IS_INT(ledger_lines() - before, 3, "%s: three in one shell: each ran", name);
	heard_free(&h);
	run(login, path, &command, &all, &h);
	OK(strstr(buf_str(&h.words), "taken ") != NULL &&
			strstr(buf_str(&h.words), "exit ") == NULL,
		"%s: what was begun before ends the shell", name);
	heard_free(&h);
	buf_free(&all);
	buf_free(&input);
	buf_free(&command);
	ssh_command_free(&c);
}

/* A start, whole; again; an attach; a kill of what has ended; an input that was cut; a plain run.
 */
static void shell_check(const char *name, const char *as_sh, const char *const *login,
	const char *path, const char *id)
{
	struct ssh_command c;
	struct buf command, input;
	struct heard h;
	int before = ledger_lines();
	char other[64], soon[256];

	(void)snprintf(ahead, sizeof(ahead), ",%s-cut,%s-soon", id, id);
	(void)snprintf(soon, sizeof(soon), "%s/.windrow/%s-soon", folder, id);
	launch_input(&input, sizeof(script) - 1, false);
	ssh_command_init(&c);
	buf_init(&command, 0);
	remote_start_command(&c, id, NONCE, &sent, 60, 1, 0);
	command_text(&c, false, as_sh, &command);
	run(login, path, &command, &input, &h);
	IS_STR(buf_str(&h.data[0]), "out it's a  b\n", "%s: its standard output", name);
	IS_STR(buf_str(&h.data[1]), "err 1.2\n", "%s: its standard error", name);
	IS_STR(buf_str(&h.response), "[1]", "%s: its response", name);
	OK(strstr(buf_str(&h.words), "exit 7|") != NULL, "%s: its exit status", name);
	OK(access(soon, W_OK) == 0, "%s: it has made a folder for another", name);
	heard_free(&h);
	run(login, path, &command, &input, &h);
	OK(strstr(buf_str(&h.words), "taken ") != NULL, "%s: a second start finds the first", name);
	heard_free(&h);

	remote_attach_command(&c, id, NONCE);
	command_text(&c, false, as_sh, &command);
	run(login, path, &command, &input, &h);
	if (!OK(strstr(buf_str(&h.words), "exit 7|") != NULL, "%s: who attaches learns the end",
		    name))
		tap_note("%s", buf_str(&h.words));
	heard_free(&h);

	remote_kill_command(&c, id, NONCE, 1000, NULL);
	command_text(&c, false, as_sh, &command);
	run(login, path, &command, &input, &h);
	OK(strstr(buf_str(&h.words), "ended|") != NULL, "%s: who kills too", name);
	heard_free(&h);
	(void)snprintf(other, sizeof(other), "%s-never", id);
	remote_kill_command(&c, other, NONCE, 1000, NULL);
	command_text(&c, false, as_sh, &command);
	run(login, path, &command, &input, &h);
	IS_STR(buf_str(&h.words), "never|", "%s: what was never begun is told as that", name);
	heard_free(&h);
	run(login, path, &command, &input, &h);
	IS_STR(buf_str(&h.words), "gone|", "%s: who kills it once more looks for it too", name);
	heard_free(&h);

	(void)snprintf(other, sizeof(other), "%s-cut", id);
	remote_start_command(&c, other, NONCE, &sent, 0, 1, 0);
	command_text(&c, false, as_sh, &command);
	input.len -= 5;
	run(login, path, &command, &input, &h);
	OK(strstr(buf_str(&h.words), "fail ") != NULL, "%s: a script that is cut is refused", name);
	heard_free(&h);
	IS_INT(ledger_lines() - before, 1, "%s: it ran once in all", name);
	buf_free(&input);

	launch_input(&input, sizeof(script) - 1, true);
	(void)snprintf(other, sizeof(other), "%s-plain", id);
	remote_plain_command(&c, other, NONCE, &sent, REMOTE_PLAIN, 1);
	command_text(&c, false, as_sh, &command);
	is_held = true;
	run(login, path, &command, &input, &h);
	IS_STR(buf_str(&h.data[0]), "out it's a  b\n", "%s: plain: its standard output", name);
	IS_STR(buf_str(&h.response), "[1]", "%s: plain: its response", name);
	OK(strstr(buf_str(&h.words), "exit 7|") != NULL, "%s: plain: its exit status", name);
	is_held = false;
	heard_free(&h);
	buf_free(&input);
	buf_free(&command);
	ssh_command_free(&c);
}

/* A shell that is /bin/sh itself and runs the programs as they are; and one command that needs no
 * shell of its own. */
static void same_check(const char *name, const char *as_sh)
{
	static const char one[] = "echo one  command";
	const char *login[] = {as_sh, NULL, NULL};
	struct remote_launch launch;
	struct ssh_command c;
	struct buf command, input;
	struct heard h;
	char id[64];

	if (strcmp(as_sh, "busybox sh") == 0) {
		login[0] = "busybox";
		login[1] = "sh";
	}
	is_held = true;
	launch_input(&input, sizeof(script) - 1, true);
	(void)snprintf(id, sizeof(id), "same-%.*s", (int)strcspn(as_sh, " "), as_sh);
	ssh_command_init(&c);
	buf_init(&command, 0);
	remote_plain_command(&c, id, NONCE, &sent, REMOTE_PLAIN, 1);
	command_text(&c, true, NULL, &command);
	run(login, NULL, &command, &input, &h);
	IS_STR(buf_str(&h.data[0]), "out it's a  b\n", "%s: as it is: standard output", name);
	OK(strstr(buf_str(&h.words), "exit 7|") != NULL, "%s: as it is: exit status", name);
	heard_free(&h);
	buf_free(&input);

	remote_launch_init(&launch);
	launch.is_plain = launch.is_own = true;
	buf_adds(&launch.environment, "export GREETING='it'\\''s'\n");
	buf_init(&input, 0);
	remote_start_input(&input, NONCE, &launch, one, sizeof(one) - 1, &sent);
	remote_plain_command(&c, id, NONCE, &sent, REMOTE_PLAIN_OWN, 1);
	command_text(&c, true, NULL, &command);
	run(login, NULL, &command, &input, &h);
	IS_STR(buf_str(&h.data[0]), "one command\n", "%s: one command: standard output", name);
	IS_STR(buf_str(&h.data[1]), "", "%s: one command: standard error", name);
	OK(strstr(buf_str(&h.words), "exit 0|") != NULL, "%s: one command: exit status", name);
	is_held = false;
	heard_free(&h);
	remote_launch_free(&launch);
	buf_free(&input);
	buf_free(&command);
	ssh_command_free(&c);
}

static void test_shells(void)
{
	static const char *const sh[] = {"/bin/sh", NULL};
	static const char *const interpreters[] = {
		"dash", "bash", "busybox sh", "mksh", "ksh93", "yash"};
	static const char *const logins[][2] = {{"bash", NULL}, {"zsh", NULL}, {"fish", NULL},
		{"ksh", NULL}, {"tcsh", NULL}, {"csh", NULL}};
	char name[64], id[32], program[16];

	for (size_t i = 0; i < sizeof(interpreters) / sizeof(interpreters[0]); i++) {
		(void)snprintf(program, sizeof(program), "%.*s", (int)strcspn(interpreters[i], " "),
			interpreters[i]);
		if (!is_there(program))
			continue;
		(void)snprintf(name, sizeof(name), "%s as /bin/sh", interpreters[i]);
		(void)snprintf(id, sizeof(id), "sh%zu", i);
		shell_check(name, interpreters[i], sh, NULL, id);
		next_check(name, interpreters[i], sh, NULL, id);
		same_check(name, interpreters[i]);
	}
	for (size_t i = 0; i < sizeof(logins) / sizeof(logins[0]); i++) {
		if (!is_there(logins[i][0]))
			continue;
		(void)snprintf(name, sizeof(name), "%s as the login shell", logins[i][0]);
		(void)snprintf(id, sizeof(id), "login%zu", i);
		shell_check(name, NULL, logins[i], NULL, id);
	}
	/* A host without setsid(1): a folder of all that the programs need but that. */
	if (system("mkdir bin && for p in sh mkdir cat head tail grep sleep rm find nice; do "
		   "ln -s \"$(command -v $p)\" bin; done") != 0)
		abort();
	(void)snprintf(name, sizeof(name), "%s/bin", folder);
	shell_check("without setsid", NULL, sh, name, "nosetsid");
	next_check("without setsid", NULL, sh, name, "nosetsid");
}

/* Who keeps the time ends with the script, however soon that is. Many at once, for it is a matter
 * of moments. */
static void test_deadline(void)
{
	static const char soon[] = "exit 0\n";
	struct remote_launch launch;
	struct ssh_command c;
	struct buf command, input;

	remote_launch_init(&launch);
	buf_adds(&launch.interpreter, "/bin/sh");
	buf_init(&input, 0);
	buf_init(&command, 0);
	ssh_command_init(&c);
	remote_start_input(&input, NONCE, &launch, soon, sizeof(soon) - 1, &sent);
	(void)snprintf(ahead, sizeof(ahead), ",");
	remote_start_command(&c, "soon$i", NONCE, &sent, 54321, 1, 0);
	command_text(&c, false, NULL, &command);
	file_write("in", &input);
	file_write("command", &command);
	if (system("i=0; while [ $i -lt 300 ]; do i=$((i + 1)); export i; "
		   "HOME=$PWD sh command <in >>out 2>>err & [ $((i % 20)) != 0 ] || wait; done") !=
		0)
		abort();
	OK(system("until=$(($(date +%s) + 60)); while grep -aqsz '^54321$' /proc/[0-9]*/cmdline; "
		  "do [ \"$(date +%s)\" -lt \"$until\" ] || exit 1; done") == 0,
		"nobody waits for the timeout of scripts that have ended");
	IS_INT(system("exit $(cat .windrow/soon*/claim | grep -c '^exit 0 ' | sed 's/300/0/')"), 0,
		"all of which ran");
	remote_launch_free(&launch);
	buf_free(&input);
	buf_free(&command);
	ssh_command_free(&c);
}

int main(void)
{
	char command[64];

	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return 99;
	(void)remote_fact_add(&sent.facts, "FACT", "1.2", 3);
	(void)remote_fact_add(&sent.facts, "OTHER", "no", 2);
	test_ear();
	test_shells();
	test_deadline();
	buf_free(&sent.facts);
	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	if (chdir("/") != 0 || system(command) != 0)
		return 99;
	return tap_done();
}
