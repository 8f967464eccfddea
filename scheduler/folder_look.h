/*
 * Looks at the watched folder: walks it, finds what has changed since the last look, and loads
 * that, all on uv's worker threads. The table of files that comes out is the loop's again.
 *
 * A changed file counts once nobody has it open for writing, or once it was moved in. Where the
 * system does not tell (it is another user's file, or lies on another machine) a file counts once
 * its closing was heard of, or once it has not changed for a while.
 */
#ifndef SCHEDULER_FOLDER_LOOK_H
#define SCHEDULER_FOLDER_LOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "scheduler/folder_file.h"

struct dag_reader;
struct err;
struct folder_look;
struct folder_watch;

struct folder_looked {
	bool has_changed; /* a source is fresh, or a file is gone */
	bool has_blind_spots; /* of some files' changes may not be heard: they are behind links, or
				 in folders that cannot be read; unless there is a failure */
	uint64_t again_ms; /* files are being written: look again then, whatever is heard; 0: no
			    need */
	const struct err *failure; /* the folder could not be walked: nothing has changed. NULL */
	const char *problems; /* lines of what could not be read, where they are others than last
				 time; else NULL */
};

struct folder_look_options {
	uv_loop_t *loop;
	const char *folder;
	struct dag_reader *reader;
	struct folder_watch *watch; /* or NULL */
	void *ctx;
	/* A file that was there is no more; it is freed behind the call. */
	void (*on_gone)(void *ctx, const struct folder_file *f);
	/* The look is over. */
	void (*on_looked)(void *ctx, const struct folder_looked *l);
};

/* Makes a looker that has not looked yet; the options' pointers must outlive it. ERR_NOMEM. */
int folder_look_create(const struct folder_look_options *o, struct folder_look **out);

/* Frees it; it must not be looking. NULL is fine. */
void folder_look_destroy(struct folder_look *l);

/* Begins to look; it must not be looking. ERR_IO where there is no thread. */
int folder_look_start(struct folder_look *l);
bool folder_look_is_looking(const struct folder_look *l);

/* The files as the last look found them, by path. While looking they are not to be changed. */
struct folder_file *const *folder_look_files(const struct folder_look *l, size_t *n);
struct folder_file *folder_look_find(const struct folder_look *l, const char *path);

/* Whether the path is below one that could not be read. */
bool folder_look_is_unread(const struct folder_look *l, const char *path);

#endif
