/* `windrow connections test`: how far a connection gets, step by step. */
#include <stdio.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/lookup.h"
#include "cli/report.h"
#include "cli/table.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "operators/ssh/call.h"
#include "operators/ssh/note.h"
#include "operators/ssh/target_make.h"
#include "store/secret.h"

/* What shows that a shell can be had there, and whose. */
static const char command[] = "exec /bin/sh -c 'echo \"$(id -un) on $(uname -n), $(uname -sr)\"'";

/* The steps that a person sees, and the stage of the transport at which each fails. */
enum step {
	STEP_FIND,
	STEP_PREPARE,
	STEP_RESOLVE,
	STEP_CONNECT,
	STEP_HOST_KEY,
	STEP_LOGIN,
	STEP_RUN
};

static const char *const step_names[] = {
	"find", "prepare", "resolve", "connect", "host_key", "login", "run"};

#define STEPS (sizeof(step_names) / sizeof(step_names[0]))

static enum step step_of(enum ssh_stage s)
{
	static const enum step steps[] = {[SSH_STAGE_QUEUED] = STEP_CONNECT,
		[SSH_STAGE_RESOLVE] = STEP_RESOLVE,
		[SSH_STAGE_CONNECT] = STEP_CONNECT,
		[SSH_STAGE_HANDSHAKE] = STEP_CONNECT,
		[SSH_STAGE_HOST_KEY] = STEP_HOST_KEY,
		[SSH_STAGE_AUTH] = STEP_LOGIN,
		[SSH_STAGE_OPEN] = STEP_RUN,
		[SSH_STAGE_RUNNING] = STEP_RUN};

	return s < SSH_STAGE_COUNT ? steps[s] : STEP_RUN;
}

struct report {
	struct arena *arena;
	const char *messages[STEPS];
	enum step reached; /* the step that failed, or behind the last one */
	bool has_failed, lacks_store;
};

static void fail(struct report *p, enum step at, const char *why)
{
	p->reached = at;
	p->has_failed = true;
	p->messages[at] = arena_strdup(p->arena, why);
}

/* The connection's notes, each with its step. */
static void take_notes(struct report *p, const struct ssh_call *call)
{
	struct ssh_note note;
	size_t at = 0;

	while (ssh_note_next(&call->notes, &at, &note))
		if (note.stage == SSH_STAGE_HANDSHAKE || note.stage == SSH_STAGE_HOST_KEY ||
			note.stage == SSH_STAGE_AUTH)
			p->messages[step_of(note.stage)] = arena_printf(
				p->arena, "%s%s", note.is_warning ? "warning: " : "", note.text);
}

/* How the command went; a shell that talks before it (a noisy .bashrc) shows here. */
static void take_end(struct report *p, const struct ssh_call *call)
{
	const struct ssh_end *end = &call->end;
	const char *line;
	size_t len;
	char why[sizeof(end->err.text)], said[CALL_SAID_MAX];

	if (end->err.code != 0 && step_of(end->stage) == STEP_LOGIN &&
		p->messages[STEP_CONNECT] == NULL) {
		/* A key is opened before the host is spoken to. */
		fail(p, STEP_PREPARE, end->err.text);
	} else if (end->err.code != 0) {
		fail(p, step_of(end->stage), end->err.text);
	} else if (!end->has_status || end->status != 0) {
		ssh_call_said(call, said);
		(void)snprintf(why, sizeof(why),
			"the host did not run /bin/sh, but ended with status %d%s%s",
			end->has_status ? end->status : -1,
			said[0] == '\0' ? "" : "; it said: ", said);
		fail(p, STEP_RUN, why);
	} else {
		line = ssh_call_last_line(call, &len);
		p->messages[STEP_RUN] =
			arena_printf(p->arena, "a command ran as %.*s", (int)len, line);
		p->reached = (enum step)STEPS;
	}
}

static void try_target(struct report *p, struct ssh_target *t)
{
	struct ssh_call call;
	struct err e;

	p->messages[STEP_RESOLVE] = arena_strdup(p->arena, t->place);
	if (ssh_call_run(t, command, "", 0, false, &call, &e) != 0) {
		fail(p, STEP_RESOLVE, e.text);
	} else {
		take_notes(p, &call);
		take_end(p, &call);
	}
	ssh_call_free(&call);
}

static void try_connection(struct report *p, const struct lookup *l, const char *id)
{
	const struct connection_source *source = lookup_connections(l);
	struct ssh_target *t;
	struct connection c;
	struct err e;

	if (source->find(source->ctx, p->arena, id, &c, &e) != 0) {
		p->lacks_store = e.code == ERR_UNAVAILABLE;
		fail(p, STEP_FIND, e.text);
		return;
	}
	p->messages[STEP_FIND] = arena_printf(p->arena, "in %s", c.origin);
	if (ssh_target_make(source, id, NULL, 0, &t, &e) != 0) {
		fail(p, STEP_PREPARE, e.text);
		return;
	}
	p->messages[STEP_PREPARE] = arena_printf(p->arena, "as %s, %s%zu key%s%s", t->login,
		t->n_keys == 0 ? "" : "with ", t->n_keys, t->n_keys == 1 ? "" : "s",
		t->password == NULL ? "" : " and a password");
	try_target(p, t);
	ssh_target_release(t);
}

static int print(const struct report *p, const struct args *args)
{
	static const char *const columns[] = {"step", "state", "message"};
	struct table *t = table_create(columns, sizeof(columns) / sizeof(columns[0]));
	int status;

	for (size_t i = 0; i < STEPS; i++) {
		table_text(t, step_names[i]);
		table_text(t,
			i < (size_t)p->reached		  ? "ok"
				: i == (size_t)p->reached ? "failed"
							  : "not reached");
		table_text(t, i <= (size_t)p->reached ? p->messages[i] : NULL);
	}
	status = table_show(t, args);
	table_destroy(t);
	if (status != EXIT_DONE || !p->has_failed)
		return status;
	return p->lacks_store ? EXIT_UNREACHABLE : EXIT_FAILED;
}

static int test_exec(const struct args *args)
{
	struct report p = {.arena = secret_arena_create(0)};
	struct lookup l;
	int status = EXIT_FAILED;

	if (p.arena == NULL) {
		report_error("%s", err_text(ERR_NOMEM));
		return EXIT_FAILED;
	}
	if (lookup_home(&l)) {
		try_connection(&p, &l, args_word(args, 0));
		status = print(&p, args);
	}
	/* What the first two have to say names the connection. */
	if (p.has_failed && p.messages[p.reached] != NULL && p.reached <= STEP_PREPARE)
		report_error("%s", p.messages[p.reached]);
	else if (p.has_failed && p.messages[p.reached] != NULL)
		report_error("connection %s: %s: %s", args_word(args, 0), step_names[p.reached],
			p.messages[p.reached]);
	lookup_close(&l);
	arena_destroy(p.arena);
	return status;
}

static const struct flag test_flags[] = {OUTPUT_FLAG};

const struct command command_connections_test = {
	.group = "connections",
	.verb = "test",
	.words = "ID",
	.summary = "try a connection, and tell how far it gets, step by step",
	.details =
		"Looks the name up, connects, checks the host key, logs in and runs a command that "
		"changes nothing. Exit status 1: it did not get to the end.",
	.flags = test_flags,
	.n_flags = sizeof(test_flags) / sizeof(test_flags[0]),
	.example = "windrow connections test web",
	.exec = test_exec,
};
