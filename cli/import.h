/*
 * Coming from elsewhere: what other tools keep, turned into DAG files. Text comes in, YAML goes
 * out; nothing is read or written here.
 *
 * What notes tell has its place in the file that it comes from. What was left out of what runs
 * there is an error, and the rest is taken over all the same; what means something else now is a
 * warning.
 */
#ifndef CLI_IMPORT_H
#define CLI_IMPORT_H

#include <stdbool.h>
#include <stddef.h>

#include "engine/value.h"

#define IMPORT_FILE_MAX ((size_t)16 << 20) /* bytes of a file */
#define IMPORT_NAME_MAX 100 /* bytes of a name that is made */
#define IMPORT_NOTES_MAX 1000 /* errors, and warnings, that are told of a file */
#define IMPORT_TEXT_MAX ((size_t)64 << 20) /* bytes of all that is made of a file */

struct arena;
struct buf;
struct diags;
struct err;
struct strmap;

struct import_crontab_options {
	const char
		*conn_id; /* the tasks run over this connection; NULL: on windrow's own machine */
	const char *timezone; /* of the machine that cron runs on */
	const char *home; /* where cron's commands run; NULL: where the task's operator says */
	const char *user; /* that the tasks run as; NULL: not known */
	bool has_user; /* /etc/crontab, which names a user behind the times */
};

/* Each line of a crontab becomes a DAG with one task. *n receives how many. ERR_LIMIT, ERR_NOMEM.
 */
int import_crontab(const struct import_crontab_options *o, const char *text, size_t len,
	struct diags *notes, struct buf *out, size_t *n, struct err *e);

/* Each PIPELINE document of Code Stream becomes a DAG; VARIABLE documents are told in notes with
 * the command that sets them. ERR_INVALID: it is no YAML, and notes say where; ERR_LIMIT,
 * ERR_NOMEM. */
int import_codestream(const char *text, size_t len, struct diags *notes, struct buf *out, size_t *n,
	struct err *e);

/* ---- what the importers share: cli/import_text.c ---- */

/* What an importer returns: r, or ERR_LIMIT where the arena's maximum stands behind it, told in e.
 */
int import_end(const struct arena *a, int r, struct err *e);

/* Room for one more in a list in the arena; NULL: no memory. */
void *import_grow(struct arena *a, void *list, size_t n, size_t *cap, size_t size);

/* A map that is being made. Failure to find memory sticks. */
struct import_map {
	struct arena *arena;
	struct value_pair *list;
	size_t n, cap;
	bool is_short; /* of memory */
};

/* A value of VALUE_NULL is one that found no memory, as that of a map that did not. */
void import_map_add(struct import_map *m, const char *key, struct value value);
void import_map_text(struct import_map *m, const char *key, const char *text);
struct value import_map_value(struct import_map *m);

struct import_name {
	const char *name;
	unsigned last; /* the number that was last put behind it */
};

/* Names that were given: no two are the same. Freed by import_names_free. */
struct import_names {
	struct arena *arena;
	struct import_name *list;
	size_t n, cap;
	struct strmap *map; /* their places in the list; NULL: there are none */
};

/* A name of letters, digits and _ out of any text, given to nobody else yet: a number is put behind
 * it where it must be. NULL: no memory. */
const char *import_name(struct import_names *names, const char *text, size_t len);
void import_names_free(struct import_names *names);

/* Names for things that come again. Freed by import_aliases_free. */
struct import_aliases {
	struct import_names names;
	struct strmap *keys; /* their places in the names; NULL: there are none */
};

/* The name of what `key` stands for, made out of text where it is asked for first. NULL: no
 * memory. */
const char *import_alias(struct import_aliases *a, const char *key, const char *text, bool *is_new);
void import_aliases_free(struct import_aliases *a);

/* Adds text that is to stay as it is: what would begin an expression here is written so that it
 * does not. */
void import_text_add(struct buf *out, const char *text, size_t len);

/* A buffer's text in the arena; NULL: no memory. */
const char *import_text_keep(struct arena *a, struct buf *b);

#endif
