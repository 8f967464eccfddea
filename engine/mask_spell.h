/* The spellings in which programs echo a secret, by their numbers. */
#ifndef ENGINE_MASK_SPELL_H
#define ENGINE_MASK_SPELL_H

#include <stdbool.h>
#include <stddef.h>

#define MASK_SPELLINGS 17 /* the first is the secret itself */

struct buf;

/* Adds the i-th spelling of a secret. Failure sticks in out. */
void mask_spell(struct buf *out, const unsigned char *s, size_t len, unsigned i);

/* Whether the i-th is base64, which programs break into lines. */
bool mask_spelling_is_base64(unsigned i);

#endif
