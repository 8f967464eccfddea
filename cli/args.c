/*
 * The argument parser: one for all commands, driven by the descriptor. Knows nothing of any
 * command; opens nothing, prints nothing. Every sentence says what was wrong and what would be
 * right.
 */
#include "cli/args.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/err.h"
#include "engine/hint.h"

/* Whether s is -5 or -.5: a negative number, and so never a flag. */
static bool is_negative_number(const char *s)
{
	const char *digit = s[0] == '-' ? s + 1 + (s[1] == '.') : "";

	return *digit >= '0' && *digit <= '9';
}

/* N.B. "-" and "-:ID" are words: standard input, and one DAG of it. */
static bool is_flag_like(const char *s)
{
	return s[0] == '-' && s[1] != '\0' && s[1] != ':' && !is_negative_number(s);
}

static const struct flag *flag_by_name(const struct command *c, const char *name, size_t len)
{
	for (size_t i = 0; i < c->n_flags; i++)
		if (strlen(c->flags[i].name) == len && memcmp(c->flags[i].name, name, len) == 0)
			return &c->flags[i];
	return NULL;
}

static const struct flag *flag_by_letter(const struct command *c, char letter)
{
	for (size_t i = 0; i < c->n_flags; i++)
		if (c->flags[i].letter == letter)
			return &c->flags[i];
	return NULL;
}

/* The flag that a person who wrote this most likely meant: the only one that begins so, else the
 * nearest spelling; or NULL. */
static const char *flag_meant(const struct command *c, const char *name, size_t len)
{
	const char *begins = NULL;
	size_t n_begin = 0;
	struct hint h;

	hint_begin(&h, name, len);
	for (size_t i = 0; i < c->n_flags; i++) {
		hint_offer(&h, c->flags[i].name, strlen(c->flags[i].name));
		if (len > 0 && strncmp(c->flags[i].name, name, len) == 0) {
			begins = c->flags[i].name;
			n_begin++;
		}
	}
	hint_offer(&h, "help", strlen("help"));
	return n_begin == 1 ? begins : h.best;
}

static int unknown_flag(const struct command *c, const char *arg, struct err *e)
{
	size_t len = strcspn(arg, "=");
	const char *meant = flag_meant(c, arg + 2, len - 2);

	if (meant != NULL)
		return err_set(e, ERR_INVALID, "unknown flag %.*s; did you mean --%s?", (int)len,
			arg, meant);
	return err_set(e, ERR_INVALID, "unknown flag %.*s; --help lists the flags", (int)len, arg);
}

int args_check_choice(
	const char *what, const char *value, const char *const *choices, struct err *e)
{
	char list[512] = "";
	struct hint h;

	hint_begin(&h, value, strlen(value));
	for (size_t i = 0; choices[i] != NULL; i++) {
		size_t used = strlen(list);

		if (strcmp(choices[i], value) == 0)
			return 0;
		hint_offer(&h, choices[i], strlen(choices[i]));
		(void)snprintf(
			list + used, sizeof(list) - used, "%s%s", i > 0 ? ", " : "", choices[i]);
	}
	if (h.best != NULL)
		return err_set(e, ERR_INVALID, "%s takes %s, not \"%s\"; did you mean \"%s\"?",
			what, list, value, h.best);
	return err_set(e, ERR_INVALID, "%s takes %s, not \"%s\"", what, list, value);
}

static int check_number(const struct flag *f, const char *value, long *number, struct err *e)
{
	char *end;

	*number = 0;
	if (*value == '\0' && f->may_be_empty)
		return 0;
	errno = 0;
	*number = strtol(value, &end, 10);
	if (end == value || *end != '\0')
		return err_set(
			e, ERR_INVALID, "--%s takes a whole number, not \"%s\"", f->name, value);
	if (errno == ERANGE || *number < f->min || *number > f->max)
		return err_set(e, ERR_INVALID, "--%s takes a number from %ld to %ld, not %s",
			f->name, f->min, f->max, value);
	return 0;
}

static int add_given(struct args *a, const struct flag *f, const char *value, struct err *e)
{
	struct args_given *g = &a->given[a->n_given];
	char what[64];
	int r = 0;

	(void)snprintf(what, sizeof(what), "--%s", f->name);
	g->flag = f;
	g->value = value;
	if (f->kind == FLAG_ENUM)
		r = args_check_choice(what, value, f->choices, e);
	else if (f->kind == FLAG_INT)
		r = check_number(f, value, &g->number, e);
	if (r == 0)
		a->n_given++;
	return r;
}

/* Takes the flag's value from what stands behind its `=` or letter (rest, or NULL), or else from
 * the next argument, and moves *i past that. */
static int take_value(struct args *a, const struct flag *f, const char *rest, int argc,
	char *const *argv, int *i, struct err *e)
{
	if (rest != NULL)
		return add_given(a, f, rest, e);
	if (*i + 1 >= argc)
		return err_set(
			e, ERR_INVALID, "--%s needs a value: --%s %s", f->name, f->name, f->value);
	if (is_flag_like(argv[*i + 1]))
		return err_set(e, ERR_INVALID,
			"--%s needs a value, and \"%s\" looks like a flag; if it is the value, "
			"write --%s=%s",
			f->name, argv[*i + 1], f->name, argv[*i + 1]);
	return add_given(a, f, argv[++*i], e);
}

