/*
 * The proof of the shell quoter: thousands of random scripts with adversarial values in every kind
 * of place, rendered and given to real shells, which must print exactly the values' bytes and must
 * never touch the canary.
 *
 *   prop_shquote [SEED [ROUNDS]]     ROUNDS 0: on and on, until something fails
 *   prop_shquote soak                as many rounds as make soak asks for
 *
 * Each case is a file of its own which one shell process reads with `.`, so that a thousand cases
 * cost one process. A failing case is printed with the seed that makes it again.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "engine/shquote.h"
#include "tests/shquote/generate.h"
#include "tests/unit/tap.h"

#define CASES 300 /* of one dialect in one round */
#define ROUNDS_DEFAULT 2
#define ROUNDS_SOAK 200

struct shell {
	const char *name;
	enum sh_dialect dialect;
	const char *argv[4];
};

static const struct shell shells[] = {
	{"dash", SH_POSIX, {"dash"}},
	{"bash as sh", SH_POSIX, {"bash", "--posix"}},
	{"busybox sh", SH_POSIX, {"busybox", "sh"}},
	{"mksh as sh", SH_POSIX, {"mksh"}},
	{"bash", SH_BASH, {"bash"}},
	{"mksh", SH_KSH, {"mksh"}},
	{"ksh93", SH_KSH, {"ksh93"}},
	{"zsh", SH_ZSH, {"zsh", "-f"}},
};

/* p prints its arguments one by one, q its first one bare; neither needs a process. */
static const char prelude[] = "if test \"$KSH_VERSION\" && eval 'test \"${KSH_VERSION#*MIRBSD}\" "
			      "!= \"$KSH_VERSION\"'\n"
			      "then q() { print -nr -- \"$1\"; }\n"
			      "else q() { printf %s \"$1\"; }\n"
			      "fi\n"
			      "p() { for a_\ndo q '<'; q \"$a_\"; q '>'\ndone; }\n"
			      "v=V w='W  W'\nset -- one two\n";

static bool is_installed(const char *program)
{
	const char *path = getenv("PATH");
	char file[4096];

	while (path != NULL && *path != '\0') {
		size_t n = strcspn(path, ":");

		(void)snprintf(file, sizeof(file), "%.*s/%s", (int)n, path, program);
		if (access(file, X_OK) == 0)
			return true;
		path += n + (path[n] == ':');
	}
	return false;
}

static void file_write(const char *name, const char *p, size_t len)
{
	FILE *f = fopen(name, "w");

	if (f == NULL || fwrite(p, 1, len, f) != len || fclose(f) != 0) {
		perror(name);
		exit(99);
	}
}

static void file_read(const char *name, struct buf *out)
{
	FILE *f = fopen(name, "r");
	char block[65536];
	size_t n;

	buf_reset(out);
	if (f == NULL)
		return;
	while ((n = fread(block, 1, sizeof(block), f)) > 0)
		buf_add(out, block, n);
	(void)fclose(f);
}

