/* The bag on a real folder, a real store and a real journal: what is listed, what is an import
 * error, what is kept. Every wait is for a condition. */
#include "scheduler/bag.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/dag.h"
#include "engine/instant.h"
#include "scheduler/edition.h"
#include "store/journal.h"
#include "store/store_run.h"
#include "tests/unit/store_kit.h"
#include "tests/unit/tap.h"

#define PATIENCE_MS 20000 /* a wait that takes longer fails */
#define GOOD "tasks: {a: {operator: local, command: 'true'}}\n"

static struct {
	struct store_kit kit;
	char dags[KIT_PATH_MAX + 8];
	uv_loop_t loop;
	uv_timer_t patience;
	struct store *store;
	struct journal *journal;
	struct bag *bag;
	struct bag_observer observer;
	bool is_ready, is_closed, is_late;
	size_t n_told;
	struct buf notes;
} world;

/* ---- a daemon ---- */

static void on_dag(void *ctx, struct bag_dag *d)
{
	(void)ctx;
	(void)d;
	world.n_told++;
}

static void on_ready(void *ctx)
{
	(void)ctx;
	world.is_ready = true;
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	(void)ctx;
	(void)level;
	buf_addf(&world.notes, "%s\n", text);
}

static void on_late(uv_timer_t *t)
{
	(void)t;
	world.is_late = true;
}

static void on_closed(void *ctx)
{
	(void)ctx;
	world.is_closed = true;
}

/* Runs the loop until something holds; a test fails where it never does. */
static void until(bool (*holds)(const void *arg), const void *arg, const char *what)
{
	world.is_late = false;
	(void)uv_timer_start(&world.patience, on_late, PATIENCE_MS, 0);
	while (!holds(arg) && !world.is_late)
		(void)uv_run(&world.loop, UV_RUN_ONCE);
	(void)uv_timer_stop(&world.patience);
	if (!OK(!world.is_late, "%s", what))
		tap_note("notes:\n%s", buf_str(&world.notes));
}

static bool holds_ready(const void *arg)
{
	(void)arg;
	return world.is_ready;
}

static bool holds_closed(const void *arg)
{
	(void)arg;
	return world.is_closed;
}

static void up(bool is_watched)
{
	const struct journal_options journal = {.loop = &world.loop, .store = &world.kit.options};
	struct bag_options o = {.loop = &world.loop,
		.folder = world.dags,
		.has_no_watch = !is_watched,
		.rescan_s = is_watched ? 300 : 1,
		.observer = &world.observer};
	struct err e;

	world.is_ready = world.is_closed = false;
	world.n_told = 0;
	world.observer =
		(struct bag_observer){.on_dag = on_dag, .on_ready = on_ready, .on_note = on_note};
	world.store = kit_open(&world.kit);
	if (journal_open(&journal, &world.journal, &e) != 0)
		abort();
	o.store = world.store;
	o.journal = world.journal;
	if (!OK(bag_open(&o, &world.bag, &e) == 0, "the bag opens"))
		abort();
	until(holds_ready, NULL, "it is ready");
}

static void down(void)
{
	bag_close(world.bag, on_closed, NULL);
	until(holds_closed, NULL, "it closes");
	world.is_closed = false;
	journal_close(world.journal, on_closed, NULL);
	until(holds_closed, NULL, "so does the journal");
	store_close(world.store);
}

static void world_begin(void)
{
	memset(&world, 0, sizeof(world));
	buf_init(&world.notes, 0);
	kit_begin(&world.kit);
	(void)snprintf(world.dags, sizeof(world.dags), "%s/dags", world.kit.folder);
	(void)uv_loop_init(&world.loop);
	(void)uv_timer_init(&world.loop, &world.patience);
}

/* N.B. the kit takes away files and the folders in them, as deep as they are. */
static void world_end(void)
{
	uv_close((uv_handle_t *)&world.patience, NULL);
	(void)uv_run(&world.loop, UV_RUN_DEFAULT);
	IS_INT(uv_loop_close(&world.loop), 0, "the loop closes clean");
	kit_end(&world.kit);
	buf_free(&world.notes);
}

/* ---- files ---- */

static const char *path_of(const char *name)
{
	static char path[2][KIT_PATH_MAX * 2];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", world.dags, name);
	return path[turn];
}

