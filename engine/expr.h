/*
 * Expressions: `$<PATH | filter(args) ...>`, parsed once when the DAG loads, evaluated often.
 *
 * Parsing resolves every name that can be known at load; evaluation asks its environment for the
 * root value, walks the path into it and applies the filters.
 */
#ifndef ENGINE_EXPR_H
#define ENGINE_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/value.h"

#define EXPR_LENGTH_MAX 4096 /* bytes of one expression */
#define EXPR_STEPS_MAX 64 /* steps of one path */
#define EXPR_FILTERS_MAX 32 /* filters of one expression */

struct arena;
struct err;

enum expr_root {
	EXPR_OUTPUT, /* Stage.task.output.NAME... */
	EXPR_PARAM, /* params.NAME... */
	EXPR_VAR, /* var.NAME */
	EXPR_CONN, /* conn.ID.host|port|login */
	EXPR_RUN, /* run.FIELD; run.conf... */
	EXPR_DAG_ID,
	EXPR_TASK_ID,
	EXPR_TRY_NUMBER,
	EXPR_ITEM, /* item... */
	EXPR_INDEX,
};

/* Every output that a task publishes. X(enum suffix, spelling) */
#define OUTPUT_LIST(X)                                                                             \
	X(STATUS, "status")                                                                        \
	X(EXIT_CODE, "exitCode")                                                                   \
	X(RESPONSE, "response")                                                                    \
	X(RESPONSE_FILE_PATH, "responseFilePath")                                                  \
	X(LOG_FILE_PATH, "logFilePath")                                                            \
	X(ERROR_FILE_PATH, "errorFilePath")                                                        \
	X(USER_FOLDER, "userFolder")                                                               \
	X(SCRIPT_EXECUTION_ID, "scriptExecutionId")                                                \
	X(LOGS, "logs")                                                                            \
	X(ERROR, "error")                                                                          \
	X(ERROR_MESSAGE, "errorMessage")                                                           \
	X(COMPLETED, "completed")

enum output_id {
#define OUTPUT_ENUM(id, name) OUTPUT_##id,
	OUTPUT_LIST(OUTPUT_ENUM)
#undef OUTPUT_ENUM
		OUTPUT_COUNT
};

/* X(enum suffix, spelling) for run.FIELD */
#define RUN_FIELD_LIST(X)                                                                          \
	X(ID, "id")                                                                                \
	X(LOGICAL_DATE, "logical_date")                                                            \
	X(DATA_INTERVAL_START, "data_interval_start")                                              \
	X(DATA_INTERVAL_END, "data_interval_end")                                                  \
	X(DS, "ds")                                                                                \
	X(DS_NODASH, "ds_nodash")                                                                  \
	X(TS, "ts")                                                                                \
	X(CONF, "conf")

enum run_field {
#define RUN_FIELD_ENUM(id, name) RUN_FIELD_##id,
	RUN_FIELD_LIST(RUN_FIELD_ENUM)
#undef RUN_FIELD_ENUM
		RUN_FIELD_COUNT
};

struct expr_step {
	bool is_index;
	int64_t index; /* [3]; a negative one counts from the end */
	const char *name;
	size_t len;
};

struct filter; /* engine/filter.h */

struct expr_filter {
	const struct filter *filter;
	const struct value *args;
	size_t n_args;
};

struct expr {
	enum expr_root root;
	uint32_t task; /* EXPR_OUTPUT: the task's number in the DAG */
	enum output_id output; /* EXPR_OUTPUT */
	enum run_field field; /* EXPR_RUN */
	const char *name; /* EXPR_PARAM, EXPR_VAR, EXPR_CONN: the name; else NULL */
	size_t name_len;
	const char *attribute; /* EXPR_CONN: host, port or login */
	const struct expr_step *steps; /* the rest of the path, walked into the root's value */
	size_t n_steps;
	const struct expr_filter *filters;
	size_t n_filters;
	bool is_raw; /* ends in | raw: spliced into scripts unquoted */
	bool is_json; /* ends in | json: may stand in a script that is no shell's */
	const char *text; /* as written, for messages: Dump.pg_dump.output.response.file */
	size_t text_len;
};

/* What the loader knows of names, asked while an expression is parsed. */
struct expr_scope {
	void *ctx;
	/* The task `stage.task` (stage_len 0: the task of that name in one's own stage). 0 and
	 * *index, or ERR_NOTFOUND and a sentence that names the nearest. */
	int (*task_find)(void *ctx, const char *stage, size_t stage_len, const char *task,
		size_t task_len, uint32_t *index, struct err *e);
	/* Whether the parameter is declared; else ERR_NOTFOUND and a sentence. */
	int (*param_find)(void *ctx, const char *name, size_t len, struct err *e);
	bool has_item; /* inside for_each: item and index may be named */
};

#define EXPR_WHOLE SIZE_MAX

/* Parses the inside of $<...> into the arena; the text must live as long. ERR_INVALID with a
 * sentence; *where is the byte in text that is wrong, or EXPR_WHOLE: what it names is not there. */
int expr_parse(struct arena *a, const char *text, size_t len, const struct expr_scope *scope,
	struct expr *out, size_t *where, struct err *e);

/* What gives the root's value at run time. ERR_NOTFOUND (which default() may catch) and a sentence
 * where there is none; any other error fails the rendering. The value may live in scratch,
 * and is written on success only. */
struct expr_env {
	void *ctx;
	int (*get)(void *ctx, const struct expr *x, struct arena *scratch, struct value *out,
		struct err *e);
	/* Told what filters made of a variable, which may be as secret as that is; what it returns
	 * fails the rendering. May be NULL. */
	int (*filtered)(
		void *ctx, const struct expr *x, const char *text, size_t len, struct err *e);
};

/* What get gives, this very pointer, for a value that is not to be shown: filters leave it as it
 * is. */
extern const char expr_hidden[];

/* The expression's value. Lives in scratch, or in what env gave. */
int expr_eval(const struct expr *x, const struct expr_env *env, struct arena *scratch,
	struct value *out, struct err *e);

/* The spelling of an output or a run field. */
const char *output_name(enum output_id id);
const char *run_field_name(enum run_field f);

#endif
