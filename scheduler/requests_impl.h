/* What the files of requests share. Private to scheduler/requests*.c. */
#ifndef SCHEDULER_REQUESTS_IMPL_H
#define SCHEDULER_REQUESTS_IMPL_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/bag.h"
#include "scheduler/fields.h"
#include "scheduler/requests.h"

struct dag;
struct edition;

/* One request that is being done. */
struct call {
	struct requests *requests;
	struct call *prev, *next;
	requests_answer *on_answer;
	void *ctx;
	struct arena *arena; /* of the answer */
	struct request request; /* in the arena, where it waits for a look */
	uint64_t look; /* at the folder, that it waits for; 0: none */
	bool has_looked;
	struct value answer;
};

struct requests {
	struct requests_options o;
	struct call *calls; /* that wait to be stored */
	struct bag_observer looking;
	int64_t since;
	bool is_closing;
};

/* What a handler returns besides errors. */
#define ANSWER_STORED 0 /* once all that it asked for is on disk */
#define ANSWER_NOW 1 /* nothing was changed */
#define ANSWER_LOOKED 2 /* it is to be done again once the folder has been looked at */

/* Does one request, and leaves its answer in c. */
typedef int request_handler(struct call *c, const struct request *r, struct err *e);

request_handler requests_health;

/* requests_runs.c */

request_handler requests_trigger, requests_cancel, requests_mark, requests_follow;

/* Whether a DAG has a run of this id, in memory or in the store. */
int requests_run_exists(
	struct call *c, const char *dag_id, const char *run_id, bool *exists, struct err *e);

/* requests_clear.c */

request_handler requests_clear;

/* requests_dags.c */

request_handler requests_pause, requests_unpause, requests_delete, requests_reparse;
request_handler requests_backfill; /* requests_backfill.c */
request_handler requests_pool_set, requests_pool_delete; /* requests_pools.c */

/* The DAG of this id that a file has; where that does not load, its last good version counts.
 * ERR_NOTFOUND and the nearest; ERR_ILLEGAL: its file is gone. */
int requests_dag_get(struct requests *q, const char *dag_id, struct bag_dag **out, struct err *e);

/* The same, of one whose file is gone or broken too: its last good edition. The caller gives it
 * back. */
int requests_edition_get(
	struct requests *q, const char *dag_id, struct edition **out, struct err *e);

/* From when to when, in the DAG's zone; NULL: INSTANT_NONE. An end that is a date alone means all
 * of its day. ERR_INVALID. */
int requests_dates_take(const char *start, const char *end, const struct dag *d, int64_t *since,
	int64_t *until, struct err *e);

#endif
