/*
 * The daemon: everything that runs without a person, on one loop. It opens its parts one after the
 * other, each with what it needs of those before, and closes them the other way round.
 *
 * SIGTERM and SIGINT drain: nothing starts any more, what runs is left running, to be attached to
 * by the next daemon. A second one kills it at once. SIGHUP reads the settings
 * again.
 */
#ifndef SCHEDULER_DAEMON_H
#define SCHEDULER_DAEMON_H

#include <uv.h>

struct err;
struct op_instance;
struct render_source;
struct settings;

struct daemon_options {
	uv_loop_t *loop;
	char *const *env; /* as environ(7) */
	const struct settings *settings;
	const char *logs; /* folder */
	struct op_instance *const *instances; /* open, by their place in operators[] */
	const struct render_source *source;
};

/* Runs until a signal ends it. Errors have a sentence: ERR_EXISTS (another daemon or a command
 * holds home), those of the store, ERR_NOMEM, ERR_IO. */
int daemon_run(const struct daemon_options *o, struct err *e);

#endif
