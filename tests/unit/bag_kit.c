/* A bag with all that it needs, for tests. */
#include "tests/unit/bag_kit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "engine/arena.h"
#include "store/journal.h"
#include "store/store_run.h"
#include "tests/unit/tap.h"

#define PATIENCE_MS                                                                                \
	600000 /* a wait that takes longer fails: it is for what never comes, not for what is slow \
		*/

struct bag_world bag_world;

/* ---- a daemon ---- */

static void on_dag(void *ctx, struct bag_dag *d)
{
	struct arena *a = arena_create(0);
	struct store_dag row;
	struct err e;

	(void)ctx;
	bag_world.n_told++;
	if (d->version > 0 && a != NULL &&
		(store_dag_get(bag_world.store, a, d->dag_id, &row, &e) != 0 ||
			row.version != d->version))
		bag_world.n_told_early++;
	arena_destroy(a);
}

static void on_ready(void *ctx)
{
	(void)ctx;
	bag_world.is_ready = true;
}

/* Holds what is noted against what the store has by then. */
static void look_note_up(const char *text)
{
	bool is_gone = strstr(text, " is retired") != NULL;
	struct arena *a = arena_create(0);
	struct store_dag row;
	char dag_id[64];
	struct err e;

	if ((is_gone || strstr(text, " has come back") != NULL) && a != NULL &&
		sscanf(text, "DAG %63s", dag_id) == 1) {
		bag_world.n_noted++;
		if (store_dag_get(bag_world.store, a, dag_id, &row, &e) != 0 ||
			row.is_retired != is_gone)
			bag_world.n_noted_early++;
	}
	arena_destroy(a);
}

static void on_note(void *ctx, enum op_level level, const char *text)
{
	(void)ctx;
	(void)level;
	buf_addf(&bag_world.notes, "%s\n", text);
	look_note_up(text);
}

static void on_late(uv_timer_t *t)
{
	(void)t;
	bag_world.is_late = true;
}

static void on_closed(void *ctx)
{
	(void)ctx;
	bag_world.is_closed = true;
}

void bag_kit_until(bool (*holds)(const void *arg), const void *arg, const char *what)
{
	bag_world.is_late = false;
	(void)uv_timer_start(&bag_world.patience, on_late, PATIENCE_MS, 0);
	while (!holds(arg) && !bag_world.is_late)
		(void)uv_run(&bag_world.loop, UV_RUN_ONCE);
	(void)uv_timer_stop(&bag_world.patience);
	if (!OK(!bag_world.is_late, "%s", what))
		tap_note("notes:\n%s", buf_str(&bag_world.notes));
}

void bag_kit_run(uint64_t ms)
{
	bag_world.is_late = false;
	(void)uv_timer_start(&bag_world.patience, on_late, ms, 0);
	while (!bag_world.is_late)
		(void)uv_run(&bag_world.loop, UV_RUN_ONCE);
}

static bool holds_ready(const void *arg)
{
	(void)arg;
	return bag_world.is_ready;
}

static bool holds_closed(const void *arg)
{
	(void)arg;
	return bag_world.is_closed;
}

void bag_kit_up(bool is_watched)
{
	const struct journal_options journal = {
		.loop = &bag_world.loop, .store = &bag_world.kit.options};
	struct bag_options o = {.loop = &bag_world.loop,
		.folder = bag_world.dags,
		.has_no_watch = !is_watched,
		.rescan_s = is_watched ? 300 : 1,
		.observer = &bag_world.observer};
	struct err e;

	bag_world.is_ready = bag_world.is_closed = false;
	bag_world.n_told = bag_world.n_told_early = 0;
	bag_world.observer =
		(struct bag_observer){.on_dag = on_dag, .on_ready = on_ready, .on_note = on_note};
	bag_world.store = kit_open(&bag_world.kit);
	if (journal_open(&journal, &bag_world.journal, &e) != 0)
		abort();
	o.store = bag_world.store;
	o.journal = bag_world.journal;
	if (!OK(bag_open(&o, &bag_world.bag, &e) == 0, "the bag opens"))
		abort();
	bag_kit_until(holds_ready, NULL, "it is ready");
}

void bag_kit_down(void)
{
	bag_close(bag_world.bag, on_closed, NULL);
	bag_kit_until(holds_closed, NULL, "it closes");
	bag_world.is_closed = false;
	journal_close(bag_world.journal, on_closed, NULL);
	bag_kit_until(holds_closed, NULL, "so does the journal");
	store_close(bag_world.store);
}

void bag_kit_begin(void)
{
	memset(&bag_world, 0, sizeof(bag_world));
	buf_init(&bag_world.notes, 0);
	kit_begin(&bag_world.kit);
	(void)snprintf(bag_world.dags, sizeof(bag_world.dags), "%s/dags", bag_world.kit.folder);
	(void)uv_loop_init(&bag_world.loop);
	(void)uv_timer_init(&bag_world.loop, &bag_world.patience);
}

/* N.B. the kit takes away files and the folders in them, as deep as they are. */
void bag_kit_end(void)
{
	uv_close((uv_handle_t *)&bag_world.patience, NULL);
	(void)uv_run(&bag_world.loop, UV_RUN_DEFAULT);
	IS_INT(uv_loop_close(&bag_world.loop), 0, "the loop closes clean");
	kit_end(&bag_world.kit);
	buf_free(&bag_world.notes);
}

/* ---- files ---- */

const char *bag_kit_path(const char *name)
{
	static char path[2][KIT_PATH_MAX * 2];
	static int turn;

	turn = !turn;
	(void)snprintf(path[turn], sizeof(path[turn]), "%s/%s", bag_world.dags, name);
	return path[turn];
}

void bag_kit_put(const char *name, const char *text)
{
	kit_write(bag_kit_path(name), text, strlen(text));
}

void bag_kit_take_away(const char *name)
{
	if (unlink(bag_kit_path(name)) != 0)
		abort();
}

/* ---- what is there ---- */

bool bag_kit_is_dag(const void *arg)
{
	char id[64];
	struct buf got;
	const struct bag_dag *d;
	bool is_it;

	(void)snprintf(id, sizeof(id), "%.*s", (int)strcspn(arg, " "), (const char *)arg);
	d = bag_find(bag_world.bag, id);
	if (d == NULL)
		return false;
	buf_init(&got, 0);
	buf_addf(&got, "%s v%u%s%s%s", id, d->version, d->is_paused ? " paused" : "",
		d->is_retired ? " retired" : "", d->is_broken ? " broken" : "");
	is_it = strcmp(buf_str(&got), arg) == 0;
	buf_free(&got);
	return is_it;
}

char *bag_kit_errors(void)
{
	struct arena *a = arena_create(0);
	struct store_import_error *list;
	struct buf got;
	struct err e;
	size_t n = 0;

	buf_init(&got, 0);
	if (store_import_errors(bag_world.store, a, &list, &n, &e) != 0)
		abort();
	for (size_t i = 0; i < n; i++)
		buf_addf(&got, "%s:%u:%u %s;",
			strcmp(list[i].file, bag_world.dags) == 0
				? "."
				: list[i].file + strlen(bag_world.dags) + 1,
			list[i].line, list[i].column, list[i].text);
	arena_destroy(a);
	return buf_steal(&got);
}

bool bag_kit_are_errors(const void *arg)
{
	char *got = bag_kit_errors();
	bool is_it = strstr(got, arg) != NULL && (*(const char *)arg != '\0' || *got == '\0');

	free(got);
	return is_it;
}
