/*
 * One job in the launcher.
 *
 *	RUNNING -> OVER             it ended by itself
 *	RUNNING -> TERMINATING      kill, or its timeout: TERM to the group and to who left it
 *	TERMINATING -> KILLING      the grace is over: KILL, again and again until nobody is left
 *	TERMINATING, KILLING -> OVER   everybody is gone, and the script's own end is known
 *
 * A job that ends by itself ends with its script: what it left in the background stays. A job that
 * is killed ends when all of its processes have.
 */
#include "operators/launcher_job.h"

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine/duration.h"
#include "engine/err.h"
#include "operators/census.h"
#include "operators/execution_spare.h"
#include "operators/launcher.h"
#include "operators/operator.h"
#include "operators/spawn.h"
#include "operators/wire.h"

/* What a request carries. */
struct request {
	int64_t timeout_ms, grace_ms, flags;
	const char *folder, *execution_id, *script, *directory, *search;
	size_t script_len;
	const char **argv, **envp; /* one block, at argv */
};

static void report(struct launcher_turn *t, uint32_t kind, uint64_t job, int64_t n0, int64_t n1,
	const char *text)
{
	struct wire_message m = {.kind = kind, .job = job, .n = {n0, n1, -1, -1, -1}};
	size_t start;

	wire_begin(t->out, &m, &start);
	if (text != NULL)
		wire_string(t->out, start, text, strlen(text));
	wire_end(t->out, start);
}

