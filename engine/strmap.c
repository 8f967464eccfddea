/*
 * A map from names to numbers: open addressing with linear probing in a table that is never more
 * than half full. Each slot keeps its name's hash, so that growing reads no name, and a probe
 * compares bytes only where the whole hash agrees.
 */
#include "engine/strmap.h"

#include <stdlib.h>
#include <string.h>

#include "engine/err.h"

#define STRMAP_SLOTS_MIN 16

struct slot {
	const char *key; /* NULL: free */
	size_t len;
	uint64_t hash;
	uint32_t value;
};

struct strmap {
	struct slot *slots;
	size_t mask; /* slots - 1; a power of two */
	size_t n;
};

static uint64_t mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 32);
}

static uint64_t hash_bytes(const char *key, size_t len)
{
	uint64_t h = len, word;

	for (; len >= sizeof(word); key += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, key, sizeof(word));
		h = mix(h, word);
	}
	word = 0;
	if (len > 0)
		memcpy(&word, key, len);
	return mix(mix(h, word), h >> 29);
}

struct strmap *strmap_create(size_t expected)
{
	struct strmap *m;
	size_t slots = STRMAP_SLOTS_MIN;

	if (expected > SIZE_MAX / (4 * sizeof(struct slot)))
		return NULL;
	while (slots < 2 * expected)
		slots *= 2;
	m = malloc(sizeof(*m));
	if (m == NULL)
		return NULL;
	*m = (struct strmap){.slots = calloc(slots, sizeof(struct slot)), .mask = slots - 1};
	if (m->slots == NULL) {
		free(m);
		return NULL;
	}
	return m;
}

void strmap_destroy(struct strmap *m)
{
	if (m == NULL)
		return;
	free(m->slots);
	free(m);
}

/* The key's slot, or the free one where it would stand. */
static struct slot *probe(const struct strmap *m, const char *key, size_t len, uint64_t hash)
{
	size_t i = (size_t)hash & m->mask;

	for (;; i = (i + 1) & m->mask) {
		struct slot *s = &m->slots[i];

		if (s->key == NULL)
			return s;
		if (s->hash == hash && s->len == len && (len == 0 || memcmp(s->key, key, len) == 0))
			return s;
	}
}

static int grow(struct strmap *m)
{
	size_t slots = 2 * (m->mask + 1);
	struct strmap bigger = {.mask = slots - 1, .n = m->n};

	bigger.slots = calloc(slots, sizeof(struct slot));
	if (bigger.slots == NULL)
		return ERR_NOMEM;
	for (size_t i = 0; i <= m->mask; i++) {
		size_t to = (size_t)m->slots[i].hash & bigger.mask;

		if (m->slots[i].key == NULL)
			continue;
		while (bigger.slots[to].key != NULL)
			to = (to + 1) & bigger.mask;
		bigger.slots[to] = m->slots[i];
	}
	free(m->slots);
	*m = bigger;
	return 0;
}

int strmap_add(struct strmap *m, const char *key, size_t len, uint32_t value)
{
	uint64_t hash = hash_bytes(key, len);
	struct slot *s;

	if (2 * (m->n + 1) > m->mask + 1 && grow(m) != 0)
		return ERR_NOMEM;
	s = probe(m, key, len, hash);
	if (s->key != NULL)
		return ERR_EXISTS;
	*s = (struct slot){.key = key, .len = len, .hash = hash, .value = value};
	m->n++;
	return 0;
}

uint32_t strmap_find(const struct strmap *m, const char *key, size_t len)
{
	const struct slot *s = probe(m, key, len, hash_bytes(key, len));

	return s->key == NULL ? STRMAP_NONE : s->value;
}
