/*
 * The keys of the DAG language as tables. The loader, its "did you mean", the JSON Schema and the
 * reference pages all come from these, so that they cannot disagree.
 */
#ifndef ENGINE_KEYS_H
#define ENGINE_KEYS_H

#include <stddef.h>
#include <stdint.h>

enum key_type {
	KEY_STRING, /* text without expressions */
	KEY_STRINGS, /* a list of such */
	KEY_BOOL,
	KEY_INT, /* min <= n <= max */
	KEY_DURATION, /* in milliseconds; min <= n <= max */
	KEY_SIZE, /* bytes: 1048576, 1 MiB, 100M; min <= n <= max */
	KEY_DATE, /* an ISO 8601 date or time */
	KEY_ENUM, /* one of choices */
	KEY_TEMPLATE, /* text with expressions, put in as they are */
	KEY_TEMPLATES, /* a list of such */
	KEY_TEMPLATE_MAP, /* names to such */
	KEY_COMMAND, /* one shell command line with expressions, quoted for their place */
	KEY_SCRIPT, /* a whole script with expressions, quoted for their place */
	KEY_CONDITION, /* when: */
	KEY_ITEMS, /* for_each: a list, or an expression that gives one */
	KEY_EXIT_CODES, /* a number or a list of numbers from 0 to 255 */
	KEY_CALLBACK, /* a task-shaped action or {url: ...}, or a list of such */
	KEY_SCHEDULE,
	KEY_PARAMS,
	KEY_DEFAULTS, /* default_args */
	KEY_STAGES,
	KEY_TASKS,
};

struct key_def {
	const char *name;
	enum key_type type;
	int64_t min, max; /* KEY_INT, KEY_DURATION, KEY_SIZE */
	const char *const *choices; /* KEY_ENUM: NULL-terminated */
	const char *dflt; /* the default as a person writes it, or NULL */
	const char *doc; /* one or two sentences for the reference and the schema */
};

/* What the language must know of an operator. Operators themselves live a floor above and hand
 * these to the loader. */
struct op_spec {
	const char *name;
	const char *doc;
	const struct key_def *keys;
	size_t n_keys;
	/* Numbers of the keys in `keys` that the loader treats specially, or -1. */
	int command_key, script_key, interpreter_key;
};

/* The tables of the language itself, each with its length. Dag, stage, and every operator's task.
 */
extern const struct key_def dag_keys[];
extern const size_t dag_keys_count;
extern const struct key_def stage_keys[];
extern const size_t stage_keys_count;
extern const struct key_def task_keys[];
extern const size_t task_keys_count;
extern const struct key_def param_keys[];
extern const size_t param_keys_count;

#endif
