/* The dags folder: which files count, in which order, and what is told of the rest. */
#include "store/dags_folder.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/buf.h"
#include "engine/err.h"
#include "tests/unit/nobody_kit.h"
#include "tests/unit/tap.h"

static void put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	if (f == NULL)
		abort();
	(void)fputs(text, f);
	(void)fclose(f);
}

static void take_away(const char *folder)
{
	char command[PATH_MAX + 16];

	(void)snprintf(command, sizeof(command), "rm -rf %s", folder);
	OK(chdir("/") == 0 && system(command) == 0, "the folder goes away");
}

static void on_link(void *ctx)
{
	++*(int *)ctx;
}

/* How many links a walk of a folder tells of; where we are, it has no link on its way. */
static int links_of(const char *name)
{
	int n = 0;
	struct dags_folder_visit visit = {.ctx = &n, .on_link = on_link};
	char here[PATH_MAX], path[PATH_MAX + 8];
	struct err e;

	if (getcwd(here, sizeof(here)) == NULL)
		abort();
	(void)snprintf(path, sizeof(path), "%s/%s", here, name);
	return dags_folder_walk(path, &visit, &e) == 0 ? n : -1;
}

static void on_problem(void *ctx, const char *path, const char *sentence)
{
	buf_addf(ctx, "%s: %s;", path, sentence);
}

/* What is told of each is the same but for the reason. */
static int on_unread(void *ctx, const char *path, const char *sentence)
{
	buf_addf(ctx, "%s: %.*s;", path, (int)strcspn(sentence, ","), sentence);
	return 0;
}

/* The list with blanks between, and what was told behind it. */
static void is_list(const char *want, const char *problems, const char *what)
{
	struct buf told, got;
	struct dags_folder_report report = {&told, on_problem, on_unread};
	char **paths = NULL;
	struct err e;
	size_t n = 0;

	buf_init(&told, 0);
	buf_init(&got, 0);
	IS_INT(dags_folder_list("d", &report, &paths, &n, &e), 0, "%s: listed", what);
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s%s", i > 0 ? " " : "", paths[i]);
	IS_STR(buf_str(&got), want, "%s", what);
	IS_STR(buf_str(&told), problems, "%s: what is told", what);
	dags_folder_free(paths, n);
	buf_free(&got);
	buf_free(&told);
}

static void test_unread(void)
{
	const char *where = getenv("TMPDIR");
	char folder[PATH_MAX];
	struct err e;
	char **paths;
	size_t n;

	if (!nobody_become()) {
		tap_skip(10, "nobody may be kept from reading here");
		return;
	}
	(void)snprintf(folder, sizeof(folder), "%s/windrow-test.XXXXXX",
		where == NULL || *where == '\0' ? "/tmp" : where);
	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		abort();
	(void)mkdir("d", 0755);
	(void)mkdir("d/sub", 0755);
	(void)mkdir("d/sub/deep", 0755);
	put("d/a.yaml", "");
	put("d/sub/b.yaml", "");
	put("d/sub/deep/c.yaml", "");
	(void)symlink("sub/b.yaml", "d/link.yaml");
	(void)chmod("d/sub/deep", 0);
	is_list("d/a.yaml d/link.yaml d/sub/b.yaml",
		"d/sub/deep: cannot be read (Permission denied);", "a folder that cannot be read");
	(void)chmod("d/sub/deep", 0700);
	put("d/sub/.windrowignore", "b.yaml\n");
	(void)chmod("d/sub/.windrowignore", 0);
	is_list("d/a.yaml d/link.yaml",
		"d/sub: cannot be read (.windrowignore: Permission denied);",
		"one whose ignore file cannot be");
	(void)unlink("d/sub/.windrowignore");
	put("d/.windrowignore", "*/\n");
	(void)chmod("d/sub", 0);
	is_list("d/a.yaml", "d/link.yaml: cannot be read (Permission denied);",
		"one that is ignored is not missed, what a link leads to there is");
	(void)chmod("d/.windrowignore", 0);
	IS_INT(dags_folder_list("d", NULL, &paths, &n, &e), ERR_DENIED,
		"without the outermost ignore file there is no list");
	IS_STR(e.text, ".windrowignore: Permission denied", "and it says why");
	(void)unlink("d/.windrowignore");
	(void)chmod("d/sub", 0600);
	is_list("d/a.yaml",
		"d/link.yaml: cannot be read (Permission denied);d/sub: cannot be read (it may not "
		"be entered);",
		"one that may be read and not entered");
	(void)chmod("d", 0600);
	IS_INT(dags_folder_list("d", NULL, &paths, &n, &e), ERR_DENIED,
		"of which as a whole there is no list");
	IS_STR(e.text, "it may not be entered", "and it says why");
	(void)chmod("d", 0700);
	(void)chmod("d/sub", 0700);
	take_away(folder);
	nobody_end();
}

