/*
 * A map from names to numbers: open addressing with linear probing in a table that is never more
 * than half full. Slots are small, so that even those of many names stay in the cache: a hash, by
 * which growing reads no name and a probe seldom reads a wrong one, and the place of the entry.
 */
#include "engine/strmap.h"

#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define STRMAP_SLOTS_MIN 16

struct slot {
	uint32_t hash;
	uint32_t entry; /* its place in entries, from 1; 0: free */
};

struct entry {
	const char *key;
	uint32_t len, value;
};

struct strmap {
	struct slot *slots;
	size_t mask; /* slots - 1; a power of two */
	struct entry *entries; /* in the order in which they were added */
	size_t n, cap;
};

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 32);
}

static uint32_t hash_bytes(const char *key, size_t len)
{
	uint64_t h = len, word = 0;
	size_t at = 0;

	for (; at + sizeof(word) < len; at += sizeof(word)) {
		memcpy(&word, key + at, sizeof(word));
		h = mix(h, word);
	}
	/* The last word overlaps the one before, where there is one. */
	if (len >= sizeof(word)) {
		memcpy(&word, key + len - sizeof(word), sizeof(word));
	} else {
		word = 0;
		for (; at < len; at++)
			word = word << 8 | (unsigned char)key[at];
	}
	h = mix(h, word);
	return (uint32_t)mix(h, h >> 29);
}

struct strmap *strmap_create(size_t expected)
{
	struct strmap *m;
	size_t slots = STRMAP_SLOTS_MIN;

	if (expected > STRMAP_NAMES_MAX)
		return NULL;
	while (slots < 2 * expected)
		slots *= 2;
	m = malloc(sizeof(*m));
	if (m == NULL)
		return NULL;
	*m = (struct strmap){.slots = calloc(slots, sizeof(struct slot)),
		.mask = slots - 1,
		.entries = malloc(slots / 2 * sizeof(struct entry)),
		.cap = slots / 2};
	if (m->slots == NULL || m->entries == NULL) {
		strmap_destroy(m);
		return NULL;
	}
	return m;
}

void strmap_destroy(struct strmap *m)
{
	if (m == NULL)
		return;
	free(m->slots);
	free(m->entries);
	free(m);
}

/* The key's slot, or the free one where it would stand. */
static struct slot *probe(const struct strmap *m, const char *key, size_t len, uint32_t hash)
{
	size_t i = hash & m->mask;

	for (;; i = (i + 1) & m->mask) {
		struct slot *s = &m->slots[i];
		const struct entry *e;

		if (s->entry == 0)
			return s;
		if (s->hash != hash)
			continue;
		e = &m->entries[s->entry - 1];
		if (e->len == len && (len == 0 || memcmp(e->key, key, len) == 0))
			return s;
	}
}

static int grow(struct strmap *m)
{
	size_t slots = 2 * (m->mask + 1);
	struct entry *entries = realloc(m->entries, slots / 2 * sizeof(*entries));
	struct slot *bigger;

	if (entries == NULL)
		return ERR_NOMEM;
	m->entries = entries;
	bigger = calloc(slots, sizeof(*bigger));
	if (bigger == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i <= m->mask; i++) {
		size_t to = m->slots[i].hash & (slots - 1);

		if (m->slots[i].entry == 0)
			continue;
		while (bigger[to].entry != 0)
			to = (to + 1) & (slots - 1);
		bigger[to] = m->slots[i];
	}
	free(m->slots);
	m->slots = bigger;
	m->mask = slots - 1;
	m->cap = slots / 2;
	return 0;
}

int strmap_add(struct strmap *m, const char *key, size_t len, uint32_t value)
{
	uint32_t hash = hash_bytes(key, len);
	struct slot *s;

	if (len > UINT32_MAX || m->n == STRMAP_NAMES_MAX || (m->n == m->cap && grow(m) != 0))
		return ERR_NOMEM;
	s = probe(m, key, len, hash);
	if (s->entry != 0)
		return ERR_EXISTS;
	m->entries[m->n++] = (struct entry){key, (uint32_t)len, value};
	*s = (struct slot){hash, (uint32_t)m->n};
	return 0;
}

uint32_t strmap_find(const struct strmap *m, const char *key, size_t len)
{
	const struct slot *s = probe(m, key, len, hash_bytes(key, len));

	return s->entry == 0 ? STRMAP_NONE : m->entries[s->entry - 1].value;
}
