/* Random scripts that know what they will print. */
#ifndef TESTS_SHQUOTE_GENERATE_H
#define TESTS_SHQUOTE_GENERATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "engine/buf.h"
#include "engine/shquote.h"

#define SCRIPT_VALUES_MAX 100

/* text: literal bytes, and for each hole a NUL and the value's number plus one in a byte. */
struct script {
	struct buf text;
	struct buf want; /* what a shell must print */
	struct buf values[SCRIPT_VALUES_MAX];
	size_t n_values, n_holes;
};

/* The next random number below n. */
size_t random_below(uint64_t *state, size_t n);

/* Adds an adversarial value to v. */
void value_generate(struct buf *v, uint64_t *state, bool can_be_long);

/* Makes a script for the dialect; the same seed makes the same script. */
void script_generate(struct script *s, uint64_t seed, enum sh_dialect d);

/* What the quoter takes: both arrays are malloc'd, their texts stay the script's. */
void script_pieces(const struct script *s, struct sh_piece **pieces, size_t *n,
	struct sh_value **values, size_t *n_values);

/* Prints it as TAP comments, holes as $<N>. */
void script_show(const struct script *s);
void script_free(struct script *s);

#endif