static void shell_run(const struct shell *s, const char *locale)
{
	pid_t pid;
	int status;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		int out = open("out", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int err = open("err", O_WRONLY | O_CREAT | O_TRUNC, 0600);
		int in = open("/dev/null", O_RDONLY);
		const char *argv[6] = {0};
		struct rlimit cpu = {20, 20}; /* a script that loops is a failure, too */
		struct rlimit memory = {(rlim_t)1 << 30, (rlim_t)1 << 30};
		struct rlimit file = {(rlim_t)1 << 28, (rlim_t)1 << 28};
		size_t n = 0;

		if (out < 0 || err < 0 || in < 0)
			_exit(98);
		dup2(in, 0);
		dup2(out, 1);
		dup2(err, 2);
		(void)setrlimit(RLIMIT_CPU, &cpu);
		(void)setrlimit(RLIMIT_FSIZE, &file);
		setenv("LC_ALL", locale, 1);
		unsetenv("ENV");
		unsetenv("BASH_ENV");
		for (; s->argv[n] != NULL; n++)
			argv[n] = s->argv[n];
		argv[n] = "./driver";
		/* N.B. a sanitizer has more than that already, and gets no memory from here on. */
		(void)setrlimit(RLIMIT_AS, &memory);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(97);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
}

struct test_case {
	struct script script;
	struct buf rendered;
};

static struct test_case cases[CASES];
static char boundary[64];

/* Makes a case; false where the quoter refuses it, with the sentence in e. */
static bool case_make(struct test_case *c, uint64_t seed, enum sh_dialect d, struct err *e)
{
	struct arena *a = arena_create(0);
	struct sh_plan *plan = NULL;
	struct sh_piece *pieces;
	struct sh_value *values;
	size_t n, n_values, bad = 0;
	int r;

	script_generate(&c->script, seed, d);
	script_pieces(&c->script, &pieces, &n, &values, &n_values);
	buf_reset(&c->rendered);
	r = sh_plan_create(a, pieces, n, d, &plan, &bad, e);
	if (r == 0)
		r = sh_plan_render(plan, values, n_values, &c->rendered, &bad, e);
	free(pieces);
	free(values);
	arena_destroy(a);
	return r == 0;
}

static void show(const char *what, const char *p, size_t len)
{
	printf("# --- %s (%zu bytes)\n# ", what, len);
	for (size_t i = 0; i < len && i < 3000; i++) {
		unsigned char ch = (unsigned char)p[i];

		if (ch == '\n')
			printf("\n# ");
		else if (ch < 0x20 || ch > 0x7e)
			printf("\\x%02x", ch);
		else
			putchar(ch);
	}
	printf("\n");
}

static void case_report(const struct shell *s, const struct test_case *c, uint64_t seed,
	const char *got, size_t got_len)
{
	struct buf err;
	size_t same = 0;

	buf_init(&err, 0);
	file_read("err", &err);
	printf("# %s read another thing; again with: prop_shquote %" PRIu64 " 1\n", s->name, seed);
	script_show(&c->script);
	show("rendered", buf_str(&c->rendered), c->rendered.len);
	show("wanted", buf_str(&c->script.want), c->script.want.len);
	show("got", got, got_len);
	while (same < got_len && same < c->script.want.len &&
		got[same] == c->script.want.data[same])
		same++;
	printf("# the first %zu bytes are the same\n", same);
	show("wanted from there", c->script.want.data + same, c->script.want.len - same);
	show("got from there", got + same, got_len - same);
	show("errors", buf_str(&err), err.len > 500 ? 500 : err.len);
	buf_free(&err);
}

/* Writes a driver for the cases from `first`, runs it, compares. Returns the first case that
 * failed, or n. */
static size_t cases_run(const struct shell *s, size_t first, size_t n, uint64_t seed)
{
	struct buf driver, out;
	const char *p;
	size_t i;

	buf_init(&driver, 0);
	buf_init(&out, 0);
	buf_adds(&driver, prelude);
	for (i = first; i < n; i++)
		buf_addf(&driver, ". ./case%zu\nq '%s'\n", i, boundary);
	file_write("driver", driver.data, driver.len);
	shell_run(s, seed % 2 == 1 ? "C.UTF-8" : "C");
	file_read("out", &out);
	p = buf_str(&out);
	for (i = first; i < n; i++) {
		size_t left = out.len - (size_t)(p - buf_str(&out));
		const char *end = memmem(p, left, boundary, strlen(boundary));
		size_t len = end == NULL ? left : (size_t)(end - p);

		if (end == NULL || len != cases[i].script.want.len ||
			(len != 0 && memcmp(p, cases[i].script.want.data, len) != 0)) {
			case_report(s, &cases[i], seed, p, len);
			break;
		}
		p = end + strlen(boundary);
	}
	buf_free(&driver);
	buf_free(&out);
	return i;
}

static bool round_run(uint64_t seed, enum sh_dialect d, size_t *n_refused, size_t *n_holes)
{
	size_t n = 0, failed = 0;
	uint64_t x = seed * 1000003 + (uint64_t)d * 7919;
	struct err e;

	for (size_t tries = 0; n < CASES && tries < (size_t)CASES * 3; tries++) {
		char name[32];

		if (!case_make(&cases[n], x + tries, d, &e)) {
			++*n_refused;
			continue;
		}
		*n_holes += cases[n].script.n_holes;
		(void)snprintf(name, sizeof(name), "case%zu", n);
		file_write(name, buf_str(&cases[n].rendered), cases[n].rendered.len);
		n++;
	}
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (shells[i].dialect != d || !is_installed(shells[i].argv[0]))
			continue;
		for (size_t at = 0; at < n && failed < 5; at++) {
			at = cases_run(&shells[i], at, n, seed);
			failed += at < n;
		}
		if (access("canary", F_OK) == 0) {
			printf("# %s: a value became code: the canary was touched\n",
				shells[i].name);
			(void)unlink("canary");
			failed++;
		}
	}
	return failed == 0 && n == CASES;
}

static void clean(const char *dir)
{
	char name[32];

	for (size_t i = 0; i < CASES; i++) {
		(void)snprintf(name, sizeof(name), "case%zu", i);
		(void)unlink(name);
		script_free(&cases[i].script);
		buf_free(&cases[i].rendered);
	}
	(void)unlink("driver");
	(void)unlink("out");
	(void)unlink("err");
	(void)unlink("canary");
	if (chdir("/") != 0 || rmdir(dir) != 0)
		perror(dir);
}

int main(int argc, char **argv)
{
	static const char *const names[] = {"sh", "bash", "ksh", "zsh"};
	bool is_soak = argc > 1 && strcmp(argv[1], "soak") == 0;
	uint64_t seed = argc > 1 && !is_soak ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : ROUNDS_DEFAULT;
	const char *tmp = getenv("TMPDIR");
	size_t n_refused = 0, n_holes = 0;
	char dir[4096];
	bool good = true;

	if (is_soak)
		rounds = ROUNDS_SOAK;
	(void)snprintf(dir, sizeof(dir), "%s/shquote.XXXXXX", tmp == NULL ? "/tmp" : tmp);
	if (mkdtemp(dir) == NULL || chdir(dir) != 0) {
		perror(dir);
		return 99;
	}
	(void)snprintf(boundary, sizeof(boundary), "\n=%d=boundary=%" PRIx64 "=\n", (int)getpid(),
		seed * 0x9e3779b97f4a7c15U);
	tap_note("seed %" PRIu64, seed);
	for (size_t i = 0; i < sizeof(shells) / sizeof(shells[0]); i++) {
		if (!is_installed(shells[i].argv[0]))
			tap_skip(1, "%s is not installed", shells[i].argv[0]);
	}
	for (uint64_t i = 0; good && (rounds == 0 || i < rounds); i++) {
		for (int d = 0; d < 4; d++) {
			bool held = round_run(seed + i, (enum sh_dialect)d, &n_refused, &n_holes);

			if (rounds != 0 || !held)
				OK(held, "%d scripts for %s give their values back, seed %" PRIu64,
					CASES, names[d], seed + i);
			good = good && held;
		}
	}
	tap_note("%zu values; %zu scripts refused", n_holes, n_refused);
	clean(dir);
	return tap_done();
}
