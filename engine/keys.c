/*
 * The tables of the language's own keys. What stands here is what the loader accepts, what `windrow
 * schema` prints and what the reference page lists. Operators bring tables of their own.
 */
#include "engine/keys.h"

#include "engine/duration.h"
#include "engine/run_plan.h"
#include "engine/trigger.h"

static const char *const trigger_rules[] = {
#define TRIGGER_RULE_NAME(id, name) name,
	TRIGGER_RULE_LIST(TRIGGER_RULE_NAME)
#undef TRIGGER_RULE_NAME
		NULL};

static const char *const param_types[] = {
	"string", "integer", "number", "boolean", "array", "object", NULL};

static const char *const url_methods[] = {"GET", "POST", "PUT", "PATCH", "DELETE", NULL};

#define KEY(number, key, kind, ...) [number] = {.name = key, .type = kind, __VA_ARGS__}

const struct key_def dag_keys[DAG_KEY_COUNT] = {
	KEY(DAG_KEY_DAG_ID, "dag_id", KEY_STRING, .dflt = "the file's name without its ending",
		.doc = "The DAG's name: letters, digits, `_`, `-` and dots."),
	KEY(DAG_KEY_DESCRIPTION, "description", KEY_STRING, .doc = "One line for listings."),
	KEY(DAG_KEY_DOC, "doc", KEY_STRING, .doc = "A longer text for whoever reads the DAG."),
	KEY(DAG_KEY_OWNER, "owner", KEY_STRING, .doc = "Who answers for the DAG."),
	KEY(DAG_KEY_TAGS, "tags", KEY_STRINGS, .doc = "Words by which DAGs are found."),
	KEY(DAG_KEY_SCHEDULE, "schedule", KEY_SCHEDULE,
		.doc = "When runs are due: a cron line, a macro such as `@daily`, `every 15m`, or "
		       "a list "
		       "of cron lines. Nothing: by hand only."),
	KEY(DAG_KEY_TIMEZONE, "timezone", KEY_STRING, .dflt = "UTC",
		.doc = "The IANA time zone in which schedule and dates are read."),
	KEY(DAG_KEY_START_DATE, "start_date", KEY_DATE,
		.doc = "The first data interval begins here or later."),
	KEY(DAG_KEY_END_DATE, "end_date", KEY_DATE,
		.doc = "No run has a logical date after this. Inclusive; a bare date means all of "
		       "that "
		       "day."),
	KEY(DAG_KEY_CATCHUP, "catchup", KEY_BOOL, .dflt = "false",
		.doc = "Whether every missed run since `start_date` is made, in order; else only "
		       "the "
		       "latest is."),
	KEY(DAG_KEY_MAX_ACTIVE_RUNS, "max_active_runs", KEY_INT, .min = 1, .max = 1000000,
		.dflt = "16", .doc = "How many runs of the DAG may be under way at once."),
	KEY(DAG_KEY_MAX_ACTIVE_TASKS, "max_active_tasks", KEY_INT, .min = 1, .max = 1000000,
		.dflt = "16", .doc = "How many tasks of one run may be under way at once."),
	KEY(DAG_KEY_DAGRUN_TIMEOUT, "dagrun_timeout", KEY_DURATION, .min = 1, .max = DURATION_MAX,
		.doc = "How long a run may take before what is left of it is stopped and it "
		       "fails."),
	KEY(DAG_KEY_PARAMS, "params", KEY_PARAMS, .doc = "The parameters of a run, by name."),
	KEY(DAG_KEY_DEFAULT_ARGS, "default_args", KEY_DEFAULTS,
		.doc = "Task keys from which every task starts."),
	KEY(DAG_KEY_ENVIRONMENT, "environment", KEY_TEMPLATE_MAP,
		.doc = "Environment variables of every task."),
	KEY(DAG_KEY_STAGES, "stages", KEY_STAGES,
		.doc = "The stages, by name. They follow each other unless one says `depends_on`."),
	KEY(DAG_KEY_TASKS, "tasks", KEY_TASKS,
		.doc = "The tasks of a DAG that needs no stages; they form one stage called "
		       "`main`."),
	KEY(DAG_KEY_ON_SUCCESS, "on_success", KEY_CALLBACK,
		.doc = "What to do when a run has succeeded."),
	KEY(DAG_KEY_ON_FAILURE, "on_failure", KEY_CALLBACK,
		.doc = "What to do when a run has failed."),
	KEY(DAG_KEY_IS_PAUSED_UPON_CREATION, "is_paused_upon_creation", KEY_BOOL, .dflt = "false",
		.doc = "Whether the DAG is paused when it is seen for the first time."),
};

