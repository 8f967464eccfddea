/*
 * A bump allocator over a chain of blocks, the first of which holds the arena itself. Each block is
 * zeroed when it is made, so that giving memory out is an addition. Invariant: used <= max, where
 * there is a maximum.
 */
#include "engine/arena.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ARENA_BLOCK_MIN ((size_t)1024)
#define ARENA_BLOCK_MAX ((size_t)4 << 20)
#define ARENA_ALIGN _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size; /* all of it */
	_Alignas(max_align_t) unsigned char data[];
};

struct arena {
	const struct arena_memory *memory;
	struct block *blocks;
	unsigned char *at, *end;
	size_t used, max, next_size;
	bool is_full; /* max has refused something */
	bool is_short; /* anything was refused */
};

static size_t aligned(size_t size)
{
	return (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
}

static void *heap_alloc(size_t size)
{
	return calloc(1, size);
}

static void heap_free(void *p, size_t size)
{
	(void)size;
	free(p);
}

static const struct arena_memory heap = {.alloc = heap_alloc, .free = heap_free};

struct arena *arena_create(size_t max_bytes)
{
	return arena_create_over(max_bytes, NULL);
}

struct arena *arena_create_over(size_t max_bytes, const struct arena_memory *memory)
{
	struct block *b;
	struct arena *a;

	if (memory == NULL)
		memory = &heap;
	b = memory->alloc(ARENA_BLOCK_MIN);
	if (b == NULL)
		return NULL;
	b->size = ARENA_BLOCK_MIN;
	a = (struct arena *)b->data;
	a->memory = memory;
	a->blocks = b;
	a->at = b->data + aligned(sizeof(*a));
	a->end = (unsigned char *)b + ARENA_BLOCK_MIN;
	a->max = max_bytes;
	a->next_size = ARENA_BLOCK_MIN * 2;
	return a;
}

struct arena *arena_create_like(const struct arena *a)
{
	return arena_create_over(0, a->memory);
}

void arena_destroy(struct arena *a)
{
	const struct arena_memory *memory;
	struct block *b, *next;

	if (a == NULL)
		return;
	memory = a->memory;
	for (b = a->blocks; b != NULL; b = next) {
		next = b->next;
		memory->free(b, b->size);
	}
}

/* A block for at least size bytes; a large one is a block of its own and leaves the current one. */
static void *block_add(struct arena *a, size_t size)
{
	bool is_large = size > a->next_size - sizeof(struct block);
	size_t want = is_large ? size + sizeof(struct block) : a->next_size;
	struct block *b;

	if (want < size)
		return NULL;
	b = a->memory->alloc(want);
	if (b == NULL)
		return NULL;
	b->size = want;
	b->next = a->blocks;
	a->blocks = b;
	if (!is_large) {
		a->at = b->data + size;
		a->end = (unsigned char *)b + want;
		if (a->next_size < ARENA_BLOCK_MAX)
			a->next_size *= 2;
	}
	return b->data;
}

void *arena_refuse(struct arena *a)
{
	a->is_short = true;
	return NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
	void *p;

	if (size > SIZE_MAX - ARENA_ALIGN)
		return arena_refuse(a);
	size = aligned(size == 0 ? 1 : size);
	if (a->max != 0 && size > a->max - a->used) {
		a->is_full = true;
		return arena_refuse(a);
	}
	if (size <= (size_t)(a->end - a->at)) {
		p = a->at;
		a->at += size;
	} else {
		p = block_add(a, size);
		if (p == NULL)
			return arena_refuse(a);
	}
	a->used += size;
	return p;
}

void *arena_array(struct arena *a, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		return arena_refuse(a);
	return arena_alloc(a, n * size);
}

char *arena_memdup(struct arena *a, const void *p, size_t len)
{
	char *copy;

	if (len == SIZE_MAX)
		return arena_refuse(a);
	copy = arena_alloc(a, len + 1);
	if (copy != NULL && len != 0)
		memcpy(copy, p, len);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_memdup(a, s, strlen(s));
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return arena_refuse(a);
	s = arena_alloc(a, (size_t)n + 1);
	if (s == NULL)
		return NULL;
	va_start(ap, fmt);
	(void)vsnprintf(s, (size_t)n + 1, fmt, ap);
	va_end(ap);
	return s;
}

size_t arena_used(const struct arena *a)
{
	return a->used;
}

bool arena_is_full(const struct arena *a)
{
	return a->is_full;
}

bool arena_is_short(const struct arena *a)
{
	return a->is_short;
}