static int parse_long(struct args *a, int argc, char *const *argv, int *i, struct err *e)
{
	const char *arg = argv[*i];
	const char *equals = strchr(arg, '=');
	size_t len = equals == NULL ? strlen(arg) : (size_t)(equals - arg);
	const struct flag *f = flag_by_name(a->command, arg + 2, len - 2);

	if (f == NULL)
		return unknown_flag(a->command, arg, e);
	if (f->kind != FLAG_SWITCH)
		return take_value(a, f, equals == NULL ? NULL : equals + 1, argc, argv, i, e);
	if (equals != NULL)
		return err_set(e, ERR_INVALID, "--%s takes no value", f->name);
	return add_given(a, f, NULL, e);
}

static int parse_letters(struct args *a, int argc, char *const *argv, int *i, struct err *e)
{
	int r;

	for (const char *p = argv[*i] + 1; *p != '\0'; p++) {
		const struct flag *f = flag_by_letter(a->command, *p);

		if (f == NULL)
			return err_set(
				e, ERR_INVALID, "unknown flag -%c; --help lists the flags", *p);
		if (f->kind != FLAG_SWITCH)
			return take_value(a, f, p[1] == '\0' ? NULL : p + 1, argc, argv, i, e);
		r = add_given(a, f, NULL, e);
		if (r != 0)
			return r;
	}
	return 0;
}

/* How many words the usage asks for: counts those outside brackets; *most is SIZE_MAX where one
 * ends in "...". */
static void count_usage(const char *usage, size_t *least, size_t *most)
{
	const char *p = usage == NULL ? "" : usage;
	size_t n;

	*least = *most = 0;
	for (;; p += n) {
		p += strspn(p, " ");
		n = strcspn(p, " ");
		if (n == 0)
			return;
		*least += *p != '[';
		if (*most != SIZE_MAX)
			++*most;
		for (size_t i = 0; i + 3 <= n; i++)
			if (memcmp(p + i, "...", 3) == 0)
				*most = SIZE_MAX;
	}
}

/* The n-th word of the usage, for the message that asks for it. */
static const char *usage_word(const char *usage, size_t n, int *len)
{
	const char *p = usage;

	for (;; n--) {
		p += strspn(p, " ");
		*len = (int)strcspn(p, " ");
		if (n == 0)
			return p;
		p += *len;
	}
}

static int check_words(const struct args *a, struct err *e)
{
	const char *usage = a->command->words;
	size_t least, most;
	const char *word;
	int len;

	count_usage(usage, &least, &most);
	if (a->n_words < least) {
		word = usage_word(usage, a->n_words, &len);
		return err_set(e, ERR_INVALID, "%.*s is missing; want windrow %s%s%s %s", len, word,
			a->command->group, a->command->verb == NULL ? "" : " ",
			a->command->verb == NULL ? "" : a->command->verb, usage);
	}
	if (a->n_words > most && most == 0)
		return err_set(e, ERR_INVALID, "\"%s\" is too much: nothing goes here but flags",
			a->words[0]);
	/* N.B. the word itself may belong to a value, which may be a secret. */
	if (a->n_words > most)
		return err_set(e, ERR_INVALID,
			"word %zu is too much: it takes %s; what holds blanks goes between quotes",
			most + 1, usage);
	return 0;
}

static bool asks_help(int argc, char *const *argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "-h") == 0 || strcmp(argv[i], "--help") == 0)
			return true;
	return false;
}

int args_parse(
	const struct command *c, int argc, char *const *argv, struct args *out, struct err *e)
{
	size_t letters = 0;
	bool is_ended = false;
	int r = 0;

	memset(out, 0, sizeof(*out));
	out->command = c;
	out->wants_help = asks_help(argc, argv);
	if (out->wants_help)
		return 0;
	for (int i = 0; i < argc; i++)
		letters += strlen(argv[i]); /* -abc gives three */
	out->words = calloc((size_t)argc + 1, sizeof(*out->words));
	out->given = calloc(letters + 1, sizeof(*out->given));
	if (out->words == NULL || out->given == NULL)
		return err_set(e, ERR_NOMEM, "out of memory");
	for (int i = 0; i < argc && r == 0; i++) {
		if (!is_ended && strcmp(argv[i], "--") == 0)
			is_ended = true;
		else if (is_ended || !is_flag_like(argv[i]))
			out->words[out->n_words++] = argv[i];
		else if (argv[i][1] == '-')
			r = parse_long(out, argc, argv, &i, e);
		else
			r = parse_letters(out, argc, argv, &i, e);
	}
	return r == 0 ? check_words(out, e) : r;
}

void args_free(struct args *a)
{
	free(a->words);
	free(a->given);
	memset(a, 0, sizeof(*a));
}

/* The last time that the flag came, or NULL. */
static const struct args_given *last_given(const struct args *a, const char *flag)
{
	for (size_t i = a->n_given; i-- > 0;)
		if (strcmp(a->given[i].flag->name, flag) == 0)
			return &a->given[i];
	return NULL;
}

bool args_has(const struct args *a, const char *flag)
{
	return last_given(a, flag) != NULL;
}

const char *args_text(const struct args *a, const char *flag, const char *dflt)
{
	const struct args_given *g = last_given(a, flag);

	return g == NULL ? dflt : g->value;
}

long args_int(const struct args *a, const char *flag, long dflt)
{
	const struct args_given *g = last_given(a, flag);

	return g == NULL ? dflt : g->number;
}

const char *args_nth(const struct args *a, const char *flag, size_t i)
{
	for (size_t k = 0; k < a->n_given; k++)
		if (strcmp(a->given[k].flag->name, flag) == 0 && i-- == 0)
			return a->given[k].value;
	return NULL;
}

const char *args_word(const struct args *a, size_t i)
{
	return i < a->n_words ? a->words[i] : NULL;
}
