/* The spellings in which programs echo a secret, by their numbers. */
#ifndef ENGINE_MASK_SPELL_H
#define ENGINE_MASK_SPELL_H

#include <stdbool.h>
#include <stddef.h>

#define MASK_SPELLINGS 21 /* the first is the secret itself */
#define MASK_BARE_SPELLINGS 6

struct buf;

/* Adds the i-th spelling of a secret. Failure sticks in out. */
void mask_spell(struct buf *out, const unsigned char *s, size_t len, unsigned i);

/* Adds the i-th bare spelling: less its backslashes, of which quotes within quotes put any number
 * before any sign but letters and digits. Failure sticks in out. */
void mask_spell_bare(struct buf *out, const unsigned char *s, size_t len, unsigned i);

/* Whether a secret holds signs that are ever behind a backslash. */
bool mask_spelling_has_bare(const unsigned char *s, size_t len);

/* Whether the i-th is base64, which programs break into lines. */
bool mask_spelling_is_base64(unsigned i);

#endif
