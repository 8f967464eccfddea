/*
 * An arena: memory that lives and dies together, as all of a DAG or of a run does.
 *
 * N.B. nothing in an arena is freed alone. An arena has a maximum; past it, and where malloc
 * fails, allocation returns NULL and the arena stays usable.
 */
#ifndef ENGINE_ARENA_H
#define ENGINE_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

/* Where an arena's memory comes from, where that is not malloc: zeroed bytes, or NULL; and back. */
struct arena_memory {
	void *(*alloc)(size_t size);
	void (*free)(void *p, size_t size);
};

/* Makes an arena that gives out at most max_bytes (0: no maximum). NULL where memory is short. */
struct arena *arena_create(size_t max_bytes);

/* The same over memory of another kind, which must outlive the arena; NULL: malloc's. */
struct arena *arena_create_over(size_t max_bytes, const struct arena_memory *memory);

/* The same, without a maximum, over memory of the kind that another has: what is read into an arena
 * for secrets is a secret on its way too. */
struct arena *arena_create_like(const struct arena *a);

/* Frees the arena and all that came from it. NULL is fine. */
void arena_destroy(struct arena *a);

/* size zeroed bytes, aligned for any type; NULL where the maximum or the memory is used up. */
void *arena_alloc(struct arena *a, size_t size);

/* As arena_alloc, for n things of size bytes; NULL too where n * size overflows. */
void *arena_array(struct arena *a, size_t n, size_t size);

/* A copy of len bytes with a NUL behind them. NULL as arena_alloc. */
char *arena_memdup(struct arena *a, const void *p, size_t len);
char *arena_strdup(struct arena *a, const char *s);

/* A formatted string. NULL as arena_alloc. */
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* How many bytes have been given out. */
size_t arena_used(const struct arena *a);

/* Whether its maximum has refused anything: what came back was no want of memory. */
bool arena_is_full(const struct arena *a);

/* Whether anything that was asked for has been refused, for want of memory or by the maximum. Who
 * takes NULL for "there is none" on the way asks at the end. */
bool arena_is_short(const struct arena *a);

/* Notes that what was meant for it found no memory elsewhere. Returns NULL. */
void *arena_refuse(struct arena *a);

#endif
