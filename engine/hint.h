/* Nearest names, for "did you mean". */
#ifndef ENGINE_HINT_H
#define ENGINE_HINT_H

#include <stddef.h>

/* The edit distance (insert, delete, replace, swap of neighbours) at most `max`; max + 1 where
 * more. */
unsigned hint_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max);

struct hint {
	const char *word;
	size_t len;
	unsigned max; /* distance that still counts as near */
	const char *meant; /* what people mean by that word who come from elsewhere; or NULL */
	const char *best; /* nearest so far, or NULL */
	size_t best_len;
	unsigned distance;
};

/* Begins a search for the name nearest to word; feed candidates, then read best. A candidate that
 * differs only by case, `-` against `_`, counts as nearest. The first of equals wins. */
void hint_begin(struct hint *h, const char *word, size_t len);

/* The same for a key of a DAG file: where the word is what another tool calls a key of ours, that
 * one counts as near. */
void hint_begin_key(struct hint *h, const char *word, size_t len);
void hint_offer(struct hint *h, const char *name, size_t len);

#endif
