/* `windrow scheduler`: the daemon, in the foreground, for a service manager or a terminal. */
#include <unistd.h>

#include "cli/command.h"
#include "cli/commands.h"
#include "cli/report.h"
#include "cli/run_host.h"
#include "cli/settings.h"
#include "engine/err.h"
#include "scheduler/daemon.h"
#include "store/secret.h"
#include "store/settings.h"

/* N.B. a service manager starts it again, but where the settings are wrong. */
static int status_of(int code)
{
	return code == ERR_INVALID || code == ERR_LIMIT ? EXIT_FAILED : EXIT_UNREACHABLE;
}

static int run(struct run_host *h, const struct settings *s)
{
	struct daemon_options o = {.loop = &h->loop,
		.env = environ,
		.settings = s,
		.logs = h->logs,
		.instances = h->instances,
		.source = &h->lookup.source};
	struct err e;
	int r = daemon_run(&o, &e);

	if (r == 0)
		return EXIT_DONE;
	report_error("%s", e.text);
	return status_of(r);
}

static int exec(const struct args *args)
{
	struct settings *s;
	struct run_host h;
	int status = EXIT_FAILED, r;

	(void)args;
	/* N.B. first of all: the launcher is forked while this process is small. */
	r = run_host_open(&h);
	if (r != 0)
		return status_of(r);
	secret_harden();
	s = settings_or_report();
	if (s != NULL)
		status = run(&h, s);
	settings_destroy(s);
	run_host_close(&h);
	return status;
}

const struct command command_scheduler = {
	.group = "scheduler",
	.summary = "run the daemon: the dags folder, schedules, runs",
	.details =
		"It runs in the foreground, and says what happens on standard error. SIGTERM stops "
		"it: tasks that run are left running, and the next one takes them up. A second "
		"SIGTERM leaves at once. SIGHUP reads the settings again. A second scheduler on "
		"the same home exits 3 and names the first. 3 too where "
		"the store cannot be used; 1 where a setting is wrong.",
	.example = "windrow scheduler",
	.exec = exec,
};
