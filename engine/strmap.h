/*
 * A map from names to numbers: a name's place in some table. Keys are not copied and must outlive
 * the map. Linear in what it holds; adding and finding are O(1).
 */
#ifndef ENGINE_STRMAP_H
#define ENGINE_STRMAP_H

#include <stddef.h>
#include <stdint.h>

#define STRMAP_NONE UINT32_MAX
#define STRMAP_NAMES_MAX ((size_t)1 << 30) /* names of one map; ERR_NOMEM past it */

struct strmap;

/* Makes an empty map with room for about `expected` names. NULL: no memory. */
struct strmap *strmap_create(size_t expected);
void strmap_destroy(struct strmap *m);

/* Adds key -> value. ERR_EXISTS where the key is there (its value stays), ERR_NOMEM. */
int strmap_add(struct strmap *m, const char *key, size_t len, uint32_t value);

/* The key's value, or STRMAP_NONE. */
uint32_t strmap_find(const struct strmap *m, const char *key, size_t len);

#endif
