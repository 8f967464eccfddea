/* The argument parser: forms of flags, words, and what it says to a wrong command line. */
#include "cli/args.h"

#include <string.h>

#include "engine/err.h"
#include "tests/unit/tap.h"

static const char *const formats[] = {"table", "json", NULL};
static const struct flag flags[] = {
	{"output", 'o', FLAG_ENUM, "FORMAT", "how it comes out", .choices = formats},
	{"count", 'n', FLAG_INT, "N", "how many", .min = -5, .max = 100},
	{"set", 0, FLAG_TEXTS, "NAME=VALUE", "a value"},
	{"all", 'a', FLAG_SWITCH, NULL, "all of it"},
	{"verbose", 'v', FLAG_SWITCH, NULL, "more"},
	{"logical-date", 0, FLAG_TEXT, "D", "when"},
};
static const struct command command = {.group = "g",
	.verb = "v",
	.words = "ID [FILE...]",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0])};
static const struct command two = {.group = "g", .verb = "two", .words = "ID [RUN]"};
static const struct command bare = {.group = "g", .verb = "bare"};

#define PARSE(c, a, e, ...)                                                                        \
	args_parse((c), (int)(sizeof((char *[]){__VA_ARGS__}) / sizeof(char *)),                   \
		(char *[]){__VA_ARGS__}, (a), (e))

static void test_forms(void)
{
	struct args a;
	struct err e;

	IS_INT(PARSE(&command, &a, &e, "x", "--output", "json", "y", "-n7", "-va", "--set=k=v",
		       "--set", "", "--", "--all", "-"),
		0, "every form of flag is taken");
	IS_STR(args_text(&a, "output", "table"), "json", "--flag VALUE");
	IS_INT(args_int(&a, "count", 1), 7, "-fVALUE");
	OK(args_has(&a, "all") && args_has(&a, "verbose"), "switches may be joined");
	IS_STR(args_nth(&a, "set", 0), "k=v", "--flag=VALUE keeps a further =");
	IS_STR(args_nth(&a, "set", 1), "", "an empty value is a value");
	OK(args_nth(&a, "set", 2) == NULL, "and there is no third");
	IS_STR(args_text(&a, "logical-date", "none"), "none", "what did not come is the default");
	IS_INT((long long)a.n_words, 4, "words between flags are words");
	IS_STR(args_word(&a, 2), "--all", "behind -- everything is a word");
	IS_STR(args_word(&a, 3), "-", "and a lone - too");
	OK(args_word(&a, 4) == NULL, "there is no fifth word");
	args_free(&a);

	IS_INT(PARSE(&command, &a, &e, "-5", "--count", "-3", "--logical-date", "-.5"), 0,
		"negative numbers are values and words");
	IS_INT(args_int(&a, "count", 0), -3, "a negative value is that number");
	IS_STR(args_word(&a, 0), "-5", "a negative word is that word");
	args_free(&a);

	IS_INT(PARSE(&command, &a, &e, "x", "-n", "1", "-n", "2"), 0, "a flag may come twice");
	IS_INT(args_int(&a, "count", 0), 2, "and the last one counts");
	args_free(&a);

	IS_INT(PARSE(&command, &a, &e, "--nonsense", "--help"), 0, "--help wins over errors");
	OK(a.wants_help, "and is seen");
	args_free(&a);
	IS_INT(PARSE(&command, &a, &e, "x", "--", "--help"), 0, "behind -- it is a word");
	OK(!a.wants_help, "and no wish for help");
	args_free(&a);
}

/* Parses wrong words and compares the sentence. */
#define REFUSED(c, sentence, ...)                                                                  \
	do {                                                                                       \
		struct args a_;                                                                    \
		struct err e_;                                                                     \
		IS_INT(PARSE((c), &a_, &e_, __VA_ARGS__), ERR_INVALID, "refused: %s", sentence);   \
		IS_STR(e_.text, sentence, "and says so");                                          \
		args_free(&a_);                                                                    \
	} while (0)

static void test_sentences(void)
{
	REFUSED(&command, "unknown flag --outptu; did you mean --output?", "x", "--outptu=json");
	REFUSED(&command, "unknown flag --logical; did you mean --logical-date?", "x", "--logical");
	REFUSED(&command, "unknown flag --zzzzzzzzzz; --help lists the flags", "--zzzzzzzzzz");
	REFUSED(&command, "unknown flag -x; --help lists the flags", "x", "-ax");
	REFUSED(&command, "--output takes table, json, not \"jsno\"; did you mean \"json\"?", "x",
		"-o", "jsno");
	REFUSED(&command, "--output takes table, json, not \"\"", "x", "--output=");
	REFUSED(&command, "--count takes a whole number, not \"5x\"", "x", "-n", "5x");
	REFUSED(&command, "--count takes a number from -5 to 100, not 101", "x", "-n", "101");
	REFUSED(&command, "--count takes a number from -5 to 100, not 99999999999999999999", "x",
		"-n", "99999999999999999999");
	REFUSED(&command, "--count needs a value: --count N", "x", "--count");
	REFUSED(&command,
		"--logical-date needs a value, and \"--all\" looks like a flag; if it is the "
		"value, write --logical-date=--all",
		"x", "--logical-date", "--all");
	REFUSED(&command, "--all takes no value", "x", "--all=yes");
	REFUSED(&command, "ID is missing; want windrow g v ID [FILE...]", "-a");
	REFUSED(&two,
		"word 3 is too much: it takes ID [RUN]; what holds blanks goes between quotes", "a",
		"b", "c");
	REFUSED(&bare, "\"c\" is too much: nothing goes here but flags", "c");
}

int main(void)
{
	test_forms();
	test_sentences();
	return tap_done();
}
