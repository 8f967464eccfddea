/*
 * The log of one try: a file that reads as Airflow's do, one line an event. Lines gather in memory
 * and go to the file now and then, so that a quick task costs one open, one write and one close.
 *
 *	logs/dag_id=D/run_id=R/task_id=S.t[/map_index=I]/attempt=N.log
 *
 * (but for names that are too long for a folder: scheduler/log_name.h)
 */
#ifndef SCHEDULER_TASK_LOG_H
#define SCHEDULER_TASK_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operators/operator.h"

#define TASK_LOG_LINE_MAX ((size_t)64 << 10) /* a longer line of output is broken */
#define TASK_LOG_GATHER ((size_t)64 << 10) /* this much goes to the file at once */
#define TASK_LOG_KEPT_MAX ((size_t)256 << 10) /* waits where the file cannot be written */

struct mask;
struct task_log;

/* Which log. */
struct task_log_place {
	const char *folder; /* logs; NULL: nothing is written, lines are only passed on */
	const char *dag_id, *run_id, *task_id;
	uint32_t instance; /* RUN_NO_INSTANCE: none */
	uint32_t try_number;
	const struct mask *mask; /* what must not be seen; NULL: nothing. It outlives the log */
	bool has_mark; /* another process may have to go on with it */
};

/* Hears each line of output as it goes into the log: masked, without its newline. */
struct task_log_listener {
	void *ctx;
	void (*on_line)(void *ctx, enum op_stream stream, const char *text, size_t len);
};

/* How much of a try's log is in its file, and of which output. It stands beside the log, as long as
 * the log is open, so that one that is taken up by another process goes on where it stopped. */
struct task_log_mark {
	int64_t size; /* of the file; what stands behind is cut off */
	int64_t output_at[2]; /* bytes of each stream that are in it as whole lines */
};

/* Writes the path of its file, which is there or will be, into path. False: it is too long. */
bool task_log_path_make(const struct task_log_place *place, char *path, size_t size);

/* The path of the mark of a log, which is there for as long as the log is open. False: too long. */
bool task_log_mark_path_make(const char *log, char *path, size_t size);

/* A log, whose file is made when there is something to write. All that it is given passes the mask.
 * ERR_NOMEM. */
int task_log_open(const struct task_log_place *place, const struct task_log_listener *listener,
	struct task_log **out);

/* Goes on with a log that an earlier process began. *out is its mark: output has to come from there
 * on, and with the first of it what the file holds behind its mark is cut off (without a mark, all
 * of it). To be called before anything is added. */
void task_log_resume(struct task_log *l, struct task_log_mark *out);

/* Adds a line; file and line are the place in the source. now in ms since the epoch. */
void task_log_line(struct task_log *l, int64_t now, enum op_level level, const char *file, int line,
	const char *text, size_t len);

/* Adds output, line by line; a line that is not whole yet waits for its end. */
void task_log_output(
	struct task_log *l, int64_t now, enum op_stream stream, const char *bytes, size_t len);

/* Output is left out here. Where there are secrets, what may be the beginning of one is masked, and
 * what comes is shown from its next line on: it may begin with the end of one. */
void task_log_output_gap(struct task_log *l, int64_t now, enum op_stream stream);

/* Ends lines that wait for their end: there will be no more output. */
void task_log_output_end(struct task_log *l, int64_t now);

/* Writes what has gathered, and the mark where has_mark was said. ERR_IO with a sentence where that
 * fails, once until it works again: what could not be written is tried with the next. */
int task_log_flush(struct task_log *l, struct err *e);

/* Writes what has gathered and closes the file. Where is_over the mark goes: nobody will go on with
 * it. Errors as task_log_flush(). */
int task_log_close(struct task_log *l, bool is_over, struct err *e);

/* Where it is; "" where nothing is written. */
const char *task_log_path(const struct task_log *l);

#endif
