/* The launcher's jobs: what each is up to, and how one is brought to its end. launcher.c owns the
 * list and the socket. */
#ifndef OPERATORS_LAUNCHER_JOB_H
#define OPERATORS_LAUNCHER_JOB_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "operators/execution.h"

struct buf;
struct census;
struct execution_spare;
struct wire_reader;

#define LAUNCHER_WATCH_MS 100 /* between looks at a job that is another launcher's child */
#define LAUNCHER_CHECK_MS 20 /* between looks at a job that is being killed */

enum launcher_phase {
	PHASE_RUNNING,
	PHASE_TERMINATING, /* TERM was sent */
	PHASE_KILLING, /* KILL was sent */
	PHASE_OVER /* its report is written: to be freed */
};

struct launcher_job {
	uint64_t number; /* the engine's */
	char *folder, *execution_id;
	pid_t group;
	bool is_child; /* ours; else another launcher's, looked at now and then */
	bool is_silent; /* abandoned: the engine wants to hear no more */
	bool dies_with_engine;
	enum launcher_phase phase;
	bool is_for_timeout; /* why it is being killed */
	bool has_result;
	bool is_empty; /* nobody was found at the last look */
	struct execution_result result;
	struct execution_owner owner; /* of a job that is not ours */
	int64_t grace_ms;
	int64_t deadline; /* when its timeout or its grace is over; 0: never */
	int64_t look_at; /* when to look whether it is gone; 0: never */
};

/* What jobs share in a turn. */
struct launcher_turn {
	int64_t now; /* ms of the monotonic clock */
	const struct execution_owner *self;
	struct execution_spare *spare;
	struct buf *out; /* messages to the engine */
	struct census *census; /* taken when first needed, for one turn */
	bool has_census;
};

/* Begins a job as LAUNCHER_START or LAUNCHER_ATTACH says; reports, and returns NULL, where it has
 * ended with that. */
struct launcher_job *launcher_job_begin(struct launcher_turn *t, struct wire_reader *r);
void launcher_job_free(struct launcher_job *j);

/* Its process has ended, with this status of waitpid(). */
void launcher_job_reaped(struct launcher_turn *t, struct launcher_job *j, int status);

/* Ends it. A second time only shortens the grace. */
void launcher_job_kill(
	struct launcher_turn *t, struct launcher_job *j, bool is_for_timeout, int64_t grace_ms);

/* Does what is due, and returns when to look again; 0: nothing to wait for. */
int64_t launcher_job_look(struct launcher_turn *t, struct launcher_job *j);

#endif
