/*
 * A request: what a person asks of the runs, as one JSON object.
 *
 *	{"do": "trigger", "dag_id": "nightly", "conf": {"n": 3}, "actor": "cli:anna"}
 *
 * Here is only its form: which members each kind has, and what they may be. What they mean is
 * scheduler/requests.h's.
 */
#ifndef SCHEDULER_REQUEST_H
#define SCHEDULER_REQUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/value.h"

#define REQUEST_LINE_MAX ((size_t)17 << 20) /* bytes of one: a conf of 16 MiB and its frame */
#define REQUEST_NAME_MAX 250 /* bytes of an id or a name */
#define REQUEST_TEXT_MAX 4096 /* bytes of any other text */
#define REQUEST_RUNS_MAX 100000 /* runs side by side that a backfill may ask for */

struct arena;
struct err;

/* X(enum suffix, spelling) */
#define REQUEST_LIST(X)                                                                            \
	X(HEALTH, "health") /* who answers, and how it is */                                       \
	X(TRIGGER, "trigger") /* a new run */                                                      \
	X(CANCEL, "cancel") /* a run is to end */                                                  \
	X(CLEAR, "clear") /* tasks of one run, or of the runs of some dates, are to run again */   \
	X(MARK, "mark") /* a task, or a run, is to count as it is said */                          \
	X(PAUSE, "pause")                                                                          \
	X(UNPAUSE, "unpause")                                                                      \
	X(DELETE, "delete") /* a DAG with all its history */                                       \
	X(BACKFILL, "backfill") /* a run for each interval between two dates */                    \
	X(POOL_SET, "pool_set")                                                                    \
	X(POOL_DELETE, "pool_delete")                                                              \
	X(REPARSE, "reparse") /* the folder of DAGs is to be looked at */                          \
	X(FOLLOW, "follow") /* the changes of a run, until it is over */

enum request_kind {
#define REQUEST_ENUM(id, name) REQUEST_##id,
	REQUEST_LIST(REQUEST_ENUM)
#undef REQUEST_ENUM
		REQUEST_COUNT
};

/* Members that were not given are NULL, false, and -1. */
struct request {
	enum request_kind kind;
	const char *actor; /* who asks, for the log */
	const char *dag_id, *run_id, *task_id;
	const char *logical_date, *start_date,
		*end_date; /* in the DAG's zone where they say none */
	const char *task_regex, *state, *pool, *description;
	struct value conf; /* a map; VALUE_NULL: not given */
	bool upstream, downstream, only_failed, teardowns_too;
	bool dry_run, reset_dagruns, lines;
	int64_t map_index, max_active_runs, slots;
};

/* Reads one; it lives in the arena. ERR_INVALID with a sentence: it is no JSON, a member is
 * unknown, missing, or not what it may be; ERR_LIMIT, ERR_NOMEM. */
int request_parse(
	struct arena *a, const char *text, size_t len, struct request *out, struct err *e);

/* Whether its texts are what request_parse() would take, and UTF-8, as JSON can say nothing else.
 * ERR_INVALID, ERR_LIMIT. */
int request_check(const struct request *r, struct err *e);

/* Adds it as one line of JSON, its newline too. Failure sticks in out. */
struct buf;
void request_write(const struct request *r, struct buf *out);

/* Whether a run can have this id: letters, digits and _.~:+-, as Airflow allows. ERR_INVALID. */
int request_run_id_check(const char *run_id, struct err *e);

#endif
