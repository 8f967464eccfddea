/* An object of an answer while it is being made, in an arena. */
#ifndef SCHEDULER_FIELDS_H
#define SCHEDULER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/value.h"

struct arena;
struct err;

/* Failure sticks. */
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

#endif
