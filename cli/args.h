/*
 * The arguments of one command, parsed by its descriptor.
 *
 * Flags may stand anywhere: --flag VALUE, --flag=VALUE, -f VALUE, -fVALUE, switches joined (-ab).
 * `--` ends them. A negative number is a value or a word, never a flag; any other value that begins
 * with - is written --flag=VALUE.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"

struct err;

struct args {
	const struct command *command;
	bool wants_help; /* -h or --help was there: nothing else was checked */
	const char **words; /* what is no flag */
	size_t n_words;
	struct args_given {
		const struct flag *flag;
		const char *value; /* NULL for a switch */
		long number; /* FLAG_INT */
	} * given; /* as they came */
	size_t n_given;
};

/* Parses argv[0] .. argv[argc - 1], which stand behind the command's own words. What comes out
 * points into argv. ERR_INVALID and a sentence, ERR_NOMEM. args_free() afterwards, whatever came.
 */
int args_parse(
	const struct command *c, int argc, char *const *argv, struct args *out, struct err *e);
void args_free(struct args *a);

/* Whether value is one of the choices (NULL behind the last); else ERR_INVALID and a sentence that
 * begins with what and names the nearest. */
int args_check_choice(
	const char *what, const char *value, const char *const *choices, struct err *e);

/* Whether the flag was given. The name must be in the descriptor. */
bool args_has(const struct args *a, const char *flag);

/* The flag's value, the last one where it came twice; dflt where it did not come. */
const char *args_text(const struct args *a, const char *flag, const char *dflt);
long args_int(const struct args *a, const char *flag, long dflt);

/* The value of the i-th time that the flag came, from 0; NULL behind the last. */
const char *args_nth(const struct args *a, const char *flag, size_t i);

/* The i-th word, or NULL. */
const char *args_word(const struct args *a, size_t i);

#endif
