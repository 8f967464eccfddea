/*
 * Old logs go: those of runs whose last line is older than the logs may become, and, where all logs
 * together are larger than they may be, those of the oldest runs. A run's logs go together; those
 * of a run in memory, or of a try that may still be running, never do.
 */
#ifndef SCHEDULER_LOG_CLEANER_H
#define SCHEDULER_LOG_CLEANER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "operators/operator.h"

#define LOG_CLEANER_EVERY_MS (60 * 60 * 1000) /* between looks; the first is at once */

struct conductor;
struct err;
struct log_cleaner;
struct settings;
struct strmap;

/* What may stay. */
struct log_clean_rules {
	int64_t now; /* ms since the epoch */
	int64_t max_age_ms;
	uint64_t max_bytes;
	const struct strmap *kept; /* "dag_id=D/run_id=R" of runs that are in memory; may be NULL */
};

struct log_cleaned {
	uint64_t runs, bytes; /* gone */
	uint64_t bytes_left;
};

/* Cleans the folder now. One that is not there is clean. ERR_IO with a sentence: something could
 * not be read or removed, and the rest was done; ERR_NOMEM. */
int log_clean(const char *folder, const struct log_clean_rules *rules, struct log_cleaned *out,
	struct err *e);

struct log_cleaner_options {
	uv_loop_t *loop;
	const char *folder;
	const struct conductor *conductor;
	const struct settings *settings; /* read at once */
	void *ctx;
	void (*on_note)(void *ctx, enum op_level level, const char *text);
};

/* Cleans now and then, on another thread. The options' other pointers must outlive it. ERR_NOMEM.
 */
int log_cleaner_open(const struct log_cleaner_options *o, struct log_cleaner **out, struct err *e);

/* Other rules, from the next time on. */
void log_cleaner_set(struct log_cleaner *c, const struct settings *s);

/* Ends it; on_closed comes from the loop. */
void log_cleaner_close(struct log_cleaner *c, void (*on_closed)(void *ctx), void *ctx);

#endif
