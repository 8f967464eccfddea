/* The bag on a real folder, a real store and a real journal: what is listed, what is an import
 * error, what is kept. Every wait is for a condition. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/dag.h"
#include "scheduler/edition.h"
#include "store/journal.h"
#include "tests/unit/bag_kit.h"
#include "tests/unit/nobody_kit.h"
#include "tests/unit/tap.h"

static void move(const char *from, const char *to)
{
	if (rename(from, to) != 0)
		abort();
}

/* N.B. what is seen in the bag is told once it is stored; by then it may have changed again. */
static bool has_told(const void *arg)
{
	return bag_world.n_told >= *(const size_t *)arg;
}

static size_t n_listed(void)
{
	size_t at = 0, n = 0;
	const struct bag_dag *d;

	while ((d = bag_next(bag_world.bag, &at)) != NULL)
		n += !d->is_retired;
	return n;
}

static bool is_count(const void *arg)
{
	return n_listed() == *(const size_t *)arg;
}

static void test_files(void)
{
	static const size_t three = 3, five = 5, seven = 7;
	struct edition *ed = NULL;
	struct err e;
	int fd;

	bag_kit_begin();
	bag_kit_up(true);
	IS_INT((long long)n_listed(), 0, "an empty folder, which was made");
	bag_kit_put("a.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "a file that is written is a DAG");
	IS_INT(bag_edition(bag_world.bag, "a", 0, &ed, &e), 0, "whose tasks can be had at once");
	edition_unref(ed);
	OK(bag_find(bag_world.bag, "a")->first_seen > 0, "when it came is known");
	fd = open(bag_kit_path("half.yaml"), O_WRONLY | O_CREAT, 0600);
	if (write(fd, GOOD, 10) != 10)
		abort();
	bag_kit_put("b.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "b v1", "another comes");
	OK(bag_find(bag_world.bag, "half") == NULL, "one that is being written is not read");
	OK(bag_kit_are_errors(""), "and is no error");
	if (write(fd, &GOOD[10], strlen(GOOD) - 10) < 0)
		abort();
	(void)close(fd);
	bag_kit_until(bag_kit_is_dag, "half v1", "once it is closed it counts");
	bag_kit_until(has_told, &three, "whoever listens hears of each");
	bag_kit_put("a.yaml", "description: changed\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "a v2", "a change is a new version");
	bag_kit_take_away("a.yaml");
	bag_kit_until(bag_kit_is_dag, "a v2 retired", "a file that is taken away retires its DAG");
	bag_kit_until(has_told, &five, "of which whoever listens hears, too");
	bag_kit_put("a.yaml", "description: changed\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "a v2", "which comes back as it was");
	bag_kit_put("c.yaml", "is_paused_upon_creation: true\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "c v1 paused", "one is paused from the beginning");
	bag_kit_until(has_told, &seven, "whoever listens hears of it all");
	IS_INT((long long)bag_world.n_told_early, 0, "once it is stored");
	IS_INT((long long)bag_world.n_noted, 2, "the log tells that it went and came");
	IS_INT((long long)bag_world.n_noted_early, 0, "once that is stored");
	bag_kit_down();
	bag_kit_end();
}

static void test_broken(void)
{
	bag_kit_begin();
	bag_kit_up(true);
	bag_kit_put("a.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "a DAG");
	bag_kit_put("a.yaml", "retrys: 2\n" GOOD);
	bag_kit_until(
		bag_kit_is_dag, "a v1 broken", "its file breaks: the last good version stays");
	bag_kit_until(bag_kit_are_errors, "a.yaml:1:1 ", "the error is stored with its place");
	bag_kit_put("new.yaml", "tasks: [\n");
	bag_kit_until(bag_kit_are_errors, "new.yaml:2:1 ",
		"a new file that is broken is an error, and no DAG");
	bag_kit_down();
	bag_kit_take_away("new.yaml");
	bag_kit_up(true);
	OK(bag_kit_is_dag("a v1 broken"), "it is broken behind a restart, too");
	OK(!bag_kit_are_errors("new.yaml"), "errors of files that went meanwhile are gone");
	bag_kit_put("a.yaml", "retries: 2\n" GOOD);
	bag_kit_until(
		bag_kit_are_errors, "a.yaml:1:1 ", "another error takes the place of the first");
	bag_kit_put("a.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "mended, it is what it was");
	bag_kit_until(bag_kit_are_errors, "", "and no error is left");
	bag_kit_put("new.yaml", "tasks: [\n");
	bag_kit_until(bag_kit_are_errors, "new.yaml:2:1 ", "a broken file");
	bag_kit_take_away("new.yaml");
	bag_kit_until(bag_kit_are_errors, "", "that goes takes its errors along");
	bag_kit_down();
	bag_kit_end();
}

static void test_doubles(void)
{
	char *got;
	int fd;

	bag_kit_begin();
	bag_kit_up(true);
	bag_kit_put("b.yaml", "dag_id: same\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "same v1", "a DAG");
	bag_kit_put("a.yaml", "dag_id: same\n" GOOD "---\ndag_id: other\n" GOOD);
	bag_kit_until(bag_kit_are_errors, "a.yaml:1:1 ", "a second file with its id is an error");
	got = bag_kit_errors();
	OK(strstr(got, "b.yaml already") != NULL, "which names the first: %s", got);
	free(got);
	OK(bag_find(bag_world.bag, "other") == NULL, "nothing of the second file counts");
	bag_kit_down();
	bag_kit_up(true);
	OK(bag_kit_is_dag("same v1") &&
			strcmp(bag_find(bag_world.bag, "same")->file, bag_kit_path("b.yaml")) == 0,
		"behind a restart it is still the first one's, whatever the names");
	bag_kit_down();
	fd = open(bag_kit_path("b.yaml"), O_WRONLY);
	bag_kit_up(true);
	OK(bag_kit_is_dag("same v1 broken"), "and while somebody has it open for writing");
	(void)close(fd);
	bag_kit_until(bag_kit_is_dag, "same v1", "until that is closed");
	bag_kit_take_away("b.yaml");
	bag_kit_until(bag_kit_is_dag, "same v2", "the first goes: the second has it");
	bag_kit_until(bag_kit_is_dag, "other v1", "with all that it holds");
	bag_kit_until(bag_kit_are_errors, "", "and no error is left");
	bag_kit_down();
	bag_kit_end();
}

static void test_folders(void)
{
	char outside[KIT_PATH_MAX + 16];

	bag_kit_begin();
	bag_kit_up(true);
	(void)snprintf(outside, sizeof(outside), "%s/outside", bag_world.kit.folder);
	(void)mkdir(bag_kit_path("sub"), 0700);
	bag_kit_put("sub/a.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "a file in a folder that is made later");
	(void)mkdir(bag_kit_path("sub/deep"), 0700);
	bag_kit_put("sub/deep/b.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "b v1", "and in one below that");
	move(bag_kit_path("sub"), outside);
	bag_kit_until(
		bag_kit_is_dag, "b v1 retired", "a folder that is moved away takes its DAGs along");
	move(outside, bag_kit_path("back"));
	bag_kit_until(bag_kit_is_dag, "b v1", "and brings them back from elsewhere");
	bag_kit_put("back/deep/b.yaml", "description: again\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "b v2", "and is watched again");
	bag_kit_put(".windrowignore", "deep/\n");
	bag_kit_until(bag_kit_is_dag, "b v2 retired", "an ignore file counts at once");
	OK(bag_kit_is_dag("a v1"), "for what it matches");
	bag_kit_take_away(".windrowignore");
	bag_kit_until(bag_kit_is_dag, "b v2", "and no longer when it goes");
	(void)mkdir(outside, 0700);
	(void)snprintf(outside, sizeof(outside), "%s/outside/c.yaml", bag_world.kit.folder);
	kit_write(outside, GOOD, strlen(GOOD));
	if (symlink(outside, bag_kit_path("d.yaml")) != 0)
		abort();
	bag_kit_until(bag_kit_is_dag, "d v1", "a link to a file counts by its own name");
	kit_write(outside, "owner: me\n" GOOD, strlen("owner: me\n" GOOD));
	bag_kit_until(bag_kit_is_dag, "d v2", "and what it leads to is looked at, unheard");
	bag_kit_take_away("d.yaml");
	outside[strlen(outside) - strlen("/c.yaml")] = '\0';
	if (symlink(outside, bag_kit_path("linked")) != 0)
		abort();
	bag_kit_until(bag_kit_is_dag, "c v1", "a link to a folder, too");
	bag_kit_put("linked/c.yaml", "description: x\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "c v2", "which is watched");
	bag_kit_down();
	bag_kit_end();
}

static bool is_errors_path(const void *name)
{
	char *got = bag_kit_errors();
	const char *at = strstr(got, name);
	bool is_it = at != NULL && strstr(at, "cannot be read (") != NULL;

	free(got);
	return is_it;
}

static void test_unread(void)
{
	char away[KIT_PATH_MAX + 16];

	if (!nobody_become()) {
		tap_skip(14, "nobody may be kept from reading here");
		return;
	}
	bag_kit_begin();
	(void)snprintf(away, sizeof(away), "%s/away", bag_world.kit.folder);
	bag_kit_up(true);
	(void)mkdir(bag_kit_path("sub"), 0700);
	bag_kit_put("sub/a.yaml", GOOD);
	bag_kit_put("b.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "a file in a folder");
	(void)chmod(bag_kit_path("sub"), 0);
	bag_kit_until(bag_kit_is_dag, "a v1 broken", "that cannot be read is not gone");
	bag_kit_until(is_errors_path, "sub:0:0 ", "why is an import error");
	bag_kit_down();
	bag_kit_up(true);
	bag_kit_until(bag_kit_is_dag, "a v1 broken", "nor is it behind a restart");
	OK(is_errors_path("sub:0:0 "), "nor the error");
	(void)chmod(bag_kit_path("sub"), 0700);
	bag_kit_until(bag_kit_is_dag, "a v1", "when it can be read again it counts");
	bag_kit_until(bag_kit_are_errors, "", "and there is no error");
	(void)chmod(bag_world.dags, 0);
	bag_kit_until(bag_kit_are_errors, ".:0:0 Permission denied; DAGs stay as they are",
		"that the whole folder cannot be read is one, too");
	OK(bag_kit_is_dag("a v1") && bag_kit_is_dag("b v1"), "and DAGs stay as they are");
	(void)chmod(bag_world.dags, 0700);
	bag_kit_until(bag_kit_are_errors, "", "until it can be");
	bag_kit_put("c.yaml", "tasks: [");
	bag_kit_until(bag_kit_are_errors, "c.yaml:", "a broken file");
	bag_kit_down();
	bag_kit_take_away("b.yaml");
	bag_kit_take_away("c.yaml");
	bag_kit_take_away("sub/a.yaml");
	(void)chmod(bag_world.dags, 0);
	bag_kit_up(true);
	bag_kit_until(bag_kit_are_errors, ".:0:0 Permission", "the folder cannot be read at first");
	move(bag_world.dags, away);
	bag_kit_until(bag_kit_are_errors, ".:0:0 No such file", "and then is not there");
	move(away, bag_world.dags);
	(void)chmod(bag_world.dags, 0700);
	bag_kit_until(bag_kit_are_errors, "", "errors go with what went meanwhile");
	bag_kit_until(bag_kit_is_dag, "b v1 retired", "and so do DAGs");
	bag_kit_down();
	bag_kit_end();
	nobody_end();
}

static void test_thousand(void)
{
	const size_t n = 1000;
	char from[KIT_PATH_MAX + 32], to[16];

	bag_kit_begin();
	bag_kit_up(true);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(from, sizeof(from), "%s/m%zu", bag_world.kit.folder, i);
		kit_write(from, GOOD, strlen(GOOD));
	}
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(from, sizeof(from), "%s/m%zu", bag_world.kit.folder, i);
		(void)snprintf(to, sizeof(to), "m%zu.yaml", i);
		move(from, bag_kit_path(to));
	}
	bag_kit_until(is_count, &n, "1,000 files that are moved in at once are 1,000 DAGs");
	bag_kit_down();
	bag_kit_up(true);
	IS_INT((long long)n_listed(), (long long)n, "and behind a restart");
	OK(bag_kit_is_dag("m999 v1"), "of the same version");
	bag_kit_down();
	bag_kit_end();
}

static void test_restart(void)
{
	struct bag_dag *d;
	struct edition *ed = NULL;
	int64_t first_seen;
	struct err e;

	bag_kit_begin();
	bag_kit_up(true);
	bag_kit_put("a.yaml", "schedule: '@daily'\nmax_active_runs: 3\n" GOOD);
	bag_kit_put("b.yaml", GOOD);
	bag_kit_put("c.yaml", "description: first\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "a DAG");
	bag_kit_until(bag_kit_is_dag, "b v1", "another");
	bag_kit_until(bag_kit_is_dag, "c v1", "a third");
	d = bag_find(bag_world.bag, "a");
	first_seen = d->first_seen;
	IS_INT(bag_pause(bag_world.bag, d, true), 0, "one is paused");
	IS_INT(bag_interval_made(bag_world.bag, d, 1000, 2000), 0, "and had a run");
	if (journal_commit(bag_world.journal, NULL, NULL) != 0)
		abort();
	bag_kit_down();
	bag_kit_take_away("b.yaml");
	bag_kit_put("c.yaml", "description: x\n" GOOD);
	bag_kit_up(true);
	d = bag_find(bag_world.bag, "a");
	OK(bag_kit_is_dag("a v1 paused"), "it stays paused behind a restart");
	IS_INT(d->first_seen, first_seen, "when it came is known");
	IS_INT(d->last_interval_start, 1000, "its last interval is known");
	IS_INT(d->last_interval_end, 2000, "and when it ended");
	OK(d->timetable != NULL && timetable_kind(d->timetable) == TIMETABLE_CRON,
		"its schedule too");
	IS_INT(d->max_active_runs, 3, "and how many runs it may have");
	OK(bag_kit_is_dag("b v1 retired"), "a file that went meanwhile");
	OK(bag_kit_is_dag("c v2"), "one that was changed meanwhile");
	IS_INT(bag_edition(bag_world.bag, "c", 1, &ed, &e), 0, "the version before can be had");
	IS_STR(ed == NULL ? "?" : ed->dag->description, "first", "as it was");
	edition_unref(ed);
	IS_INT(bag_edition(bag_world.bag, "c", 0, &ed, &e), 0, "and the newest");
	IS_STR(ed == NULL ? "?" : ed->dag->description, "x", "as it is");
	edition_unref(ed);
	IS_INT(bag_edition(bag_world.bag, "b", 0, &ed, &e), 0, "that of a retired one too");
	edition_unref(ed);
	IS_INT(bag_edition(bag_world.bag, "c", 7, &ed, &e), ERR_NOTFOUND,
		"one that never was cannot");
	bag_kit_down();
	bag_kit_end();
}

static void test_unwatched(void)
{
	bag_kit_begin();
	bag_kit_up(false);
	bag_kit_put("a.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "without inotify a file is found");
	bag_kit_put("a.yaml", "description: x\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "a v2", "its change");
	bag_kit_take_away("a.yaml");
	bag_kit_until(bag_kit_is_dag, "a v2 retired", "its going");
	bag_kit_down();
	bag_kit_end();
}

static void test_deleted(void)
{
	bag_kit_begin();
	bag_kit_up(true);
	bag_kit_put("a.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "a v1", "a DAG");
	bag_kit_put("a.yaml", "description: x\n" GOOD);
	bag_kit_until(bag_kit_is_dag, "a v2", "of two versions");
	bag_delete(bag_world.bag, bag_find(bag_world.bag, "a"));
	OK(bag_find(bag_world.bag, "a") == NULL, "deleted, it is gone");
	bag_kit_until(bag_kit_is_dag, "a v1", "and comes back as a new one, as its file is there");
	bag_kit_take_away("a.yaml");
	bag_kit_until(bag_kit_is_dag, "a v1 retired", "its file goes");
	bag_delete(bag_world.bag, bag_find(bag_world.bag, "a"));
	bag_scan_now(bag_world.bag);
	bag_kit_put("b.yaml", GOOD);
	bag_kit_until(bag_kit_is_dag, "b v1", "deleted without a file");
	OK(bag_find(bag_world.bag, "a") == NULL, "it stays away");
	bag_kit_down();
	bag_kit_end();
}

int main(void)
{
	test_files();
	test_broken();
	test_doubles();
	test_folders();
	test_unread();
	test_thousand();
	test_restart();
	test_unwatched();
	test_deleted();
	return tap_done();
}
