/*
 * An edition: one version of a DAG in memory, with the plan of its runs. It is never changed;
 * every run of that version shares it, and it goes with the last that holds it.
 */
#ifndef SCHEDULER_EDITION_H
#define SCHEDULER_EDITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dag;
struct err;
struct load_options;
struct plan;

struct edition {
	const struct dag *dag;
	const struct plan *plan;
	uint32_t number; /* of the version, from 1; 0: it is in no store */
	const char *hash; /* of its file's text, in hexadecimal; "": it is in no store */
};

/* Makes an edition of a DAG, which it takes over where that worked; hash is copied, NULL is "".
 * What the DAG was loaded with (its zones) must outlive it. One reference is the caller's.
 * ERR_INVALID and ERR_LIMIT (no plan can be made) with a sentence, ERR_NOMEM. */
int edition_create(
	struct dag *dag, uint32_t number, const char *hash, struct edition **out, struct err *e);

/* The same from the text of a file, which must load and have that DAG; the name of the file names a
 * DAG that says no id (o->default_id is not looked at). ERR_NOTFOUND: it has not;
 * ERR_INVALID: it does not load. May be called on any thread, with zones of that thread's. */
int edition_load(const char *text, size_t len, const char *file, const char *dag_id,
	uint32_t number, const char *hash, const struct load_options *o, struct edition **out,
	struct err *e);

/* One more holds it; one less does. The loop's thread alone. NULL is fine for the second. */
struct edition *edition_ref(struct edition *ed);
void edition_unref(struct edition *ed);

/* Whether anybody holds it besides the caller, who does. */
bool edition_is_shared(const struct edition *ed);

#endif
