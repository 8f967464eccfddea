/* `windrow jobs check`: whether a scheduler runs on this home, and answers. */
#include <poll.h>
#include <string.h>

#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "cli/table.h"
#include "engine/arena.h"

#define PATIENCE_MS 10000 /* a scheduler that needs longer to answer is not well */

static int ask(struct client *c, struct arena *a, const struct args *args)
{
	struct request r = client_request(REQUEST_HEALTH);
	struct pollfd p = {.fd = client_fd(c), .events = POLLIN};
	const struct value *ok;
	struct value line;
	int status = client_send(c, &r);

	if (status == EXIT_DONE && poll(&p, 1, PATIENCE_MS) <= 0) {
		report_error("the scheduler does not answer");
		return EXIT_FAILED;
	}
	if (status == EXIT_DONE)
		status = client_receive(c, a, &line);
	if (status == EXIT_DONE)
		status = client_answer(&line, &ok);
	if (status == EXIT_DONE)
		status = table_show_object(ok, args);
	if (status == EXIT_DONE && client_truth(ok, "is_stalled")) {
		const char *reason = client_text(ok, "stall_reason");

		report_error("the scheduler cannot write its store, and starts nothing: %s",
			reason == NULL ? "it does not say why" : reason);
		return EXIT_FAILED;
	}
	return status == EXIT_UNREACHABLE ? EXIT_FAILED : status;
}

static int check_exec(const struct args *args)
{
	struct stores_options o;
	struct arena *a = arena_create(0);
	struct client *c = NULL;
	int status = EXIT_FAILED;

	if (a == NULL)
		return report_no_memory();
	if (stores_options_or_report(&o)) {
		status = client_open(o.home, &c);
		if (c != NULL)
			status = ask(c, a, args);
		else if (status == EXIT_DONE)
			report_error("no scheduler runs on %s", o.home);
		if (c == NULL)
			status = EXIT_FAILED;
		client_close(c);
		stores_options_free(&o);
	}
	arena_destroy(a);
	return status;
}

static const struct flag check_flags[] = {OUTPUT_FLAG};

const struct command command_jobs_check = {
	.group = "jobs",
	.verb = "check",
	.summary = "whether a scheduler runs on this home, and answers",
	.details = "Tells its process, since when it runs, how many runs it has in hand, and when "
		   "it last stored something. Exit status 1: none runs, it does not answer, or it "
		   "cannot store anything.",
	.flags = check_flags,
	.n_flags = sizeof(check_flags) / sizeof(check_flags[0]),
	.example = "windrow jobs check",
	.exec = check_exec,
};
