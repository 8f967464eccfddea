/*
 * Asking the daemon, or doing it here.
 *
 * N.B. a daemon that begins holds the lock before it listens, and one that ends stops listening
 * before it lets go: so both are tried in turn, until one of them works.
 */
#include <poll.h>
#include <string.h>
#include <time.h>

#include "cli/client.h"
#include "cli/command.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/err.h"
#include "store/clock.h"

/* For a daemon that begins or ends, or another command that holds the lock. */
#define WAIT_MS 15000
#define PAUSE_MS 10 /* between two looks */
#define PATIENCE_MS 5000 /* for an answer, before it is said what is waited for */
#define HEALTH_MS 5000 /* for what it says of itself */

/* Whether the daemon says that it is stopping: another will do it, or we. */
static bool is_again(const struct value *line)
{
	const struct value *error = value_member(line, "error", 5);

	return error != NULL && strcmp(client_text(error, "code"), err_name(ERR_AGAIN)) == 0;
}

/* What is waited for, as far as the daemon can tell. */
static void note_wait(const char *home, struct arena *a)
{
	struct request r = client_request(REQUEST_HEALTH);
	struct pollfd p = {.events = POLLIN};
	const struct value *ok = NULL;
	struct client *c = NULL;
	struct value line;

	if (client_open(home, &c) == EXIT_DONE && c != NULL && client_send(c, &r) == EXIT_DONE) {
		p.fd = client_fd(c);
		/* N.B. one that goes away meanwhile is told by whoever waits for the answer. */
		if (poll(&p, 1, HEALTH_MS) > 0 && client_has_line(c) > 0 &&
			client_receive(c, a, &line) == EXIT_DONE)
			ok = value_member(&line, "ok", 2);
	}
	client_close(c);
	if (ok != NULL && client_truth(ok, "is_stalled"))
		report_note("waiting for the scheduler, which cannot write its store now: %s",
			client_text(ok, "stall_reason"));
	else
		report_note("waiting for the scheduler: it answers when what was asked for is on "
			    "disk; `windrow jobs check` tells how it is");
}

static int ask_daemon(struct client *c, const char *home, const struct request *r, struct arena *a,
	struct value *answer, bool is_last, bool *is_held)
{
	struct pollfd p = {.fd = client_fd(c), .events = POLLIN};
	const struct value *ok;
	struct value line;
	int status = client_send(c, r);

	if (status == EXIT_DONE && poll(&p, 1, PATIENCE_MS) == 0)
		note_wait(home, a);
	if (status == EXIT_DONE)
		status = client_receive(c, a, &line);
	*is_held = status == EXIT_DONE && !is_last && is_again(&line);
	if (status == EXIT_DONE && !*is_held)
		status = client_answer(&line, &ok);
	if (status == EXIT_DONE && !*is_held)
		*answer = *ok;
	return status;
}

int client_ask(struct request *r, struct arena *a, struct value *answer)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_MS * 1000000L};
	int64_t until = clock_steady_ms() + WAIT_MS;
	struct stores_options o;
	struct client *c = NULL;
	bool is_held = true;
	int status = EXIT_DONE;
	struct err e;

	if (!stores_options_or_report(&o))
		return EXIT_FAILED;
	r->actor = o.actor;
	if (request_check(r, &e) != 0) {
		report_error("%s", e.text);
		status = EXIT_USAGE;
	}
	while (status == EXIT_DONE && is_held) {
		status = client_open(o.home, &c);
		if (status == EXIT_DONE && c != NULL) {
			status = ask_daemon(
				c, o.home, r, a, answer, clock_steady_ms() >= until, &is_held);
		} else if (status == EXIT_DONE) {
			status =
				offline_ask(&o, r, a, answer, clock_steady_ms() >= until, &is_held);
		}
		client_close(c);
		if (status == EXIT_DONE && is_held)
			(void)nanosleep(&pause, NULL);
	}
	stores_options_free(&o);
	return status;
}

int client_do(struct request *r)
{
	struct arena *a = arena_create(0);
	struct value answer;
	int status = a == NULL ? report_no_memory() : client_ask(r, a, &answer);

	arena_destroy(a);
	return status;
}