const struct key_def stage_keys[STAGE_KEY_COUNT] = {
	KEY(STAGE_KEY_DEPENDS_ON, "depends_on", KEY_STRINGS,
		.dflt = "the stage before it in the file",
		.doc = "The stages that this one follows; `[]` starts at once."),
	KEY(STAGE_KEY_TASKS, "tasks", KEY_TASKS, .doc = "The stage's tasks, by name."),
	KEY(STAGE_KEY_DEFAULT_ARGS, "default_args", KEY_DEFAULTS,
		.doc = "Task keys from which the stage's tasks start; they win over the DAG's."),
	KEY(STAGE_KEY_TRIGGER_RULE, "trigger_rule", KEY_ENUM, .choices = trigger_rules,
		.doc = "The trigger rule of those tasks that wait for other stages only and have "
		       "no rule "
		       "of their own."),
	KEY(STAGE_KEY_WHEN, "when", KEY_CONDITION,
		.doc = "A condition of each of the stage's tasks, asked before the task's own."),
};

const struct key_def task_keys[TASK_KEY_COUNT] = {
	KEY(TASK_KEY_OPERATOR, "operator", KEY_STRING,
		.doc = "Which operator runs the task. Must be said, here or in `default_args`."),
	KEY(TASK_KEY_DEPENDS_ON, "depends_on", KEY_STRINGS,
		.doc = "What the task waits for: `task` of the same stage, `Stage.task`, or "
		       "`Stage`, all "
		       "of it."),
	KEY(TASK_KEY_TRIGGER_RULE, "trigger_rule", KEY_ENUM, .choices = trigger_rules,
		.dflt = "all_success", .doc = "Which states of its upstream let the task start."),
	KEY(TASK_KEY_WHEN, "when", KEY_CONDITION,
		.doc = "A condition over expressions; where it is false the task is skipped."),
	KEY(TASK_KEY_RETRIES, "retries", KEY_INT, .min = 0, .max = RUN_RETRIES_MAX, .dflt = "0",
		.doc = "How often a failed try is repeated: `2` is at most three tries."),
	KEY(TASK_KEY_RETRY_DELAY, "retry_delay", KEY_DURATION, .max = DURATION_MAX, .dflt = "5m",
		.doc = "How long to wait between two tries."),
	KEY(TASK_KEY_RETRY_EXPONENTIAL_BACKOFF, "retry_exponential_backoff", KEY_BOOL,
		.dflt = "false",
		.doc = "Whether the delay doubles with each try, with jitter, up to "
		       "`max_retry_delay`."),
	KEY(TASK_KEY_MAX_RETRY_DELAY, "max_retry_delay", KEY_DURATION, .min = 1,
		.max = DURATION_MAX, .dflt = "1d",
		.doc = "The longest delay between two tries, where it doubles."),
	KEY(TASK_KEY_EXECUTION_TIMEOUT, "execution_timeout", KEY_DURATION, .min = 1,
		.max = DURATION_MAX,
		.doc = "How long one try may take before it is killed and fails."),
	KEY(TASK_KEY_IGNORE_FAILURE, "ignore_failure", KEY_BOOL, .dflt = "false",
		.doc = "Whether downstream goes on as if the task had succeeded. Its own state "
		       "stays "
		       "`failed`."),
	KEY(TASK_KEY_SKIP_ON_EXIT_CODE, "skip_on_exit_code", KEY_EXIT_CODES, .max = 255,
		.doc = "Exit statuses that skip the task, 0 too."),
	KEY(TASK_KEY_POOL, "pool", KEY_STRING, .dflt = "default_pool",
		.doc = "The pool whose slots the task takes."),
	KEY(TASK_KEY_POOL_SLOTS, "pool_slots", KEY_INT, .min = 1, .max = 1000000, .dflt = "1",
		.doc = "How many slots of the pool the task takes."),
	KEY(TASK_KEY_PRIORITY_WEIGHT, "priority_weight", KEY_INT, .min = INT32_MIN,
		.max = INT32_MAX, .dflt = "1",
		.doc = "Of the tasks that wait for a slot those with a higher weight start first."),
	KEY(TASK_KEY_DEPENDS_ON_PAST, "depends_on_past", KEY_BOOL, .dflt = "false",
		.doc = "Whether the task waits for the same task of the run before to succeed or "
		       "be "
		       "skipped."),
	KEY(TASK_KEY_FOR_EACH, "for_each", KEY_ITEMS, .max = RUN_ITEMS_MAX,
		.doc = "A list, or one expression that gives a list: the task runs once for each "
		       "item."),
	KEY(TASK_KEY_MAX_ACTIVE_TIS, "max_active_tis", KEY_INT, .min = 1, .max = RUN_ITEMS_MAX,
		.doc = "How many instances of a `for_each` may run at once."),
	KEY(TASK_KEY_SETUP, "setup", KEY_BOOL, .dflt = "false",
		.doc = "Whether the task is a setup, whose teardown runs once it has run."),
	KEY(TASK_KEY_TEARDOWN, "teardown", KEY_BOOL, .dflt = "false",
		.doc = "Whether the task is a teardown: it runs once its setups ran, whatever "
		       "happened "
		       "between."),
	KEY(TASK_KEY_ENVIRONMENT, "environment", KEY_TEMPLATE_MAP,
		.doc = "Environment variables, merged over those of the DAG and of "
		       "`default_args`."),
	KEY(TASK_KEY_ON_SUCCESS, "on_success", KEY_CALLBACK,
		.doc = "What to do when the task has succeeded."),
	KEY(TASK_KEY_ON_FAILURE, "on_failure", KEY_CALLBACK,
		.doc = "What to do when the task has failed for good."),
	KEY(TASK_KEY_ON_RETRY, "on_retry", KEY_CALLBACK,
		.doc = "What to do when a try has failed and another will follow."),
	KEY(TASK_KEY_DOC, "doc", KEY_STRING, .doc = "A text for whoever reads the task."),
};

