/*
 * The memory of a session: all that libssh2 takes for it, up to a maximum, and given back with it.
 *
 * N.B. that is no luxury. A packet that arrives damaged can make libssh2 1.11 take in the same
 * bytes for ever, a little memory at a time, within one call; and it forgets some of what it took.
 * With a maximum the call fails, and the connection is dropped.
 */
#include "operators/ssh/transport_internal.h"

#include <stdlib.h>
#include <string.h>

#define SESSION_MEMORY ((size_t)16 << 20) /* bytes */
#define CHANNEL_MEMORY ((size_t)2 << 20) /* and for each channel: its window, and room to spare */

struct block {
	struct link link;
	size_t size;
	_Alignas(max_align_t) char bytes[];
};

static struct block *block_of(void *p)
{
	return (struct block *)(void *)((char *)p - offsetof(struct block, bytes));
}

static bool has_room(const struct session *s, size_t size)
{
	size_t max = SESSION_MEMORY + CHANNEL_MEMORY * (s->n_channels + s->n_ghosts);

	return size <= max && s->memory_used <= max - size;
}

void *session_alloc(size_t size, void **abstract)
{
	struct session *s = *abstract;
	struct block *b = has_room(s, size) ? malloc(sizeof(*b) + size) : NULL;

	if (b == NULL)
		return NULL;
	b->size = size;
	link_add_tail(&s->memory, &b->link);
	s->memory_used += size;
	return b->bytes;
}

void session_free(void *p, void **abstract)
{
	struct session *s = *abstract;
	struct block *b;

	if (p == NULL)
		return;
	b = block_of(p);
	s->memory_used -= b->size;
	link_remove(&b->link);
	/* N.B. a password was in it, perhaps, or the connection's keys. */
	explicit_bzero(b->bytes, b->size);
	free(b);
}

void *session_realloc(void *p, size_t size, void **abstract)
{
	void *to = session_alloc(size, abstract);

	if (to != NULL && p != NULL) {
		size_t old = block_of(p)->size;

		memcpy(to, p, old < size ? old : size);
		session_free(p, abstract);
	}
	return to;
}

void session_memory_drop(struct session *s)
{
	void *abstract = s;

	while (!link_is_empty(&s->memory))
		session_free(LINK_OF(s->memory.next, struct block, link)->bytes, &abstract);
}