static void put(const char *name, const char *text)
{
	kit_write(path_of(name), text, strlen(text));
}

static void take_away(const char *name)
{
	if (unlink(path_of(name)) != 0)
		abort();
}

static void move(const char *from, const char *to)
{
	if (rename(from, to) != 0)
		abort();
}

/* ---- what is there ---- */

/* "ID vVERSION[ paused][ retired][ broken]" */
static bool is_dag(const void *arg)
{
	char id[64];
	struct buf got;
	const struct bag_dag *d;
	bool is_it;

	(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(arg, " "), (const char *)arg);
	d = bag_find(world.bag, id);
	if (d == NULL)
		return false;
	buf_init(&got, 0);
	buf_addf(&got, "%s v%u%s%s%s", id, d->version, d->is_paused ? " paused" : "",
		d->is_retired ? " retired" : "", d->is_broken ? " broken" : "");
	is_it = strcmp(buf_str(&got), arg) == 0;
	buf_free(&got);
	return is_it;
}

static size_t n_listed(void)
{
	size_t at = 0, n = 0;
	const struct bag_dag *d;

	while ((d = bag_next(world.bag, &at)) != NULL)
		n += !d->is_retired;
	return n;
}

static bool is_count(const void *arg)
{
	return n_listed() == *(const size_t *)arg;
}

/* The store's import errors: "NAME:LINE:COLUMN TEXT;" each. */
static char *stored_errors(void)
{
	struct arena *a = arena_create(0);
	struct store_import_error *list;
	struct buf got;
	struct err e;
	size_t n = 0;

	buf_init(&got, 0);
	if (store_import_errors(world.store, a, &list, &n, &e) != 0)
		abort();
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s:%u:%u %s;", list[i].file + strlen(world.dags) + 1, list[i].line,
			list[i].column, list[i].text);
	arena_destroy(a);
	return buf_steal(&got);
}

static bool are_errors(const void *arg)
{
	char *got = stored_errors();
	bool is_it = strstr(got, arg) != NULL && (*(const char *)arg != '\0' || *got == '\0');

	free(got);
	return is_it;
}

/* ---- tests ---- */

static void test_files(void)
{
	struct edition *ed = NULL;
	struct err e;
	int fd;

	world_begin();
	up(true);
	IS_INT((long long)n_listed(), 0, "an empty folder, which was made");
	put("a.yaml", GOOD);
	until(is_dag, "a v1", "a file that is written is a DAG");
	IS_INT(bag_edition(world.bag, "a", 0, &ed, &e), 0, "whose tasks can be had at once");
	edition_unref(ed);
	OK(bag_find(world.bag, "a")->first_seen > 0, "when it came is known");
	fd = open(path_of("half.yaml"), O_WRONLY | O_CREAT, 0600);
	if (write(fd, GOOD, 10) != 10)
		abort();
	put("b.yaml", GOOD);
	until(is_dag, "b v1", "another comes");
	OK(bag_find(world.bag, "half") == NULL, "one that is being written is not read");
	OK(are_errors(""), "and is no error");
	if (write(fd, &GOOD[10], strlen(GOOD) - 10) < 0)
		abort();
	(void)close(fd);
	until(is_dag, "half v1", "once it is closed it counts");
	put("a.yaml", "description: changed\n" GOOD);
	until(is_dag, "a v2", "a change is a new version");
	take_away("a.yaml");
	until(is_dag, "a v2 retired", "a file that is taken away retires its DAG");
	put("a.yaml", "description: changed\n" GOOD);
	until(is_dag, "a v2", "which comes back as it was");
	put("c.yaml", "is_paused_upon_creation: true\n" GOOD);
	until(is_dag, "c v1 paused", "one is paused from the beginning");
	down();
	world_end();
}

