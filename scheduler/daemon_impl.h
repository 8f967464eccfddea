/* What the files of the daemon share. Private to scheduler/daemon*.c. */
#ifndef SCHEDULER_DAEMON_IMPL_H
#define SCHEDULER_DAEMON_IMPL_H

#include "scheduler/bag.h"
#include "scheduler/broken_runs.h"
#include "scheduler/conductor.h"
#include "scheduler/control.h"
#include "scheduler/daemon.h"
#include "scheduler/insist.h"
#include "scheduler/log_cleaner.h"
#include "scheduler/metrics.h"
#include "scheduler/planner.h"
#include "scheduler/requests.h"
#include "scheduler/soundness.h"
#include "store/journal.h"
#include "store/store.h"

#define DAEMON_SIGNALS 3 /* that are caught */

struct daemon {
	struct daemon_options o;
	const char *home;
	struct store_options store_options;

	struct lock *lock;
	struct store *store; /* to read, by this thread */
	struct soundness *soundness; /* reads all of the store; NULL: it is small, and was */
	struct journal *journal; /* to write, by its own */
	struct conductor *conductor;
	struct broken_runs *broken;
	struct bag *bag;
	struct planner *planner;
	struct requests *requests;
	struct control *control;
	struct log_cleaner *log_cleaner;
	struct metrics *metrics;
	struct conductor_observer watch;
	struct bag_observer bag_watch;
	uv_signal_t signals[DAEMON_SIGNALS];
	struct insist insist; /* of those that ask for the end */
	uv_timer_t watchdog;
	size_t n_handles; /* signals and watchdog */
	size_t step; /* of the end */
	bool is_ending, is_stalled; /* is_stalled: nothing can be stored just now */
	bool has_told_refusal; /* of memory for secrets */
	int status; /* why it ends */
	struct err why;
};

/* daemon.c */

/* It ends, because of this. */
void daemon_fail(struct daemon *d, const struct err *why);

/* The journal's, ctx being a daemon: nothing can be stored just now; now it can again. */
void daemon_stalled(void *ctx, const struct err *e);
void daemon_flows(void *ctx);

/* daemon_open.c */

/* Takes the lock, then opens every part. What was opened is closed by the daemon's end, whatever
 * came. Errors as daemon_run(). */
int daemon_open(struct daemon *d, struct err *e);

#endif
