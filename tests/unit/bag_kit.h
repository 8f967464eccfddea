/* A bag with its store, journal and folder, in a folder of their own, for tests. Every wait is for
 * a condition. */
#ifndef TESTS_UNIT_BAG_KIT_H
#define TESTS_UNIT_BAG_KIT_H

#include <stdbool.h>
#include <uv.h>

#include "engine/buf.h"
#include "scheduler/bag.h"
#include "tests/unit/store_kit.h"

#define GOOD "tasks: {a: {operator: local, command: 'true'}}\n"

struct bag_world {
	struct store_kit kit;
	char dags[KIT_PATH_MAX + 8];
	uv_loop_t loop;
	uv_timer_t patience;
	struct store *store;
	struct journal *journal;
	struct bag *bag;
	struct bag_observer observer;
	bool is_ready, is_closed, is_late;
	size_t n_told, n_told_early; /* changes of DAGs; those that were not stored yet */
	size_t n_noted, n_noted_early; /* the same of notes that a DAG has gone, or come back */
	struct buf notes;
};

extern struct bag_world bag_world;

/* Makes the folder, and a loop; takes them away. */
void bag_kit_begin(void);
void bag_kit_end(void);

/* What a daemon has of it: up to the folder's first look; and down. */
void bag_kit_up(bool is_watched);
void bag_kit_down(void);

/* Runs the loop until something holds; a test fails where it never does. */
void bag_kit_until(bool (*holds)(const void *arg), const void *arg, const char *what);

/* Runs the loop for a while. */
void bag_kit_run(uint64_t ms);

/* A path in the dags folder (two are good at a time), a file written to it, and taken away. */
const char *bag_kit_path(const char *name);
void bag_kit_put(const char *name, const char *text);
void bag_kit_take_away(const char *name);

/* Whether a DAG is as "ID vVERSION[ paused][ retired][ broken]" says. */
bool bag_kit_is_dag(const void *arg);

/* The store's import errors, "NAME:LINE:COLUMN TEXT;" each, malloc'd; whether arg is among them, or
 * "" and there are none. */
char *bag_kit_errors(void);
bool bag_kit_are_errors(const void *arg);

#endif
