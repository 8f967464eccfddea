/* `windrow db clean`: forgets old runs, a few at a time, so that a scheduler that runs need not
 * wait. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/args.h"
#include "cli/commands.h"
#include "cli/confirm.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/err.h"
#include "engine/instant.h"
#include "store/store_run.h"

#define RUNS_AT_ONCE 200 /* in one transaction */

static int clean(struct store *s, int64_t before, bool is_dry, struct store_cleaned *out)
{
	bool is_done = false;
	struct err e;

	memset(out, 0, sizeof(*out));
	while (!is_done)
		if (store_history_clean(s, before, RUNS_AT_ONCE, is_dry, out, &is_done, &e) != 0)
			return stores_report(&e);
	return EXIT_DONE;
}

/* On standard output where that is all that was asked for. */
static void tell(const char *verb, const struct store_cleaned *c, bool is_asked)
{
	(void)fprintf(is_asked ? stdout : stderr,
		"%s %" PRIu64 " run%s with %" PRIu64 " task%s and %" PRIu64 " %s, and %" PRIu64
		" version%s of DAGs that nothing needs any more\n",
		verb, c->runs, c->runs == 1 ? "" : "s", c->tasks, c->tasks == 1 ? "" : "s",
		c->tries, c->tries == 1 ? "try" : "tries", c->versions,
		c->versions == 1 ? "" : "s");
}

static int clean_store(struct store *s, int64_t before, const struct args *args)
{
	struct store_cleaned counted;
	int status = clean(s, before, true, &counted);

	if (status != EXIT_DONE)
		return status;
	tell("found", &counted, args_has(args, "dry-run"));
	if (args_has(args, "dry-run") || counted.runs + counted.versions + counted.sources == 0)
		return EXIT_DONE;
	status = confirm(args, "Forget them?");
	if (status == EXIT_DONE)
		status = clean(s, before, false, &counted);
	if (status == EXIT_DONE)
		tell("forgot", &counted, false);
	return status;
}

static int exec(const struct args *args)
{
	const char *text = args_text(args, "before", NULL);
	struct store *s;
	int64_t before;
	struct err e;
	int status;

	if (text == NULL) {
		report_error("db clean: --before says which runs: those that ended before then");
		return EXIT_USAGE;
	}
	if (instant_parse(text, strlen(text), NULL, &before, NULL, &e) != 0) {
		report_error("--before: %s", e.text);
		return EXIT_USAGE;
	}
	s = stores_open_to_read(&status);
	if (s == NULL && status == EXIT_DONE)
		report_note("there is no store yet, and nothing to forget");
	if (s != NULL)
		status = clean_store(s, before, args);
	stores_close(s);
	return status;
}

static const struct flag flags[] = {
	{"before", 'b', FLAG_TEXT, "DATE",
		"runs that ended before this time, in UTC unless it says"},
	{"dry-run", 'n', FLAG_SWITCH, NULL, "only say how much there is"},
	CONFIRM_FLAG,
};

const struct command command_db_clean = {
	.group = "db",
	.verb = "clean",
	.summary = "forget runs that ended long ago",
	.details = "With their tasks and tries, and versions of DAGs that nothing needs any more. "
		   "Their logs stay. A scheduler may run meanwhile.",
	.flags = flags,
	.n_flags = sizeof(flags) / sizeof(flags[0]),
	.example = "windrow db clean --before 2026-01-01 --yes",
	.exec = exec,
};
