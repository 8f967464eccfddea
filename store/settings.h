/*
 * Settings: what a person may choose, from one table that makes parsing, defaults and the reference
 * page. Three sources, the later winning: the default, `windrow.yaml` in home, and the environment
 * (WINDROW__SECTION__KEY). Nothing needs a setting to start.
 *
 * Home is $WINDROW_HOME, else ~/.windrow. A path that does not begin with / counts from home where
 * the default or the file says it, and from the current folder where the environment does; a
 * leading ~/ is the user's own home folder.
 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define SETTINGS_FILE_NAME "windrow.yaml"
#define SETTINGS_FILE_MAX ((size_t)1 << 20) /* bytes of the settings file */

#define SETTING_NUMBER_MAX 1000000
#define SETTING_DURATION_MIN 60000 /* ms */

enum setting_type {
	SETTING_PATH, /* of a file or a folder */
	SETTING_NUMBER, /* a whole one from 1 to SETTING_NUMBER_MAX */
	SETTING_BOOL, /* true or false */
	SETTING_DURATION, /* SETTING_DURATION_MIN or more, as DAG files have it */
};

/* X(enum suffix, section, key, type, default, what it is for) */
#define SETTINGS_LIST(X)                                                                           \
	X(DAGS_FOLDER, "core", "dags_folder", SETTING_PATH, "dags",                                \
		"The folder whose YAML files are DAGs, subfolders included.")                      \
	X(DEFAULT_POOL_SLOTS, "core", "default_pool_task_slot_count", SETTING_NUMBER, "128",       \
		"How many slots default_pool has, and every pool that nobody has sized.")          \
	X(REMOTE_RETENTION, "core", "remote_retention", SETTING_DURATION, "1d",                    \
		"How long what a task wrote, its streams and its response, stays on its host. "    \
		"An end that nobody heard of for so long is lost.")                                \
	X(DAG_DIR_LIST_INTERVAL, "scheduler", "dag_dir_list_interval", SETTING_NUMBER, "300",      \
		"How many seconds lie between looks at the dags folder, which is watched "         \
		"besides. Where it cannot be watched, they are 5 at most.")                        \
	X(DAG_DIR_WATCH, "scheduler", "dag_dir_watch", SETTING_BOOL, "true",                       \
		"Whether the dags folder is watched; else it is only looked at now and then.")     \
	X(LOG_MAX_AGE_DAYS, "logging", "max_age_days", SETTING_NUMBER, "90",                       \
		"How many days after its last line the logs of a run are kept.")                   \
	X(LOG_MAX_SIZE_MB, "logging", "max_size_mb", SETTING_NUMBER, "10240",                      \
		"How many MiB all logs together may take; then those of the oldest runs go.")      \
	X(METRICS_FILE, "metrics", "file", SETTING_PATH, "metrics.prom",                           \
		"The file in which the scheduler tells Prometheus of itself.")                     \
	X(METRICS_INTERVAL, "metrics", "interval", SETTING_NUMBER, "15",                           \
		"How many seconds lie between writings of that file.")

enum setting_id {
#define SETTING_ENUM(id, section, key, type, dflt, doc) SETTING_##id,
	SETTINGS_LIST(SETTING_ENUM)
#undef SETTING_ENUM
		SETTING_COUNT
};

struct setting_def {
	const char *section, *key;
	enum setting_type type;
	const char *dflt;
	const char *doc;
};

extern const struct setting_def setting_defs[SETTING_COUNT];

struct settings;

/* Home's path, malloc'd. ERR_NOTFOUND and a sentence where neither $WINDROW_HOME nor the user's own
 * home folder is known; ERR_NOMEM. env is as environ(7). */
int settings_home(char *const *env, char **home, struct err *e);

/* Reads all settings. A settings file that is not there is fine; an unknown setting in it or in the
 * environment, a value of the wrong type, a file that cannot be read are errors: ERR_INVALID,
 * ERR_IO or ERR_DENIED with a sentence that says where. ERR_NOMEM. */
int settings_load(char *const *env, struct settings **out, struct err *e);
void settings_destroy(struct settings *s);

/* Where home and the settings file are, whether that exists or not. */
const char *settings_home_path(const struct settings *s);
const char *settings_file_path(const struct settings *s);
bool settings_file_exists(const struct settings *s);

/* A setting's value as text; of a path, the whole path. */
const char *settings_text(const struct settings *s, enum setting_id id);

/* What a value of the setting must be, as words behind "it takes". */
const char *settings_wanted(int id);

/* The value of a SETTING_NUMBER. */
uint32_t settings_number(const struct settings *s, enum setting_id id);

/* The value of a SETTING_DURATION, in milliseconds. */
int64_t settings_duration(const struct settings *s, enum setting_id id);

/* The value of a SETTING_BOOL. */
bool settings_truth(const struct settings *s, enum setting_id id);

/* Where the value came from: "default", "/home/a/.windrow/windrow.yaml:3:5",
 * "WINDROW__CORE__DAGS_FOLDER". */
const char *settings_origin(const struct settings *s, enum setting_id id);

/* The setting called section and key, or -1 and a sentence that names the nearest. */
int setting_find(
	const char *section, size_t section_len, const char *key, size_t key_len, struct err *e);

#endif
