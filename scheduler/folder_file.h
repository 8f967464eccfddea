/* A file of the watched folder: by what it is known, what it held, and whether it is whole. */
#ifndef SCHEDULER_FOLDER_FILE_H
#define SCHEDULER_FOLDER_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "scheduler/dag_source.h"
#include "store/file_stamp.h"

struct folder_watch;
struct scan;
struct stat;

#define FOLDER_SETTLE_MS 2000 /* a file that has not changed for so long counts as whole */
#define FOLDER_UNHEARD_MS 60000 /* the same where its closing should have been heard of */

struct folder_file {
	char *path;
	struct file_stamp stamp; /* as it was when it was looked at */
	struct dag_source *source; /* what it held when it was last whole; NULL: never yet */
	bool is_fresh; /* the source came with this look */
	bool is_unread; /* a folder, or a link, that could not be read; its source says why */
	bool is_unsettled; /* it is being written, and the source is the one before; or just was */
	struct dag_faults told; /* the bag's: the import errors that were stored */
	bool has_fault; /* the bag's: no DAG of it counts */

	/* The look's own. */
	int mark; /* of its folder's watch */
	bool is_kept; /* the next table has it */
	bool is_open; /* somebody has it open for writing */
	bool is_short; /* memory or descriptors were short as it was read */
	uint64_t unsettled_since, settle_ms;
	struct folder_file *before; /* what it was when it was last looked at */
};

/* A file that the walk met. NULL: no memory. */
struct folder_file *folder_file_create(const char *path, const struct stat *st, int mark);

/* What the walk could not read. NULL: no memory. */
struct folder_file *folder_file_create_unread(const char *path, const char *sentence);
void folder_file_destroy(struct folder_file *f);

/* Has the next look read it again, though it has not changed. */
void folder_file_forget(struct folder_file *f);

/* Whether nothing says that it has changed. */
bool folder_file_is_same(const struct folder_file *a, const struct folder_file *b);

/* Reads and loads a changed file where it is whole; else it is unsettled. Safe on any thread. watch
 * may be NULL. */
void folder_file_load(struct folder_file *f, const struct folder_watch *watch,
	struct dag_reader *reader, struct scan *scan);

#endif
