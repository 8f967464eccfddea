/* What the files of requests share. Private to scheduler/requests*.c. */
#ifndef SCHEDULER_REQUESTS_IMPL_H
#define SCHEDULER_REQUESTS_IMPL_H

#include <stdbool.h>

#include "engine/arena.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "scheduler/requests.h"

/* One request that is being done. */
struct call {
	struct requests *requests;
	struct call *prev, *next;
	requests_answer *on_answer;
	void *ctx;
	struct arena *arena; /* of the answer */
	struct value answer;
};

struct requests {
	struct requests_options o;
	struct call *calls; /* that wait to be stored */
	int64_t since;
};

int64_t requests_now(void); /* ms since the epoch */

/* An object that is being made, in an arena. Failure sticks. */
struct fields {
	struct arena *arena;
	struct value_pair *pairs;
	size_t n, cap;
	int status;
};

/* Each adds a member; text is copied, and NULL is null, as is INSTANT_NONE. */
void fields_text(struct fields *f, const char *key, const char *text);
void fields_int(struct fields *f, const char *key, int64_t n);
void fields_bool(struct fields *f, const char *key, bool truth);
void fields_time(struct fields *f, const char *key, int64_t at);
void fields_value(struct fields *f, const char *key, struct value v);

/* The object, good for as long as the arena. ERR_NOMEM with a sentence. */
int fields_end(const struct fields *f, struct value *out, struct err *e);

/* What a handler returns besides errors. */
#define ANSWER_STORED 0 /* once all that it asked for is on disk */
#define ANSWER_NOW 1 /* nothing was changed */

/* Does one request, and leaves its answer in c. */
typedef int request_handler(struct call *c, const struct request *r, struct err *e);

request_handler requests_health;

#endif
