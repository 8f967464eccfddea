/*
 * The command's end of the daemon's socket, and the choice between the daemon and doing it here.
 *
 * N.B. a daemon that begins holds the lock before it listens, and one that ends stops listening
 * before it lets go: so both are tried in turn, until one of them works.
 */
#include "cli/client.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "cli/command.h"
#include "cli/offline.h"
#include "cli/report.h"
#include "cli/stores.h"
#include "engine/arena.h"
#include "engine/buf.h"
#include "engine/err.h"
#include "operators/fdio.h"
#include "scheduler/control.h"
#include "store/clock.h"

#define READ_SIZE ((size_t)64 << 10)
#define WAIT_MS                                                                                    \
	15000 /* for a daemon that begins or ends, or another command that holds the lock          \
	       */
#define PAUSE_MS 10 /* between two looks */
#define PATIENCE_MS 5000 /* for an answer, before it is said what is waited for */
#define HEALTH_MS 5000 /* for what it says of itself */

struct client {
	int fd;
	struct buf in;
	size_t taken, scanned; /* no newline stands between */
};

struct request client_request(enum request_kind kind)
{
	return (struct request){.kind = kind, .map_index = -1, .max_active_runs = -1, .slots = -1};
}

/* ---- the socket ---- */

int client_open(const char *home, struct client **out)
{
	struct client *c = calloc(1, sizeof(*c));
	struct err e;
	int r;

	*out = NULL;
	if (c == NULL)
		return report_no_memory();
	buf_init(&c->in, CLIENT_ANSWER_MAX);
	r = control_connect(home, &c->fd, &e);
	if (r == 0) {
		*out = c;
		return EXIT_DONE;
	}
	free(c);
	if (r == ERR_UNAVAILABLE)
		return EXIT_DONE;
	report_error("the scheduler cannot be reached: %s", e.text);
	return EXIT_UNREACHABLE;
}

void client_close(struct client *c)
{
	if (c == NULL)
		return;
	(void)close(c->fd);
	buf_free(&c->in);
	free(c);
}

static int report_gone(void)
{
	report_error("the scheduler went away before it answered; what was asked for may have been "
		     "done");
	return EXIT_UNREACHABLE;
}

int client_send(struct client *c, const struct request *r)
{
	struct buf b;
	int status = EXIT_DONE;

	buf_init(&b, 0);
	request_write(r, &b);
	if (buf_status(&b) != 0)
		status = report_no_memory();
	else if (fdio_write_all(c->fd, b.data, b.len) != 0)
		status = report_gone();
	buf_free(&b);
	return status;
}

/* Whether a whole line is there. */
static bool has_line(struct client *c)
{
	const char *end = c->in.len == c->scanned
		? NULL
		: memchr(c->in.data + c->scanned, '\n', c->in.len - c->scanned);

	c->scanned = end == NULL ? c->in.len : (size_t)(end - c->in.data);
	return end != NULL;
}

/* Takes what has come, waiting for it; false: there is no more. */
static bool read_some(struct client *c)
{
	char *room;
	ssize_t n;

	if (c->taken > 0) {
		c->in.len -= c->taken;
		c->scanned -= c->taken;
		memmove(c->in.data, c->in.data + c->taken, c->in.len);
		c->taken = 0;
	}
	room = buf_room(&c->in, READ_SIZE);
	if (room == NULL)
		return false;
	do
		n = read(c->fd, room, READ_SIZE);
	while (n < 0 && errno == EINTR);
	c->in.len += n > 0 ? (size_t)n : 0;
	return n > 0;
}

int client_fd(const struct client *c)
{
	return c->fd;
}

int client_has_line(struct client *c)
{
	struct pollfd p = {.fd = c->fd, .events = POLLIN};

	while (!has_line(c)) {
		if (poll(&p, 1, 0) <= 0)
			return 0;
		if (!read_some(c))
			return -1;
	}
	return 1;
}

int client_receive(struct client *c, struct arena *a, struct value *line)
{
	struct err e;
	int r;

	while (!has_line(c))
		if (!read_some(c))
			return report_gone();
	r = value_parse_json(a, c->in.data + c->taken, c->scanned - c->taken, line, &e);
	c->taken = ++c->scanned;
	if (r == 0 && line->type == VALUE_MAP)
		return EXIT_DONE;
	report_error("the scheduler's answer cannot be read: %s", r == 0 ? "no object" : e.text);
	return EXIT_UNREACHABLE;
}

/* ---- answers ---- */

const char *client_text(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	return v == NULL || v->type != VALUE_STRING ? "" : v->u.text;
}

bool client_truth(const struct value *map, const char *key)
{
	const struct value *v = value_member(map, key, strlen(key));

	return v != NULL && v->type == VALUE_BOOL && v->truth;
}

/* The exit status that an error has, by its code's name. */
static int status_of(const char *code)
{
	static const int unreachable[] = {
		ERR_UNAVAILABLE, ERR_IO, ERR_DENIED, ERR_AGAIN, ERR_CORRUPT};

	if (strcmp(code, err_name(ERR_INVALID)) == 0)
		return EXIT_USAGE;
	for (size_t i = 0; i < sizeof(unreachable) / sizeof(unreachable[0]); i++)
		if (strcmp(code, err_name(unreachable[i])) == 0)
			return EXIT_UNREACHABLE;
	return EXIT_FAILED;
}

int client_error(const struct err *e)
{
	report_error("%s", e->text);
	return status_of(err_name(e->code));
}

int client_answer(const struct value *line, const struct value **ok)
{
	const struct value *error = value_member(line, "error", 5);

	*ok = value_member(line, "ok", 2);
	if (*ok != NULL)
		return EXIT_DONE;
	report_error("%s",
		error == NULL ? "the scheduler's answer cannot be read"
			      : client_text(error, "message"));
	return error == NULL ? EXIT_UNREACHABLE : status_of(client_text(error, "code"));
}

/* ---- asking ---- */

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
		p.fd = c->fd;
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
	struct pollfd p = {.fd = c->fd, .events = POLLIN};
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