static int64_t size_of(const char *folder, const char *name)
{
	char path[PATH_MAX];
	struct stat st;
	int n = snprintf(path, sizeof(path), "%s/%s", folder, name);

	return n > 0 && n < PATH_MAX && stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

/* The last report of a job. */
static void finish(struct launcher_turn *t, struct launcher_job *j, enum op_verdict verdict,
	int exit_code, const char *message)
{
	struct wire_message m = {.kind = LAUNCHER_ENDED, .job = j->number};
	size_t start;

	j->phase = PHASE_OVER;
	if (j->is_silent)
		return;
	m.n[0] = verdict;
	m.n[1] = exit_code;
	m.n[2] = size_of(j->folder, "stdout");
	m.n[3] = size_of(j->folder, "stderr");
	m.n[4] = size_of(j->folder, "response");
	wire_begin(t->out, &m, &start);
	wire_string(t->out, start, message, strlen(message));
	wire_end(t->out, start);
}

/* The end of a job whose result is known. */
static void finish_known(struct launcher_turn *t, struct launcher_job *j)
{
	const struct execution_result *r = &j->result;
	bool is_signal = r->end == EXECUTION_SIGNALLED;
	int code = is_signal ? 128 + r->number : r->number;
	char text[96] = "";

	if (j->phase != PHASE_RUNNING || r->is_timed_out) {
		bool is_timeout = r->is_timed_out || j->is_for_timeout;

		finish(t, j, is_timeout ? OP_TIMED_OUT : OP_KILLED, code, "");
		return;
	}
	if (is_signal) {
		const char *name = sigabbrev_np(r->number);

		(void)snprintf(text, sizeof(text), "signal %d (SIG%s) ended the script", r->number,
			name == NULL ? "?" : name);
	}
	finish(t, j, is_signal ? OP_SIGNALLED : OP_EXITED, code, text);
}

static struct census *census_of(struct launcher_turn *t)
{
	if (!t->has_census)
		t->census = census_take();
	t->has_census = true;
	return t->census;
}

/* Reads the strings of a request. ERR_CORRUPT, ERR_NOMEM. */
static int request_read(struct wire_reader *r, struct request *q)
{
	size_t n_args = (size_t)r->m.n[3];
	size_t n;

	*q = (struct request){.timeout_ms = r->m.n[0], .grace_ms = r->m.n[1], .flags = r->m.n[2]};
	q->folder = wire_string_next(r, NULL);
	q->execution_id = wire_string_next(r, NULL);
	if (q->folder == NULL || q->execution_id == NULL)
		return ERR_CORRUPT;
	if (r->m.kind == LAUNCHER_ATTACH)
		return 0;
	q->script = wire_string_next(r, &q->script_len);
	q->directory = wire_string_next(r, NULL);
	q->search = wire_string_next(r, NULL);
	n = r->left;
	if (q->search == NULL || n_args == 0 || n_args > n)
		return ERR_CORRUPT;
	q->argv = calloc(n + 2, sizeof(*q->argv));
	if (q->argv == NULL)
		return ERR_NOMEM;
	q->envp = q->argv + n_args + 1;
	for (size_t i = 0; i < n; i++)
		q->argv[i + (i >= n_args)] = wire_string_next(r, NULL);
	return 0;
}

static int start(const struct launcher_turn *t, struct launcher_job *j, const struct request *q,
	struct err *e)
{
	struct spawn s = {.search = q->search,
		.argv = q->argv,
		.envp = q->envp,
		.directory = q->directory,
		.may_use_root = (q->flags & LAUNCHER_HOME_OR_ROOT) != 0};
	struct execution_files f;
	int r = execution_take(t->spare, q->folder, j->dies_with_engine ? NULL : t->self, &f, e);

	if (r != 0)
		return r;
	s.claim_fd = f.claim;
	s.out_fd = f.out;
	s.err_fd = f.err;
	r = execution_script_write(&f, q->script, q->script_len, e);
	if (r == 0)
		r = spawn_start(&s, &j->group, e);
	execution_files_close(&f);
	if (r != 0)
		execution_discard(q->folder);
	j->is_child = r == 0;
	if (j->is_child && q->timeout_ms > 0)
		j->deadline = t->now + q->timeout_ms;
	return r;
}

/* Takes up a job that somebody else started, or reports how it ended. */
static void attach(struct launcher_turn *t, struct launcher_job *j)
{
	struct execution_claim claim;

	if (execution_result_read(j->folder, &j->result) == 0) {
		finish_known(t, j);
		return;
	}
	if (execution_claim_read(j->folder, &claim) != 0) {
		finish(t, j, OP_LOST, -1, "the execution was not found on this machine");
		return;
	}
	if (execution_is_of_another_boot(&claim)) {
		finish(t, j, OP_LOST, -1, "the machine was booted while the script ran");
		return;
	}
	j->group = claim.group;
	j->owner = claim.owner;
	j->look_at = t->now;
}

struct launcher_job *launcher_job_begin(struct launcher_turn *t, struct wire_reader *r)
{
	struct launcher_job *j = calloc(1, sizeof(*j));
	struct request q = {0};
	struct err e = {0};
	int status = request_read(r, &q);

	if (status == 0 && j != NULL) {
		j->folder = strdup(q.folder);
		j->execution_id = strdup(q.execution_id);
	}
	if (j == NULL || status != 0 || j->folder == NULL || j->execution_id == NULL) {
		report(t, LAUNCHER_ENDED, r->m.job, OP_REFUSED, -1,
			err_text(status == 0 ? ERR_NOMEM : status));
		launcher_job_free(j);
		free(q.argv);
		return NULL;
	}
	j->number = r->m.job;
	j->grace_ms = q.grace_ms;
	j->dies_with_engine = (q.flags & LAUNCHER_DIES_WITH_ENGINE) != 0;
	status = r->m.kind == LAUNCHER_ATTACH ? ERR_EXISTS : start(t, j, &q, &e);
	free(q.argv);
	if (status == ERR_EXISTS)
		attach(t, j);
	else if (status != 0) /* the exit code tells whether trying again is useless */
		finish(t, j, OP_REFUSED, status, e.text);
	if (j->phase != PHASE_OVER) {
		report(t, LAUNCHER_STARTED, j->number, j->group, 0, NULL);
		return j;
	}
	launcher_job_free(j);
	return NULL;
}

void launcher_job_free(struct launcher_job *j)
{
	if (j == NULL)
		return;
	free(j->folder);
	free(j->execution_id);
	free(j);
}

/* Keeps the result, which is then on disk whatever happens to the engine. */
void launcher_job_reaped(struct launcher_turn *t, struct launcher_job *j, int status)
{
	struct execution_result *r = &j->result;

	r->end = WIFEXITED(status) ? EXECUTION_EXITED : EXECUTION_SIGNALLED;
	r->number = WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status);
	r->is_timed_out = j->phase != PHASE_RUNNING && j->is_for_timeout;
	j->has_result = true;
	if (!j->dies_with_engine)
		(void)execution_result_write(j->folder, r);
	if (j->phase == PHASE_RUNNING)
		finish_known(t, j);
	else
		j->look_at = t->now;
}

static void log_signal(
	struct launcher_turn *t, const struct launcher_job *j, const char *what, size_t n)
{
	char text[160];

