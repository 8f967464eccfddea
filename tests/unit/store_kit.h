/* A home in a folder of its own, and a store in it, for the tests of the store. */
#ifndef TESTS_UNIT_STORE_KIT_H
#define TESTS_UNIT_STORE_KIT_H

#include "engine/err.h"
#include "store/store.h"

struct arena;

#define KIT_PATH_MAX 256

struct store_kit {
	char folder[KIT_PATH_MAX]; /* goes away with the kit */
	char home[KIT_PATH_MAX]; /* in it; not made yet */
	char path[KIT_PATH_MAX * 2]; /* what kit_path() answered last */
	char *env[4]; /* of the store's options: empty */
	struct store_options options;
	struct err e;
};

/* Makes the folder; abort() where that fails. */
void kit_begin(struct store_kit *k);

/* Takes the folder away with all that is in it. */
void kit_end(struct store_kit *k);

/* The path of a file in home. */
const char *kit_path(struct store_kit *k, const char *name);

/* Opens the store, making it where it is missing; a failure is a failed test, and NULL. */
struct store *kit_open(struct store_kit *k);

/* Keeps a secret variable; an error's status. And reads it: what is wrong where it cannot be. */
int kit_secret_set(struct store_kit *k, struct store *s, const char *name, const char *value);
const char *kit_secret_get(struct store_kit *k, struct store *s, struct arena *a, const char *name);

/* Runs one statement, with results or not, on the database behind the store's back. Returns the
 * first value as text, malloc'd ("" where there is none). */
char *kit_sql(struct store_kit *k, const char *sql);

/* Copies all files of one folder, made anew, into another. */
void kit_copy(const char *from, const char *to);

/* Takes away the files of a folder, and it. */
void kit_remove(const char *folder);

/* A file's bytes, malloc'd; abort() where it cannot be read. */
char *kit_read(const char *path, size_t *len);
void kit_write(const char *path, const void *bytes, size_t len);

#endif
