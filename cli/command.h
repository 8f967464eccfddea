/*
 * What a command is. Each group of commands has a file of its own, which exports its descriptors;
 * cli/commands.c lists them. Parsing, help, completion and the reference page all come from the
 * descriptors, so that they cannot disagree.
 */
#ifndef CLI_COMMAND_H
#define CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct args;

/* The exit statuses, the same for every command. */
enum exit_status {
	EXIT_DONE = 0,
	EXIT_FAILED = 1, /* a run that failed, a check that found something */
	EXIT_USAGE = 2, /* the command line is wrong */
	EXIT_UNREACHABLE = 3 /* the store or the daemon cannot be reached */
};

enum flag_kind {
	FLAG_SWITCH, /* takes no value */
	FLAG_TEXT, /* any value */
	FLAG_TEXTS, /* any value; may be said several times */
	FLAG_INT, /* min <= n <= max */
	FLAG_ENUM /* one of choices */
};

struct flag {
	const char *name; /* without its dashes: "output" */
	char letter; /* the short one, or 0 */
	enum flag_kind kind;
	const char *value; /* what help calls the value: "FORMAT"; NULL for a switch */
	const char *help; /* a phrase */
	long min, max; /* FLAG_INT */
	const char *const *choices; /* FLAG_ENUM: NULL-terminated */
	bool may_be_empty; /* FLAG_INT: an empty value is a 0 */
};

struct command {
	const char *group; /* "dags"; for a command of one word that word */
	const char *verb; /* "show"; NULL for a command of one word */
	/* The words it takes, as usage shows them: "ID|FILE TASK [RUN]". [X] may be left out, X...
	 * may be said several times. How many words are right follows from it. NULL: none. */
	const char *words;
	const char *summary; /* one phrase: "draw the graph of a DAG" */
	const char *details; /* a paragraph for its help, or NULL; \n begins a new line */
	const struct flag *flags;
	size_t n_flags;
	const char *example; /* one or two whole command lines */
	/* Does it. What was asked for goes to stdout, all else to stderr (cli/report.h). Returns an
	 * exit status. */
	int (*exec)(const struct args *args);
};

/* A group's line in the help. */
struct command_group {
	const char *name;
	const char *summary;
	bool is_aside; /* named by the program's help, and no more */
};

/* All groups, and all commands in the order of the help; a group's commands are neighbours. */
extern const struct command_group command_groups[];
extern const size_t command_groups_count;
extern const struct command *const commands[];
extern const size_t commands_count;

#endif
