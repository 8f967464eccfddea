/* Folders kept ready for local executions: they are used, replace nothing, and leave nothing. */
#include "operators/execution_spare.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/err.h"
#include "tests/unit/tap.h"

static char home[256], path[512];
static struct execution_owner self;
static struct execution_spare spare;
static struct err e;

/* A path below the folder of executions. */
static const char *at(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s", home, name);
	return path;
}

static const char *spare_name(void)
{
	static char name[64];

	(void)snprintf(name, sizeof(name), EXECUTION_SPARE_PREFIX "%ld", (long)getpid());
	return name;
}

static bool is_there(const char *name)
{
	return access(at(name), F_OK) == 0;
}

static ino_t inode(const char *name)
{
	struct stat st;

	return stat(at(name), &st) == 0 ? st.st_ino : 0;
}

/* Takes a folder as a start does, and lets its files go. */
static int take(const char *name, bool has_owner)
{
	struct execution_files f = {-1, -1, -1, -1};
	int r = execution_take(&spare, at(name), has_owner ? &self : NULL, &f, &e);

	if (r == 0)
		r = execution_script_write(&f, "true", 4, &e);
	execution_files_close(&f);
	return r;
}

static void test_use(void)
{
	ino_t was;

	IS_INT(take("a", true), 0, "a first start");
	execution_spare_make(&spare, &self);
	OK(!is_there(spare_name()), "keeps nothing ready");
	IS_INT(take("b", true), 0, "a second one");
	execution_spare_make(&spare, &self);
	was = inode(spare_name());
	OK(was != 0, "does");
	IS_INT(take("c", true), 0, "a third");
	OK(inode("c") == was && !is_there(spare_name()), "uses it");
	OK(is_there("c/script") && is_there("c/result") && is_there("c/claim") &&
			is_there("c/stdout") && is_there("c/stderr"),
		"with all its files");
}

static void test_second_start(void)
{
	execution_spare_make(&spare, &self);
	IS_INT(take("c", true), ERR_EXISTS, "what has been started is not started again");
	(void)mkdir(at("empty"), 0700);
	IS_INT(take("empty", true), ERR_EXISTS, "however little of it is there");
	OK(is_there(spare_name()), "and the folder is kept for the next");
}

static void test_other_kind(void)
{
	IS_INT(take("d", false), 0, "a job that ends with the engine");
	OK(!is_there("d/claim") && !is_there("d/result"), "has no claim");
	OK(!is_there(spare_name()), "and what was ready for others is taken away");
	execution_spare_make(&spare, &self);
	IS_INT(take("e", false), 0, "the next of its kind");
	OK(!is_there("e/claim"), "has none either");
}

static void test_dead_owner(void)
{
	/* N.B. no process has such a number, and none will be given it meanwhile. */
	static const char name[] = EXECUTION_SPARE_PREFIX "2147483647";

	(void)mkdir(at(name), 0700);
	execution_spare_make(&spare, &self);
	execution_sweep(home, 0, INT64_C(253402300799000));
	OK(!is_there(name), "what a dead launcher kept ready is swept");
	OK(is_there(spare_name()), "what a living one does is not");
	execution_spare_drop(&spare);
	OK(!is_there(spare_name()), "in the end it is taken away");
}

static void test_no_rename(void)
{
	(void)take("f", true);
	execution_spare_make(&spare, &self);
	(void)rename(spare.folder, at("elsewhere"));
	IS_INT(take("g", true), 0, "where it cannot be used a folder is made");
	execution_spare_make(&spare, &self);
	OK(!is_there(spare_name()), "and none is kept ready any more");
	execution_spare_drop(&spare);
}

static void test_gone(void)
{
	IS_INT(take("gone/h", true), 0,
		"where the folder of all executions was taken away it is made");
	OK(is_there("gone/h/script"), "with what belongs there");
	IS_INT(take("not/there/i", true), ERR_IO, "but none above that");
}

/* Whether the file system can do what spare folders need; not all of those on a network can. */
static bool can_rename(void)
{
	char from[sizeof(path)];

	(void)snprintf(from, sizeof(from), "%s", at("before"));
	(void)mkdir(from, 0700);
	return renameat2(AT_FDCWD, from, AT_FDCWD, at("behind"), RENAME_NOREPLACE) == 0;
}

int main(void)
{
	char command[300];

	(void)snprintf(home, sizeof(home), "%s/windrow-spare.XXXXXX",
		getenv("TMPDIR") == NULL ? "/tmp" : getenv("TMPDIR"));
	if (mkdtemp(home) == NULL)
		return 99;
	execution_owner_self(&self);
	if (can_rename()) {
		test_use();
		test_second_start();
		test_other_kind();
		test_dead_owner();
	} else {
		tap_skip(1, "no spare folders can be had on this file system");
	}
	test_no_rename();
	test_gone();
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", home);
	IS_INT(system(command), 0, "nothing is left");
	return tap_done();
}