	(void)snprintf(text, sizeof(text), "Sent %s to process group %ld (%zu process%s)", what,
		(long)j->group, n, n == 1 ? "" : "es");
	if (!j->is_silent)
		report(t, LAUNCHER_LOG, j->number, OP_INFO, 0, text);
}

static void insist(struct launcher_turn *t, struct launcher_job *j)
{
	size_t n = census_signal(census_of(t), j->group, j->execution_id, SIGKILL);
	char text[96], time[DURATION_TEXT_MAX];

	if (n > 0 && j->phase == PHASE_TERMINATING) {
		(void)snprintf(text, sizeof(text), "%zu process%s did not end within %s", n,
			n == 1 ? "" : "es", duration_format(j->grace_ms, time));
		if (!j->is_silent)
			report(t, LAUNCHER_LOG, j->number, OP_WARNING, 0, text);
		log_signal(t, j, "SIGKILL", n);
	}
	j->phase = PHASE_KILLING;
	j->deadline = 0;
	j->look_at = t->now + LAUNCHER_CHECK_MS;
}

void launcher_job_kill(
	struct launcher_turn *t, struct launcher_job *j, bool is_for_timeout, int64_t grace_ms)
{
	if (j->phase == PHASE_RUNNING) {
		size_t n = census_signal(census_of(t), j->group, j->execution_id, SIGTERM);

		log_signal(t, j, "SIGTERM", n);
		j->phase = PHASE_TERMINATING;
		j->is_for_timeout = is_for_timeout;
		j->grace_ms = grace_ms;
		j->deadline = t->now + (grace_ms > 0 ? grace_ms : 1);
		j->look_at = t->now + LAUNCHER_CHECK_MS;
	} else if (j->phase == PHASE_TERMINATING && t->now + grace_ms < j->deadline) {
		j->grace_ms = grace_ms;
		j->deadline = t->now + (grace_ms > 0 ? grace_ms : 1);
	}
}

/* A job that is another launcher's child: has it written the result, or is it lost? */
static void look_at_stranger(struct launcher_turn *t, struct launcher_job *j)
{
	/* N.B. the owner may write the result between a look at it and its own end: ask again. */
	bool has_owner = execution_owner_is_alive(&j->owner);

	if (!j->has_result)
		j->has_result = execution_result_read(j->folder, &j->result) == 0;
	if (j->has_result && j->phase == PHASE_RUNNING)
		finish_known(t, j);
	if (j->has_result || has_owner ||
		census_signal(census_of(t), j->group, j->execution_id, 0) > 0)
		return;
	if (j->phase != PHASE_RUNNING)
		finish(t, j, j->is_for_timeout ? OP_TIMED_OUT : OP_KILLED, -1, "");
	else if (j->group == 0)
		finish(t, j, OP_LOST, -1, "its launcher was gone before the script was started");
	else
		finish(t, j, OP_LOST, -1,
			"the script has ended, but its launcher was gone and nobody saw how");
}

/* A job that is being killed: is everybody gone? N.B. who left the group is known by the
 * environment alone, which cannot be read while a process turns into another program: so nobody is
 * found twice. */
static void look_at_killed(struct launcher_turn *t, struct launcher_job *j)
{
	bool was_empty = j->is_empty;

	if (j->phase == PHASE_KILLING)
		insist(t, j);
	if (!j->has_result)
		return;
	j->is_empty = census_signal(census_of(t), j->group, j->execution_id, 0) == 0;
	if (was_empty && j->is_empty)
		finish_known(t, j);
}

int64_t launcher_job_look(struct launcher_turn *t, struct launcher_job *j)
{
	if (j->phase == PHASE_RUNNING && j->deadline != 0 && j->deadline <= t->now)
		launcher_job_kill(t, j, true, j->grace_ms);
	else if (j->phase == PHASE_TERMINATING && j->deadline <= t->now)
		insist(t, j);
	if (j->look_at != 0 && j->look_at <= t->now) {
		if (!j->is_child)
			look_at_stranger(t, j);
		if (j->phase == PHASE_TERMINATING || j->phase == PHASE_KILLING)
			look_at_killed(t, j);
		j->look_at = t->now +
			(j->phase == PHASE_RUNNING ? LAUNCHER_WATCH_MS : LAUNCHER_CHECK_MS);
	}
	if (j->deadline == 0 || (j->look_at != 0 && j->look_at < j->deadline))
		return j->look_at;
	return j->deadline;
}
