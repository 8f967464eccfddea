/* What the files that make scripts share. Private to tests/shquote/generate*.c. */
#ifndef TESTS_SHQUOTE_GENERATE_IMPL_H
#define TESTS_SHQUOTE_GENERATE_IMPL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tests/shquote/generate.h"

struct gen {
	struct script *s;
	enum sh_dialect d;
	uint64_t state;
	int backquotes, substitutions; /* levels around */
	int heres; /* here-documents around */
	int room; /* how much more may be made */
};

/* A random number below n, and a new value's number. */
size_t gen_random(struct gen *g, size_t n);
size_t gen_value(struct gen *g);

/* Adds to the script, to what it prints, or the same to both. */
void gen_lit(struct gen *g, const char *text);
void gen_want(struct gen *g, const char *text);
void gen_want_value(struct gen *g, size_t value);
void gen_same(struct gen *g, const char *text);

/* A hole of a value; one of a new value, which is printed. */
void gen_hole_of(struct gen *g, size_t value);
void gen_hole(struct gen *g);

/* Parts of a word, and a whole one. can_split: expansions may stand in it bare. */
void gen_plain(struct gen *g);
void gen_single(struct gen *g);
void gen_pair(struct gen *g, const char *text, const char *printed);
void gen_expanded(struct gen *g);
void gen_word(struct gen *g, bool can_split);

/* Commands that print what they should. */
void gen_commands(struct gen *g);

#endif
