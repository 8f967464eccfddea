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
	KEY_ANY, /* any value without expressions */
	KEY_ANYS, /* a list of such */
	KEY_SCHEDULE,
	KEY_PARAMS,
	KEY_DEFAULTS, /* default_args */
	KEY_STAGES,
	KEY_TASKS,
};

struct setting; /* engine/dag.h */

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
	/* Why a task or callback of these settings can never run, where no single key is wrong;
	 * else NULL. *key: the key whose fault it is; untouched: none's. NULL: all can run. */
	const char *(*refuse)(const struct setting *settings, int *key);
};

/* The numbers of the language's own keys in their tables. */
enum dag_key {
	DAG_KEY_DAG_ID,
	DAG_KEY_DESCRIPTION,
	DAG_KEY_DOC,
	DAG_KEY_OWNER,
	DAG_KEY_TAGS,
	DAG_KEY_SCHEDULE,
	DAG_KEY_TIMEZONE,
	DAG_KEY_START_DATE,
	DAG_KEY_END_DATE,
	DAG_KEY_CATCHUP,
	DAG_KEY_MAX_ACTIVE_RUNS,
	DAG_KEY_MAX_ACTIVE_TASKS,
	DAG_KEY_DAGRUN_TIMEOUT,
	DAG_KEY_PARAMS,
	DAG_KEY_DEFAULT_ARGS,
	DAG_KEY_ENVIRONMENT,
	DAG_KEY_STAGES,
	DAG_KEY_TASKS,
	DAG_KEY_ON_SUCCESS,
	DAG_KEY_ON_FAILURE,
	DAG_KEY_IS_PAUSED_UPON_CREATION,
	DAG_KEY_COUNT
};

enum stage_key {
	STAGE_KEY_DEPENDS_ON,
	STAGE_KEY_TASKS,
	STAGE_KEY_DEFAULT_ARGS,
	STAGE_KEY_TRIGGER_RULE,
	STAGE_KEY_WHEN,
	STAGE_KEY_COUNT
};

enum task_key {
	TASK_KEY_OPERATOR,
	TASK_KEY_DEPENDS_ON,
	TASK_KEY_TRIGGER_RULE,
	TASK_KEY_WHEN,
	TASK_KEY_RETRIES,
	TASK_KEY_RETRY_DELAY,
	TASK_KEY_RETRY_EXPONENTIAL_BACKOFF,
	TASK_KEY_MAX_RETRY_DELAY,
	TASK_KEY_EXECUTION_TIMEOUT,
	TASK_KEY_IGNORE_FAILURE,
	TASK_KEY_SKIP_ON_EXIT_CODE,
	TASK_KEY_POOL,
	TASK_KEY_POOL_SLOTS,
	TASK_KEY_PRIORITY_WEIGHT,
	TASK_KEY_DEPENDS_ON_PAST,
	TASK_KEY_FOR_EACH,
	TASK_KEY_MAX_ACTIVE_TIS,
	TASK_KEY_SETUP,
	TASK_KEY_TEARDOWN,
	TASK_KEY_ENVIRONMENT,
	TASK_KEY_ON_SUCCESS,
	TASK_KEY_ON_FAILURE,
	TASK_KEY_ON_RETRY,
	TASK_KEY_DOC,
	TASK_KEY_COUNT
};

enum param_key {
	PARAM_KEY_TYPE,
	PARAM_KEY_DEFAULT,
	PARAM_KEY_ENUM,
	PARAM_KEY_MINIMUM,
	PARAM_KEY_MAXIMUM,
	PARAM_KEY_PATTERN,
	PARAM_KEY_DESCRIPTION,
	PARAM_KEY_COUNT
};

enum url_key {
	URL_KEY_URL,
	URL_KEY_METHOD,
	URL_KEY_HEADERS,
	URL_KEY_BODY,
	URL_KEY_TIMEOUT,
	URL_KEY_COUNT
};

/* The tables of the language itself, by these numbers: of a DAG, a stage, every operator's task, a
 * parameter, and a callback that asks a web server. */
extern const struct key_def dag_keys[DAG_KEY_COUNT];
extern const struct key_def stage_keys[STAGE_KEY_COUNT];
extern const struct key_def task_keys[TASK_KEY_COUNT];
extern const struct key_def param_keys[PARAM_KEY_COUNT];
extern const struct key_def url_keys[URL_KEY_COUNT];

#endif