static void test_broken(void)
{
	world_begin();
	up(true);
	put("a.yaml", GOOD);
	until(is_dag, "a v1", "a DAG");
	put("a.yaml", "retrys: 2\n" GOOD);
	until(is_dag, "a v1 broken", "its file breaks: the last good version stays");
	until(are_errors, "a.yaml:1:1 ", "the error is stored with its place");
	put("new.yaml", "tasks: [\n");
	until(are_errors, "new.yaml:2:1 ", "a new file that is broken is an error, and no DAG");
	down();
	take_away("new.yaml");
	up(true);
	OK(is_dag("a v1 broken"), "it is broken behind a restart, too");
	OK(!are_errors("new.yaml"), "errors of files that went meanwhile are gone");
	put("a.yaml", "retries: 2\n" GOOD);
	until(are_errors, "a.yaml:1:1 ", "another error takes the place of the first");
	put("a.yaml", GOOD);
	until(is_dag, "a v1", "mended, it is what it was");
	until(are_errors, "", "and no error is left");
	put("new.yaml", "tasks: [\n");
	until(are_errors, "new.yaml:2:1 ", "a broken file");
	take_away("new.yaml");
	until(are_errors, "", "that goes takes its errors along");
	down();
	world_end();
}

static void test_doubles(void)
{
	char *got;
	int fd;

	world_begin();
	up(true);
	put("b.yaml", "dag_id: same\n" GOOD);
	until(is_dag, "same v1", "a DAG");
	put("a.yaml", "dag_id: same\n" GOOD "---\ndag_id: other\n" GOOD);
	until(are_errors, "a.yaml:1:1 ", "a second file with its id is an error");
	got = stored_errors();
	OK(strstr(got, "b.yaml already") != NULL, "which names the first: %s", got);
	free(got);
	OK(bag_find(world.bag, "other") == NULL, "nothing of the second file counts");
	down();
	up(true);
	OK(is_dag("same v1") && strcmp(bag_find(world.bag, "same")->file, path_of("b.yaml")) == 0,
		"behind a restart it is still the first one's, whatever the names");
	down();
	fd = open(path_of("b.yaml"), O_WRONLY);
	up(true);
	OK(is_dag("same v1 broken"), "and while somebody has it open for writing");
	(void)close(fd);
	until(is_dag, "same v1", "until that is closed");
	take_away("b.yaml");
	until(is_dag, "same v2", "the first goes: the second has it");
	until(is_dag, "other v1", "with all that it holds");
	until(are_errors, "", "and no error is left");
	down();
	world_end();
}

static void test_folders(void)
{
	char outside[KIT_PATH_MAX + 16];

	world_begin();
	up(true);
	(void)snprintf(outside, sizeof(outside), "%s/outside", world.kit.folder);
	(void)mkdir(path_of("sub"), 0700);
	put("sub/a.yaml", GOOD);
	until(is_dag, "a v1", "a file in a folder that is made later");
	(void)mkdir(path_of("sub/deep"), 0700);
	put("sub/deep/b.yaml", GOOD);
	until(is_dag, "b v1", "and in one below that");
	move(path_of("sub"), outside);
	until(is_dag, "b v1 retired", "a folder that is moved away takes its DAGs along");
	move(outside, path_of("back"));
	until(is_dag, "b v1", "and brings them back from elsewhere");
	put("back/deep/b.yaml", "description: again\n" GOOD);
	until(is_dag, "b v2", "and is watched again");
	put(".windrowignore", "deep/\n");
	until(is_dag, "b v2 retired", "an ignore file counts at once");
	OK(is_dag("a v1"), "for what it matches");
	take_away(".windrowignore");
	until(is_dag, "b v2", "and no longer when it goes");
	(void)mkdir(outside, 0700);
	(void)snprintf(outside, sizeof(outside), "%s/outside/c.yaml", world.kit.folder);
	kit_write(outside, GOOD, strlen(GOOD));
	if (symlink(outside, path_of("d.yaml")) != 0)
		abort();
	until(is_dag, "d v1", "a link to a file counts by its own name");
	take_away("d.yaml");
	outside[strlen(outside) - strlen("/c.yaml")] = '\0';
	if (symlink(outside, path_of("linked")) != 0)
		abort();
	until(is_dag, "c v1", "a link to a folder, too");
	put("linked/c.yaml", "description: x\n" GOOD);
	until(is_dag, "c v2", "which is watched");
	down();
	world_end();
}

