/*
 * Watches the folders of a look: inotify on the loop. It does not tell what happened, only that
 * something did, and it remembers which files were closed or moved in, by folder and name.
 *
 * Two threads use it: the loop, and during a look (from begin to end) the worker that walks.
 */
#ifndef SCHEDULER_FOLDER_WATCH_H
#define SCHEDULER_FOLDER_WATCH_H

#include <stdbool.h>
#include <uv.h>

struct err;
struct folder_watch;

#define FOLDER_WATCH_NONE (-1) /* the mark of a folder that is not watched */
#define FOLDER_WATCH_ARRIVALS_MAX 1000000 /* remembered between two looks */

enum folder_arrival {
	FOLDER_ARRIVAL_NONE,
	FOLDER_ARRIVAL_CLOSED, /* who wrote it has closed it */
	FOLDER_ARRIVAL_MOVED, /* it was moved in */
};

/* Begins to watch nothing. on_event comes from the loop. ERR_LIMIT where the system gives no more
 * watchers; ERR_NOMEM. */
int folder_watch_open(uv_loop_t *loop, void (*on_event)(void *ctx), void *ctx,
	struct folder_watch **out, struct err *e);

/* Stops; w is gone when the loop has run on. NULL is fine. */
void folder_watch_close(struct folder_watch *w);

/* The loop: a look begins; what arrived up to now is its. And it is over: folders that it did not
 * meet are watched no longer. */
void folder_watch_begin(struct folder_watch *w);
void folder_watch_end(struct folder_watch *w);

/* The worker: watches a folder. Its mark, or FOLDER_WATCH_NONE where it cannot be watched, or where
 * what others do in it cannot be heard of, as on NFS. */
int folder_watch_add(struct folder_watch *w, const char *path);

/* The worker: how a file came since the look before. */
enum folder_arrival folder_watch_arrival(const struct folder_watch *w, int mark, const char *name);

/* The worker: whether the folder was watched since the look before, so that arrivals tell all. */
bool folder_watch_is_seasoned(const struct folder_watch *w, int mark);

/* Whether every folder of the last look is watched. */
bool folder_watch_is_whole(const struct folder_watch *w);

#endif