const struct key_def param_keys[PARAM_KEY_COUNT] = {
	KEY(PARAM_KEY_TYPE, "type", KEY_ENUM, .choices = param_types,
		.dflt = "the default's, or of what enum holds; number where there is a minimum or "
			"maximum; else string",
		.doc = "What kind of value it takes."),
	KEY(PARAM_KEY_DEFAULT, "default", KEY_ANY,
		.doc = "Its value where the trigger gives none. Without one, the trigger must."),
	KEY(PARAM_KEY_ENUM, "enum", KEY_ANYS, .doc = "The values that it may take."),
	KEY(PARAM_KEY_MINIMUM, "minimum", KEY_ANY, .doc = "The least number that it may be."),
	KEY(PARAM_KEY_MAXIMUM, "maximum", KEY_ANY, .doc = "The greatest number that it may be."),
	KEY(PARAM_KEY_PATTERN, "pattern", KEY_STRING,
		.doc = "A regular expression (PCRE2) that a string must match somewhere."),
	KEY(PARAM_KEY_DESCRIPTION, "description", KEY_STRING,
		.doc = "A line for whoever triggers the DAG."),
};

const struct key_def url_keys[URL_KEY_COUNT] = {
	KEY(URL_KEY_URL, "url", KEY_TEMPLATE, .doc = "The address to ask."),
	KEY(URL_KEY_METHOD, "method", KEY_ENUM, .choices = url_methods, .dflt = "POST",
		.doc = "How to ask."),
	KEY(URL_KEY_HEADERS, "headers", KEY_TEMPLATE_MAP, .doc = "Headers to send, by name."),
	KEY(URL_KEY_BODY, "body", KEY_TEMPLATE, .dflt = "the event as JSON",
		.doc = "What to send."),
	KEY(URL_KEY_TIMEOUT, "timeout", KEY_DURATION, .min = 1, .max = 3600000, .dflt = "10s",
		.doc = "How long the server may take to answer; at most 10 s of it to be reached."),
};
