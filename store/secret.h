/*
 * Memory for secrets: pages of their own that are locked against the swap where the system allows
 * it, left out of core dumps, and wiped before they are given back.
 *
 * The first secret that is held turns core dumps of this process off, for good.
 */
#ifndef STORE_SECRET_H
#define STORE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct rlimit;

/* From now on this process leaves no core dump and lets nobody look into it. The first secret does
 * this too. */
void secret_harden(void);

/* For a process that the others of its user must be able to find in /proc: it leaves no core dump
 * either, but may be looked into, as it may not be any more once it was hardened. */
void secret_dumps_forbid(void);

/* The limit of core dumps from before all that: what it starts is to have it. */
void secret_core_limit(struct rlimit *began);

/* Zeroed bytes for a secret, or NULL where memory is short. */
void *secret_alloc(size_t size);

/* Wipes and frees what secret_alloc(size) gave. NULL is fine. */
void secret_free(void *p, size_t size);

/* An arena of such memory, wiped when it is destroyed. NULL: no memory. */
struct arena *secret_arena_create(size_t max_bytes);

#define SECRET_REFUSAL_MAX 160

/* Whether some secret could not be locked, because RLIMIT_MEMLOCK is too low; what is to be said of
 * it. */
bool secret_lock_refusal(char text[SECRET_REFUSAL_MAX]);

#endif
