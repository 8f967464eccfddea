/*
 * Command lines: the first byte chooses a command, a newline stands between two arguments. What is
 * wrong is told; what is taken means the same when it is written in the plainest way: every flag as
 * --FLAG=VALUE, the words behind `--`.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/args.h"
#include "engine/arena.h"
#include "engine/err.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARGS_MOST 64

static char **plain_of(struct arena *a, const struct args *args, int *n)
{
	char **out = arena_array(a, args->n_given + args->n_words + 2, sizeof(*out));

	*n = 0;
	if (out == NULL)
		abort();
	for (size_t i = 0; i < args->n_given; i++) {
		const struct args_given *g = &args->given[i];

		out[(*n)++] = g->value == NULL
			? arena_printf(a, "--%s", g->flag->name)
			: arena_printf(a, "--%s=%s", g->flag->name, g->value);
	}
	out[(*n)++] = arena_strdup(a, "--");
	for (size_t i = 0; i < args->n_words; i++)
		out[(*n)++] = arena_strdup(a, args->words[i]);
	return out;
}

static void round_trip(struct arena *a, const struct args *args)
{
	struct args again;
	struct err e;
	int n;
	char **argv = plain_of(a, args, &n);

	if (args_parse(args->command, n, argv, &again, &e) != 0 || again.n_given != args->n_given ||
		again.n_words != args->n_words)
		abort();
	for (size_t i = 0; i < args->n_given; i++) {
		const struct args_given *x = &args->given[i], *y = &again.given[i];

		if (x->flag != y->flag || x->number != y->number ||
			(x->value == NULL) != (y->value == NULL) ||
			(x->value != NULL && strcmp(x->value, y->value) != 0))
			abort();
		if (x->flag->kind == FLAG_INT && !(x->flag->may_be_empty && *x->value == '\0') &&
			(x->number < x->flag->min || x->number > x->flag->max))
			abort();
	}
	for (size_t i = 0; i < args->n_words; i++)
		if (strcmp(args->words[i], again.words[i]) != 0)
			abort();
	args_free(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena *a = arena_create((size_t)16 << 20);
	struct err e = {.text = ""};
	char *argv[ARGS_MOST], *text, *end;
	struct args args;
	int argc = 0;

	if (a == NULL || size == 0) {
		arena_destroy(a);
		return 0;
	}
	text = arena_memdup(a, data + 1, size - 1);
	for (; text != NULL && *text != '\0' && argc < ARGS_MOST; text = end) {
		argv[argc++] = text;
		end = strchr(text, '\n');
		if (end != NULL)
			*end++ = '\0';
	}
	if (args_parse(commands[data[0] % commands_count], argc, argv, &args, &e) != 0) {
		if (e.text[0] == '\0')
			abort();
	} else if (!args.wants_help) {
		round_trip(a, &args);
	}
	args_free(&args);
	arena_destroy(a);
	return 0;
}