static void test_thousand(void)
{
	const size_t n = 1000;
	char from[KIT_PATH_MAX + 32], to[16];

	world_begin();
	up(true);
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(from, sizeof(from), "%s/m%zu", world.kit.folder, i);
		kit_write(from, GOOD, strlen(GOOD));
	}
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(from, sizeof(from), "%s/m%zu", world.kit.folder, i);
		(void)snprintf(to, sizeof(to), "m%zu.yaml", i);
		move(from, path_of(to));
	}
	until(is_count, &n, "1,000 files that are moved in at once are 1,000 DAGs");
	down();
	up(true);
	IS_INT((long long)n_listed(), (long long)n, "and behind a restart");
	OK(is_dag("m999 v1"), "of the same version");
	down();
	world_end();
}

static void test_restart(void)
{
	struct bag_dag *d;
	struct edition *ed = NULL;
	int64_t first_seen;
	struct err e;

	world_begin();
	up(true);
	put("a.yaml", "schedule: '@daily'\nmax_active_runs: 3\n" GOOD);
	put("b.yaml", GOOD);
	put("c.yaml", "description: first\n" GOOD);
	until(is_dag, "a v1", "a DAG");
	until(is_dag, "b v1", "another");
	until(is_dag, "c v1", "a third");
	d = bag_find(world.bag, "a");
	first_seen = d->first_seen;
	IS_INT(bag_pause(world.bag, d, true), 0, "one is paused");
	IS_INT(bag_interval_made(world.bag, d, 1000, 2000), 0, "and had a run");
	if (journal_commit(world.journal, NULL, NULL) != 0)
		abort();
	down();
	take_away("b.yaml");
	put("c.yaml", "description: x\n" GOOD);
	up(true);
	d = bag_find(world.bag, "a");
	OK(is_dag("a v1 paused"), "it stays paused behind a restart");
	IS_INT(d->first_seen, first_seen, "when it came is known");
	IS_INT(d->last_interval_start, 1000, "its last interval is known");
	IS_INT(d->last_interval_end, 2000, "and when it ended");
	OK(d->timetable != NULL && timetable_kind(d->timetable) == TIMETABLE_CRON,
		"its schedule too");
	IS_INT(d->max_active_runs, 3, "and how many runs it may have");
	OK(is_dag("b v1 retired"), "a file that went meanwhile");
	OK(is_dag("c v2"), "one that was changed meanwhile");
	IS_INT(bag_edition(world.bag, "c", 1, &ed, &e), 0, "the version before can be had");
	IS_STR(ed == NULL ? "?" : ed->dag->description, "first", "as it was");
	edition_unref(ed);
	IS_INT(bag_edition(world.bag, "c", 0, &ed, &e), 0, "and the newest");
	IS_STR(ed == NULL ? "?" : ed->dag->description, "x", "as it is");
	edition_unref(ed);
	IS_INT(bag_edition(world.bag, "b", 0, &ed, &e), 0, "that of a retired one too");
	edition_unref(ed);
	IS_INT(bag_edition(world.bag, "c", 7, &ed, &e), ERR_NOTFOUND, "one that never was cannot");
	down();
	world_end();
}

static void test_unwatched(void)
{
	world_begin();
	up(false);
	put("a.yaml", GOOD);
	until(is_dag, "a v1", "without inotify a file is found");
	put("a.yaml", "description: x\n" GOOD);
	until(is_dag, "a v2", "its change");
	take_away("a.yaml");
	until(is_dag, "a v2 retired", "its going");
	down();
	world_end();
}

static void test_deleted(void)
{
	world_begin();
	up(true);
	put("a.yaml", GOOD);
	until(is_dag, "a v1", "a DAG");
	put("a.yaml", "description: x\n" GOOD);
	until(is_dag, "a v2", "of two versions");
	bag_delete(world.bag, bag_find(world.bag, "a"));
	OK(bag_find(world.bag, "a") == NULL, "deleted, it is gone");
	until(is_dag, "a v1", "and comes back as a new one, as its file is there");
	take_away("a.yaml");
	until(is_dag, "a v1 retired", "its file goes");
	bag_delete(world.bag, bag_find(world.bag, "a"));
	bag_scan_now(world.bag);
	put("b.yaml", GOOD);
	until(is_dag, "b v1", "deleted without a file");
	OK(bag_find(world.bag, "a") == NULL, "it stays away");
	down();
	world_end();
}

int main(void)
{
	test_files();
	test_broken();
	test_doubles();
	test_folders();
	test_thousand();
	test_restart();
	test_unwatched();
	test_deleted();
	return tap_done();
}