static void test_read(void)
{
	struct err e;
	char *text;
	size_t len;

	put("d/a.yaml", "hello");
	IS_INT(dags_folder_read("d/a.yaml", 5, &text, &len, &e), 0, "a file as large as may be");
	IS_MEM(text, len, "hello", 5, "is read whole");
	free(text);
	IS_INT(dags_folder_read("d/a.yaml", 4, &text, &len, &e), ERR_LIMIT,
		"a larger one is refused");
	IS_INT(dags_folder_read("d", 4, &text, &len, &e), ERR_INVALID, "so is a folder");
	IS_STR(e.text, "is a folder, not a file", "and says so");
	IS_INT(dags_folder_read("d/none", 4, &text, &len, &e), ERR_NOTFOUND, "so is nothing");
	IS_STR(e.text, "No such file or directory", "and says so");
	IS_INT(dags_folder_read_regular("d/a.yaml", 5, &text, &len, &e), 0, "one of the folder");
	IS_MEM(text, len, "hello", 5, "is read whole, too");
	free(text);
	IS_INT(dags_folder_read_regular("d/pipe.yaml", 4, &text, &len, &e), ERR_INVALID,
		"a pipe that took its place is not waited for");
	IS_STR(e.text, "is no regular file", "and told");
	IS_INT(dags_folder_read_regular("/dev/zero", 4, &text, &len, &e), ERR_INVALID,
		"nor is a device");
}

/* N.B. what a walk passes over is gone to who asked for it. */
static void test_no_descriptor(void)
{
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct rlimit old, few;
	char **paths = NULL;
	struct err e;
	size_t n = 0;

	(void)close(next);
	(void)getrlimit(RLIMIT_NOFILE, &old);
	few = old;
	for (unsigned i = 0; i < 3; i++) {
		few.rlim_cur = (rlim_t)next + i;
		(void)setrlimit(RLIMIT_NOFILE, &few);
		IS_INT(dags_folder_list("d", NULL, &paths, &n, &e), ERR_UNAVAILABLE,
			"with %u descriptors a folder in a folder is not passed over", i);
		dags_folder_free(paths, n);
		paths = NULL;
		n = 0;
	}
	(void)setrlimit(RLIMIT_NOFILE, &old);
	IS_INT(dags_folder_list("d", NULL, &paths, &n, &e), 0, "with enough it is walked");
	dags_folder_free(paths, n);
}

int main(void)
{
	char folder[] = "/tmp/windrow-test.XXXXXX";
	char **paths;
	struct err e;
	size_t n;

	(void)alarm(300); /* N.B. a pipe that is read would be waited for without an end */
	if (mkdtemp(folder) == NULL || chdir(folder) != 0)
		return 99;
	IS_INT(dags_folder_list("d", NULL, &paths, &n, &e), ERR_NOTFOUND, "no folder, no list");
	(void)mkdir("d", 0755);
	is_list("", "", "an empty folder");
	(void)mkdir("d/sub", 0755);
	(void)mkdir("d/old", 0755);
	(void)mkdir("d/.git", 0755);
	(void)mkdir("d/x.yaml", 0755);
	put("d/b.yaml", "");
	put("d/a.yml", "");
	put("d/sub/c.yaml", "");
	put("d/old/gone.yaml", "");
	put("d/old/kept.yaml", "");
	put("d/notes.txt", "");
	put("d/.hidden.yaml", "");
	put("d/.git/x.yaml", "");
	(void)mkfifo("d/pipe.yaml", 0600);
	is_list("d/a.yml d/b.yaml d/old/gone.yaml d/old/kept.yaml d/sub/c.yaml", "",
		"YAML files count, at any depth, hidden ones and pipes do not");
	put("d/.windrowignore", "/old/*\n*.yml\n");
	put("d/old/.windrowignore", "!kept.yaml\n");
	is_list("d/b.yaml d/old/kept.yaml d/sub/c.yaml", "",
		"ignored ones do not, and an inner ignore file takes back");
	IS_INT(links_of("d"), 0, "of links nothing is told where there are none");
	(void)symlink("..", "d/sub/round");
	(void)symlink("nowhere", "d/sub/lost.yaml");
	is_list("d/b.yaml d/old/kept.yaml d/sub/c.yaml",
		"d/sub/lost.yaml: No such file or directory;",
		"a link round in a circle ends, one to nothing is told");
	IS_INT(links_of("d"), 2, "of each in the folder it is");
	(void)symlink("d", "current");
	IS_INT(links_of("current/sub"), 3, "and of one on the way to it");
	(void)unlink("d/.windrowignore");
	(void)mkfifo("d/.windrowignore", 0600);
	is_list("d/a.yml d/b.yaml d/old/gone.yaml d/old/kept.yaml d/sub/c.yaml",
		"d/.windrowignore: is no regular file;d/sub/lost.yaml: No such file or directory;",
		"an ignore file that is a pipe is not waited for");
	test_read();
	test_no_descriptor();
	take_away(folder);
	test_unread();
	return tap_done();
}
