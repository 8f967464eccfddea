/* The store of this process's home, for commands. */
#ifndef CLI_STORES_H
#define CLI_STORES_H

#include "store/store.h"

struct args;
struct err;

/* What tells where the store is and who uses it. Freed by stores_options_free(). */
struct stores_options {
	struct store_options store;
	char *home, *actor;
};

/* Fills it in; reports what is wrong and returns false. */
bool stores_options_or_report(struct stores_options *o);
void stores_options_free(struct stores_options *o);

/* Opens the store to change it, making it where it is missing. NULL: it has been reported, and
 * *status is an exit status. */
struct store *stores_open(int *status);

/* Opens it to look at it. NULL with EXIT_DONE in *status: there is none yet, and so nothing in it.
 */
struct store *stores_open_to_read(int *status);

/* The same to copy it, be it of an older windrow, which copies it before it is migrated. */
struct store *stores_open_to_copy(int *status);

/* Runs what only looks at the store, or deletes from it: s is NULL where there is none yet, and a
 * an arena of secret memory. Returns its exit status. */
int stores_look(const struct args *args,
	int (*look)(struct store *s, struct arena *a, const struct args *args));

/* Closes it, and says so where a secret could not be locked in memory. NULL is fine. */
void stores_close(struct store *s);

/* Reports what a call of the store said, and returns the exit status for it. */
int stores_report(const struct err *e);

#endif
